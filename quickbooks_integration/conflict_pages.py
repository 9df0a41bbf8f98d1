"""What the pages about conflicts show, in words. Asks the database only, never QuickBooks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from contacts import colleagues, exporting
from contacts.admin.exporting import in_words, may_take_away
from contacts.admin.keys import is_key
from quickbooks_integration import product_links, wording
from quickbooks_integration.conflicts import batches, listing, policies, undoing
from quickbooks_integration.conflicts.listing import Question
from quickbooks_integration.conflicts.undoing import How
from quickbooks_integration.documents.projecting import LABELS
from quickbooks_integration.models import (
    Choice,
    ConflictBatch,
    ConflictDecision,
    ConflictPolicy,
    QuickBooksAuth,
    QuickBooksSync,
)
from quickbooks_integration.sync.kinds import KINDS
from quickbooks_integration.wording import Value

PAGE, DECIDED, RULES = (
    f"admin:quickbooks_integration_conflictdecision_{name}" for name in ("changelist", "decided", "rules")
)
# Deciding about a row is changing it.
PERMISSIONS = {"customer": "contacts.change_contact", "estimate": "billing.change_quote",
               "invoice": "billing.change_invoice", "payment": "billing.change_payment"}  # fmt: skip
AT_ONCE = 50
Rule, State = ConflictPolicy.Rule, ConflictDecision.State


def may_decide(user: Any, kind: str) -> bool:
    return bool(
        kind in PERMISSIONS
        and user.has_perm("quickbooks_integration.decide_matches")
        and user.has_perm(PERMISSIONS[kind])
    )


def kind_of(sync_id: int) -> str:
    """ "" when there is no such row."""
    return QuickBooksSync.objects.filter(pk=sync_id).values_list("entity_type", flat=True).first() or ""


def kind_label(kind: str) -> str:
    return str(QuickBooksSync.EntityType(kind).label)


# --- What is open --------------------------------------------------------------------------------


def open_questions(request: HttpRequest) -> dict[str, Any]:
    """GET: kind and field to see only those, row for one map row, page."""
    auth = QuickBooksAuth.objects.in_use().first()
    kind, name, row = (request.GET.get(key, "") for key in ("kind", "field", "row"))
    asked = _asked(request, auth)
    keys = list(dict.fromkeys(one.sync.pk for one in asked))
    page = Paginator(keys, AT_ONCE).get_page(request.GET.get("page", "1"))
    shown = set(page.object_list)
    return {
        "auth": auth,
        "cards": listing.cards(auth, [one for one in asked if one.sync.pk in shown]),
        "page": page,
        "count": len(keys),
        "may_take_away": may_take_away(request),
        "is_cut": len(keys) >= listing.MOST,
        "kind": kind,
        "field": name,
        "row": row,
        "kinds": [(one, f"{kind_label(one)}s") for one in policies.FIELDS],
        "fields": [
            (one, wording.label(one) if one in LABELS else wording.label(one, "customer")) for one in all_fields()
        ],
        "deciders": [one for one in policies.FIELDS if may_decide(request.user, one)],
        "products": product_links.in_conflict().count(),
        "here": request.get_full_path(),
    }


def _asked(request: HttpRequest, auth: QuickBooksAuth | None) -> list[Question]:
    return listing.questions(auth, *_which(request))


def _which(request: HttpRequest) -> tuple[str, str, int | None]:
    kind, name, row = (request.GET.get(key, "") for key in ("kind", "field", "row"))
    return kind, name if name in all_fields() else "", int(row) if is_key(row) else None


HEADS = ("Kind", "Name", "Field", "Here", "In QuickBooks", "Before, on both sides", "At stake", "Both changed since")


def lines(request: HttpRequest) -> Iterator[str]:
    """CSV of all open questions, also of those that are too many for the page."""
    cards = listing.each_card(QuickBooksAuth.objects.in_use().first(), *_which(request))
    return exporting.table(HEADS, (_cells(card, one) for card in cards for one in card.questions))


def _cells(card: listing.Card, one: Question) -> list[str]:
    sides = [wording.in_one_line(side) for side in (one.ours, one.theirs, one.base)]
    return [in_words(value) for value in (card.kind, card.name, one.label, *sides, one.dollars, card.since)]


def all_fields() -> list[str]:
    return list(dict.fromkeys(name for fields in policies.FIELDS.values() for name in fields))


def told(decision: ConflictDecision) -> str:
    """What a decision did, and what happens next."""
    what = f"{decision.name}: {wording.label(decision.field, decision.entity_type)}"
    if decision.choice == Choice.THEIRS:
        return f"{what} is as in QuickBooks now."
    if not KINDS[decision.entity_type].is_sent(decision.field):
        return f"{what} stays as it is on both sides."
    others = decision.sync.conflicts if decision.sync else {}
    when = "once the other questions about it are decided" if others else "within a minute"
    return f"{what} stays as it is here, and goes to QuickBooks {when}."


# --- Many at once --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Becoming:
    """One row of the preview: what it says now on both sides, and what it would say."""

    question: Question
    name: str
    page: str
    here: str
    there: str


def alike(auth: QuickBooksAuth, given: Mapping[str, str]) -> dict[str, Any]:
    """given: kind, field, choice, and shape or rule."""
    kind, name, choice = given.get("kind", ""), given.get("field", ""), given.get("choice", "")
    is_rule = bool(given.get("rule"))
    shape = None if is_rule else given.get("shape", "")
    asked = batches.alike(auth, kind, name, shape)
    rows = [
        Becoming(one, card.name, card.page, wording.in_short(one.ours), wording.in_short(one.theirs))
        for card in listing.cards(auth, asked[: batches.AT_MOST])
        for one in card.questions
    ]
    return {
        "rows": rows,
        "kind": kind,
        "field": name,
        "choice": choice,
        "shape": shape or "",
        "is_rule": is_rule,
        "kind_label": kind_label(kind).lower(),
        "field_label": wording.label(name, kind),
        "is_theirs": choice == Choice.THEIRS,
        "is_sent": KINDS[kind].is_sent(name),
        "more": max(len(asked) - batches.AT_MOST, 0),
    }


# --- What was decided ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One decision in words."""

    decision: ConflictDecision
    label: str
    ours: Value
    theirs: Value
    page: str
    undo: str  # of the button; "" where there is nothing to undo

    @property
    def who(self) -> str:
        decision = self.decision
        by = colleagues.name_of(decision.decided_by) if decision.decided_by else ""
        if decision.policy_id and not by:
            return "by a rule of the office"
        return f"by {by}{', by a rule' if decision.policy_id else ''}" if by else ""

    @property
    def short_ours(self) -> str:
        return wording.in_short(self.ours)

    @property
    def short_theirs(self) -> str:
        return wording.in_short(self.theirs)


def decided(request: HttpRequest) -> dict[str, Any]:
    """GET: batch for one answer to many, page."""
    auth = QuickBooksAuth.objects.in_use().first()
    number = request.GET.get("batch", "")
    batch = ConflictBatch.objects.filter(pk=number).first() if number.isdecimal() else None
    found = ConflictDecision.objects.defer("kept", "document").select_related("sync", "decided_by", "undone_by")
    if batch is not None:
        found = found.filter(batch=batch).order_by("pk")
    page = Paginator(found, AT_ONCE).get_page(request.GET.get("page", "1"))
    lines = _lines(auth, list(page.object_list), request.user)
    return {
        "lines": lines,
        "page": page,
        "batch": batch,
        "batch_title": _title(batch) if batch else "",
        "counts": _counts(batch) if batch else {},
        "left_out": list(batch.decisions.filter(state=State.LEFT_OUT)[: batches.AT_MOST]) if batch else [],
        "can_undo": any(line.undo for line in lines),
        "here": request.get_full_path(),
    }


def _lines(auth: QuickBooksAuth | None, decisions: list[ConflictDecision], user: Any) -> list[Line]:
    sides = [{one.field: side} for one in decisions for side in (one.ours, one.theirs)]
    names = wording.names_for(auth, sides) if auth else wording.Names()
    may = {kind for kind in policies.FIELDS if may_decide(user, kind)}
    return [
        Line(
            one,
            wording.label(one.field, one.entity_type),
            wording.said(one.field, one.ours, names),
            wording.said(one.field, one.theirs, names),
            reverse(listing.PAGES[one.entity_type], args=[one.local_id]),
            _undo_button(one) if one.entity_type in may else "",
        )
        for one in decisions
    ]


def _undo_button(decision: ConflictDecision) -> str:
    """What the button would do as things stand; pressing it looks again under lock."""
    how = undoing.likely(decision)
    return undoing.BUTTONS[how] if how is not None else ""


def _title(batch: ConflictBatch) -> str:
    whose = "QuickBooks' counts" if batch.choice == Choice.THEIRS else "ours counts"
    return f"{kind_label(batch.entity_type)}s, {wording.label(batch.field, batch.entity_type)}: {whose}"


def _counts(batch: ConflictBatch) -> dict[str, int]:
    counted = {state.value: Count("pk", filter=Q(state=state)) for state in State}
    return batch.decisions.aggregate(**counted)


def tell_undone(request: HttpRequest, done: list[How], left: list[str]) -> None:
    if not done and not left:
        messages.info(request, "Nothing was chosen, so nothing was changed.")
    for how in dict.fromkeys(done):
        count = done.count(how)
        messages.success(request, f"{f'{count} undone. ' if len(done) > 1 else 'Undone. '}{undoing.WORDS[how]}")
    for sentence in left[:5]:
        messages.warning(request, sentence)
    if len(left) > 5:
        messages.warning(request, f"{len(left) - 5} more were changed since, and stay as they are.")


# --- The rules -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldRule:
    """How one field is decided, and what may be chosen instead."""

    kind: str
    name: str
    label: str
    rule: str
    policy: ConflictPolicy | None
    offered: list[tuple[str, str]]
    why_not_all: str
    open: int

    @property
    def choice(self) -> str:
        return Choice.THEIRS if self.rule == Rule.QUICKBOOKS else Choice.OURS if self.rule == Rule.CRM else ""


@dataclass(frozen=True)
class KindRules:
    kind: str
    title: str
    fields: list[FieldRule] = field(default_factory=list)


WHAT_RULES_MEAN = {
    Rule.ASK: "Nothing is overwritten: somebody decides on the page Conflicts.",
    Rule.QUICKBOOKS: "What is typed here is overwritten without asking when QuickBooks says something else.",
    Rule.CRM: "What is typed in QuickBooks is overwritten without asking when the CRM says something else.",
}


def rules(user: Any, auth: QuickBooksAuth | None) -> dict[str, Any]:
    kinds = [_kind_rules(auth, kind) for kind in policies.FIELDS] if auth else []
    changes = ConflictPolicy.objects.filter(company=auth).select_related("set_by")[:AT_ONCE] if auth else []
    return {
        "auth": auth,
        "kinds": kinds,
        "meanings": [(rule.label, meaning) for rule, meaning in WHAT_RULES_MEAN.items()],
        "changes": [
            (one, wording.label(one.field, one.entity_type), f"{kind_label(one.entity_type)}s") for one in changes
        ],
        "may": user.has_perm("quickbooks_integration.add_conflictpolicy"),
        "deciders": [kind for kind in policies.FIELDS if may_decide(user, kind)],
    }


def _kind_rules(auth: QuickBooksAuth, kind: str) -> KindRules:
    """Two queries."""
    counting = policies.newest(auth, kind)
    fields = policies.FIELDS[kind]
    counted = {name: Count("pk", filter=Q(conflicts__has_key=name)) for name in fields}
    still_open = listing.rows(auth, kind).aggregate(**{f"open_{name}": count for name, count in counted.items()})
    return KindRules(
        kind,
        f"{kind_label(kind)}s",
        [_field_rule(kind, name, counting.get(name), still_open[f"open_{name}"]) for name in fields],
    )


def _field_rule(kind: str, name: str, policy: ConflictPolicy | None, still_open: int) -> FieldRule:
    offered = [(str(rule.value), str(rule.label)) for rule in policies.offered(kind, name)]
    rule = policy.rule if policy else Rule.ASK.value
    return FieldRule(
        kind, name, wording.label(name, kind), rule, policy, offered, policies.why_not_all(kind, name), still_open
    )


def rule_told(kind: str, name: str, rule: str) -> str:
    what = f"{kind_label(kind)}s, {wording.label(name, kind)}: {Rule(rule).label}."
    if rule == Rule.ASK:
        return f"{what} From now on somebody is asked."
    return f"{what} It counts for what comes from now on; what is open already stays a question until you work it off."

"""The page "Follow-ups": what to do today, the most urgent first, each row done or postponed in place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from billing import follow_up_texts, follow_ups, jobs
from billing.admin import pages
from billing.admin.scheduling import schedule_action
from billing.admin.showing import dollars
from billing.models import FollowUp
from billing.refusals import Refused
from contacts import colleagues, exporting
from contacts.admin.exporting import CHUNK_ROWS, batched, csv_answer, in_words, is_csv_asked, may_take_away
from contacts.admin.keys import is_key

CHANGE = "billing.change_followup"
ON_A_PAGE = 50
LAST_YEAR = 2100
LATER = {"tomorrow": ("Tomorrow", 1), "week": ("In a week", 7)}


def _over() -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(done_at__isnull=False)


SHOWN: dict[str, tuple[str, Callable[[], QuerySet[FollowUp]]]] = {
    "today": ("Today", follow_ups.today),
    "postponed": ("Postponed", follow_ups.postponed),
    "over": ("Done and closed", _over),
}


@dataclass(frozen=True)
class Row:
    """`action`: the label and the address of where it is done; None when this person may not look there."""

    follow_up: FollowUp
    sentence: str
    contact_page: str
    phone: str  # "" for who may not see contacts
    amount: str
    age: str
    action: tuple[str, str] | None
    may_finish: bool  # the work that it asks about can be said to be done here
    answers: list[tuple[str, str]]  # (verb, label): what the customer has said meanwhile


@dataclass(frozen=True)
class Choice:
    label: str
    page: str
    is_chosen: bool


@admin.register(FollowUp)
class FollowUpAdmin(ModelAdmin):
    """Rules write the rows; a person does them or puts them off, in the list."""

    fields = ("what", "subject", "body", "due_on", "postponed_to", "done_at", "done_by", "closed_reason")
    readonly_fields = ("what", "subject", "body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It goes with its appointment or document only, where that may be deleted."""
        page = request.resolver_match.url_name if request.resolver_match else None
        is_own = (page or "").startswith("billing_followup")
        return not is_own and super().has_delete_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # no form: the list's buttons go through the verbs

    def get_queryset(self, request: HttpRequest) -> QuerySet[FollowUp]:
        return super().get_queryset(request).select_related(*follow_ups.DOCUMENTS)

    def get_fields(self, request: HttpRequest, obj: FollowUp | None = None) -> Any:
        fields = super().get_fields(request, obj)
        has_text = obj is not None and obj.kind in follow_up_texts.DRAFTS
        return fields if has_text else [name for name in fields if name not in ("subject", "body")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = request.user.has_perm(CHANGE)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            _act(request)
            return redirect(request.get_full_path())
        shown, kind = _asked(request)
        rows = SHOWN[shown][1]()
        if is_csv_asked(request):
            return csv_answer("follow-ups", _lines(rows.filter(kind=kind) if kind else rows, shown))
        page = _page(request, rows.filter(kind=kind) if kind else rows, shown)
        context = {
            "shown": shown,
            "choices": [Choice(label, _address(name, ""), name == shown) for name, (label, _) in SHOWN.items()],
            "kinds": _kinds(rows, shown, kind),
            "rows": [_row(request, follow_up) for follow_up in page],
            "page": page,
            "may_take_away": may_take_away(request),
            "pages": _neighbours(page, shown, kind),
            "later": LATER if may_change and shown != "over" else {},
            "may_go_back": may_change and shown == "over",
            "tomorrow": timezone.localdate() + timedelta(days=1),
        }
        return pages.shown(self, request, "follow_ups", "Follow-ups", context)

    @admin.display(description="What to do")
    def what(self, follow_up: FollowUp) -> str:
        return follow_up_texts.sentence(follow_up)

    @admin.display(description="Draft: subject")
    def subject(self, follow_up: FollowUp) -> str:
        draft = follow_up_texts.draft(follow_up)
        return draft.subject if draft else ""

    @admin.display(description="Draft: text to copy")
    def body(self, follow_up: FollowUp) -> str:
        draft = follow_up_texts.draft(follow_up)
        return draft.body if draft else ""


def _act(request: HttpRequest) -> None:
    asked, what = request.POST.get("follow_up", ""), request.POST.get("do", "")
    rows = FollowUp.objects.select_related(*follow_ups.DOCUMENTS)
    follow_up = rows.filter(pk=asked).first() if is_key(asked) else None
    verb = VERBS.get(what, _later if what in LATER else None)
    if follow_up is None or verb is None:
        messages.error(request, "This follow-up is not there any more. Nothing was changed.")
        return
    name = f"{follow_up} ({follow_up.customer})"
    try:
        said = verb(request, follow_up)
    except Refused as reason:
        messages.error(request, str(reason))
        return
    if said:
        messages.success(request, f"{name}: {said}")
    else:
        messages.info(request, f"{name} {NO_MORE.get(what, 'was done or closed already')}. Nothing was changed.")


ANSWERS = [("reviewed", "Has reviewed"), ("unhappy", "Unhappy: call")]
NO_MORE = {"back": "is on the list, or was closed because its reason was gone"}

# Each says what it did; "" if there was nothing to do any more.


def _done(request: HttpRequest, follow_up: FollowUp) -> str:
    return "done." if follow_ups.complete(follow_up, request.user) else ""


def _later(request: HttpRequest, follow_up: FollowUp) -> str:
    return _postponed(request, follow_up, timezone.localdate() + timedelta(days=LATER[request.POST["do"]][1]))


def _until(request: HttpRequest, follow_up: FollowUp) -> str:
    try:
        day = parse_date(request.POST.get("until", ""))
    except ValueError:  # written like a date, and none
        day = None
    if day is None or day.year > LAST_YEAR:
        raise Refused("Choose the day on which it comes back.")
    return _postponed(request, follow_up, day)


def _postponed(request: HttpRequest, follow_up: FollowUp, until: date) -> str:
    comes_back = follow_ups.postpone(follow_up, until, request.user)
    return f"comes back on {date_format(comes_back, 'l, F j')}." if comes_back else ""


def _may_note(request: HttpRequest) -> bool:
    """What the customer said is kept with the contact."""
    return request.user.has_perm("contacts.change_contact")


def _reviewed(request: HttpRequest, follow_up: FollowUp) -> str:
    if not _may_note(request):
        raise PermissionDenied
    return "has reviewed; nobody asks again." if follow_ups.has_reviewed(follow_up, request.user) else ""


def _unhappy(request: HttpRequest, follow_up: FollowUp) -> str:
    if not _may_note(request):
        raise PermissionDenied
    is_new = follow_ups.is_unhappy(follow_up, request.user)
    return "no thanks and no request for a review; a call stands at the top of the list." if is_new else ""


def _back(request: HttpRequest, follow_up: FollowUp) -> str:
    return "back on the list." if follow_ups.reopen(follow_up) else ""


def _finish(request: HttpRequest, follow_up: FollowUp) -> str:
    """The work of its job is done, and with it what was to be asked."""
    if not may_finish_work(request, follow_up):
        raise PermissionDenied
    if follow_up.done_at is not None:
        return ""
    jobs.finish(follow_up.document.job)
    return "the work is done." if follow_ups.complete(follow_up, request.user) else ""


VERBS: dict[str, Callable[[HttpRequest, FollowUp], str]] = {
    "done": _done, "finish": _finish, "until": _until, "back": _back, "reviewed": _reviewed, "unhappy": _unhappy,
}  # fmt: skip


def may_finish_work(request: HttpRequest, follow_up: FollowUp) -> bool:
    is_asked = follow_up.kind == FollowUp.Kind.DONE_YESTERDAY and follow_up.document.job is not None
    return is_asked and request.user.has_perm("billing.change_job")


def _asked(request: HttpRequest) -> tuple[str, str]:
    """What to show and which kind, "" for all; what is not known is as if not asked."""
    shown, kind = request.GET.get("show", ""), request.GET.get("kind", "")
    return shown if shown in SHOWN else "today", kind if kind in FollowUp.Kind.values else ""


def _ordered(rows: QuerySet[FollowUp], shown: str) -> QuerySet[FollowUp]:
    return rows.order_by("-done_at", "-pk") if shown == "over" else follow_ups.most_urgent_first(rows)


HEADS = ("Contact", "What to do", "Kind", "Amount", "Due", "Comes back on", "Done", "Done by", "Why it was closed")


def _lines(rows: QuerySet[FollowUp], shown: str) -> Iterator[str]:
    keys = list(_ordered(rows, shown).values_list("pk", flat=True))
    return exporting.table(HEADS, (_cells(row) for some in _in_parts(keys) for row in some))


def _in_parts(keys: list[int]) -> Iterator[list[FollowUp]]:
    for some in batched(iter(keys), CHUNK_ROWS):
        found = {row.pk: row for row in follow_ups.read(FollowUp.objects.filter(pk__in=some))}
        yield [found[key] for key in some if key in found]


def _cells(row: FollowUp) -> list[str]:
    amount = follow_up_texts.amount(row)
    done_by = colleagues.name_of(row.done_by) if row.done_by else ""
    values = (row.customer, follow_up_texts.sentence(row), str(row), dollars(amount) if amount is not None else "",
              row.due_on, row.postponed_to, row.done_at, done_by, row.closed_reason)  # fmt: skip
    return [in_words(value) for value in values]


def _page(request: HttpRequest, rows: QuerySet[FollowUp], shown: str) -> Page[FollowUp]:
    page = Paginator(_ordered(rows, shown), ON_A_PAGE).get_page(request.GET.get("p"))
    page.object_list = follow_ups.read(page.object_list)
    return page


def _kinds(rows: QuerySet[FollowUp], shown: str, chosen: str) -> list[Choice]:
    """All, and each kind that there is, the most urgent first. One query."""
    counted = dict(rows.order_by().values_list("kind").annotate(Count("pk")))
    every = Choice(f"All {sum(counted.values()):,}", _address(shown, ""), not chosen)
    kinds = [kind for kind in follow_ups.PRIORITY if kind in counted or kind == chosen]
    return [
        every,
        *(Choice(f"{kind.label} {counted.get(kind, 0):,}", _address(shown, kind), kind == chosen) for kind in kinds),
    ]


def _neighbours(page: Page[FollowUp], shown: str, kind: str) -> list[tuple[str, str]]:
    found = [("More urgent", page.number - 1)] if page.has_previous() else []
    found += [("Less urgent", page.number + 1)] if page.has_next() else []
    return [(label, f"{_address(shown, kind)}&p={number}") for label, number in found]


def _address(shown: str, kind: str) -> str:
    return f"?{urlencode({'show': shown} | ({'kind': kind} if kind else {}))}"


def _row(request: HttpRequest, follow_up: FollowUp) -> Row:
    contact = follow_up.contact
    sees = contact is not None and request.user.has_perm("contacts.view_contact")
    return Row(
        follow_up,
        follow_up_texts.sentence(follow_up),
        reverse("admin:contacts_contact_change", args=[contact.pk]) if contact is not None and sees else "",
        contact.phone if contact is not None and sees else "",
        dollars(amount) if (amount := follow_up_texts.amount(follow_up)) is not None else "",
        _age((timezone.localdate() - follow_up.due_on).days),
        _action(request, follow_up),
        may_finish_work(request, follow_up),
        ANSWERS if follow_up.kind in follow_ups.AFTER_WORK and contact is not None and _may_note(request) else [],
    )


def _age(days: int) -> str:
    if days <= 0:
        return "due today"
    return "due yesterday" if days == 1 else f"due {days:,} days ago"


def _action(request: HttpRequest, follow_up: FollowUp) -> tuple[str, str] | None:
    if follow_up.kind in follow_up_texts.DRAFTS:
        return "Open the text", reverse("admin:billing_followup_change", args=[follow_up.pk])
    if follow_up.kind == FollowUp.Kind.SCHEDULE and not follow_up.done_at:
        action = schedule_action(request, follow_up.quote)
        if action is not None:
            return action
    row = follow_up.document
    if follow_up.appointment is not None and follow_up.appointment.job is not None:
        row = follow_up.appointment.job
    name = row._meta.model_name
    if not request.user.has_perm(f"billing.view_{name}"):
        return None
    return f"Open the {name}", reverse(f"admin:billing_{name}_change", args=[row.pk])

"""Who wins in which field without being asked. Rows are only added, so that it can be seen who changed what when."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser

from quickbooks_integration import wording
from quickbooks_integration.models import Choice, ConflictPolicy, QuickBooksAuth

Rule = ConflictPolicy.Rule

TEXTS = ("date", "due", "expires", "terms", "message", "notes")
# The fields on which both sides can move apart, in the order in which the office thinks of them.
FIELDS: dict[str, tuple[str, ...]] = {
    "customer": ("first_name", "last_name", "company", "notes", "billing", "shipping", "payment_terms"),
    "estimate": ("content", "customer", "status", *TEXTS),
    "invoice": ("content", "customer", "status", "date", "due", "terms", "message", "notes"),
    "payment": ("amount", "applied", "customer", "status", "date", "method", "reference", "account", "notes"),
}
# The books are the bookkeeper's: money in them, and whose it is, is never overwritten unless a person looked at it.
MONEY = ("content", "amount", "applied", "customer")
WHY_MONEY = "Money in the books is not overwritten unless somebody has looked at it, so “The CRM wins” is not offered."
# Approved, declined, void: something that a person did. Which of two such steps is right no rule can know.
STEPS = ("status",)
WHY_STEPS = "Approved or declined is what a person did, and a repair may hang on it, so this is always asked."
# QuickBooks is never told these.
PULLED_ONLY = {("customer", "payment_terms")}
WHY_PULLED = "The CRM does not send this to QuickBooks, so “The CRM wins” would leave both sides apart for good."


class NotOffered(Exception):
    """This rule is none for this field. str() is a sentence for the office; nothing was changed."""


def offered(entity_type: str, field: str) -> list[Rule]:
    """The rules that may be set for this field."""
    if field not in FIELDS.get(entity_type, ()):
        return []
    if field in STEPS:
        return [Rule.ASK]
    if field in MONEY or (entity_type, field) in PULLED_ONLY:
        return [Rule.ASK, Rule.QUICKBOOKS]
    return [Rule.ASK, Rule.QUICKBOOKS, Rule.CRM]


def why_not_all(entity_type: str, field: str) -> str:
    """Why not every rule is offered; "" if it is."""
    if field in STEPS:
        return WHY_STEPS
    if field in MONEY:
        return WHY_MONEY
    return WHY_PULLED if (entity_type, field) in PULLED_ONLY else ""


def set_rule(auth: QuickBooksAuth, entity_type: str, field: str, rule: str, by: AbstractBaseUser) -> ConflictPolicy:
    """From now on. What is open stays a question; see batches.py. Raises NotOffered. May be called in a transaction."""
    if rule not in offered(entity_type, field):
        name = wording.label(field, entity_type)
        raise NotOffered(f"{name}: this rule is not offered. {why_not_all(entity_type, field)} Nothing was changed.")
    current = newest(auth, entity_type).get(field)
    if current is not None and current.rule == rule:
        return current
    return ConflictPolicy.objects.create(company=auth, entity_type=entity_type, field=field, rule=rule, set_by=by)


def newest(auth: QuickBooksAuth | str, entity_type: str) -> dict[str, ConflictPolicy]:
    """What counts now, by field; one query."""
    rows = ConflictPolicy.objects.filter(company=auth, entity_type=entity_type)
    found = rows.order_by("field", "-id").distinct("field").select_related("set_by")
    return {policy.field: policy for policy in found}


def that_decide(company_id: str, entity_type: str, fields: Iterable[str]) -> dict[str, ConflictPolicy]:
    """The policies by which these fields are not asked about."""
    wanted = set(fields)
    if not wanted:
        return {}
    counting = newest(company_id, entity_type)
    return {name: policy for name, policy in counting.items() if name in wanted and policy.rule != Rule.ASK}


def by_which(auth: QuickBooksAuth, entity_type: str, field: str, choice: str) -> ConflictPolicy | None:
    """The rule that says so now, for those who work off what was open before it was set."""
    wins = {Rule.QUICKBOOKS: Choice.THEIRS, Rule.CRM: Choice.OURS}
    policy = newest(auth, entity_type).get(field)
    return policy if policy is not None and wins.get(Rule(policy.rule)) == choice else None

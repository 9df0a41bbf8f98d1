"""Document numbers: one sequence for estimates, one for everything else that is sold."""

from collections import Counter

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.errors import refusal

FIRST_NUMBER = 1001
ESTIMATES, SALES = "estimate numbers", "sales numbers"
FORCED = "AUTO_GENERATE"
LONGEST_COUNTED = 12  # digits; longer numbers are somebody's own
ALLOW_DUPLICATES = "allowduplicatedocnum"


def settle_number(draft: Draft, kind: str, sequence: str) -> None:
    """Give a new document its number, or check the one that it has. An empty one means "without a number"."""
    company, fields = draft.company, draft.fields
    number = fields.get("DocNumber")
    if number is None:
        asked = draft.before is None and "DocNumber" not in draft.given
        if asked and not preferences.numbers_by_hand(company):
            fields["DocNumber"] = _next(company, sequence)
    elif number == FORCED or (number and draft.before is None and _is_replaced(company)):
        fields["DocNumber"] = _next(company, sequence)
    elif draft.before is None or draft.before.get("DocNumber") != number:
        _refuse_duplicate(draft, kind, number)
        if company.switches.given_number_moves_sequence:
            reserve(company, sequence, number)


def _is_replaced(company: Company) -> bool:
    """Whether QuickBooks numbers on its own and minds nobody else's number."""
    return company.switches.given_number == "replaced" and not preferences.numbers_by_hand(company)


def reserve(company: Company, sequence: str, number: str) -> None:
    if len(number) <= LONGEST_COUNTED:
        company.reserve_id(sequence, number)


def reserve_loaded(company: Company, sequence: str, *kinds: str) -> None:
    """Go on after the numbers of loaded documents.

    Seen: a number that stands on several estimates was typed by hand and does not move their sequence.
    """
    counted = Counter(
        document["DocNumber"] for kind in kinds for document in company.all(kind) if document.get("DocNumber")
    )
    for number, times in counted.items():
        if times == 1 or sequence == SALES:
            reserve(company, sequence, number)


def _next(company: Company, sequence: str) -> str:
    company.reserve_id(sequence, str(FIRST_NUMBER - 1))
    return company.next_id(sequence)


def _refuse_duplicate(draft: Draft, kind: str, number: str) -> None:
    """Intuit: refused only where people number by hand and asked to be warned, and the request does not insist."""
    company = draft.company
    if not (company.switches.warn_of_duplicate_numbers and preferences.numbers_by_hand(company)):
        return
    if ALLOW_DUPLICATES in company.included:
        return
    own = draft.before and draft.before["Id"]
    if any(other["Id"] != own for other in company.indexed("number", kind, number)):
        raise refusal(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number has already been used.",
            "DocNumber",
        )

"""Cash in: payments and what was paid on the spot as one list, whose sum is that of its rows."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.admin import cash_in as page_of_it
from tests.billing.rows import make_invoice, pay
from tests.billing.test_figures import D
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:billing_payment_cash_in")
DAYS = {"first": "2026-03-02", "last": "2026-03-04"}


def on_the_spot(amount: str, day: date, **fields: Any) -> Any:
    left = D(100) - D(amount)
    fields = {"deposit": D(amount), "amount_paid": D(amount), "balance_due": left} | fields
    return make_invoice("100", invoice_date=day, **fields)


def paid(amount: str, day: date, **fields: Any) -> Any:
    return pay(contact=make_contact("Ann", "Lee"), on=day, more=amount, **fields)


def some() -> None:
    paid("40", date(2026, 3, 2), method="Check", reference="77")
    on_the_spot("30", date(2026, 3, 3), document_number="1009")
    paid("5", date(2026, 3, 4))
    for day in (date(2026, 3, 1), date(2026, 3, 5)):
        paid("1000", day)
        on_the_spot("50", day)
    paid("2000", date(2026, 3, 3), is_void=True)
    pay(contact=make_contact(), on=date(2026, 3, 3))  # of 0: it only moves a credit
    make_invoice("500", invoice_date=date(2026, 3, 3))
    on_the_spot("60", date(2026, 3, 3), status="draft")


def shown(client: Client, **asked: str) -> Any:
    answer = client.get(PAGE, DAYS | asked)
    assert answer.status_code == 200
    return answer


def test_both_kinds_stand_in_one_list_newest_first_and_their_sum_above(office_client: Client) -> None:
    some()
    answer = shown(office_client)
    rows = [(row.day.day, said, amount) for row, said, _, amount in answer.context["rows"]]
    assert rows == [(4, "Payment", "$5.00"), (3, "Invoice 1009, paid on the spot", "$30.00"),
                    (2, "Payment by Check 77", "$40.00")]  # fmt: skip
    assert answer.context["total"] == "Cash in: 3 rows, $75.00"
    assert answer.context["parts"] == ["Payments: 2 rows, $45.00", "Paid on the spot: 1 row, $30.00"]
    for _, _, change, _ in answer.context["rows"]:
        assert office_client.get(change).status_code == 200


@pytest.mark.parametrize(("kind", "total"), [("payment", "2 rows, $45.00"), ("on-the-spot", "1 row, $30.00")])
def test_one_kind_alone(kind: str, total: str, office_client: Client) -> None:
    some()
    answer = shown(office_client, kind=kind)
    assert answer.context["total"] == f"Cash in: {total}"
    assert f"{len(answer.context['rows'])} row" in total


def test_a_long_list_has_pages_without_losing_or_doubling_a_row_and_one_sum(
    office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_it, "ON_A_PAGE", 2)
    some()
    first, second, beyond = (shown(office_client, p=number) for number in ("1", "2", "99"))
    assert [len(answer.context["rows"]) for answer in (first, second, beyond)] == [2, 1, 1]
    keys = {change for answer in (first, second) for _, _, change, _ in answer.context["rows"]}
    assert len(keys) == 3
    assert first.context["total"] == second.context["total"] == "Cash in: 3 rows, $75.00"
    assert "p=2" in first.content.decode()


def test_the_page_takes_the_same_queries_for_two_rows_of_each_and_for_forty(office_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(office_client)
        return len(captured)

    def fill(number: int) -> None:
        for _ in range(number):
            for make in (paid, on_the_spot):
                make("5", date(2026, 3, 3), contact=make_contact(phones=("508-555-0101",)))

    def paid(amount: str, day: date, contact: Any) -> None:
        pay(contact=contact, on=day, more=amount)

    fill(1)
    queries()
    few = queries()
    fill(20)
    assert queries() == few


def test_without_days_it_is_this_month(office_client: Client) -> None:
    today = timezone.localdate()
    paid("8", today)
    paid("9", today.replace(day=1) - timedelta(days=1))
    assert office_client.get(PAGE).context["total"] == "Cash in: 1 row, $8.00"


@pytest.mark.parametrize(
    "asked", [{"first": "nonsense"}, {"last": "2026-13-45"}, {"last": "2026-01-01"}, {"kind": "x"}, {"first": ""}]
)
def test_what_makes_no_sense_is_said_and_nothing_is_listed(asked: dict[str, str], office_client: Client) -> None:
    some()
    answer = shown(office_client, **asked)
    assert answer.context["form"].errors
    assert "rows" not in answer.context
    assert "Cash in:" not in answer.content.decode()


def test_who_may_not_see_money_does_not_see_it(
    bookkeeper_client: Client, marketer_client: Client, technician: User
) -> None:
    some()
    assert shown(bookkeeper_client).context["total"] == "Cash in: 3 rows, $75.00"
    assert [client.get(PAGE).status_code for client in (marketer_client, client_of(technician))] == [403, 403]


def test_days_on_which_nothing_came_in_say_so(office_client: Client) -> None:
    page = shown(office_client).content.decode()
    assert "Cash in: 0 rows, $0.00" in page
    assert "Nothing came in on these days." in page

"""Card numbers are found however they are written, and nothing else is taken for one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Quote
from contacts.card_numbers import is_card_number, masked
from contacts.models import Contact

CARDS = ["4242424242424242", "4222222222222", "5555555555554444", "2223003122003222", "378282246310005",
         "6011111111111117", "3056930009020004", "36227206271667", "3566002020360505", "6200000000000005"]  # fmt: skip


@pytest.mark.parametrize("number", CARDS)
def test_a_number_of_every_issuer_is_hidden_but_for_its_end(number: str) -> None:
    assert masked(f"Card: {number}, thanks") == f"Card: [card ending in {number[-4:]}], thanks"


@pytest.mark.parametrize(
    "written",
    ["4242 4242 4242 4242", "4242-4242-4242-4242", "4242.4242.4242.4242", "4242 – 4242 – 4242 – 4242".replace(" – ", "–"),
     "4242  4242  4242  4242"],
)  # fmt: skip
def test_the_groups_printed_on_a_card_are_one_number(written: str) -> None:
    assert masked(f"Visa {written} exp 12/29") == "Visa [card ending in 4242] exp 12/29"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("4111 1111 1111 1111 04/27 123", "[card ending in 1111] 04/27 [removed]"),
        ("4111-1111-1111-1111 123", "[card ending in 1111] [removed]"),
        ("4111/1111/1111/1111 04/27 123", "[card ending in 1111] 04/27 [removed]"),
        ("4111,1111,1111,1111", "[card ending in 1111]"),
        ("5555 5555 5555 4444 09/28", "[card ending in 4444] 09/28"),
        ("4111 1111 1111 1111 exp 04/27, 1234", "[card ending in 1111] exp 04/27, [removed]"),
        ("4111111111111111exp 12/27", "[card ending in 1111]exp 12/27"),
        ("4111111111111111,0427", "[card ending in 1111],0427"),
        ("4111111111111111 exp 04/27 2026", "[card ending in 1111] exp 04/27 2026"),
        ("4111111111111111 1250", "[card ending in 1111] 1250"),
        ("visa4111111111111111", "visa[card ending in 1111]"),
        ("Card-4111 1111 1111 1111", "Card-[card ending in 1111]"),
        ("4111/1111/1111/1111", "[card ending in 1111]"),
        ("4111, 1111, 1111, 1111", "[card ending in 1111]"),
        ("4111\t1111\t1111\t1111", "[card ending in 1111]"),
        ("4111\n1111\n1111\n1111\nthanks", "[card ending in 1111]\nthanks"),
        ("4111   1111   1111   1111", "[card ending in 1111]"),
        ("4111 1111 11111111", "[card ending in 1111]"),
        ("41111111 11111111", "[card ending in 1111]"),
        ("3782 8224 6310 005", "[card ending in 0005]"),
        ("3782 822463 10005 04/27", "[card ending in 0005] 04/27"),
        ("6200 0000 0000 0000 000", "[card ending in 0000]"),
        ("4111 1111 1111 1111 1234 Main St", "[card ending in 1111] 1234 Main St"),
        ("4111 1111 1111 1111 22 Oak St", "[card ending in 1111] 22 Oak St"),
    ],
)
def test_what_is_written_around_a_card_does_not_hide_it(written: str, stored: str) -> None:
    assert masked(written) == stored
    assert masked(f"Ann gave {written}") == f"Ann gave {stored}"


def test_american_express_has_groups_of_its_own() -> None:
    assert masked("3782 822463 10005") == "[card ending in 0005]"


def test_the_check_code_beside_a_card_goes_too_and_a_gate_code_stays() -> None:
    assert masked("4242424242424242 CVV: 123, gate code 1234") == "[card ending in 4242] CVV: [removed], gate code 1234"
    assert masked("cvv 123, security code 1234") == "cvv 123, security code 1234"


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # wrong check digit
        "9341457021722202",  # a QuickBooks company: no issuer's digits
        "617-555-0123 508-555-0199",
        "+1 617 555 0123, 4175550123",
        "CRM invoice 4242",
        "4242 4242 4242",
        *(f"Units {n}, {n + 1}, {n + 2}, {n + 3}" for n in (4003, 4008, 4011)),
        *(f"Units {n} {n + 1} {n + 2} {n + 3}" for n in range(4000, 4100)),
        "id-4242424242424242",
        "x4242424242424242",
        "4242424242424242.50",
        "1Z4242424242424242",
        "2026-05-04 12:00:00 4242 4242",
        "42424242424242424242",
        "",
    ],
)
def test_what_is_no_card_stays_as_it_is(text: str) -> None:
    assert masked(text) == text


@given(st.text(max_size=200))
def test_masking_twice_is_as_good_as_once(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@given(st.integers(10**14, 10**15 - 1))
def test_exactly_one_last_digit_makes_a_visa_number(start: int) -> None:
    numbers = [f"4{str(start)[1:]}{digit}" for digit in range(10)]
    assert sum(map(is_card_number, numbers)) == 1


# --- Where people write --------------------------------------------------------------------------

NOTE, STORED = "Pays with 4242 4242 4242 4242", "Pays with [card ending in 4242]"


@pytest.mark.django_db
def test_no_way_into_the_database_takes_a_card_number_along() -> None:
    saved = Contact.objects.create(first_name="Ann", notes=NOTE)
    assert saved.notes == STORED
    [bulk] = Contact.objects.bulk_create([Contact(first_name="Bob", notes=NOTE)])
    Contact.objects.filter(pk=bulk.pk).update(notes=NOTE)
    saved.notes = NOTE
    Contact.objects.bulk_update([saved], ["notes"])
    assert set(Contact.objects.values_list("notes", flat=True)) == {STORED}


@pytest.mark.django_db
def test_a_line_that_grows_by_masking_is_cut_and_not_refused() -> None:
    contact = Contact.objects.create(first_name="Ann")
    payment = contact.payments.create(amount=Decimal("10.00"), reference="pd 4242424242424242")
    assert payment.reference == "pd [card ending in 42"


@pytest.mark.django_db
def test_the_history_of_a_document_holds_no_card_number_either() -> None:
    contact = Contact.objects.create(first_name="Ann")
    quote = Quote.objects.create(contact=contact, notes=NOTE)
    quote.notes = f"{NOTE}, he says"
    quote.save()
    kept = [event.notes for event in quote.events.all()]
    assert NOTE not in "".join(kept)


def test_a_list_of_many_thousand_numbers_is_searched_once_and_stays_as_it_is() -> None:
    """For each of them it took minutes."""
    numbers = "1111\n2222\n3333\n4444\n5555\n" * 8_000
    assert masked(numbers) == numbers

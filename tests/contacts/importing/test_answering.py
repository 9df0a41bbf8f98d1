"""Where a list says something else: the office takes its value, or keeps ours for good."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.importing import answering
from contacts.models import Contact, ContactImport, ContactImportDifference, ContactImportStep, Property
from quickbooks_integration.models import QuickBooksSync
from tests.contacts.importing.files import counts, import_lines, import_rows
from tests.contacts.importing.test_lists import COUPLE, radar
from tests.contacts.importing.test_taking_back import everything, take_back
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

ANN = "A1,Ann,Smith,Acme,,,12 Main St,Quincy,MA,02169"


@pytest.fixture
def anna() -> Contact:
    address = {"street": "9 Elm St", "city": "Boston"}
    return make_contact("Anna", "Brown", external_id="A1", company="Firm", address=address)


def test_each_difference_is_kept_with_both_values(anna: Contact) -> None:
    record = import_lines(ANN).record

    assert answering.open_fields(record) == [("company", 1), ("mailing address", 1), ("name", 1)]
    rows = ContactImportDifference.objects.order_by("field").values_list("field", "ours", "theirs", "object_id")
    assert list(rows) == [
        ("company", "Firm", "Acme", anna.pk),
        ("mailing address", "9 Elm St, Boston", "12 Main St, Quincy, MA 02169", anna.pk),
        ("name", "Anna Brown", "Ann Smith", anna.pk),
    ]


@pytest.mark.parametrize(
    ("field", "name", "company", "address"),
    [
        ("name", "Ann Smith", "Firm", "9 Elm St, Boston"),
        ("company", "Anna Brown", "Acme", "9 Elm St, Boston"),
        ("mailing address", "Anna Brown", "Firm", "12 Main St, Quincy, MA 02169"),
    ],
)
def test_taking_changes_that_field_alone_and_goes_back_with_the_import(
    field: str, name: str, company: str, address: str, anna: Contact, office: User
) -> None:
    before = everything()
    result = import_lines(ANN)

    answered = answering.take(result.record, office, field=field)

    anna.refresh_from_db()
    assert (answered.done, answered.left, answered.refused) == (1, 0, [])
    assert (anna.name, anna.company, str(anna.addresses.get())) == (name, company, address)
    assert len(answering.open_fields(result.record)) == 2
    take_back(result)
    assert everything() == before


def test_what_was_kept_is_not_asked_again_until_the_list_says_something_new(anna: Contact, office: User) -> None:
    record = import_lines(ANN).record
    assert answering.keep(record, office, field="company").done == 1
    for field in ("name", "mailing address"):
        answering.keep(record, office, field=field)

    assert counts(import_lines(ANN)) == {"read": 1, "unchanged": 1}
    assert counts(import_lines(ANN.replace("Acme", "Acme Builders"))) == {"read": 1, "conflict": 1}
    anna.refresh_from_db()
    assert (anna.name, anna.company) == ("Anna Brown", "Firm")


def test_what_was_changed_since_the_import_is_not_overwritten(anna: Contact, office: User) -> None:
    record = import_lines(ANN).record
    Contact.objects.update(company="Firm and Sons")

    answered = answering.take(record, office, field="company")

    anna.refresh_from_db()
    assert (answered.done, anna.company) == (0, "Firm and Sons")
    assert answered.refused == ["Anna Brown: the company was changed since the import. It stays as it is now."]
    assert ("company", 1) in answering.open_fields(record)


@pytest.mark.parametrize("list_name", ["friends", "QuickBooks"])
def test_a_card_number_in_the_notes_is_kept_nowhere_and_is_no_question(list_name: str) -> None:
    header = ["Customer", "Phone", "Notes", "Open Balance"] if list_name == "QuickBooks" else ["Name", "Phone", "Notes"]
    row = {header[0]: "Ann Smith", "Phone": "617-555-0101", "Notes": "Visa 4242 4242 4242 4242"}
    make_contact("Ann", "Smith", phones=("617-555-0101",))

    import_rows(header, row)

    assert ContactImportStep.objects.get(unit="notes").became == {"notes": "Visa [card ending in 4242]"}
    assert counts(import_rows(header, row)) == {"read": 1, "unchanged": 1}
    Contact.objects.update(notes="Call after 5")
    assert counts(import_rows(header, row)) == {"read": 1, "conflict": 1}
    difference = ContactImportDifference.objects.get()
    assert (difference.theirs, difference.values) == (
        "Visa [card ending in 4242]",
        {"notes": "Visa [card ending in 4242]"},
    )
    assert "4242 4242" not in difference.row.reason


def test_one_press_goes_on_past_what_cannot_be_taken(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "AT_ONCE", 2)
    for number in range(7):
        make_contact(f"Ann{number}", external_id=f"A{number}", company="Firm")
    record = import_lines(*[f"A{number},,,Acme,,,,,," for number in range(7)]).record
    Contact.objects.filter(external_id__in=("A0", "A1", "A2")).update(company="Firm and Sons")

    first = answering.take(record, office, field="company")
    second = answering.take(record, office, field="company")

    assert (first.done, len(first.refused), first.left) == (2, 3, 2)
    assert (second.done, len(second.refused), second.left, second.after) == (2, 3, 0, None)
    companies = Contact.objects.order_by("external_id").values_list("company", flat=True)
    assert list(companies) == ["Firm and Sons"] * 3 + ["Acme"] * 4


def test_a_press_looks_at_so_many_and_the_next_one_goes_on_behind_those_that_were_refused(
    office: User, office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "AT_ONCE", 2)
    monkeypatch.setattr(answering, "LOOKED_AT", 3)
    for number in range(7):
        make_contact(f"Ann{number}", external_id=f"A{number}", company="Firm")
    record = import_lines(*[f"A{number},,,Acme,,,,,," for number in range(7)]).record
    Contact.objects.filter(external_id__lt="A5").update(company="Firm and Sons")

    first = answering.take(record, office, field="company")
    again = answering.take(record, office, field="company")
    assert [(one.done, len(one.refused), one.left) for one in (first, again)] == [(0, 4, 3)] * 2

    address = reverse("admin:contacts_contactimport_answer", args=[record.pk])
    page = office_client.post(address, {"answer": "take", "field": "company"}, follow=True)
    assert "3 more wait: press Go on." in page.content.decode()
    assert f'<input name="after" type="hidden" value="{first.after}">' in page.content.decode()
    answer = {"answer": "take", "field": "company", "after": first.after}
    last = office_client.post(address, answer, follow=True).content.decode()
    assert "Taken from the list: 2." in last
    assert "Go on" not in last
    companies = Contact.objects.order_by("external_id").values_list("company", flat=True)
    assert list(companies) == ["Firm and Sons"] * 5 + ["Acme"] * 2


def test_nothing_is_taken_of_an_import_that_was_taken_back_meanwhile(anna: Contact, office: User) -> None:
    result = import_lines(ANN.replace("Ann,Smith,Acme,,", "Anna,Brown,Acme,617-555-0101,"))
    seen_before = ContactImport.objects.get()
    take_back(result)
    before = everything()

    answered = answering.take(seen_before, office, field="company")

    assert (answered.done, answered.left, answered.refused) == (0, 0, ["The import was taken back meanwhile."])
    assert everything() == before
    assert not ContactImportStep.objects.exists()


def locked(queries: list[dict[str, str]]) -> list[str]:
    """Tables in the order in which rows of them were locked first."""
    names = [query["sql"].partition('FROM "')[2].partition('"')[0] for query in queries if "FOR " in query["sql"]]
    return list(dict.fromkeys(names))


def test_what_quickbooks_has_is_locked_before_contacts(anna: Contact, office: User) -> None:
    result = import_lines(ANN)

    with CaptureQueriesContext(connection) as taking:
        answering.take(result.record, office, field="company")
    with CaptureQueriesContext(connection) as taking_back:
        take_back(result)

    for queries in (taking.captured_queries, taking_back.captured_queries):
        tables = locked(queries)
        assert tables.index(QuickBooksSync._meta.db_table) < tables.index("contacts_contact")


def test_a_house_can_be_decided_about_too(office: User) -> None:
    radar(COUPLE)
    before = everything()
    result = radar(COUPLE | {"Yr Built": "1970"})

    answering.take(result.record, office, field="year built")

    assert Property.objects.get().year_built == 1970
    take_back(result)
    assert everything() == before


def test_a_contact_of_the_import_itself_still_goes_with_it(office: User) -> None:
    result = import_lines("A1,Ann,Smith,,,,,,,", "A1,Bob,Smith,,,,,,,")
    assert answering.take(result.record, office, field="name").done == 1
    assert Contact.objects.get().name == "Bob Smith"

    take_back(result)

    assert not Contact.objects.exists()


@pytest.mark.parametrize(("ours", "outcome"), [("prospect", "enriched"), ("vendor", "conflict")])
def test_a_prospect_that_quickbooks_has_as_a_customer_is_one(ours: str, outcome: str) -> None:
    make_contact("Ann", "Smith", phones=("617-555-0101",), customer_type=ours)

    result = import_rows(["Name", "Phone", "Open Balance"], {"Name": "Ann Smith", "Phone": "617-555-0101"})

    assert counts(result) == {"read": 1, outcome: 1}
    assert Contact.objects.get().customer_type == ("customer" if outcome == "enriched" else "vendor")


def test_the_page_asks_and_takes_the_answer(anna: Contact, office_client: Client, bookkeeper_client: Client) -> None:
    record = import_lines(ANN).record
    name = ContactImportDifference.objects.get(field="name")
    address = reverse("admin:contacts_contactimport_answer", args=[record.pk])
    page = reverse("admin:contacts_contactimport_change", args=[record.pk])
    shown = office_client.get(page).content.decode()
    assert "Take “Ann Smith”" in shown
    assert "Company, 1 open" in shown

    answers: list[dict[str, Any]] = [
        {"answer": "take", "difference": name.pk},
        {"answer": "keep", "field": "company"},
    ]
    assert [bookkeeper_client.post(address, one).status_code for one in answers] == [403, 403]
    assert Contact.objects.get().name == "Anna Brown"
    assert [office_client.post(address, one).status_code for one in answers] == [302, 302]

    shown = office_client.get(page).content.decode()
    assert "“Ann Smith” was taken from the list." in shown
    assert "“Firm” was kept." in shown
    assert Contact.objects.get().name == "Ann Smith"
    assert office_client.post(address, {"answer": "burn", "field": "company"}).status_code == 403


def test_of_houses_and_contacts_at_once_the_houses_are_locked_first(office: User) -> None:
    radar(COUPLE)
    record = radar(COUPLE | {"Yr Built": "1970", "Mail Address": "9 ELM ST"}).record
    with CaptureQueriesContext(connection) as taking:
        assert answering.take(record, office).done > 1
    tables = locked(taking.captured_queries)
    assert tables.index("contacts_property") < tables.index("contacts_contact")

import csv
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import exporting
from contacts.models import Contact, ContactPhone, Property
from tests.factories import make_contact, make_property
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db

CONTACTS = "admin:contacts_contact_changelist"
PROPERTIES = "admin:contacts_property_changelist"


def rows_of(page: HttpResponse) -> list[Contact]:
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def many_contacts(number: int) -> None:
    for _ in range(number):
        ann = make_contact(
            "Ann",
            "Smith",
            company="Acme",
            phones=("617-555-0101", "617-555-0102"),
            emails=("ann@example.com",),
            address={"city": "Quincy", "kind": "mailing"},
        )
        make_property("12 Main St", people=(ann,))


@pytest.mark.parametrize("url", [CONTACTS, PROPERTIES])
@pytest.mark.parametrize("query", ["", "?q=ann+617"])
def test_a_list_takes_the_same_number_of_queries_for_ten_rows_and_for_fifty(
    url: str, query: str, office_client: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office_client.get(reverse(url) + query)
        return len(captured)

    many_contacts(10)
    queries()  # the first page also fills caches
    ten = queries()
    many_contacts(50)

    assert queries() == ten


def test_the_list_shows_how_to_reach_people_and_what_they_owe(office_client: Client) -> None:
    make_contact(
        "Ann",
        "Smith",
        phones=("617-555-0101",),
        emails=("ann@example.com",),
        address={"city": "Quincy", "kind": "mailing"},
        customer_type="customer",
        outstanding_balance=Decimal("1234.50"),
    )
    make_contact(phones=("508-555-0102",), outstanding_balance=Decimal("-20"))

    page = office_client.get(reverse(CONTACTS)).content.decode()

    for text in (
        "Ann Smith",
        "617-555-0101",
        "ann<wbr>@example.com",
        "Quincy",
        "Customer",
        "$1,234.50",
        "-$20.00",
        "(no name)",
    ):
        assert text in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("linked=yes", {"Linked"}),
        ("linked=no", {"Owing", "Credit", "Typed"}),
        ("owes=yes", {"Owing"}),
        ("owes=credit", {"Credit"}),
        ("customer_type__exact=vendor", {"Owing"}),
        ("source__exact=csv", {"Typed"}),
        ("owes=yes&q=typed", set()),
        ("owes=nonsense", {"Linked", "Owing", "Credit", "Typed"}),
    ],
)
def test_the_filters(query: str, expected: set[str], office_client: Client) -> None:
    make_contact("Linked", quickbooks_customer_id="58")
    make_contact("Owing", outstanding_balance=Decimal(5), customer_type="vendor")
    make_contact("Credit", outstanding_balance=Decimal(-5))
    make_contact("Typed", source="csv")

    page = office_client.get(f"{reverse(CONTACTS)}?{query}")

    assert {contact.first_name for contact in rows_of(page)} == expected


def test_the_search_field_finds_a_number_in_any_format(office_client: Client) -> None:
    ann = make_contact("Ann", phones=("(617) 555-0123",))
    make_contact("Bob", phones=("(617) 555-0124",))

    for text in ("617.555.0123", "5550123", "+1 617 555 0123", "ann 0123"):
        assert rows_of(office_client.get(reverse(CONTACTS), {"q": text})) == [ann]


def test_choosing_a_person_for_a_property_searches_the_same_way(office_client: Client) -> None:
    ann = make_contact("Ann", phones=("(617) 555-0123",))
    make_contact("Bob")
    field = {"app_label": "contacts", "model_name": "propertycontact", "field_name": "contact"}

    found = office_client.get(reverse("admin:autocomplete"), field | {"term": "617-555-0123"}).json()

    assert [result["id"] for result in found["results"]] == [str(ann.pk)]


@pytest.mark.parametrize(
    "url", [CONTACTS, PROPERTIES, "admin:contacts_contact_add", "admin:contacts_contactimport_add"]
)
def test_the_marketer_sees_nothing_of_this(url: str, marketer_client: Client) -> None:
    assert marketer_client.get(reverse(url)).status_code == 403


def test_the_bookkeeper_looks_and_changes_nothing(bookkeeper_client: Client) -> None:
    ann = make_contact("Ann", "Smith")
    change = reverse("admin:contacts_contact_change", args=[ann.pk])

    assert bookkeeper_client.get(reverse(CONTACTS)).status_code == 200
    assert bookkeeper_client.get(change).status_code == 200
    assert bookkeeper_client.post(change, {"first_name": "Anna"}).status_code == 403
    assert bookkeeper_client.get(reverse("admin:contacts_contact_add")).status_code == 403
    assert bookkeeper_client.get(reverse("admin:contacts_contactimport_add")).status_code == 403
    assert "Import contacts" not in bookkeeper_client.get(reverse(CONTACTS)).content.decode()
    assert Contact.objects.get().first_name == "Ann"


def export(client: Client, *contacts: Contact, **more: str) -> HttpResponse:
    chosen = {"action": "export_csv", "_selected_action": [contact.pk for contact in contacts], **more}
    return client.post(reverse(CONTACTS), chosen)


def exported_rows(page: HttpResponse) -> list[dict[str, str]]:
    text = b"".join(page.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export_has_the_chosen_contacts_in_the_columns_of_the_import(office_client: Client) -> None:
    ann = make_contact(
        "Ann",
        "Smith",
        external_id="A1",
        phones=("617-555-0101", "508-555-0102"),
        emails=("ann@example.com", "a@example.org"),
        address={"street": "12 Main St", "city": "Quincy", "state": "MA", "zip_code": "02169", "kind": "billing"},
    )
    make_contact("Bob")

    page = export(office_client, ann)

    assert page.headers["Content-Disposition"].startswith('attachment; filename="contacts ')
    (row,) = exported_rows(page)
    assert list(row) == list(exporting.COLUMNS)
    assert [{column: text for column, text in row.items() if text or column == "company"}] == [
        {
            "external_id": "A1",
            "first_name": "Ann",
            "last_name": "Smith",
            "company": "",
            "phone": "617-555-0101 / 508-555-0102",
            "email": "ann@example.com, a@example.org",
            "billing_street": "12 Main St",
            "billing_city": "Quincy",
            "billing_state": "MA",
            "billing_zip": "02169",
        }
    ]


def test_all_contacts_of_a_search_can_be_exported(office_client: Client) -> None:
    for number in range(60):
        make_contact("Ann", f"Smith{number}")
    bob = make_contact("Bob")
    page = office_client.post(
        reverse(CONTACTS) + "?q=ann",
        {"action": "export_csv", "_selected_action": [bob.pk], "select_across": "1", "index": "0"},
    )

    assert len(exported_rows(page)) == 60


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_escaped(start: str, office_client: Client) -> None:
    formula = f"{start}HYPERLINK(1)"
    ann = make_contact(formula, "-Smith", company=formula, phones=("+1 617 555 0101",))

    (row,) = exported_rows(export(office_client, ann))

    assert [row["first_name"], row["last_name"], row["company"], row["phone"]] == [
        f"'{formula}",
        "'-Smith",
        f"'{formula}",
        "'+1 617 555 0101",
    ]


def test_who_may_not_see_money_finds_nobody_by_what_is_owed(client: Client) -> None:
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_contact"))
    client.force_login(user)
    make_contact("Ann")
    assert len(rows_of(client.get(reverse(CONTACTS)))) == 1
    assert client.get(reverse(CONTACTS), {"outstanding_balance__gte": "500"}).status_code == 400


def test_only_who_may_export_exports(bookkeeper_client: Client) -> None:
    ann = make_contact("Ann")

    page = export(bookkeeper_client, ann)

    assert not page.streaming
    assert "export_csv" not in bookkeeper_client.get(reverse(CONTACTS)).content.decode()


def test_who_sees_no_money_takes_no_terms_away_and_asks_for_none(client: Client, db: None) -> None:
    ann = make_contact("Ann", "Lee")
    Contact.objects.filter(pk=ann.pk).update(payment_terms="Net 45", tax_exempt=True)
    looking = User.objects.create_user("lea", is_staff=True)
    looking.user_permissions.set(Permission.objects.filter(codename__in=("view_contact", "export_contact")))
    client.force_login(looking)
    (row,) = exported_rows(export(client, ann))
    assert row["last_name"] == "Lee"
    assert not {"payment_terms", "tax_exempt"} & row.keys()
    for asked in ({"payment_terms": "Net 45"}, {"tax_exempt__exact": "1"}):
        assert client.get(reverse(CONTACTS), asked).status_code == 400


@pytest.fixture
def exported_text() -> Callable[[], str]:
    return lambda: "".join(exporting.lines(Contact.objects.order_by("pk")))


def test_the_export_can_be_imported_again_without_a_change(exported_text: Callable[[], str]) -> None:
    from contacts import importing

    make_contact("Ann", "Smith", external_id="A1", phones=("617-555-0101", "508-555-0102"), emails=("ann@example.com",))
    make_contact(phones=("call after 5",))
    make_contact("Bob", "O'Neil, Jr.", address={"street": "12 Main St", "city": "Quincy", "kind": "mailing"})

    result = importing.run(io.BytesIO(exported_text().encode()), filename="contacts.csv")

    assert (result.read, result.unchanged) == (3, 3)
    assert (Contact.objects.count(), Property.objects.count()) == (3, 0)


def test_a_contact_comes_back_from_its_export_with_all_that_was_known(exported_text: Callable[[], str]) -> None:
    from contacts import importing

    def known() -> list[tuple[object, ...]]:
        return [
            (
                *(getattr(one, name) for name in ("first_name", "company", "notes", "payment_terms", "customer_type", "tax_exempt")),
                sorted(one.phones.values_list("label", "number")),
                sorted(one.addresses.values_list("kind", "street", "city", "state", "zip_code")),
            )
            for one in Contact.objects.order_by("external_id")
        ]  # fmt: skip

    ann = make_contact(
        "Ann", company="Acme", external_id="A1", notes="- has a dog\n- rings twice", payment_terms="Net 30",
        customer_type="vendor", tax_exempt=True,
    )  # fmt: skip
    for position, label in enumerate(ContactPhone.Label.values):
        number = f"+1 617-555-010{position}" if label != "mobile" else "(617) 555-0199"
        ann.phones.create(label=label, number=number, position=position)
    ann.phones.create(label="mobile", number="(508) 555-0199", position=9)
    for kind, street in (("billing", "12 Elm St"), ("shipping", "1 Oak St"), ("mailing", "9 Ash St")):
        ann.addresses.create(kind=kind, street=street, city="Quincy", state="MA", zip_code="02169")
    make_contact("Bob", external_id="B1", address={"street": "3 Elm St", "city": "Quincy", "kind": "billing"})
    before, file = known(), exported_text().encode()
    assert importing.run(io.BytesIO(file), filename="contacts.csv").unchanged == 2
    Contact.objects.all().delete()

    result = importing.run(io.BytesIO(file), filename="contacts.csv")

    assert (result.created, result.ignored_columns, result.noted) == (2, [], 0)
    assert known() == before


@pytest.mark.parametrize("may", [False, True])
def test_money_is_for_who_may_see_invoices(client: Client, may: bool) -> None:
    ann = make_contact("Ann", "Smith", outstanding_balance=Decimal("9876.54"), total_sales=Decimal("9876.54"))
    also = ("billing.view_invoice",) if may else ()
    client.force_login(pairs.somebody("sam", "contacts.view_contact", "contacts.change_contact", *also))
    page = reverse("admin:contacts_contact_change", args=[ann.pk])
    for shown in (client.get(reverse(CONTACTS)), client.get(page)):
        assert shown.status_code == 200
        assert ("9,876.54" in shown.content.decode()) == may
    assert ("Owes money" in client.get(reverse(CONTACTS)).content.decode()) == may
    # Not even by how many are left of the list.
    assert (client.get(reverse(CONTACTS) + "?owes=yes").status_code == 200) == may

"""Two people, or a person and QuickBooks, work on the same contact at the same time."""

import pytest
from django.test import Client
from django.urls import reverse

from contacts import people
from contacts.models import Contact, ContactEmail, ContactPhone, Property, PropertyContact
from contacts.people import Particulars
from tests.contacts.admin.forms import OpenForm, errors_of
from tests.factories import make_contact, make_property
from tests.people import client_of, make_user


@pytest.fixture
def ann(db: None) -> Contact:
    return make_contact(
        "Ann",
        "Smith",
        notes="first line\nsecond line",
        payment_terms="Net 30",
        phones=("617-555-0101", "508-555-0102"),
        emails=("ann@example.com",),
        address={"street": "12 Main St", "kind": "mailing"},
    )


def url_of(row: Contact | Property) -> str:
    return reverse(f"admin:contacts_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def form(ann: Contact, office_client: Client) -> OpenForm:
    return OpenForm(office_client, url_of(ann))


def test_saving_an_untouched_form_writes_nothing(ann: Contact, form: OpenForm) -> None:
    assert form.save().status_code == 302
    stored = Contact.objects.get(pk=ann.pk)
    assert (stored.version, stored.updated_at, stored.notes) == (0, ann.updated_at, "first line\nsecond line")


def test_line_ends_as_browsers_send_them_are_no_change(ann: Contact, form: OpenForm) -> None:
    crlf = "first line\r\nsecond line"
    Contact.objects.filter(pk=ann.pk).update(company="Acme")

    assert form.save(**{"notes": crlf, "initial-notes": crlf}).status_code == 302
    assert Contact.objects.get(pk=ann.pk).notes == "first line\nsecond line"
    assert form.save(**{"notes": crlf + "!", "initial-notes": crlf}).status_code == 302
    assert Contact.objects.get(pk=ann.pk).notes == crlf + "!"


def test_only_the_changed_field_is_written(ann: Contact, form: OpenForm) -> None:
    Contact.objects.filter(pk=ann.pk).update(
        company="From QuickBooks", payment_terms="Net 15", tax_exempt=True, notes="new", outstanding_balance=5
    )

    assert form.save(first_name="Anna").status_code == 302

    stored = Contact.objects.get(pk=ann.pk)
    assert (stored.first_name, stored.company, stored.payment_terms, stored.tax_exempt, stored.notes) == (
        "Anna",
        "From QuickBooks",
        "Net 15",
        True,
        "new",
    )
    assert stored.outstanding_balance == 5


def test_a_field_that_both_changed_is_an_error_that_shows_the_new_value(ann: Contact, form: OpenForm) -> None:
    Contact.objects.filter(pk=ann.pk).update(payment_terms="Net 15", company="Acme")

    page = form.save(payment_terms="Net 60", first_name="Anna")

    assert errors_of(page) == {
        "payment_terms": [
            "QuickBooks or a colleague changed this to “Net 15” while you were editing. "
            "Save again to keep what you typed, or change it back to theirs first."
        ]
    }
    stored = Contact.objects.get(pk=ann.pk)
    assert (stored.payment_terms, stored.first_name) == ("Net 15", "Ann")
    assert form.values["payment_terms"] == "Net 60"

    # Having seen it, the person decides.
    assert form.save().status_code == 302
    stored = Contact.objects.get(pk=ann.pk)
    assert (stored.payment_terms, stored.first_name, stored.company) == ("Net 60", "Anna", "Acme")


def test_a_second_change_while_the_error_is_on_the_screen_is_named_too(ann: Contact, form: OpenForm) -> None:
    Contact.objects.filter(pk=ann.pk).update(payment_terms="Net 15")
    form.save(payment_terms="Net 60")
    Contact.objects.filter(pk=ann.pk).update(payment_terms="Net 10")

    assert "“Net 10”" in errors_of(form.save())["payment_terms"][0]
    assert Contact.objects.get(pk=ann.pk).payment_terms == "Net 10"


def test_both_changing_a_field_to_the_same_value_agree(ann: Contact, form: OpenForm) -> None:
    Contact.objects.filter(pk=ann.pk).update(payment_terms="Net 60")

    assert form.save(payment_terms="Net 60").status_code == 302


@pytest.mark.parametrize(
    ("stored", "typed", "shown"),
    [
        ({"customer_type": "vendor"}, {"customer_type": "customer"}, "“Vendor”"),
        ({"company": ""}, {"company": "Acme"}, "nothing (it is empty now)"),
        ({"credit_limit": "500.00"}, {"credit_limit": "900"}, "“500.00”"),
    ],
)
def test_the_new_value_is_named_in_words(
    stored: dict, typed: dict, shown: str, office_client: Client, db: None
) -> None:
    contact = make_contact("Ann", company="Old Inc", customer_type="prospect", credit_limit="100")
    form = OpenForm(office_client, url_of(contact))
    Contact.objects.filter(pk=contact.pk).update(**stored)

    ((name, (sentence,)),) = errors_of(form.save(**typed)).items()
    assert (name, shown in sentence) == (*typed, True)


def test_two_open_forms_of_two_people_merge(ann: Contact, office_client: Client) -> None:
    one = OpenForm(office_client, url_of(ann))
    other = OpenForm(client_of(make_user("otto", "office")), url_of(ann))

    assert one.save(company="Acme").status_code == 302
    assert other.save(last_name="Smyth", emails__0__address="ann@example.org").status_code == 302

    stored = Contact.objects.get(pk=ann.pk)
    assert (stored.company, stored.last_name, stored.email) == ("Acme", "Smyth", "ann@example.org")


@pytest.mark.parametrize(
    "edit",
    [{"phones__0__number": "617-555-0109"}, {"emails__0__address": "a@example.org"}, {"addresses__0__city": "Quincy"}],
)
def test_an_edit_of_a_row_alone_is_a_change_of_the_contact(ann: Contact, form: OpenForm, edit: dict[str, str]) -> None:
    assert form.save(**edit).status_code == 302

    stored = Contact.objects.get(pk=ann.pk)
    assert (stored.version, stored.updated_at > ann.updated_at) == (1, True)


def test_a_phone_that_arrived_meanwhile_stays(ann: Contact, form: OpenForm) -> None:
    people.enrich(ann, Particulars(phones=("781-555-0103",)), source="quickbooks")

    assert form.save(phones__0__number="617-555-0109").status_code == 302

    assert [(phone.number, phone.key) for phone in ann.phones.order_by("pk")] == [
        ("617-555-0109", "+16175550109"),
        ("508-555-0102", "+15085550102"),
        ("781-555-0103", "+17815550103"),
    ]


def test_a_row_that_both_changed_is_an_error_at_the_row(ann: Contact, form: OpenForm) -> None:
    ann.phones.filter(number="617-555-0101").update(number="617-555-0110", key="+16175550110")

    errors = errors_of(form.save(phones__0__number="617-555-0109", phones__1__number="508-555-0103"))

    assert list(errors) == ["phones-0-number"]
    assert "“617-555-0110”" in errors["phones-0-number"][0]
    assert [phone.number for phone in ann.phones.order_by("pk")] == ["617-555-0110", "508-555-0102"]
    assert form.save().status_code == 302
    assert [phone.number for phone in ann.phones.order_by("pk")] == ["617-555-0109", "508-555-0103"]


def test_a_row_that_somebody_deleted_is_forgotten_when_untouched_and_named_when_changed(
    ann: Contact, office_client: Client
) -> None:
    untouched, changed = OpenForm(office_client, url_of(ann)), OpenForm(office_client, url_of(ann))
    ann.phones.filter(number="617-555-0101").delete()

    assert untouched.save(company="Acme").status_code == 302
    assert Contact.objects.get(pk=ann.pk).company == "Acme"

    errors = errors_of(changed.save(phones__0__number="617-555-0109", last_name="Smyth"))
    assert errors["rows"] == [
        "Somebody else deleted the phone in a row that you changed while you were editing. "
        "Nothing was saved. Reload the page and add it again if it is still needed."
    ]
    assert [phone.number for phone in ann.phones.all()] == ["508-555-0102"]
    assert Contact.objects.get(pk=ann.pk).last_name == "Smith"


def test_deleting_a_row_that_somebody_changed_is_refused(ann: Contact, form: OpenForm) -> None:
    email = ann.emails.get()
    email.address = "ann@example.org"
    email.save()

    errors = errors_of(form.save(emails__0__DELETE="on"))

    assert "changed to “ann@example.org”" in errors["rows"][0]
    assert ann.emails.count() == 1


def test_deleting_a_row_that_nobody_changed_works(ann: Contact, form: OpenForm) -> None:
    assert form.save(emails__0__DELETE="on").status_code == 302
    assert ann.emails.count() == 0


@pytest.mark.parametrize(
    ("prefix", "values", "where"),
    [
        ("phones", {"number": "+1 (617) 555-0101", "label": "home"}, "phones-2-number"),
        ("emails", {"address": "ANN@example.com"}, "emails-1-address"),
    ],
)
def test_the_same_number_twice_is_an_error_at_the_row(
    prefix: str, values: dict, where: str, ann: Contact, form: OpenForm
) -> None:
    form.add_row(prefix, **values)

    assert list(errors_of(form.save())) == [where]


def test_a_number_that_arrived_meanwhile_cannot_be_added_twice(ann: Contact, form: OpenForm) -> None:
    people.enrich(ann, Particulars(phones=("781-555-0103",)), source="quickbooks")
    form.add_row("phones", number="(781) 555-0103", label="main")

    assert errors_of(form.save()) == {"phones-2-number": ["The contact has this number already."]}
    assert ann.phones.count() == 3


def test_a_script_that_posts_no_initial_values_is_compared_with_the_database(
    ann: Contact, office_client: Client
) -> None:
    form = OpenForm(office_client, url_of(ann))
    form.values = {name: value for name, value in form.values.items() if "initial-" not in name}

    assert form.save(last_name="Smyth").status_code == 302
    assert Contact.objects.get(pk=ann.pk).name == "Ann Smyth"


def test_a_new_contact_with_its_rows_is_stored(office_client: Client) -> None:
    form = OpenForm(office_client, reverse("admin:contacts_contact_add"))
    form.add_row("phones", number="617-555-0101", label="mobile")
    form.add_row("phones", number="call after 5", label="main")
    form.add_row("emails", address="ann@example.com")
    form.add_row("addresses", kind="mailing", street="12 Main St", city="Quincy", state="MA", zip_code="02169")

    assert form.save(first_name="Ann", last_name="Smith").status_code == 302

    contact = Contact.objects.get()
    assert (contact.name, contact.source, contact.email) == ("Ann Smith", "manual", "ann@example.com")
    assert list(contact.phones.values_list("number", "key", "label")) == [
        ("617-555-0101", "+16175550101", "mobile"),
        ("call after 5", "", "main"),
    ]
    assert str(contact.addresses.get()) == "12 Main St, Quincy, MA 02169"


def test_the_primary_contact_of_a_property_can_be_handed_over(office_client: Client) -> None:
    ann, bob = make_contact("Ann"), make_contact("Bob")
    house = make_property("12 Main St", people=(ann, bob))
    form = OpenForm(office_client, url_of(house))

    errors = errors_of(form.save(roles__1__is_primary="on"))
    assert errors["rows"] == ["Two people are marked as the primary contact. Choose one."]
    assert form.save(roles__0__is_primary=None).status_code == 302

    assert house.roles.get(is_primary=True).contact == bob


def test_a_primary_contact_that_was_set_meanwhile_is_not_pushed_aside(office_client: Client) -> None:
    ann, bob = make_contact("Ann"), make_contact("Bob")
    house = make_property("12 Main St", people=(ann,))
    house.roles.update(is_primary=False)
    form = OpenForm(office_client, url_of(house))
    PropertyContact.objects.create(property=house, contact=bob, is_primary=True)

    errors = errors_of(form.save(roles__0__is_primary="on"))

    assert errors["rows"][0].startswith("Bob was made the primary contact while you were editing.")
    assert house.roles.get(is_primary=True).contact == bob


def test_the_same_role_twice_is_an_error_not_a_crash(office_client: Client) -> None:
    ann = make_contact("Ann")
    house = make_property("12 Main St", people=(ann,))
    form = OpenForm(office_client, url_of(house))
    form.add_row("roles", contact=str(ann.pk), role="owner")

    assert form.save().status_code == 200
    assert house.roles.count() == 1


def test_a_role_given_at_the_contact_respects_the_primary_contact_of_the_property(office_client: Client) -> None:
    ann, bob = make_contact("Ann"), make_contact("Bob")
    house = make_property("12 Main St", people=(ann,))
    form = OpenForm(office_client, url_of(bob))
    form.add_row("property_roles", property=str(house.pk), role="tenant", is_primary="on")

    page = form.save()

    assert "The property has a primary contact already." in str(errors_of(page))
    assert bob.property_roles.count() == 0
    assert form.save(property_roles__0__is_primary=None).status_code == 302
    assert bob.property_roles.get().role == "tenant"


def test_keys_follow_a_changed_number(ann: Contact, form: OpenForm) -> None:
    form.save(phones__0__number="781-555-0109 x3", emails__0__address="New@Example.com")

    assert ContactPhone.objects.filter(key="+17815550109", extension="3").count() == 1
    assert ContactEmail.objects.filter(key="new@example.com").count() == 1

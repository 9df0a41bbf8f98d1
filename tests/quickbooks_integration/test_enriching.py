"""What a contact takes from its customer, field by field."""

from decimal import Decimal

import pytest

from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone
from quickbooks_integration import enriching, mapping, plain_rows
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import taking_back
from quickbooks_integration.sync import customers
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db

DOCUMENT = {
    "Id": "7",
    "SyncToken": "0",
    "DisplayName": "Ann Lee",
    "GivenName": "Ann",
    "FamilyName": "Lee",
    "CompanyName": "Lee LLC",
    "PrimaryPhone": {"FreeFormNumber": "(617) 555-0123 / 617-555-0124"},
    "PrimaryEmailAddr": {"Address": "Ann@example.com, lee@example.com"},
    "BillAddr": {"Line1": "5 Main St", "City": "Quincy", "CountrySubDivisionCode": "MA", "PostalCode": "02169"},
    "Balance": Decimal("12.50"),
    "BalanceWithJobs": Decimal("62.50"),
    "Taxable": False,
    "SalesTermRef": {"value": "3", "name": "Net 30"},
}


@pytest.fixture
def company():
    return pairs.company()


def store(company, document=DOCUMENT) -> QuickBooksCustomer:
    customers.insert(company, [mapping.customer_row(document, {})])
    return QuickBooksCustomer.objects.select_related("sync").get(sync__entity_id=document["Id"])


def linked(customer: QuickBooksCustomer, **fields) -> Contact:
    contact = Contact.objects.create(**fields)
    customer.sync.local_id = contact.pk
    customer.sync.save()
    return contact


def changed(customer: QuickBooksCustomer, **fields) -> QuickBooksCustomer:
    customer.raw = customer.raw | fields
    customer.save()
    return customer


def test_empty_fields_are_filled_and_numbers_in_one_text_become_phones_of_their_own(company):
    contact = linked(store(company))
    enriching.apply(contact, QuickBooksCustomer.objects.select_related("sync").get())
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name, contact.company) == ("Ann", "Lee", "Lee LLC")
    assert (contact.payment_terms, contact.tax_exempt, contact.customer_type) == ("Net 30", True, "customer")
    assert [phone.key for phone in contact.phones.all()] == ["+16175550123", "+16175550124"]
    assert [email.key for email in contact.emails.all()] == ["ann@example.com", "lee@example.com"]
    assert str(contact.addresses.get()) == "5 Main St, Quincy, MA 02169"
    assert contact.outstanding_balance == Decimal("62.50")


def test_filled_fields_stay_and_known_phones_are_not_added_again(company):
    customer = store(company)
    contact = linked(customer, first_name="Annie", notes="Dog")
    ContactPhone.objects.create(contact=contact, number="617.555.0123")
    ContactEmail.objects.create(contact=contact, address="ANN@EXAMPLE.COM")
    ContactAddress.objects.create(contact=contact, kind="billing", street="9 Elm St")
    applied = enriching.apply(contact, customer)
    contact.refresh_from_db()
    assert (contact.first_name, contact.notes) == ("Annie", "Dog")
    assert [phone.number for phone in contact.phones.all()] == ["617.555.0123", "(617) 555-0124"]
    assert contact.emails.count() == 2
    assert contact.addresses.get().street == "9 Elm St"
    assert applied.conflicts == {}


def test_a_second_time_changes_nothing(company):
    customer = store(company)
    contact = linked(customer)
    enriching.apply(contact, customer)
    contact.refresh_from_db()
    version = contact.version
    assert enriching.apply(contact, customer).changed is False
    contact.refresh_from_db()
    assert (contact.phones.count(), contact.emails.count(), contact.addresses.count()) == (2, 2, 1)
    assert contact.first_name == "Ann"
    assert version > 0


def test_a_field_that_quickbooks_cleared_is_not_cleared_here(company):
    customer = store(company)
    contact = linked(customer)
    enriching.apply(contact, customer)
    enriching.apply(contact, changed(customer, CompanyName=""))
    contact.refresh_from_db()
    assert contact.company == "Lee LLC"


def test_an_address_is_one_unit_and_both_sides_moving_apart_is_a_conflict(company):
    customer = store(company)
    contact = linked(customer)
    enriching.apply(contact, customer)
    contact.addresses.update(street="6 Main St")
    applied = enriching.apply(contact, changed(customer, BillAddr={"Line1": "7 Main St", "City": "Boston"}))
    assert applied.conflicts["billing"]["ours"]["street"] == "6 Main St"
    assert applied.conflicts["billing"]["theirs"] == {
        "street": "7 Main St",
        "city": "Boston",
        "state": "",
        "zip_code": "",
    }
    assert contact.addresses.get().street == "6 Main St"
    assert customer.sync.sync_status == QuickBooksSync.Status.CONFLICT


def test_a_difference_that_is_taken_is_agreed_on_so_nothing_of_it_goes_back(company):
    contact = linked(store(company), company="Ours")
    customer = QuickBooksCustomer.objects.select_related("sync").get()
    enriching.apply(contact, customer)
    assert customer.sync.base_ours["company"] == "Ours"
    enriching.take_theirs(contact, customer, "company")
    contact.refresh_from_db()
    customer.sync.refresh_from_db()
    assert contact.company == enriching.facts_of(customer).company
    assert customer.sync.base_ours == enriching.ours_of(contact)


def test_a_job_counts_in_its_parents_balance_once(company):
    parent = store(company)
    contact = linked(parent)
    job = store(company, {"Id": "8", "DisplayName": "Job", "ParentRef": {"value": "7"}, "Balance": Decimal("50.00")})
    job.sync.local_id = contact.pk
    job.sync.save()
    enriching.set_money(contact)
    assert contact.outstanding_balance == Decimal("62.50")


def test_taking_back_restores_what_nobody_changed_since_and_says_what_stays(company):
    customer = store(company)
    contact = linked(customer, first_name="")
    applied = enriching.apply(contact, customer)
    contact.company = "Edited since"
    stays = taking_back.take_back(contact, applied.before)
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name, contact.payment_terms) == ("", "", None)
    assert (contact.phones.count(), contact.emails.count(), contact.addresses.count()) == (0, 0, 0)
    assert (contact.company, stays) == ("Edited since", ["Company was changed since and stays as it is."])


def test_differences_name_each_field_and_whether_it_agrees(company):
    customer = store(company)
    contact = linked(customer, first_name="ann", last_name="Li")
    ContactPhone.objects.create(contact=contact, number="6175550123")
    rows = {row.field: row for row in enriching.differences(contact, customer)}
    assert (rows["first_name"].agrees, rows["last_name"].agrees, rows["phones"].agrees) == (True, False, True)
    assert (rows["last_name"].ours, rows["last_name"].theirs) == ("Li", "Lee")


def test_a_job_of_an_unlinked_job_counts_in_the_linked_customer_above_both(company):
    top = linked(store(company, DOCUMENT | {"Id": "1", "BalanceWithJobs": Decimal(90)}))
    store(company, DOCUMENT | {"Id": "2", "ParentRef": {"value": "1"}, "BalanceWithJobs": Decimal(90)})
    lowest = store(company, DOCUMENT | {"Id": "3", "ParentRef": {"value": "2"}, "BalanceWithJobs": Decimal(90)})
    QuickBooksSync.objects.filter(pk=lowest.sync_id).update(local_id=top.pk)
    enriching.set_money(top)
    assert top.outstanding_balance == Decimal(90)


def test_parents_that_go_round_in_a_circle_end(company):
    one = store(company, DOCUMENT | {"Id": "1", "ParentRef": {"value": "2"}, "BalanceWithJobs": Decimal(90)})
    store(company, DOCUMENT | {"Id": "2", "ParentRef": {"value": "1"}, "BalanceWithJobs": Decimal(90)})
    contact = linked(one)
    enriching.set_money(contact)
    assert contact.outstanding_balance == Decimal(0)


@pytest.mark.parametrize("field", ["CompanyName", "BillAddr"])
def test_a_value_that_quickbooks_left_out_for_a_while_still_follows_when_it_comes_back_changed(company, field):
    contact = linked(store(company))
    customer = QuickBooksCustomer.objects.select_related("sync").get()
    enriching.apply(contact, customer)
    customer.raw = {key: value for key, value in customer.raw.items() if key != field}
    enriching.apply(contact, customer)
    changed(customer, CompanyName="New LLC", BillAddr={"Line1": "9 New St"})
    enriching.apply(contact, customer)
    contact.refresh_from_db()
    assert (contact.company, contact.addresses.get().street) == ("New LLC", "9 New St")


@pytest.mark.parametrize(
    ("first", "last", "becomes"),
    [
        ("Bob", "", ("Bob", "")),
        ("", "Smith", ("", "Smith")),
        ("Annie", "", ("Annie", "Lee")),
        ("A", "", ("A", "Lee")),
        ("", "Lee", ("Ann", "Lee")),
    ],
)
def test_half_a_name_is_only_completed_by_the_same_person(company, first, last, becomes):
    contact = linked(store(company), first_name=first, last_name=last)
    enriching.apply(contact, QuickBooksCustomer.objects.select_related("sync").get())
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == becomes


@pytest.mark.parametrize("field", ["company", "billing"])
def test_a_value_that_quickbooks_no_longer_has_cannot_be_taken_and_ours_stays(company, field):
    contact = linked(store(company), company="Ours")
    ContactAddress.objects.create(contact=contact, kind="billing", street="9 Ours St")
    customer = QuickBooksCustomer.objects.select_related("sync").get()
    customer.raw = {key: value for key, value in customer.raw.items() if key not in ("CompanyName", "BillAddr")}
    with pytest.raises(Unusable, match="QuickBooks has none any more"):
        enriching.take_theirs(contact, customer, field)
    contact.refresh_from_db()
    assert (contact.company, contact.addresses.get().street) == ("Ours", "9 Ours St")


def test_what_a_person_removed_does_not_come_back_with_the_next_change(company):
    customer = store(company)
    contact = linked(customer)
    enriching.apply(contact, customer)
    contact.company = ""
    contact.phones.filter(key="+16175550124").delete()
    contact.emails.filter(key="lee@example.com").delete()
    contact.addresses.all().delete()
    enriching.apply(contact, changed(customer, Balance=Decimal("99.00"), BalanceWithJobs=Decimal("99.00")))
    contact.refresh_from_db()
    assert contact.company == ""
    assert [phone.key for phone in contact.phones.all()] == ["+16175550123"]
    assert [email.key for email in contact.emails.all()] == ["ann@example.com"]
    assert contact.addresses.count() == 0


def test_a_number_that_is_new_in_quickbooks_is_added_beside_a_removed_one(company):
    customer = store(company)
    contact = linked(customer)
    enriching.apply(contact, customer)
    contact.phones.all().delete()
    enriching.apply(contact, changed(customer, Mobile={"FreeFormNumber": "617 555 0199"}))
    assert [phone.key for phone in contact.phones.all()] == ["+16175550199"]


def test_an_address_that_is_new_there_comes_beside_one_that_was_edited_here(company):
    customer = store(company)
    contact = linked(customer)
    enriching.apply(contact, customer)
    contact.addresses.update(street="6 Main St")
    enriching.apply(contact, changed(customer, ShipAddr={"Line1": "1 Elm St", "City": "Quincy"}))
    assert {row.kind: row.street for row in contact.addresses.all()} == {"billing": "6 Main St", "shipping": "1 Elm St"}
    assert customer.sync.base_ours["addresses"]["billing"]["street"] == "5 Main St"


def test_many_pairs_get_what_each_alone_gets_in_a_fixed_number_of_statements(company, django_assert_num_queries):
    def made(number: int) -> tuple[Contact, QuickBooksCustomer]:
        shipping = {"Line1": f"{number} Elm St"} if number % 2 else {}
        customer = store(company, DOCUMENT | {"Id": str(number), "ShipAddr": shipping})
        contact = linked(customer, first_name="Ann" if number % 3 else "")
        if number % 5 == 0:
            ContactAddress.objects.create(contact=contact, kind="billing")
        return contact, customer

    def kept(contact: Contact) -> dict:
        contact = Contact.objects.get(pk=contact.pk)
        columns = ("first_name", "last_name", "company", "payment_terms", "customer_type", "outstanding_balance")
        phones = [phone.number for phone in contact.phones.all()]
        return {name: getattr(contact, name) for name in columns} | {"phones": phones}

    alone, together = [made(number) for number in range(10)], [made(number) for number in range(10, 20)]
    one_by_one = [enriching.apply(contact, customer) for contact, customer in alone]
    contacts = plain_rows.lock_contacts(contact.pk for contact, _ in together)
    customers = plain_rows.lock_customers(customer.pk for _, customer in together)
    with django_assert_num_queries(16):
        all_at_once = enriching.apply_all([(contacts[one.pk], customers[customer.pk]) for one, customer in together])
    assert [kept(contact) for contact, _ in together] == [kept(contact) for contact, _ in alone]
    contact, customer = together[1]
    customer.sync.refresh_from_db()
    assert customer.sync.base_ours == enriching.ours_of(Contact.objects.get(pk=contact.pk))
    assert [len(one.before["addresses"]) for one in all_at_once] == [len(one.before["addresses"]) for one in one_by_one]
    for (contact, _), applied in zip(together, all_at_once, strict=True):
        assert taking_back.take_back(Contact.objects.get(pk=contact.pk), applied.before) == []
        assert ContactPhone.objects.filter(contact=contact).count() == 0

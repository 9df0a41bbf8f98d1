"""QuickBooks knows no mailing address: it is the billing address of a contact that has no other."""

# ruff: noqa: F811  (fixtures that are imported)

from importlib import import_module

import pytest
from django.db import connection
from django.db.models import F

from contacts.models import Contact
from contacts.signals import contact_changed
from quickbooks_integration import reconciling
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.reconciling import differing
from quickbooks_integration.sync import merging, sweeping
from quickbooks_integration.sync.kinds import World
from tests.contacts.importing.files import import_lines
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync.test_both_changed import customer_row, customer_there
from tests.quickbooks_integration.sync.test_outbox import ann, books, push  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
MAILING = {"kind": "mailing", "street": "12 Main St", "city": "Quincy", "state": "MA", "zip_code": "02169"}


def billed_at(books, contact: Contact) -> str:
    return customer_there(books, contact).get("BillAddr", {}).get("Line1", "")


def save(contact: Contact) -> None:
    contact_changed.send(sender=Contact, contact=contact, origin="office")


def migrate() -> None:
    migration = import_module("quickbooks_integration.migrations.0029_dismissals_taken_back_and_mailing_addresses")
    with connection.cursor() as cursor:
        cursor.execute(migration.AGREE)


def test_the_address_of_a_list_is_sent_and_so_is_its_correction(books, ann):
    import_lines(
        "Ann,Lee,(617) 555-0123,12 Main St,Quincy,MA,02169", header="first_name,last_name,phone,address,city,state,zip"
    )
    push(books)
    assert (billed_at(books, ann), customer_row(ann).sync_status) == ("12 Main St", "synced")

    ann.addresses.update(street="14 Main St")
    save(ann)
    push(books)
    assert (billed_at(books, ann), ann.addresses.count()) == ("14 Main St", 1)
    assert not differing.page(books.auth).rows


def test_the_correction_of_an_address_that_the_customer_was_made_with_is_sent(books):
    bea = pairs.contact("Bea", "Lee", "617-555-0199")
    bea.addresses.create(**MAILING)
    assert books.sync().create_customer_from_contact(bea)["result"] == "created"
    bea.refresh_from_db()
    assert billed_at(books, bea) == "12 Main St"
    assert not differing.page(books.auth).rows
    bea.addresses.update(street="14 Main St")
    save(bea)
    push(books)
    assert billed_at(books, bea) == "14 Main St"


def test_where_there_is_a_billing_address_bills_go_there_whatever_the_mailing_address_says(books, ann):
    ann.addresses.create(**MAILING | {"kind": "billing", "street": "1 Elm St"})
    save(ann)
    push(books)
    ann.addresses.create(**MAILING)
    save(ann)
    push(books)
    assert (billed_at(books, ann), customer_row(ann).sync_status) == ("1 Elm St", "synced")


def test_an_address_that_quickbooks_got_meanwhile_stays_there_and_comes_here(books, ann):
    books.bookkeeper.edit_customer(ann.quickbooks_customer_id, BillAddr={"Line1": "5 Elm St"})
    ann.addresses.create(**MAILING)
    save(ann)
    push(books)
    assert billed_at(books, ann) == "5 Elm St"
    assert sorted(ann.addresses.values_list("kind", "street")) == [("billing", "5 Elm St"), ("mailing", "12 Main St")]


def billed_in_quickbooks_only(books, ann: Contact) -> None:
    """What the bookkeeper typed came here, and somebody deleted it here: nothing is emptied there."""
    books.bookkeeper.edit_customer(ann.quickbooks_customer_id, BillAddr={"Line1": "5 Elm St"})
    books.pull()
    assert ann.addresses.filter(kind="billing").delete()[0]


def test_a_billing_address_that_is_deleted_here_makes_room_for_no_mailing_address_there(books, ann):
    ann.addresses.create(**MAILING)
    save(ann)
    billed_in_quickbooks_only(books, ann)
    save(ann)
    push(books)
    assert billed_at(books, ann) == "5 Elm St"
    ann.addresses.update(street="14 Main St")
    save(ann)
    push(books)
    assert (billed_at(books, ann), customer_row(ann).sync_status) == ("5 Elm St", "synced")
    assert sweeping.sweep(books.auth) == 0
    [differing_one] = differing.page(books.auth).rows
    assert [line.difference.ours for line in differing_one.lines] == ["14 Main St, Quincy, MA 02169"]


def test_a_person_may_send_the_mailing_address_in_its_place(books, ann):
    ann.addresses.create(**MAILING)
    billed_in_quickbooks_only(books, ann)
    world = World.of(books.auth)
    there = customer_there(books, ann)
    merging.decide(customer_row(ann).pk, "billing", there, world, take=False)
    push(books)
    assert (billed_at(books, ann), customer_row(ann).sync_status) == ("12 Main St", "synced")
    assert (sweeping.sweep(books.auth), ann.addresses.count()) == (0, 1)


def test_a_correction_after_the_migration_overwrites_no_billing_address_that_was_made_there(books, ann):
    billed_in_quickbooks_only(books, ann)
    save(ann)
    push(books)
    ann.addresses.create(**MAILING)
    migrate()
    assert sweeping.sweep(books.auth) == 0
    ann.addresses.update(street="14 Main St")
    save(ann)
    push(books)
    assert billed_at(books, ann) == "5 Elm St"


def test_nobody_who_was_linked_before_is_sent_because_mailing_addresses_count_now(books, ann):
    auth = books.auth
    for number, kinds in enumerate((["mailing"], ["mailing", "billing"], []), 1):
        phone = f"617-555-020{number}"
        contact = pairs.contact("Bea", f"Lee{number}", phone)
        for kind in kinds:
            contact.addresses.create(**MAILING | {"kind": kind, "street": f"{kind} {number}"})
        reconciling.link_to(pairs.customer(auth, f"Bea Lee{number}", phone, Id=f"990{number}"), contact, None)
    rows = QuickBooksSync.objects.filter(entity_id__startswith="990").order_by("entity_id")
    for sync in rows:  # as it was kept until now
        sync.base_ours["addresses"].pop("mailing", None)
        sync.save(update_fields=["base_ours"])
    assert sweeping.sweep(auth) == 1
    rows.update(sent=F("wanted"), sync_status="synced")
    migrate()
    addresses = [sync.base_ours["addresses"] for sync in rows.all()]
    assert [sorted(one) for one in addresses] == [["mailing"], ["billing", "mailing"], []]
    assert addresses[0]["mailing"] == {"street": "mailing 1", "city": "Quincy", "state": "MA", "zip_code": "02169"}
    assert sweeping.sweep(auth) == 0

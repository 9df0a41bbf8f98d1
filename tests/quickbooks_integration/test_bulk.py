"""Rows by COPY say what each alone would have said."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pgtrigger
import pytest
from django.db import DataError, IntegrityError, connection, transaction

from contacts.models import Contact, ContactAddress, ContactPhone
from quickbooks_integration import bulk
from quickbooks_integration.models import MatchCandidate, QuickBooksSync
from quickbooks_integration.plain_rows import NewAddress
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_row_updates import NASTY

pytestmark = pytest.mark.django_db


def test_every_text_arrives_as_it_is_and_the_clock_moves() -> None:
    rows = [Contact.objects.create() for _ in NASTY]
    plain = [
        SimpleNamespace(pk=row.pk, first_name=text, payment_terms=text or None, outstanding_balance=Decimal("12.30"))
        for row, text in zip(rows, NASTY, strict=True)
    ]
    bulk.update(Contact, ["first_name", "payment_terms", "outstanding_balance", "updated_at"], plain)
    stored = list(Contact.objects.order_by("pk"))
    assert [(row.first_name, row.payment_terms) for row in stored] == [(text, text or None) for text in NASTY]
    assert all(row.outstanding_balance == Decimal("12.30") for row in stored)
    assert all(new.updated_at > old.updated_at for new, old in zip(stored, rows, strict=True))


def test_a_card_number_is_masked_and_nothing_is_cut_off_silently() -> None:
    contact = Contact.objects.create()
    bulk.update(Contact, ["notes"], [SimpleNamespace(pk=contact.pk, notes="card 4111 1111 1111 1111")])
    assert "1111 1111" not in Contact.objects.get().notes
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        bulk.update(Contact, ["last_name"], [SimpleNamespace(pk=contact.pk, last_name="x" * 101)])


def test_documents_arrive_as_they_are() -> None:
    sync = pairs.customer(pairs.company(), "Ann Smith")
    told = SimpleNamespace(pk=sync.pk, base={"notes": NASTY, "sum": None}, base_ours=None, conflicts={})
    bulk.update(QuickBooksSync, ["base", "base_ours", "conflicts"], [told])
    stored = QuickBooksSync.objects.get()
    assert (stored.base, stored.base_ours, stored.conflicts) == ({"notes": NASTY, "sum": None}, None, {})


def test_new_rows_get_their_ids_and_what_is_derived(django_assert_num_queries) -> None:
    contacts = [Contact.objects.create() for _ in range(3)]
    houses = [ContactAddress(contact=one, kind="billing", street="12 Main St", zip_code="2169") for one in contacts]
    with django_assert_num_queries(2):
        bulk.create(ContactAddress, houses)
    assert [row.pk for row in houses] == list(ContactAddress.objects.order_by("contact").values_list("pk", flat=True))
    assert set(ContactAddress.objects.values_list("key", flat=True)) == {"12 main st|02169"}
    twice = [ContactPhone(contact=contacts[0], number="617-555-0101").set_key() for _ in range(2)]
    with pytest.raises(IntegrityError, match="contact_phone_once"), transaction.atomic():
        bulk.create(ContactPhone, twice)
    assert ContactPhone.objects.count() == 0


def test_plain_rows_are_written_like_those_of_the_model() -> None:
    contact = Contact.objects.create()
    told = [NewAddress(contact.pk, kind, "12 Main St", "Quincy", "MA", "2169") for kind in ("billing", "shipping")]
    bulk.create(ContactAddress, told)
    columns = [field.attname for field in ContactAddress._meta.concrete_fields]
    stored = list(ContactAddress.objects.order_by("kind").values_list(*columns))
    assert stored == [tuple(getattr(row, column) for column in columns) for row in told]
    assert {row.key for row in told} == {"12 main st|02169"}


def test_a_trigger_is_told_that_nobody_ignores_it_without_an_error_for_each_row() -> None:
    """pgtrigger asks for this setting; that there is none it learns by an error."""
    asked = "SELECT current_setting('pgtrigger.ignore')"
    with connection.cursor() as cursor:
        cursor.execute(asked)
        assert cursor.fetchone() == ("{}",)
        with pgtrigger.ignore("contacts.Contact:count_version"):
            contact = Contact.objects.create(first_name="Ann")
            Contact.objects.filter(pk=contact.pk).update(first_name="Bob")
        cursor.execute(asked)
        assert cursor.fetchone() == ("{}",)
    Contact.objects.filter(pk=contact.pk).update(first_name="Cid")
    assert Contact.objects.get().version == 1


def test_a_change_that_counts_itself_is_counted_once_and_a_wrong_count_is_put_right() -> None:
    contact = Contact.objects.create(first_name="Ann")
    Contact.objects.filter(pk=contact.pk).update(first_name="Bob", version=1)
    assert Contact.objects.get().version == 1
    for wrong in (1, 7, 0):
        before = Contact.objects.get().version
        Contact.objects.filter(pk=contact.pk).update(first_name=f"Cid {wrong}", version=wrong)
        assert Contact.objects.get().version == before + 1


def test_json_is_what_the_usual_encoder_writes() -> None:
    nasty = {
        "text": 'a "quoted" \\ line\n\t\x7f\u2028 é 漢 \U0001f600',
        "list": [1, 1.5, True, None, {}, []],
        "": {"a": [{}]},
    }
    assert bulk.as_json(nasty) == json.dumps(nasty, ensure_ascii=False)
    assert bulk.as_json([]) == "[]"


def test_only_rows_that_are_missing_are_inserted() -> None:
    company = pairs.company()
    contact, customer = pairs.contact("Ann", "Lee"), pairs.customer(company, "Ann Lee")
    other = pairs.contact("Bo", "Lee")
    was = MatchCandidate.objects.create(sync_id=customer.pk, contact=contact, score=3, reasons=[{"text": "kept"}])
    names = ("sync_id", "contact_id", "state", "score", "reasons", "created_at")
    told = [
        MatchCandidate(sync_id=customer.pk, contact_id=pk, score=90, reasons=[{"text": "new"}])
        for pk in (contact.pk, other.pk)
    ]
    bulk.insert_missing(MatchCandidate, names, told)
    bulk.insert_missing(MatchCandidate, names, [])
    found = list(MatchCandidate.objects.order_by("contact_id").values_list("contact_id", "score", "reasons", "kind"))
    assert found == [(contact.pk, 3, [{"text": "kept"}], ""), (other.pk, 90, [{"text": "new"}], "")]
    assert MatchCandidate.objects.get(contact=contact).pk == was.pk

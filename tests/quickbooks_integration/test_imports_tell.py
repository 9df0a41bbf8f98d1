"""What an import's questions and its way back change at customers of QuickBooks waits to go there, and nobody is woken for
each of thousands."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from contacts.importing import answering, undoing
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from tests.contacts.importing.files import import_lines
from tests.people import office  # noqa: F401
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db


@pytest.fixture
def linked() -> list[Contact]:
    """Three contacts of a company whose history is taken over, each linked to its customer; nothing waits."""
    auth = pairs.company()
    HistoryImport.objects.create(company=auth, state=HistoryImport.State.COMMITTED)
    contacts = []
    for number in range(3):
        phone = f"617-555-010{number}"
        contact = pairs.contact("Ann", f"Lee{number}", phone, company="Firm", external_id=f"A{number}")
        reconciling.link_to(pairs.customer(auth, f"Ann Lee{number}", phone), contact, None)
        contacts.append(contact)
    QuickBooksSync.objects.update(sent=0, wanted=0)
    return contacts


def long_ago() -> None:
    Contact.objects.update(updated_at=timezone.now() - timedelta(days=9))


def found_by_their_change() -> int:
    return Contact.objects.filter(updated_at__gte=timezone.now() - timedelta(days=1)).count()


def wanted() -> list[int]:
    return list(QuickBooksSync.objects.order_by("pk").values_list("wanted", flat=True))


LINES = [f"A{number},Ann,Lee{number},Acme,617-555-020{number},,{number} Main St,Quincy,MA,02169" for number in range(3)]


def test_answers_are_wanted_there_and_wake_nobody(
    linked: list[Contact], office: User, django_capture_on_commit_callbacks
) -> None:
    record = import_lines(*LINES).record
    before = wanted()
    with django_capture_on_commit_callbacks() as bells:
        assert answering.take(record, office, field="company").done == 3
    assert (wanted(), bells) == ([count + 1 for count in before], [])
    assert {Contact.objects.get(pk=one.pk).company for one in linked} == {"Acme"}


def test_an_answer_about_an_address_is_a_change_of_its_contact(linked: list[Contact], office: User) -> None:
    for contact in linked:
        contact.addresses.create(kind="mailing", street="9 Elm St", city="Boston")
    record = import_lines(*LINES).record
    long_ago()
    assert answering.take(record, office, field="mailing address").done == 3
    assert found_by_their_change() == 3


def test_what_was_refused_tells_nobody(linked: list[Contact], office: User) -> None:
    record = import_lines(*LINES).record
    Contact.objects.update(company="Another")
    long_ago()
    before = wanted()
    assert answering.take(record, office, field="company").done == 0
    assert (wanted(), found_by_their_change()) == (before, 0)


def test_an_import_that_is_taken_back_is_wanted_there_and_wakes_nobody(
    linked: list[Contact], office: User, django_capture_on_commit_callbacks
) -> None:
    record = import_lines(*LINES).record
    before = wanted()
    long_ago()
    assert undoing.ask(record.pk, office)
    with django_capture_on_commit_callbacks() as bells:
        undoing.take_back(record.pk)
    assert [now > then for now, then in zip(wanted(), before, strict=True)] == [True] * 3
    assert (bells, found_by_their_change()) == ([], 3)
    assert not Contact.objects.filter(phones__number__startswith="617-555-02").exists()

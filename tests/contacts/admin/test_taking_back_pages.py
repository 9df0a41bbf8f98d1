"""Taking an import back in the admin: what would go, the button, what stays."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts import tasks
from contacts.importing import undoing
from contacts.models import Contact, ContactImport
from tests.contacts.importing.files import import_lines

pytestmark = pytest.mark.django_db

ANN = "A1,Ann,Smith,Acme,617-555-0101,ann@example.com,12 Main St,Quincy,MA,02169"
BOB = "A2,Bob,Brown,,508-555-0102,,,,,"


@pytest.fixture
def done() -> ContactImport:
    record = import_lines(ANN, BOB).record
    assert record is not None
    return record


@pytest.fixture
def press(django_capture_on_commit_callbacks: Any) -> Any:
    def send(client: Client, record: ContactImport) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(address(record), follow=True)

    return send


def address(record: ContactImport) -> str:
    return reverse("admin:contacts_contactimport_take_back", args=[record.pk])


def page_of(client: Client, record: ContactImport) -> str:
    return client.get(reverse("admin:contacts_contactimport_change", args=[record.pk])).content.decode()


def test_the_page_says_first_what_goes_and_what_stays(done: ContactImport, office_client: Client) -> None:
    Contact.objects.filter(external_id="A2").update(notes="Call after 5")
    assert address(done) in page_of(office_client, done)

    page = office_client.get(address(done)).content.decode()

    for text in ("Nothing is changed yet", "<b>Goes:</b> 1 contact.", "<b>Stays:</b> 1 contact.", "Bob Brown"):
        assert text in page
    assert "It was changed since." in page
    assert Contact.objects.count() == 2


def test_the_button_takes_it_back_and_the_page_says_who_did(
    done: ContactImport, office_client: Client, press: Any
) -> None:
    press(office_client, done)

    page = page_of(office_client, done)
    assert Contact.objects.count() == 0
    assert "Taken back by" in page
    assert "Gone: 2 contacts." in page
    assert "Everything is as it was before the import." in page
    assert address(done) not in page
    assert "nothing of this import that can be taken back" in press(office_client, done).content.decode()


def test_a_large_one_shows_how_far_it_is(
    done: ContactImport, office_client: Client, press: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "SMALL", 1)
    monkeypatch.setattr(undoing, "BATCH", 1)
    monkeypatch.setattr(tasks.take_back_import, "delay", lambda pk: undoing._take_back_some(pk))
    progress = reverse("admin:contacts_contactimport_progress", args=[done.pk])

    page = press(office_client, done).content.decode()

    assert "The import is being taken back." in page
    assert office_client.get(progress).json() == {"state": "taking back", "done": 1, "total": 2}
    tasks.take_back_import(done.pk)
    assert office_client.get(progress).json()["state"] == "taken back"
    assert Contact.objects.count() == 0


def test_only_who_may_import_takes_back(done: ContactImport, bookkeeper_client: Client, press: Any) -> None:
    assert bookkeeper_client.get(address(done)).status_code == 403
    assert press(bookkeeper_client, done).status_code == 403
    done.refresh_from_db()
    assert (done.state, Contact.objects.count()) == ("done", 2)


def test_an_import_that_changed_nothing_has_no_button(done: ContactImport, office_client: Client) -> None:
    again = import_lines(ANN).record
    assert again is not None

    assert address(again) not in page_of(office_client, again)
    answer = office_client.get(address(again), follow=True)
    assert "nothing of this import that can be taken back" in answer.content.decode()

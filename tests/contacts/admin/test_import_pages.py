"""The import in the admin: upload, preview, confirm, result."""

import io
import sys
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts import tasks
from contacts.importing import reading, runs, uploads
from contacts.models import Contact, ContactImport
from tests.contacts.importing.files import HEADER
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

ADD = "admin:contacts_contactimport_add"
ANN = "A1,Ann,Smith,Acme,617-555-0101,ann@example.com,12 Main St,Quincy,MA,02169"
BOB = "A2,Bob,Brown,,508-555-0102,,,,,"
NOBODY = "A3,,,,,,,,,"


@pytest.fixture
def upload(office_client: Client, django_capture_on_commit_callbacks: Any) -> Any:
    def send(*lines: str, name: str = "list.csv", client: Client = office_client) -> HttpResponse:
        file = SimpleUploadedFile(name, "\n".join([HEADER, *lines]).encode())
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse(ADD), {"file": file, "_save": "Save"})

    return send


@pytest.fixture
def press(office_client: Client, django_capture_on_commit_callbacks: Any) -> Any:
    def send(button: str, record: ContactImport, client: Client = office_client) -> HttpResponse:
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse(f"admin:contacts_contactimport_{button}", args=[record.pk]))

    return send


def page_of(client: Client, record: ContactImport) -> str:
    return client.get(reverse("admin:contacts_contactimport_change", args=[record.pk])).content.decode()


def test_the_list_of_contacts_leads_to_the_import(office_client: Client) -> None:
    assert "Import contacts" in office_client.get(reverse("admin:contacts_contact_changelist")).content.decode()
    answer = office_client.get(reverse("admin:contacts_contact_import_contacts"))
    assert answer.headers["Location"] == reverse(ADD)
    assert "CSV or Excel file" in office_client.get(reverse(ADD)).content.decode()


def test_an_upload_shows_what_would_happen_and_stores_no_contact(upload: Any, office_client: Client) -> None:
    make_contact("Anna", "Brown", external_id="A1")

    answer = upload(ANN, BOB, NOBODY)

    record = ContactImport.objects.get()
    assert answer.headers["Location"] == reverse("admin:contacts_contactimport_change", args=[record.pk])
    assert (record.state, record.kind, record.read, record.created, record.conflict, record.rejected) == (
        "preview",
        "List of contacts",
        3,
        1,
        1,
        1,
    )
    page = page_of(office_client, record)
    for text in (
        "Nothing is stored yet",
        "Line 2",
        "The name stays “Anna Brown”; the line says “Ann Smith”.",
        "Line 4",
        "The line has no name, company, phone or e-mail.",
        "Discard the file",
    ):
        assert text in page
    assert [contact.name for contact in Contact.objects.all()] == ["Anna Brown"]
    assert Contact.objects.get().company == ""


def test_columns_that_are_not_imported_are_named_before_and_after(
    office_client: Client, press: Any, django_capture_on_commit_callbacks: Any
) -> None:
    file = SimpleUploadedFile("list.csv", b"first_name,phone,shoe size\nAnn,617-555-0101,42\n")
    with django_capture_on_commit_callbacks(execute=True):
        office_client.post(reverse(ADD), {"file": file, "_save": "Save"})

    record = ContactImport.objects.get()
    assert "the column shoe size. The rest of each line is." in page_of(office_client, record)
    press("confirm", record)
    record.refresh_from_db()
    assert (record.state, record.ignored_columns) == ("done", ["shoe size"])
    assert "the column shoe size. The rest of each line is." in page_of(office_client, record)


def test_confirming_imports_and_shows_what_happened(upload: Any, press: Any, office_client: Client) -> None:
    anna = make_contact("Anna", "Brown", external_id="A1")
    upload(ANN, BOB, NOBODY)
    record = ContactImport.objects.get()

    press("confirm", record)

    record.refresh_from_db()
    assert (record.state, record.read, record.created, record.conflict, record.rejected) == ("done", 3, 1, 1, 1)
    assert record.content is None
    assert record.imported_by.username == "olivia"
    assert list(record.rows.values_list("line", "outcome", "contact")) == [
        (2, "conflict", anna.pk),
        (4, "rejected", None),
    ]
    page = page_of(office_client, record)
    assert "This is what the import did." in page
    assert reverse("admin:contacts_contact_change", args=[anna.pk]) in page
    assert Contact.objects.count() == 2


def test_confirming_twice_imports_once(upload: Any, press: Any) -> None:
    upload(ANN)
    record = ContactImport.objects.get()

    press("confirm", record)
    press("confirm", record)
    tasks.finish_upload(record.pk)

    record.refresh_from_db()
    assert (record.state, record.created, record.unchanged) == ("done", 1, 0)


def test_what_changed_between_preview_and_confirm_counts(upload: Any, press: Any) -> None:
    upload(ANN)
    record = ContactImport.objects.get()
    make_contact("Ann", "Smith", external_id="A1")

    press("confirm", record)

    record.refresh_from_db()
    assert (record.created, record.enriched) == (0, 1)


def test_discarding_forgets_the_file(upload: Any, press: Any) -> None:
    upload(ANN)

    press("discard", ContactImport.objects.get())

    assert (ContactImport.objects.count(), Contact.objects.count()) == (0, 0)


def test_a_finished_import_cannot_be_discarded(upload: Any, press: Any) -> None:
    upload(ANN)
    record = ContactImport.objects.get()
    press("confirm", record)

    press("discard", record)

    assert ContactImport.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"%PDF-1.4", "This is not a CSV file: it is a PDF."), (b"a,b\n1,2\n", "No header with the columns of contacts")],
)
def test_a_file_that_is_no_list_says_so_on_its_page(
    content: bytes, sentence: str, office_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        office_client.post(reverse(ADD), {"file": SimpleUploadedFile("list.csv", content), "_save": "Save"})

    record = ContactImport.objects.get()
    assert (record.state, record.content) == ("failed", None)
    page = page_of(office_client, record)
    assert f"Nothing was imported. {sentence}" in page
    assert "Discard the file" not in page


def test_an_empty_or_a_too_large_file_is_refused_in_the_form(
    office_client: Client, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = office_client.post(reverse(ADD), {"file": SimpleUploadedFile("list.csv", b""), "_save": "Save"})
    assert "The file is empty. Check that you picked the right one." in empty.content.decode()
    monkeypatch.setattr(reading, "MAX_BYTES", 10)

    answer = upload(ANN)

    assert "at most 0 MB can be imported at once" in answer.content.decode()
    assert ContactImport.objects.count() == 0


@pytest.fixture
def waiting(office: Any) -> ContactImport:
    """A larger upload whose worker has not come yet."""
    content = "\n".join([HEADER, ANN, BOB]).encode()
    return ContactImport.objects.create(filename="list.csv", content=content, state="checking", imported_by=office)


def test_a_worker_checks_and_imports_a_large_file(
    waiting: ContactImport, office_client: Client, press: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SMALL_BYTES", 10)
    progress = reverse("admin:contacts_contactimport_progress", args=[waiting.pk])
    assert "The file is being checked." in page_of(office_client, waiting)
    assert office_client.get(progress).json() == {"state": "checking", "done": None, "total": None}

    tasks.check_upload(waiting.pk)
    assert office_client.get(progress).json() == {"state": "preview", "done": None, "total": None}

    press("confirm", waiting)
    assert "The contacts are being imported." in page_of(office_client, waiting)
    assert office_client.get(progress).json() == {"state": "importing", "done": None, "total": 2}
    assert Contact.objects.count() == 0

    tasks.finish_upload(waiting.pk)
    assert office_client.get(progress).json()["state"] == "done"
    assert Contact.objects.count() == 2


def test_an_import_that_was_killed_goes_on_where_it_was(
    waiting: ContactImport, press: Any, office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 1)
    uploads.check(waiting.pk)
    uploads.confirm(waiting.pk)
    with monkeypatch.context() as power:
        power.setattr("contacts.importing.runs._tell", lambda progress, done, total: sys.exit())
        with pytest.raises(SystemExit):
            uploads.finish(waiting.pk)
    progress = reverse("admin:contacts_contactimport_progress", args=[waiting.pk])
    assert office_client.get(progress).json() == {"state": "importing", "done": 1, "total": 2}

    press("again", waiting)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.read, waiting.created, waiting.content) == ("done", 2, 2, None)
    assert Contact.objects.count() == 2


def test_a_worker_that_comes_late_does_nothing(waiting: ContactImport, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads.check(waiting.pk)
    uploads.confirm(waiting.pk)
    late = ContactImport.objects.get(pk=waiting.pk)
    uploads.finish(waiting.pk)

    with pytest.raises(runs.Overtaken):
        runs.run(io.BytesIO(bytes(late.content or b"")), filename="list.csv", record=late)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.created, Contact.objects.count()) == ("done", 2, 2)


def test_a_step_whose_worker_died_can_be_started_again(waiting: ContactImport, press: Any) -> None:
    press("again", waiting)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.created) == ("preview", 2)


def test_the_pages_of_an_import_are_for_those_who_may_import(
    waiting: ContactImport, press: Any, bookkeeper_client: Client
) -> None:
    for button in ("confirm", "discard", "again"):
        assert press(button, waiting, bookkeeper_client).status_code == 403
    progress = reverse("admin:contacts_contactimport_progress", args=[waiting.pk])
    assert bookkeeper_client.get(progress).status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == "checking"


def test_the_buttons_need_a_post(waiting: ContactImport, office_client: Client) -> None:
    for button in ("confirm", "discard", "again"):
        url = reverse(f"admin:contacts_contactimport_{button}", args=[waiting.pk])
        assert office_client.get(url).status_code == 405


def test_a_file_that_nobody_confirmed_is_forgotten_after_a_week(waiting: ContactImport, upload: Any) -> None:
    ContactImport.objects.filter(pk=waiting.pk).update(started_at=timezone.now() - uploads.KEPT * 2)

    upload(ANN)

    assert [record.state for record in ContactImport.objects.all()] == ["preview"]


def test_the_lines_that_need_a_look_page_through(upload: Any, press: Any, office_client: Client) -> None:
    upload(*[NOBODY] * 130)
    record = ContactImport.objects.get()
    page = page_of(office_client, record)
    assert "The first 100 lines that need a look are below" in page
    assert "Page 1 of 2" in page

    press("confirm", record)

    last = office_client.get(reverse("admin:contacts_contactimport_change", args=[record.pk]), {"page": 3})
    assert "Page 3 of 3" in last.content.decode()
    assert "Line 131" in last.content.decode()


def test_a_cell_with_html_is_shown_not_run(upload: Any, office_client: Client) -> None:
    upload('A1,<script>alert(1)</script>,"x' + "y" * 200 + '",,,,,,,')

    page = page_of(office_client, ContactImport.objects.get())

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_the_history_of_imports_never_loads_the_files(waiting: ContactImport, office_client: Client) -> None:
    page = office_client.get(reverse("admin:contacts_contactimport_changelist"))

    (record,) = page.context["cl"].result_list
    assert "content" in record.get_deferred_fields()

"""The drill: back up, go on working, lose everything, restore. Every row is there and nothing goes out twice."""

# ruff: noqa: F811  (fixtures that are imported)

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection

from attackacrack import audit, backups
from attackacrack.backups import files, programs, restoring
from attackacrack.backups.making import restored_copy
from attackacrack.health import alarm
from attackacrack.models import FollowUpDay, Sign
from billing.models import Invoice, Quote
from contacts.models import Contact
from quickbooks_integration import pauses, pull_only, reading_first, tasks
from quickbooks_integration.models import EmailSending, PullCursor, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import checking, kinds_to_pull, outbox
from tests.people import office  # noqa: F401
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_checking import books  # noqa: F401
from tests.quickbooks_integration.sync.test_outbox import reprice, row, there, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def former():
    """Databases that a restore left beside the one in use; they go at the end."""
    names: list[str] = []
    yield names
    for name in names:
        programs.drop(name)


def push(books) -> None:
    QuickBooksSync.objects.update(next_try_at=None)
    outbox.work_off(books.service())


def amounts(books) -> list[Decimal]:
    """Of the estimates that the CRM has made."""
    return sorted(one["TotalAmt"] for one in there(books, "Estimate"))


def everything_is_read(books) -> None:
    """What beat does the night after."""
    tasks.pull_everything()
    books.auth = QuickBooksAuth.objects.get()


def writes(books) -> int:
    counts = books.emulator.requests.counts()
    return sum(counts.get(route, 0) for route in ("create", "update", "delete", "void", "send"))


@pytest.fixture
def amy(books) -> Contact:
    return Contact.objects.get(quickbooks_customer_id="1")


def test_after_a_restore_every_row_is_there_and_what_was_sent_since_the_backup_is_not_sent_again(
    books, amy, tmp_path, former, monkeypatch
):
    sent_before, waiting = write(amy, "100.00"), write(amy, "200.00")
    QuickBooksSync.objects.filter(local_id=waiting.pk, entity_type="estimate").update(lease=None)
    outbox.work(books.service(), row(sent_before).pk)
    contacts, invoices = Contact.objects.count(), Invoice.objects.count()

    monkeypatch.setattr(audit.sealing, "SETTLES", timedelta())
    sealed = audit.seal()
    backup = backups.make(tmp_path)
    assert files.read(backup.path).seal == sealed.digest
    reprice(sent_before, "150.00")
    push(books)  # both are in QuickBooks as they are now, and the backup knows neither
    assert amounts(books) == [150, 200]
    Contact.objects.filter(first_name="").update(last_name="lost")

    former.append(backups.restore(backup))
    assert (Contact.objects.count(), Invoice.objects.count()) == (contacts, invoices)
    assert Quote.objects.get(pk=sent_before.pk).total_amount == 100
    assert audit.verify([audit.Expected(sealed.digest)]).findings == []
    auth = QuickBooksAuth.objects.get()
    assert pauses.is_pull_only(auth.company_id)
    books.emulator.requests.clear()
    push(books)
    assert writes(books) == 0

    everything_is_read(books)
    assert not pauses.is_pull_only(auth.company_id)
    push(books)
    assert writes(books) == 0
    assert Quote.objects.get(pk=sent_before.pk).total_amount == 150
    assert row(waiting).sync_status == "synced"
    assert amounts(books) == [150, 200]
    run, _ = checking.request(books.auth)
    assert checking.execute(books.service(), run).difference_count == 0


def test_a_create_without_an_answer_holds_nothing_back_after_a_restore(books, amy, tmp_path, former):
    """Kept open it would keep every newer estimate out, and the second quote would be sent once more."""
    for amount in ("100.00", "200.00"):
        write(amy, amount)
    first = QuickBooksSync.objects.filter(entity_type="estimate").latest("pk").pk - 1
    books.emulator.faults.add("drop", route="create", count=9)
    outbox.work(books.service(), first)
    assert QuickBooksSync.objects.get(pk=first).request_id
    backup = backups.make(tmp_path)
    books.emulator.faults.clear()
    push(books)
    assert amounts(books) == [100, 200]
    former.append(backups.restore(backup))
    everything_is_read(books)
    push(books)
    push(books)
    assert amounts(books) == [100, 200]
    assert set(QuickBooksSync.objects.filter(entity_type="estimate").values_list("sync_status", flat=True)) == {
        "synced"
    }


def test_a_persons_pause_outlives_a_restore_and_a_session_of_then_does_not(
    books, amy, office, client, tmp_path, former
):
    pull_only.switch_on(books.auth, office)
    client.force_login(office)
    former.append(backups.restore(backups.make(tmp_path)))
    assert not Session.objects.exists()
    everything_is_read(books)
    auth = QuickBooksAuth.objects.get()
    assert (auth.pull_only_by, auth.reads_first_since, pauses.is_pull_only(auth.company_id)) == (office, None, True)
    pull_only.switch_off(auth)
    assert not pauses.is_pull_only(auth.company_id)


def test_writing_waits_until_everything_was_read_to_the_last_row(books, amy, tmp_path, former):
    former.append(backups.restore(backups.make(tmp_path)))
    auth = QuickBooksAuth.objects.get()
    pull_only.switch_off(auth)  # what somebody may press; the restore still holds
    assert pauses.is_pull_only(auth.company_id)
    everything_is_read(books)
    QuickBooksAuth.objects.update(reads_first_since=auth.reads_first_since)
    PullCursor.objects.filter(entity_type="estimate").update(complete=False)
    assert not reading_first.end_if_everything_is_read(auth, kinds_to_pull(auth))
    assert pauses.is_pull_only(auth.company_id)
    assert "reads everything in QuickBooks before it writes" in pull_only.in_words(QuickBooksAuth.objects.get())


def test_a_restore_that_fails_at_its_last_step_leaves_the_database_in_use(tmp_path, monkeypatch, db):
    Contact.objects.create(first_name="Ann")
    backup = backups.make(tmp_path)
    Contact.objects.create(first_name="Bob")
    in_use = connection.settings_dict["NAME"]
    rename = programs.rename
    monkeypatch.setattr(programs, "rename", lambda *pairs: rename(*pairs[:-1], (pairs[-1][0], "postgres")))
    with pytest.raises(backups.CannotRestore, match="the database is as it was"):
        backups.restore(backup)
    assert (programs.exists(in_use), Contact.objects.count()) == (True, 2)


def test_a_new_quote_after_a_restore_gets_no_number_that_quickbooks_knows_as_anothers(books, amy, tmp_path, former):
    backup = backups.make(tmp_path)
    lost = write(amy, "100.00")
    push(books)
    former.append(backups.restore(backup))
    new = write(amy, "300.00")
    assert new.number == lost.number + 1_000
    everything_is_read(books)
    push(books)
    assert amounts(books) == [100, 300]
    assert sorted(Quote.objects.filter(total_amount__in=[100, 300]).values_list("total_amount", flat=True)) == [
        100,
        300,
    ]


def test_an_email_that_waited_is_not_sent_by_itself_after_a_restore(books, amy, tmp_path, former):
    write(amy, "100.00")
    push(books)
    sync = QuickBooksSync.objects.filter(entity_type="estimate").latest("pk")
    EmailSending.objects.create(sync=sync, address="ann@example.com")
    former.append(backups.restore(backups.make(tmp_path)))
    everything_is_read(books)
    tasks.push_waiting()
    sending = EmailSending.objects.get()
    assert (sending.state, "Look in QuickBooks" in sending.message) == ("unknown", True)
    assert books.emulator.requests.counts().get("send", 0) == 0


def test_a_backup_that_cannot_be_read_or_was_cut_off_is_refused_and_the_database_stays(tmp_path, db):
    Contact.objects.create(first_name="Ann")
    backup = backups.make(tmp_path)
    with pytest.raises(backups.CannotRestore, match="the database is as it was"):
        backups.restore(replace(backup, path=tmp_path / "nowhere.age"))
    backup.path.write_bytes(backup.path.read_bytes()[:-100])
    Contact.objects.create(first_name="Bob")
    name = connection.settings_dict["NAME"]
    with pytest.raises(backups.NotABackup):
        backups.restore(backup)
    with pytest.raises(backups.CannotRestore):
        backups.restore(replace(backup, sha256=files.digest(backup.path)))
    assert (connection.settings_dict["NAME"], Contact.objects.count()) == (name, 2)


def test_the_commands_back_up_and_restore(tmp_path, former, capsys, db):
    Contact.objects.create(first_name="Ann")
    alarm.look()
    call_command("backup", str(tmp_path))
    assert "restored once to prove it" in capsys.readouterr().out
    Contact.objects.all().delete()
    call_command("restore", str(next(tmp_path.glob("*.age"))), "--yes")
    told = capsys.readouterr().out
    former.append(told.partition("is called ")[2].partition(".")[0])
    assert "The database as it was is called" in told
    assert Contact.objects.get().first_name == "Ann"
    # The time between the backup and now was watched, and counts as such.
    assert "facts_of" not in Sign.objects.get(kind="check").about
    found = audit.verify([audit.Expected("f" * 64)])
    assert (len(found.restores), found.findings) == (1, [])
    assert found.restores[0] in found.unknown[0]


@pytest.mark.long
def test_a_backup_from_before_there_were_seals_is_restored_as_the_program_knows_it_and_leaves_a_seal(
    tmp_path, former, monkeypatch, db
):
    Contact.objects.create(first_name="Ann")
    backup = backups.make(tmp_path)

    @contextmanager
    def of_an_older_program(backup, database):
        with restored_copy(backup, database) as copy:
            migrate_to(copy, "attackacrack", "0003")
            yield copy

    monkeypatch.setattr(restoring, "restored_copy", of_an_older_program)
    former.append(backups.restore(backup))
    assert Contact.objects.get().first_name == "Ann"
    assert not FollowUpDay.objects.exists()  # a table of the last migration
    younger = audit.Expected("f" * 64, backup.made_at + timedelta(microseconds=1))
    found = audit.verify([younger])
    assert (len(found.restores), found.findings) == (1, [])


def migrate_to(database: str, app: str, name: str) -> None:
    in_use = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", app, name, verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = in_use

"""Backups are encrypted, of one moment, and proved; what cannot be proved is none."""

import threading

import psycopg
import pytest
from django.db import connection

from attackacrack import backups, tasks
from attackacrack.backups import files, making, programs
from attackacrack.models import Sign
from contacts.models import Contact

pytestmark = pytest.mark.django_db(transaction=True)
NO_KEY = "BACKUP_KEY is not set"


@pytest.fixture
def writing():
    """Somebody saves contacts all the time."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            Contact.objects.create(first_name="Ann", last_name="Lee")
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    yield
    stop.set()
    thread.join()


def databases() -> set[str]:
    with programs.session(programs.MAINTENANCE) as opened:
        return {name for (name,) in opened.execute("SELECT datname FROM pg_database").fetchall()}


def test_a_backup_under_load_holds_every_row_of_its_moment_and_nobody_can_read_it(writing, tmp_path):
    before, there = Contact.objects.count(), databases()
    made = backups.make(tmp_path)
    assert before <= made.rows["contacts_contact"] <= Contact.objects.count()
    assert files.all_in(tmp_path) == [made]
    content = made.path.read_bytes()
    assert content.startswith(b"age-encryption.org/")
    assert b"PGDMP" not in content
    assert made.path.stat().st_mode & 0o077 == 0
    assert databases() == there


def test_a_backup_that_misses_a_row_is_removed_and_said_so(tmp_path, monkeypatch):
    Contact.objects.create(first_name="Ann")
    counts = programs.counts
    monkeypatch.setattr(programs, "counts", lambda opened: {**counts(opened), "contacts_contact": next(told)})
    told = iter([2, 1])
    there = databases()
    with pytest.raises(backups.CannotBackUp, match="After restoring it rows are missing: contacts_contact"):
        backups.make(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert databases() == there


def test_a_pg_dump_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(making.programs, "program", lambda name: "/bin/false")
    with pytest.raises(backups.CannotBackUp, match="The backup failed"):
        backups.make(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("key", "sentence"), [("", NO_KEY), ("AGE-SECRET-KEY-1NONE", "BACKUP_KEY is no key of age")])
def test_without_a_key_there_is_no_backup_and_the_health_says_why(key, sentence, settings, tmp_path):
    settings.BACKUP_KEY, settings.BACKUP_FOLDER = key, tmp_path
    tasks.back_up()
    assert sentence in Sign.objects.get(kind="no_backup").about
    assert not Sign.objects.filter(kind="backup").exists()


def test_the_nights_backup_leaves_a_sign(settings, tmp_path):
    settings.BACKUP_FOLDER = tmp_path
    tasks.back_up()
    (made,) = files.all_in(tmp_path)
    assert Sign.objects.get(kind="backup").about == {
        "file": made.path.name, "size": made.size, "rows": sum(made.rows.values()),
    }  # fmt: skip


def test_a_proof_that_cannot_begin_leaves_no_file_and_the_health_says_why(settings, tmp_path, monkeypatch):
    settings.BACKUP_FOLDER = tmp_path

    def create(database: str) -> None:
        raise psycopg.errors.InsufficientPrivilege("permission denied to create database")

    monkeypatch.setattr(programs, "create", create)
    tasks.back_up()
    assert "permission denied to create database" in Sign.objects.get(kind="no_backup").about
    assert list(tmp_path.iterdir()) == []


def test_what_a_stopped_worker_left_is_no_backup_and_goes_with_the_next_one(tmp_path, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    left = tmp_path / "crm-20260101-000000Z.age.unproved"
    left.write_bytes(b"half")
    assert files.all_in(tmp_path) == []
    made = backups.make(tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".age", ".json"]
    monkeypatch.setattr(making, "prove", stop)
    with pytest.raises(KeyboardInterrupt):
        backups.make(tmp_path)
    assert files.all_in(tmp_path) == [made]


def test_two_backups_at_once_are_one(tmp_path):
    with programs.alone() as is_alone:
        assert is_alone
        with pytest.raises(backups.CannotBackUp, match="Another backup is being made"):
            backups.make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pg_dump_trusts_the_same_certificate_as_the_crm(monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "sslrootcert", "ca.pem")
    assert programs.environment("backup")["PGSSLROOTCERT"] == "ca.pem"

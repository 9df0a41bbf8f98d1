"""No row of the history can be altered, removed or put in between unseen."""

import io
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pghistory
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from attackacrack import audit, tasks
from attackacrack.audit import restores, rows, sealing
from attackacrack.backups import files
from attackacrack.models import AuditSeal, Sign
from billing.models import Invoice, Payment
from tests.factories import make_contact
from tests.other_connection import in_other_connection

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = "billing_invoiceevent"


def edit(invoice: Invoice, *messages: str) -> None:
    for message in messages:
        with pghistory.context(source="admin", user=7):
            invoice.message = message
            invoice.save()


def by_stealth(statement: str) -> None:
    """As somebody with a superuser's password would, past every trigger."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount


def settle() -> None:
    by_stealth(f"UPDATE {EVENTS} SET pgh_created_at = pgh_created_at - interval '1 hour'")


@pytest.fixture
def invoice(db) -> Invoice:
    with pghistory.context(source="admin", user=7):
        return Invoice.objects.create(contact=make_contact(), invoice_date=timezone.localdate())


@pytest.fixture
def sealed(invoice) -> Invoice:
    """Seven rows about one invoice under two seals; the first says that it was made, the second what it was before."""
    edit(invoice, "1", "2")
    settle()
    assert audit.seal().count == 4
    edit(invoice, "4", "5", "6")
    settle_new()
    assert audit.seal().count == 3
    return invoice


def settle_new() -> None:
    by_stealth(
        f"UPDATE {EVENTS} SET pgh_created_at = pgh_created_at - interval '1 hour' WHERE pgh_id > {last_sealed()}"
    )


def last_sealed() -> int:
    return AuditSeal.objects.first().contents["upto"][EVENTS]


def findings() -> list[str]:
    return [str(one) for one in audit.verify().findings]


def first_event() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(pgh_id) FROM {EVENTS}")
        return cursor.fetchone()[0]


def test_an_untouched_history_is_as_it_was_sealed_and_every_seal_follows_the_one_before(sealed):
    found = audit.verify()
    assert (found.seals, found.rows, found.findings) == (2, 7, [])
    last, first = AuditSeal.objects.all()
    assert (first.previous, last.previous, found.last) == ("", first.digest, last.digest)
    assert audit.verify([audit.Expected(first.digest)]).findings == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE {table} SET total_amount = 1 WHERE pgh_id = {id}", "at least one was altered since seal"),
        ("UPDATE {table} SET pgh_context_id = NULL WHERE pgh_id = {id}", "at least one was altered since seal"),
        ("UPDATE pghistory_context SET metadata = '{{\"user\": 8}}'", "at least one was altered since seal"),
        ("DELETE FROM {table} WHERE pgh_id = {id}", "4 were sealed, 3 are there"),
        ("UPDATE {table} SET pgh_id = -pgh_id WHERE pgh_id = {id}", "4 were sealed, 3 are there"),
    ],
)
def test_a_row_that_was_altered_or_removed_is_found(statement, said, sealed):
    by_stealth(statement.format(table=EVENTS, id=first_event()))
    assert any(said in one and EVENTS in one for one in findings())


def test_seals_that_were_altered_removed_or_made_anew_are_found(sealed):
    last, first = AuditSeal.objects.all()
    kept = last.digest
    by_stealth(
        f"UPDATE attackacrack_auditseal SET contents = jsonb_set(contents, '{{upto}}', '{{}}') WHERE id = {last.pk}"
    )
    assert findings() == [f"{audit.restores.named(last)} was altered."]
    by_stealth(f"DELETE FROM attackacrack_auditseal WHERE id = {first.pk}")
    assert any("does not follow the one before it" in one for one in findings())
    by_stealth("DELETE FROM attackacrack_auditseal")
    audit.seal()
    assert findings() == []
    assert [str(one) for one in audit.verify([audit.Expected(kept)]).findings] == [
        f"No seal has the digest {kept}: seals were removed or made anew."
    ]


def test_a_seal_can_be_changed_by_nobody_in_the_ordinary_way(sealed):
    one = AuditSeal.objects.first()
    with pytest.raises(Exception, match="append_only|Cannot"), transaction.atomic():
        one.delete()
    with pytest.raises(Exception, match="append_only|Cannot"), transaction.atomic():
        AuditSeal.objects.update(digest="x")
    assert findings() == []


def test_what_is_still_being_written_is_sealed_later_and_nothing_is_skipped(invoice):
    edit(invoice, "1")
    settle()
    with in_other_connection() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE billing_invoice SET message = 'slow' WHERE id = %s", [invoice.pk])
        assert audit.seal() is None  # its number is given out, its row not seen yet
        cursor.execute("COMMIT")
    settle()
    assert audit.seal().count == 4
    assert findings() == []


def test_a_fresh_change_waits_until_who_did_it_is_final(invoice):
    edit(invoice, "1")
    assert audit.seal() is None
    by_stealth(f"UPDATE {EVENTS} SET pgh_created_at = '{timezone.now() - timedelta(minutes=11)}'")
    assert audit.seal().count == 3


def test_where_all_that_is_looked_at_is_fresh_nothing_is_sealed_yet(invoice, monkeypatch):
    monkeypatch.setattr(sealing, "LOOKED_BACK", 2)
    edit(invoice, *"12")
    settle()
    edit(invoice, *"34")
    assert audit.seal() is None  # there may be more that is fresh
    monkeypatch.setattr(sealing, "LOOKED_BACK", 3)
    assert audit.seal().count == 4
    assert findings() == []


def test_a_column_that_is_added_later_changes_nothing(sealed):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {EVENTS} ADD COLUMN colour text DEFAULT 'red'")
        try:
            assert findings() == []
        finally:
            cursor.execute(f"ALTER TABLE {EVENTS} DROP COLUMN colour")


def test_long_histories_are_sealed_in_ranges_that_say_where_to_look(invoice, monkeypatch):
    monkeypatch.setattr(rows, "MOST", 2)
    edit(invoice, *"1234")
    settle()
    made = audit.seal()
    assert [told["count"] for told in made.contents["ranges"]] == [2, 2, 2]
    second, third, fourth = Invoice.pgh_event_model.objects.order_by("pgh_id").values_list("pgh_id", flat=True)[1:4]
    by_stealth(f"UPDATE {EVENTS} SET total_amount = {Decimal(9)} WHERE pgh_id = {third}")
    (said,) = findings()
    assert f"rows {second + 1} to {fourth}" in said


def test_beat_seals_and_the_command_fails_where_something_is_wrong(invoice):
    edit(invoice, "1")
    settle()
    tasks.seal_history()
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert "1 seals over 3 rows: all there, none altered" in out.getvalue()
    assert Sign.objects.filter(kind="verified").exists()
    with pytest.raises(CommandError):
        call_command("verify_audit", expect="f" * 64, stderr=io.StringIO())
    assert not Sign.objects.filter(kind="altered").exists()
    by_stealth(f"DELETE FROM {EVENTS}")
    with pytest.raises(CommandError, match="not as it was sealed: 1 findings"):
        call_command("verify_audit", stderr=io.StringIO())


def restored(made_at: str = "2026-05-04T03:00:00+00:00") -> None:
    """What a restore writes into the database that it has put back."""
    with in_other_connection() as other:
        restores.note(other.connection, datetime.fromisoformat(made_at))


def test_after_a_restore_a_later_digest_is_no_tampering_and_an_earlier_one_agrees(sealed, capsys):
    first, second = AuditSeal.objects.order_by("pk")
    lost = second.digest
    by_stealth(f"DELETE FROM attackacrack_auditseal WHERE id = {second.pk}")
    restored()
    with pytest.raises(CommandError) as said:
        call_command("verify_audit", expect=lost)
    assert f"No seal has the digest {lost}. The database was restored on " in str(said.value)
    assert f"from the backup of May 3, 2026, 11:00 PM; its last seal is seal {first.pk} of " in str(said.value)
    assert "not as it was sealed" not in str(said.value)
    edit(sealed, "7")
    settle_new()
    assert audit.seal() is not None
    call_command("verify_audit", expect=first.digest)
    assert "3 seals over 8 rows: all there, none altered" in capsys.readouterr().out


def test_a_restore_excuses_no_row_that_was_altered_and_no_seal_that_was_removed_before_it(sealed):
    restored()
    by_stealth(f"DELETE FROM {EVENTS} WHERE pgh_id = {first_event()}")
    with pytest.raises(CommandError, match="not as it was sealed: 1 findings"):
        call_command("verify_audit", expect="f" * 64, stderr=io.StringIO())
    by_stealth("DELETE FROM attackacrack_auditseal WHERE id = (SELECT min(id) + 1 FROM attackacrack_auditseal)")
    assert any("a seal was removed or put in between" in said for said in findings())


def test_a_payment_that_is_made_past_every_form_is_in_the_history(invoice):
    payment = Payment.objects.bulk_create(
        [Payment(contact=invoice.contact, amount=5, payment_date=timezone.localdate())]
    )
    event = Payment.pgh_event_model.objects.get()
    assert (event.pgh_label, event.pgh_obj_id, event.amount) == ("made", payment[0].pk, 5)


def test_an_event_can_be_changed_or_removed_by_nobody_in_the_ordinary_way(invoice):
    edit(invoice, "1")
    events = Invoice.pgh_event_model.objects.order_by("pgh_id")
    before = list(events.values())
    with pytest.raises(Exception, match="append_only|Cannot"), transaction.atomic():
        events.update(message="2")
    with pytest.raises(Exception, match="append_only|Cannot"), transaction.atomic():
        events.all().delete()
    assert list(events.values()) == before


def test_every_history_table_of_ours_is_sealed():
    names = {model._meta.db_table for model in rows.event_models()}
    assert {"billing_quoteevent", EVENTS, "billing_paymentevent", "contacts_contactevent"} <= names
    assert "quickbooks_integration_quickbookssyncevent" in names


def test_the_nights_comparison_leaves_a_sign_of_what_it_found(sealed):
    tasks.verify_history()
    assert Sign.objects.get(kind="verified").about == {"seals": 2, "rows": 7}
    by_stealth(f"UPDATE {EVENTS} SET message = '3' WHERE message = '4'")
    tasks.verify_history()
    about = Sign.objects.get(kind="altered").about
    assert (about["number"], "at least one was altered" in about["first"]) == (1, True)


def backed_up(folder: Path, made_at: datetime) -> None:
    """As far as the comparison looks at a backup."""
    made = files.new(folder, made_at, {}, AuditSeal.objects.first().digest)
    made.path.write_bytes(b"")
    made.proved()


def remove(seal: AuditSeal) -> None:
    """With all its rows."""
    for told in seal.contents["ranges"]:
        by_stealth(f"DELETE FROM {told['table']} WHERE pgh_id > {told['after']} AND pgh_id <= {told['upto']}")
    by_stealth(f"DELETE FROM attackacrack_auditseal WHERE id = {seal.pk}")


def test_the_newest_seal_that_was_removed_together_with_its_rows_is_missed_by_the_backup_that_knows_it(
    sealed, settings, tmp_path
):
    settings.BACKUP_FOLDER = tmp_path
    newest = AuditSeal.objects.first()
    backed_up(tmp_path, timezone.now())
    tasks.verify_history()
    assert not Sign.objects.filter(kind="altered").exists()

    remove(newest)
    assert findings() == []
    tasks.verify_history()
    assert "seals were removed or made anew" in Sign.objects.get(kind="altered").about["first"]


def test_the_command_misses_what_the_night_misses_and_does_not_end_its_alarm(sealed, settings, tmp_path):
    settings.BACKUP_FOLDER = tmp_path
    backed_up(tmp_path, timezone.now())
    remove(AuditSeal.objects.first())
    tasks.verify_history()
    altered = Sign.objects.get(kind="altered").at
    with pytest.raises(CommandError, match="not as it was sealed: 1 findings"):
        call_command("verify_audit", stderr=io.StringIO())
    assert not Sign.objects.filter(kind="verified", at__gt=altered).exists()


def test_a_backup_that_was_made_after_rows_and_their_seal_were_removed_hides_nothing(sealed, settings, tmp_path):
    settings.BACKUP_FOLDER = tmp_path
    backed_up(tmp_path, timezone.now() - timedelta(days=1))
    remove(AuditSeal.objects.first())
    backed_up(tmp_path, timezone.now())
    tasks.verify_history()
    about = Sign.objects.get(kind="altered").about
    assert (about["number"], "seals were removed or made anew" in about["first"]) == (1, True)


@pytest.mark.parametrize(
    ("after_restored_backup", "is_excused"),
    [
        (timedelta(hours=-1), False),  # its seal is in the backup that was put back
        (timedelta(0), False),
        (timedelta(hours=1), True),
        (timedelta(days=2), False),  # after the restore
    ],
)
def test_a_restore_excuses_only_the_seals_of_backups_between_its_own_and_itself(
    sealed, settings, tmp_path, caplog, after_restored_backup, is_excused
):
    settings.BACKUP_FOLDER = tmp_path
    restored_from = timezone.now() - timedelta(days=1)
    backed_up(tmp_path, restored_from + after_restored_backup)
    remove(AuditSeal.objects.first())
    restored(restored_from.isoformat())
    tasks.verify_history()
    assert Sign.objects.filter(kind="altered").exists() is not is_excused
    assert ("The database was restored on" in caplog.text) is is_excused

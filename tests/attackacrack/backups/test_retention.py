"""Which backups are kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackacrack.backups import files
from attackacrack.backups.files import BackupFile, NotABackup

TODAY = datetime(2026, 11, 26, 7, tzinfo=UTC)


def of_days_ago(*days: float) -> list[BackupFile]:
    return [BackupFile(Path(f"crm-{day}.age"), TODAY - timedelta(days=day), {}) for day in days]


def kept(backups: list[BackupFile]) -> set[Path]:
    gone = {one.path for one in files.superfluous(backups)}
    return {one.path for one in backups} - gone


def test_a_year_of_nights_leaves_seven_days_five_weeks_and_twelve_months():
    nights = of_days_ago(*range(365))
    left = sorted(int(path.stem.removeprefix("crm-")) for path in kept(nights))
    assert left[:7] == list(range(7))
    assert len(left) == 7 + 3 + 11  # two of the weeks and one of the months end among the seven days
    assert left[-1] > 300


@given(st.lists(st.floats(0, 900), unique=True, min_size=1, max_size=80))
def test_the_newest_is_always_kept_and_keeping_again_removes_no_more(days):
    backups = of_days_ago(*days)
    left = kept(backups)
    assert min(backups, key=lambda one: TODAY - one.made_at).path in left
    assert files.superfluous([one for one in backups if one.path in left]) == []


def test_a_file_that_was_changed_is_no_backup(tmp_path):
    made = files.new(tmp_path, TODAY, {"contacts_contact": 3})
    made.path.write_bytes(b"abc")
    assert files.all_in(tmp_path) == []  # not proved yet
    made = made.proved()
    assert files.all_in(tmp_path) == [files.read(made.path)]
    files.read(made.path).check()
    made.path.write_bytes(b"abd")
    with pytest.raises(NotABackup, match="was changed or cut off"):
        files.read(made.path).check()
    made.manifest.unlink()
    with pytest.raises(NotABackup, match="is missing beside"):
        files.read(made.path)
    assert files.all_in(tmp_path) == []

"""Several processes share the work, and nothing of what goes wrong in one is lost."""

import os
import signal
from pathlib import Path

import pytest

from quickbooks_integration import processes


class CannotBeTold(Exception):
    def __reduce__(self) -> str:
        raise TypeError("no")


def _done(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_portion_is_done_once_and_by_three_processes() -> None:
    answers = processes.shared(lambda portion: (portion, os.getpid()), list(range(5)))
    assert sorted(portion for portion, _ in answers) == [0, 1, 2, 3, 4]
    assert {portion for portion, pid in answers if pid == os.getpid()} == {0, 3}
    assert len({pid for _, pid in answers}) == 3


def test_one_portion_stays_in_this_process() -> None:
    assert processes.shared(lambda portion: os.getpid(), ["one"]) == [os.getpid()]
    assert processes.shared(lambda portion: os.getpid(), []) == []


@pytest.mark.django_db
def test_inside_a_transaction_this_process_does_all_because_a_copy_would_not_see_it() -> None:
    assert processes.shared(lambda portion: os.getpid(), [1, 2, 3]) == [os.getpid()] * 3


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_in_one_process_is_raised_when_the_others_have_done_their_part(failing: int, tmp_path: Path) -> None:
    def work(portion: int) -> None:
        if portion == failing:
            raise LookupError(f"no {portion}")
        (tmp_path / str(portion)).touch()

    with pytest.raises(LookupError, match=f"no {failing}"):
        processes.shared(work, [0, 1, 2])
    assert _done(tmp_path) == {"0", "1", "2"} - {str(failing)}


def test_an_error_that_cannot_be_told_to_another_process_is_told_in_words() -> None:
    def work(portion: int) -> None:
        if portion == 1:
            raise CannotBeTold("all of it")

    with pytest.raises(RuntimeError, match="all of it"):
        processes.shared(work, [0, 1])


def test_a_process_that_is_killed_is_not_taken_for_one_that_is_done(tmp_path: Path) -> None:
    def work(portion: int) -> None:
        (tmp_path / str(portion)).write_text(str(os.getpid()))
        if portion == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(RuntimeError, match="ended early"):
        processes.shared(work, [0, 1, 2, 3, 4])
    assert _done(tmp_path) == {"0", "1", "2", "3"}
    with pytest.raises(ChildProcessError):  # nothing of it is left, not even a zombie
        os.waitpid(int((tmp_path / "1").read_text()), 0)

"""docs/complaints.md names the tests that answer each complaint; none of them may be renamed or removed unseen."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def test_every_complaint_about_keeping_in_step_has_its_tests_and_each_exists():
    document = (CHECKOUT / "docs/complaints.md").read_text()
    rows = {int(number): re.findall(r"`(test_\w+)`", rest) for number, rest in re.findall(r"\| (\d+) \|(.*)", document)}
    written = {
        name for path in CHECKOUT.glob("tests/**/test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert {name for names in rows.values() for name in names} - written == set()
    assert all(rows.get(number) for number in range(8, 25))

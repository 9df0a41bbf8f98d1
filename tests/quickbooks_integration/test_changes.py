"""An answer of Intuit's change feed, read. Pure."""

from typing import Any

import pytest

from quickbooks_integration import changes
from quickbooks_integration.errors import QuickBooksError

TIME = "2026-05-05T03:13:07-07:00"


def answer(*responses: Any) -> dict[str, Any]:
    return {"CDCResponse": [{"QueryResponse": list(responses)}], "time": TIME}


ANSWERS = [
    {"CDCResponse": "soon", "time": "2026-05-05T03:13:07-07:00"},
    {"CDCResponse": [], "time": "2026-05-05T03:13:07-07:00"},
    {"CDCResponse": [{"QueryResponse": [{"Customer": {"Id": "1"}}]}], "time": "2026-05-05T03:13:07-07:00"},
    {"CDCResponse": [{"QueryResponse": [{"Fault": {"Error": [{"Message": "no", "code": "10000"}]}}]}],
     "time": "2026-05-05T03:13:07-07:00"},
    {"CDCResponse": [{"QueryResponse": [{}]}]},
    {"CDCResponse": [{"QueryResponse": [{}]}], "time": "yesterday"},
    {},
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_of_another_form_is_an_error(answer):
    with pytest.raises(QuickBooksError):
        changes.read(answer, ["Customer"])


def test_kinds_are_found_by_their_name_in_any_order():
    told = changes.read(answer({"Invoice": [{"Id": "9"}], "maxResults": 1}, {}), ["Customer", "Invoice"])
    assert (told.rows, told.is_whole) == ({"Customer": [], "Invoice": [{"Id": "9"}]}, True)
    assert told.server_time.isoformat() == TIME


@pytest.mark.parametrize(
    "cut",
    [
        answer({"Invoice": [{"Id": "9"}], "maxResults": 2}, {}),
        answer({}),
        answer({"Invoice": [{"Id": str(number)} for number in range(1000)], "maxResults": 1000}, {}),
    ],
)
def test_what_may_have_been_cut_is_not_whole(cut):
    assert changes.read(cut, ["Customer", "Invoice"]).is_whole is False


def test_deleted_objects_are_told_apart_and_one_without_an_id_is_left_to_be_rejected():
    there, gone = changes.split([{"Id": "1"}, {"Id": "2", "status": "Deleted"}, {"status": "Deleted"}, "rubbish"])
    assert (there, gone) == ([{"Id": "1"}, {"status": "Deleted"}, "rubbish"], ["2"])

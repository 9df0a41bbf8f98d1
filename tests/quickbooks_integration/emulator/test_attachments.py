"""Notes and files attached to documents."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator

from .books import sell
from .client import Client, fault

NOON = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)
PHOTO = bytes(range(256)) * 5 + b"\r\n--x\r\n\n"  # every byte, and what looks like a boundary
JPEG = "image/jpeg"


@pytest.fixture
def emulator() -> Any:
    with Emulator(company="empty", limits=False) as running:
        running.clock.freeze(NOON)
        yield running


@pytest.fixture
def sold(api: Client) -> dict[str, Any]:
    api.save("Customer", DisplayName="Ann")
    return sell(api)


def attached(sold: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"EntityRef": {"type": "Invoice", "value": sold["Id"]}, **more}]


def upload(api: Client, *files: tuple[Any, ...]) -> requests.Response:
    """Each file is its name, its bytes, its type, perhaps its metadata."""
    form: list[tuple[str, tuple[Any, ...]]] = []
    for number, (name, content, kind, *metadata) in enumerate(files, 1):
        for said in metadata:
            form.append((f"file_metadata_{number:02}", (None, json.dumps(said), "application/json")))
        form.append((f"file_content_{number:02}", (name, content, kind)))
    return api.session.post(api.address("upload"), files=form, timeout=10)


def uploaded(api: Client, *files: tuple[Any, ...]) -> list[dict[str, Any]]:
    answer = upload(api, *files)
    assert answer.status_code == 200, answer.text
    return [each["Attachable"] for each in answer.json()["AttachableResponse"]]


def query(api: Client, statement: str) -> list[dict[str, Any]]:
    return api.query(statement).json()["QueryResponse"].get("Attachable", [])


# Uploading


def test_an_upload_key_by_key(api: Client, sold: dict[str, Any]) -> None:
    metadata = {"FileName": "crack.jpg", "ContentType": JPEG, "AttachableRef": attached(sold, IncludeOnSend="false")}
    (found,) = uploaded(api, ("IMG_1.JPG", PHOTO, "image/x", metadata))
    address = found.pop("TempDownloadUri")
    assert address.startswith(f"{api.emulator.url}/files/{api.emulator.realm}/1/crack.jpg?")
    assert found == {
        "FileName": "crack.jpg",
        "FileAccessUri": f"/v3/company/{api.emulator.realm}/download/1",
        "Size": len(PHOTO),
        "ContentType": JPEG,
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {
            "CreateTime": "2026-05-05T12:00:00-07:00",
            "LastUpdatedTime": "2026-05-05T12:00:00-07:00",
        },
        "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": sold["Id"]}, "IncludeOnSend": False}],
    }
    assert {**api.read("Attachable", "1"), "TempDownloadUri": ""} == {**found, "TempDownloadUri": ""}
    assert requests.get(address, timeout=10).content == PHOTO


def test_a_file_without_metadata_has_the_name_and_type_of_the_form(api: Client) -> None:
    (found,) = uploaded(api, ("plan.pdf", b"%PDF", "application/pdf"))
    assert (found["FileName"], found["ContentType"], found["Size"]) == ("plan.pdf", "application/pdf", 4)
    assert "AttachableRef" not in found


def test_several_files_at_once_each_with_its_own_metadata(api: Client, sold: dict[str, Any]) -> None:
    found = uploaded(
        api,
        ("a.txt", b"A", "text/plain", {"FileName": "first.txt", "Note": "n"}),
        ("b.txt", b"BB", "text/plain"),
        ("c.txt", b"CCC", "text/plain", {"AttachableRef": attached(sold)}),
    )
    assert [(each["Id"], each["FileName"], each["Size"]) for each in found] == [
        ("1", "first.txt", 1),
        ("2", "b.txt", 2),
        ("3", "c.txt", 3),
    ]
    assert (found[0]["Note"], "AttachableRef" in found[1], "AttachableRef" in found[2]) == ("n", False, True)


def test_one_refused_file_leaves_the_others(api: Client) -> None:
    wrong = {"AttachableRef": [{"EntityRef": {"type": "Invoice", "value": "99"}}]}
    answer = upload(api, ("a.txt", b"A", "text/plain", wrong), ("b.txt", b"B", "text/plain"))
    first, second = answer.json()["AttachableResponse"]
    assert first["Fault"]["Error"][0]["code"] == "2500"
    assert second["Attachable"]["Id"] == "1"
    assert list(api.emulator.company().files) == ["1"]


def test_an_upload_that_is_too_large_is_refused_whole(api: Client) -> None:
    api.emulator.switches.set("attachment_megabytes", 1)
    half = b"x" * (512 * 1024)
    assert len(uploaded(api, ("a", half, "text/plain"), ("b", half, "text/plain"))) == 2
    error = fault(upload(api, ("a", half, "text/plain"), ("b", half + b"x", "text/plain")))
    assert error["code"] == "6030"
    assert len(query(api, "SELECT * FROM Attachable")) == 2


def test_the_same_requestid_uploads_once(api: Client) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file_content_01"; filename="a.txt"\r\n\r\nA\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    url = api.address("upload?requestid=r")
    answers = [api.session.post(url, data=body, headers=headers, timeout=10).content for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(query(api, "SELECT * FROM Attachable")) == 1


# Notes and metadata


def test_a_note_without_a_file(api: Client, sold: dict[str, Any]) -> None:
    saved = api.save("Attachable", Note="Call before noon", AttachableRef=attached(sold, IncludeOnSend=False))
    assert saved == {
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {
            "CreateTime": "2026-05-05T12:00:00-07:00",
            "LastUpdatedTime": "2026-05-05T12:00:00-07:00",
        },
        "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": sold["Id"]}, "IncludeOnSend": False}],
        "Note": "Call before noon",
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "2020"),
        ({"Note": "", "FileName": ""}, "2020"),
        ({"Note": "x" * 2001}, "2050"),
        ({"FileName": "x" * 1001}, "2050"),
        ({"Note": "n", "Category": "Selfie"}, "2170"),
        ({"Note": "n", "Unicorn": 1}, "2010"),
        ({"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": "99"}}]}, "2500"),
        ({"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Unicorn", "value": "1"}}]}, "2500"),
        ({"Note": "n", "AttachableRef": [{"EntityRef": {"value": "1"}}]}, "2500"),
        ({"Note": "n", "AttachableRef": {}}, "2300"),
    ],
)
def test_metadata_that_is_refused(api: Client, sold: dict[str, Any], fields: dict[str, Any], code: str) -> None:
    assert api.refused("Attachable", **fields)["code"] == code
    assert query(api, "SELECT * FROM Attachable") == []


def test_changing_the_metadata_keeps_the_file(api: Client, sold: dict[str, Any]) -> None:
    (found,) = uploaded(api, ("a.txt", b"A", "text/plain", {"Note": "old", "Tag": "t"}))
    sparse = api.save("Attachable", Id="1", SyncToken="0", sparse=True, Note="new", AttachableRef=attached(sold))
    assert (sparse["SyncToken"], sparse["Note"], sparse["Tag"], sparse["Size"]) == ("1", "new", "t", 1)
    full = api.save("Attachable", Id="1", SyncToken="1", FileName="b.txt", ContentType="text/plain")
    assert (full["FileName"], full["Size"], full["FileAccessUri"]) == ("b.txt", 1, found["FileAccessUri"])
    assert not {"Note", "Tag", "AttachableRef"} & set(full)
    assert requests.get(full["TempDownloadUri"], timeout=10).content == b"A"


def test_what_was_read_can_be_saved_again(api: Client, sold: dict[str, Any]) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain", {"AttachableRef": attached(sold)}))
    assert api.save("Attachable", **api.read("Attachable", "1"))["SyncToken"] == "0"


def test_an_upload_with_an_id_puts_another_file_in_its_place(api: Client) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain"))
    (found,) = uploaded(api, ("b.txt", b"BB", "text/plain", {"Id": "1", "SyncToken": "0"}))
    assert (found["Id"], found["SyncToken"], found["FileName"], found["Size"]) == ("1", "1", "b.txt", 2)
    assert requests.get(found["TempDownloadUri"], timeout=10).content == b"BB"


# Queries


def test_what_is_attached_to_a_document(api: Client, sold: dict[str, Any]) -> None:
    other = sell(api)
    both = [*attached(sold), *attached(other)]
    for name, references in (("a", attached(sold)), ("b", attached(other)), ("c", both), ("d", [])):
        api.save("Attachable", Note=name, AttachableRef=references)
    where = "AttachableRef.EntityRef.{} = 'invoice' and AttachableRef.EntityRef.value = '{}'"
    for name in ("Type", "type"):
        for form, notes in ((sold, ["a", "c"]), (other, ["b", "c"])):
            found = query(api, f"select * from attachable where {where.format(name, form['Id'])} orderby Id")
            assert [row["Note"] for row in found] == notes
    assert query(api, f"select Id from Attachable where {where.format('Type', '99')}") == []
    assert (
        len(query(api, f"select * from Attachable where AttachableRef.EntityRef.value IN ('{sold['Id']}', '7')")) == 2
    )


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("FileName = 'a.txt'", 1),
        ("FileName LIKE '%.txt'", 2),
        ("Note LIKE 'call%'", 1),
        ("Size > '1'", 1),
        ("ContentType = 'text/plain'", 2),
        ("Id = '3'", 1),
        ("MetaData.LastUpdatedTime >= '2026-05-05'", 3),
    ],
)
def test_properties_of_queries(api: Client, where: str, count: int) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain"), ("b.txt", b"BB", "text/plain"))
    api.save("Attachable", Note="Call Ann")
    assert len(query(api, f"SELECT * FROM Attachable WHERE {where}")) == count
    assert api.query("SELECT COUNT(*) FROM Attachable").json()["QueryResponse"] == {"totalCount": 3}


@pytest.mark.parametrize("where", ["AttachableRef.EntityRef.Type LIKE 'i%'", "FileAccessUri = 'x'", "Colour = 'x'"])
def test_properties_that_can_not_be_queried(api: Client, where: str) -> None:
    assert fault(api.query(f"SELECT * FROM Attachable WHERE {where}"))["code"] == "4001"


# Downloading


def test_the_download_address_is_plain_text(api: Client) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain"))
    answer = api.get("download/1")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain;charset=UTF-8")
    file = requests.get(answer.text, timeout=10)
    assert (file.content, file.headers["Content-Type"]) == (b"A", "text/plain")


def test_a_download_asks_for_no_token_and_names_the_file(api: Client) -> None:
    (found,) = uploaded(api, ("x", b"A", "text/plain", {"FileName": "Café & plan.txt"}))
    file = requests.get(found["TempDownloadUri"], timeout=10)
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Caf%C3%A9%20%26%20plan.txt"
    assert requests.get(api.address("download/1"), timeout=10).status_code == 401


def test_an_address_lasts_a_quarter_of_an_hour_and_can_be_had_again(api: Client) -> None:
    (found,) = uploaded(api, ("a.txt", b"A", "text/plain"))
    api.emulator.clock.advance(900)
    assert requests.get(found["TempDownloadUri"], timeout=10).status_code == 200
    api.emulator.clock.advance(1)
    expired = requests.get(found["TempDownloadUri"], timeout=10)
    assert (expired.status_code, "Request has expired" in expired.text) == (403, True)
    assert requests.get(api.read("Attachable", "1")["TempDownloadUri"], timeout=10).content == b"A"


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("Expires=1", "Expires=2", 403),
        ("/1/a.txt", "/2/a.txt", 403),
        ("?Expires", "?x", 403),
        ("/a.txt?", "?", 404),
    ],
)
def test_an_altered_address_is_refused(api: Client, old: str, new: str, status: int) -> None:
    (found, _) = uploaded(api, ("a.txt", b"A", "text/plain"), ("b.txt", b"B", "text/plain"))
    assert old in found["TempDownloadUri"]
    assert requests.get(found["TempDownloadUri"].replace(old, new), timeout=10).status_code == status


def test_an_address_names_the_host_that_the_client_used(api: Client) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain"))
    answer = api.get("attachable/1", headers={"Host": "books.example:8080"}).json()["Attachable"]
    assert answer["TempDownloadUri"].startswith("http://books.example:8080/files/")
    without_port = api.get("attachable/1", headers={"Host": "127.0.0.1"}).json()["Attachable"]  # as from PHP
    assert without_port["TempDownloadUri"].startswith(f"{api.emulator.url}/files/")


@pytest.mark.parametrize("id", ["1", "2", "99"])
def test_there_is_no_download_of_a_note_or_of_nothing(api: Client, id: str) -> None:
    api.save("Attachable", Note="n")
    assert fault(api.get(f"download/{id}"))["code"] == "610"


# Deleting, sending, saving


def test_a_deleted_file_is_gone(api: Client) -> None:
    (found,) = uploaded(api, ("a.txt", b"A", "text/plain"))
    answer = api.post("attachable?operation=delete", found)
    assert answer.json()["Attachable"] == {"status": "Deleted", "domain": "QBO", "Id": "1"}
    assert fault(api.get("attachable/1"))["Detail"].endswith("Another user has deleted this transaction.")
    assert requests.get(found["TempDownloadUri"], timeout=10).status_code == 404
    assert api.emulator.company().files == {}


def test_a_stale_delete_keeps_the_file(api: Client) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain"))
    assert fault(api.post("attachable?operation=delete", {"Id": "1", "SyncToken": "3"}))["code"] == "5010"
    assert api.emulator.company().files == {"1": b"A"}


def test_files_marked_for_it_go_with_the_mail(api: Client, sold: dict[str, Any]) -> None:
    for name, marked in (("a.txt", True), ("b.txt", False)):
        uploaded(api, (name, b"A", "text/plain", {"AttachableRef": attached(sold, IncludeOnSend=marked)}))
    api.save("Attachable", Note="n", AttachableRef=attached(sold, IncludeOnSend=True))
    api.post(f"invoice/{sold['Id']}/send?sendTo=a@b.co")
    (mail,) = api.emulator.outbox.mails()
    assert mail.files == (f"Invoice_{sold['DocNumber']}.pdf", "a.txt")


def test_files_are_part_of_the_saved_state(api: Client) -> None:
    uploaded(api, ("a.jpg", PHOTO, JPEG))
    state = requests.get(f"{api.emulator.url}/control/state", timeout=10).content
    api.post("attachable?operation=delete", {"Id": "1", "SyncToken": "0"})
    assert requests.put(f"{api.emulator.url}/control/state", data=state, timeout=10).status_code == 200
    assert requests.get(api.read("Attachable", "1")["TempDownloadUri"], timeout=10).content == PHOTO


def test_attachables_are_in_the_change_feed(api: Client) -> None:
    uploaded(api, ("a.txt", b"A", "text/plain"))
    answer = api.get("cdc", params={"entities": "Attachable", "changedSince": "2026-05-05"}).json()
    (part,) = answer["CDCResponse"][0]["QueryResponse"]
    assert [row["FileName"] for row in part["Attachable"]] == ["a.txt"]

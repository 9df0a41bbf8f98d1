"""Forms that files arrive in: what clients really write, and what can't be read."""

import base64
import json

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration.emulator.attachments.multipart import parts_of

from .client import Client, fault

PHOTO = bytes(range(256)) * 5 + b"\r\n--x\r\n\n"  # every byte, and what looks like a boundary
JPEG = "image/jpeg"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("content", [b"", b"x", PHOTO, b"line\n", b"\n\n"])
def test_the_odd_form_with_base64_and_blank_lines(api: Client, ending: str, content: bytes) -> None:
    boundary = "-------------PythonMultipartPost"
    lines = [
        "",
        f"--{boundary}",
        'Content-Disposition: form-data; name="file_metadata_01"',
        "Content-Type: application/json",
        "",
        json.dumps({"FileName": "crack.jpg", "ContentType": JPEG}, indent=4).replace("\n", ending),
        "",
        f"--{boundary}",
        'Content-Disposition: form-data; name="file_content_01"',
        f"Content-Type: {JPEG}",
        "Content-Transfer-Encoding: base64",
        "",
        base64.b64encode(content).decode(),
        "",
        f"--{boundary}--",
        "",
    ]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = api.session.post(api.address("upload"), data=ending.join(lines), headers=headers, timeout=10)
    (each,) = answer.json()["AttachableResponse"]
    assert (each["Attachable"]["FileName"], each["Attachable"]["Size"]) == ("crack.jpg", len(content))
    assert requests.get(each["Attachable"]["TempDownloadUri"], timeout=10).content == content


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", "2300"),
        ("multipart/form-data", b"--x\r\n\r\n\r\n--x--", "2300"),
        ("multipart/form-data; boundary=x", b"", "2300"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: a/b\r\n\r\nunfinished", "2300"),
        ("multipart/form-data; boundary=x", b"--x\r\nno headers\r\n--x--\r\n", "2300"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file_content_01"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\nA\r\n--x--\r\n",
            "2300",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file_metadata_01"\r\n\r\n{}\r\n--x--\r\n',
            "2020",
        ),
        ("multipart/form-data; boundary=x", b"--x--\r\n", "2020"),
    ],
)
def test_forms_that_can_not_be_read(api: Client, content_type: str, body: bytes, code: str) -> None:
    answer = api.session.post(api.address("upload"), data=body, headers={"Content-Type": content_type}, timeout=10)
    assert fault(answer)["code"] == code
    assert api.query("SELECT * FROM Attachable").json()["QueryResponse"] == {}


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4), st.sampled_from([b"\r\n", b"\n"]))
def test_any_bytes_come_through_a_form(contents: list[bytes], ending: bytes) -> None:
    boundary = b"Zb9"
    body = b""
    for number, content in enumerate(contents):
        # Within a form of bare line feeds a content that ends in CR can't be told apart.
        if boundary in content or (ending == b"\n" and content.endswith(b"\r")):
            contents[number] = content = b"plain"
        head = b'Content-Disposition: form-data; name="f%d"; filename="x"' % number
        body += b"--" + boundary + ending + head + ending + ending + content + ending
    body += b"--" + boundary + b"--" + ending
    found = parts_of("multipart/form-data; boundary=Zb9", body)
    assert [(part.name, part.content) for part in found] == [
        (f"f{number}", content) for number, content in enumerate(contents)
    ]

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration import errors, faults
from quickbooks_integration.errors import Kind, QuickBooksError


def service_fault(code: str, detail: str = "", element: str = "") -> bytes:
    error = {"Message": "A message", "Detail": detail, "code": code, "element": element}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-05-05"}).encode()


def gateway_fault(code: str, status: int, name: str) -> bytes:
    message = f"message={name}; errorCode=00{code}; statusCode={status}"
    error = {"message": message, "detail": None, "code": code, "element": None}
    return json.dumps({"warnings": None, "fault": {"error": [error], "type": "AUTHENTICATION"}}).encode()


XML_THROTTLED = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<IntuitResponse time="2017-07-30T22:45:22.933-07:00" xmlns="http://schema.intuit.com/finance/v3">
<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
<Detail>The request limit was reached.  Try again &amp; later</Detail></Error></Fault></IntuitResponse>"""
HTML = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, service_fault("610"), Kind.REFUSED, "610"),
        (400, service_fault("2050"), Kind.REFUSED, "2050"),
        (400, service_fault("2210"), Kind.REFUSED, "2210"),
        (400, service_fault("2500"), Kind.REFUSED, "2500"),
        (400, service_fault("5010"), Kind.STALE, "5010"),
        (400, service_fault("6000"), Kind.REFUSED, "6000"),
        (400, service_fault("6070"), Kind.REFUSED, "6070"),
        (400, service_fault("6140"), Kind.REFUSED, "6140"),
        (400, service_fault("6190"), Kind.LOGIN, "6190"),
        (400, service_fault("6210"), Kind.REFUSED, "6210"),
        (400, service_fault("6220"), Kind.REFUSED, "6220"),
        (400, service_fault("6240"), Kind.REFUSED, "6240"),
        (400, service_fault("6540"), Kind.REFUSED, "6540"),
        (400, service_fault("10000"), Kind.TRANSIENT, "10000"),
        (500, service_fault("10000"), Kind.TRANSIENT, "10000"),
        (500, gateway_fault("3100", 500, "InternalServerError"), Kind.TRANSIENT, "3100"),
        (403, gateway_fault("3100", 403, "ApplicationAuthorizationFailed"), Kind.LOGIN, "3100"),
        (403, XML_THROTTLED, Kind.LIMITED, "3001"),
        (403, HTML, Kind.REFUSED, ""),
        (401, gateway_fault("3200", 401, "AuthenticationFailed"), Kind.LOGIN, "3200"),
        (401, b"", Kind.LOGIN, ""),
        (401, HTML, Kind.LOGIN, ""),
        (429, XML_THROTTLED, Kind.LIMITED, "3001"),
        (429, HTML, Kind.LIMITED, ""),
        (429, b"", Kind.LIMITED, ""),
        (503, HTML, Kind.TRANSIENT, ""),
        (502, b"", Kind.TRANSIENT, ""),
        (404, b"", Kind.REFUSED, ""),
        (413, HTML, Kind.REFUSED, ""),
        (302, b"", Kind.REFUSED, ""),
        (400, service_fault("99999"), Kind.REFUSED, "99999"),
        (400, service_fault("not a number"), Kind.REFUSED, "not a number"),
        (400, service_fault("6240")[:90], Kind.REFUSED, ""),
        (400, b"null", Kind.REFUSED, ""),
        (400, b'{"Fault": {"Error": "text"}}', Kind.REFUSED, ""),
        (200, service_fault("6000"), Kind.REFUSED, "6000"),
        (200, service_fault("5010"), Kind.STALE, "5010"),
    ],
)
def test_an_answer_has_one_kind_whatever_its_form(status, body, kind, code):
    error = errors.classify(status, body, "1-trace")

    assert (error.kind, error.code, error.status, error.intuit_tid) == (kind, code, status, "1-trace")


def test_a_code_with_leading_zeros_or_only_in_the_message_is_the_same_code():
    named = {"fault": {"error": [{"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401"}]}}

    assert faults.read(json.dumps(named).encode()).code == "3200"
    assert faults.read(service_fault("003200")).code == "3200"


def test_the_details_of_several_errors_are_all_told():
    listed = [
        {"Message": "m", "code": "2050", "Detail": text, "element": "Notes"} for text in ("Too long.", "Too odd.")
    ]

    error = errors.classify(400, json.dumps({"Fault": {"Error": listed}}).encode())

    assert (error.detail, error.element) == ("Too long.; Too odd.", "Notes")
    assert str(error) == (
        "A text is longer or shorter than QuickBooks takes (Notes). Change it and send again. Too long.; Too odd."
    )


def test_half_an_xml_document_still_tells_its_code():
    fault = faults.read(XML_THROTTLED[:260])

    assert fault.code == "3001"


def test_entities_in_xml_are_text():
    assert faults.read(XML_THROTTLED).detail == "The request limit was reached.  Try again & later"


@pytest.mark.parametrize("code", [*errors.KNOWN, "12345"])
def test_every_known_code_gives_whole_sentences(code):
    for detail, element in (("", ""), ("What Intuit says.", "Line.Amount")):
        sentence = str(errors.classify(400, service_fault(code, detail, element)))

        assert "{" not in sentence
        assert sentence.endswith((".", "A message"))
        assert sentence[0].isupper()
        assert code not in sentence


def test_the_reference_is_for_intuits_support_and_not_part_of_the_sentence():
    error = errors.classify(400, service_fault("6210"), "1-6b04")

    assert error.with_reference == f"{error} (QuickBooks code 6210, trace 1-6b04)"
    assert "1-6b04" not in str(error)


def test_an_error_survives_the_way_between_processes():
    error = errors.classify(400, service_fault("6240", "Taken", "DisplayName"), "1-trace")

    copied = pickle.loads(pickle.dumps(error))

    assert vars(copied) == vars(error)
    assert str(copied) == str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, b'{"error":"invalid_grant"}', Kind.LOGIN, "invalid_grant"),
        (400, b'{"error":"invalid_grant","error_description":"Incorrect"}', Kind.LOGIN, "invalid_grant"),
        (401, b'{"error":"invalid_client"}', Kind.REFUSED, "invalid_client"),
        (400, b'{"error":"unsupported_grant_type"}', Kind.REFUSED, "unsupported_grant_type"),
        (401, b"", Kind.REFUSED, ""),
        (429, b"", Kind.LIMITED, ""),
        (503, HTML, Kind.TRANSIENT, ""),
        (400, b'{"error":["invalid_grant"]}', Kind.REFUSED, ""),
        (400, b"[1, 2", Kind.REFUSED, ""),
    ],
)
def test_only_invalid_grant_ends_a_sign_in(status, body, kind, code):
    error = errors.classify_sign_in(status, body)

    assert (error.kind, error.code) == (kind, code)


@given(status=st.integers(100, 599), body=st.binary(max_size=300))
def test_no_body_is_too_strange_to_classify(status, body):
    assert isinstance(errors.classify(status, body), QuickBooksError)
    assert isinstance(errors.classify_sign_in(status, body), QuickBooksError)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Fault", "fault", "Error", "error", "code", "Detail", "message"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(document=json_values)
def test_no_document_is_too_strange_to_classify(document):
    error = errors.classify(400, json.dumps(document).encode())

    assert error.kind in Kind
    assert str(error)
    assert "{detail}" not in str(error)


def test_what_was_kept_of_an_error_gives_the_same_sentence():
    error = errors.classify(400, service_fault("6210"))

    assert errors.sentence_for(error.kind, error.code, error.status) == str(error)
    assert errors.sentence_for("transient", "", None) == errors.CANNOT_REACH
    assert errors.sentence_for("login", "invalid_grant", 400) == errors.RECONNECT
    assert errors.sentence_for("transient", "", 200) == errors.NOT_UNDERSTOOD

"""The transport, against an emulator that misbehaves in every known way."""

import socket
import threading
from decimal import Decimal

import pytest
import simplejson
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration import errors, limiter
from quickbooks_integration.client import encoded
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.models import ApiCall, QuickBooksAuth
from quickbooks_integration.service import QuickBooksService

COUNT = "SELECT COUNT(*) FROM Customer"
NEW_CUSTOMER = {"DisplayName": "Ann Fünf 😀", "PrimaryPhone": {"FreeFormNumber": "(555) 010-2000"}}


@pytest.fixture
def service(connected) -> QuickBooksService:
    ApiCall.objects.all().delete()
    return QuickBooksService.current()


def outcomes() -> list[tuple[int | None, str]]:
    return list(ApiCall.objects.order_by("id").values_list("status", "error_kind"))


def customers_named(emulator, name: str) -> int:
    return sum(document["DisplayName"] == name for document in emulator.company().all("Customer"))


@pytest.mark.parametrize(
    "trouble", ["server_error", "unavailable", "bad_gateway", "garbage", "half_body", "reset", "drop"]
)
def test_passing_trouble_is_overcome_by_the_third_try(service, emulator, trouble):
    emulator.faults.add(trouble, route="query", count=2)

    answer = service.query(COUNT)

    assert answer["QueryResponse"]["totalCount"] == 29
    assert emulator.requests.counts() == {"query": 3}
    assert [kind for _, kind in outcomes()] == ["transient", "transient", ""]


@pytest.mark.parametrize(
    "trouble", ["server_error", "unavailable", "bad_gateway", "garbage", "half_body", "reset", "drop"]
)
def test_lasting_trouble_is_an_error_with_a_sentence_after_three_tries(service, emulator, trouble):
    emulator.faults.add(trouble, route="query")

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert caught.value.kind == Kind.TRANSIENT
    assert str(caught.value) in (errors.OUT_OF_ORDER, errors.NOT_UNDERSTOOD, errors.CANNOT_REACH)
    assert emulator.requests.counts() == {"query": 3}
    assert QuickBooksAuth.objects.get().state == "connected"


@pytest.mark.parametrize("form", ["json", "xml", "html", "empty"])
def test_being_too_fast_is_noticed_in_every_form_and_waited_out(service, emulator, form):
    emulator.faults.add("throttled", route="query", form=form, count=2)

    assert service.query(COUNT)["QueryResponse"]["totalCount"] == 29
    assert outcomes() == [(429, "limited"), (429, "limited"), (200, "")]


def test_a_caller_without_patience_is_not_held_up_by_a_throttled_minute(service, emulator, settings):
    settings.QUICKBOOKS_PAUSE_SECONDS = 60
    emulator.faults.add("throttled", route="query")
    service.patience = 5.0

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert (caught.value.kind, str(caught.value)) == (Kind.LIMITED, errors.TOO_FAST)
    assert emulator.requests.counts() == {"query": 1}


def test_the_other_workers_wait_too_after_one_was_too_fast(service, emulator, settings):
    settings.QUICKBOOKS_PAUSE_SECONDS = 60
    emulator.faults.add("throttled", route="query", count=1)
    service.patience = 5.0
    with pytest.raises(QuickBooksError):
        service.query(COUNT)

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current(patience=5.0).query(COUNT)

    assert caught.value.kind == Kind.LIMITED
    assert emulator.requests.counts() == {"query": 1}


def test_a_page_finds_room_where_background_work_has_to_wait(service, settings):
    settings.QUICKBOOKS_REQUESTS_AT_ONCE = 3
    service.patience = 0.2
    with limiter.turn(service.auth.company_id, 1.0):
        with pytest.raises(QuickBooksError) as caught:
            service.query(COUNT)
        assert caught.value.kind == Kind.LIMITED
        assert QuickBooksService.for_page().query(COUNT)
    assert service.query(COUNT)


def test_an_expired_token_is_renewed_once_and_the_request_repeated(service, emulator):
    emulator.clock.advance(3601)

    assert service.query(COUNT)["QueryResponse"]["totalCount"] == 29
    assert emulator.requests.counts() == {"query": 2, "token": 1}
    assert outcomes() == [(401, "login"), (200, ""), (200, "")]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_refusal_that_a_new_token_does_not_cure_is_told_at_once(service, emulator, form):
    emulator.faults.add("unauthorized", route="query", form=form)

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert (caught.value.kind, str(caught.value)) == (Kind.LOGIN, errors.RECONNECT)
    assert emulator.requests.counts() == {"query": 2, "token": 1}


def test_a_connection_that_was_ended_in_quickbooks_becomes_needs_reconnect(service, emulator):
    emulator.bookkeeper().disconnect()

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert (caught.value.kind, str(caught.value)) == (Kind.LOGIN, errors.NOT_ALLOWED)
    assert QuickBooksAuth.objects.get().state == "needs_reconnect"
    assert emulator.requests.counts() == {"query": 1, "token": 1}


def test_a_refusal_is_not_repeated(service, emulator):
    with pytest.raises(QuickBooksError) as caught:
        service.query("SELECT * FROM Nonsense")

    assert caught.value.kind == Kind.REFUSED
    assert emulator.requests.counts() == {"query": 1}


def test_a_fault_inside_a_success_is_an_error(service, emulator):
    emulator.faults.add("fault", route="query", status=200, code="6000", count=1)

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert (caught.value.kind, caught.value.code, caught.value.status) == (Kind.REFUSED, "6000", 200)
    assert outcomes() == [(200, "refused")]


@pytest.mark.parametrize("trouble", ["commit_then_drop", "garbage", "half_body", "server_error", "reset"])
def test_a_write_whose_answer_was_lost_is_done_once(service, emulator, trouble):
    emulator.faults.add(trouble, route="create", count=1)

    answer = service.create("customer", NEW_CUSTOMER, "request-1")

    assert answer["Customer"]["DisplayName"] == "Ann Fünf 😀"
    assert customers_named(emulator, "Ann Fünf 😀") == 1
    assert emulator.requests.counts() == {"create": 2}


def test_the_same_request_id_never_creates_two(service, emulator):
    first = service.create("customer", NEW_CUSTOMER, "request-1")
    second = service.create("customer", NEW_CUSTOMER, "request-1")

    assert first["Customer"]["Id"] == second["Customer"]["Id"]
    assert customers_named(emulator, "Ann Fünf 😀") == 1


def test_a_stale_update_says_so_and_overwrites_nothing(service, emulator):
    created = service.create("customer", NEW_CUSTOMER, "request-1")["Customer"]
    changed = service.update(
        "customer",
        {"Id": created["Id"], "SyncToken": created["SyncToken"], "sparse": True, "Notes": "first"},
        "request-2",
    )["Customer"]

    with pytest.raises(QuickBooksError) as caught:
        service.update(
            "customer",
            {"Id": created["Id"], "SyncToken": created["SyncToken"], "sparse": True, "Notes": "late"},
            "request-3",
        )

    assert caught.value.kind == Kind.STALE
    assert emulator.company().find("Customer", created["Id"])["Notes"] == changed["Notes"] == "first"


def test_a_name_that_is_taken_is_a_sentence_with_a_way_out(service):
    service.create("customer", NEW_CUSTOMER, "request-1")

    with pytest.raises(QuickBooksError) as caught:
        service.create("customer", NEW_CUSTOMER, "request-2")

    assert (caught.value.kind, caught.value.code) == (Kind.REFUSED, "6240")
    assert str(caught.value).startswith("Another customer, vendor or employee in QuickBooks already has this name.")


def test_a_mute_quickbooks_is_given_up_after_the_time_limit(service, emulator, settings):
    settings.QUICKBOOKS_READ_TIMEOUT = 0.5
    emulator.faults.add("timeout", route="query", seconds=30)
    service.patience = 1.2

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert (caught.value.kind, str(caught.value)) == (Kind.TRANSIENT, errors.NO_ANSWER_IN_TIME)
    assert outcomes()[0] == (None, "transient")
    emulator.stop()


def test_a_quickbooks_that_cannot_be_reached_changes_nothing_but_the_record(service, emulator):
    emulator.stop()

    with pytest.raises(QuickBooksError) as caught:
        service.query(COUNT)

    assert (caught.value.kind, str(caught.value)) == (Kind.TRANSIENT, errors.CANNOT_REACH)
    assert outcomes() == [(None, "transient")] * 3
    assert QuickBooksAuth.objects.get().state == "connected"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", errors.NOT_UNDERSTOOD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", errors.NOT_UNDERSTOOD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", errors.NOT_UNDERSTOOD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", errors.NOT_UNDERSTOOD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}", errors.NOT_UNDERSTOOD),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", errors.NOT_UNDERSTOOD),
        (b"not HTTP at all\r\n\r\n", errors.CANNOT_REACH),
        (b"", errors.CANNOT_REACH),
    ],
)
def test_no_answer_is_too_strange(service, settings, answer, sentence):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.QUICKBOOKS_EMULATOR_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        thread = answer_always(server, answer)
        with pytest.raises(QuickBooksError) as caught:
            service.query(COUNT)
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    assert (caught.value.kind, str(caught.value)) == (Kind.TRANSIENT, sentence)


def test_a_redirect_is_not_followed_with_the_token(service, settings):
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/elsewhere\r\nContent-Length: 0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.QUICKBOOKS_EMULATOR_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        thread = answer_always(server, answer)
        with pytest.raises(QuickBooksError) as caught:
            service.query(COUNT)
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    assert (caught.value.kind, caught.value.status) == (Kind.REFUSED, 302)
    assert outcomes() == [(302, "refused")]


def answer_always(server: socket.socket, answer: bytes) -> threading.Thread:
    """Answers every connection with the same bytes and closes it."""

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_a_call_inside_a_transaction_is_a_programming_error(service, emulator):
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        service.query(COUNT)

    assert emulator.requests.counts() == {}


@pytest.mark.django_db(transaction=True)
def test_a_call_inside_a_real_transaction_is_a_programming_error_too(service, emulator):
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        service.company_info()

    assert emulator.requests.counts() == {}
    assert service.company_info()["CompanyName"] == "Craig's Design and Landscaping Services"


def test_money_comes_in_as_decimals(service):
    rows = service.query("SELECT * FROM Customer WHERE Balance > '0' MAXRESULTS 1000")

    balances = [row["Balance"] for row in rows["QueryResponse"]["Customer"]]
    assert {type(balance) for balance in balances} <= {Decimal, int}
    assert Decimal("414.72") in balances


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12)


@given(amount=decimals)
def test_money_goes_out_and_comes_back_with_exactly_its_digits(amount):
    sent = encoded({"Amount": amount})

    assert simplejson.loads(sent, use_decimal=True) == {"Amount": amount}
    assert sent.decode() == f'{{"Amount": {amount}}}'


def test_the_record_of_calls_holds_neither_tokens_nor_bodies_nor_questions(service):
    service.create("customer", NEW_CUSTOMER, "request-1")
    service.query("SELECT * FROM Customer WHERE DisplayName = 'Bill Lucchini'")

    rows = list(ApiCall.objects.order_by("id").values())
    auth = service.auth
    assert [(row["method"], row["path"], row["status"]) for row in rows] == [
        ("POST", f"/v3/company/{auth.company_id}/customer", 200),
        ("POST", f"/v3/company/{auth.company_id}/query", 200),
    ]
    assert all(row["intuit_tid"] and row["company_id"] == auth.company_id for row in rows)
    for secret in (auth.access_token, auth.refresh_token, "Ann", "Lucchini", "request-1"):
        assert secret not in repr(rows)


def test_the_log_holds_no_token(service, emulator, caplog):
    caplog.set_level("DEBUG")
    emulator.clock.advance(3601)
    old = service.auth
    service.query(COUNT)

    assert "intuit_tid=1-" in caplog.text
    for auth in (old, service.auth):
        assert auth.access_token not in caplog.text
        assert auth.refresh_token not in caplog.text


def test_requests_say_who_asks_and_which_version(service, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.QUICKBOOKS_EMULATOR_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        captured = captured_request(server)
        service.make_api_request("customer", "POST", {"DisplayName": "Ann"})

    head = captured[0].decode()
    assert head.startswith(f"POST /v3/company/{service.auth.company_id}/customer?")
    for expected in (
        "minorversion=75",
        "requestid=",
        f"Authorization: Bearer {service.auth.access_token}",
        "Accept: application/json",
        "Content-Type: application/json",
        "gzip",
        "User-Agent: attackacrack-crm",
    ):
        assert expected in head


def captured_request(server: socket.socket) -> list[bytes]:
    captured: list[bytes] = []
    body = b'{"Customer": {"Id": "1"}}'

    def serve() -> None:
        client, _ = server.accept()
        with client:
            captured.append(client.recv(65536))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    threading.Thread(target=serve, daemon=True).start()
    return captured

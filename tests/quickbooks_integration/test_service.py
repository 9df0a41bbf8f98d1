import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from django.core.cache import caches
from django.db import connection
from django.utils import timezone

from quickbooks_integration import connecting, consenting, errors, service, tasks
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.models import ApiCall, QuickBooksAuth
from quickbooks_integration.service import QuickBooksService

CRAIG = "Craig's Design and Landscaping Services"


def stored() -> QuickBooksAuth:
    return QuickBooksAuth.objects.with_tokens().get()


def snapshot() -> list[dict]:
    return list(QuickBooksAuth.objects.order_by("pk").values())


def expire(**ago: float) -> None:
    QuickBooksAuth.objects.update(expires_at=timezone.now() - timedelta(**ago))


# --- Addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sandbox", "emulator", "base_url"),
    [
        (True, "", "https://sandbox-quickbooks.api.intuit.com"),
        (False, "", "https://quickbooks.api.intuit.com"),
        (True, "http://127.0.0.1:8010", "http://127.0.0.1:8010"),
        (False, "http://127.0.0.1:8010", "http://127.0.0.1:8010"),
    ],
)
def test_the_settings_decide_which_quickbooks_is_asked(settings, sandbox, emulator, base_url):
    settings.QUICKBOOKS_SANDBOX, settings.QUICKBOOKS_EMULATOR_URL = sandbox, emulator

    assert QuickBooksService().base_url == base_url


def test_the_consent_page_gets_all_that_intuit_wants(settings):
    settings.QUICKBOOKS_EMULATOR_URL = ""
    settings.QUICKBOOKS_CLIENT_ID = "the client & id"
    settings.QUICKBOOKS_CLIENT_SECRET = "the secret"

    url = QuickBooksService().get_authorization_url("the state")

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "appcenter.intuit.com", "/connect/oauth2")
    assert parse_qs(parts.query) == {
        "client_id": ["the client & id"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": ["http://localhost:5000/auth/quickbooks/callback"],
        "state": ["the state"],
    }
    assert "the+secret" not in url


# --- Code for tokens ---------------------------------------------------------------------------


@pytest.fixture
def agreed(db, emulator) -> dict[str, str]:
    """What the browser brings back after the person agreed."""
    return consenting.agree(QuickBooksService().get_authorization_url("issued here"))


def test_a_code_becomes_tokens_with_their_lives(agreed):
    tokens = QuickBooksService().exchange_code_for_tokens(agreed["code"], "issued here")

    assert tokens["access_token"]
    assert tokens["refresh_token"]
    assert tokens["expires_in"] == 3600
    assert tokens["x_refresh_token_expires_in"] == 8726400
    assert tokens["x_refresh_token_hard_expires_in"] > 157_000_000


@pytest.mark.parametrize("state", ["never issued", "", "issued her"])
def test_a_state_that_was_not_issued_is_refused_without_asking(agreed, emulator, state):
    emulator.requests.clear()

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService().exchange_code_for_tokens(agreed["code"], state)

    assert (caught.value.kind, str(caught.value)) == (Kind.REFUSED, service.WRONG_STATE)
    assert emulator.requests.counts() == {}


def test_a_state_works_once(agreed, emulator):
    QuickBooksService().exchange_code_for_tokens(agreed["code"], "issued here")
    emulator.requests.clear()

    with pytest.raises(QuickBooksError, match="was used already"):
        QuickBooksService().exchange_code_for_tokens(agreed["code"], "issued here")

    assert emulator.requests.counts() == {}


def test_a_state_ends_after_ten_minutes(agreed, emulator):
    key = service._state_key("issued here")
    assert service.STATE_LASTS == 600
    assert caches["redis"].touch(key, 0)  # as if the time had passed
    emulator.requests.clear()

    with pytest.raises(QuickBooksError, match="ten minutes"):
        QuickBooksService().exchange_code_for_tokens(agreed["code"], "issued here")

    assert emulator.requests.counts() == {}


def test_a_wrong_client_secret_names_the_settings_but_not_the_secret(agreed, settings):
    settings.QUICKBOOKS_CLIENT_SECRET = "wrong secret "

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService().exchange_code_for_tokens(agreed["code"], "issued here")

    assert caught.value.code == "invalid_client"
    assert "QUICKBOOKS_CLIENT_SECRET" in str(caught.value)
    assert "wrong secret" not in repr(vars(caught.value))


# --- Which connection --------------------------------------------------------------------------


def test_without_a_connection_the_service_says_where_to_connect(db):
    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current()

    assert (caught.value.kind, str(caught.value)) == (Kind.LOGIN, service.NOT_CONNECTED)


@pytest.mark.parametrize(
    ("state", "message", "sentence"),
    [
        ("disconnected", "", service.NOT_CONNECTED),
        ("needs_reconnect", "", errors.RECONNECT),
        ("needs_reconnect", "A sentence.", "A sentence."),
    ],
)
def test_a_connection_that_does_not_work_is_not_used(connected, emulator, state, message, sentence):
    held_by_a_worker = QuickBooksService(stored())
    QuickBooksAuth.objects.update(state=state, error_message=message)
    held_by_a_worker.auth.refresh_from_db()

    for ask in (QuickBooksService.current, held_by_a_worker.company_info):
        with pytest.raises(QuickBooksError) as caught:
            ask()
        assert (caught.value.kind, str(caught.value)) == (Kind.LOGIN, sentence)
    assert emulator.requests.counts() == {}


def test_tokens_are_never_sent_to_another_environment(connected, emulator, settings):
    QuickBooksAuth.objects.update(environment="production")

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current()

    assert caught.value.kind == Kind.LOGIN
    assert "connected to QuickBooks live, but is now set up for emulator" in str(caught.value)
    assert emulator.requests.counts() == {}


def test_a_lost_key_is_a_sentence_and_stops_every_call(connected, emulator, settings):
    held_by_a_worker = QuickBooksService(QuickBooksAuth.objects.get())
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]

    for ask in (QuickBooksService.current, held_by_a_worker.company_info):
        with pytest.raises(QuickBooksError) as caught:
            ask()
        assert (caught.value.kind, str(caught.value)) == (Kind.LOGIN, service.UNREADABLE)
    assert emulator.requests.counts() == {}


# --- Refresh -----------------------------------------------------------------------------------


def test_a_refresh_stores_the_new_pair_at_once(connected, emulator):
    emulator.switches.set("refresh_rotation", "always")
    before = stored()

    assert QuickBooksService.current().refresh_access_token() is True

    after = stored()
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    assert after.expires_at > before.expires_at
    assert after.hard_expires_at is not None
    assert emulator.requests.counts() == {"token": 1}
    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG


def test_a_token_with_more_than_five_minutes_left_is_used_as_it_is(connected, emulator):
    expire(minutes=-6)

    QuickBooksService.current().company_info()

    assert emulator.requests.counts() == {"companyinfo": 1}


def test_a_token_with_less_than_five_minutes_left_is_renewed_before_the_call(connected, emulator):
    expire(minutes=-4)

    QuickBooksService.current().company_info()

    assert emulator.requests.counts() == {"token": 1, "companyinfo": 1}
    assert stored().expires_at > timezone.now() + timedelta(minutes=59)


def test_a_worker_with_an_old_token_takes_the_pair_that_another_one_got(connected, emulator):
    emulator.switches.set("refresh_rotation", "always")
    slow, quick = QuickBooksService.current(), QuickBooksService.current()
    quick.refresh_access_token()

    assert slow.refresh_access_token() is True

    assert slow.auth.access_token == quick.auth.access_token == stored().access_token
    assert emulator.requests.counts() == {"token": 1}


def test_a_dead_refresh_token_is_a_visible_state_with_a_sentence(connected, emulator, caplog):
    emulator.clock.advance(102 * 24 * 3600)

    assert QuickBooksService.current().refresh_access_token() is False

    auth = stored()
    assert (auth.state, auth.error_message) == ("needs_reconnect", errors.RECONNECT)
    assert "must reconnect" in caplog.text
    assert list(ApiCall.objects.values_list("status", "error_code")[:1]) == [(400, "invalid_grant")]


def test_once_dead_intuit_is_not_asked_again(connected, emulator):
    held = QuickBooksService.current()
    emulator.bookkeeper().disconnect()
    held.refresh_access_token()

    assert held.refresh_access_token() is False
    assert emulator.requests.counts() == {"token": 1}


@pytest.mark.parametrize("trouble", ["server_error", "unavailable", "drop", "garbage", "throttled", "half_body"])
def test_trouble_on_the_way_never_asks_for_a_reconnect(connected, emulator, trouble):
    before = snapshot()
    emulator.faults.add(trouble, route="token")

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current().refresh_access_token()

    assert caught.value.kind in (Kind.TRANSIENT, Kind.LIMITED)
    assert snapshot() == before
    assert ApiCall.objects.filter(error_kind=caught.value.kind).count() == 1


def test_a_wrong_client_secret_pauses_the_company_and_does_not_ask_for_a_reconnect(connected, settings):
    settings.QUICKBOOKS_CLIENT_SECRET = "wrong"
    before = snapshot()

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current().refresh_access_token()

    assert caught.value.kind == Kind.LOGIN
    assert snapshot() == before


def test_a_token_that_still_works_is_used_while_the_renewal_fails(connected, emulator):
    expire(minutes=-4)
    emulator.faults.add("unavailable", route="token")

    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG


def test_a_token_that_ran_out_is_not_used_while_the_renewal_fails(connected, emulator):
    expire(minutes=1)
    emulator.faults.add("unavailable", route="token")

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current().company_info()

    assert caught.value.kind == Kind.TRANSIENT
    assert emulator.requests.counts() == {"token": 1}


def test_a_renewal_that_fails_for_good_is_told_by_the_call(connected, emulator):
    expire(minutes=1)
    emulator.bookkeeper().disconnect()

    with pytest.raises(QuickBooksError) as caught:
        QuickBooksService.current().company_info()

    assert (caught.value.kind, str(caught.value)) == (Kind.LOGIN, errors.RECONNECT)
    assert emulator.requests.counts() == {"token": 1}


@pytest.mark.django_db(transaction=True)
def test_fifty_workers_at_once_make_one_refresh_and_share_its_pair(connected, emulator):
    emulator.switches.set("refresh_rotation", "always")
    old = stored()
    ready, ends, results = threading.Barrier(50), [], []

    def work() -> None:
        try:
            worker = QuickBooksService.current()
            ready.wait(30)
            ends.append(worker.refresh_access_token())
            results.append((worker.auth.access_token, worker.auth.refresh_token))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    new = stored()
    assert emulator.requests.counts() == {"token": 1}
    assert ends == [True] * 50
    assert set(results) == {(new.access_token, new.refresh_token)}
    assert new.refresh_token != old.refresh_token
    assert new.state == "connected"


@pytest.mark.django_db(transaction=True)
def test_fifty_workers_with_a_refused_token_all_get_their_answer_after_one_refresh(connected, emulator):
    emulator.switches.set("refresh_rotation", "always")
    emulator.clock.advance(3601)
    ready, names = threading.Barrier(50), []

    def work() -> None:
        try:
            worker = QuickBooksService.current()
            ready.wait(30)
            names.append(worker.company_info()["CompanyName"])
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert names == [CRAIG] * 50
    assert emulator.requests.counts()["token"] == 1


@pytest.mark.django_db(transaction=True)
def test_rows_that_belong_to_the_company_can_be_written_while_a_refresh_waits(connected, emulator):
    """The lock of a refresh must not stop the record of another worker's call."""
    emulator.faults.add("slow", route="token", seconds=2)
    refreshing = threading.Thread(
        target=lambda: (QuickBooksService.current().refresh_access_token(), connection.close())
    )
    refreshing.start()
    while not emulator.requests.counts() and locks_on_connections() == 0:
        pass

    ApiCall.objects.create(company=connected, at=timezone.now(), method="GET", path="/", milliseconds=1)

    assert refreshing.is_alive()
    refreshing.join(30)
    assert emulator.requests.counts() == {"token": 1}


def locks_on_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND pid <> pg_backend_pid()"
            " AND relation = 'quickbooks_integration_quickbooksauth'::regclass"
        )
        return cursor.fetchone()[0]


# --- Beat --------------------------------------------------------------------------------------


def test_beat_renews_what_would_run_out_before_its_next_round(connected, emulator):
    expire(minutes=-24)

    tasks.refresh_tokens()

    assert emulator.requests.counts() == {"token": 1}
    assert stored().expires_at > timezone.now() + timedelta(minutes=59)


def test_beat_leaves_alone_what_lasts_longer(connected, emulator):
    expire(minutes=-26)

    tasks.refresh_tokens()

    assert emulator.requests.counts() == {}


def test_beat_goes_on_when_quickbooks_is_away(connected, emulator, caplog):
    expire(minutes=-1)
    before = snapshot()
    emulator.faults.add("unavailable", route="token")

    tasks.refresh_tokens()

    assert "was not renewed" in caplog.text
    assert snapshot() == before


def test_beat_has_nothing_to_do_without_a_connection(db, emulator):
    tasks.refresh_tokens()

    assert emulator.requests.counts() == {}


# --- Asking ------------------------------------------------------------------------------------


def test_any_address_of_the_company_can_be_asked(connected, emulator):
    answer = QuickBooksService.current().make_api_request("customer/1")

    assert answer["Customer"]["Id"] == "1"
    assert emulator.requests.counts() == {"read": 1}


def test_a_query_answers_with_rows_and_quickbooks_time(connected):
    answer = QuickBooksService.current().query("SELECT * FROM Customer WHERE DisplayName = 'Bill\\'s Windsurf Shop'")

    assert [row["DisplayName"] for row in answer["QueryResponse"]["Customer"]] == ["Bill's Windsurf Shop"]
    assert answer["time"]


def test_a_question_in_any_language_arrives_as_it_was_asked(connected):
    worker = QuickBooksService.current()
    worker.create("customer", {"DisplayName": "Zoë + 木村 & Co"}, "request-1")

    answer = worker.query("SELECT * FROM Customer WHERE DisplayName = 'Zoë + 木村 & Co'")

    assert len(answer["QueryResponse"]["Customer"]) == 1


def test_reconnecting_gives_the_service_its_company_back(connected, emulator):
    emulator.bookkeeper().disconnect()
    QuickBooksService.current().refresh_access_token()
    state = "again"
    answer = consenting.agree(QuickBooksService().get_authorization_url(state))

    connecting.store(answer["realmId"], QuickBooksService().exchange_code_for_tokens(answer["code"], state), by=None)

    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG
    assert QuickBooksAuth.objects.count() == 1

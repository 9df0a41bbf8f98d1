"""The way to Intuit and back, as a browser goes it, and the verbs behind it."""

import re
from io import StringIO
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core import management
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quickbooks_integration import connecting, consenting, pauses, views
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import ApiCall, QuickBooksAuth, QuickBooksSync, Traffic
from quickbooks_integration.service import WRONG_STATE, QuickBooksService

CRAIG = "Craig's Design and Landscaping Services"
PAGE = "/admin/quickbooks_integration/quickbooksauth/"
CALLBACK = "/auth/quickbooks/callback"


def person(username: str, *permissions: str, staff: bool = True) -> Client:
    user = User.objects.create_user(username, is_staff=staff, first_name=username.title())
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def office(db) -> Client:
    return person("ann", "connect_quickbooks", "sync_quickbooks", "view_quickbooksauth")


def start(client: Client) -> str:
    """The address of the consent page that the browser is sent to."""
    response = client.get("/auth/quickbooks")
    assert response.status_code == 302
    return response["Location"]


def sentences(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def come_back(client: Client, **answer: str):
    return client.get(f"{CALLBACK}?{urlencode(answer)}")


def everything() -> tuple:
    return tuple(list(model.objects.order_by("pk").values()) for model in (QuickBooksAuth, QuickBooksSync, ApiCall))


def ends_on_the_page_with(response, sentence: str) -> bool:
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert sentences(response) == [sentence]
    return True


# --- The happy way -----------------------------------------------------------------------------


def test_connecting_stores_the_company_with_its_name(office, emulator):
    consent = start(office)
    assert consent.startswith(f"{emulator.url}/connect/oauth2?")
    answer = consenting.agree(consent)

    response = come_back(office, **answer)

    assert ends_on_the_page_with(response, f"Connected to {CRAIG}. Choose Sync now to bring its customers in.")
    auth = QuickBooksAuth.objects.get()
    assert (auth.company_id, auth.company_name, auth.environment) == (emulator.realm, CRAIG, "emulator")
    assert (auth.state, auth.connected_by.username, auth.error_message) == ("connected", "ann", "")
    assert emulator.requests.counts() == {"authorize": 2, "token": 1, "companyinfo": 1}
    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG


def test_a_form_may_start_it_too(office, emulator):
    assert office.post("/auth/quickbooks").status_code == 302


def test_every_start_has_a_state_of_its_own_that_cannot_be_guessed(office, emulator):
    states = {parse_qs(urlsplit(start(office)).query)["state"][0] for _ in range(5)}

    assert len(states) == 5
    assert min(map(len, states)) >= 43


def test_a_failed_name_leaves_a_connection_that_works_later(office, emulator):
    emulator.faults.add("fault", route="companyinfo", code="6000", count=1)

    response = come_back(office, **consenting.agree(start(office)))

    assert sentences(response)[0].startswith("QuickBooks is connected, but its first answer failed.")
    auth = QuickBooksAuth.objects.get()
    assert (auth.state, auth.company_name) == ("connected", "")
    assert connecting.read_name(auth) == CRAIG


def test_reconnecting_the_same_company_keeps_its_rows(office, connected, emulator):
    row = QuickBooksSync.objects.create(company=connected, entity_type="customer", entity_id="1")
    old = QuickBooksAuth.objects.values("access_token", "connected_at").get()

    come_back(office, **consenting.agree(start(office)))

    assert QuickBooksAuth.objects.get().pk == connected.pk
    assert QuickBooksSync.objects.get() == row
    new = QuickBooksAuth.objects.values("access_token", "connected_at").get()
    assert new["access_token"] != old["access_token"]
    assert new["connected_at"] > old["connected_at"]


def test_reconnecting_works_when_the_key_of_the_old_tokens_is_lost(office, connected, emulator, settings):
    from cryptography.fernet import Fernet

    settings.FERNET_KEYS = [Fernet.generate_key().decode()]

    come_back(office, **consenting.agree(start(office)))

    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG


# --- Everything else changes nothing -----------------------------------------------------------


def test_a_person_who_says_no_is_told_that_nothing_changed(office, emulator):
    state = parse_qs(urlsplit(start(office)).query)["state"][0]
    before = everything()

    response = come_back(office, error="access_denied", state=state)

    assert ends_on_the_page_with(response, views.DENIED)
    assert everything() == before


def test_another_error_of_the_consent_page_is_a_sentence_without_its_code(office, emulator):
    state = parse_qs(urlsplit(start(office)).query)["state"][0]

    response = come_back(office, error="invalid_scope", state=state)

    assert "invalid_scope" not in sentences(response)[0]
    assert sentences(response)[0].startswith("QuickBooks did not start the sign-in, so nothing was changed.")
    assert QuickBooksAuth.objects.count() == 0


@pytest.mark.parametrize("change", [{"state": "another"}, {"state": ""}, {"state": "ü"}, {"state": None}])
def test_a_state_of_somebody_else_is_refused(office, emulator, change):
    answer = consenting.agree(start(office)) | change
    before, asked = everything(), emulator.requests.counts()

    response = come_back(office, **{name: value for name, value in answer.items() if value is not None})

    assert ends_on_the_page_with(response, views.OTHER_BROWSER)
    assert (everything(), emulator.requests.counts()) == (before, asked)


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(office, emulator):
    other = person("eve", "connect_quickbooks", "view_quickbooksauth")
    answer = consenting.agree(start(other))
    before = everything()

    response = come_back(office, **answer)

    assert ends_on_the_page_with(response, views.OTHER_BROWSER)
    assert everything() == before


def test_an_answer_cannot_be_played_again(office, emulator):
    answer = consenting.agree(start(office))
    come_back(office, **answer)
    before, asked = everything(), emulator.requests.counts()

    response = come_back(office, **answer)

    assert sentences(response)[-1] == views.OTHER_BROWSER
    assert (everything(), emulator.requests.counts()) == (before, asked)


def test_a_state_is_used_up_by_the_first_try_even_if_that_failed(office, emulator):
    answer = consenting.agree(start(office))
    come_back(office, **answer | {"state": "wrong"})

    response = come_back(office, **answer)

    assert sentences(response)[-1] == views.OTHER_BROWSER
    assert QuickBooksAuth.objects.count() == 0


def test_an_answer_after_ten_minutes_is_refused(office, emulator):
    from django.core.cache import caches

    answer = consenting.agree(start(office))
    caches["redis"].clear()  # as after ten minutes
    before = everything()

    response = come_back(office, **answer)

    assert ends_on_the_page_with(response, WRONG_STATE)
    assert everything() == before


@pytest.mark.parametrize("realm", [None, "", "abc", "123; DROP", "1" * 51, "١٢٣"])
def test_an_answer_without_a_company_is_refused(office, emulator, realm):
    answer = consenting.agree(start(office)) | {"realmId": realm}
    before = everything()

    response = come_back(office, **{name: value for name, value in answer.items() if value is not None})

    assert ends_on_the_page_with(response, views.NO_COMPANY)
    assert everything() == before


@pytest.mark.parametrize(
    ("trouble", "start_of_sentence"),
    [
        ("unavailable", "QuickBooks is out of order at the moment."),
        ("drop", "QuickBooks cannot be reached."),
        ("garbage", "QuickBooks sent an answer that is cut off or not readable."),
        ("half_body", "QuickBooks sent an answer that is cut off or not readable."),
        ("throttled", "QuickBooks asked us to slow down."),
    ],
)
def test_a_failed_exchange_stores_no_connection(office, emulator, trouble, start_of_sentence):
    answer = consenting.agree(start(office))
    emulator.faults.add(trouble, route="token")

    response = come_back(office, **answer)

    assert response["Location"] == PAGE
    assert sentences(response)[0].startswith(start_of_sentence)
    assert QuickBooksAuth.objects.count() == 0


def test_a_made_up_code_stores_no_connection(office, emulator):
    answer = consenting.agree(start(office)) | {"code": "made up"}

    response = come_back(office, **answer)

    assert len(sentences(response)) == 1
    assert QuickBooksAuth.objects.count() == 0


def test_another_company_is_refused_while_rows_of_the_first_exist(office, connected, emulator):
    QuickBooksSync.objects.create(company=connected, entity_type="customer", entity_id="1")
    connecting.disconnect(connected)
    other = emulator.add_company("empty")
    answer = consenting.agree(start(office), other)
    before, asked = everything(), emulator.requests.counts()

    response = come_back(office, **answer)

    assert ends_on_the_page_with(
        response,
        f"You chose another company, but this CRM belongs to {CRAIG}. Nothing was changed. Choose Connect again and "
        f"pick {CRAIG} on QuickBooks' page.",
    )
    assert (everything(), emulator.requests.counts()) == (before, asked)


def test_another_company_is_refused_while_the_first_is_connected(office, connected, emulator):
    other = emulator.add_company("empty")
    before = list(QuickBooksAuth.objects.values())

    response = come_back(office, **consenting.agree(start(office), other))

    assert sentences(response)[0].endswith(f"To change to the other company, disconnect {CRAIG} first.")
    assert list(QuickBooksAuth.objects.values()) == before


def test_another_company_is_welcome_once_the_first_has_left_nothing(office, connected, emulator):
    connecting.disconnect(connected)
    other = emulator.add_company("empty")

    come_back(office, **consenting.agree(start(office), other))

    assert QuickBooksAuth.objects.in_use().get().company_id == other


def test_two_companies_at_the_same_moment_do_not_both_get_in(connected, emulator):
    """The database holds it even where the check before came too early."""
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError, match="one_in_use"), transaction.atomic():
        QuickBooksAuth.objects.bulk_create([QuickBooksAuth(**vars_of(connected) | {"company_id": "99"})])

    assert QuickBooksAuth.objects.count() == 1


def vars_of(auth: QuickBooksAuth) -> dict:
    return {
        field.attname: getattr(auth, field.attname) for field in auth._meta.concrete_fields if not field.primary_key
    }


# --- Who may -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/auth/quickbooks", f"{CALLBACK}?code=1&state=2&realmId=3"])
def test_only_those_who_may_connect_get_through(db, emulator, path):
    viewer = person("bob", "view_quickbooksauth")
    stranger = person("eve", staff=False)
    former = person("sam", "connect_quickbooks", staff=False)

    assert ends_on_the_page_with(viewer.get(path), views.NOT_YOURS)
    for client in (stranger, former):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))
        assert sentences(response) == [views.NOT_YOURS]
    assert ends_on_the_page_with(Client().get(path), views.NOT_YOURS)
    assert emulator.requests.counts() == {}
    assert QuickBooksAuth.objects.count() == 0


@pytest.mark.parametrize(("client_id", "secret"), [("", "secret"), ("id", ""), (" ", "secret")])
def test_without_the_apps_keys_nobody_is_sent_away(office, settings, client_id, secret):
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = client_id, secret

    assert ends_on_the_page_with(office.get("/auth/quickbooks"), views.NO_CLIENT)


def test_without_redis_a_sign_in_is_not_started(office, emulator, settings):
    settings.CACHES = settings.CACHES | {
        "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }

    response = office.get("/auth/quickbooks")

    assert response["Location"] == PAGE
    assert sentences(response)[0].startswith("The sign-in cannot be started because the CRM's Redis server")


def test_answers_are_never_kept_by_a_browser(office, emulator):
    assert "no-store" in office.get("/auth/quickbooks")["Cache-Control"]
    assert "no-store" in office.get(CALLBACK)["Cache-Control"]


# --- Disconnecting -----------------------------------------------------------------------------


def test_disconnecting_ends_it_here_and_at_intuit_and_keeps_the_history(office, connected, emulator):
    QuickBooksSync.objects.create(company=connected, entity_type="customer", entity_id="1")
    old = QuickBooksAuth.objects.with_tokens().get()

    response = office.post(f"{PAGE}disconnect/")

    assert ends_on_the_page_with(response, f"{CRAIG} is disconnected. Links and history are kept.")
    auth = QuickBooksAuth.objects.with_tokens().get()
    assert (auth.state, auth.access_token, auth.refresh_token, auth.hard_expires_at) == ("disconnected", "", "", None)
    assert QuickBooksSync.objects.count() == 1
    assert [connection.state for connection in emulator.world.grants.connections()] == ["revoked"]
    assert emulator.requests.counts() == {"revoke": 1}
    assert old.access_token not in response.content.decode()


@pytest.mark.parametrize("trouble", ["unavailable", "drop", "throttled"])
def test_disconnecting_works_when_intuit_does_not(office, connected, emulator, trouble):
    emulator.faults.add(trouble, route="revoke")

    response = office.post(f"{PAGE}disconnect/")

    assert ends_on_the_page_with(response, f"{CRAIG} is disconnected. {connecting.STILL_LISTED}")
    assert QuickBooksAuth.objects.with_tokens().get().refresh_token == ""


def test_disconnecting_a_connection_that_ended_over_there_has_nothing_left_to_do(connected, emulator):
    tokens = QuickBooksAuth.objects.with_tokens().get()
    emulator.world.grants.revoke(emulator.world.grants.apps[emulator.client_id], tokens.refresh_token)

    assert connecting.disconnect(connected) == ""


def test_disconnecting_works_with_a_lost_key(connected, emulator, settings):
    from cryptography.fernet import Fernet

    settings.FERNET_KEYS = [Fernet.generate_key().decode()]

    assert connecting.disconnect(connected) == connecting.STILL_LISTED
    assert QuickBooksAuth.objects.get().state == "disconnected"


def test_disconnecting_asks_first(office, connected, emulator):
    response = office.get(f"{PAGE}disconnect/")

    assert response.status_code == 200
    assert "Contacts, links and history stay." in response.content.decode()
    assert QuickBooksAuth.objects.get().state == "connected"


def test_disconnecting_twice_is_no_error(office, connected, emulator):
    office.post(f"{PAGE}disconnect/")

    response = office.post(f"{PAGE}disconnect/")

    assert sentences(response)[-1] == "QuickBooks is not connected, so there is nothing to disconnect."
    assert emulator.requests.counts() == {"revoke": 1}


# --- Without a browser -------------------------------------------------------------------------


def test_the_command_connects_an_emulator_and_names_the_company(db, emulator):
    out = StringIO()

    call_command("quickbooks_connect", stdout=out)

    assert out.getvalue() == f"Connected to {CRAIG} (company id {emulator.realm}).\n"
    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG


def test_the_command_connects_the_company_that_was_asked_for(db, emulator):
    other = emulator.add_company("empty")

    call_command("quickbooks_connect", realm=other, stdout=StringIO())

    assert QuickBooksAuth.objects.get().company_id == other


def test_the_command_may_run_again(connected, emulator):
    call_command("quickbooks_connect", stdout=StringIO())

    assert QuickBooksAuth.objects.count() == 1


def test_the_command_refuses_everything_but_an_emulator(db, settings):
    settings.QUICKBOOKS_EMULATOR_URL = ""

    with pytest.raises(CommandError, match="QUICKBOOKS_EMULATOR_URL is not set"):
        call_command("quickbooks_connect")

    assert QuickBooksAuth.objects.count() == 0


def test_the_command_says_when_nobody_listens(db, emulator):
    emulator.stop()

    with pytest.raises(CommandError, match="QuickBooks cannot be reached"):
        call_command("quickbooks_connect")


def test_the_command_knows_no_other_companies_than_the_emulator(db, emulator):
    with pytest.raises(CommandError, match="no company with the id 42"):
        call_command("quickbooks_connect", realm="42")


def test_only_an_agreed_company_is_stored(connected, emulator):
    with pytest.raises(QuickBooksError, match="belongs to"):
        connecting.store("4242", {}, by=None)

    assert QuickBooksAuth.objects.get().company_id == emulator.realm


# --- Settings ----------------------------------------------------------------------------------


def check_ids() -> set[str]:
    from django.core.checks import run_checks

    return {message.id for message in run_checks() if message.id.startswith("quickbooks_integration.")}


@pytest.fixture
def proper(settings) -> None:
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = "id", "secret"
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = "verifier"
    settings.QUICKBOOKS_EMULATOR_URL = ""


def test_proper_settings_pass_the_checks(proper):
    assert check_ids() == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("QUICKBOOKS_CLIENT_ID", "", "quickbooks_integration.W001"),
        ("QUICKBOOKS_CLIENT_SECRET", " ", "quickbooks_integration.W001"),
        ("QUICKBOOKS_EMULATOR_URL", "127.0.0.1:8010", "quickbooks_integration.E002"),
        ("FERNET_KEYS", [], "quickbooks_integration.E003"),
        ("FERNET_KEYS", ["no key"], "quickbooks_integration.E003"),
    ],
)
def test_wrong_settings_are_named(proper, settings, name, value, expected):
    setattr(settings, name, value)

    assert check_ids() == {expected}


def test_an_emulator_in_production_is_an_error(proper, settings):
    settings.QUICKBOOKS_EMULATOR_URL, settings.PRODUCTION = "http://127.0.0.1:8010", True
    settings.OFFICE_EMAILS = ["office@example.com"]

    assert check_ids() == {"quickbooks_integration.E001"}
    with pytest.raises(management.base.SystemCheckError, match="QUICKBOOKS_EMULATOR_URL"):
        call_command("check")


def test_an_end_of_the_sign_in_that_is_no_number_does_not_cost_the_tokens(connected):
    tokens = {"access_token": "a", "refresh_token": "b", "expires_in": 3600, "x_refresh_token_expires_in": 8_640_000}
    connected.keep(tokens | {"x_refresh_token_hard_expires_in": "157680000"})
    assert (connected.access_token, connected.refresh_token) == ("a", "b")


# --- Out of every trouble ------------------------------------------------------------------------


def need_a_reconnect() -> None:
    QuickBooksAuth.objects.update(state="needs_reconnect", error_message="Because.")


def run_out() -> None:
    QuickBooksAuth.objects.update(refresh_expires_at=timezone.now(), expires_at=timezone.now())


def disconnect() -> None:
    connecting.disconnect(QuickBooksAuth.objects.get())


def break_down() -> None:
    now = timezone.now()
    Traffic.objects.create(company=QuickBooksAuth.objects.get(), failures=9, failing_since=now, next_try_at=now)


def be_limited() -> None:
    pauses.note_limited(QuickBooksAuth.objects.get().company_id)


@pytest.mark.parametrize("trouble", [need_a_reconnect, run_out, disconnect, break_down, be_limited])
def test_complaint_14_in_every_trouble_the_page_opens_and_connect_brings_the_connection_back(
    office, connected, emulator, trouble
):
    trouble()
    assert re.search(r">\s*(Connect|Reconnect)\s*</button>", office.get(PAGE).content.decode())

    answer = consenting.agree(start(office))
    response = come_back(office, **answer)

    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert "Connected" in office.get(PAGE).content.decode()
    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG


@pytest.mark.parametrize("key", ["another key", "the old key too"])
def test_complaint_14_a_lost_key_does_not_stop_a_reconnect(office, connected, settings, key):
    fresh = Fernet.generate_key().decode()
    settings.FERNET_KEYS = [fresh] if key == "another key" else [fresh, *settings.FERNET_KEYS]
    assert "Reconnect" in office.get(PAGE).content.decode()

    come_back(office, **consenting.agree(start(office)))

    settings.FERNET_KEYS = [fresh]
    assert QuickBooksService.current().company_info()["CompanyName"] == CRAIG

"""What the office sees of the connection, in every state that it can be in."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from quickbooks_integration import connection_page, errors, service
from quickbooks_integration.models import ApiCall, HistoryImport, QuickBooksAuth, SyncRun, Traffic

CRAIG = "Craig's Design and Landscaping Services"
PAGE = "/admin/quickbooks_integration/quickbooksauth/"
CALLS = "/admin/quickbooks_integration/apicall/"


def person(username: str, *permissions: str) -> Client:
    user = User.objects.create_user(username, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def office(db) -> Client:
    rights = ("connect_quickbooks", "sync_quickbooks", "view_quickbooksauth", "view_syncrun", "view_apicall")
    return person("ann", *rights)


def page(client: Client) -> str:
    response = client.get(PAGE)
    assert response.status_code == 200
    return unescape(response.content.decode())


def sentences(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def change(**columns) -> Callable:
    return lambda emulator, settings: QuickBooksAuth.objects.update(**columns)


def break_down(emulator, settings) -> None:
    now = timezone.now()
    Traffic.objects.create(
        company=QuickBooksAuth.objects.get(),
        failures=5,
        failing_since=now,
        next_try_at=now,
        trouble="It is out of order.",
    )
    QuickBooksAuth.objects.update(pull_only_since=now)  # less urgent, and said above every page


def be_limited(emulator, settings) -> None:
    Traffic.objects.create(company=QuickBooksAuth.objects.get(), limited_until=timezone.now() + timedelta(seconds=30))


def pause_writing(emulator, settings) -> None:
    QuickBooksAuth.objects.update(pull_only_since=timezone.now(), pull_only_by=User.objects.get(username="ann"))


def lose_the_key(emulator, settings) -> None:
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]


def stop_the_emulator(emulator, settings) -> None:
    emulator.stop()


def go_live(emulator, settings) -> None:
    settings.QUICKBOOKS_EMULATOR_URL, settings.QUICKBOOKS_SANDBOX = "", False


def forget_the_client(emulator, settings) -> None:
    settings.QUICKBOOKS_CLIENT_ID = ""


BY_KIND = ("Sync customers", "Sync products", "Switch automatic sync off")
EVERY_BUTTON = ("Reconnect", "Sync now", "Test connection", "Pause writing", "Disconnect", *BY_KIND)
WRITES_NOT = ("Reconnect", "Sync now", "Test connection", "Write again", "Disconnect", *BY_KIND)


@pytest.mark.parametrize(
    ("happening", "headline", "sentence", "buttons"),
    [
        (change(), "Connected", f"The CRM and {CRAIG} talk to each other.", EVERY_BUTTON),
        (stop_the_emulator, "Connected", "talk to each other.", EVERY_BUTTON),
        (change(state="needs_reconnect", error_message="Because."), "Needs reconnect", "Because.", EVERY_BUTTON),
        (change(state="needs_reconnect"), "Needs reconnect", errors.RECONNECT, EVERY_BUTTON),
        (change(state="disconnected"), "Disconnected", "Its links and history are kept", ("Connect",)),
        (lose_the_key, "Sign-in unreadable", service.UNREADABLE, EVERY_BUTTON),
        (go_live, "Needs reconnect", "is now set up for live.", EVERY_BUTTON),
        (forget_the_client, "Connected", "Connect is off because QUICKBOOKS_CLIENT_ID", EVERY_BUTTON),
        (break_down, "Waiting for QuickBooks", "It is out of order.", WRITES_NOT),
        (be_limited, "Slowing down", "It goes on by itself at", EVERY_BUTTON),
        (pause_writing, "Writing paused", "ann paused it.", WRITES_NOT),
        (change(company_name=""), "Connected", "Name not known yet", EVERY_BUTTON),
        (change(hard_expires_at=None, connected_by=None), "Connected", "otherwise the sync stops.", EVERY_BUTTON),
        (
            change(
                expires_at=datetime(2020, 1, 1, tzinfo=UTC), refresh_expires_at=datetime(2020, 4, 1, 17, tzinfo=UTC)
            ),
            "Needs reconnect",
            "The sign-in ran out on Apr 1, 2020.",
            EVERY_BUTTON,
        ),
        (
            change(hard_expires_at=timezone.now() + timedelta(days=13)),
            "Reconnect soon",
            "The sync stops on",
            EVERY_BUTTON,
        ),
    ],
)
def test_every_state_has_its_page(office, connected, emulator, settings, happening, headline, sentence, buttons):
    happening(emulator, settings)
    asked = emulator.requests.counts()

    shown = page(office)

    assert f'<span class="quickbooks-state">{headline}</span>' in shown
    assert sentence in shown
    assert buttons_of(shown) == buttons
    assert emulator.requests.counts() == asked  # the page never waits for QuickBooks


def buttons_of(shown: str) -> tuple[str, ...]:
    found = re.findall(r'<(button|a)[^>]*class="quickbooks-button[^>]*>\s*([^<]+?)\s*</\1>', shown)
    return tuple(text for _, text in found)


def test_the_badge_of_every_page_is_on_this_one_too(office, connected):
    assert re.search(r"<span[^>]*>\s*Emulator\s*</span>", page(office))


def test_before_the_first_connection_there_is_one_thing_to_do(office, emulator):
    shown = page(office)

    assert "No QuickBooks company has been connected yet." in shown
    assert buttons_of(shown) == ("Connect",)


@pytest.mark.parametrize(
    ("emulated", "sandbox", "css", "label"),
    [
        (True, True, "quickbooks-emulator", "Emulator"),
        (False, True, "quickbooks-sandbox", "Sandbox"),
        (False, False, "quickbooks-production", "Live"),
    ],
)
def test_the_environment_shouts(office, settings, emulated, sandbox, css, label):
    settings.QUICKBOOKS_EMULATOR_URL = "http://127.0.0.1:1" if emulated else ""
    settings.QUICKBOOKS_SANDBOX = sandbox

    shown = page(office)

    assert f'class="quickbooks-banner {css}"' in shown
    assert f"<strong>{label}</strong>" in shown


def test_without_the_apps_keys_connect_is_off_and_says_why(office, settings):
    settings.QUICKBOOKS_CLIENT_SECRET = ""

    shown = page(office)

    assert 'disabled aria-describedby="client-missing"' in shown
    assert "Please ask whoever looks after the CRM to set both." in shown


def test_the_dates_say_what_they_mean_and_how_far_away_they_are(connected):
    connected.refresh_expires_at = timezone.now() + timedelta(days=96, hours=5)
    connected.hard_expires_at = timezone.now() + timedelta(days=1800, hours=5)

    facts = {fact.label: fact for fact in connection_page.facts(connected)}

    unused, for_good = connection_page.day(connected.refresh_expires_at), connection_page.day(connected.hard_expires_at)
    assert facts["Sign-in"].text == f"Reconnect before {unused}, otherwise the sync stops. 97 days left."
    assert facts["Five years"].text == f"Reconnect before {for_good} in any case. 1,801 days left."
    assert facts["Company"].meaning == f"QuickBooks company id {connected.company_id}"


def test_the_last_error_is_a_sentence_with_what_support_needs(office, connected):
    ApiCall.objects.create(
        company=connected,
        at=timezone.now(),
        method="POST",
        path="/v3/company/1/customer",
        status=400,
        milliseconds=1234,
        intuit_tid="1-6b04",
        error_kind="refused",
        error_code="6210",
    )

    shown = page(office)

    assert "The books are closed for this date in QuickBooks." in shown
    assert "For Intuit's support: code 6210, trace 1-6b04" in shown
    assert "failed after 1,234 ms" in shown


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/v3/company/7/query", "Search"),
        ("GET", "/v3/company/7/companyinfo/7", "Company details"),
        ("POST", "/v3/company/7/customer", "Customer sent"),
        ("GET", "/v3/company/7/invoice/12", "Invoice read"),
        ("POST", "/oauth2/v1/tokens/bearer", "Sign-in"),
        ("POST", "/v2/oauth2/tokens/revoke", "Disconnect"),
    ],
)
def test_a_call_is_named_by_what_was_asked(method, path, words):
    assert connection_page.question_in_words(ApiCall(company_id="7", method=method, path=path)) == words


def test_no_page_shows_a_token(office, connected):
    auth = QuickBooksAuth.objects.with_tokens().get()
    pages = [PAGE, f"{PAGE}disconnect/", f"{PAGE}progress/", CALLS]
    pages += [f"{CALLS}{call.pk}/change/" for call in ApiCall.objects.all()]

    for path in pages:
        response = office.get(path)
        assert response.status_code == 200
        assert auth.access_token not in response.content.decode()
        assert auth.refresh_token not in response.content.decode()


# --- Buttons -----------------------------------------------------------------------------------


def test_testing_tells_the_company_and_the_time_it_took(office, connected, emulator):
    response = office.post(f"{PAGE}test/")

    assert response["Location"] == PAGE
    (sentence,) = sentences(response)
    assert sentence.startswith(f"The connection works: {CRAIG} answered in ")
    assert sentence.endswith(" ms.")
    assert emulator.requests.counts() == {"companyinfo": 1}


def test_testing_learns_a_new_name(office, connected, emulator):
    QuickBooksAuth.objects.update(company_name="An old name")

    office.post(f"{PAGE}test/")

    assert QuickBooksAuth.objects.get().company_name == CRAIG


def test_testing_a_dead_line_tells_what_to_do(office, connected, emulator):
    emulator.stop()

    assert sentences(office.post(f"{PAGE}test/")) == [errors.CANNOT_REACH]


def test_testing_without_a_connection_tells_where_to_connect(office, emulator):
    assert sentences(office.post(f"{PAGE}test/")) == [service.NOT_CONNECTED]


def test_sync_now_puts_one_run_of_each_kind_into_the_queue_however_often_it_is_pressed(office, connected):
    for _ in range(3):
        assert office.post(f"{PAGE}sync/")["Location"] == PAGE

    found = SyncRun.objects.order_by("id").values_list("entity_type", "state", "company_id", "started_by__username")
    kinds = ("customer", "item", "estimate", "invoice", "credit_memo", "sales_receipt", "refund_receipt", "payment")
    assert list(found) == [(kind, "waiting", connected.company_id, "ann") for kind in kinds]
    assert HistoryImport.objects.get().state == "reading"


def test_a_history_that_was_discarded_is_not_read_by_itself_again(office, connected):
    HistoryImport.objects.create(company=connected, state="discarded")
    office.post(f"{PAGE}sync/")
    assert set(SyncRun.objects.values_list("entity_type", flat=True)) == {"customer", "item"}
    assert HistoryImport.objects.count() == 1


def test_kinds_that_wait_for_their_turn_say_so(office, connected):
    SyncRun.objects.create(company=connected, entity_type="customer", state="running")
    SyncRun.objects.create(company=connected, entity_type="payment", state="waiting")
    runs = office.get(f"{PAGE}progress/").json()["runs"]
    assert [(run["title"], run["sentence"]) for run in runs][1] == (
        "Payments",
        "Its turn comes after what is running now.",
    )


def test_sync_now_without_a_connection_tells_where_to_connect(office, emulator):
    assert sentences(office.post(f"{PAGE}sync/")) == [service.NOT_CONNECTED]
    assert SyncRun.objects.count() == 0


@pytest.mark.parametrize("verb", ["test", "sync"])
def test_a_link_cannot_press_a_button(office, connected, verb):
    assert office.get(f"{PAGE}{verb}/").status_code == 405


@pytest.mark.parametrize("verb", ["test", "sync", "disconnect"])
def test_looking_is_not_pressing(connected, emulator, verb):
    viewer = person("bob", "view_quickbooksauth")
    assert buttons_of(page(viewer)) == ()

    assert viewer.post(f"{PAGE}{verb}/").status_code == 403
    assert QuickBooksAuth.objects.get().state == "connected"
    assert SyncRun.objects.count() == 0
    assert emulator.requests.counts() == {}


def test_without_permission_there_is_no_page(db):
    stranger = person("eve")

    assert stranger.get(PAGE).status_code == 403
    assert stranger.get(f"{PAGE}progress/").status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_a_connection_is_never_added_changed_or_deleted_by_hand(office, connected):
    for path in (f"{PAGE}add/", f"{PAGE}{connected.pk}/delete/"):
        assert office.get(path).status_code == 403
    assert office.get(f"{PAGE}{connected.pk}/change/")["Location"] == PAGE


# --- Progress ----------------------------------------------------------------------------------


def progress(client: Client) -> dict:
    return client.get(f"{PAGE}progress/").json()


def test_progress_is_empty_before_anything_ran(office, db):
    assert progress(office) == {"active": False, "runs": []}


def test_a_running_sync_tells_how_far_it_is(office, connected):
    run = SyncRun.objects.create(
        company=connected, entity_type="customer", state="running", expected=1200, read=300, created=290, rejected=10
    )

    assert progress(office) == {
        "active": True,
        "runs": [
            {
                "id": run.pk,
                "title": "Customers",
                "state": "Running",
                "tone": "busy",
                "read": 300,
                "expected": 1200,
                "percent": 25,
                "sentence": "Read 300 of 1,200: 290 new, 0 changed, 0 unchanged, 0 to decide, 10 rejected.",
            }
        ],
    }


@pytest.mark.parametrize(
    ("columns", "active", "tone", "percent", "sentence"),
    [
        ({"state": "waiting"}, True, "busy", 0, "Waiting for the background worker."),
        ({"state": "running"}, True, "busy", 0, "Read 0: 0 new"),
        ({"state": "running", "expected": 2, "read": 2, "created": 2}, True, "busy", 99, "Read 2 of 2"),
        ({"state": "done", "message": "All is well."}, False, "good", 100, "All is well."),
        ({"state": "done", "expected": 0}, False, "good", 100, "Read 0: 0 new"),
        ({"state": "stopped", "message": "Too many changes."}, False, "bad", 0, "Too many changes."),
        ({"state": "failed", "message": "Out of order."}, False, "bad", 0, "Out of order."),
    ],
)
def test_every_state_of_a_sync_has_its_sentence(office, connected, columns, active, tone, percent, sentence):
    SyncRun.objects.create(company=connected, entity_type="customer", **columns)

    told = progress(office)

    assert told["active"] is active
    (run,) = told["runs"]
    assert (run["tone"], run["percent"]) == (tone, percent)
    assert run["sentence"].startswith(sentence)


def test_a_sync_without_a_pulse_is_called_so(office, connected):
    SyncRun.objects.create(
        company=connected, entity_type="customer", state="running", heartbeat_at=timezone.now() - timedelta(minutes=3)
    )

    assert progress(office)["runs"][0]["sentence"].startswith("No sign of life for some minutes.")


def test_a_running_sync_that_has_read_all_says_what_it_is_doing_now(office, connected):
    SyncRun.objects.create(
        company=connected, entity_type="customer", state="running", expected=9, read=9, created=9, message="Matching."
    )

    assert progress(office)["runs"][0]["sentence"] == "Matching."


def test_only_the_newest_sync_of_a_kind_is_drawn(office, connected):
    SyncRun.objects.create(company=connected, entity_type="customer", state="failed", message="Old.")
    newest = SyncRun.objects.create(company=connected, entity_type="customer", state="done", message="New.")

    assert [run["id"] for run in progress(office)["runs"]] == [newest.pk]


# --- The record of calls -----------------------------------------------------------------------


def test_the_record_of_calls_can_be_read_and_nothing_else(office, connected):
    shown = office.get(CALLS)
    call = ApiCall.objects.first()

    assert "Answered" in shown.content.decode()
    assert office.get(f"{CALLS}add/").status_code == 403
    assert office.post(f"{CALLS}{call.pk}/delete/", {"post": "yes"}).status_code == 403
    assert office.post(f"{CALLS}{call.pk}/change/", {"path": "x"}).status_code == 403
    assert ApiCall.objects.first().path == call.path


def test_the_page_asks_the_database_a_fixed_number_of_times(office, connected, django_assert_max_num_queries):
    for _ in range(30):
        ApiCall.objects.create(company=connected, at=timezone.now(), method="GET", path="/", milliseconds=1, status=200)
        SyncRun.objects.create(company=connected, entity_type="customer", state="done")

    with django_assert_max_num_queries(25):
        page(office)

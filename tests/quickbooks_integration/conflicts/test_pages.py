"""The page Conflicts and those around it, as the office and the bookkeeper see them."""

import re

import pghistory
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from quickbooks_integration.conflicts import batches, deciding, policies
from quickbooks_integration.models import ConflictDecision, ConflictPolicy, QuickBooksSync
from tests.quickbooks_integration.conflicts.test_batches import edit, many, sync_of  # noqa: F401

pytestmark = pytest.mark.django_db
PAGE, DECIDE, ALIKE, DECIDED, UNDO, RULES = (
    reverse(f"admin:quickbooks_integration_conflictdecision_{name}")
    for name in ("changelist", "decide", "alike", "decided", "undo", "rules")
)


def words(response) -> str:
    text = re.sub(r"<(script|style|noscript)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", strip_tags(text)).replace("&#x27;", "'").replace("&quot;", '"').strip()


def hidden(html: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def answer(client, clash, choice: str) -> str:
    html = client.get(PAGE).content.decode()
    given = {name: hidden(html, name) for name in ("sync", "field", "seen", "next")}
    return words(client.post(DECIDE, {**given, "choice": choice}, follow=True))


def test_a_card_says_what_each_side_says_since_when_and_what_a_click_will_do(clash, office_client):
    said = words(office_client.get(PAGE))
    assert "1 record was changed in the same place here and in QuickBooks." in said
    assert "Ann" in said
    assert "Both changed since" in said
    assert "Changed in QuickBooks" in said
    assert "Keep ours It goes to QuickBooks within a minute." in said
    assert "Use QuickBooks' It is here at once. Nothing is sent." in said


@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_lines_are_a_table_with_the_differing_line_marked_and_the_money_at_stake(clash, office_client):
    html = office_client.get(PAGE).content.decode()
    said = words(office_client.get(PAGE))
    assert "$55.00 at stake" in said  # $175 here, $120 there
    assert re.search(r"Here .*\$150\.00 .*In QuickBooks .*\$120\.00 .*Before, on both sides .*\$100\.00", said)
    assert html.count('class="conflict-differs"') == 3  # both lines here, the one there


@pytest.mark.parametrize("choice", ["theirs", "ours"])
@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_one_click_decides_and_says_what_happens_next(clash, office_client, choice):
    said = answer(office_client, clash, choice)
    name = f"Quote {clash.quote.number} of Ann Lee: Message to the customer"
    then = (
        "is as in QuickBooks now."
        if choice == "theirs"
        else "stays as it is here, and goes to QuickBooks within a minute."
    )
    assert f"{name} {then}" in said
    clash.push()
    wanted = getattr(clash, choice)
    assert clash.both() == (wanted, wanted)
    assert "Nothing is open" in words(office_client.get(PAGE))


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_what_is_edited_here_meanwhile_is_shown_as_it_is_now(clash, office_client):
    clash.edit("Edited again")
    assert "Edited again" in words(office_client.get(PAGE))
    said = answer(office_client, clash, "ours")
    clash.push()
    assert "goes to QuickBooks" in said
    assert clash.both() == ("Edited again", "Edited again")


@pytest.mark.parametrize("clash_type", ["EstimateMessage", "CustomerAddress"], indirect=True)
def test_the_bookkeeper_reads_and_decides_nothing(clash, bookkeeper_client, marketer_client):
    said = words(bookkeeper_client.get(PAGE))
    assert "1 record was changed" in said
    assert "Keep ours" not in said
    before = clash.everything()
    given = {"sync": clash.sync.pk, "field": clash.field, "choice": "theirs", "seen": ""}
    assert bookkeeper_client.post(DECIDE, given).status_code == 403
    assert bookkeeper_client.get(f"{ALIKE}?kind={clash.kind}&field={clash.field}&choice=ours").status_code == 403
    assert bookkeeper_client.post(RULES, {"kind": clash.kind, "field": clash.field, "rule": "crm"}).status_code == 403
    assert bookkeeper_client.get(DECIDED).status_code == bookkeeper_client.get(RULES).status_code == 200
    assert marketer_client.get(PAGE).status_code == marketer_client.get(DECIDED).status_code == 403
    assert clash.everything() == before
    assert not ConflictPolicy.objects.exists()


@pytest.mark.parametrize("clash_type", ["EstimateMessage", "CustomerName"], indirect=True)
def test_the_page_of_the_document_or_contact_has_the_same_question(clash, office_client):
    names = {"estimate": "billing_quote", "customer": "contacts_contact"}
    page = reverse(f"admin:{names[clash.kind]}_change", args=[clash.local_id])
    html = office_client.get(page).content.decode()
    assert f'action="{DECIDE}"' in html
    given = {name: hidden(html, name) for name in ("field", "seen")}
    said = words(
        office_client.post(DECIDE, {**given, "sync": clash.sync.pk, "choice": "theirs", "next": page}, follow=True)
    )
    assert "is as in QuickBooks now." in said
    assert clash.here() == clash.theirs


def test_what_is_worth_most_comes_first_and_filters_show_only_their_own(books, ann, office_client):
    from tests.quickbooks_integration.conflicts.clashes import CustomerName, EstimateLines, EstimateMessage

    rows = [one(books, ann).clash() for one in (CustomerName, EstimateMessage, EstimateLines)]
    titles = re.findall(r'id="card-(\d+)"', office_client.get(PAGE).content.decode())
    assert titles[0] == str(rows[2].sync.pk)
    assert len(titles) == 3
    only = re.findall(r'id="card-(\d+)"', office_client.get(f"{PAGE}?kind=estimate&field=message").content.decode())
    assert only == [str(rows[1].sync.pk)]
    assert "Nothing of this kind is open." in words(office_client.get(f"{PAGE}?kind=payment"))
    one = re.findall(r'id="card-(\d+)"', office_client.get(f"{PAGE}?row={rows[0].sync.pk}").content.decode())
    assert one == [str(rows[0].sync.pk)]


def test_a_page_of_many_costs_as_many_queries_as_one_of_few(books, many, office_client):  # noqa: F811
    def cost(address: str) -> int:
        office_client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert office_client.get(address).status_code == 200
        return len(seen)

    alike = f"{ALIKE}?kind=estimate&field=message&choice=theirs&shape=changed here and in QuickBooks"
    many(3)
    few = cost(PAGE), cost(alike)
    many(9)
    assert (cost(PAGE), cost(alike)) == few
    assert few[0] < 35


# --- Many at once --------------------------------------------------------------------------------


def preview(client, choice: str = "theirs"):
    html = client.get(PAGE).content.decode()
    link = next(one for one in re.findall(r'href="([^"]*alike[^"]*)"', html) if one.endswith(f"choice={choice}"))
    return client.get(link.replace("&amp;", "&"))


def form_of(html: str) -> dict:
    seen = dict(re.findall(r'name="(seen_\d+)" value="(\w+)"', html))
    rows = re.findall(r'name="row" value="(\d+)"', html)
    return {name: hidden(html, name) for name in ("kind", "field", "choice")} | seen | {"row": rows}


def test_the_same_for_all_shows_what_each_becomes_and_changes_nothing_before_the_confirm(books, many, office_client):  # noqa: F811
    made = many(3)
    assert "2 others like it (changed here and in QuickBooks): Keep ours for all 3" in words(office_client.get(PAGE))
    shown = preview(office_client)
    said = words(shown)
    assert "Nothing has been changed yet." in said
    for quote in made:
        assert f"Quote {quote.number} of Ann Lee Here: Ours becomes Theirs" in said
    assert not ConflictDecision.objects.exists()
    given = form_of(shown.content.decode())
    given["row"] = given["row"][:2]  # one was unticked
    said = words(office_client.post(ALIKE, given, follow=True))
    assert "2 wait for a worker" in said
    batches.work_off(books.auth)
    assert QuickBooksSync.objects.filter(entity_type="estimate", sync_status="conflict").count() == 1


def test_the_page_of_a_batch_names_what_was_left_out(books, many, office_client):  # noqa: F811
    made = many(2)
    given = form_of(preview(office_client).content.decode())
    edit(made[0], "Edited meanwhile")
    response = office_client.post(ALIKE, given, follow=True)
    batches.work_off(books.auth)
    said = words(office_client.get(response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"]))
    assert "1 decided, 1 left out." in said
    assert f"Left out Quote {made[0].number} of Ann Lee It was changed again meanwhile." in said


# --- Undo and rules ------------------------------------------------------------------------------


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_undo_says_before_what_it_will_do_and_afterwards_what_it_did(clash, office_client):
    answer(office_client, clash, "ours")
    said = words(office_client.get(DECIDED))
    assert "ours counts, Ours and not Theirs." in said
    assert "by olivia" in said
    assert "Undo: do not send it, ask again" in said
    clash.push()
    assert "Undo: put QuickBooks' old value back on both sides" in words(office_client.get(DECIDED))
    said = words(
        office_client.post(UNDO, {"decision": [ConflictDecision.objects.get().pk], "next": DECIDED}, follow=True)
    )
    assert "QuickBooks' old value is back here and goes to QuickBooks within a minute." in said
    assert re.search(r"Undone \w+ \d+, \d+, \S+ \S+ by olivia\. QuickBooks' old value", said)
    clash.push()
    assert clash.both() == ("Theirs", "Theirs")


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_undo_of_what_somebody_changed_since_says_so_and_changes_nothing(clash, office_client):
    answer(office_client, clash, "theirs")
    clash.edit("Somebody's")
    before = clash.everything()
    said = words(office_client.post(UNDO, {"decision": [ConflictDecision.objects.get().pk]}, follow=True))
    assert f"Quote {clash.quote.number} of Ann Lee: Message to the customer was changed since here" in said
    assert clash.everything() == before


def test_several_are_undone_at_once(books, many, office, office_client):  # noqa: F811
    made = many(2)
    for quote in made:
        deciding.decide(sync_of(quote).pk, "message", "theirs", office)
    keys = list(ConflictDecision.objects.values_list("pk", flat=True))
    assert "2 undone." in words(office_client.post(UNDO, {"decision": keys}, follow=True))
    assert QuickBooksSync.objects.filter(sync_status="conflict").count() == 2


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_a_rule_warns_is_kept_with_name_and_time_and_offers_to_work_off_what_is_open(clash, office_client, books):
    said = words(office_client.get(RULES))
    assert "What is typed here is overwritten without asking when QuickBooks says something else." in said
    given = {"kind": "estimate", "field": "message", "rule": "quickbooks"}
    said = words(office_client.post(RULES, given, follow=True))
    assert "Estimates, Message to the customer: QuickBooks wins." in said
    assert "Look at it, and decide it by this rule" in said
    assert "by olivia" in said
    shown = office_client.get(f"{ALIKE}?kind=estimate&field=message&choice=theirs&rule=1")
    office_client.post(ALIKE, {**form_of(shown.content.decode()), "rule": "1"})
    batches.work_off(books.auth)
    decision = ConflictDecision.objects.get()
    assert (decision.state, decision.policy.rule, decision.decided_by.username) == ("done", "quickbooks", "olivia")
    assert clash.here() == "Theirs"


def test_a_rule_that_is_not_offered_is_refused_in_words(books, office_client):
    said = words(office_client.post(RULES, {"kind": "invoice", "field": "content", "rule": "crm"}, follow=True))
    assert "Money in the books is not overwritten unless somebody has looked at it" in said
    assert not ConflictPolicy.objects.exists()
    assert words(office_client.post(RULES, {"kind": "nonsense", "field": "x", "rule": "y"}, follow=True))


def test_without_a_connection_the_pages_say_so(db, office_client):
    assert "QuickBooks is not connected" in words(office_client.get(PAGE))
    assert "QuickBooks is not connected" in words(office_client.get(RULES))
    assert "Nothing was decided yet." in words(office_client.get(DECIDED))


@pytest.mark.parametrize("clash_type", ["CustomerName"], indirect=True)
def test_a_rule_says_so_on_the_page_of_decisions(in_step, office, office_client):
    policies.set_rule(in_step.books.auth, "customer", "last_name", "quickbooks", office)
    in_step.edit_there("Theirs")
    in_step.edit("Ours")
    in_step.read()
    said = words(office_client.get(DECIDED))
    assert "by a rule of the office" in said
    assert timezone.localdate().strftime("%Y") in said


@pytest.mark.parametrize("clash_type", ["CustomerName"], indirect=True)
def test_who_edited_a_contact_last_is_a_person_and_no_machine(in_step, office, office_client):
    with pghistory.context(user=office.pk):
        in_step.edit("Ours")
    in_step.edit_there("Theirs")
    in_step.read()
    assert re.search(r"Edited here \w+ \d+, \S+ \S+ by olivia\.", words(office_client.get(PAGE)))

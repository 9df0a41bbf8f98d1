"""The emulator's own pages: what a person sees there, without a script, and what can be done with customers."""

import re

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.pages.actions import ACTIONS
from quickbooks_integration.emulator.verbs import VERBS

from .client import Client
from .page import Page, here, look, press

ODD = "<script>alert(1)</script> & \"Öl\" 'x'"


# Looking


@pytest.mark.parametrize(
    "path", ["/", "/requests", "/faults", "/clock", "/switches", "/webhooks", "/emails", "/requests?watch=1"]
)
def test_every_page_of_the_machine_says_that_nothing_is_real(craig: Client, path: str) -> None:
    page = look(craig, path)
    assert "QuickBooks emulator: nothing here is real" in page.text
    assert "script" not in page.tags
    assert "img" not in page.tags


def test_every_link_of_every_page_leads_somewhere(craig: Client) -> None:
    seen, todo = set(), ["/"]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.endswith("/pdf"):
            assert requests.get(f"{craig.emulator.url}{path}", timeout=10).content.startswith(b"%PDF")
            continue
        page = look(craig, path)
        assert "QuickBooks emulator: nothing here is real" in page.text
        todo += page.links
    # 29 customers with three pages each, 54 documents, 8 lists, 9 other pages, 2 watched ones.
    assert len([path for path in seen if re.search(r"/customer/\d+$", path)]) == 29
    assert len([path for path in seen if re.search(r"/(estimate|invoice|payment)/\d+$", path)]) == 4 + 31 + 16


def test_a_button_is_shown_only_for_what_the_bookkeeper_and_the_page_know(craig: Client) -> None:
    assert set(ACTIONS) <= set(VERBS)
    for path in ("", "/customer/1", "/estimate/100", "/invoice/9", "/payment/33", "/customer/new"):
        for form in look(craig, here(craig, path)).forms:
            if form["method"] == "post":
                assert form["action"].rsplit("/", 1)[1] in {*ACTIONS, "send"}


def test_a_verb_that_is_gone_takes_its_button_with_it(craig: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Void" in look(craig, here(craig, "/invoice/9")).text
    monkeypatch.delitem(VERBS, "void")
    assert "Void" not in look(craig, here(craig, "/invoice/9")).text
    answer = requests.post(
        f"{craig.emulator.url}{here(craig, '/do/void')}", data={"entity": "Invoice", "id": "9"}, timeout=10
    )
    assert answer.status_code == 404
    assert craig.read("Invoice", "9")["TotalAmt"] > 0


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/companies", "/companies/1", "/companies/{}/nothing", "/companies/{}/customer/99999", "/requests/x"],
)
def test_an_unknown_address_is_not_found(craig: Client, path: str) -> None:
    assert requests.get(craig.emulator.url + path.format(craig.emulator.realm), timeout=10).status_code == 404


def test_pages_are_not_in_the_log_of_what_apps_asked_for(craig: Client) -> None:
    look(craig, "/")
    assert craig.emulator.requests.entries() == []


# Lists


def test_customers_are_found_by_part_of_name_phone_or_mail(craig: Client) -> None:
    for search, names in (
        ("amy", ["Amy's Bird Sanctuary"]),
        ("555-4477", ["Diego Rodriguez"]),
        ("Diego@", ["Diego Rodriguez"]),
        ("no such", []),
    ):
        page = look(craig, here(craig, f"/customer?search={search}"))
        assert f"{len(names)} in all" in page.text
        assert all(name in page.text for name in names)


def test_documents_are_found_by_number_or_customer(craig: Client) -> None:
    assert "1 in all" in look(craig, here(craig, "/invoice?search=1033")).text
    assert "1 in all" in look(craig, here(craig, "/estimate?search=geeta")).text


def test_long_lists_have_pages(emulator: Emulator) -> None:
    for number in range(120):
        emulator.bookkeeper().create_customer(DisplayName=f"Customer {number:03}")
    api = Client(emulator)
    first = look(api, here(api, "/customer?search=Customer"))
    assert "120 in all, page 1 of 3." in first.text
    assert "Customer 049" in first.text
    assert "Customer 050" not in first.text
    (following,) = [link for link in first.links if "page=" in link]
    second = look(api, following)
    assert "Customer 050" in second.text
    assert "Customer 100" not in second.text
    assert "page 3 of 3" in look(api, here(api, "/customer?page=99")).text
    assert "page 1 of 3" in look(api, here(api, "/customer?page=x")).text


def test_a_document_shows_its_lines_links_and_totals(craig: Client) -> None:
    page = look(craig, here(craig, "/invoice/103"))
    for part in ("Geeta Kalapatapu", "Rock Fountain", "262.50", "582.50", "46.60", "629.10", "Estimate 1001"):
        assert part in page.text
    assert here(craig, "/customer/10") in page.links


# Everything is escaped


def test_odd_names_are_shown_as_text_everywhere(craig: Client) -> None:
    name = ODD.replace(":", "")
    customer = craig.save("Customer", DisplayName=name, Notes=ODD, PrimaryPhone={"FreeFormNumber": "<b>1"})
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 5,
        "Description": ODD,
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    invoice = craig.save("Invoice", CustomerRef={"value": customer["Id"]}, Line=[line], PrivateNote=ODD)
    craig.query(f"SELECT * FROM Customer WHERE DisplayName = '{ODD}'")
    craig.get("<script>")
    for path in (
        here(craig, f"/customer/{customer['Id']}"),
        here(craig, f"/customer/{customer['Id']}/edit"),
        here(craig, f"/customer/{customer['Id']}/merge?search=%22%3E%3Cscript%3E"),
        here(craig, f"/invoice/{invoice['Id']}"),
        here(craig, "/customer?search=%3Cscript%3E"),
        here(craig, "/invoice"),
        "/requests",
    ):
        page = look(craig, path)
        assert not {"script", "b"} & page.tags
        assert "<script>" in page.text or "<script>" in str(page.forms)


def test_a_page_can_be_neither_framed_nor_scripted(craig: Client) -> None:
    headers = requests.get(craig.emulator.url, timeout=10).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_does_nothing(craig: Client, headers: dict[str, str]) -> None:
    for path, data in ((here(craig, "/do/deactivate"), {"id": "4"}), ("/clock", {"action": "freeze"})):
        answer = requests.post(craig.emulator.url + path, data=data, headers=headers, timeout=10)
        assert answer.status_code == 403
    assert craig.read("Customer", "4")["Active"] is True
    assert craig.emulator.clock.dump()["frozen_at"] is None


def test_an_own_form_with_its_origin_is_accepted(craig: Client) -> None:
    headers = {"Origin": craig.emulator.url, "Sec-Fetch-Site": "same-origin"}
    data = {"id": "4"}
    requests.post(craig.emulator.url + here(craig, "/do/deactivate"), data=data, headers=headers, timeout=10)
    assert craig.read("Customer", "4")["Active"] is False


# Customers


def test_a_customer_is_added(craig: Client) -> None:
    entered = {"DisplayName": "Ann Lee", "PrimaryPhone": "(303) 555-0100", "Line1": "1 Main St", "City": "Denver"}
    page = press(craig, here(craig, "/customer/new"), "/do/create_customer", **entered)
    assert "Saved." in page.text
    (customer,) = craig.query("SELECT * FROM Customer WHERE DisplayName = 'Ann Lee'").json()["QueryResponse"][
        "Customer"
    ]
    assert customer["PrimaryPhone"] == {"FreeFormNumber": "(303) 555-0100"}
    assert (customer["BillAddr"]["Line1"], customer["BillAddr"]["City"]) == ("1 Main St", "Denver")
    assert "PrimaryEmailAddr" not in customer


def test_a_refused_customer_stays_in_the_form(craig: Client) -> None:
    before = craig.emulator.company().all("Customer")
    entered = {"DisplayName": "PG&E", "City": "Denver"}
    page = press(craig, here(craig, "/customer/new"), "/do/create_customer", status=400, **entered)
    assert "QuickBooks refuses this, nothing was changed." in page.text
    assert page.form("/do/create_customer")["DisplayName"] == "PG&E"
    assert page.form("/do/create_customer")["City"] == "Denver"
    assert craig.emulator.company().all("Customer") == before


def test_only_what_was_changed_in_the_form_changes(craig: Client) -> None:
    before = craig.read("Customer", "1")
    changes = {"Mobile": "303-555-0199", "City": "Denver", "Notes": "line 1\r\nline 2"}
    press(craig, here(craig, "/customer/1/edit"), "/do/edit_customer", **changes)
    after = craig.read("Customer", "1")
    assert (after["Mobile"], after["Notes"]) == ({"FreeFormNumber": "303-555-0199"}, "line 1\r\nline 2")
    assert after["BillAddr"]["City"] == "Denver"
    assert after["BillAddr"]["Line1"] == before["BillAddr"]["Line1"]
    assert after["SyncToken"] == str(int(before["SyncToken"]) + 1)
    for same in ("DisplayName", "PrimaryPhone", "PrimaryEmailAddr", "Balance", "GivenName"):
        assert after[same] == before[same]


def test_emptied_fields_are_cleared(craig: Client) -> None:
    press(craig, here(craig, "/customer/1/edit"), "/do/edit_customer", PrimaryPhone="", PrimaryEmailAddr="", City="")
    after = craig.read("Customer", "1")
    assert "PrimaryPhone" not in after
    assert "PrimaryEmailAddr" not in after
    assert "City" not in after["BillAddr"]


def test_saving_without_a_change_changes_nothing(craig: Client) -> None:
    before = craig.read("Customer", "1")
    page = press(craig, here(craig, "/customer/1/edit"), "/do/edit_customer")
    assert "Nothing was different" in page.text
    assert craig.read("Customer", "1") == before


def test_a_customer_is_made_inactive_and_active_again(craig: Client) -> None:
    press(craig, here(craig, "/customer/4"), "/do/deactivate")
    assert craig.read("Customer", "4")["Active"] is False
    press(craig, here(craig, "/customer/4"), "/do/activate")
    assert craig.read("Customer", "4")["Active"] is True


def test_a_customer_with_a_balance_can_not_be_made_inactive_and_the_page_says_why(craig: Client) -> None:
    page = press(craig, here(craig, "/customer/1"), "/do/deactivate", status=400)
    assert "open balance" in page.text
    assert craig.read("Customer", "1")["Active"] is True


def test_two_customers_are_merged_after_a_search(craig: Client) -> None:
    page = look(craig, here(craig, "/customer/2/merge?search=Dylan"))
    (form,) = [form for form in page.forms if form["action"].endswith("merge_customers")]
    assert form["fields"] == {"loser": "2", "survivor": "6"}
    answer = requests.post(craig.emulator.url + form["action"], data=form["fields"], timeout=10)
    assert "Merged." in Page(answer.text).text
    assert craig.get("customer/2").status_code == 400
    assert "merged away" in look(craig, here(craig, "/customer/2"), status=404).text

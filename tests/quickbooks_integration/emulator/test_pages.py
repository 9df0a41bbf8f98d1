"""The emulator's own pages: what a person sees and can do there, without a script."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.pages.actions import ACTIONS
from quickbooks_integration.emulator.verbs import VERBS

from .client import Client
from .webhook_receiver import receiving

ODD = "<script>alert(1)</script> & \"Öl\" 'x'"


class Page(HTMLParser):
    """Forms, links and text of a page; fails on a page that is not well formed."""

    VOID = ("input", "br", "meta")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self._named = ""
        self.feed(text)
        assert self._open == []

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        values = dict(attributes)
        self.tags.add(tag)
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append({"action": values["action"], "method": values["method"], "fields": {}})
        if tag == "a":
            self.links.append(values["href"])
        if tag in ("input", "textarea", "select") and (values.get("type") != "checkbox" or "checked" in values):
            self.forms[-1]["fields"][values["name"]] = values.get("value", "")
            self._named = values["name"]
        if tag == "option" and "selected" in values:
            self.forms[-1]["fields"][self._named] = values["value"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "title"):
            self.words.append(data)
            if self._open[-1] == "textarea":
                self.forms[-1]["fields"][self._named] = data

    def form(self, action: str, having: str = "") -> dict[str, str]:
        """The fields of the only form that goes to an address ending like this (and has that field)."""
        fitting = [form for form in self.forms if form["action"].endswith(action)]
        (found,) = [form for form in fitting if not having or having in form["fields"]]
        return dict(found["fields"])


def look(api: Client, path: str, status: int = 200) -> Page:
    answer = requests.get(f"{api.emulator.url}{path}", timeout=10)
    assert answer.status_code == status, Page(answer.text).text[:500]
    return Page(answer.text)


def here(api: Client, path: str = "") -> str:
    return f"/companies/{api.emulator.realm}{path}"


def press(api: Client, path: str, action: str, status: int = 200, having: str = "", **changes: str) -> Page:
    """Fill in the form on a page and send it; the page that is shown then."""
    fields = {**look(api, path).form(action, having), **changes}
    answer = requests.post(f"{api.emulator.url}{here(api, action)}", data=fields, timeout=10)
    assert answer.status_code == status, Page(answer.text).text[:500]
    return Page(answer.text)


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


# Documents


def test_an_estimate_is_accepted_by_somebody(craig: Client) -> None:
    id = invoiced(craig, "Estimate")["Id"]
    press(craig, here(craig, f"/estimate/{id}"), "/do/accept_estimate", by="Ann")
    estimate = craig.read("Estimate", id)
    assert (estimate["TxnStatus"], estimate["AcceptedBy"]) == ("Accepted", "Ann")
    press(craig, here(craig, f"/estimate/{id}"), "/do/reject_estimate")
    assert craig.read("Estimate", id)["TxnStatus"] == "Rejected"


def test_an_estimate_becomes_an_invoice(craig: Client) -> None:
    id = invoiced(craig, "Estimate")["Id"]
    page = press(craig, here(craig, f"/estimate/{id}"), "/do/convert_estimate")
    assert "This invoice was made of the estimate." in page.text
    estimate = craig.read("Estimate", id)
    assert estimate["TxnStatus"] == "Closed"
    assert craig.read("Invoice", estimate["LinkedTxn"][0]["TxnId"])["TotalAmt"] == 150
    assert "/do/accept_estimate" not in str(look(craig, here(craig, f"/estimate/{id}")).forms)


def test_a_payment_is_recorded_on_an_invoice(craig: Client) -> None:
    page = press(craig, here(craig, "/invoice/103"), "/do/record_payment", amount="$ 100.00", reference="77")
    assert "The payment is recorded." in page.text
    assert craig.read("Invoice", "103")["Balance"] == 529.1


def test_a_payment_of_a_customer_goes_to_the_ticked_invoices(craig: Client) -> None:
    """Amy (1) owes 239.00 on one invoice; 300.00 leave 61.00 unapplied."""
    press(craig, here(craig, "/customer/1"), "/do/record_payment", amount="300")
    payment = craig.query("SELECT * FROM Payment ORDERBY MetaData.LastUpdatedTime DESC MAXRESULTS 1").json()
    (payment,) = payment["QueryResponse"]["Payment"]
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (300, 61)
    assert craig.read("Customer", "1")["Balance"] == -61


@pytest.mark.parametrize("amount", ["", "abc", "0", "-5", "NaN", "1e999"])
def test_an_amount_that_is_none_is_refused_in_words(craig: Client, amount: str) -> None:
    before = craig.emulator.company().all("Payment")
    page = press(craig, here(craig, "/invoice/103"), "/do/record_payment", status=400, amount=amount)
    assert re.search("is not a number|more than zero", page.text)
    assert craig.emulator.company().all("Payment") == before


def invoiced(craig: Client, entity: str = "Invoice") -> dict[str, Any]:
    """Two hours of design (4, not taxed) for 75.00 each, for Cool Cars (3)."""
    detail = {"ItemRef": {"value": "4"}, "Qty": 2, "UnitPrice": 75, "TaxCodeRef": {"value": "NON"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 150, "Description": "Plan", "SalesItemLineDetail": detail}
    return craig.save(entity, CustomerRef={"value": "3"}, Line=[line])


def test_lines_are_changed_and_the_total_follows(craig: Client) -> None:
    """2.5 hours for 80.10 are 200.25."""
    id = invoiced(craig)["Id"]
    changes = {"quantity-1": "2.5", "price-1": "80.10", "description-1": "Plan and permit"}
    press(craig, here(craig, f"/invoice/{id}"), "/do/edit", having="lines", **changes)
    after = craig.read("Invoice", id)
    assert (after["TotalAmt"], after["Balance"], after["SyncToken"]) == (200.25, 200.25, "1")
    assert after["Line"][0]["Description"] == "Plan and permit"
    assert after["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "4"


def test_a_price_that_is_none_changes_nothing(craig: Client) -> None:
    before = invoiced(craig)
    path = here(craig, f"/invoice/{before['Id']}")
    page = press(craig, path, "/do/edit", 400, having="lines", **{"price-1": "x"})
    assert "'x' is not a number." in page.text
    assert craig.read("Invoice", before["Id"])["SyncToken"] == before["SyncToken"]


def test_a_private_note_is_saved(craig: Client) -> None:
    press(craig, here(craig, "/invoice/103"), "/do/edit", having="note", note="call first")
    after = craig.read("Invoice", "103")
    assert (after["PrivateNote"], after["TotalAmt"]) == ("call first", 629.1)


def test_the_rest_of_a_payment_is_applied(craig: Client) -> None:
    payment = craig.save("Payment", CustomerRef={"value": "3"}, TotalAmt=100)
    invoice = invoiced(craig)
    press(craig, here(craig, f"/payment/{payment['Id']}"), "/do/apply_payment")
    assert craig.read("Payment", payment["Id"])["UnappliedAmt"] == 0
    assert craig.read("Invoice", invoice["Id"])["Balance"] == 50


def test_an_invoice_is_sent_by_mail(craig: Client) -> None:
    page = press(craig, here(craig, "/invoice/103"), "/do/send", to="a@example.com")
    assert "Nothing left this machine." in page.text
    (mail,) = craig.emulator.world.outbox.mails()
    assert (mail.to, mail.entity, mail.id) == ("a@example.com", "Invoice", "103")
    nobody = craig.save("Customer", DisplayName="Nobody")["Id"]
    payment = craig.save("Payment", CustomerRef={"value": nobody}, TotalAmt=5)["Id"]
    assert "is missing" in press(craig, here(craig, f"/payment/{payment}"), "/do/send", 400).text
    assert len(craig.emulator.world.outbox.mails()) == 1


def test_a_document_is_voided(craig: Client) -> None:
    page = press(craig, here(craig, "/invoice/103"), "/do/void")
    assert "voided" in page.text
    assert craig.read("Invoice", "103")["TotalAmt"] == 0
    assert "/do/void" not in str(page.forms)


def test_a_document_is_deleted(craig: Client) -> None:
    id = invoiced(craig, "Estimate")["Id"]
    page = press(craig, here(craig, f"/estimate/{id}"), "/do/delete")
    assert "The document is deleted." in page.text
    assert craig.get(f"estimate/{id}").status_code == 400


def test_an_app_is_disconnected(craig: Client) -> None:
    page = press(craig, here(craig), "/do/disconnect")
    assert "The connection has ended." in page.text
    assert craig.get("preferences").status_code == 403


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("void", {"entity": "Nothing", "id": "1"}),
        ("void", {"entity": "Invoice", "id": "9999"}),
        ("delete", {}),
        ("edit", {"entity": "CompanyInfo", "id": "1", "note": "x"}),
        ("edit_customer", {"id": "9999", "DisplayName": "x"}),
        ("merge_customers", {"loser": "1", "survivor": "1"}),
        ("record_payment", {"invoice": "9999", "amount": "5"}),
        ("record_payment", {"amount": "5"}),
        ("accept_estimate", {"id": "x"}),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_with_a_page(craig: Client, verb: str, data: dict[str, str]) -> None:
    company = craig.emulator.company()
    before = {entity: company.all(entity) for entity in company.entities()}
    answer = requests.post(f"{craig.emulator.url}{here(craig, f'/do/{verb}')}", data=data, timeout=10)
    assert answer.status_code in (400, 404)
    assert "QuickBooks emulator" in Page(answer.text).text
    assert {entity: company.all(entity) for entity in company.entities()} == before


# The machine


def send(api: Client, path: str, status: int = 200, **fields: str) -> Page:
    answer = requests.post(f"{api.emulator.url}{path}", data=fields, timeout=10)
    assert answer.status_code == status, Page(answer.text).text[:500]
    return Page(answer.text)


def test_the_log_shows_method_path_status_and_tid(craig: Client) -> None:
    answer = craig.query("SELECT * FROM Term")
    page = look(craig, "/requests")
    for part in (f"GET /v3/company/{craig.emulator.realm}/query", "SELECT * FROM Term", answer.headers["intuit_tid"]):
        assert part in page.text
    send(craig, "/requests")
    assert craig.emulator.requests.entries() == []


def test_a_fault_is_added_met_and_removed(craig: Client) -> None:
    fields = look(craig, "/faults").form("/faults")
    send(craig, "/faults", **{**fields, "kind": "throttled", "route": "preferences", "count": "1"})
    (rule,) = craig.emulator.faults.rules()
    assert (rule["kind"], rule["route"], rule["count"], rule["probability"]) == ("throttled", "preferences", 1, 1)
    assert craig.get("preferences").status_code == 429
    assert craig.get("preferences").status_code == 200
    send(craig, "/faults", action="remove", id=str(rule["id"]))
    assert craig.emulator.faults.rules() == []


@pytest.mark.parametrize("wrong", [{"kind": "nonsense"}, {"count": "x"}, {"percent": "nan"}, {"seconds": "x"}])
def test_a_fault_that_makes_no_sense_is_not_added(craig: Client, wrong: dict[str, str]) -> None:
    page = send(craig, "/faults", 400, **{"action": "add", "kind": "slow", **wrong})
    assert "No fault was added." in page.text
    assert craig.emulator.faults.rules() == []


def test_the_clock_is_stopped_moved_and_let_go(craig: Client) -> None:
    send(craig, "/clock", action="freeze")
    before = craig.emulator.clock.now()
    send(craig, "/clock", action="advance", seconds="3600")
    assert (craig.emulator.clock.now() - before).total_seconds() == 3600
    assert "was not moved" in send(craig, "/clock", 400, action="advance", seconds="soon").text
    assert "was not moved" in send(craig, "/clock", 400, action="advance", seconds="1e300").text
    send(craig, "/clock", action="resume")
    assert craig.emulator.clock.dump()["frozen_at"] is None


def test_switches_are_changed_all_or_none(craig: Client) -> None:
    fields = look(craig, "/switches").form("/switches")
    page = send(craig, "/switches", **{**fields, "webhook_void": "voided"})
    assert "Changed: webhook_void." in page.text
    assert craig.emulator.switches.webhook_void == "voided"
    before = craig.emulator.switches.values()
    send(craig, "/switches", 400, auto_approve="True", webhook_drops="x")
    assert craig.emulator.switches.values() == before


def test_webhooks_are_set_sent_shown_and_sent_again(craig: Client) -> None:
    with receiving() as receiver:
        send(craig, "/webhooks", action="configure", url=receiver.url, verifier_token="secret-token")
        craig.emulator.switches.set("webhook_window_seconds", 300)
        craig.save("Customer", DisplayName="Ann")
        assert "Next: Create Customer 58." in look(craig, "/webhooks").text
        send(craig, "/webhooks", action="send")
        send(craig, "/webhooks", action="replay", number="1")
        page = look(craig, "/webhooks")
        assert "qbo.customer.created.v1" in page.text
        assert "delivered" in page.text
        assert "secret-token" not in page.text + str(page.forms)
        assert len(receiver.arrived) == 2
        send(craig, "/webhooks", action="configure", url=receiver.url)
        assert craig.emulator.webhooks.endpoint.verifier_token == "secret-token"
        assert (
            "is not on this machine" in send(craig, "/webhooks", 400, action="configure", url="http://a.example/").text
        )
        assert craig.emulator.webhooks.endpoint.url == receiver.url


def test_sent_mails_are_shown(craig: Client) -> None:
    mail = {"time": "2026-05-05T02:00:00.000-07:00", "realm": craig.emulator.realm, "entity": "Invoice", "id": "103"}
    about = {"to": "a@example.com", "cc": "", "bcc": "", "subject": ODD, "text": "Hello", "files": ("invoice.pdf",)}
    craig.emulator.world.outbox.send(**mail, **about)
    page = look(craig, "/emails")
    for part in ("a@example.com", ODD, "invoice.pdf", "Hello"):
        assert part in page.text
    assert here(craig, "/invoice/103") in page.links

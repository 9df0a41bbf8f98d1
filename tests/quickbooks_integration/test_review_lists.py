"""QuickBooks' customers, the links, and what QuickBooks adds to a contact's page."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.reconciling import link, link_to, match
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_review_page import words

NUMBER = "617-555-0123"
CUSTOMERS = reverse("admin:quickbooks_integration_quickbookscustomer_changelist")
LINKS = reverse("admin:quickbooks_integration_quickbookssync_changelist")


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def ann(db) -> Any:
    user = pairs.somebody("ann")
    user.groups.add(Group.objects.get(name="office"))
    return user


@pytest.fixture
def office(client: Client, ann: Any) -> Client:
    client.force_login(ann)
    return client


def shown(client: Client, query: str) -> set[str]:
    return {str(row) for row in client.get(f"{CUSTOMERS}?{query}").context["cl"].result_list}


# --- Customers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=smith", {"Ann Smith"}),
        ("q=smith+ann", {"Ann Smith"}),
        ("q=(617)+555-0123", {"Ann Smith", "Bob Jones"}),
        ("q=ANN@example.com", {"Ann Smith"}),
        ("q=lee+sons", {"Carl Lee"}),
        ("linked=yes", {"Ann Smith"}),
        ("linked=review", {"Bob Jones"}),
        ("linked=nobody", {"Carl Lee", "12 Main St"}),
        ("linked=no", {"Bob Jones", "Carl Lee", "12 Main St"}),
        ("kind=inactive", {"Carl Lee"}),
        ("kind=job", {"12 Main St"}),
        ("kind=owing", {"Bob Jones"}),
    ],
)
def test_customers_are_found_by_name_phone_email_and_state(
    auth: QuickBooksAuth, office: Client, ann: Any, query: str, expected: set[str]
) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", "+1 617 555 0123", "ann@example.com")
    pairs.customer(auth, "Bob Jones", "617.555.0123", Balance=Decimal("9.99"))
    parent = pairs.customer(auth, "Carl Lee", Active=False, CompanyName="Lee & Sons")
    pairs.customer(auth, "12 Main St", Job=True, ParentRef={"value": parent.entity_id})
    match(auth)
    link(pairs.pair(theirs, ours), ann)
    assert shown(office, query) == expected


def test_a_customer_page_shows_its_contact_and_the_whole_document(
    auth: QuickBooksAuth, office: Client, ann: Any
) -> None:
    theirs = pairs.customer(auth, "Bob Jones", NUMBER, Balance=Decimal("1234.50"), BillAddr={"Line1": "<b>1 Elm St"})
    QuickBooksCustomer.objects.update(remote_created_at=datetime(2018, 7, 30, 13, 33, tzinfo=UTC))
    link_to(theirs, pairs.contact("Ann", "Smith"), ann)
    response = office.get(reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[theirs.pk]))
    text = words(response)
    assert "Ann Smith : Linked" in text
    assert "$1,234.50" in text
    assert "Created in QuickBooks Jul 30, 2018, 9:33 AM" in text
    assert "&lt;b&gt;1 Elm St" in response.content.decode()


def test_customers_of_nobody_become_contacts_in_bulk(auth: QuickBooksAuth, office: Client, ann: Any) -> None:
    rows = [pairs.customer(auth, f"Customer {number}", f"617-555-1{number:03d}") for number in range(3)]
    link_to(rows[0], pairs.contact("Ann", "Smith"), ann)
    data = {"action": "create_contacts", "_selected_action": [row.pk for row in rows]}
    text = words(office.post(CUSTOMERS, data, follow=True))
    assert "2 contacts created, 1 left as they were." in text
    assert "Customer 0 is already linked to Ann Smith (by ann" in text
    assert Contact.objects.filter(source="quickbooks").count() == 2


def test_the_mirror_cannot_be_edited(auth: QuickBooksAuth, office: Client) -> None:
    theirs = pairs.customer(auth, "Bob Jones")
    page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[theirs.pk])
    assert office.post(page, {"display_name": "Carl"}).status_code == 403
    assert QuickBooksCustomer.objects.get().display_name == "Bob Jones"


@pytest.mark.parametrize("page", [CUSTOMERS, LINKS])
def test_lists_cost_the_same_number_of_queries_for_any_number_of_rows(
    auth: QuickBooksAuth, office: Client, ann: Any, page: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(page).status_code == 200
        return len(captured)

    def add(count: int) -> None:
        for _ in range(count):
            parent = pairs.customer(auth, "Bob Jones")
            job = pairs.customer(auth, "12 Main St", Job=True, ParentRef={"value": parent.entity_id})
            link_to(job, pairs.contact("Ann", "Smith", NUMBER), ann)

    add(2)
    few = queries()
    add(15)
    assert queries() == few


# --- Links -------------------------------------------------------------------------------------


def test_links_show_both_sides_the_state_and_the_error(auth: QuickBooksAuth, office: Client, ann: Any) -> None:
    theirs = pairs.customer(auth, "Bob Jones")
    link_to(theirs, pairs.contact("Ann", "Smith"), ann)
    auth.syncs.update(sync_status="error", error_message="QuickBooks no longer has this customer.")
    text = words(office.get(LINKS))
    for expected in ("Bob Jones", "Ann Smith", "Needs you", "QuickBooks no longer has this customer."):
        assert expected in text
    page = reverse("admin:quickbooks_integration_quickbookssync_change", args=[theirs.pk])
    assert "Ann Smith" in words(office.get(page))
    assert [row.pk for row in office.get(f"{LINKS}?state=in_step").context["cl"].result_list] == []


def test_a_customer_without_a_contact_is_not_called_pending(auth: QuickBooksAuth, office: Client) -> None:
    pairs.customer(auth, "Bob Jones", NUMBER)
    text = words(office.get(LINKS))
    assert "Not linked" in text
    assert "no contact Waits" not in text


def test_a_list_without_a_hit_says_what_was_looked_for_and_leads_back(auth: QuickBooksAuth, office: Client) -> None:
    pairs.customer(auth, "Bob Jones", NUMBER)
    response = office.get(f"{LINKS}?q=nobody")
    assert "No QuickBooks link fits “nobody”. Show all" in words(response)
    assert [str(row) for row in office.get(f"{LINKS}?q=").context["cl"].result_list] == ["Customer Bob Jones"]


def test_an_empty_queue_says_so_and_show_all_leads_to_what_was_decided(linked: Contact, office: Client) -> None:
    queue = reverse("admin:quickbooks_integration_matchcandidate_changelist")
    assert "No possible match fits these filters. Show all" in words(office.get(queue, follow=True))
    assert [row.state for row in office.get(f"{queue}?q=").context["cl"].result_list] == ["linked"]


# --- The contact's page ------------------------------------------------------------------------


def contact_page(contact: Contact) -> str:
    return reverse("admin:contacts_contact_change", args=[contact.pk])


def panel_button(client: Client, contact: Contact, **data: Any) -> str:
    page = reverse("admin:contacts_contact_quickbooks", args=[contact.pk])
    return words(client.post(page, data, follow=True))


def seen_of(contact: Contact, client: Client) -> str:
    (link,) = client.get(contact_page(contact)).context["quickbooks"].linked
    (line,) = link.differences
    return line.seen


@pytest.fixture
def linked(auth: QuickBooksAuth, ann: Any) -> Contact:
    """A contact whose company differs from its customer's."""
    ours = pairs.contact("Ann", "Smith", NUMBER, company="Acme")
    theirs = pairs.customer(
        auth,
        "Ann Smith",
        NUMBER,
        GivenName="Ann",
        FamilyName="Smith",
        CompanyName="Acme Painting",
        Balance=Decimal("1234.50"),
    )
    link_to(theirs, ours, ann)
    ours.refresh_from_db()
    return ours


def test_a_contact_page_shows_its_customers_and_what_differs(linked: Contact, office: Client) -> None:
    text = words(office.get(contact_page(linked)))
    assert "Ann Smith Balance $1,234.50. In step with QuickBooks. Last compared" in text
    assert "Company Acme Acme Painting Take QuickBooks' value" in text
    assert "Unlink Ann Smith" in text


def test_a_contact_page_says_who_linked_it_and_why(linked: Contact, office: Client) -> None:
    day = f"{timezone.localdate():%b} {timezone.localdate().day}, {timezone.localdate().year}"
    assert f"Linked on {day} by ann: Picked by hand. " in words(office.get(contact_page(linked)))


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ("production", "https://app.qbo.intuit.com/app/customerdetail?nameId={}"),
        ("sandbox", "https://app.sandbox.qbo.intuit.com/app/customerdetail?nameId={}"),
        ("emulator", "http://127.0.0.1:9/companies/{company}/customer/{}"),
    ],
)
def test_a_customer_can_be_opened_in_quickbooks(linked, office, auth, settings, environment, address) -> None:
    settings.QUICKBOOKS_EMULATOR_URL = "http://127.0.0.1:9"
    QuickBooksAuth.objects.update(environment=environment)
    sync = linked.match_decisions.get().sync
    link = f'href="{address.format(sync.entity_id, company=auth.company_id)}"'
    assert link in office.get(contact_page(linked)).content.decode()
    page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[sync.pk])
    assert link in office.get(page).content.decode()


def test_taking_quickbooks_value_changes_that_field(linked: Contact, office: Client) -> None:
    sync = linked.match_decisions.get().sync
    taken = {"action": "take", "field": "company", "sync": sync.pk, "seen": seen_of(linked, office)}
    assert "Company is now as in QuickBooks." in panel_button(office, linked, **taken)
    linked.refresh_from_db()
    assert (linked.company, linked.first_name) == ("Acme Painting", "Ann")


def test_what_a_colleague_typed_while_the_page_was_open_is_not_overwritten(linked: Contact, office: Client) -> None:
    taken = {"action": "take", "field": "company", "sync": linked.match_decisions.get().sync_id}
    taken["seen"] = seen_of(linked, office)
    Contact.objects.filter(pk=linked.pk).update(company="Acme & Sons")
    assert "Company was changed meanwhile. Nothing was changed; look at it again." in panel_button(
        office, linked, **taken
    )
    assert Contact.objects.get(pk=linked.pk).company == "Acme & Sons"


def test_a_field_that_does_not_exist_changes_nothing(linked: Contact, office: Client) -> None:
    sync, version = linked.match_decisions.get().sync, linked.version
    assert "Nothing was changed; look at it again." in panel_button(
        office, linked, action="take", field="id", sync=sync.pk
    )
    linked.refresh_from_db()
    assert linked.version == version


def test_unlinking_gives_the_contact_back_as_it_was(linked: Contact, office: Client, auth: QuickBooksAuth) -> None:
    sync = linked.match_decisions.get().sync
    assert "Ann Smith is no longer linked." in panel_button(office, linked, action="unlink", sync=sync.pk)
    linked.refresh_from_db()
    assert (linked.quickbooks_customer_id, linked.outstanding_balance, linked.customer_type) == (None, 0, None)
    assert auth.syncs.get().local_id is None


def test_a_contact_that_is_not_linked_offers_its_questions_and_a_new_customer(
    auth: QuickBooksAuth, office: Client
) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    text = words(office.get(contact_page(ours)))
    assert "This contact is not linked to a QuickBooks customer." in text
    assert "Could be Bob Jones in QuickBooks. Decide" in text
    assert "Create in QuickBooks" in text


def test_the_panels_buttons_need_their_permission(linked: Contact, client: Client) -> None:
    client.force_login(pairs.somebody("bob", "contacts.view_contact", "quickbooks_integration.view_quickbookscustomer"))
    text = words(client.get(contact_page(linked)))
    assert "Balance $1,234.50" in text
    assert "Unlink" not in text
    page = reverse("admin:contacts_contact_quickbooks", args=[linked.pk])
    assert client.post(page, {"action": "unlink", "sync": linked.match_decisions.get().sync_id}).status_code == 403
    assert MatchDecision.objects.filter(undone_at=None).count() == 1


def test_a_customer_of_somebody_else_cannot_be_unlinked_here(linked: Contact, office: Client) -> None:
    other, sync = pairs.contact("Carl", "Lee"), linked.match_decisions.get().sync
    page = reverse("admin:contacts_contact_quickbooks", args=[other.pk])
    assert office.post(page, {"action": "unlink", "sync": sync.pk}).status_code == 404
    sync.refresh_from_db()
    assert sync.local_id == linked.pk


def test_a_vanished_customer_is_named_on_the_contact_page(linked: Contact, office: Client) -> None:
    QuickBooksCustomer.objects.update(vanished_at=timezone.now())
    assert "no longer in QuickBooks" in words(office.get(contact_page(linked)))
    assert MatchCandidate.objects.count() == 1


def test_the_contact_page_lists_jobs_apart_and_in_a_fixed_number_of_queries(
    auth: QuickBooksAuth, office: Client
) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    parent = pairs.customer(auth, "Ann Smith", NUMBER)

    def add(number: int) -> None:
        pairs.customer(auth, f"{number} Main St", Job=True, ParentRef={"value": parent.entity_id})
        match(auth)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(reverse("admin:contacts_contact_change", args=[ours.pk]))
        return len(captured)

    add(0)
    queries()
    few = queries()
    for number in range(1, 4):
        add(number)
    page = words(office.get(reverse("admin:contacts_contact_change", args=[ours.pk])))
    assert "4 jobs of Ann Smith belong to this contact too" in page
    assert "0 Main St" in page
    assert queries() == few

"""Values that differ at linking are listed, and a person chooses."""

# ruff: noqa: F811  (fixtures that are imported)

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import differing
from tests.people import client_of, office  # noqa: F401
from tests.quickbooks_integration import pairs

PAGE = reverse("admin:quickbooks_integration_quickbookscustomer_differing")


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def client(office: User) -> Client:
    return client_of(office)


def linked(auth: QuickBooksAuth, number: int, **fields: Any) -> Contact:
    """Ann Lee here; in QuickBooks she has a firm and notes."""
    phone = f"617-555-{number:04}"
    sync = pairs.customer(auth, f"Ann Lee {number}", phone, CompanyName=f"Lee LLC {number}", Notes="Beware of the dog")
    contact = pairs.contact("Ann", f"Lee {number}", phone, company=fields.pop("company", "Lee Realty"), **fields)
    reconciling.link_to(sync, contact, None)
    contact.refresh_from_db()
    return contact


def shown(client: Client, **asked: str) -> list[tuple[str, str, str]]:
    page = client.get(PAGE, asked).context["page"]
    return [
        (line.difference.field, line.difference.ours, line.difference.theirs) for row in page.rows for line in row.lines
    ]


def ticked(client: Client, **asked: str) -> list[str]:
    page = client.get(PAGE, asked).context["page"]
    return [f"{row.customer.pk}:{line.difference.field}:{line.seen}" for row in page.rows for line in row.lines]


def test_a_value_that_a_link_did_not_overwrite_is_listed_and_one_that_it_filled_in_is_not(auth, client) -> None:
    contact = linked(auth, 1)
    assert (contact.company, contact.notes) == ("Lee Realty", "Beware of the dog")
    linked(auth, 2, company="")
    assert shown(client) == [("company", "Lee Realty", "Lee LLC 1")]
    assert shown(client, field="company") == [("company", "Lee Realty", "Lee LLC 1")]
    assert shown(client, field="notes") == []


def test_those_ticked_get_quickbooks_value_and_nothing_goes_there(auth, client) -> None:
    first, second, third = (linked(auth, number) for number in (1, 2, 3))
    response = client.post(PAGE, {"take": ticked(client)[:2]}, follow=True)
    assert "2 values now as in QuickBooks." in response.content.decode()
    assert [Contact.objects.get(pk=one.pk).company for one in (first, second, third)] == [
        "Lee LLC 1", "Lee LLC 2", "Lee Realty",
    ]  # fmt: skip
    assert not QuickBooksSync.objects.exclude(wanted=0).exists()
    assert [theirs for *_, theirs in shown(client)] == ["Lee LLC 3"]


def test_what_was_changed_since_it_was_shown_is_not_overwritten(auth, client) -> None:
    contact, other = linked(auth, 1), linked(auth, 2)
    seen = ticked(client)
    Contact.objects.filter(pk=contact.pk).update(company="Lee & Sons")
    sync = QuickBooksSync.objects.get(local_id=other.pk)
    raw = sync.customer.raw | {"CompanyName": "Another LLC"}
    QuickBooksCustomer.objects.filter(pk=sync.pk).update(raw=raw)
    text = client.post(PAGE, {"take": seen}, follow=True).content.decode()
    assert text.count("was changed meanwhile. Nothing was changed; look at it again.") == 2
    assert set(Contact.objects.values_list("company", flat=True)) == {"Lee & Sons", "Lee Realty"}


@pytest.mark.parametrize("gone", [{"vanished_at": timezone.now()}, {"merged_into": "77", "active": False}])
def test_of_a_customer_that_quickbooks_has_no_more_nothing_is_listed(auth, client, gone) -> None:
    linked(auth, 1)
    QuickBooksCustomer.objects.update(**gone)
    assert shown(client) == []


def test_what_both_sides_changed_is_a_conflict_and_has_a_page_of_its_own(auth, client) -> None:
    contact = linked(auth, 1)
    QuickBooksSync.objects.filter(local_id=contact.pk).update(conflicts={"company": {}})
    assert shown(client) == []


def test_what_was_edited_here_is_on_its_way_and_not_offered(auth, client) -> None:
    contact = linked(auth, 1)
    seen = ticked(client)
    Contact.objects.filter(pk=contact.pk).update(company="New Name Inc")
    assert shown(client) == []
    client.post(PAGE, {"take": seen})
    assert Contact.objects.get(pk=contact.pk).company == "New Name Inc"


def test_a_name_that_is_too_long_for_the_crm_is_taken_as_far_as_it_fits(auth, client) -> None:
    contact = linked(auth, 1)
    sync = QuickBooksSync.objects.get(local_id=contact.pk)
    longest = Contact._meta.get_field("company").max_length
    sync.customer.raw |= {"CompanyName": "L" * (longest + 50)}
    sync.customer.save()
    client.post(PAGE, {"take": ticked(client)})
    assert Contact.objects.get(pk=contact.pk).company == "L" * longest
    assert shown(client) == []


def test_a_page_looks_on_until_it_is_full(auth, client, monkeypatch) -> None:
    monkeypatch.setattr(differing, "READ_AT_ONCE", 2)
    monkeypatch.setattr(differing, "SHOWN", 2)
    companies = ("", "", "Lee Realty", "", "Lee Homes", "Lee Roofs")
    contacts = [linked(auth, number, company=company) for number, company in enumerate(companies, 1)]
    page = client.get(PAGE).context["page"]
    assert ([row.contact for row in page.rows], page.read_up_to) == ([contacts[2], contacts[4]], contacts[4].pk)
    page = client.get(PAGE, {"after": contacts[4].pk}).context["page"]
    assert ([row.contact for row in page.rows], page.read_up_to) == ([contacts[5]], None)


def called(auth: QuickBooksAuth, ours: tuple[str, str], theirs: tuple[str, str]) -> None:
    sync = pairs.customer(auth, " ".join(theirs), "617-555-0101", GivenName=theirs[0], FamilyName=theirs[1])
    reconciling.link_to(sync, pairs.contact(*ours, "617-555-0101"), None)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("Bob", "Smith"), ("Robert", "Smith")),
        (("Bob", "Smith"), ("Bob & Ann", "Smith")),
        (("Bob", "Smith"), ("Ann and Robert", "Smith")),
        (("Bob", "Smith & Ann Jones"), ("Bob", "Smith")),
    ],
)
def test_what_matching_takes_for_one_name_is_not_listed(auth, client, ours, theirs) -> None:
    called(auth, ours, theirs)
    assert shown(client) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "fields"),
    [
        (("Bob", "Smith"), ("Rolf", "Smith"), ["first_name"]),
        (("Bob", "Smith"), ("Bob", "Smith Jr"), ["last_name"]),
        (("Smith", "Bob"), ("Bob", "Smith"), ["first_name", "last_name"]),
        (("Bob", "Smyth"), ("Bob", "Smith"), ["last_name"]),
    ],
)
def test_another_name_is_listed(auth, client, ours, theirs, fields) -> None:
    called(auth, ours, theirs)
    assert [field for field, *_ in shown(client)] == fields


def test_beside_a_name_that_is_the_same_to_matching_another_firm_is_listed(auth, client) -> None:
    name = {"GivenName": "Robert", "FamilyName": "Smith", "CompanyName": "Smith LLC"}
    sync = pairs.customer(auth, "Robert Smith", "617-555-0101", **name)
    reconciling.link_to(sync, pairs.contact("Bob", "Smith", "617-555-0101", company="Smith & Sons"), None)
    assert [field for field, *_ in shown(client)] == ["company"]
    assert shown(client, field="first_name") == []


def test_the_list_goes_on_behind_the_contacts_that_were_looked_at(auth, client, monkeypatch) -> None:
    monkeypatch.setattr(differing, "READ_AT_ONCE", 2)
    monkeypatch.setattr(differing, "MOST_READ", 2)
    contacts = [linked(auth, number, company=company) for number, company in enumerate(("", "", "Lee Realty"), 1)]
    response = client.get(PAGE)
    assert (response.context["page"].rows, response.context["page"].read_up_to) == ([], contacts[1].pk)
    assert "look at the next ones" in response.content.decode()
    assert len(shown(client, after=str(contacts[1].pk))) == 1


@pytest.mark.parametrize("take", [["x"], ["1:2"], ["99999:company:abc"], ["1:company:"], [f"{2**80}:company:a"], []])
def test_rubbish_changes_nothing(auth, client, take) -> None:
    contact = linked(auth, 1)
    assert client.post(PAGE, {"take": take}, follow=True).status_code == 200
    assert Contact.objects.get(pk=contact.pk).company == "Lee Realty"


def test_the_queries_do_not_depend_on_how_many_differ(auth, client, django_assert_max_num_queries) -> None:
    for number in range(12):
        linked(auth, number)
    with django_assert_max_num_queries(25):
        assert len(shown(client)) == 12

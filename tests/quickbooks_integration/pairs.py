"""Contacts and customers to match, stored the way the import and the pull store them."""

import itertools
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, Permission
from django.db import transaction
from django.utils import timezone

from contacts import people
from contacts.models import Contact
from contacts.particulars import Particulars
from quickbooks_integration import mapping
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import customers

_ids = itertools.count(1)


def company(**more: Any) -> QuickBooksAuth:
    now = timezone.now()
    fields = {
        "company_id": "9130000000000000",
        "company_name": "Attack-a-Crack",
        "environment": "emulator",
        "access_token": "access",
        "refresh_token": "refresh",
        "expires_at": now + timedelta(hours=1),
        "refresh_expires_at": now + timedelta(days=100),
        "refreshed_at": now,
        "connected_at": now,
    }
    return QuickBooksAuth.objects.create(**fields | more)


def contact(first_name: str = "", last_name: str = "", phone: str = "", email: str = "", **more: Any) -> Contact:
    phones, emails = (phone,) if phone else (), (email,) if email else ()
    return people.create(Particulars(first_name, last_name, phones=phones, emails=emails, **more))


def customer(auth: QuickBooksAuth, name: str, phone: str = "", email: str = "", **more: Any) -> QuickBooksSync:
    """more: keys of QuickBooks' document, for example CompanyName, Active, Balance, Id."""
    document: dict[str, Any] = {"Id": str(next(_ids)), "SyncToken": "0", "DisplayName": name, "Active": True} | more
    if phone:
        document["PrimaryPhone"] = {"FreeFormNumber": phone}
    if email:
        document["PrimaryEmailAddr"] = {"Address": email}
    with transaction.atomic():
        customers.insert(auth, [mapping.customer_row(document, {})])
    return QuickBooksSync.objects.get(company=auth, entity_id=document["Id"])


def job(parent: QuickBooksSync, name: str, phone: str = "", **more: Any) -> QuickBooksSync:
    """A sub-customer."""
    return customer(parent.company, name, phone, Job=True, ParentRef={"value": parent.entity_id}, **more)


def pair(sync: QuickBooksSync, contact: Contact) -> MatchCandidate:
    return MatchCandidate.objects.get(sync=sync, contact=contact)


def states() -> dict[tuple[str, str], str]:
    """{(customer's name, contact): state} of every pair."""
    rows = MatchCandidate.objects.select_related("sync__customer", "contact")
    return {(row.sync.customer.display_name, str(row.contact)): row.state for row in rows}


def somebody(name: str = "ann", *permissions: str) -> AbstractBaseUser:
    """A member of staff; permissions as "app.codename"."""
    user = get_user_model().objects.create_user(name, password="secret", is_staff=True)
    for permission in permissions:
        app, _, codename = permission.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def pulled(sync: QuickBooksSync, **more: Any) -> None:
    """QuickBooks says something else of this customer now, and a pull brought it."""
    sync.refresh_from_db()
    document = sync.customer.raw | {"SyncToken": str(int(sync.sync_version) + 1)} | more
    known = customers.known(sync.company, [sync.entity_id])[sync.entity_id]
    change = customers.Change(known, mapping.customer_row(document, {}), document)
    with customers.page_transaction(keep=True):
        customers.update(sync.company, [change])
    sync.refresh_from_db()

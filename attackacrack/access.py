"""Who may do what: the groups of the office."""

from typing import Any

from django.contrib.auth.models import Group, Permission

from attackacrack.models import GivenPermission

# Permissions as "app.codename"; "app.*" is every permission of the app, "app.view_*" every one to look.
GROUPS: dict[str, list[str]] = {
    "office": [
        "contacts.*",
        "billing.*",
        "quickbooks_integration.*",
        # Within limits: sign_in/people.py.
        "auth.view_user",
        "auth.add_user",
        "auth.change_user",
        "django_celery_beat.view_periodictask",
        "django_celery_beat.change_periodictask",
        "attackacrack.view_auditseal",
        "attackacrack.view_outcomemonth",
    ],
    "bookkeeper": [
        "contacts.view_contact",
        "contacts.view_property",
        "contacts.view_conversation",
        "billing.view_*",
        "quickbooks_integration.view_quickbooksauth",
        "quickbooks_integration.view_quickbookscustomer",
        "quickbooks_integration.view_quickbookssync",
        "quickbooks_integration.view_syncrun",
        "quickbooks_integration.view_webhookdelivery",
        "quickbooks_integration.view_checkrun",
        "quickbooks_integration.view_coveragerange",
        "attackacrack.view_auditseal",
        "attackacrack.view_outcomemonth",
    ],
    # Who goes where when, and how to reach the people there; no page with amounts.
    "technician": ["billing.view_appointment", "billing.view_job"],
    "marketer": [],
}


def create_groups(**signal: Any) -> None:
    """Adds missing groups and gives each what new versions bring, once: neither what a person gave nor what a person
    took away is touched."""
    for name, permissions in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        for permission in _permissions(permissions):
            codename = f"{permission.content_type.app_label}.{permission.codename}"
            _, is_new = GivenPermission.objects.get_or_create(group=name, permission=codename)
            if is_new:
                group.permissions.add(permission)


def _permissions(names: list[str]) -> list[Permission]:
    found: list[Permission] = []
    for name in names:
        app, _, codename = name.partition(".")
        wanted = Permission.objects.select_related("content_type").filter(content_type__app_label=app)
        if codename.endswith("*"):
            found += wanted.filter(codename__startswith=codename.removesuffix("*"))
        else:
            found += wanted.filter(codename=codename)
    return found

"""What the admin's sidebar offers, and the badge that says which QuickBooks is behind it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

ENVIRONMENT_BADGES = {
    "emulator": ["Emulator", "info"],
    "sandbox": ["Sandbox", "warning"],
    "production": ["Live books", "success"],
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Sections with the links that this person may open."""
    from attackacrack.business_page import NEEDED as BUSINESS
    from attackacrack.outcomes_page import NEEDED

    sections = [
        ("", [("Today", "today", "index", "")]),
        ("Contacts", [
            ("Contacts", "person", "contacts_contact_changelist", "contacts.view_contact"),
            ("Conversations", "forum", "contacts_conversation_changelist", "contacts.view_conversation"),
            ("Possible duplicates", "content_copy", "contacts_contact_duplicates", "contacts.merge_contact"),
            ("Properties", "home", "contacts_property_changelist", "contacts.view_property"),
            ("Imports", "upload_file", "contacts_contactimport_changelist", "contacts.view_contactimport"),
        ]),
        ("Work", [
            ("Follow-ups", "task_alt", "billing_followup_changelist", "billing.view_followup"),
            ("Quotes", "request_quote", "billing_quote_changelist", "billing.view_quote"),
            ("Morning invoices", "wb_twilight", "billing_appointment_morning", "billing.view_invoice"),
            ("Invoices", "receipt_long", "billing_invoice_changelist", "billing.view_invoice"),
            ("Payments", "payments", "billing_payment_changelist", "billing.view_payment"),
            ("Credit memos", "undo", "billing_creditmemo_changelist", "billing.view_creditmemo"),
            ("Week", "calendar_view_week", "billing_appointment_week", "billing.view_appointment"),
            ("Jobs", "construction", "billing_job_changelist", "billing.view_job"),
            ("Appointments", "event", "billing_appointment_changelist", "billing.view_appointment"),
            ("Quote templates", "dashboard_customize", "billing_quotetemplate_changelist",
             "billing.view_quotetemplate"),
            ("Products", "inventory_2", "billing_product_changelist", "billing.view_product"),
            ("Business", "bar_chart", "attackacrack_outcomemonth_business", BUSINESS),
            ("Outcomes", "monitoring", "attackacrack_outcomemonth_changelist", NEEDED),
            ("Changes", "manage_history", "attackacrack_auditseal_changelist", "attackacrack.view_auditseal"),
        ]),
        ("QuickBooks", [
            ("Review matches", "join_inner", "quickbooks_integration_matchcandidate_review",
             "quickbooks_integration.decide_matches"),
            ("Matching", "donut_large", "quickbooks_integration_quickbookscustomer_matching",
             "quickbooks_integration.view_quickbookscustomer"),
            ("Decisions", "rule", "quickbooks_integration_matchdecision_changelist",
             "quickbooks_integration.decide_matches"),
            ("Duplicate customers", "content_copy", "quickbooks_integration_quickbookscustomer_same",
             "quickbooks_integration.decide_matches"),
            ("Merged customers", "call_merge", "quickbooks_integration_quickbookscustomer_merged",
             "quickbooks_integration.decide_matches"),
            ("Conflicts", "call_split", "quickbooks_integration_conflictdecision_changelist",
             "quickbooks_integration.view_quickbookssync"),
            ("Customers", "groups", "quickbooks_integration_quickbookscustomer_changelist",
             "quickbooks_integration.view_quickbookscustomer"),
            ("Documents", "description", "quickbooks_integration_quickbooksdocument_changelist",
             "quickbooks_integration.view_quickbooksdocument"),
            ("History", "history", "quickbooks_integration_historyimport_changelist",
             "quickbooks_integration.import_history"),
            ("Check", "fact_check", "quickbooks_integration_checkrun_changelist",
             "quickbooks_integration.view_checkrun"),
            ("Links", "link", "quickbooks_integration_quickbookssync_changelist",
             "quickbooks_integration.view_quickbookssync"),
            ("Sync runs", "sync", "quickbooks_integration_syncrun_changelist",
             "quickbooks_integration.view_syncrun"),
            ("Coverage", "verified", "quickbooks_integration_coveragerange_changelist",
             "quickbooks_integration.view_coveragerange"),
            ("Webhooks", "webhook", "quickbooks_integration_webhookdelivery_changelist",
             "quickbooks_integration.view_webhookdelivery"),
            ("Connection", "cable", "quickbooks_integration_quickbooksauth_changelist",
             "quickbooks_integration.view_quickbooksauth"),
        ]),
        ("Settings", [
            ("Schedules", "schedule", "django_celery_beat_periodictask_changelist",
             "django_celery_beat.view_periodictask"),
            ("Tax codes", "percent", "billing_taxcode_changelist", "billing.view_taxcode"),
            ("People", "badge", "auth_user_changelist", "auth.view_user"),
        ]),
    ]  # fmt: skip
    shown = []
    for title, entries in sections:
        items = [
            {"title": name, "icon": icon, "link": reverse(f"admin:{view}")}
            for name, icon, view, permission in entries
            if not permission or request.user.has_perms([permission] if isinstance(permission, str) else permission)
        ]
        if items:
            shown.append({"title": title, "separator": True, "items": items})
    _mark_active(shown, request.path)
    return shown


def _mark_active(sections: list[dict[str, Any]], path: str) -> None:
    """One link: the longest that the page is under. The theme would mark a list and the page below it. Every page is
    under the first one."""
    items = [item for section in sections for item in section["items"]]
    first = reverse("admin:index")
    under = [
        link for link in (item["link"] for item in items) if path.startswith(link) and (link != first or path == first)
    ]
    for item in items:
        item["active"] = item["link"] == max(under, key=len, default="")


def environment(request: HttpRequest) -> list[str] | None:
    """The badge of the connected company's environment; None before the first connection."""
    auth = connection_of(request)
    return ENVIRONMENT_BADGES[auth.environment] if auth else None


def connection_of(request: HttpRequest) -> Any:
    """The connection in use, or None; one query for badge and banners of a page together."""
    from quickbooks_integration.models import QuickBooksAuth

    if not hasattr(request, "quickbooks_connection"):
        request.quickbooks_connection = (
            QuickBooksAuth.objects.in_use().select_related("pull_only_by", "auto_sync_off_by").first()
        )
    return request.quickbooks_connection

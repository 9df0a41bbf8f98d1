"""Who may open which page, by the first letters of the roles; the walk fails for an address that is not here.

An address is the pattern of its route. A role that is not named is refused, to look as to send. Nobody but the office and
an administrator changes anything anywhere, whatever they send; but a technician says of an own appointment that it is done.
"""

ROLES = {"o": "office", "b": "bookkeeper", "t": "technician", "m": "marketer", "n": "no group"}
EVERYBODY = "obtmn"


def _model(
    name: str, look: str, add: str = "", change: str | None = None, delete: str = "", history: str | None = None
):
    """The pages that every model has. change: who opens the page of one row, where that is not who sees the list."""
    return {
        f"admin/{name}/": look,
        f"admin/{name}/add/": add,
        f"admin/{name}/<path:object_id>/change/": look if change is None else change,
        f"admin/{name}/<path:object_id>/history/": look if history is None else history,
        f"admin/{name}/<path:object_id>/delete/": delete,
        f"admin/{name}/<path:object_id>/": EVERYBODY,  # sends on to the page of the row, which refuses
    }


def _pages(prefix: str, look: dict[str, str], send: dict[str, str]) -> dict[str, str]:
    return {f"admin/{prefix}/{page}/": roles for page, roles in (look | send).items()}


def _quickbooks(name: str, **only_looked_at: str) -> dict[str, str]:
    return _model(f"quickbooks_integration/{name}", **only_looked_at)


TABLE: dict[str, str] = {
    # --- Everybody's ---
    "": EVERYBODY,
    "admin/": EVERYBODY,  # shows what the role may see
    "admin/news/": "ob",
    "admin/search/": EVERYBODY,  # finds in what the role may see
    "admin/login/": EVERYBODY,
    "admin/logout/": EVERYBODY,
    "admin/password_change/": EVERYBODY,
    "admin/password_change/done/": EVERYBODY,
    "admin/jsi18n/": EVERYBODY,
    "admin/autocomplete/": "",  # without a field; with one: test_what_fields_offer
    "admin/r/<path:content_type_id>/<path:object_id>/": EVERYBODY,  # there is no site to go to: not found
    "admin/(?P<url>.*)$": EVERYBODY,  # not found
    "admin/^(?P<app_label>contacts|billing|quickbooks_integration|attackacrack|auth|django_celery_beat)/$": EVERYBODY,
    "auth/quickbooks": EVERYBODY,  # sends those who may not connect back, with a sentence
    "auth/quickbooks/callback": EVERYBODY,
    "webhooks/openphone": EVERYBODY,
    "webhooks/quickbooks": EVERYBODY,
    # --- Contacts ---
    **_model("contacts/contact", "ob", add="o", delete="o"),
    **_pages("contacts/contact", {"<int:contact_id>/timeline": "ob"}, {}),
    **_pages("contacts/contact", {"duplicates": "o", "duplicates/dismissed": "o", "merge": "o", "import_contacts": "o"},
             {"<int:contact_id>/quickbooks": "o", "quickbooks/push": "o", "merge/<int:merge_id>/undo": "o"}),
    **_model("contacts/conversation", "ob"),
    **_model("contacts/property", "ob", add="o", delete="o"),
    **_model("contacts/contactimport", "o", add="o"),
    **_pages("contacts/contactimport", {"<int:pk>/progress": "o", "<int:pk>/take-back": "o", "<int:pk>/lines": "o"},
             {"<int:pk>/confirm": "o", "<int:pk>/discard": "o", "<int:pk>/again": "o", "<int:pk>/answer": "o"}),
    # --- Work ---
    **_model("billing/quote", "ob", add="o", delete="o"),
    **_pages("billing/quote", {"<path:object_id>/invoice": "o", "<path:object_id>/schedule": "o",
                               "<int:object_id>/quickbooks/send": "o", "<int:object_id>/quickbooks/pdf": "ob"},
             {"<int:object_id>/quickbooks/email": "o", "<int:object_id>/quickbooks": "o", "quickbooks/push": "o"}),
    **_model("billing/invoice", "ob"),
    **_pages("billing/invoice", {"<path:object_id>/pay": "o", "<path:object_id>/void": "o",
                                 "<int:object_id>/quickbooks/send": "o", "<int:object_id>/quickbooks/pdf": "ob"},
             {"<int:object_id>/quickbooks/email": "o", "<int:object_id>/quickbooks": "o", "quickbooks/push": "o"}),
    **_model("billing/payment", "ob"),
    **_pages("billing/payment", {"<path:object_id>/use": "o", "<path:object_id>/void": "o", "cash-in": "ob"},
             {"<int:object_id>/quickbooks": "o", "quickbooks/push": "o"}),
    **_model("billing/creditmemo", "ob"),
    **_model("billing/followup", "ob"),
    **_model("billing/job", "obt", add="o", delete="o"),
    **_pages("billing/job", {"<path:object_id>/make-invoice": "o", "<path:object_id>/nothing-to-invoice": "o"}, {}),
    **_model("billing/appointment", "obt", add="o", delete="o"),
    **_pages("billing/appointment", {"week": "obt", "morning": "ob"},
             {"<int:appointment_id>/done": "o",  # and a technician of an own one: test_finishing
              "<int:appointment_id>/not-with": "o"}),
    **_model("billing/quotetemplate", "ob", add="o", delete="o"),
    **_pages("billing/quotetemplate", {"<int:template_id>/lines": "ob"}, {}),
    **_model("billing/product", "ob", add="o", delete="o"),
    **_pages("billing/product", {"<int:product_id>/line": "ob", "<int:product_id>/prices": "ob"}, {}),
    **_model("billing/taxcode", "ob", add="o", delete="o"),
    # --- QuickBooks. Some rows have no page of their own and send on to their list. ---
    **_quickbooks("quickbooksauth", look="ob", change=EVERYBODY),
    **_pages("quickbooks_integration/quickbooksauth", {"progress": "ob", "disconnect": "o", "pull_only": "o"},
             {"test": "o", "sync": "o", "sync_one": "o", "auto_sync": "o"}),
    **_quickbooks("quickbookscustomer", look="ob"),
    **_pages("quickbooks_integration/quickbookscustomer", {"merged": "o", "matching": "ob", "same": "o", "differing": "o", "<int:sync_id>/link": "o",
            "<path:object_id>/link-by-hand": "o"}, {}),
    **_quickbooks("quickbooksdocument", look="o"),
    **_quickbooks("quickbookssync", look="ob"),
    **_quickbooks("matchcandidate", look="o"),
    **_pages("quickbooks_integration/matchcandidate", {"review": "o", "review/together": "o"},
             {"review/create-in-quickbooks/<int:contact_id>": "o"}),
    **_quickbooks("matchdecision", look="o"),
    **_pages("quickbooks_integration/matchdecision", {"undo": "o"}, {}),
    **_quickbooks("conflictdecision", look="ob", change=EVERYBODY, history="o"),
    **_pages("quickbooks_integration/conflictdecision", {"decided": "ob", "rules": "ob", "alike": ""},
             {"decide": "o", "undo": "o"}),
    **_quickbooks("historyimport", look="o", change=EVERYBODY),
    **_pages("quickbooks_integration/historyimport", {"discard": "o"}, {"read": "o", "commit": "o"}),
    **_quickbooks("checkrun", look="ob", change=EVERYBODY),
    **_pages("quickbooks_integration/checkrun", {}, {"start": "o", "<int:run_id>/fix": "o"}),
    **_quickbooks("syncrun", look="ob"),
    **_pages("quickbooks_integration/syncrun", {"<path:object_id>/apply-anyway": "o", "<path:object_id>/rejected": "o"}, {}),
    **_quickbooks("coveragerange", look="ob", change=EVERYBODY),
    **_quickbooks("webhookdelivery", look="ob"),
    **_quickbooks("apicall", look="o"),
    # --- What changed, and what came of it: their rows have no pages ---
    **_model("attackacrack/auditseal", "ob", change=EVERYBODY, history=EVERYBODY),
    **_pages("attackacrack/auditseal", {"export": "ob"}, {}),
    **_model("attackacrack/outcomemonth", "ob", change=EVERYBODY, history=EVERYBODY),
    **_pages("attackacrack/outcomemonth", {"business": "ob"}, {}),
    # --- Settings ---
    **_model("django_celery_beat/periodictask", "o"),
    **_model("django_celery_beat/intervalschedule", ""),
    **_model("django_celery_beat/crontabschedule", ""),
    **_model("auth/user", "o", add="o"),
    **_pages("auth/user", {"<id>/password": ""}, {}),
    **_model("auth/group", ""),
}  # fmt: skip

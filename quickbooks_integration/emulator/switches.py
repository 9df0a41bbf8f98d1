"""Every behaviour that public sources leave open or contradict each other on, each with the value we believe.

A check against a real sandbox later only flips defaults here. Read as attributes (`switches.missing_sync_token`),
changed by `set`, by `--switch name=value` and by the control API.
"""

from dataclasses import dataclass, field, fields
from typing import Any


def switch(default: Any, meaning: str, *choices: Any) -> Any:
    """One documented default; a boolean needs no list of choices."""
    allowed = choices or ((True, False) if isinstance(default, bool) else ())
    return field(default=default, metadata={"meaning": meaning, "choices": allowed})


@dataclass
class Switches:
    # Signing in
    refresh_rotation: str = switch(
        "daily",
        "When a refresh returns a new refresh token: 24 h after the last change, or every time.",
        "daily",
        "always",
    )
    replaced_refresh_token: str = switch(
        "dies",
        "A refresh token that was replaced stops at once (2025 help article) or after 24 h (2018).",
        "dies",
        "lives_24h",
    )
    access_token_seconds: int = switch(3600, "Life of an access token.")
    refresh_token_seconds: int = switch(8726400, "Life of an unused refresh token: 101 days seen, 100 documented.")
    hard_expiry_seconds: int = switch(157680000, "Life of a connection whatever its use: five years.")
    authorization_code_seconds: int = switch(600, "Life of an authorization code; documented as minutes.")
    expired_refresh_description: str = switch(
        "", "error_description for an expired or revoked refresh token; the recorded answer has none."
    )
    unknown_token_revoked: int = switch(400, "Status of revoking a token that is not known.", 400, 200)
    loopback_redirects: bool = switch(True, "Accept any loopback redirect URI beside the registered ones.")
    auto_approve: bool = switch(False, "Connect without showing the consent page.")
    # Bodies of refusals
    unauthorized_body: str = switch("json", "Form of 401: gateway JSON or service XML.", "json", "xml")
    throttled_body: str = switch("json", "Form of 429; XML was seen in 2017.", "json", "xml", "html", "empty")
    answer_without_accept: str = switch(
        "xml", "Form of an answer when the request does not accept JSON; XML is documented.", "xml", "json"
    )
    unknown_realm_status: int = switch(403, "A company that does not exist: 403 with code 3100, or 404.", 403, 404)
    # Limits
    rejected_calls_count: bool = switch(True, "Calls refused by a limit count towards that limit.")
    core_plus_limit: int = switch(500000, "Metered calls in a month on the free tier.")
    core_plus_blocks: bool = switch(False, "Refuse metered calls past the limit; sandboxes are not metered.")
    # Writing
    unknown_fields: str = switch("refuse", "An unknown JSON field: refuse with 2010, or ignore it.", "refuse", "ignore")
    missing_sync_token: str = switch(
        "2020", "Update without SyncToken: required parameter or stale object.", "2020", "5010"
    )
    requestid_other_body: str = switch(
        "replay", "The same requestid with another body: replay the first answer or refuse with 600.", "replay", "600"
    )
    requestid_replays_faults: bool = switch(True, "A refusal is kept and replayed like a success.")
    empty_text_clears: bool = switch(True, 'In a sparse update "" empties a field; otherwise it says nothing.')
    inactive_reference_code: str = switch("2500", "A reference to something inactive.", "2500", "610")
    # Names
    phone_length: int = switch(30, "Longest telephone number: 30 in the reference, 21 in the schema.", 30, 21)
    company_name_length: int = switch(100, "Longest CompanyName: 100, in older error texts 50.", 100, 50)
    notes_length: int = switch(2000, "Longest Notes: 2000 in the reference, 1024 in the schema.", 2000, 1024)
    print_on_check_name_default: str = switch(
        "names",
        "Default: company or given and family name (recorded), or DisplayName (documented).",
        "names",
        "display_name",
    )
    deactivation_with_balance: str = switch(
        "refuse", "Deactivating with an open balance: 6220 (seen 2017) or allowed.", "refuse", "allow"
    )
    reactivation_strips_suffix: bool = switch(True, "Active:true removes ' (deleted)' from the name again.")
    second_deleted_name: str = switch(
        "numbered",
        "A second deactivated record of one name: 'X (deleted 2)' or the same name twice.",
        "numbered",
        "same",
    )
    duplicate_name_detail_has_id: bool = switch(False, "The 6240 detail ends with Id=NN of the other record.")
    deactivation_event: str = switch("Update", "The change that a deactivation is announced as.", "Update", "Delete")
    merged_in_change_feed: bool = switch(False, "The change feed shows a record that was merged away as deleted.")
    deleted_suffix_on_lists: bool = switch(True, "Inactive items, accounts and classes are renamed 'X (deleted)' too.")
    # Documents
    given_number_moves_sequence: bool = switch(
        True, "A DocNumber that a client gives moves the sequence of automatic numbers past it."
    )
    warn_of_duplicate_numbers: bool = switch(
        False, "The office wants to be warned of duplicate numbers: 6140, if it also numbers by hand."
    )
    given_number: str = switch(
        "kept",
        "A DocNumber that a client gives although QuickBooks numbers: kept (seen), or replaced by the next one.",
        "kept",
        "replaced",
    )
    sparse_lines: str = switch(
        "replace",
        "Lines that a sparse update with lines leaves out: they go (practice), or stay beside the sent ones (one report).",
        "replace",
        "merge",
    )
    line_without_item: str = switch(
        "usual_item", "A line without ItemRef: sells the company's usual item, or 2020.", "usual_item", "refuse"
    )
    negative_lines: str = switch("accept", "A line below zero: accepted, or 2290.", "accept", "refuse")
    negative_total_code: str = switch("6000", "A form whose total would be below zero.", "6000", "2290")
    invoice_terms_from_customer: bool = switch(
        False, "Without SalesTermRef the due date follows the customer's terms, not the company's usual ones."
    )
    sales_move_stock: bool = switch(True, "Selling inventory items lowers QtyOnHand.")
    sale_before_stock: str = switch(
        "allow", "An inventory item sold before its InvStartDate: allowed, or refused with 6000.", "allow", "refuse"
    )
    invoice_link_stays: bool = switch(
        True, "An invoice shows its InvoiceLink in every answer once it was asked for (recorded), or only when asked."
    )
    estimate_after_link: str = switch(
        "Closed", "TxnStatus of an estimate that an invoice is linked to; Closed was seen.", "Closed", "Converted"
    )
    unlinkable_estimate: str = switch(
        "ignore", "A link to a closed, rejected or invoiced estimate: ignored or 620.", "ignore", "620"
    )
    foreign_estimate: str = switch("620", "A link to another customer's estimate.", "620", "6000")
    estimate_reopens: bool = switch(
        True, "Deleting, voiding or unlinking the invoice sets its estimate to Pending again."
    )
    deleting_linked: str = switch(
        "unlink", "Deleting a paid invoice: its payments become unapplied, or 6000.", "unlink", "refuse"
    )
    payment_of_other_customer: str = switch(
        "unapplied", "A payment line for another customer's invoice: left unapplied, or 6000.", "unapplied", "refuse"
    )
    parent_pays_for_jobs: bool = switch(True, "A customer's payment may be applied to invoices of its sub-customers.")
    payment_line_ex: bool = switch(True, "Lines of payments carry the LineEx block that was recorded.")
    credit_memo_shows_links: bool = switch(False, "CreditMemo shows LinkedTxn; recorded answers do not have it.")
    # Queries
    too_many_results: str = switch(
        "clamp", "MAXRESULTS over 1000: clamp to 1000 or refuse with 4001.", "clamp", "refuse"
    )
    projections: str = switch(
        "accept", "SELECT Id, DisplayName: answered with these, or refused with 4001.", "accept", "refuse"
    )
    # Change feed
    inactive_in_change_feed: bool = switch(True, "The change feed shows inactive customers, items and accounts.")
    change_feed_too_old_code: str = switch(
        "500", "Code for a changedSince older than 30 days; only its text is known.", "500", "4001", "6000"
    )
    # Webhooks
    webhook_format: str = switch(
        "cloudevents",
        "Body of a webhook: CloudEvents (obligatory since 2026) or the older one.",
        "cloudevents",
        "legacy",
    )
    webhook_window_seconds: float = switch(
        0.5, "How long changes are gathered into one POST; once 1 to 5 minutes, now near real time."
    )
    webhook_most_events: int = switch(100, "Most events in one POST: 100 were announced, 20 seen.")
    webhook_void: str = switch("void", "How the type of an event says that something was voided.", "void", "voided")
    webhook_event_id: str = switch(
        "uuid", "Id of an event: a UUID, or UUID-Entity-Id as merges have it.", "uuid", "long"
    )
    webhook_data: str = switch(
        "empty",
        "An event without details has empty data, no data and datacontenttype at all, or one or the other.",
        "empty",
        "missing",
        "mixed",
    )
    webhook_time: str = switch(
        "milliseconds",
        "Form of the time of an event; offset is -0800 as in 2015.",
        "milliseconds",
        "seconds",
        "hundredths",
        "nanoseconds",
        "offset",
    )
    webhook_content_type: str = switch(
        "application/json",
        "Content-Type of a webhook.",
        "application/json",
        "application/json; charset=utf-8",
        "application/cloudevents+json",
    )
    webhook_employee_id: str = switch(
        "plain", "Id in events of employees: as everywhere, or nine digits with a second id.", "plain", "padded"
    )
    webhook_customer_balance: bool = switch(
        True, "A customer whose balance moves gets an event of its own; some clients report it, Intuit does not say."
    )
    webhook_timeout_seconds: float = switch(3.0, "Seconds that an app has to answer a webhook; older texts say 10.")
    webhook_acknowledged_by: str = switch(
        "2xx", "The answers that acknowledge a webhook: Intuit asks for 200 and does not mention others.", "2xx", "200"
    )
    webhook_first_retry_seconds: int = switch(
        10, "Pause before the first retry: 10 s (guide) or at once (post of October 2025).", 10, 0
    )
    webhook_acceleration: float = switch(1.0, "How many times shorter the pauses between retries are; for tests.")
    webhook_holds_back: bool = switch(True, "Later events wait until the one that failed is acknowledged.")
    webhook_duplicates: float = switch(0.0, "Share of events that are sent twice, from 0 to 1; for tests.")
    webhook_reordering: float = switch(0.0, "Share of events that later ones overtake, from 0 to 1; for tests.")
    webhook_drops: float = switch(0.0, "Share of events that are never sent, from 0 to 1; for tests.")
    # Batch
    batch_order: str = switch(
        "request", "Order in which the items of a batch are carried out and answered.", "request", "shuffled"
    )
    batch_reads_are_metered: bool = switch(False, "Each query in a batch counts as a metered call; nothing is known.")
    # Sending and attachments
    emails_per_day: int = switch(40, "E-mails that a sandbox company sends in a day; 0 for no limit.")
    email_limit_answer: str = switch(
        "6000", "Refusal of an e-mail past the daily limit: a business validation or 429.", "6000", "429"
    )
    send_without_address: str = switch("6420", "Sending with no address anywhere.", "6420", "6000")
    several_send_to: str = switch("accept", "Several addresses in sendTo, with commas.", "accept", "refuse")
    payment_shows_email: bool = switch(
        True, "A payment that was sent shows EmailStatus and DeliveryInfo like a sales form."
    )
    pdf_without_accept: str = switch(
        "send", "A PDF asked for with an Accept that does not allow one: sent anyway, or refused.", "send", "refuse"
    )
    attachment_megabytes: int = switch(100, "Most that one upload may hold.")

    def set(self, name: str, value: Any) -> None:
        """Change one switch; text is converted to the type of the default. Raises ValueError with a readable reason."""
        known = {item.name: item for item in fields(self)}
        if name not in known:
            raise ValueError(f"There is no switch '{name}'. Known are: {', '.join(sorted(known))}.")
        converted = _converted(known[name].default, value)
        choices = known[name].metadata["choices"]
        if choices and converted not in choices:
            raise ValueError(f"Switch '{name}' can be {', '.join(str(choice) for choice in choices)}, not '{value}'.")
        setattr(self, name, converted)

    def values(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def describe(self) -> dict[str, dict[str, Any]]:
        """Value, default, choices and meaning of each switch, for the control API and the documentation."""
        return {
            item.name: {
                "value": getattr(self, item.name),
                "default": item.default,
                "choices": list(item.metadata["choices"]),
                "meaning": item.metadata["meaning"],
            }
            for item in fields(self)
        }


def _converted(default: Any, value: Any) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise ValueError(f"'{value}' is neither true nor false.")
    if isinstance(default, float):
        return _fraction(value)
    if isinstance(default, int):
        if isinstance(value, bool) or not str(value).lstrip("-").isdigit():
            raise ValueError(f"'{value}' is not a whole number.")
        return int(value)
    return str(value)


def _fraction(value: Any) -> float:
    try:
        number = float("nan" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number < float("inf"):
        raise ValueError(f"'{value}' is not a number from zero up.")
    return number

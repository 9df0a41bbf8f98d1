"""The demo's whole stack, from end to end: how long a change in QuickBooks takes to reach the CRM's row by webhook, and
how long a saved quote takes to be an estimate there. Web server, worker, beat and emulator run as `make demo` starts them."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bench import demo, timing

TURNS, LOOK_EVERY, LONGEST = 60, 0.01, 60.0
AIM_SECONDS = 3.0


def main() -> None:
    with demo.running() as stack:
        import django

        django.setup()
        auth = begin_business()
        there = [change_there(auth, stack.emulator, turn) for turn in range(TURNS)]
        here = [save_a_quote(turn) for turn in range(TURNS)]
        tell("a change in QuickBooks is in the CRM's row", there)
        tell("a saved quote is an estimate in QuickBooks", here)


def tell(what: str, times: list[float]) -> None:
    sys.stdout.write(
        f"{what} after p50 {timing.percentile(times, 50):.2f} s, p95 {timing.percentile(times, 95):.2f} s "
        f"(aim: p95 under {AIM_SECONDS:.0f} s), {len(times)} times, one after the other\n"
    )


# --- The business ----------------------------------------------------------------------------------


def begin_business() -> Any:
    """Connected, everything read, the history taken over."""
    from django.core.management import call_command

    from quickbooks_integration.models import QuickBooksAuth
    from quickbooks_integration.sync import history

    with open(os.devnull, "w") as nowhere:
        call_command("quickbooks_connect", stdout=nowhere)
        call_command("quickbooks_sync", stdout=nowhere, stderr=nowhere)
    auth = QuickBooksAuth.objects.in_use().get()
    history.commit(history.current(auth), None)
    history.work_off(auth)
    assert history.is_committed(auth)
    return auth


# --- What is timed -------------------------------------------------------------------------------


def change_there(auth: Any, emulator: str, turn: int) -> float:
    """A person in QuickBooks changes the message of an estimate."""
    from billing.models import Quote

    quote = Quote.objects.exclude(quickbooks_estimate_id=None).order_by("pk")[turn]
    said = f"Changed there, {turn}"
    body = {"entity": "Estimate", "id": quote.quickbooks_estimate_id, "CustomerMemo": {"value": said}}
    url = f"{emulator}/control/companies/{auth.company_id}/edit"
    began = time.perf_counter()
    with urllib.request.urlopen(url, data=json.dumps(body).encode()) as answer:
        answer.read()
    return until(lambda: Quote.objects.filter(pk=quote.pk, message=said).exists(), began)


def save_a_quote(turn: int) -> float:
    """What the admin does after the form: lines are there, the verbs finish the edit and let it go."""
    from django.db import transaction

    from billing import quotes
    from billing.models import Quote, QuoteItem
    from contacts.models import Contact
    from quickbooks_integration.models import QuickBooksSync

    contact = Contact.objects.exclude(quickbooks_customer_id=None).order_by("pk")[turn]
    began = time.perf_counter()
    with transaction.atomic():
        quote = Quote.objects.create(contact=contact)
        QuoteItem.objects.create(quote=quote, description="Crack injection", quantity=1, unit_price=Decimal("585.00"))
        quotes.mark_ready(quotes.finish_edit(quote, None), None)
    row = QuickBooksSync.objects.filter(entity_type="estimate", local_id=quote.pk).exclude(entity_id="")
    return until(row.exists, began)


def until(is_so: Callable[[], bool], began: float) -> float:
    while not is_so():
        waited = time.perf_counter() - began
        if waited > LONGEST:
            raise RuntimeError(f"It did not arrive within {LONGEST:.0f} seconds.")
        time.sleep(LOOK_EVERY)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

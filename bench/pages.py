"""Every page of the admin at 100,000 contacts and 300,000 documents: time on the server, and queries.

The addresses come from the URL conf, and each list's searches, filters and sortings from the list itself: a new page is
measured without being named here. Named are only those that an address alone does not lead to.

Fails when one is above its aim. On a machine that does other things too, look at how many times the floor a page takes.
"""

import gc
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench import books, timing
from bench.database import scratch_database

ROUNDS, FEW_ROUNDS = 20, 5
AIM, AIM_OF_SEARCH = 500, 1000  # milliseconds
SEARCHES = ("Given77777 Family", "Family77", "nothing like it", "2000077777", "77777")
FLOOR = "floor: a page without rows"
# What a person is not shown: sent to, told to scripts, or files.
NOT_PAGES = ("jsi18n", "logout", "autocomplete", "callback", "webhooks", "/r/", "app_label", "pdf", "auth/quickbooks")
BEHIND = [("quote", "waiting"), ("quote", "unhandled"), ("quote", "open"), ("invoice", "owed"), ("invoice", "invoiced"), ("job", "unbilled"),
          ("appointment", "unquoted")]  # fmt: skip


def main() -> int:
    began = time.perf_counter()
    with scratch_database():
        from django.contrib.auth.models import User
        from django.test import Client

        busy = books.fill()
        logging.disable(logging.WARNING)  # what may only be sent to is asked for too
        client = Client()
        client.force_login(User.objects.get(username="root"))
        gc.collect(), gc.freeze()  # as the server does once it is loaded (attackacrack/wsgi.py)
        built = time.perf_counter() - began
        found = _measured(client, busy)
    slow = [page for page in found if page.is_slow]
    minutes = (time.perf_counter() - began) / 60
    sys.stdout.write(f"{len(found)} pages in {minutes:.1f} minutes, of which the company took {built / 60:.1f}\n")
    sys.stdout.write(f"above the aim: {len(slow)}\n" + "".join(f"    {page.told}\n" for page in slow))
    return 1 if slow else 0


@dataclass(frozen=True)
class Page:
    """Milliseconds; times: of the floor's."""

    name: str
    median: float
    slow: float
    aim: int
    times: float
    queries: int

    @property
    def is_slow(self) -> bool:
        return self.slow >= self.aim

    @property
    def told(self) -> str:
        return (
            f"{self.name}: p50 {self.median:.0f} ms, p95 {self.slow:.0f} ms (aim: under {self.aim}),"
            f" {self.times:.1f} times the floor, {self.queries} queries"
        )


def _measured(client: Any, busy: int) -> list[Page]:
    found: list[Page] = []
    for name, *asked in _all(client, busy):
        page = measure(name, client, *asked, floor=found[0].median if found else None)
        sys.stdout.write(f"{page.told}{'  <-- above the aim' if page.is_slow else ''}\n")
        sys.stdout.flush()
        found.append(page)
    return found


def _all(client: Any, busy: int) -> Iterator[tuple[str, str, int, int]]:
    """Name, address, milliseconds aimed at, rounds."""
    from django.urls import reverse

    yield FLOOR, reverse("admin:password_change_done"), AIM, ROUNDS
    lists = []
    for url in _addresses():
        answer = client.get(url)
        if answer.status_code != 200:  # sent on, or only to send to
            continue
        yield url, url, AIM, ROUNDS
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown:
            lists.append((url, shown["cl"]))
    assert lists, "no list was recognised, so nothing would be searched, filtered or sorted"
    for name, url in _named(busy):
        yield name, url, AIM, ROUNDS
    for url, changelist in lists:
        yield from _of_list(url, changelist)


def _addresses() -> list[str]:
    from tests.attackacrack.addresses import address, routes

    wanted = (route for route in dict.fromkeys(routes()) if not any(part in route for part in NOT_PAGES))
    return [address(route, _typical) for route in wanted]


def _typical(model: Any) -> Any:
    """A row from the middle: the first one is not like the others."""
    rows = model._default_manager.order_by("pk")
    return rows[rows.count() // 2 :].first()


def _named(busy: int) -> Iterator[tuple[str, str]]:
    """What an address alone does not lead to."""
    from django.contrib.auth.models import User
    from django.urls import reverse
    from django.utils import timezone

    from contacts.models import Conversation

    contact = partial(reverse, args=[busy])
    yield "contact of 2,400 documents", contact("admin:contacts_contact_change")
    yield "its timeline, further down", f"{contact('admin:contacts_contact_timeline')}?{_old_place()}"
    yield "its history", contact("admin:contacts_contact_history")
    said = Conversation.objects.filter(contact=busy).earliest("pk")
    yield "its conversation of 2,400 texts", reverse("admin:contacts_conversation_change", args=[said.pk])
    for model, rows in BEHIND:
        yield f"rows: {rows}", f"{reverse(f'admin:billing_{model}_changelist')}?rows={rows}"
    changes = reverse("admin:attackacrack_auditseal_changelist")
    users = {user.username: user.pk for user in User.objects.all()}
    day = timezone.localdate() - timedelta(days=900)
    for name, asked in {
        "of one who works": {"person": users["person1"]},
        "of one who left": {"person": users[f"person{books.PEOPLE - 1}"]},
        "of one who changed nothing": {"person": users["root"]},
        "of QuickBooks": {"source": "quickbooks"},
        **{f"of {kind}": {"kind": kind} for kind in ("contact", "quote", "invoice", "payment", "product")},
        "of an old day": {"first": day, "last": day},
        "up to an old day": {"last": day},
        "of a day without any": {"first": "2010-01-01", "last": "2010-01-02"},
        "of one who left, on an old day": {"person": users[f"person{books.PEOPLE - 1}"], "last": day},
        "of a person and a kind": {"person": users["person1"], "kind": "credit"},
    }.items():
        yield f"changes {name}", f"{changes}?{urlencode(asked)}"


def _old_place() -> str:
    from django.utils import timezone

    from contacts.timeline import Place

    return urlencode({"older": str(Place(timezone.now() - timedelta(days=900), 3, 1))})


def _of_list(url: str, changelist: Any) -> Iterator[tuple[str, str, int, int]]:
    if changelist.search_fields:
        for typed in SEARCHES:
            yield f"{url} search {typed}", f"{url}?{urlencode({'q': typed})}", AIM_OF_SEARCH, FEW_ROUNDS
    for spec in changelist.filter_specs:
        for choice in list(spec.choices(changelist))[:8]:
            query = choice.get("query_string", "")
            if query not in ("", "?"):
                yield f"{url} {query}", f"{url}{query}", AIM, FEW_ROUNDS
    if changelist.list_display_links is not None:
        for column in range(1, len(changelist.list_display)):
            yield f"{url} sorted by {changelist.list_display[column]}", f"{url}?o={column}", AIM, FEW_ROUNDS
    last = min(changelist.paginator.num_pages, 1000)
    if last > 1:
        yield f"{url} page {last}", f"{url}?p={last}", AIM, FEW_ROUNDS


def measure(name: str, client: Any, url: str, aim: int, rounds: int, *, floor: float | None) -> Page:
    """floor: None for the floor itself."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        asked = len(queries)
    assert response.status_code in (200, 302), (url, response.status_code)
    times = [timing.seconds(lambda: client.get(url)) for _ in range(rounds)]
    median, slow = timing.percentile(times, 50) * 1000, timing.percentile(times, 95) * 1000
    return Page(name, median, slow, aim, median / (floor or median), asked)


if __name__ == "__main__":
    sys.exit(main())

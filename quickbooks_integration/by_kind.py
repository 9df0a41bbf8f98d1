"""Customers, products and each kind of document by itself: how far it is read, how much there is, what went wrong."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from quickbooks_integration.models import PullCursor, QuickBooksAuth, QuickBooksSync, SyncRun
from quickbooks_integration.sync import PULLS, kinds_to_pull, runs

LINKS = "admin:quickbooks_integration_quickbookssync_changelist"
Kind = QuickBooksSync.EntityType


@dataclass(frozen=True)
class Standing:
    """company: its id in QuickBooks. is_pulled: whether this kind is read at all. pulled: when it was read last, in words."""

    company: str
    kind: str
    title: str
    pulled: str
    rows: int
    errors: int
    is_pulled: bool

    @property
    def rows_page(self) -> str:
        return self._rows()

    @property
    def errors_page(self) -> str:
        return self._rows(state="needs_you")

    def _rows(self, **more: str) -> str:
        """Of this company, as they are counted."""
        asked = {"company__exact": self.company, "entity_type__exact": self.kind} | more
        return f"{reverse(LINKS)}?{urlencode(asked)}"


def title(kind: str) -> str:
    """ "Credit memos" """
    return f"{Kind(kind).label}s"


def look(auth: QuickBooksAuth) -> list[Standing]:
    """Every kind, in the order in which they are pulled. Five queries, and one for which kinds are pulled."""
    wanted, read = kinds_to_pull(auth), _read_until(auth)
    links = QuickBooksSync.objects.filter(company=auth).order_by().values("entity_type")
    rows = dict(links.annotate(number=Count("pk")).values_list("entity_type", "number"))
    errors = links.filter(sync_status=QuickBooksSync.Status.ERROR).annotate(number=Count("pk"))
    failed = dict(errors.values_list("entity_type", "number"))
    return [
        Standing(auth.company_id, kind, title(kind), _in_words(read.get(kind), kind in wanted), rows.get(kind, 0),
                 failed.get(kind, 0), kind in wanted)
        for kind in PULLS
    ]  # fmt: skip


def _read_until(auth: QuickBooksAuth) -> dict[str, datetime]:
    """By one of the last pulls, or by the change feed, which makes no run when nothing is new."""
    done = runs.recent(auth).filter(state=SyncRun.State.DONE).order_by().values("entity_type")
    found = dict(done.annotate(last=Max("finished_at")).filter(last__isnull=False).values_list("entity_type", "last"))
    proved = PullCursor.objects.filter(Q(company=auth), proved_until__isnull=False)
    for kind, until in proved.values_list("entity_type", "proved_until"):
        found[kind] = max(until, found.get(kind, until))
    return found


def _in_words(at: datetime | None, is_pulled: bool) -> str:
    if at is not None:
        return date_format(timezone.localtime(at), "M j, Y, g:i A")
    return "Not yet" if is_pulled else "Comes with the history"

"""Keeps the CRM and QuickBooks equal.

reading.py         pages of what changed, in order, without losing a row
base_pull.py       what every pull does alike
pulling.py         one pull of customers; customers.py stores them and lets linked contacts follow
products.py        items become products
lists.py           terms, methods, accounts, tax codes, settings
document_pulls.py  one pull of a kind of document; mirroring.py stores them as they are there
taking_over.py     documents that are new become rows of ours, in bulk (taker.py); adopting.py joins those that are here already
following.py       a document that changed, and its row here
balances.py        invoices owe here what they owe there
history.py         the import of what was there before the CRM: rehearsed, then committed or dropped
creating.py        a contact becomes a customer, once
change_feed.py     one question for all that changed and was deleted; news.py: whether the answer tells anything new
merged_away.py     customers that were merged into others there, and what becomes of their contacts
runs.py            the record of each pull, and the lock that keeps two apart
"""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from contacts.models import Contact
from quickbooks_integration import arrivals, enriching, reconciling
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, SyncRun
from quickbooks_integration.reconciling import deciding
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import (
    base_pull,
    creating,
    document_pulls,
    history,
    products,
    pulling,
    reading,
    runs,
)

__all__ = ["PULLS", "QuickBooksSyncService", "kinds_to_pull", "start", "start_all", "start_one"]

# In the order in which they are pulled: what a document points to is there before it.
PULLS = {"customer": pulling.CustomerPull, "item": products.ItemPull, **document_pulls.PULLS}
UNEXPECTED = (
    "The sync stopped at an error in this program, not in QuickBooks. What it had stored is kept; the next sync goes on "
    "from there. If it happens again, send the time of this run to whoever maintains the CRM."
)


def start(
    auth: QuickBooksAuth, by: AbstractBaseUser | None = None, *, entity_type: str = "customer", **options: bool
) -> SyncRun:
    """Asks a worker for a pull of one kind and returns its row at once; pressing twice gives the same row.

    options: full, brake_released. A lost message is no harm: beat works off rows that wait.
    """
    from quickbooks_integration import tasks

    run, is_new = runs.request(auth, entity_type, by=by, **options)
    if is_new:
        tasks.ring(run)
    return run


def start_one(auth: QuickBooksAuth, entity_type: str, by: AbstractBaseUser) -> SyncRun:
    """As start, for a person who wants one kind alone. Raises runs.AlreadyRunning, and starts nothing, while a sync of
    any kind waits or runs; two that are pressed at the same moment are kept apart by the lock of their kind."""
    at_work = runs.at_work(auth)
    if at_work is not None:
        raise runs.AlreadyRunning(
            f"A sync of {at_work.get_entity_type_display().lower()}s is under way, so nothing was started. Wait for its end,"
            " which this page shows, and press again."
        )
    return start(auth, by, entity_type=entity_type)


def kinds_to_pull(auth: QuickBooksAuth) -> list[str]:
    """All kinds in their order; no documents before somebody asked for the history, nor after it was discarded."""
    documents_too = history.is_wanted(auth)
    return [kind for kind in PULLS if documents_too or kind not in document_pulls.PULLS]


def start_all(auth: QuickBooksAuth, by: AbstractBaseUser | None = None) -> list[SyncRun]:
    """Asks a worker for a pull of every kind, one after the other; returns their rows at once."""
    from quickbooks_integration import tasks

    asked = [runs.request(auth, kind, by=by) for kind in kinds_to_pull(auth)]
    tasks.ring_all([run for run, is_new in asked if is_new])
    return [run for run, _ in asked]


class QuickBooksSyncService:
    """The verbs between contacts and QuickBooks' customers, for one connected company."""

    def __init__(self, service: QuickBooksService | None = None) -> None:
        self.service = service or QuickBooksService.current()
        self.auth: QuickBooksAuth = self.service.auth

    def sync_customers(
        self,
        *,
        full: bool = False,
        brake_released: bool = False,
        dry_run: bool = False,
        by: AbstractBaseUser | None = None,
    ) -> dict[str, Any]:
        """Pulls what changed (all with full), then matches. Not inside a transaction.

        Returns {"read", "created", "updated", "unchanged", "conflict", "rejected", "api_calls", "state", "message"};
        state "done" is the only good one. Raises runs.AlreadyRunning.
        """
        return self._sync("customer", dry_run=dry_run, by=by, full=full, brake_released=brake_released)

    def sync_products(
        self,
        *,
        full: bool = False,
        brake_released: bool = False,
        dry_run: bool = False,
        by: AbstractBaseUser | None = None,
    ) -> dict[str, Any]:
        """Pulls the items that changed (all with full). As sync_customers in everything else."""
        return self._sync("item", dry_run=dry_run, by=by, full=full, brake_released=brake_released)

    def sync(
        self,
        entity_type: str,
        *,
        full: bool = False,
        brake_released: bool = False,
        dry_run: bool = False,
        by: AbstractBaseUser | None = None,
    ) -> dict[str, Any]:
        """Pulls one kind, a key of PULLS. As sync_customers in everything else."""
        return self._sync(entity_type, dry_run=dry_run, by=by, full=full, brake_released=brake_released)

    def _sync(self, entity_type: str, *, dry_run: bool, by: AbstractBaseUser | None, **options: bool) -> dict[str, Any]:
        if dry_run:
            run = SyncRun(company=self.auth, entity_type=entity_type, **options)
        else:
            run, is_new = runs.request(self.auth, entity_type, by=by, **options)
            if not is_new and run.state == SyncRun.State.RUNNING:
                raise runs.AlreadyRunning("A sync is already running. Its progress is on the connection page.")
        return self.execute(run, keep=not dry_run)

    def execute(self, run: SyncRun, *, keep: bool = True, told: reading.Told | None = None) -> dict[str, Any]:
        """Works off one run. keep=False is a dry run: the run has no row and nothing is written. told: by the change feed.

        Raises runs.AlreadyRunning.
        """
        if not keep:
            return self._pull(run, keep=False)
        with arrivals.by(run.way), runs.alone(run):
            runs.begin(run)
            try:
                message = self._work_off(run, told)
            except base_pull.BrakeApplied as brake:
                runs.report(run, full=run.full or brake.is_about_gone)
                runs.finish(run, SyncRun.State.STOPPED, str(brake))
            except QuickBooksError as error:
                runs.finish(run, SyncRun.State.FAILED, error.with_reference)
            except Exception:
                runs.finish(run, SyncRun.State.FAILED, UNEXPECTED)
                raise
            else:
                runs.finish(run, SyncRun.State.DONE, message)
        return self._summary(run)

    def _work_off(self, run: SyncRun, told: reading.Told | None) -> str:
        if run.entity_type == "customer":
            creating.settle(self.auth, self.service)
        return self._pull(run, keep=True, told=told)["message"]

    def _pull(self, run: SyncRun, *, keep: bool, told: reading.Told | None = None) -> dict[str, Any]:
        pull = PULLS[run.entity_type](self.auth, run, reading.Counted(self.service), keep=keep, told=told)
        run.message = pull.execute()
        return self._summary(run)

    @staticmethod
    def _summary(run: SyncRun) -> dict[str, Any]:
        columns = ("read", "created", "updated", "unchanged", "conflict", "rejected", "api_calls", "state", "message")
        return {column: getattr(run, column) for column in columns}

    def match_contact_to_customer(self, contact: Contact) -> dict[str, Any]:
        """Candidates of one contact with score and reasons, best first; writes nothing."""
        decisions = reconciling.propose(self.auth, contact)
        return {
            "contact": contact.pk,
            "candidates": [
                {
                    "quickbooks_customer_id": decision.customer,
                    "outcome": decision.outcome.value,
                    "score": decision.score,
                    "reasons": [reason.text for reason in decision.reasons],
                }
                for decision in decisions
            ],
        }

    def create_customer_from_contact(
        self, contact: Contact, *, name: str = "", looked: bool = False, by: AbstractBaseUser | None = None
    ) -> dict[str, Any]:
        """See creating.create_customer."""
        return creating.create_customer(self.auth, self.service, contact, name=name, looked=looked, by=by)

    def update_contact_from_customer(self, contact: Contact, qb_customer: QuickBooksCustomer) -> enriching.Applied:
        """See enriching.apply. Locks both, reads them anew and brings `contact` up to date. Inside a transaction or not.

        Raises reconciling.Settled if one of the two is gone.
        """
        with arrivals.noted(""), transaction.atomic():
            customer = deciding.lock_customer(qb_customer.pk)
            applied = enriching.apply(deciding.lock_contact(contact.pk), customer)
        contact.refresh_from_db()
        return applied

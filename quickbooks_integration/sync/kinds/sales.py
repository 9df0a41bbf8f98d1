"""What estimates and invoices have in common on their way."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from billing import summaries
from billing.models import Invoice, Quote
from quickbooks_integration.documents import reading, taking, writing
from quickbooks_integration.documents.facts import SalesFacts
from quickbooks_integration.documents.taking import Known
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import documents, keeping
from quickbooks_integration.sync.keeping import Kept
from quickbooks_integration.sync.kinds.base import Kind, NeedsCustomer, World

Row = TypeVar("Row", Quote, Invoice)
LINE_COLUMNS = ("position", "product", "description", "quantity", "unit_price", "line_total", "taxable", "is_odd",
                "quickbooks_line_id")  # fmt: skip
SUMS = ("subtotal", "discount_total", "tax_amount", "total_amount", "is_odd", "odd_reason")
CONTENT = ("discount_percent", "discount_amount", "tax_code_id", "tax_after_discount")


class SalesKind(Kind[Row], Generic[Row]):
    """Quotes and invoices: lines, one discount, tax."""

    columns: dict[str, tuple[str, ...]]  # of our row, by the field of the projection
    id_column: str

    def lines_of(self, row: Row) -> list[Any]:
        """In their order, read once for a locked row; their products too."""
        kept = getattr(row, "_lines_to_send", None)
        if kept is None:
            kept = list(self.line_rows(row).select_related("product").order_by("position", "pk"))
            row._lines_to_send = kept  # type: ignore[union-attr]
        return kept

    def forget_lines(self, row: Row) -> None:
        row._lines_to_send = None  # type: ignore[union-attr]

    def line_rows(self, row: Row) -> QuerySet[Any]:
        raise NotImplementedError

    def new_lines(self, facts: SalesFacts, known: Known) -> list[Any]:
        raise NotImplementedError

    def facts(self, document: Document, world: World) -> SalesFacts:
        return reading.sales_facts(document, world.names)

    def mirror(self, sync: QuickBooksSync, document: Document, world: World) -> None:
        facts = self.facts(document, world)
        documents.store(sync, facts.head, facts.balance, facts.status, self.theirs(document, world), document)

    def must_have_customer(self, row: Row, customer_id: str) -> None:
        if not customer_id and row.contact is not None:
            raise NeedsCustomer(row.contact)

    def says_same(self, name: str, sent: Any, theirs: Any) -> bool:
        """Intuit: a line without an item gets the company's usual one."""
        if name != "content" or not isinstance(theirs, dict) or len(sent["lines"]) != len(theirs["lines"]):
            return bool(sent == theirs)
        lines = [
            line if line["item"] else {**line, "item": there["item"]}
            for line, there in zip(sent["lines"], theirs["lines"], strict=True)
        ]
        return bool({**sent, "lines": lines} == theirs)

    def says_nothing(self, name: str, ours: Any) -> bool:
        return not any(ours.values()) if name == "content" else super().says_nothing(name, ours)

    def before(self, sync: QuickBooksSync) -> writing.Before | None:
        return writing.Before(sync.document.raw, sync.base_ours or {}) if sync.entity_id else None

    # --- Taking what they say ----------------------------------------------------------------

    def take_columns(self, row: Row, values: dict[str, Any], fields: Iterable[str]) -> list[str]:
        """Sets the columns of these fields. Does not save. Returns their names."""
        names = [name for field in fields for name in self.columns.get(field, ())]
        for name in names:
            setattr(row, name, values[name])
        return names

    def take_lines(self, row: Row, facts: SalesFacts, known: Known) -> None:
        """Our lines become theirs; a line that both know keeps its row, so that what points to it stays right."""
        ours = {line.quickbooks_line_id: line for line in self.lines_of(row) if line.quickbooks_line_id}
        new, changed = [], []
        for line in self.new_lines(facts, known):
            old = ours.pop(line.quickbooks_line_id, None)
            if old is None:
                new.append(line)
                continue
            for name in LINE_COLUMNS:
                column = "product_id" if name == "product" else name
                setattr(old, column, getattr(line, column))
            changed.append(old)
        rows = self.line_rows(row)
        rows.exclude(pk__in=[line.pk for line in changed]).delete()
        rows.model._default_manager.bulk_update(changed, LINE_COLUMNS)
        for line in new:
            self.attach(line, row)
        rows.model._default_manager.bulk_create(new)
        self.forget_lines(row)

    def attach(self, line: Any, row: Row) -> None:
        raise NotImplementedError

    def keep(self, row: Row, name: str) -> Kept:
        if name != "content":
            return {"columns": keeping.columns_of(row, self.columns[name])}
        lines = keeping.rows_of(self.line_rows(row))
        return {"columns": keeping.columns_of(row, (*self.columns[name], *SUMS)), "lines": lines}

    def put_back(self, row: Row, kept: Kept) -> None:
        former = row.contact_id
        names = keeping.put_columns(row, kept["columns"])
        if "lines" in kept:
            keeping.put_rows(self.line_rows(row), kept["lines"], unique="quickbooks_line_id")
            self.forget_lines(row)
            names += self.follow_total(row)
        row.save(update_fields=[*names, "updated_at"])
        self.moved(row, former)
        self.reckon(row)

    def follow_total(self, row: Row) -> list[str]:
        """Sets what the database holds against the total. Returns the columns."""
        return []

    def moved(self, row: Row, former: int | None) -> None:
        """It is another contact's now: the sums of both follow."""
        if row.contact_id != former:
            summaries.refresh([former, row.contact_id])

    def tell(self, row: Row, sentence: str, by: AbstractBaseUser | None) -> None:
        row.history.create(by=by, sentence=sentence)

    def take_sums(self, row: Row, values: dict[str, Any]) -> list[str]:
        for name in SUMS:
            setattr(row, name, values[name])
        return list(SUMS)

    def keep_line_ids(self, row: Row, sent: list[int], document: Document) -> None:
        ids = writing.line_ids(document)
        if len(ids) != len(sent):
            return  # QuickBooks made other lines of ours: the next comparison shows it
        wanted = dict(zip(sent, ids, strict=True))
        lines = [line for line in self.lines_of(row) if wanted.get(line.pk, "") != (line.quickbooks_line_id or "")]
        if not lines:
            return
        rows = self.line_rows(row)
        # In two steps: an id that moves from one line to another is never there twice.
        rows.filter(pk__in=[line.pk for line in lines]).update(quickbooks_line_id=None)
        for line in lines:
            line.quickbooks_line_id = wanted.get(line.pk)
        rows.model._default_manager.bulk_update(lines, ["quickbooks_line_id"])


def customer_of(sync: QuickBooksSync, row: Quote | Invoice | Any) -> str:
    """QuickBooks' id of the customer that a document is for; "" when its contact is none there yet.

    A document keeps the customer that it was written for as long as that one is its contact's: a contact may have
    several, and merging contacts bills nobody anew.
    """
    there = documents.customer_id(sync)
    if row.contact is None or (there and documents.is_customer_of(sync.company_id, there, row.contact_id)):
        return there
    return row.contact.quickbooks_customer_id or ""


def known_to(world: World, facts: SalesFacts, contact_id: int | None) -> Known:
    """Our keys for what one document points to; three queries. contact_id: see documents.known."""
    return documents.known(
        world.auth,
        customer_ids=[facts.head.customer_id],
        item_ids=[line.item_id for line in facts.lines],
        tax_code_ids=[facts.tax_code_id],
        contact_id=contact_id,
    )


def quickbooks_columns(values: dict[str, Any]) -> dict[str, Any]:
    """What is QuickBooks' alone, whatever is edited here."""
    return {name: values[name] for name in ("document_number", "quickbooks_sync_token", "customer_name")}


__all__ = ["CONTENT", "SalesKind", "customer_of", "known_to", "quickbooks_columns", "taking"]

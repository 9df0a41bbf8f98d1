"""What all documents with money share: dates, numbers, currency, closed books, deletion."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Day, Field, Number, Reference, Text
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.entities.numbering import settle_number
from quickbooks_integration.emulator.entities.shapes import CURRENCY, home_currency, in_order
from quickbooks_integration.emulator.errors import missing_parameter, refusal
from quickbooks_integration.emulator.query.grammar import Ordering

NEWEST_FIRST = (Ordering("MetaData.LastUpdatedTime", True),)
TRANSACTION_FIELDS: dict[str, Field] = {
    "TxnDate": Day(**QUERYABLE),
    "PrivateNote": Text(longest=4000),
    "CurrencyRef": CURRENCY,
    # Only companies with several currencies show a rate; others take what clients send and forget it.
    "ExchangeRate": Number(read_only=True),
    "HomeTotalAmt": Number(read_only=True),
    "HomeBalance": Number(read_only=True),
    "TxnSource": Text(read_only=True),
    "TransactionLocationType": Text(),
    "DepartmentRef": Reference(to="Department"),
    "TaxExemptionRef": Reference(read_only=True, plain=True),
    "RecurDataRef": Reference(read_only=True, plain=True),
    "AttachableRef": Text(read_only=True),
}


@dataclass
class TransactionKind(Kind):
    shape: tuple[str, ...] = ()  # order of keys in answers
    posting: bool = True  # changes the books, so that closed books refuse it
    numbers: str = ""  # the sequence of its document numbers
    needs: tuple[str, ...] = ()  # checked before any rule

    def __post_init__(self) -> None:
        self.is_list = False
        self.sequence = self.sequence or "transactions"
        self.order = NEWEST_FIRST
        self.fields = {**TRANSACTION_FIELDS, **self.fields}
        super().__post_init__()
        self.keeps = self.keeps | {"DocNumber", "CurrencyRef"}

    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        if customer := document.get("CustomerRef", {}).get("value"):
            yield ("documents of", customer)
        if number := document.get("DocNumber"):
            yield ("number", self.name, number)

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        return in_order(super().present(company, document, purpose), self.shape)

    # Writing

    def clean(self, company: Company, body: Document) -> Document:
        given = super().clean(company, body)
        if "DocNumber" in body and body["DocNumber"] is None:
            given.pop("DocNumber", None)  # null says nothing; "" says "without a number"
        return given

    def complete(self, draft: Draft) -> None:
        for name in self.needs:
            if name not in draft.fields:
                raise missing_parameter(name)
        draft.default("TxnDate", draft.company.clock.today().isoformat())
        self.refuse_closed(draft.company, draft.before, draft.fields)
        self._settle_currency(draft)
        self.settle(draft)
        draft.place.settle()
        if self.numbers:
            settle_number(draft, self.name, self.numbers)

    def settle(self, draft: Draft) -> None:
        """The rules of one kind of document."""

    def _settle_currency(self, draft: Draft) -> None:
        company, fields = draft.company, draft.fields
        home = home_currency(company)
        if not preferences.several_currencies(company):
            fields["CurrencyRef"] = home
            return
        customer = company.find("Customer", fields.get("CustomerRef", {}).get("value", "")) or {}
        currency = customer.get("CurrencyRef") or home
        if (fields.get("CurrencyRef") or currency)["value"] != currency["value"]:
            raise refusal(
                "6000",
                "Business Validation Error: The currency of the transaction is not that of the customer.",
                "CurrencyRef",
            )
        fields["CurrencyRef"] = currency
        draft.default("ExchangeRate", 1)

    # Taking away

    def delete(self, company: Company, before: Document, body: Document) -> Document:
        self.refuse_closed(company, before)
        self.undo(company, before)
        company.remove(self, before["Id"])
        return {"status": "Deleted", "domain": "QBO", "Id": before["Id"]}

    def undo(self, company: Company, before: Document) -> None:
        """Take back what the document did to others; it goes away."""

    def refuse_closed(self, company: Company, *documents: Document | None) -> None:
        """Nothing may be posted to closed books, nor changed or taken away there. Raises 6210."""
        closed = preferences.books_closed_on(company) if self.posting else None
        for document in documents:
            if closed and document and date.fromisoformat(document["TxnDate"]) <= closed:
                raise refusal(
                    "6210",
                    "The account period has closed and the account books cannot be updated through through the "
                    "QBO Services API",
                )

    # Loading

    def fill(self, company: Company, document: Document) -> Document:
        document.setdefault("TxnDate", str(document["MetaData"]["CreateTime"])[:10] if "MetaData" in document else "")
        if not document["TxnDate"]:
            document["TxnDate"] = company.clock.today().isoformat()
        return super().fill(company, document)


def voided_note(note: str | None) -> str:
    """Intuit: the note of a voided document starts with the word."""
    if note and note.startswith("Voided"):
        return note
    return f"Voided - {note}" if note else "Voided"

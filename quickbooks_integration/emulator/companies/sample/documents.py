"""Twelve years of estimates, invoices, credit memos and payments: who bought what, and how it was paid.

Here they are planned as small objects that refer to each other; forms.py writes them as entities.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random

from quickbooks_integration.emulator.companies.lists import TERMS, TaxRate
from quickbooks_integration.emulator.companies.sample import catalogue
from quickbooks_integration.emulator.companies.sample.books import YOUNGEST
from quickbooks_integration.emulator.companies.shapes import Entity, money

USUAL_INVOICES = 1_800
ESTIMATES_OF_USUAL = 1_200
UNAPPLIED_OF_USUAL = 10
LONGEST_OPEN = 130  # days
DISCOUNTS = (None,) * 22 + (Decimal(5), Decimal(10))
DAYS_OF_TERM = {str(number): days for number, _, days in TERMS}
RATES = {str(code.number): catalogue.TAX_RATES[code.rates[0] - 1] for code in catalogue.TAX_CODES}
SOLD = [row for row in catalogue.ITEMS if row.weight]
MAIN_WORK = [row for row in SOLD if row.weight >= 10]


@dataclass(frozen=True)
class Line:
    item: catalogue.Row
    quantity: Decimal
    price: Decimal
    taxed: bool

    @property
    def amount(self) -> Decimal:
        return money(self.quantity * self.price)


@dataclass(eq=False)
class Sale:
    """An estimate, an invoice or a credit memo."""

    kind: str
    customer: Entity
    day: date
    lines: tuple[Line, ...]
    discount_percent: Decimal | None = None
    status: str = "Pending"
    estimate: "Sale | None" = None
    invoice: "Sale | None" = None
    receipts: "list[Receipt]" = field(default_factory=list)
    voided: bool = False
    number: int = 0
    document: str = ""
    entered: str = ""

    @property
    def subtotal(self) -> Decimal:
        return sum((line.amount for line in self.lines), money(0))

    @property
    def discount(self) -> Decimal:
        return money(self.subtotal * (self.discount_percent or 0) / 100)

    @property
    def taxed(self) -> Decimal:
        return sum((line.amount for line in self.lines if line.taxed), money(0))

    @property
    def tax(self) -> Decimal:
        """Of the full amount, as QuickBooks does while ApplyTaxAfterDiscount is off."""
        rate = self.tax_rate
        return money(self.taxed * rate.percent / 100) if rate else money(0)

    @property
    def tax_rate(self) -> TaxRate | None:
        return RATES[self.customer["DefaultTaxCodeRef"]["value"]] if self.taxed else None

    @property
    def total(self) -> Decimal:
        return money(0) if self.voided else self.subtotal - self.discount + self.tax

    @property
    def balance(self) -> Decimal:
        return self.total - sum((receipt.part_of(self) for receipt in self.receipts), money(0))


@dataclass(eq=False)
class Receipt:
    """A payment: money that came in, or the link of a credit to an invoice."""

    customer: Entity
    day: date
    amount: Decimal
    parts: list[tuple[Sale, Decimal]]
    credit: Sale | None = None
    method: int | None = None
    check: str = ""
    number: int = 0
    entered: str = ""

    def part_of(self, sale: Sale) -> Decimal:
        return sum((part for target, part in self.parts if target is sale), money(0))

    @property
    def unapplied(self) -> Decimal:
        return money(0) if self.credit else self.amount - sum((part for _, part in self.parts), money(0))


@dataclass
class Plan:
    sales: list[Sale] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


def plan(customers: Sequence[Entity], invoices: int, rng: Random, today: date) -> Plan:
    """That many invoices, with estimates and payments in the usual proportion (1,800 to 1,200 to 2,500)."""
    office = _Office(customers, rng, today)
    if not office.open_for_business:
        return Plan()
    for cases, outcome in OUTCOMES:
        for _ in range(cases * invoices // USUAL_INVOICES):
            outcome(office)
    while office.count("Invoice") < invoices:
        paid(office)
    for _ in range(UNAPPLIED_OF_USUAL * invoices // USUAL_INVOICES):
        office.prepayment()
    _add_estimates(office, ESTIMATES_OF_USUAL * invoices // USUAL_INVOICES)
    return office.plan


class _Pool:
    """Customers to draw from; a firm buys as often as five home owners."""

    def __init__(self, rows: list[Entity]) -> None:
        self.rows = rows
        self.weights = list(accumulate(5 if "CompanyName" in row else 1 for row in rows))


class _Office:
    """Sells and takes money; knows the customers and what day it is."""

    def __init__(self, customers: Sequence[Entity], rng: Random, today: date) -> None:
        self.rng = rng
        self.plan = Plan()
        self.latest = today - timedelta(days=YOUNGEST)
        # Nobody sells to a customer on the day before the customer is made.
        known = [row for row in customers if _created(row) < self.latest]
        self._all = _Pool(known)
        self._active = _Pool([row for row in known if row["Active"]])
        self._counts: dict[str, int] = {}

    @property
    def open_for_business(self) -> bool:
        return bool(self._active.rows)

    def count(self, kind: str) -> int:
        return self._counts.get(kind, 0)

    def sell(self, kind: str, customer: Entity, day: date) -> Sale:
        sale = Sale(kind, customer, day, self._lines(customer), self.rng.choice(DISCOUNTS))
        return self.keep(sale)

    def keep(self, sale: Sale) -> Sale:
        self.plan.sales.append(sale)
        self._counts[sale.kind] = self.count(sale.kind) + 1
        return sale

    def take(self, sale: Sale, day: date, amount: Decimal) -> Receipt:
        return self.take_for(sale.customer, day, amount, [(sale, amount)])

    def take_for(self, customer: Entity, day: date, amount: Decimal, parts: list[tuple[Sale, Decimal]]) -> Receipt:
        method = self.rng.choice((1, 2, 2, 2, 3, 4))
        check = str(self.rng.randint(101, 9_999)) if method == 2 else ""
        receipt = Receipt(customer, day, amount, parts, method=method, check=check)
        return self.file(receipt)

    def file(self, receipt: Receipt) -> Receipt:
        self.plan.receipts.append(receipt)
        for sale, _ in receipt.parts:
            sale.receipts.append(receipt)
        if receipt.credit:
            receipt.credit.receipts.append(receipt)
        return receipt

    def prepayment(self) -> Receipt:
        """A deposit for a job that has no invoice yet: it stays unapplied and makes the balance negative."""
        customer = self.buyer(active=True)
        return self.take_for(customer, self.recent_day(customer), money(self.rng.choice((250, 500, 750))), [])

    def buyer(self, *, active: bool) -> Entity:
        pool = self._active if active else self._all
        return self.rng.choices(pool.rows, cum_weights=pool.weights)[0]

    def recent_day(self, customer: Entity) -> date:
        age = timedelta(days=self.rng.randrange(LONGEST_OPEN))
        return max(self.latest - age, _created(customer) + timedelta(days=1))

    def any_day(self, customer: Entity) -> date:
        """Home owners buy soon after they are entered, firms again and again."""
        first = _created(customer) + timedelta(days=1)
        room = (self.latest - first).days
        usual = self.rng.randint(0, room) if "CompanyName" in customer else int(self.rng.expovariate(1 / 60))
        return first + timedelta(days=min(usual, room))

    def days_later(self, day: date, usual: int) -> date:
        return min(day + timedelta(days=int(self.rng.expovariate(1 / usual))), self.latest)

    def days_earlier(self, sale: Sale) -> date:
        earlier = sale.day - timedelta(days=self.rng.randint(2, 40))
        return max(earlier, _created(sale.customer) + timedelta(days=1))

    def _lines(self, customer: Entity) -> tuple[Line, ...]:
        rows = [self.rng.choices(MAIN_WORK, [row.weight for row in MAIN_WORK])[0]]
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 3))):
            rows.append(self.rng.choices(SOLD, [row.weight for row in SOLD])[0])
        return tuple(self._line(row, customer) for row in rows)

    def _line(self, row: catalogue.Row, customer: Entity) -> Line:
        price = Decimal(row.price)
        if self.rng.random() < 0.2:  # prices are judgement
            price = (price * self.rng.choice((85, 90, 95, 110, 125)) / 100).quantize(Decimal("0.001"))
        quantity = Decimal(self.rng.choice(row.quantities))
        return Line(row, quantity, price, row.taxable and customer["Taxable"])


def _created(customer: Entity) -> date:
    return date.fromisoformat(customer["MetaData"]["CreateTime"][:10])


def paid(office: _Office) -> None:
    sale = _settled(office)
    office.take(sale, office.days_later(sale.day, 18), sale.total)


def paid_in_two(office: _Office) -> None:
    """A deposit in whole dollars, then the rest."""
    sale = _settled(office)
    deposit = money(int(sale.total / office.rng.choice((2, 3))))
    office.take(sale, sale.day, deposit)
    office.take(sale, office.days_later(sale.day, 25), sale.total - deposit)


def two_on_one_check(office: _Office) -> None:
    customer = office.buyer(active=True)
    day = office.any_day(customer)
    sales = [office.sell("Invoice", customer, day) for _ in range(2)]
    total = sum((sale.total for sale in sales), money(0))
    office.take_for(customer, office.days_later(day, 30), total, [(sale, sale.total) for sale in sales])


def unpaid(office: _Office) -> None:
    customer = office.buyer(active=True)
    office.sell("Invoice", customer, office.recent_day(customer))


def partly_paid(office: _Office) -> None:
    customer = office.buyer(active=True)
    sale = office.sell("Invoice", customer, office.recent_day(customer))
    office.take(sale, office.days_later(sale.day, 5), money(int(sale.total / 3)))


def credited(office: _Office) -> None:
    """Cleared by a credit memo: QuickBooks links the two with a payment of nothing."""
    sale = _settled(office)
    memo = office.keep(Sale("CreditMemo", sale.customer, sale.day, sale.lines, sale.discount_percent))
    office.file(Receipt(sale.customer, sale.day, money(0), [(sale, sale.total)], credit=memo))


def credit_left_over(office: _Office) -> None:
    """An invoice that was paid, and a small credit afterwards that nobody has used."""
    customer = office.buyer(active=True)
    sale = office.sell("Invoice", customer, office.recent_day(customer))
    office.take(sale, sale.day, sale.total)
    line = Line(next(row for row in SOLD if row.name == "DISPOSAL"), Decimal(1), Decimal(125), taxed=False)
    office.keep(Sale("CreditMemo", customer, sale.day, (line,)))


def voided(office: _Office) -> None:
    _settled(office).voided = True


def _settled(office: _Office) -> Sale:
    customer = office.buyer(active=False)
    return office.sell("Invoice", customer, office.any_day(customer))


# Of 1,800 invoices. The rest is paid at once; together that makes 2,500 payments.
OUTCOMES: tuple[tuple[int, Callable[[_Office], None]], ...] = (
    (8, voided),
    (40, unpaid),
    (20, partly_paid),
    (6, credited),
    (6, credit_left_over),
    (15, two_on_one_check),
    (753, paid_in_two),
)
# Of 1,200 estimates, those without an invoice and whether they are new; the rest has one.
WITHOUT_INVOICE = ((25, "Pending", True), (12, "Accepted", True), (150, "Pending", False), (130, "Rejected", False))


def _add_estimates(office: _Office, wanted: int) -> None:
    for cases, status, new in WITHOUT_INVOICE:
        for _ in range(cases * wanted // ESTIMATES_OF_USUAL):
            customer = office.buyer(active=True)
            day = office.recent_day(customer) if new else office.any_day(customer)
            office.sell("Estimate", customer, day).status = status
    invoices = [sale for sale in office.plan.sales if sale.kind == "Invoice" and not sale.voided]
    for invoice in office.rng.sample(invoices, wanted - office.count("Estimate")):
        _estimate_before(office, invoice)


def _estimate_before(office: _Office, invoice: Sale) -> None:
    """What the invoice was made from: the same, except that one in twenty grew on the way."""
    lines = invoice.lines[:-1] if len(invoice.lines) > 1 and office.rng.random() < 0.05 else invoice.lines
    day = office.days_earlier(invoice)
    estimate = Sale("Estimate", invoice.customer, day, lines, invoice.discount_percent, status="Closed")
    estimate.invoice, invoice.estimate = invoice, estimate
    office.keep(estimate)

"""The cards of the page Business. What counts is billing's; here it becomes words, bars and links."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode

from attackacrack.business.tables import Card, Row, YearBar, Years, cells, money, percent
from attackacrack.first_page import links
from attackacrack.first_page.charts import Bar, Chart, ages, short, sizes
from attackacrack.first_page.money import Seen
from billing import aging, estimates, figures, takings
from billing.models import CreditMemo, Invoice, Quote
from billing.money import dollars
from billing.reports import conversion, customers, sales
from billing.reports.conversion import Part, Share
from billing.reports.sales import Category, Jobs, Sales, Sold
from billing.takings import ZERO, Span

YEARS = 5
DRAWN_YEARS = 3
DRAWN_PRODUCTS = 10
MOST_PRODUCTS = 40
BEST = 20
PRODUCT_COLUMNS = ("Invoiced", "Share")
CONVERSION_COLUMNS = ("Went out", *conversion.OUTCOMES.values(), "Approved of all")
JOB_COLUMNS = ("Jobs", "Came to", "Average")
CUSTOMER_COLUMNS = ("Since", "Invoiced", "Credited", "Value")
OPEN_COLUMNS = ("Number", "Dollars")


# --- What was sold --------------------------------------------------------------------------------


def sold(today: date, year: int | None, *, with_all: bool) -> list[Card]:
    """By product and by category. Two queries."""
    span = _chosen(today, year)
    found = sales.by_product(span)
    nothing = "" if found.invoices else "Nothing was invoiced in this time."
    return [
        replace(card, choices=_choices(today, year), nothing=nothing)
        for card in (_by_product(found, span, year, with_all=with_all), _by_category(found, span))
    ]


def _by_product(found: Sales, span: Span, year: int | None, *, with_all: bool) -> Card:
    shown = len(found.sold) if with_all else MOST_PRODUCTS
    rows = [_sold_row(one, found.total, span) for one in found.sold[:shown]]
    if rest := found.sold[shown:]:
        page = f"?{urlencode({'all': 'yes'} | ({'year': year} if year else {}))}"
        rows.append(_sold(f"{len(rest):,} more products", sum((one.total for one in rest), ZERO), found.total, page))
    return Card(
        "Revenue by product",
        "Lines of invoices and sales receipts that are out, by product. Credits are not taken off. A deposit has no product,"
        " and the final invoice takes it off again.",
        "Product", PRODUCT_COLUMNS, [*rows, *_whole(found, span)], Chart("", "bars", _sold_bars(found.sold, span)),
    )  # fmt: skip


def _whole(found: Sales, span: Span) -> list[Row]:
    """What the lines leave out, and the sum of all."""
    page, meaning = links.rows(Invoice, "beside-lines", span), "What documents hold beside their lines."
    beside = [_sold("Tax, less discounts", found.beside, found.total, page, meaning)] if found.beside else []
    whole = cells(PRODUCT_COLUMNS, (dollars(found.total), links.rows(Invoice, "invoiced", span)), ("", ""))
    return [*beside, Row(f"Invoiced ({found.invoices:,})", whole, is_sum=True)]


def _by_category(found: Sales, span: Span) -> Card:
    groups = sales.by_category(found.sold)
    rows = [_category_row(one, found.total, span) for one in groups]
    rows += [_sold_row(one, found.total, span) for one in found.sold if one.product is None]
    shown = [one for one in groups if one.total > 0][:DRAWN_PRODUCTS]
    bars = [
        Bar(_category(one), "", dollars(one.total), short(one.total), size,
            links.rows(Invoice, figures.category(one.name), span))
        for one, size in zip(shown, sizes([one.total for one in shown]), strict=True)
    ]  # fmt: skip
    meaning = "The same lines by the categories that QuickBooks groups its products in, as they are today."
    return Card("Revenue by category", meaning, "Category", PRODUCT_COLUMNS, [*rows, *_whole(found, span)],
                Chart("", "bars", bars))  # fmt: skip


def _category_row(one: Category, total: Decimal, span: Span) -> Row:
    page = links.rows(Invoice, figures.category(one.name), span)
    return _sold(_category(one), one.total, total, page, ", ".join(one.below))


def _category(one: Category) -> str:
    return one.name or "Products without a category"


def _chosen(today: date, year: int | None) -> Span:
    if year is None:
        return Span(takings.months(today)[1].first, today)
    return Span(date(year, 1, 1), min(date(year, 12, 31), today))


def _choices(today: date, year: int | None) -> list[tuple[str, str, bool]]:
    years = range(today.year, today.year - YEARS, -1)
    return [("Last 12 months", "?", year is None), *((str(one), f"?year={one}", one == year) for one in years)]


def _sold_row(sold: Sold, total: Decimal, span: Span) -> Row:
    page = links.rows(Invoice, figures.product(sold.product), span)
    return _sold(_product(sold), sold.total, total, page, sold.category)


def _sold(label: str, amount: Decimal, total: Decimal, page: str, meaning: str = "") -> Row:
    share = percent(amount * 100 / total) if total else "-"
    return Row(label, cells(PRODUCT_COLUMNS, (dollars(amount), page), (share, "")), meaning=meaning)


def _product(sold: Sold) -> str:
    return "Without a product" if sold.product is None else sold.name


def _sold_bars(sold: Sequence[Sold], span: Span) -> list[Bar]:
    shown = [one for one in sold if one.total > 0][:DRAWN_PRODUCTS]
    amounts = [one.total for one in shown]
    return [
        Bar(_product(one), one.category, dollars(one.total), short(one.total), size,
            links.rows(Invoice, figures.product(one.product), span))
        for one, size in zip(shown, sizes(amounts), strict=True)
    ]  # fmt: skip


# --- What became of quotes ------------------------------------------------------------------------


def conversion_cards(today: date) -> list[Card]:
    """By month and by size. One query."""
    months = takings.months(today)
    whole = Span(months[0].first, today)
    found = conversion.parts(whole)
    by_month = [(f"{month.first:%b %Y}", month, "", [part for part in found if part.month == month.first])
                for month in months]  # fmt: skip
    by_size = [(label, whole, size, [part for part in found if part.size == size])
               for size, (label, _, _) in conversion.SIZES.items()]  # fmt: skip
    meaning = (
        "Quotes by the day on which they were sent; one that was answered without a noted sending counts on its own date."
        " Approved also holds what is invoiced. The rate is approved of all that went out, by number: it rises while"
        " answers come in."
    )
    return [
        Card("Quotes by month sent", meaning, "Month", CONVERSION_COLUMNS,
             [_conversion_row(*one) for one in reversed(by_month)],
             Chart("Approved of all that went out", "columns", [_rate_bar(*one) for one in by_month])),
        Card("Quotes by size", "The same quotes of the last 13 months, by their total.", "Size", CONVERSION_COLUMNS,
             [_conversion_row(*one) for one in by_size],
             Chart("Approved of all that went out", "bars", [_rate_bar(*one) for one in by_size])),
    ]  # fmt: skip


def _conversion_row(label: str, span: Span, size: str, parts: Sequence[Part]) -> Row:
    whole, approved = Share.of(parts), Share.of(parts, "approved")
    shares = [("", whole), *((outcome, Share.of(parts, outcome)) for outcome in conversion.OUTCOMES)]
    found = [
        (f"{share.number:,}", links.rows(Quote, figures.went_out(span, size, outcome)), dollars(share.total))
        for outcome, share in shares
    ]
    return Row(label, cells(CONVERSION_COLUMNS, *found, (percent(whole.rate(approved)), "")))


def _rate_bar(label: str, span: Span, size: str, parts: Sequence[Part]) -> Bar:
    whole, approved = Share.of(parts), Share.of(parts, "approved")
    rate = whole.rate(approved)
    page = links.rows(Quote, figures.went_out(span, size, "approved"))
    name = label if size else date_format(span.first, "M")
    title = f"{approved.number:,} of {whole.number:,}" if size else label
    return Bar(name, title, percent(rate), f"{rate:.0f}%" if rate is not None else "", f"{rate or 0:.1f}", page)


# --- Seasons --------------------------------------------------------------------------------------


def seasons(today: date) -> Card:
    """Two queries."""
    first = date(today.year - YEARS + 1, 1, 1)
    invoiced, credited = sales.invoiced_by_month(first, today), sales.credited_by_month(first, today)
    known = {month.year for month in (*invoiced, *credited)} | {today.year}
    years = [year for year in range(first.year, today.year + 1) if year >= min(known)]
    columns = [str(year) for year in years]
    rows = [_season_row(number, years, columns, invoiced, today) for number in range(1, 13)]
    for label, model, figure, by_month in (("Invoiced", Invoice, "invoiced", invoiced),
                                           ("Credited", CreditMemo, "credited", credited)):  # fmt: skip
        sums = [(dollars(_of_year(by_month, year)), links.rows(model, figure, _chosen(today, year))) for year in years]
        rows.append(Row(label, cells(columns, *sums), is_sum=True))
    drawn = years[-DRAWN_YEARS:]
    return Card(
        "Seasons",
        "What was invoiced in each calendar month, this year up to today. Credit memos and refunds stand below, not taken off.",
        "Month", columns, rows, seasons=_drawn(drawn, invoiced),
        legend=[(tone, str(year)) for tone, year in enumerate(drawn)],
    )  # fmt: skip


def _season_row(
    number: int, years: Sequence[int], columns: Sequence[str], invoiced: Mapping[date, Decimal], today: date
) -> Row:
    found = []
    for year in years:
        first = date(year, number, 1)
        span = Span(first, min(_last_of(first), today))
        page = links.rows(Invoice, "invoiced", span)
        found.append((dollars(invoiced.get(first, ZERO)), page) if first <= today else ("", ""))
    return Row(date_format(date(2000, number, 1), "F"), cells(columns, *found))


def _last_of(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _of_year(by_month: Mapping[date, Decimal], year: int) -> Decimal:
    return sum((amount for month, amount in by_month.items() if month.year == year), ZERO)


def _drawn(years: Sequence[int], invoiced: Mapping[date, Decimal]) -> list[Years]:
    longest = max(
        (invoiced.get(date(year, number, 1), ZERO) for year in years for number in range(1, 13)), default=ZERO
    )
    width = 100 / len(years)
    drawn = []
    for number in range(1, 13):
        amounts = [invoiced.get(date(year, number, 1), ZERO) for year in years]
        heights = [float(amount / longest * 100) if longest else 0.0 for amount in amounts]
        bars = [YearBar(f"{tone * width:.1f}", f"{100 - height:.1f}", f"{height:.1f}", tone)
                for tone, height in enumerate(heights)]  # fmt: skip
        said = ", ".join(f"{year} {dollars(amount)}" for year, amount in zip(years, amounts, strict=True))
        month = date(2000, number, 1)
        drawn.append(Years(date_format(month, "M"), f"{date_format(month, 'F')}: {said}", f"{width:.1f}", bars))
    return drawn


# --- Jobs -----------------------------------------------------------------------------------------


def jobs(today: date) -> Card:
    """One query."""
    months = takings.months(today)
    by_month = sales.jobs_by_month(months[0].first, today)
    found = [(month, by_month.get(month.first, Jobs(0, ZERO))) for month in months]
    amounts = [one.average or ZERO for _, one in found]
    bars = [
        Bar(date_format(month.first, "M"), f"{month.first:%b %Y}", money(one.average), short(amount), size,
            links.rows(Invoice, "jobs", month))
        for (month, one), amount, size in zip(found, amounts, sizes(amounts), strict=True)
    ]  # fmt: skip
    return Card(
        "Average job", "What a billed job came to, its deposits included, by the month of its final invoice.", "Month",
        JOB_COLUMNS, [_job_row(month, one) for month, one in reversed(found)], Chart("", "columns", bars),
    )  # fmt: skip


def _job_row(month: Span, found: Jobs) -> Row:
    page = links.rows(Invoice, "jobs", month)
    texts = (f"{found.number:,}", dollars(found.total), money(found.average))
    return Row(f"{month.first:%b %Y}", cells(JOB_COLUMNS, *((text, page) for text in texts)))


# --- Customers ------------------------------------------------------------------------------------


def lifetime() -> Card:
    """Six queries."""
    found = customers.lifetime(BEST)
    amounts = [one.value for one in found.best]
    bars = [
        Bar(str(one.contact), "", dollars(one.value), short(one.value), size, _contact(one))
        for one, size in zip(found.best[:DRAWN_PRODUCTS], sizes(amounts), strict=False)
    ]
    everybody = f"{reverse('admin:contacts_contact_changelist')}?bought=yes"
    average = f"{found.number:,} customers" if found.number != 1 else "1 customer"
    rows = [_customer_row(one) for one in found.best]
    rows.append(Row("All customers", cells(CUSTOMER_COLUMNS, (average, everybody), ("", ""), ("", ""),
                                           (dollars(found.total), everybody)), is_sum=True))  # fmt: skip
    rows.append(Row("On average", cells(CUSTOMER_COLUMNS, ("", ""), ("", ""), ("", ""),
                                        (money(found.average), everybody)), is_sum=True))  # fmt: skip
    return Card(
        "Customer lifetime value",
        f"What a customer was invoiced in all the years, less credits; the best {BEST}. Documents that belong to no contact"
        " here are not in it.",
        "Customer", CUSTOMER_COLUMNS, rows, Chart("", "bars", bars),
    )  # fmt: skip


def _customer_row(found: customers.Customer) -> Row:
    since = date_format(found.since, "M Y") if found.since else "-"
    return Row(
        str(found.contact),
        cells(CUSTOMER_COLUMNS, (since, ""), (dollars(found.invoiced), _of_contact(Invoice, "invoiced", found)),
              (dollars(found.credited), _of_contact(CreditMemo, "credited", found)),
              (dollars(found.value), _contact(found))),
        _contact(found),
    )  # fmt: skip


def _contact(found: customers.Customer) -> str:
    return links.change(found.contact)


def _of_contact(model: type[Invoice] | type[CreditMemo], figure: str, found: customers.Customer) -> str:
    return f"{links.rows(model, figure)}&contact={found.contact.pk}"


# --- What is open ---------------------------------------------------------------------------------


def open_estimates() -> Card:
    """One query."""
    steps = [step for step in estimates.pipeline() if step.name in (*Quote.WAITING, "expired")]
    amounts = [step.total for step in steps]
    bars = [
        Bar(step.label, f"{step.number:,}", dollars(step.total), short(step.total), size, links.rows(Quote, step.name))
        for step, size in zip(steps, sizes(amounts), strict=True)
    ]
    rows = [_open_row(step.label, step.number, step.total, links.rows(Quote, step.name)) for step in steps]
    waiting = [step for step in steps if step.name in Quote.WAITING]
    number, total = sum(step.number for step in waiting), sum((step.total for step in waiting), ZERO)
    rows.append(_open_row("Open: ready and sent", number, total, links.rows(Quote, "open"), is_sum=True))
    meaning = "Quotes that wait for the customer's answer, and beside them those that expired without one."
    return Card("Open estimates", meaning, "Status", OPEN_COLUMNS, rows, Chart("", "bars", bars))


def payment_aging() -> Card:
    """One query."""
    buckets = aging.buckets()
    rows = [_open_row(one.label, one.number, one.total, links.rows(Invoice, one.name)) for one in buckets]
    number, total = sum(one.number for one in buckets), sum((one.total for one in buckets), ZERO)
    rows.append(_open_row("Outstanding", number, total, links.rows(Invoice, "owed"), is_sum=True))
    meaning = "What is left to pay of invoices, by how late it is today; unused credits are not taken off."
    return Card("Payment aging", meaning, "Age", OPEN_COLUMNS, rows, Chart("", "bars", ages(Seen(buckets=buckets))))


def _open_row(label: str, number: int, total: Decimal, page: str, *, is_sum: bool = False) -> Row:
    return Row(label, cells(OPEN_COLUMNS, (f"{number:,}", page), (dollars(total), page)), is_sum=is_sum)

"""A US company on its first day: settings and default lists, no customers, nothing sold."""

from datetime import date, timedelta

from quickbooks_integration.emulator.companies import lists
from quickbooks_integration.emulator.companies.settings import Business, company_info, preferences
from quickbooks_integration.emulator.companies.shapes import Company


def build(seed: int, today: date) -> Company:
    """A company that was opened the day before `today`. The seed changes nothing: there is nothing random in it."""
    opened = today - timedelta(days=1)  # so that the emulator's clock is past every time in its books
    business = Business(
        name="New Company",
        street="1 Main St.",
        city="Quincy",
        state="MA",
        postal_code="02169",
        phone="(617) 555-0100",
        email="office@example.com",
        web="http://www.example.com",
        industry="Construction",
        time_zone="America/New_York",
        started=opened,
    )
    return {
        "CompanyInfo": [company_info(business)],
        "Preferences": [preferences(opened, tax_code=None)],
        "Account": lists.accounts(lists.STARTING_ACCOUNTS, opened),
        "Term": lists.terms(opened),
        "PaymentMethod": lists.payment_methods(opened),
        "TaxCode": lists.tax_codes((), opened),
        "TaxRate": [],
        "TaxAgency": [],
        "Item": lists.starting_items(opened),
        "Customer": [],
        "Vendor": [],
        "Employee": [],
        "Estimate": [],
        "Invoice": [],
        "Payment": [],
        "CreditMemo": [],
        "Deposit": [],
    }

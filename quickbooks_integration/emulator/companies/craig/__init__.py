"""Intuit's US sample company, "Craig's Design and Landscaping Services", on the day it is made.

The facts are those of recorded answers. Where they are silent (dates of single documents, the employees' names) a
plausible value stands in, and where they do not add up they are kept as they were recorded.
"""

from datetime import date, timedelta

from quickbooks_integration.emulator.companies import lists
from quickbooks_integration.emulator.companies.craig import catalogue, names, sales
from quickbooks_integration.emulator.companies.settings import Business, company_info, preferences
from quickbooks_integration.emulator.companies.shapes import AddressBook, Company

AGE_IN_DAYS = 106
FIRST_TRANSACTION_ADDRESS = 100
# Recorded: later documents than those seen exist (bills, expenses), so the next ids are higher than one would count.
NEXT_IDS = {"names": 58, "transactions": 145, "Item": 19}


def build(seed: int, today: date) -> Company:
    """The company with its documents dated from 106 days before `today` until `today`. The seed changes nothing."""
    opened = today - timedelta(days=AGE_IN_DAYS)
    company: Company = {
        "CompanyInfo": [company_info(_business(opened))],
        "Preferences": [preferences(opened, tax_code=catalogue.CALIFORNIA, custom_field="Crew #")],
        "Account": lists.accounts(catalogue.ACCOUNTS, opened),
        "Term": lists.terms(opened),
        "PaymentMethod": lists.payment_methods(opened),
        "TaxCode": lists.tax_codes(catalogue.TAX_CODES, opened),
        "TaxRate": lists.tax_rates(catalogue.TAX_RATES, opened),
        "TaxAgency": lists.tax_agencies(catalogue.TAX_AGENCIES, opened),
        "Item": catalogue.items(opened),
        "Customer": names.customers(AddressBook(first=2), opened),
        "Vendor": names.vendors(opened),
        "Employee": names.employees(opened),
    }
    company |= sales.documents(company, AddressBook(FIRST_TRANSACTION_ADDRESS), today)
    names.touch_by_documents(company)
    sales.set_account_balances(company)
    return company


def _business(opened: date) -> Business:
    return Business(
        name="Craig's Design and Landscaping Services",
        street="123 Sierra Way",
        city="San Pablo",
        state="CA",
        postal_code="87999",
        phone="(650) 555-0100",
        email="noreply@quickbooks.com",
        web="",
        industry="Landscaping Services",
        time_zone="America/Los_Angeles",
        started=opened,
    )

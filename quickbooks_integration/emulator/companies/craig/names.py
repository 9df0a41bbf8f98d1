"""The customers, vendors and employees of the sample company, typos included."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from quickbooks_integration.emulator.companies.shapes import (
    DOLLAR,
    AddressBook,
    Company,
    Entity,
    email,
    money,
    pacific,
    phone,
    present,
    reference,
    stamped,
    web,
)


class Row(NamedTuple):
    number: int
    name: str
    given: str
    family: str
    phone: str
    email: str
    street: str
    city: str
    state: str
    postal_code: str
    balance: str = "0"
    with_jobs: str | None = None
    parent: int | None = None
    tax_code: int | None = None
    company: str | None = None  # None: the display name is the company's
    mobile: str = ""
    fax: str = ""
    web: str = ""


_PERSON = ""
_SPORTS, _SPORTS_MOBILE, _SPORTS_FAX = "Freeman Sporting Goods", "(973) 555-8849", "(520) 555-7894"
_SPORTS_WEB = "http://sportinggoods.intuit.com"

# fmt: off
CUSTOMERS = (
    Row(1, "Amy's Bird Sanctuary", "Amy", "Lauterbach", "(650) 555-3311", "Birds@Intuit.com",
        "4581 Finch St.", "Bayshore", "CA", "94326", "239.00", tax_code=2),
    Row(2, "Bill's Windsurf Shop", "Bill", "Lucchini", "(415) 444-6538", "Surf@Intuit.com",
        "12 Ocean Dr.", "Half Moon Bay", "CA", "94213", "85.00"),
    Row(3, "Cool Cars", "Grace", "Pariente", "(415) 555-9933", "Cool_Cars@intuit.com",
        "65 Ocean Dr.", "Half Moon Bay", "CA", "94213"),
    Row(4, "Diego Rodriguez", "Diego", "Rodriguez", "(650) 555-4477", "Diego@Rodriguez.com",
        "321 Channing", "Palo Alto", "CA", "94303", company=_PERSON),
    Row(5, "Dukes Basketball Camp", "Peter", "Dukes", "(520) 420-5638", "Dukes_bball@intuit.com",
        "25 Court St.", "Tucson", "AZ", "85719", tax_code=3),
    Row(6, "Dylan Sollfrank", "Dylan", "Sollfrank", "", "", "", "", "", "", company=_PERSON),
    Row(7, "Freeman Sporting Goods", "Kirby", "Freeman", "(650) 555-0987", "Sporting_goods@intuit.com",
        "370 Easy St.", "Middlefield", "CA", "94482", with_jobs="562.50", company=_SPORTS,
        mobile=_SPORTS_MOBILE, fax=_SPORTS_FAX, web=_SPORTS_WEB),
    Row(8, "0969 Ocean View Road", "Sasha", "Tillou", "(415) 555-9933", "Sporting_goods@intuit.com",
        "370 Easy St.", "Middlefield", "CA", "94482", "477.50", parent=7, company=_SPORTS,
        mobile=_SPORTS_MOBILE, fax=_SPORTS_FAX, web=_SPORTS_WEB),
    Row(9, "55 Twin Lane", "Amelia", "", "(650) 555-0987", "Sporting_goods@intuit.com",
        "370 Easy St.", "Middlefield", "CA", "94482", "85.00", parent=7, company=_SPORTS,
        mobile=_SPORTS_MOBILE, fax=_SPORTS_FAX, web=_SPORTS_WEB),
    Row(10, "Geeta Kalapatapu", "Geeta", "Kalapatapu", "(650) 555-0022", "Geeta@Kalapatapu.com",
        "1987 Main St.", "Middlefield", "CA", "94303", "629.10", company=_PERSON),
    Row(11, "Gevelber Photography", "Lisa", "Gevelber", "(415) 222-4345", "Photography@intuit.com",
        "1045 Main St.", "Half Moon Bay", "CA", "94213", web="http://gevelberphotography.intuit.com"),
    Row(12, "Jeff's Jalopies", "Jeff", "Chin", "(650) 555-8989", "Jalopies@intuit.com",
        "12 Willow Rd.", "Menlo Park", "CA", "94305", "81.00"),
    Row(13, "John Melton", "John", "Melton", "(650) 555-5879", "John@Melton.com",
        "85 Pine St.", "Menlo Park", "CA", "94304", "450.00", company=_PERSON),
    Row(14, "Kate Whelan", "Kate", "Whelan", "(650) 554-8822", "Kate@Whelan.com",
        "45 First St.", "Menlo Park", "CA", "94304", company=_PERSON),
    Row(15, "Pye's Cakes", "Karen", "Pye", "(973) 555-4652", "pyescakes@intuit.com",
        "350 Mountain View Dr.", "South Orange", "NJ", "07079", mobile="(973) 555-2234",
        web="http://pyescakes.intuit.com"),
    Row(16, "Kookies by Kathy", "Kathy", "Kuplis", "(650) 555-7896", "qbwebsamplecompany@yahoo.com",
        "789 Sugar Lane", "Middlefield", "CA", "94303", "75.00"),
    Row(17, "Mark Cho", "Mark", "Cho", "(650) 554-1479", "Mark@Cho.com",
        "36 Willow Rd", "Menlo Park", "CA", "94304", "314.28", company=_PERSON),
    Row(18, "Paulsen Medical Supplies", "Kathy", "Paulsen", "(650) 557-4569", "Medical@intuit.com",
        "900 Main St.", "Middlefield", "CA", "94303", "954.75"),
    Row(19, "Rago Travel Agency", "Jeff", "Rago", "(650) 555-1596", "Rago_Travel@intuit.com",
        "753 Cedar St.", "Bayshore", "CA", "94326"),
    Row(20, "Red Rock Diner", "Stephanie", "Martini", "(650) 555-4973", "qbwebsamplecompany@yahoo.com",
        "500 Red Rock Rd.", "Bayshore", "CA", "94326", "226.00"),
    Row(21, "Rondonuwu Fruit and Vegi", "Rondonuwu", "and Vegi", "(650) 555-2645", "Tony@Rondonuwu.com",
        "847 California Ave.", "San Jose", "CA", "95021", "78.60"),
    Row(22, "Shara Barnett", "Shara", "Barnett", "(650) 555-4563", "Shara@Barnett.com",
        "77 University", "Palo Alto", "CA", "94303", with_jobs="274.50", company=_PERSON),
    Row(23, "Barnett Design", "Shara", "Barnett", "(650) 557-1289", "Design@intuit.com",
        "19 Main St.", "Middlefield", "CA", "94303", "274.50", parent=22),
    Row(24, "Sonnenschein Family Store", "Russ", "Sonnenschein", "(650) 557-8463", "Familiystore@intuit.com",
        "5647 Cypress Hill Ave.", "Middlefield", "CA", "94303", "362.07"),
    Row(25, "Sushi by Katsuyuki", "Katsuyuki", "Yanagawa", "(505) 570-0147", "Sushi@intuit.com",
        "898 Elm St.", "Maplewood", "NJ", "07040", "160.00"),
    Row(26, "Travis Waldron", "Travis", "Waldron", "(650) 557-9977", "Travis@Waldron.com",
        "78 First St.", "Monlo Park", "CA", "94304", "414.72", company=_PERSON),
    Row(27, "Video Games by Dan", "Dan", "Wilks", "(650) 555-3456", "Videogames@intuit.com",
        "202 Main St.", "Tucson", "AZ", "85704"),
    Row(28, "Wedding Planning by Whitney", "Whitney", "Brewer", "(650) 557-2473", "Dream_Wedding@intuit.com",
        "135 Broadway", "Menlo Park", "CA", "94304", web="http://dreamwedding.intuit.com"),
    Row(29, "Weiskopf Consulting", "Nicola", "Weiskopf", "(650) 555-1423", "Consulting@intuit.com",
        "45612 Main St.", "Bayshore", "CA", "94326", "375.00"),
)
VENDORS = (
    (30, "Books by Bessie"), (31, "Brosnahan Insurance Agency"), (32, "Cal Telephone"), (33, "Chin's Gas and Oil"),
    (34, "Cigna Health Care"), (35, "Computers by Jenni"), (36, "Diego's Road Warrior Bodyshop"), (37, "EDD"),
    (38, "Ellis Equipment Rental"), (39, "Fidelity"), (40, "Hall Properties"), (41, "Hicks Hardware"),
    (42, "Lee Advertising"), (43, "Mahoney Mugs"), (44, "Met Life Dental"), (45, "National Eye Care"),
    (46, "Norton Lumber and Building Materials"), (47, "Pam Seitz"), (48, "PG&E"), (49, "Robertson & Associates"),
    (50, "Tania's Nursery"), (51, "Tim Philip Masonry"), (52, "Tony Rondonuwu"), (53, "United States Treasury"),
    (56, "Bob's Burger Joint"), (57, "Squeaky Kleen Car Wash"),
)
# Their ids are missing from the recorded list of vendors; the names are the ones commonly seen.
EMPLOYEES = ((54, "Emily", "Platt"), (55, "John", "Johnson"))
# fmt: on


def customers(addresses: AddressBook, created: date) -> list[Entity]:
    rows = {row.number: row for row in CUSTOMERS}
    return [_customer(row, rows.get(row.parent or 0), addresses, created) for row in CUSTOMERS]


def _customer(row: Row, parent: Row | None, addresses: AddressBook, created: date) -> Entity:
    company = row.name if row.company is None else row.company
    address = addresses.store(row.street, row.city, row.state, row.postal_code, located=True)
    fields = {
        "Taxable": row.tax_code is not None,
        "DefaultTaxCodeRef": reference(row.tax_code) if row.tax_code else None,
        "BillAddr": address,
        "ShipAddr": dict(address) if address else None,
        "Job": parent is not None,
        "BillWithParent": False,
        "ParentRef": reference(parent.number) if parent else None,
        "Level": 1 if parent else None,
        "Balance": money(row.balance),
        "BalanceWithJobs": money(row.with_jobs or row.balance),
        "CurrencyRef": dict(DOLLAR),
        "PreferredDeliveryMethod": "Print",
        "IsProject": False,
        "GivenName": row.given,
        "FamilyName": row.family,
        "FullyQualifiedName": f"{parent.name}:{row.name}" if parent else row.name,
        "CompanyName": company,
        "DisplayName": row.name,
        "PrintOnCheckName": company or row.name,
        "Active": True,
        "PrimaryPhone": phone(row.phone),
        "Mobile": phone(row.mobile),
        "Fax": phone(row.fax),
        "PrimaryEmailAddr": email(row.email),
        "WebAddr": web(row.web),
    }
    return present(fields) | stamped(row.number, pacific(created, _second(row.number)))


def vendors(created: date) -> list[Entity]:
    return [
        {
            "DisplayName": name,
            "PrintOnCheckName": name,
            "Active": True,
            "Vendor1099": False,
            "Balance": Decimal("0.00"),
            "CurrencyRef": dict(DOLLAR),
        }
        | stamped(number, pacific(created, _second(number)))
        for number, name in VENDORS
    ]


def employees(created: date) -> list[Entity]:
    return [
        {
            "GivenName": given,
            "FamilyName": family,
            "DisplayName": f"{given} {family}",
            "PrintOnCheckName": f"{given} {family}",
            "Active": True,
            "BillableTime": False,
        }
        | stamped(number, pacific(created, _second(number)))
        for number, given, family in EMPLOYEES
    ]


def _second(number: int) -> int:
    """A time of day for each row, so that the order of creation is the order of the ids."""
    return 16 * 3600 + number * 47


def touch_by_documents(company: Company) -> None:
    """A document moves the last change of its customer: it moves the balance (Intuit: but not the SyncToken)."""
    people = {customer["Id"]: customer["MetaData"] for customer in company["Customer"]}
    for kind in ("Invoice", "Payment", "CreditMemo"):
        for document in company[kind]:
            person = people[document["CustomerRef"]["value"]]
            person["LastUpdatedTime"] = max(person["LastUpdatedTime"], document["MetaData"]["CreateTime"])

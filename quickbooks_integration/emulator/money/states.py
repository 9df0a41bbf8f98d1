"""Rates for automated sales tax, by the state that a sale is shipped to.

The real service knows every address. For tests and demos the state's own rate will do, plus New York City's, which
has three decimals. A state that is missing here takes no tax.
"""

from decimal import Decimal

AGENCIES = {
    "AZ": "Arizona Dept. of Revenue",
    "CA": "California Department of Tax and Fee Administration",
    "CT": "Connecticut Department of Revenue Services",
    "FL": "Florida Department of Revenue",
    "MA": "Massachusetts Department of Revenue",
    "ME": "Maine Revenue Services",
    "NJ": "New Jersey Division of Taxation",
    "NY": "New York State Department of Taxation and Finance",
    "RI": "Rhode Island Division of Taxation",
    "TX": "Texas Comptroller of Public Accounts",
    "VT": "Vermont Department of Taxes",
    "WA": "Washington State Department of Revenue",
}
RATES = {
    "AZ": Decimal("5.6"),
    "CA": Decimal("7.25"),
    "CT": Decimal("6.35"),
    "FL": Decimal("6"),
    "MA": Decimal("6.25"),
    "ME": Decimal("5.5"),
    "NJ": Decimal("6.625"),
    "NY": Decimal("4"),
    "RI": Decimal("7"),
    "TX": Decimal("6.25"),
    "VT": Decimal("6"),
    "WA": Decimal("6.5"),
}
CITY_RATES = {("NY", "new york"): Decimal("8.875"), ("NY", "new york city"): Decimal("8.875")}


def rate_at(state: str, city: str) -> Decimal | None:
    """The percentage for a sale shipped there, None where none is taken."""
    state = state.strip().upper()
    return CITY_RATES.get((state, city.strip().casefold()), RATES.get(state))

"""The tax service: the only way to make tax codes, over rates that exist or that it makes with them."""

from decimal import Decimal

from quickbooks_integration.emulator.call import Call
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import Choice, Number, Record, Records, Text
from quickbooks_integration.emulator.entities.place import Place
from quickbooks_integration.emulator.entities.references import check_reference
from quickbooks_integration.emulator.entities.taxes import add_tax_code, add_tax_rate
from quickbooks_integration.emulator.errors import missing_parameter, refusal

SIDES = SALES, PURCHASE = "Sales", "Purchase"
LARGEST_PERCENT = 100
DETAIL = Record(
    parts={
        "TaxRateName": Text(longest=100),
        "TaxRateId": Text(),
        "RateValue": Number(),
        "TaxAgencyId": Text(),
        "TaxApplicableOn": Choice(choices=SIDES),
    },
    class_name="TaxRateDetails",
)
REQUEST = Record(
    parts={
        "Id": Text(),
        "TaxCode": Text(longest=100),
        "TaxCodeId": Text(),
        "TaxRateDetails": Records(item=DETAIL),
        "domain": Text(),
        "sparse": Text(),
    },
    class_name="TaxService",
)


def create(call: Call) -> Document:
    """A code with its rates, all or nothing. Raises 2020, 2050, 2090, 2170, 2500 and 6240."""
    place = Place("TaxService", call.world.switches)
    asked = REQUEST.clean(call.body(), place) or {}
    place.settle()
    company, name = call.company, str(asked.get("TaxCode", "")).strip()
    if not name:
        raise missing_parameter("TaxCode")
    if not asked.get("TaxRateDetails"):
        raise missing_parameter("TaxRateDetails")
    with company.changing():
        _refuse_duplicate(company, "TaxCode", "tax code", name)
        details = [_detail(company, detail) for detail in asked["TaxRateDetails"]]
        by_side = {side: [each["TaxRateId"] for each in details if each["TaxApplicableOn"] == side] for side in SIDES}
        code = add_tax_code(company, name, "USER_DEFINED", by_side[SALES], by_side[PURCHASE])
        return {"TaxCode": name, "TaxCodeId": code["Id"], "TaxRateDetails": details}


def _detail(company: Company, asked: Document) -> Document:
    """A rate as it is answered: the one that is named by its id, or a new one."""
    side = asked.get("TaxApplicableOn", SALES)
    if "TaxRateId" in asked:
        rate = check_reference(company, "TaxRate", asked["TaxRateId"], "TaxRateDetails.TaxRateId")
    else:
        rate = _new_rate(company, asked)
    return {
        "TaxRateName": rate["Name"],
        "TaxRateId": rate["Id"],
        "RateValue": rate["RateValue"],
        "TaxAgencyId": rate.get("AgencyRef", {}).get("value", ""),
        "TaxApplicableOn": side,
    }


def _new_rate(company: Company, asked: Document) -> Document:
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if name not in asked:
            raise missing_parameter(f"TaxRateDetails.{name}")
    percent = Decimal(asked["RateValue"])
    if not 0 <= percent <= LARGEST_PERCENT:
        raise refusal("2090", f"Invalid Number : {percent}", "TaxRateDetails.RateValue")
    check_reference(company, "TaxAgency", asked["TaxAgencyId"], "TaxRateDetails.TaxAgencyId")
    _refuse_duplicate(company, "TaxRate", "tax rate", asked["TaxRateName"])
    return add_tax_rate(company, asked["TaxRateName"], percent, asked["TaxAgencyId"])


def _refuse_duplicate(company: Company, entity: str, noun: str, name: str) -> None:
    if company.indexed("name", entity, "", name.casefold()):
        detail = f"Another {noun} is already using this name. Please use a different name."
        raise refusal("6240", f"The name supplied already exists. : {detail}")

"""XML in both directions: the SDKs for PHP, Java and .NET and the Ruby library write and read nothing else."""

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .client import Client

SPACE = "http://schema.intuit.com/finance/v3"
NAMESPACE = f"{{{SPACE}}}"
XML = {"Content-Type": "application/xml", "Accept": "application/xml"}
# Entities of the sample company, each with something that has a form of its own in XML.
KINDS = (
    "CompanyInfo",
    "Preferences",
    "Employee",
    "PaymentMethod",
    "Customer",
    "Vendor",
    "Item",
    "Account",
    "Estimate",
    "Invoice",
    "Payment",
    "CreditMemo",
    "Deposit",
    "Term",
)


def post(api: Client, path: str, text: str, **headers: str) -> requests.Response:
    return api.session.post(api.address(path), data=text.encode(), headers={**XML, **headers}, timeout=10)


def tree(answer: requests.Response, status: int = 200) -> Element:
    assert answer.status_code == status, answer.text
    return ElementTree.fromstring(answer.content)


def entity(answer: requests.Response) -> Element:
    return tree(answer)[0]


def text(element: Element, *path: str) -> str | None:
    return element.findtext("/".join(f"{NAMESPACE}{name}" for name in path))


def refusal(answer: requests.Response) -> tuple[str, str]:
    error = tree(answer, 400).find(f"{NAMESPACE}Fault/{NAMESPACE}Error")
    assert error is not None
    return error.attrib["code"], error.findtext(f"{NAMESPACE}Detail") or ""


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in document.items() if name not in ("Id", "MetaData", "DocNumber")}
    return left | {"ShipFromAddr": {**left["ShipFromAddr"], "Id": ""}}


# Requests


def test_an_invoice_as_xml_is_the_same_as_in_json(craig: Client) -> None:
    as_json = craig.save(
        "Invoice",
        CustomerRef={"value": "2"},
        CustomerMemo={"value": "Thanks & see you"},
        BillEmail={"Address": "a@example.com"},
        CustomField=[{"DefinitionId": "1", "Type": "StringType", "StringValue": "102"}],
        Line=[
            {
                "Description": "Roses",
                "Amount": 75,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "6"}, "Qty": 3, "UnitPrice": 25},
            },
            {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}},
        ],
        TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}},
    )
    created = entity(
        post(
            craig,
            "invoice",
            f"""<?xml version="1.0" encoding="UTF-8"?>
            <ns0:Invoice xmlns:ns0="{SPACE}">
              <ns0:CustomField><ns0:DefinitionId>1</ns0:DefinitionId><ns0:Type>StringType</ns0:Type>
                <ns0:StringValue>102</ns0:StringValue></ns0:CustomField>
              <ns0:Line><ns0:Description>Roses</ns0:Description><ns0:Amount>75.00</ns0:Amount>
                <ns0:DetailType>SalesItemLineDetail</ns0:DetailType>
                <ns0:SalesItemLineDetail><ns0:ItemRef name="ignored">6</ns0:ItemRef><ns0:UnitPrice>25</ns0:UnitPrice>
                  <ns0:Qty>3</ns0:Qty></ns0:SalesItemLineDetail></ns0:Line>
              <ns0:Line><ns0:DetailType>DiscountLineDetail</ns0:DetailType><ns0:DiscountLineDetail>
                <ns0:PercentBased>true</ns0:PercentBased><ns0:DiscountPercent>10</ns0:DiscountPercent>
                </ns0:DiscountLineDetail></ns0:Line>
              <ns0:TxnTaxDetail><ns0:TxnTaxCodeRef>2</ns0:TxnTaxCodeRef></ns0:TxnTaxDetail>
              <ns0:CustomerRef>2</ns0:CustomerRef>
              <ns0:CustomerMemo>Thanks &amp; see you</ns0:CustomerMemo>
              <ns0:BillEmail><ns0:Address>a@example.com</ns0:Address></ns0:BillEmail>
            </ns0:Invoice>""",
        )
    )
    id = text(created, "Id") or ""
    assert int(id) == int(as_json["Id"]) + 1
    assert without_times(craig.read("Invoice", id)) == without_times(craig.read("Invoice", as_json["Id"]))
    assert craig.emulator.requests.counts()["create"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_read_as_xml_can_be_sent_back_and_changes_nothing(craig: Client, kind: str) -> None:
    before = craig.query(f"SELECT * FROM {kind} MAXRESULTS 1000").json()["QueryResponse"][kind]
    query = {"query": f"SELECT * FROM {kind} MAXRESULTS 1000"}
    found = tree(craig.get("query", params=query, headers=XML)).findall(f"{NAMESPACE}QueryResponse/{NAMESPACE}{kind}")
    assert len(found) == len(before)
    for each in found:
        saved = entity(post(craig, kind.lower(), ElementTree.tostring(each, "unicode")))
        assert text(saved, "SyncToken") == text(each, "SyncToken"), text(each, "Id")
    assert craig.query(f"SELECT * FROM {kind} MAXRESULTS 1000").json()["QueryResponse"][kind] == before
    assert craig.emulator.requests.counts()["update"] == len(before)


def test_a_sparse_update_and_an_empty_element(craig: Client) -> None:
    body = f"""<Customer xmlns="{SPACE}" sparse="true"><Id>2</Id><SyncToken>0</SyncToken>
      <Notes>Rings twice</Notes><GivenName/><FamilyName xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
      xsi:nil="true"/><Taxable>true</Taxable></Customer>"""
    entity(post(craig, "customer", body))
    after = craig.read("Customer", "2")
    assert (after["Notes"], after["Taxable"], after["SyncToken"]) == ("Rings twice", True, "1")
    assert after["DisplayName"] == "Bill's Windsurf Shop"
    assert "GivenName" not in after
    assert "FamilyName" not in after


def test_voiding_and_deleting(craig: Client) -> None:
    body = f'<Invoice xmlns="{SPACE}"><Id>129</Id><SyncToken>0</SyncToken></Invoice>'
    voided = entity(post(craig, "invoice?operation=void", body))
    assert (text(voided, "TotalAmt"), text(voided, "PrivateNote")) == ("0.00", "Voided")
    deleted = entity(post(craig, "invoice?operation=delete", body.replace(">0<", ">1<")))
    assert (deleted.attrib, text(deleted, "Id")) == ({"domain": "QBO", "status": "Deleted"}, "129")
    assert len(deleted) == 1
    assert craig.emulator.requests.counts() == {"void": 1, "delete": 1}


def test_a_batch(craig: Client) -> None:
    body = f"""<IntuitBatchRequest xmlns="{SPACE}">
      <BatchItemRequest bId="1" operation="create"><Customer><DisplayName>Ann</DisplayName></Customer></BatchItemRequest>
      <BatchItemRequest bId="2" operation="create"><Customer><DisplayName>Ann</DisplayName></Customer></BatchItemRequest>
      <BatchItemRequest bId="3"><Query>select * from Term</Query></BatchItemRequest>
    </IntuitBatchRequest>"""
    items = list(tree(post(craig, "batch", body)))
    assert [(item.tag, item.attrib) for item in items] == [
        (f"{NAMESPACE}BatchItemResponse", {"bId": str(number)}) for number in (1, 2, 3)
    ]
    assert text(items[0], "Customer", "DisplayName") == "Ann"
    error = items[1].find(f"{NAMESPACE}Fault/{NAMESPACE}Error")
    assert error is not None
    assert error.attrib == {"code": "6240"}
    assert len(items[2].findall(f"{NAMESPACE}QueryResponse/{NAMESPACE}Term")) == 4


def test_an_upload_with_its_metadata(craig: Client) -> None:
    metadata = f"""<Attachable xmlns="{SPACE}"><AttachableRef><EntityRef type="Invoice">9</EntityRef></AttachableRef>
      <FileName>a.txt</FileName></Attachable>"""
    files = {
        "file_metadata_0": ("", metadata, "application/xml"),
        "file_content_0": ("a.txt", b"hello", "text/plain"),
    }
    answer = craig.session.post(craig.address("upload"), files=files, headers={"Accept": "*/*"}, timeout=10)
    attachable = tree(answer).find(f"{NAMESPACE}AttachableResponse/{NAMESPACE}Attachable")
    assert attachable is not None
    reference = attachable.find(f"{NAMESPACE}AttachableRef/{NAMESPACE}EntityRef")
    assert reference is not None
    assert (reference.text, reference.attrib) == ("9", {"type": "Invoice"})
    assert craig.emulator.company().files[text(attachable, "Id") or ""] == b"hello"


def test_a_bill_of_any_form_is_kept(craig: Client) -> None:
    """Entities without rules of their own have no list of fields to go by."""
    body = f"""<Bill xmlns="{SPACE}"><Line><Amount>80.00</Amount><DetailType>ItemBasedExpenseLineDetail</DetailType>
      <ItemBasedExpenseLineDetail><ItemRef>11</ItemRef><Qty>8</Qty></ItemBasedExpenseLineDetail></Line>
      <VendorRef>46</VendorRef></Bill>"""
    entity(post(craig, "bill", body))
    bill = craig.query("SELECT * FROM Bill").json()["QueryResponse"]["Bill"][0]
    assert (bill["TotalAmt"], bill["VendorRef"]["value"]) == (80, "46")
    assert bill["Line"][0]["ItemBasedExpenseLineDetail"]["ItemRef"]["value"] == "11"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("<Customer", "ObjectParserError: unclosed token"),
        ("<Customer></Vendor>", "ObjectParserError: mismatched tag"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Customer/>', "ObjectParserError: a document type is not allowed"),
        ("<Customer>" + "<a>" * 100_000 + "</a>" * 100_000 + "</Customer>", "ObjectParserError: nested too deeply"),
        ("<Customer><DisplayName><a/></DisplayName></Customer>", "ObjectParserError: DisplayName should be text"),
    ],
)
def test_xml_that_can_not_be_read_is_2300(api: Client, body: str, detail: str) -> None:
    code, words = refusal(post(api, "customer", body))
    assert code == "2300"
    assert words.startswith(detail)
    assert api.emulator.company().all("Customer") == []


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode)))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_make_the_server_fail(api: Client, rest: bytes) -> None:
    for body in (
        b"<" + rest,
        b"<Customer>" + rest + b"</Customer>",
        b'<?xml version="1.0" encoding="' + rest + b'"?><a/>',
    ):
        answer = api.session.post(api.address("customer"), data=body, headers=XML, timeout=10)
        assert refusal(answer)[0] in ("2300", "2010", "6080")


def test_an_unknown_element_is_2010(api: Client) -> None:
    body = f'<Customer xmlns="{SPACE}"><DisplayName>Ann</DisplayName><Nickname>A</Nickname></Customer>'
    assert refusal(post(api, "customer", body))[0] == "2010"
    assert api.emulator.company().all("Customer") == []


def test_a_request_in_xml_may_ask_for_json(api: Client) -> None:
    body = f'<Customer xmlns="{SPACE}"><DisplayName>Ann</DisplayName></Customer>'
    assert post(api, "customer", body, Accept="application/json").json()["Customer"]["DisplayName"] == "Ann"


# Answers


def test_a_line_of_a_payment_has_the_recorded_form(craig: Client) -> None:
    line = entity(craig.get("payment/101", headers=XML)).find(f"{NAMESPACE}Line")
    assert line is not None
    pairs = [
        (text(each, "Name"), text(each, "Value")) for each in line.findall(f"{NAMESPACE}LineEx/{NAMESPACE}NameValue")
    ]
    assert pairs == [("txnId", "67"), ("txnOpenBalance", "459.00"), ("txnReferenceNumber", "1021")]


def test_values_that_stand_alone_are_text(craig: Client) -> None:
    assert text(entity(craig.get("invoice/9", headers=XML)), "CustomerMemo") == (
        "Thank you for your business and have a great day!"
    )


def test_custom_fields_of_the_settings_name_their_type(craig: Client) -> None:
    settings = entity(craig.get("preferences", headers=XML)).findall(
        f"{NAMESPACE}SalesFormsPrefs/{NAMESPACE}CustomField"
    )
    kind = "{http://www.w3.org/2001/XMLSchema-instance}type"
    assert [each.attrib[kind] for each in settings] == [
        "BooleanTypeCustomFieldDefinition",
        "StringTypeCustomFieldDefinition",
    ]


def test_a_report_is_xml_only_when_it_is_asked_for(craig: Client) -> None:
    report = tree(craig.get("reports/CustomerSales", headers=XML))
    assert report.tag == f"{NAMESPACE}Report"
    assert text(report, "Header", "ReportName") == "CustomerSales"
    row = report.find(f"{NAMESPACE}Rows/{NAMESPACE}Row/{NAMESPACE}ColData")
    assert row is not None
    assert (text(row, "value"), text(row, "id")) == ("Amy's Bird Sanctuary", "1")
    assert craig.get("reports/CustomerSales", headers={"Accept": "*/*"}).json()["Header"]

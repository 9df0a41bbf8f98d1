"""Requests as XML, the form that the SDKs for PHP, Java and .NET and the Ruby library write: the same as in JSON.

    <Invoice xmlns="http://schema.intuit.com/finance/v3" sparse="true"><Id>9</Id><CustomerRef>1</CustomerRef></Invoice>

The fields of an entity say what is a list, an object or a reference; where they do not, the form of the element does.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import kind_of
from quickbooks_integration.emulator.entities.attachable import EntityReference
from quickbooks_integration.emulator.entities.fields import Anything, Field, Record, Records, Reference

BATCH, ITEM = "IntuitBatchRequest", "BatchItemRequest"
# Lists inside parts that no rule of ours touches.
LISTS = frozenset(("CustomField", "Line", "LinkedTxn", "NameValue", "TaxLine", "TaxRateDetail", "TaxRateDetails"))
REFERENCES = ("Ref", "HomeCurrency", "DefaultTerms")  # how names of references end
TEXTS = frozenset(("Name", "Value", "StringValue"))  # text also where it looks like something else
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def is_xml(text: bytes) -> bool:
    return text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read(text: bytes) -> Document:
    """The document that the root stands for; of a batch the whole request. Raises ValueError."""
    if b"<!DOCTYPE" in text:
        raise ValueError("a document type is not allowed")
    try:
        root = ElementTree.fromstring(text)
        return _batch(root) if _name(root) == BATCH else _entity(root)
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _batch(root: Element) -> Document:
    return {ITEM: [_item(element) for element in root if _name(element) == ITEM]}


def _item(element: Element) -> Document:
    """bId and operation are attributes or, as older clients have it, elements."""
    item = _attributes(element)
    for part in element:
        known = kind_of(_name(part)) is not None
        item[_name(part)] = _entity(part) if known else _loose(part)
    return item


def _entity(element: Element) -> Document:
    kind = kind_of(_name(element))
    return {**_attributes(element), **_record(element, kind.fields if kind else {})}


def _record(element: Element, fields: Mapping[str, Field]) -> Document:
    found: Document = {}
    for name, parts in _by_name(element).items():
        field = fields.get(name)
        found[name] = _value(parts, field) if field and not isinstance(field, Anything) else _any(name, parts)
    return found


def _value(parts: Sequence[Element], field: Field) -> Any:
    if isinstance(field, Records):
        return [_record(part, field.item.parts) for part in parts]
    element = parts[0]
    if element.get(NIL) == "true":
        return None
    if isinstance(field, (Reference, EntityReference)) and not len(element):
        return _reference(element)
    if isinstance(field, Record):
        if len(element):
            return _record(element, field.parts)
        text = _text(element)
        return {"value": text} if text and "value" in field.parts else text
    return _loose(element) if len(element) else _text(element)


def _any(name: str, parts: Sequence[Element]) -> Any:
    found = [_loose(part) for part in parts]
    return found if len(found) > 1 or name in LISTS else found[0]


def _loose(element: Element) -> Any:
    if len(element):
        return {name: _any(name, parts) for name, parts in _by_name(element).items()}
    if element.get(NIL) == "true":
        return None
    name, text = _name(element), _text(element)
    if name.endswith(REFERENCES):
        return _reference(element)
    return text == "true" if text in ("true", "false") and name not in TEXTS else text


def _reference(element: Element) -> Document:
    return {**_attributes(element), "value": _text(element)}


def _by_name(element: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for part in element:
        found.setdefault(_name(part), []).append(part)
    return found


def _attributes(element: Element) -> Document:
    """Those without a namespace; the others are about XML."""
    return {name: value for name, value in element.attrib.items() if not name.startswith("{")}


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip()

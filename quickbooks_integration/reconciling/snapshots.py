"""What people can edit of a contact, as one value to compare with later; and what else depends on the contact."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import ForeignObjectRel

from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksSync

# Parts of the contact itself, which `of` covers.
PARTS = {ContactPhone, ContactEmail, ContactAddress}


def of(contact: Contact) -> dict[str, Any]:
    """The contact's fields, phones, e-mails and addresses, read from the database; JSON."""
    contact = Contact.objects.get(pk=contact.pk)
    fields = {
        field.name: _plain(field.value_from_object(contact))
        for field in Contact._meta.concrete_fields
        if field.editable and not field.primary_key
    }
    return fields | {
        "phones": list(contact.phones.values_list("number", "label")),
        "emails": list(contact.emails.values_list("address", flat=True)),
        "addresses": list(contact.addresses.values_list("kind", "street", "city", "state", "zip_code")),
    }


def same(contact: Contact, before: dict[str, Any]) -> bool:
    """Whether the contact is as it was when `before` was taken."""
    now = of(contact)
    return {name: _listed(value) for name, value in now.items()} == before


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool) else DjangoJSONEncoder().default(value)


def _listed(value: Any) -> Any:
    """Tuples as JSON gives them back."""
    return [_listed(entry) for entry in value] if isinstance(value, list | tuple) else value


def depends_on(contact: Contact, besides: MatchDecision) -> bool:
    """Whether anything but the contact's own parts, its history and open questions points to it. Finds new relations
    by itself, so that an undo never deletes what another part of the program has come to rely on."""
    if QuickBooksSync.objects.filter(entity_type="customer", local_id=contact.pk).exists():
        return True
    return any(_points(relation, contact, besides) for relation in Contact._meta.related_objects)


def _points(relation: ForeignObjectRel, contact: Contact, besides: MatchDecision) -> bool:
    model = relation.related_model
    if model in PARTS or hasattr(model, "pgh_tracked_model"):
        return False
    rows = model._base_manager.filter(**{relation.field.name: contact})
    if model is MatchCandidate:
        rows = rows.filter(state=MatchCandidate.State.REFUSED)
    if model is MatchDecision:
        rows = rows.filter(undone_at=None).exclude(pk=besides.pk)
    return rows.exists()

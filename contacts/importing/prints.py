"""A print of what people see of an object: it tells whether anything was changed, in one statement for thousands."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Model

from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, Property, PropertyContact

# By name, so that a column of a later version does not make everything look changed.
PRINTED: dict[type[Model], tuple[str, ...]] = {
    Contact: (
        "external_id", "first_name", "last_name", "company", "source", "notes", "quickbooks_customer_id",
        "customer_type", "payment_terms", "credit_limit", "tax_exempt", "do_not_contact", "reviewed_on", "unhappy_since",
        "no_follow_ups_because", "merged_into_id",
    ),
    ContactPhone: ("contact_id", "number", "label", "position"),
    ContactEmail: ("contact_id", "address", "position"),
    ContactAddress: ("contact_id", "kind", "street", "city", "state", "zip_code"),
    PropertyContact: ("property_id", "contact_id", "role", "is_primary"),
    Property: (
        "address", "city", "state", "zip_code", "property_type", "year_built", "square_feet", "parcel_number", "notes",
    ),
}  # fmt: skip
# What goes with a contact is part of its print: a phone that was added, or a house.
PARTS = (ContactPhone, ContactEmail, ContactAddress, PropertyContact)


def prints(model: type[Model], ids: Collection[int]) -> dict[int, str]:
    """The print of each of these that is there: 32 characters, the same as long as nobody changes it. One statement."""
    if not ids:
        return {}
    columns = [_columns(model)]
    if model is Contact:
        columns += [_parts(part) for part in PARTS]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, md5(jsonb_build_array({', '.join(columns)})::text) FROM {_table(model)} it"  # noqa: S608
            " WHERE id = ANY(%s)",
            [list(ids)],
        )
        return dict(cursor.fetchall())


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(model: type[Model], alias: str = "it") -> str:
    return ", ".join(f"{alias}.{column}" for column in PRINTED[model])


def _parts(model: type[Model]) -> str:
    """The rows of the contact, the ids among their columns: one that was removed and typed again is another."""
    return (
        f"(SELECT jsonb_agg(jsonb_build_array(part.id, {_columns(model, 'part')}) ORDER BY part.id)"  # noqa: S608
        f" FROM {_table(model)} part WHERE part.contact_id = it.id)"
    )

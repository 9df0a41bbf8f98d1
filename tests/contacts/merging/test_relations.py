"""Everything that points to a contact is moved, or this fails: also what a later version adds."""

# ruff: noqa: DJ001, DJ008  (models of a test only)
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from contacts.merging import relations
from contacts.merging.relations import Unhandled, all_relations, relations_of
from contacts.models import Contact

MOVED = {
    "billing.Appointment.contact",
    "billing.CreditMemo.contact",
    "billing.Invoice.contact",
    "billing.JobParticipant.contact",
    "billing.Payment.contact",
    "billing.Quote.contact",
    "contacts.ContactAddress.contact",
    "contacts.ContactEmail.contact",
    "contacts.ContactImportRow.contact",
    "contacts.ContactImportRow.perhaps",
    "contacts.ContactPhone.contact",
    "contacts.Conversation.contact",
    "contacts.PropertyContact.contact",
    "quickbooks_integration.MatchCandidate.contact",
    "quickbooks_integration.MatchDecision.contact",
}


def foreign_keys() -> Iterator[str]:
    """From the other side than merging looks: every table with a key of a contact."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if field.is_relation and field.related_model is Contact and not hasattr(model, "pgh_tracked_model"):
                yield f"{model._meta.label}.{field.name}"


def test_every_key_of_a_contact_in_any_table_is_moved_or_stays_on_purpose():
    moved = {relation.label for relation in all_relations()}
    assert moved | relations.STAYS == set(foreign_keys())
    assert not moved & relations.STAYS


def test_these_are_known_to_move():
    """A new one here: look whether an app has to care for it (contacts/merging/caring.py)."""
    assert {relation.label for relation in all_relations()} == MOVED


def test_nothing_points_to_contacts_in_a_way_that_the_walk_cannot_see():
    generic = [
        model for model in apps.get_models() for field in model._meta.private_fields
        if isinstance(field, GenericForeignKey)
    ]  # fmt: skip
    assert generic == []


def test_only_the_map_keeps_the_key_of_a_contact_in_a_plain_column():
    """QuickBooksSync.local_id and ConflictDecision.local_id; the first is moved by quickbooks_integration."""
    plain = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if not field.is_relation and field.name in ("contact", "contact_id", "local_id")
        and not hasattr(model, "pgh_tracked_model")
    }  # fmt: skip
    assert plain == {
        "quickbooks_integration.QuickBooksSync.local_id",
        "quickbooks_integration.ConflictDecision.local_id",
    }


# Columns that hold the key of a contact, or may, without a key of the database; and who looks after them in a merge.
UNKEYED = {
    "contacts.ContactImportDifference.object_id": "contacts/merging/unkeyed.py",
    "contacts.ContactImportStep.object_id": "stays: what an import did to that row, which a merge keeps",
    "contacts.DismissedDuplicate.pair": "contacts/merging/unkeyed.py",
    "contacts.WantedMerge.pair": "forgotten: contacts/merging/wanting.py",
    "contacts.WantedMerge.survivor_id": "forgotten: contacts/merging/wanting.py",
    "contacts.WantedMerge.loser_id": "forgotten: contacts/merging/wanting.py",
}


def test_every_column_that_may_hold_the_key_of_a_contact_without_saying_so_is_known():
    """A new one here: have the merge carry it (contacts/merging/unkeyed.py), or say why it stays."""
    suspicious = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_app_config("contacts").get_models()
        for field in model._meta.local_fields
        if not field.is_relation and not field.primary_key and not hasattr(model, "pgh_tracked_model")
        and (field.name.endswith("_id") or field.name == "pair")
        and field.name not in ("provider_id", "event_id")  # OpenPhone's
    }  # fmt: skip
    assert suspicious - {"contacts.Contact.external_id", "contacts.Contact.quickbooks_customer_id"} == set(UNKEYED)


def found(model: type[models.Model]) -> relations.Relation:
    [relation] = relations_of([model._meta.get_field("contact").remote_field])
    return relation


@isolate_apps("contacts")
def test_one_to_one_unique_together_and_constraints_are_kept_once():
    class Card(models.Model):
        contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "contacts"

    class Tag(models.Model):
        contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
        word = models.CharField(max_length=10)
        shade = models.CharField(max_length=10, null=True)

        class Meta:
            app_label = "contacts"
            unique_together = (("word", "contact"),)
            constraints = (
                models.UniqueConstraint(fields=["contact", "shade"], name="shade", nulls_distinct=False),
                models.UniqueConstraint(Lower("word"), name="word_once"),
                models.CheckConstraint(name="worded", condition=~models.Q(word="")),
            )

    assert [unique.columns for unique in found(Card).uniques] == [()]
    assert [(unique.columns, unique.with_nulls) for unique in found(Tag).uniques] == [
        (("word",), False), (("shade",), True),
    ]  # fmt: skip


@isolate_apps("contacts")
def test_what_merging_cannot_know_how_to_move_is_refused():
    class Keyed(models.Model):
        contact = models.ForeignKey(Contact, to_field="external_id", on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "contacts"

    class Loud(models.Model):
        contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
        word = models.CharField(max_length=10)

        class Meta:
            app_label = "contacts"
            constraints = (models.UniqueConstraint("contact", Lower("word"), name="loud_once"),)

    class Owner(models.Model):
        contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "contacts"

    class Owned(models.Model):
        owner = models.ForeignKey(Owner, on_delete=models.CASCADE)

        class Meta:
            app_label = "contacts"

    for model in (Keyed, Loud, Owner):
        with pytest.raises(Unhandled, match=model.__name__):
            found(model)

"""What other apps have to say to a merge of contacts. Each registers one Care in its AppConfig.ready; contacts itself
knows of none."""

from collections.abc import Collection

from contacts.merging.journal import Journal
from contacts.models import Contact, ContactMerge


class Care:
    """All but `foresee` and `objections` run inside the transaction of the merge. None may call a partner."""

    def lock(self, contact_ids: Collection[int]) -> None:
        """Locks what has to be locked before contacts are. Called in the order of the apps."""

    def lock_links(self, contact_ids: Collection[int]) -> None:
        """Locks what a change of these contacts writes elsewhere, before they are locked themselves."""

    def objections(self, survivor: Contact, loser: Contact) -> list[str]:
        """Why these two cannot be merged now, in whole sentences. Called again under lock."""
        return []

    def undo_objections(self, survivor: Contact, loser: Contact) -> list[str]:
        """Why a merge of these two cannot be taken back now, in whole sentences. Under lock."""
        return []

    def foresee(self, survivor: Contact, loser: Contact) -> list[str]:
        """What the merge will do that the fields do not show, in whole sentences."""
        return []

    def begin(self, journal: Journal) -> None:
        """Both contacts are locked, and nothing is changed yet."""

    def finish(self, journal: Journal) -> None:
        """Everything has moved. Changes go through the journal, so that they are taken back with it."""

    def undone(self, merge: ContactMerge, survivor: Contact, loser: Contact) -> list[str]:
        """What the journal has written is taken back. Returns sentences about what stays."""
        return []

    def uses(self, contact_ids: Collection[int]) -> dict[int, str]:
        """Contacts that something needs which no foreign key shows, with a sentence each: an import that made them does
        not take them back."""
        return {}


CARES: list[Care] = []


def register(care: Care) -> None:
    CARES.append(care)


def lock_links(contact_ids: Collection[int]) -> None:
    """As lock, for whoever changes contacts and moves nothing that belongs to them."""
    for care in CARES:
        care.lock_links(contact_ids)


def lock(contact_ids: Collection[int]) -> None:
    """What other apps keep of these contacts, locked before the contacts themselves are. Call inside a transaction."""
    for care in CARES:
        care.lock(contact_ids)

"""The properties that a chunk of rows names, and the people at them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Q

from contacts.importing.drafts import House
from contacts.importing.known import name_words
from contacts.matching import normalise
from contacts.models import Contact, Property, PropertyContact
from contacts.particulars import Particulars
from contacts.people import Difference


@dataclass
class Place:
    """A property in memory, saved or not yet, with who has which role there."""

    house: Property
    roles: list[PropertyContact] = field(default_factory=list)
    changed: bool = False

    def compare(self, house: House) -> tuple[dict[str, Any], dict[str, Difference]]:
        """(empty fields that the row fills, filled ones that it contradicts)"""
        filled, differs = {}, {}
        for name, theirs in asdict(house).items():
            ours = getattr(self.house, name)
            if theirs and not ours:
                filled[name] = theirs
            elif theirs and not _same(name, ours, theirs):
                differs[name.replace("_", " ")] = Difference(str(ours), str(theirs))
        return filled, differs

    def fill(self, filled: dict[str, Any]) -> None:
        for name, value in filled.items():
            setattr(self.house, name, value)
        self.house.set_key()
        self.changed = True

    def add_owner(self, contact: Contact) -> bool:
        """False if the contact has a role there already. The first owner becomes the primary contact."""
        if any(role.contact is contact or (contact.pk and role.contact_id == contact.pk) for role in self.roles):
            return False
        primary = not any(role.is_primary for role in self.roles)
        self.roles.append(PropertyContact(property=self.house, contact=contact, is_primary=primary))
        return True

    def owner_named(self, particulars: Particulars) -> Contact | None:
        """The person with that very name at this property."""
        wanted = _who(particulars.first_name, particulars.last_name, particulars.company)
        residents = (role.contact for role in self.roles)
        return next(
            (one for one in residents if wanted and _who(one.first_name, one.last_name, one.company) == wanted), None
        )


def _who(first_name: str, last_name: str, company: str) -> tuple[str, ...]:
    return name_words(first_name, last_name) or normalise.words(company)


def _same(name: str, ours: Any, theirs: Any) -> bool:
    if name in ("address", "city"):
        return normalise.street(ours) == normalise.street(theirs)
    if name == "zip_code":
        return normalise.zip_code(ours) == normalise.zip_code(theirs)
    return str(ours).casefold() == str(theirs).casefold()


class Places:
    """The properties of one chunk, by parcel number and by address."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self.places: list[Place] = []
        self._by_parcel: dict[str, Place] = {}
        self._by_key: dict[str, Place] = {}
        for place in places:
            self.add(place)

    def add(self, place: Place) -> None:
        self.places.append(place)
        self.index(place)

    def index(self, place: Place) -> None:
        if place.house.parcel_number:
            self._by_parcel[place.house.parcel_number] = place
        self._by_key.setdefault(place.house.key, place)

    def find(self, house: House) -> Place | None:
        """By parcel number; by address where one side has no parcel number (flats share an address)."""
        if house.parcel_number in self._by_parcel:
            return self._by_parcel[house.parcel_number]
        place = self._by_key.get(_key(house)) if house.address else None
        return None if place and house.parcel_number and place.house.parcel_number else place

    def contact_ids(self) -> set[int]:
        return {role.contact_id for place in self.places for role in place.roles}


def new_property(house: House) -> Property:
    """Unsaved, with its key."""
    texts = asdict(house) | {"parcel_number": house.parcel_number or None}
    return Property(**texts).set_key()


def _key(house: House) -> str:
    return new_property(house).key


def load(houses: Iterable[House], *, lock: bool = True) -> Places:
    """The properties that the houses of a chunk may be, locked until the transaction ends; without their keys, because
    whoever adds somebody there may hold the contact, which is locked after them."""
    wanted = list(houses)
    if not wanted:
        return Places()
    parcels = {house.parcel_number for house in wanted if house.parcel_number}
    keys = {_key(house) for house in wanted if house.address}
    found = Property.objects.filter(Q(parcel_number__in=parcels) | Q(key__in=keys)).order_by("pk")
    # Without their keys: who has a contact locked may still say that it belongs to one of these houses.
    found = found.select_for_update(no_key=True) if lock else found
    places = {house.pk: Place(house) for house in found}
    for role in PropertyContact.objects.filter(property_id__in=places).select_related("contact"):
        places[role.property_id].roles.append(role)
    return Places(places.values())

"""The contacts of the CRM as rows of a CSV file."""

from quickbooks_integration.emulator.companies.sample.entries import Card, Town

COLUMNS = ("external_id", "first_name", "last_name", "company", "phone", "email", "address", "city", "state", "zip")


def number(town: Town) -> None:
    """Mixes the cards, so that their order tells nothing, and numbers them."""
    town.rng.shuffle(town.cards)
    for position, card in enumerate(town.cards, start=1):
        card.external_id = f"OP-{position:05d}"


def rows(town: Town) -> list[dict[str, str]]:
    return [_row(card) for card in town.cards]


def is_nameless(card: Card) -> bool:
    return not (card.first_name or card.last_name or card.company)


def _row(card: Card) -> dict[str, str]:
    place = card.address
    where = (place.street, place.city, place.state, place.postal_code) if place else ("", "", "", "")
    who = (card.external_id, card.first_name, card.last_name, card.company, card.phone, card.email)
    return dict(zip(COLUMNS, who + where, strict=True))

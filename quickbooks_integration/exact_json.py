"""JSON whose numbers stay decimals on the way in and out: 0.1 + 0.2 has no place in a document about money."""

from decimal import Decimal
from typing import Any

import simplejson


class ExactEncoder(simplejson.JSONEncoder):
    """For JSONField(encoder=...): writes Decimal as a number."""


class ExactDecoder(simplejson.JSONDecoder):
    """For JSONField(decoder=...): reads every fraction as Decimal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parse_float": Decimal, **options})

"""Who changed what, when, from what to what: pghistory's rows as sentences.

Each app registers the kinds of rows that it tells about; contacts knows no other app.
"""

from contacts.changes.kinds import SEES_MONEY, Kind, Part, kinds, register
from contacts.changes.reading import Asked, Change, Page, Place, of_object, page

__all__ = [
    "SEES_MONEY",
    "Asked",
    "Change",
    "Kind",
    "Page",
    "Part",
    "Place",
    "kinds",
    "of_object",
    "page",
    "register",
]

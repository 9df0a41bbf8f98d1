"""E-mails that the companies "sent". Nothing leaves this machine; tests and the page look here."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LENGTH_OF_DATE = 10


@dataclass(frozen=True)
class Mail:
    number: int
    time: str
    realm: str
    entity: str
    id: str
    to: str
    cc: str
    bcc: str
    subject: str
    text: str
    files: tuple[str, ...]  # names of what is attached, first the document itself


class Outbox:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mails: list[Mail] = []
        self._last_number = 0

    def send(self, **values: Any) -> Mail:
        """Put an e-mail into the outbox. It gets the next number."""
        with self._lock:
            self._last_number += 1
            mail = Mail(self._last_number, **values)
            self._mails.append(mail)
            return mail

    def mails(self, realm: str = "") -> list[Mail]:
        """All, or those of one company, oldest first."""
        with self._lock:
            return [mail for mail in self._mails if not realm or mail.realm == realm]

    def sent_on(self, realm: str, day: str) -> int:
        """How many a company sent on a day such as 2026-05-05, Pacific time."""
        return sum(mail.time[:LENGTH_OF_DATE] == day for mail in self.mails(realm))

    def clear(self) -> None:
        with self._lock:
            self._mails.clear()

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(mail) for mail in self.mails()]

    @staticmethod
    def read(saved: list[Mapping[str, Any]]) -> list[Mail]:
        """The e-mails of a dump. Raises TypeError and KeyError for what is none."""
        return [Mail(**{**item, "files": tuple(item["files"])}) for item in saved]

    def restore(self, mails: list[Mail]) -> None:
        with self._lock:
            self._mails = list(mails)
            self._last_number = max((mail.number for mail in mails), default=0)

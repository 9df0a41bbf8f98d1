"""What stands above every page of the admin: which books these are, and what keeps both sides from agreeing."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.models import User as Person

from quickbooks_integration import addresses, auto_sync, pull_only, reminding
from quickbooks_integration.models import QuickBooksAuth

Environment = QuickBooksAuth.Environment
BOOKS = {
    Environment.EMULATOR: "A QuickBooks on this machine, for trying out: no real books.",
    Environment.SANDBOX: "Intuit's test company: no real books.",
}


@dataclass(frozen=True)
class Banner:
    """tone: emulator, sandbox, paused, soon or bad. can_open: whether the connection page helps this person."""

    tone: str
    title: str
    text: str
    can_open: bool = False


def of(auth: QuickBooksAuth | None, person: Person | AbstractBaseUser | AnonymousUser) -> list[Banner]:
    """auth: the connection in use, with pull_only_by and auto_sync_off_by. Live books say nothing of themselves."""
    environment = Environment(auth.environment if auth else addresses.environment())
    shown = [Banner(environment.value, environment.label, BOOKS[environment])] if environment in BOOKS else []
    if auth is None:
        return shown
    may_look = person.has_perm("quickbooks_integration.view_quickbooksauth")  # type: ignore[union-attr]
    if paused := pull_only.in_words(auth):
        shown.append(Banner("paused", "Writing paused", paused, may_look))
    if off := auto_sync.in_words(auth):
        shown.append(Banner("paused", "Automatic sync is off", off, may_look))
    near = reminding.ending(auth)
    if near is not None and may_look:
        title = "Sign-in ended" if near.days == 0 else "Sign-in ends soon"
        shown.append(Banner("bad" if near.days <= 1 else "soon", title, near.sentence, may_look))
    return shown

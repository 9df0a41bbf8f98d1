from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from attackacrack.sign_in import second_factor
from quickbooks_integration import connecting
from quickbooks_integration.fields import UnreadableToken

LOST = (
    "A second factor cannot be read with any of FERNET_KEYS, so none was changed. Put the key back that it was locked "
    "with, or take the second factor away from whoever cannot sign in (Settings > People)."
)


class Command(BaseCommand):
    help = (
        "Locks the stored QuickBooks tokens and the second factors with the first of FERNET_KEYS. To replace a key: put "
        "the new one first, keep the old one behind it, restart, run this, then remove the old one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = connecting.reencrypt()
            factors = second_factor.reencrypt()
        except UnreadableToken as error:
            raise CommandError(str(error)) from error
        except InvalidToken as error:
            raise CommandError(LOST) from error
        tokens = f"the tokens of {count} connection{'' if count == 1 else 's'}"
        self.stdout.write(
            f"Locked {tokens} and {factors} key{'' if factors == 1 else 's'} of second factors with the first key."
        )

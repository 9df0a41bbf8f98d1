from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quickbooks_integration import connecting
from quickbooks_integration.fields import UnreadableToken


class Command(BaseCommand):
    help = (
        "Locks the stored QuickBooks tokens with the first of FERNET_KEYS. To replace a key: put the new one first, keep "
        "the old one behind it, restart, run this, then remove the old one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = connecting.reencrypt()
        except UnreadableToken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Locked the tokens of {count} connection{'' if count == 1 else 's'} with the first key.")

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from quickbooks_integration import connecting, consenting
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.service import QuickBooksService


class Command(BaseCommand):
    help = "Connects the company of a QuickBooks emulator without a browser. Refuses anything but an emulator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--realm", default="", help="Company id; without it the emulator's first company.")

    def handle(self, *args: Any, realm: str, **options: Any) -> None:
        if not settings.QUICKBOOKS_EMULATOR_URL:
            raise CommandError(
                "QUICKBOOKS_EMULATOR_URL is not set. This command is for an emulator only: a real company is connected "
                "by a person, on the Connection page."
            )
        try:
            auth = self._connect(realm)
            name = connecting.read_name(auth)
        except QuickBooksError as error:
            raise CommandError(error.with_reference) from error
        self.stdout.write(f"Connected to {name} (company id {auth.company_id}).")

    def _connect(self, realm: str) -> QuickBooksAuth:
        service = QuickBooksService()
        state = secrets.token_urlsafe(32)
        answer = consenting.agree(service.get_authorization_url(state), realm)
        if answer.get("state") != state or not answer.get("code"):
            raise CommandError("The emulator did not agree to the sign-in. Look at its window for the reason.")
        connecting.refuse_other_company(answer["realmId"])
        tokens = service.exchange_code_for_tokens(answer["code"], state)
        return connecting.store(answer["realmId"], tokens, by=None)

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from quickbooks_integration.emulator.command import add_arguments, serve


class Command(BaseCommand):
    help = "Run a QuickBooks Online on this machine, for tests and demos."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(serve(argparse.Namespace(**options)))

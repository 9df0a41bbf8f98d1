"""Fills a fresh development database for the demo; a second run changes nothing."""

import csv
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError

from attackacrack import demo_talk
from contacts import importing
from contacts.models import Contact
from quickbooks_integration.emulator.companies import sample

SEED = 1
# Only for the demo on one's own machine; production refuses this command.
PASSWORD = "demo"
PEOPLE = {
    "office": ("Olivia", "Office"),
    "bookkeeper": ("Ben", "Books"),
    "technician": ("Tim", "Tools"),
    "marketer": ("Mia", "Marketing"),
}


class Command(BaseCommand):
    help = "Creates the demo's sign-ins and its 7,000 contacts."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("demo_data makes sign-ins with a known password. It does not run in production.")
        for group, names in PEOPLE.items():
            self._create_person(group, *names)
        if not Contact.objects.exists():
            self._import_contacts()
        demo_talk.write(Path(settings.DATA_DIR) / "openphone.json")
        self.stdout.write(f"{Contact.objects.count()} contacts. Sign in as office, password {PASSWORD}.")

    def _create_person(self, group: str, first_name: str, last_name: str) -> None:
        user, is_new = User.objects.get_or_create(
            username=group, defaults={"first_name": first_name, "last_name": last_name, "is_staff": True}
        )
        if is_new:
            user.set_password(PASSWORD)
            user.save()
            user.groups.add(Group.objects.get(name=group))

    def _import_contacts(self) -> None:
        rows = sample.contacts(SEED, date.today())  # noqa: DTZ011  (the emulator's company is made for today too)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "demo contacts.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            with path.open("rb") as file:
                importing.run(file, filename=path.name)

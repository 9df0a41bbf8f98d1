"""The whole state as one JSON object, and a file that it is kept in."""

import base64
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import dump_json, load_json
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.loading import LoadingError
from quickbooks_integration.emulator.world import World

VERSION = 1


def dump(world: World) -> dict[str, Any]:
    """Companies with their documents, ids and requestids, connections and tokens, clock and switches."""
    return {
        "version": VERSION,
        "clock": world.clock.dump(),
        "switches": world.switches.values(),
        "sign_in": world.grants.dump(),
        "metered": world.limits.counts(),
        "webhooks": world.webhooks.dump(),
        "outbox": world.outbox.dump(),
        "companies": [_dump_company(company) for company in list(world.companies.values())],
    }


def restore(world: World, saved: dict[str, Any]) -> None:
    """Put a dump in place of everything. Raises LoadingError and changes nothing if it is not one."""
    if not isinstance(saved, dict) or saved.get("version") != VERSION:
        raise LoadingError("This is not a saved state of the emulator, or one of another version.")
    try:
        companies = [_restored(world, item) for item in saved["companies"]]
        webhooks = world.webhooks.read(saved.get("webhooks", {}))
        mails = world.outbox.read(saved.get("outbox", []))
        world.grants.restore(saved["sign_in"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise LoadingError(f"The saved state is damaged: {error!r}") from error
    world.clock.restore(saved["clock"])
    for name, value in saved["switches"].items():
        world.switches.set(name, value)
    world.limits.restore(saved["metered"])
    world.webhooks.restore(webhooks)
    world.outbox.restore(mails)
    world.companies.clear()
    for company in companies:
        world.open_company(company)


def _dump_company(company: Company) -> dict[str, Any]:
    with company.lock:
        collections = {entity: company.collection(entity) for entity in company.entities()}
        return {
            "realm": company.realm,
            "next_ids": dict(company.next_ids),
            "documents": {entity: list(held.documents.values()) for entity, held in collections.items()},
            "tombstones": {entity: list(held.tombstones.values()) for entity, held in collections.items()},
            "request_ids": company.request_ids.dump(),
            "files": {id: base64.b64encode(content).decode() for id, content in company.files.items()},
        }


def _restored(world: World, saved: dict[str, Any]) -> Company:
    company = Company(saved["realm"], world.clock, world.switches)
    company.listeners.append(world.tell)
    for entity, documents in saved["documents"].items():
        for document in documents:
            company.put(KINDS[entity], document["Id"], document)
    for entity, tombstones in saved["tombstones"].items():
        for tombstone in tombstones:
            company.put(KINDS[entity], tombstone["Id"], None, tombstone)
    company.next_ids.update(saved["next_ids"])
    company.request_ids.restore(saved["request_ids"])
    company.files.update({id: base64.b64decode(text) for id, text in saved.get("files", {}).items()})
    return company


class StateFile:
    """Keeps a world in a file: read at the start, written soon after each change and at the end."""

    PAUSE = 0.3  # seconds; a kill -9 loses no more than this and the time of one save

    def __init__(self, path: Path, world: World) -> None:
        self.path = path
        self._world = world
        self._thread: threading.Thread | None = None
        self._saving = threading.Lock()

    def load(self) -> bool:
        """False if there is no file yet. Raises LoadingError for a file that can't be used, and leaves it alone."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return False
        try:
            restore(self._world, load_json(text))
        except ValueError as error:
            raise LoadingError(f"The state in '{self.path}' is not JSON: {error}") from error
        return True

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep, name="emulator state", daemon=True)
        self._thread.start()

    def save(self) -> None:
        """Write a new file beside the old one and put it in its place: there is always a whole one."""
        with self._saving:
            self._world.changed.clear()
            text = dump_json(dump(self._world))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(self.path.name + ".new")
            # Tokens are inside: for the owner only.
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path)

    def stop(self) -> None:
        """After world.stopping is set."""
        if self._thread:
            self._thread.join()
        self.save()

    def _keep(self) -> None:
        while not self._world.stopping.is_set():
            if not self._world.changed.wait(0.1):
                continue
            started = time.monotonic()
            try:
                self.save()
            except OSError as error:
                print(f"The emulator's state could not be saved: {error}", file=sys.stderr)
            # A large company takes long to write: spend at most a third of the time on it.
            self._world.wait(max(self.PAUSE, 2 * (time.monotonic() - started)))

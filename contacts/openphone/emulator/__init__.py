"""A small OpenPhone (Quo) for tests and the demo: its interface of 2026-03-30, for reading, and its webhooks.

It imports nothing of ours, so that it cannot agree with its client's mistakes. It knows: the bare key and the header of
the version, lists with filters, pages by cursor, 10 requests a second, its errors in three shapes, and events signed in
the new and in the old scheme, which it can send twice, late or tampered with.

    with Emulator() as openphone:
        openphone.workspace.text("+16175550101", "Yes, go ahead")
"""

from contacts.openphone.emulator.server import Emulator
from contacts.openphone.emulator.workspace import Workspace

__all__ = ["Emulator", "Workspace"]

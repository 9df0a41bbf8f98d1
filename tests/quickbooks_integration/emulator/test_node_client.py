"""A client that this project did not write in Python: Node over HTTP, from the sign-in to a refusal."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from quickbooks_integration.emulator import Emulator

SCRIPT = Path(__file__).with_name("node_client.mjs")
NODE = shutil.which("node") or ""


@pytest.mark.skipif(not NODE, reason="Node is not installed")
def test_a_node_client_signs_in_creates_queries_and_is_refused(emulator: Emulator) -> None:
    command = [NODE, str(SCRIPT), emulator.url, emulator.client_id, emulator.client_secret]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    created = seen.pop("created")
    assert (created["Id"], created["SyncToken"], created["DisplayName"]) == ("1", "0", "Zoë O'Brien")
    assert seen == {
        "hasTid": True,
        "found": ["1"],
        "twice": [400, "6240", "ValidationFault"],
        "stale": [400, "5010"],
        "unsigned": [401, "3200"],
    }
    assert emulator.requests.counts() == {
        "discovery": 1,
        "authorize": 2,
        "token": 2,
        "create": 2,
        "update": 1,
        "query": 1,
        "read": 1,
    }

"""Events as they are posted: the bytes and their signature, in either scheme."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

KEY = base64.b64encode(b"attack-a-crack-emulator-key-0001").decode()


def signed(event: dict[str, Any], key: str = KEY, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    """Body and headers, in the scheme of the event's own version. key: base64, with or without whsec_. at: unix time."""
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    moment = time.time() if at is None else at
    if event["apiVersion"] != "2026-03-30":
        stamp = str(int(moment * 1000))
        return body, {"openphone-signature": f"hmac;1;{stamp};{_mac(key, f'{stamp}.'.encode() + body)}"}
    delivery, stamp = f"msg_{event['id']}", str(int(moment))
    mac = _mac(key, f"{delivery}.{stamp}.".encode() + body)
    return body, {"webhook-id": delivery, "webhook-timestamp": stamp, "webhook-signature": f"v1,{mac}"}


def _mac(key: str, text: bytes) -> str:
    secret = base64.b64decode(key.removeprefix("whsec_"))
    return base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()

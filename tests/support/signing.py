"""Clients that prove by a key who they are."""

import base64
import json
from typing import Any

from headwater.accounts.nkeys import KeyPair
from tests.support.raw_client import RawClient


def signed(client: RawClient, key: KeyPair, **fields: Any) -> dict[str, Any]:
    """Return the fields of a CONNECT that signs what the server asks for."""
    signature = key.sign(client.info["nonce"].encode())
    return {"sig": base64.urlsafe_b64encode(signature).decode().rstrip("="), **fields}


def introduce(client: RawClient, **fields: Any) -> bytes:
    """Send CONNECT and PING; return the line that answers, and what follows if it is the end."""
    client.send(b"CONNECT " + json.dumps({"verbose": False, **fields}).encode() + b"\r\nPING\r\n")
    line = client.read_line()
    return line if line == b"PONG\r\n" else line + client.read_to_end()

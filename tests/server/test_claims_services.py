"""Accounts that are pushed, listed and deleted while the server runs: as by nats-server."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from headwater.accounts.nkeys import KeyPair
from tests.server.processes import OURS
from tests.server.twins import Twin
from tests.support import operators
from tests.support.operators import ACCOUNT, OPERATOR, SYSTEM, USER
from tests.support.raw_client import RawClient
from tests.support.signing import introduce, signed

pytestmark = pytest.mark.hub


def _config(folder: Path) -> str:
    return (
        f"operator: {operators.operator()}\n"
        f'resolver: {{ type: full, dir: "{folder}", allow_delete: true }}\n'
        f"resolver_preload {{ {SYSTEM.public}: {operators.account(SYSTEM)} }}\n"
    )


def _come(client: RawClient, token: str, key: KeyPair) -> bytes:
    return introduce(client, jwt=token, **signed(client, key))


def _ask(system: RawClient, subject: str, body: str = "") -> Any:
    """Return what the server answers, without what it says of itself."""
    system.send(f"PUB {subject} answer {len(body)}\r\n{body}\r\n".encode())
    size = int(system.read_match(rb"MSG answer 1 +(\d+)\r\n")[1])
    data = system.read_exactly(size + 2)[:size]
    if not data.startswith(b"{"):
        return data
    found = json.loads(data)
    found.pop("server")
    return found


@pytest.mark.parametrize("subject", ["REQ.CLAIMS", f"REQ.ACCOUNT.{ACCOUNT.public}.CLAIMS"])
def test_a_life(tmp_path: Path, nats_server_path: Path, subject: str) -> None:
    now = int(time.time())
    system_user = KeyPair.generate("U")
    system_token = operators.token(
        "user", system_user, SYSTEM, {"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1}
    )
    revoked = operators.account(revocations={USER.public: now + 100})
    deletion = {"accounts": [ACCOUNT.public]}

    def play(twin: Twin) -> list[Any]:
        seen: list[Any] = []
        with RawClient(twin.port) as system:
            assert _come(system, system_token, system_user) == b"PONG\r\n"
            system.send(b"SUB answer 1\r\n")
            with RawClient(twin.port) as client:
                seen.append(_come(client, operators.user(), USER))
            update, look_up = f"$SYS.{subject}.UPDATE", f"$SYS.REQ.ACCOUNT.{ACCOUNT.public}"
            seen.append(_ask(system, update, operators.account()))
            seen.append(_ask(system, f"{look_up}.CLAIMS.LOOKUP"))
            seen.append(sorted(_ask(system, "$SYS.REQ.CLAIMS.LIST")["data"]))
            with RawClient(twin.port) as client:
                seen.append(_come(client, operators.user(), USER))
                seen.append(_ask(system, update, revoked))
                seen.append(b"-ERR" in client.read_to_end())
            with RawClient(twin.port) as client:
                seen.append(_come(client, operators.user(), USER))
            seen.append(_ask(system, update, "x")["error"]["code"])
            token = operators.token("generic", OPERATOR, OPERATOR, deletion)
            seen.append(_ask(system, "$SYS.REQ.CLAIMS.DELETE", token))
            seen.append(_ask(system, "$SYS.REQ.CLAIMS.DELETE", "x")["error"]["code"])
            seen.append(_ask(system, "$SYS.REQ.CLAIMS.LIST"))
            seen.append(_ask(system, f"{look_up}.CLAIMS.LOOKUP"))
        return seen

    found = []
    for name, command in (("ours", OURS), ("theirs", (str(nats_server_path),))):
        twin = Twin(tmp_path / name, command, _config(tmp_path / f"{name}-tokens"), ())
        try:
            found.append(play(twin))
        finally:
            twin.stop()
    assert found[0] == found[1]

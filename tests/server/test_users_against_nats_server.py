"""Users with keys, hashed passwords, kinds of connections and leave to answer, as nats-server's."""

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from headwater.accounts.nkeys import KeyPair
from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient
from tests.support.signing import introduce, signed

pytestmark = pytest.mark.hub

_KEY, _OTHER = KeyPair.generate("U"), KeyPair.generate("U")
_HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
_USERS = f"""
authorization {{ users: [
    {{nkey: {_KEY.public}, permissions: {{publish: "k.>"}}}}
    {{user: hashed, password: "{_HASH}"}}
    {{user: broken, password: "$2a$11$x"}}
    {{user: mqtt, password: p, allowed_connection_types: [MQTT]}}
    {{user: standard, password: p, allowed_connection_types: [standard, MQTT]}}
    {{user: once, password: p, permissions: {{allow_responses: true}}}}
    {{user: twice, password: p, permissions: {{publish: {{deny: x}}, allow_responses: {{max: 2}}}}}}
    {{user: ever, password: p, permissions: {{publish: {{allow: y, deny: "in.>"}},
        allow_responses: {{max: -1, expires: "-1s"}}}}}}
    {{user: late, password: p, permissions: {{allow_responses: {{max: 5, expires: "1ns"}}}}}}
    {{user: asks, password: p}}
] }}
"""
# Of INFO, what one of the two has for itself.
_OWN_FIELDS = {"git_commit", "headwater", "xkey"}
_NOISE = re.compile(r"\[\d+\] \S+ \S+ |:\d{4,5}|cid:\d+")


@pytest.fixture
def twins(tmp_path: Path, nats_server_path: Path) -> Iterator[Twins]:
    with Twins(nats_server_path, tmp_path, _USERS, "-D") as both:
        yield both


def _both(twins: Twins, play: Callable[[Twin], Any]) -> Any:
    ours, theirs = twins.each(play)
    assert ours == theirs
    return ours


def _standard(data: bytes) -> str:
    return base64.b64encode(data).decode()


_Claim = Callable[[RawClient], dict[str, Any]]
_CLAIMS: dict[str, _Claim] = {
    "a key": lambda client: signed(client, _KEY, nkey=_KEY.public),
    "a key, and a user": lambda client: signed(client, _KEY, nkey=_KEY.public, user="asks"),
    "standard base64": lambda client: {
        "nkey": _KEY.public,
        "sig": _standard(_KEY.sign(client.info["nonce"].encode())),
    },
    "no base64": lambda _: {"nkey": _KEY.public, "sig": "?"},
    "a signature of other bytes": lambda _: {"nkey": _KEY.public, "sig": _standard(_KEY.sign(b""))},
    "no signature": lambda _: {"nkey": _KEY.public, "user": "asks", "pass": "p"},
    "another's signature": lambda client: signed(client, _OTHER, nkey=_KEY.public),
    "an unknown key": lambda client: signed(client, _OTHER, nkey=_OTHER.public),
    "the key as a name": lambda _: {"user": _KEY.public},
    "no key": lambda client: signed(client, _KEY),
    "hashed": lambda _: {"user": "hashed", "pass": "secret"},
    "hashed, wrong": lambda _: {"user": "hashed", "pass": "secre"},
    "hashed, the hash": lambda _: {"user": "hashed", "pass": _HASH},
    "a broken hash": lambda _: {"user": "broken", "pass": "$2a$11$x"},
    "another kind of connection": lambda _: {"user": "mqtt", "pass": "p"},
    "its kind of connection": lambda _: {"user": "standard", "pass": "p"},
}


def test_who_is_let_in(twins: Twins) -> None:
    def play(twin: Twin) -> list[Any]:
        told: list[Any] = []
        for name, claim in _CLAIMS.items():
            with RawClient(twin.port) as client:
                fields = claim(client)
                told.append((name, len(client.info["nonce"]), introduce(client, **fields)))
        log = twin.process.wait_log("Client connection closed", len(_CLAIMS))
        lines = [_NOISE.sub("", line) for line in log.splitlines() if "cid:" in line]
        return [told, sorted(lines)]

    told, lines = _both(twins, play)
    assert sum(answer == b"PONG\r\n" for _, _, answer in told) == 5
    assert any("Signature not verified" in line for line in lines)


def test_where_who_is_asked_may_answer(twins: Twins) -> None:
    def play(twin: Twin) -> list[bytes]:
        seen = []
        with RawClient(twin.port) as asking:
            asking.connect(user="asks", **{"pass": "p"})
            asking.send(b"SUB in.> 1\r\nSUB x 2\r\nSUB y 3\r\n")
            asking.flush()
            for name in ("once", "twice", "ever", "late"):
                with RawClient(twin.port) as answering:
                    answering.connect(user=name, **{"pass": "p"})
                    answering.send(b"SUB q 1\r\nSUB g workers 2\r\nPUB y 0\r\n\r\nPUB x 0\r\n\r\n")
                    seen.append(answering.flush())
                    for request in (b"q in.1", b"g in.2", b"q x", b"q"):
                        asking.send(b"PUB %b 0\r\n\r\n" % request)
                    seen.append(asking.flush())
                    for _ in range(3):
                        for subject in (b"in.1", b"in.2", b"in.3", b"x"):
                            answering.send(b"PUB %b 0\r\n\r\n" % subject)
                    seen.append(answering.flush())
                    asking.send(b"PUB q in.1 0\r\n\r\n")
                    asking.flush()
                    answering.flush()
                    answering.send(b"PUB in.1 0\r\n\r\n")
                    seen += [answering.flush(), asking.flush()]
        return seen

    _both(twins, play)


def test_what_a_key_may_do(twins: Twins) -> None:
    def play(twin: Twin) -> list[Any]:
        with RawClient(twin.port) as client:
            introduce(client, **signed(client, _KEY, nkey=_KEY.public, protocol=1))
            told: list[Any] = [sorted({*client.read_info()} - _OWN_FIELDS)]
            client.send(b"PUB k.1 0\r\n\r\nPUB j 0\r\n\r\n")
            told.append(client.flush())
            return told

    _both(twins, play)


def test_a_key_for_those_without_credentials(tmp_path: Path, nats_server_path: Path) -> None:
    users = f"users: [ {{nkey: {_KEY.public}}} ]"
    accounts = f"no_auth_user: {_KEY.public}\naccounts {{ A {{ {users} }} }}"

    def play(twin: Twin) -> list[bytes]:
        told = []
        for fields in ({}, {"nkey": _KEY.public}, {"nkey": _OTHER.public}, {"user": "a"}):
            with RawClient(twin.port) as client:
                told.append(introduce(client, **fields))
        return told

    with Twins(nats_server_path, tmp_path, accounts) as twins:
        _both(twins, play)

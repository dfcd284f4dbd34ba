"""Users whom operators and accounts vouch for: let in, limited and sent away as by nats-server."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.accounts.nkeys import KeyPair
from tests.server.twins import Twin, Twins
from tests.support import operators
from tests.support.operators import ACCOUNT, SCOPED, SIGNING, USER
from tests.support.raw_client import RawClient
from tests.support.signing import introduce, signed

pytestmark = pytest.mark.hub

_OTHER = KeyPair.generate("U")
_REVOKED = KeyPair.generate("U")
_NOW = int(time.time())
_TEMPLATE = {
    "pub": {"allow": ["t.{{name()}}.{{tag(x)}}", "$SYS.REQ.USER.INFO", "{{tag(none)}}.a"]},
    "sub": {
        "allow": ["_INBOX.>", "{{account-name()}}.{{account-subject()}}.{{subject()}}"],
        "deny": ["no.{{ tag(y) }}"],
    },
    "subs": 3,
    "data": -1,
    "payload": 100,
}
_SCOPE = {"kind": "user_scope", "key": SCOPED.public, "role": "r", "template": _TEMPLATE}
_NOBODY = {"pub": {"allow": ["{{tag(none)}}"]}, "subs": -1, "data": -1, "payload": -1}
_EMPTY = KeyPair.generate("A")
_EMPTY_SCOPE = {"kind": "user_scope", "key": _EMPTY.public, "role": "e", "template": _NOBODY}
_ACCOUNT = operators.account(
    signing_keys=[SIGNING.public, _SCOPE, _EMPTY_SCOPE],
    revocations={_REVOKED.public: _NOW + 100},
    default_permissions={"pub": {"deny": ["no"]}, "sub": {"deny": ["no"]}},
)
_NOISE = re.compile(r"\[\d+\] \S+ \S+ |:\d{4,5}|cid:\d+")

# The token, and the key that signs: None for no signature at all.
_CLAIMS: dict[str, tuple[str, KeyPair | None]] = {
    "a user": (operators.user(), USER),
    "no signature": (operators.user(), None),
    "another's key": (operators.user(), _OTHER),
    "a bearer": (operators.user(bearer_token=True), None),
    "expired": (operators.user(top={"exp": _NOW - 1}), USER),
    "too early": (operators.user(top={"nbf": _NOW + 1000}), USER),
    "in time": (operators.user(top={"nbf": _NOW - 5, "exp": _NOW + 1000}), USER),
    "another kind of connection": (operators.user(allowed_connection_types=["MQTT"]), USER),
    "no kind of connection": (operators.user(allowed_connection_types=["FOO"]), USER),
    "its kind": (operators.user(allowed_connection_types=["standard", "FOO"]), USER),
    "from elsewhere": (operators.user(src=["10.0.0.0/8", "::1/128"]), USER),
    "from here": (operators.user(src=["10.0.0.0/8", "127.0.0.0/8"]), USER),
    "from nowhere": (operators.user(src=["x"]), USER),
    "at another time": (operators.user(times=[{"start": "00:00:00", "end": "00:00:00"}]), USER),
    "at any time": (operators.user(times=[{"start": "00:00:00", "end": "23:59:59"}]), USER),
    "by a signing key": (operators.user(SIGNING), USER),
    "by a key that is none": (operators.user(KeyPair.generate("A")), USER),
    "for another account": (operators.user(SIGNING, issuer_account=SIGNING.public), USER),
    "by a scope": (operators.user(SCOPED, tags=["x:7", "x:8", "y:1"]), USER),
    "by a scope, without a tag": (operators.user(SCOPED), USER),
    "by a scope, with rights": (operators.user(SCOPED, pub={"allow": ["a"]}, tags=["y:1"]), USER),
    "revoked": (operators.user(key=_REVOKED), _REVOKED),
    "garbage": ("a.b.c", USER),
    "an account's token": (_ACCOUNT, USER),
    "half a token": (operators.user()[:-10], USER),
    "a changed token": (operators.user().replace(".", ".e", 1), USER),
}


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, nats_server_path: Path) -> Iterator[Twins]:
    folder = tmp_path_factory.mktemp("operators")
    with Twins(nats_server_path, folder, operators.config(_ACCOUNT), "-D") as both:
        yield both


def _both(twins: Twins, play: Callable[[Twin], Any]) -> Any:
    ours, theirs = twins.each(play)
    assert ours == theirs
    return ours


def _come(client: RawClient, token: str, key: KeyPair | None = USER, **fields: Any) -> bytes:
    claim = signed(client, key) if key is not None else {}
    return introduce(client, jwt=token, **claim, **fields)


def _who(client: RawClient) -> Any:
    """Return what the server says of a client."""
    client.send(b"SUB _INBOX.1 info\r\nPUB $SYS.REQ.USER.INFO _INBOX.1 0\r\n\r\n")
    client.read_match(rb"MSG _INBOX.1 info .*\r\n")
    return json.loads(client.read_line())["data"]


@pytest.mark.parametrize("name", _CLAIMS)
def test_who_is_let_in(twins: Twins, name: str) -> None:
    token, key = _CLAIMS[name]

    def play(twin: Twin) -> list[Any]:
        with RawClient(twin.port) as client:
            told: list[Any] = [len(client.info["nonce"]), _come(client, token, key)]
            if told[1] == b"PONG\r\n":
                found = _who(client)
                found.pop("expires", None)
                for rules in found.get("permissions", {}).values():
                    for subjects in rules.values() if isinstance(rules, dict) else ():
                        subjects.sort()
                told.append(found)
            return told

    _both(twins, play)


def test_what_a_user_of_a_scope_may_do(twins: Twins) -> None:
    token = operators.user(SCOPED, tags=["x:7", "x:8", "y:1"])
    own = f"acct.{ACCOUNT.public}.{USER.public}".encode()

    def play(twin: Twin) -> list[Any]:
        seen = []
        with RawClient(twin.port) as client:
            _come(client, token, protocol=1)
            seen.append(client.read_info()["max_payload"])
            for subject in (b"t.u1.7", b"t.u1.8", b"t.u1.9", b"a"):
                client.send(b"PUB %b 0\r\n\r\n" % subject)
                seen.append(client.flush())
            for sid, subject in enumerate((own, b"no.1", b"acct.a.b", b"_INBOX.>", b"_INBOX.1")):
                client.send(b"SUB %b %d\r\n" % (subject, sid))
                seen.append(client.flush())
            client.send(b"SUB _INBOX.2 10\r\n")
            seen.append(client.flush())
        return seen

    _both(twins, play)


def test_nothing_is_allowed_where_no_subject_comes_of_it(twins: Twins) -> None:
    token = operators.token(
        "user",
        USER,
        _EMPTY,
        {"pub": {}, "sub": {}, "subs": 0, "data": 0, "payload": 0}
        | {"issuer_account": ACCOUNT.public},
    )

    def play(twin: Twin) -> bytes:
        with RawClient(twin.port) as client:
            assert _come(client, token) == b"PONG\r\n"
            client.send(b"PUB a 0\r\n\r\nSUB a 1\r\n")
            return client.flush()

    assert b"Publish" in _both(twins, play)


def test_who_stays_too_long(twins: Twins) -> None:
    def play(twin: Twin) -> Any:
        token = operators.user(top={"exp": int(time.time()) + 2})
        with RawClient(twin.port) as client:
            assert _come(client, token) == b"PONG\r\n"
            left_ns = _who(client)["expires"]
            return 0 < left_ns <= 2_000_000_000, client.read_to_end()

    told, said = _both(twins, play)
    assert told
    assert said == b"-ERR 'User Authentication Expired'\r\n"


def test_limits_of_the_account(tmp_path: Path, nats_server_path: Path) -> None:
    account = operators.account(limits={"conn": 1, "subs": 2, "payload": 10})

    def play(twin: Twin) -> list[Any]:
        with RawClient(twin.port) as client, RawClient(twin.port) as other:
            seen = [_come(client, operators.user()), _come(other, operators.user())]
            client.send(b"SUB a 1\r\nSUB b 2\r\nSUB c 3\r\n")
            seen.append(client.flush())
            client.send(b"PUB a 11\r\n0123456789.\r\n")
            return [*seen, client.read_to_end()]

    with Twins(nats_server_path, tmp_path, operators.config(account)) as twins:
        _both(twins, play)


def test_another_token_of_an_account_counts_at_once(tmp_path: Path, nats_server_path: Path) -> None:
    before, key = operators.account(signing_keys=[SIGNING.public]), KeyPair.generate("U")
    config = operators.config(before)
    after = operators.account(revocations={key.public: _NOW + 100})

    def play(twin: Twin) -> list[Any]:
        with RawClient(twin.port) as client, RawClient(twin.port) as other:
            seen = [_come(client, operators.user())]
            seen.append(_come(other, operators.user(key=key), key))
            twin.reload(operators.config(after))
            seen += [b"-ERR" in other.read_to_end(), client.flush()]
        with RawClient(twin.port) as client:
            seen.append(_come(client, operators.user(SIGNING)))
        return seen

    with Twins(nats_server_path, tmp_path, config) as twins:
        _both(twins, play)

"""What an account may have: as the real nats-server has it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient
from tests.support.signing import introduce

pytestmark = pytest.mark.hub

_USERS = "users: [{user: a, password: p}]"
_CONFIG = (
    'http: "127.0.0.1:-1"\nmax_subscriptions: 3\naccounts { A { '
    + _USERS
    + ", limits { %s } }, B { users: [{user: b, password: p}] } }"
)


def _come(twin: Twin, user: str = "a") -> RawClient:
    client = RawClient(twin.port)
    assert introduce(client, user=user, protocol=1, **{"pass": "p"}) == b"PONG\r\n"
    client.read_info()
    return client


def _compare(
    tmp_path: Path, program: Path, limits: str, play: Callable[[Twin], list[Any]]
) -> list[Any]:
    with Twins(program, tmp_path, _CONFIG % limits) as twins:
        ours, theirs = twins.each(play)
    assert ours == theirs
    return list(ours)


def test_connections(tmp_path: Path, nats_server_path: Path) -> None:
    def play(twin: Twin) -> list[Any]:
        with _come(twin), _come(twin) as second, _come(twin, "b"):
            with RawClient(twin.port) as third:
                told = introduce(third, user="a", verbose=True, **{"pass": "p"})
                reason = twin.closed(third.info["client_id"])
            second.close()
            twin.closed(second.info["client_id"])
            _come(twin).close()
        return [told, reason]

    told, reason = _compare(tmp_path, nats_server_path, "max_conn: 2", play)
    assert told == b"-ERR 'maximum account active connections exceeded'\r\n"
    assert reason == "Maximum Account Connections Exceeded"


@pytest.mark.parametrize("limit", [2, 5])
def test_subscriptions(tmp_path: Path, nats_server_path: Path, limit: int) -> None:
    def play(twin: Twin) -> list[Any]:
        seen = []
        for user in ("a", "b"):
            with _come(twin, user) as client:
                for sid in range(5):
                    client.send(b"SUB a.%d %d\r\n" % (sid, sid))
                    seen.append(client.flush())
                client.send(b"UNSUB 0\r\nSUB c 9\r\nPUB c 2\r\nhi\r\n")
                seen.append(client.flush())
        return seen

    _compare(tmp_path, nats_server_path, f"max_subs: {limit}", play)


def test_payload(tmp_path: Path, nats_server_path: Path) -> None:
    def play(twin: Twin) -> list[Any]:
        seen: list[Any] = []
        for user in ("a", "b"):
            with _come(twin, user) as client:
                seen.append(client.info["max_payload"])
                client.send(b"PUB a 10\r\n0123456789\r\n")
                seen.append(client.flush())
                client.send(b"PUB a 11\r\n0123456789.\r\nPING\r\n")
                seen.append(client.read_to_end() if user == "a" else client.read_line())
        return seen

    _compare(tmp_path, nats_server_path, "max_payload: 10", play)


def test_limits_that_change(tmp_path: Path, nats_server_path: Path) -> None:
    def play(twin: Twin) -> list[Any]:
        with _come(twin) as first, _come(twin) as second:
            twin.reload(_CONFIG % "max_conn: 1")
            gone = [twin.ask("connz?state=closed")["connections"][0]["reason"]]
            left = twin.ask("connz")["num_connections"]
            first.close()
            second.close()
        return [gone, left]

    _compare(tmp_path, nats_server_path, "max_conn: 2", play)

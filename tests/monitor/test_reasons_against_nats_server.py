"""Why connections were closed: /connz tells it in nats-server's words."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.monitor.pair import Pair, fetch
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

CONFIG = """
server_name: same
authorization { user: u, password: p, timeout: 0.5 }
max_payload: 2000
max_control_line: 512
max_pending: 100000
ping_interval: 500ms
ping_max: 1
"""
SLOW = 'server_name: same\nwrite_deadline: "200ms"\nping_interval: 10s\n'
USER = {"user": "u", "pass": "p"}


def _says(data: bytes, **connect: object) -> Callable[[RawClient], None]:
    """Return what connects, and then sends ``data``."""

    def act(client: RawClient) -> None:
        client.connect(**USER, **connect)
        client.send(data)

    return act


def _says_at_once(data: bytes) -> Callable[[RawClient], None]:
    return lambda client: client.send(data)


def _leaves(client: RawClient) -> None:
    client.connect(**USER)
    client.close()


def _breaks_off(client: RawClient) -> None:
    client.connect(**USER)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def _is_silent(client: RawClient) -> None:
    client.connect(**USER)


def _connects_with(fields: bytes) -> Callable[[RawClient], None]:
    return _says_at_once(b'CONNECT {"user":"u","pass":"p",' + fields + b"}\r\n")


REASONS: dict[str, tuple[Callable[[RawClient], None], str]] = {
    "leaves": (_leaves, "Client Closed"),
    "breaks off": (_breaks_off, "Read Error"),
    "wrong password": (
        _says_at_once(b'CONNECT {"user":"u","pass":"x"}\r\n'),
        "Authentication Failure",
    ),
    "no CONNECT": (_says_at_once(b"PING\r\n"), "Authentication Failure"),
    "HTTP": (_says_at_once(b"GET / HTTP/1.1\r\n\r\n"), "Authentication Failure"),
    "TLS": (_says_at_once(b"\x16\x03\x01\x02\x00\x01"), "Authentication Failure"),
    "account": (_connects_with(b'"account":"A"'), "Authentication Failure"),
    "says nothing": (lambda client: None, "Authentication Timeout"),
    "answers no ping": (_is_silent, "Stale Connection"),
    "unknown operation": (_says(b"FOO\r\n"), "Protocol Violation"),
    "LS+": (_says(b"LS+ a\r\n"), "Protocol Violation"),
    "size of PUB": (_says(b"PUB a x\r\nabc\r\n"), "Protocol Violation"),
    "end of PUB": (_says(b"PUB a 1\r\nabc\r\n"), "Protocol Violation"),
    "arguments of SUB": (_says(b"SUB a\r\n"), "Protocol Violation"),
    "no arguments": (_says(b"UNSUB\r\n"), "Protocol Violation"),
    "no JSON": (_says_at_once(b"CONNECT {bad}\r\n"), "Protocol Violation"),
    "sizes of HPUB": (
        _says(b"HPUB a 12 4\r\nNATS/1.0\r\n\r\n\r\n", headers=True),
        "Protocol Violation",
    ),
    "unwanted headers": (
        _says(b"HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n", headers=False),
        "Protocol Violation",
    ),
    "no responders": (
        _connects_with(b'"no_responders":true,"headers":false'),
        "No Responders Requires Headers",
    ),
    "protocol": (_connects_with(b'"protocol":5'), "Bad Client Protocol Version"),
    "payload": (_says(b"PUB a 3000\r\n" + b"x" * 3000), "Maximum Message Payload Exceeded"),
    "control line": (_says(b"PUB " + b"a" * 3000), "Maximum Control Line Exceeded"),
    "-ERR": (_says(b"-ERR 'x'\r\n"), "Parse Error"),
}


@pytest.fixture(scope="module")
def pair(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("reasons")
    with Pair(nats_server_path, folder, CONFIG, jetstream=False) as both:
        yield both


def _reason(url: str, cid: int) -> str:
    """Return why a connection was closed, once it is."""
    target = f"/connz?state=closed&cid={cid}"
    found = wait_until(lambda: fetch(url, target).json["connections"], what=f"the end of {cid}")
    return found[0]["reason"]


def _reasons(pair: Pair, act: Callable[[RawClient], None]) -> list[str]:
    """Return why both servers have closed the connection of a client that acts like this."""
    found = []
    urls = iter(pair.monitor_urls())

    def play(port: int) -> None:
        with RawClient(port) as client:
            act(client)
            found.append(_reason(next(urls), client.info["client_id"]))

    pair.both(play)
    return found


@pytest.mark.parametrize("name", REASONS)
def test_reasons(pair: Pair, name: str) -> None:
    act, reason = REASONS[name]
    assert _reasons(pair, act) == [reason, reason]


def test_a_full_server(nats_server_path: Path, tmp_path: Path) -> None:
    with Pair(nats_server_path, tmp_path, "max_connections: 1\n", jetstream=False) as pair:
        urls = iter(pair.monitor_urls())

        def play(port: int) -> str:
            with RawClient(port) as first:
                first.connect()
                with RawClient(port) as second:
                    return _reason(next(urls), second.info["client_id"])

        assert pair.both(play) == ("Maximum Connections Exceeded",) * 2


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (CONFIG, "Slow Consumer (Pending Bytes)"),
        (SLOW, "Slow Consumer (Write Deadline)"),
    ],
)
def test_slow_subscribers(nats_server_path: Path, tmp_path: Path, config: str, reason: str) -> None:
    payload = b"x" * 1900
    with Pair(nats_server_path, tmp_path, config, jetstream=False) as pair:
        urls = iter(pair.monitor_urls())

        def play(port: int) -> str:
            url = next(urls)
            with RawClient(port) as slow, RawClient(port) as publisher:
                slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.connect(**USER)
                slow.send(b"SUB a 1\r\n")
                slow.flush()
                publisher.connect(**USER)
                batch = b"PUB a %d\r\n%b\r\n" % (len(payload), payload) * 500
                cid = slow.info["client_id"]

                def closed() -> bool:
                    publisher.send(batch)
                    publisher.flush()
                    return fetch(url, f"/connz?state=closed&cid={cid}").json["connections"] != []

                wait_until(closed, what="a slow consumer")
                return _reason(url, cid)

        assert pair.both(play) == (reason, reason)

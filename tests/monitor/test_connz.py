"""``/connz``."""

import json
from typing import Any

import pytest

from headwater.base.clock import MILLISECOND, SECOND
from headwater.config.options import Options
from headwater.monitor.connz import duration_text
from headwater.monitor.server import Monitor
from tests.broker.fakes import Client, new_node


def _page(node, query: str = "") -> dict[str, Any]:
    answer = Monitor(node, Options()).respond("/connz" + query)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def _ids(page: dict[str, Any]) -> list[int]:
    return [connection["cid"] for connection in page["connections"]]


def test_a_connection() -> None:
    node = new_node()
    connect = b'CONNECT {"verbose":false,"name":"me","lang":"py","version":"9"}\r\n'
    client = Client(node, connect)
    client.say(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    node.clock.advance(90 * SECOND)
    client.say(b"PUB b 1\r\nx\r\n")
    node.clock.advance(5 * SECOND)
    page = _page(node)
    assert (page["num_connections"], page["total"], page["offset"], page["limit"]) == (
        1,
        1,
        0,
        1024,
    )
    assert page["connections"] == [
        {
            "cid": client.session.id,
            "kind": "Client",
            "type": "nats",
            "ip": "127.0.0.1",
            "port": 4000,
            "start": "2023-11-14T22:13:20Z",
            "last_activity": "2023-11-14T22:14:50Z",
            "uptime": "1m35s",
            "idle": "5s",
            "pending_bytes": 0,
            "in_msgs": 2,
            "out_msgs": 1,
            "in_bytes": 3,
            "out_bytes": 2,
            "subscriptions": 1,
            "name": "me",
            "lang": "py",
            "version": "9",
        }
    ]


def test_subscriptions() -> None:
    node = new_node()
    Client(node).say(b"SUB a 1\r\nSUB q g 2\r\nUNSUB 2 5\r\nPUB a 1\r\nx\r\n")
    assert _page(node, "?subs=1")["connections"][0]["subscriptions_list"] == ["a", "q"]
    assert _page(node, "?subs=detail")["connections"][0]["subscriptions_list_detail"] == [
        {"subject": "a", "sid": "1", "msgs": 1, "cid": 1},
        {"subject": "q", "qgroup": "g", "sid": "2", "msgs": 0, "max": 5, "cid": 1},
    ]


def test_order_and_pages() -> None:
    node = new_node()
    for count in (2, 3, 1):
        Client(node).say(b"PUB x 1\r\nx\r\n" * count)
    assert _ids(_page(node)) == [1, 2, 3]
    assert _ids(_page(node, "?sort=msgs_from")) == [2, 1, 3]
    page = _page(node, "?sort=msgs_from&offset=1&limit=1")
    assert (_ids(page), page["total"], page["num_connections"]) == ([1], 3, 1)
    assert _ids(_page(node, "?cid=3")) == [3]
    assert _ids(_page(node, "?cid=99")) == []
    assert _ids(_page(node, "?offset=-5")) == [1, 2, 3]
    assert _ids(_page(node, "?state=closed")) == []


@pytest.mark.parametrize(
    "sort", ["cid", "start", "subs", "pending", "msgs_to", "bytes_to", "last", "idle", "rtt"]
)
def test_every_order_lists_all(sort: str) -> None:
    node = new_node()
    for _ in range(3):
        Client(node)
    assert sorted(_ids(_page(node, f"?sort={sort}"))) == [1, 2, 3]


def test_round_trip_time() -> None:
    node = new_node()
    client = Client(node)
    node.clock.advance(node.first_ping_ns)
    node.timers.run_due()
    node.clock.advance(1_500_000)
    client.say(b"PONG\r\n")
    assert _page(node)["connections"][0]["rtt"] == "1.5ms"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?sort=foo", b"invalid sorting option: foo"),
        ("?state=foo", b"Error decoding state for foo"),
        ("?limit=x", b"Error decoding int for 'limit'"),
        ("?offset=" + "9" * 40, b"Error decoding int for 'offset'"),
        ("?cid=1.5", b"Error decoding int for 'cid'"),
    ],
)
def test_bad_parameters(query: str, text: bytes) -> None:
    answer = Monitor(new_node(), Options()).respond("/connz" + query)
    assert answer.status == 400
    assert answer.body.startswith(text)


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (20_000, "20µs"),
        (1_639_757, "1.639757ms"),
        (250 * MILLISECOND, "250ms"),
        (3 * SECOND + 250 * MILLISECOND, "3.25s"),
    ],
)
def test_duration_text(duration_ns: int, text: str) -> None:
    assert duration_text(duration_ns) == text

"""``/connz``: sorting, pages, and what is said of a connection."""

from typing import Any

import msgspec
import pytest

from headwater.base.clock import SECOND
from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.connz import ConnzOptions, connz
from headwater.monitor.parameters import BadRequestError
from headwater.monitor.steps import run
from tests.broker.fakes import Client, new_node
from tests.monitor.asking import page, refusal

ORDERS = [
    "cid",
    "start",
    "subs",
    "pending",
    "msgs_to",
    "msgs_from",
    "bytes_to",
    "bytes_from",
    "last",
    "idle",
    "uptime",
    "rtt",
]


def _page(node: Node, query: str = "") -> dict[str, Any]:
    return page(node, "/connz" + query)


def _ids(page: dict[str, Any]) -> list[int]:
    return [connection["cid"] for connection in page["connections"]]


def _numbers(page: dict[str, Any]) -> tuple[int, int, int, int]:
    return page["num_connections"], page["total"], page["offset"], page["limit"]


def _asked_by_json(node: Node, **options: Any) -> dict[str, Any]:
    """Return the page as a request by way of NATS gets it."""
    found: list[Any] = []
    asked = msgspec.json.decode(msgspec.json.encode(options), type=ConnzOptions)

    def failed(error: Exception) -> None:
        raise error

    run(connz(About(node, Options()), asked), found.append, failed)
    while not found:
        assert node.timers.run_due()
    return found[0]


def test_a_connection() -> None:
    node = new_node()
    connect = b'CONNECT {"verbose":false,"name":"me","lang":"py","version":"9"}\r\n'
    client = Client(node, connect)
    client.say(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    node.clock.advance(90 * SECOND)
    client.say(b"PUB b 1\r\nx\r\n")
    node.clock.advance(5 * SECOND)
    found = _page(node)
    assert _numbers(found) == (1, 1, 0, 1024)
    assert found["connections"] == [
        {
            "cid": client.session.id,
            "kind": "Client",
            "type": "nats",
            "ip": "127.0.0.1",
            "port": 4000,
            "start": "2023-11-14T22:13:20Z",
            "last_activity": "2023-11-14T22:14:50Z",
            "rtt": "1ns",
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


def test_what_counts_as_activity() -> None:
    node = new_node()
    client, other = Client(node), Client(node)

    def said(data: bytes, by: Client = client) -> str:
        node.clock.advance(SECOND)
        by.say(data)
        return _page(node, f"?cid={client.session.id}")["connections"][0]["idle"]

    assert said(b"SUB a 1\r\n") == "0s"
    assert said(b"PING\r\n") == "1s"
    assert said(b"PONG\r\n") == "2s"
    assert said(b"PUB x 1\r\nx\r\n") == "0s"
    assert said(b"PUB x 1\r\nx\r\n", other) == "1s"
    assert said(b"PUB a 1\r\nx\r\n", other) == "0s"
    assert said(b"UNSUB 1\r\n") == "0s"
    assert said(b"CONNECT {}\r\n") == "0s"


def test_round_trip_time_is_guessed_from_the_greeting_and_then_measured() -> None:
    node = new_node()
    client = Client(node, greeting=True)
    assert _page(node)["connections"][0]["rtt"] == "0s"
    node.clock.advance(250_000)
    client.say(b'CONNECT {"verbose":false}\r\n')
    assert _page(node)["connections"][0]["rtt"] == "250µs"
    node.clock.advance(node.first_ping_ns * 6 // 5)
    node.timers.run_due()
    assert client.take() == b"PING\r\n"
    node.clock.advance(1_500_000)
    client.say(b"PONG\r\n")
    assert _page(node)["connections"][0]["rtt"] == "1.5ms"


def test_a_slow_subscriber() -> None:
    node = new_node()
    slow, publisher = Client(node), Client(node)
    slow.say(b"SUB a 1\r\n")
    slow.link.stuck = True
    publisher.say(b"PUB a 4\r\nslow\r\n")
    slow.session.overflowed(node.router.stall_bytes + 1)
    found = _page(node, "?sort=pending")["connections"][0]
    assert found["cid"] == slow.session.id
    assert found["pending_bytes"] == len(b"MSG a 1 4\r\nslow\r\n")
    assert found["stalls"] == 1


def test_subscriptions() -> None:
    node = new_node()
    Client(node).say(b"SUB a 1\r\nSUB q g 2\r\nUNSUB 2 5\r\nPUB a 1\r\nx\r\n")
    assert _page(node, "?subs=1")["connections"][0]["subscriptions_list"] == ["a", "q"]
    assert _page(node, "?subs=detail")["connections"][0]["subscriptions_list_detail"] == [
        {"subject": "a", "sid": "1", "msgs": 1, "cid": 1},
        {"subject": "q", "qgroup": "g", "sid": "2", "msgs": 0, "max": 5, "cid": 1},
    ]
    Client(node)
    assert "subscriptions_list" not in _page(node, "?subs=1")["connections"][1]


def test_many_subscriptions_are_listed_in_turns() -> None:
    node = new_node()
    Client(node).say(b"".join(b"SUB a.%d %d\r\n" % (n, n) for n in range(2500)))
    assert len(_page(node, "?subs=1")["connections"][0]["subscriptions_list"]) == 2500


@pytest.mark.parametrize(
    ("connect", "user"),
    [
        (b'{"user":"u","pass":"p","auth_token":"t"}', "u"),
        (b'{"nkey":"UXX","user":"u"}', "UXX"),
        (b'{"auth_token":"t"}', "[REDACTED]"),
        (b"{}", None),
    ],
)
def test_who_it_is(connect: bytes, user: str | None) -> None:
    node = new_node()
    Client(node, b"CONNECT " + connect + b"\r\n").leave()
    Client(node, b"CONNECT " + connect + b"\r\n")
    assert "authorized_user" not in _page(node)["connections"][0]
    found = _page(node, "?auth=1")["connections"][0]
    assert found.get("authorized_user") == user
    assert found["name_tag"] == "$G"
    assert "account" not in found  # nobody but the global account goes without
    closed = _page(node, "?auth=1&state=closed")["connections"][0]
    assert closed.get("authorized_user") == user
    assert "name_tag" not in closed
    if user:
        assert _ids(_page(node, f"?user={user}")) == [2]
        assert _numbers(_page(node, f"?user={user}&state=any")) == (2, 2, 0, 1024)
    assert _numbers(_page(node, "?user=other")) == (0, 1, 0, 1024)


def _in_account(node: Node, name: bytes) -> Client:
    client = Client(node)
    node.accounts.globals.sessions -= 1
    client.session.account = node.accounts.get(name)
    client.session.account.sessions += 1
    return client


def test_one_account() -> None:
    node = new_node()
    Client(node)
    client = _in_account(node, b"A")
    client.say(b"SUB a.> 1\r\n")
    _in_account(node, b"A").say(b"SUB b 1\r\n")
    _in_account(node, b"A").leave()
    assert _numbers(_page(node, "?acc=A")) == (2, 2, 0, 1024)
    assert _ids(_page(node, "?acc=A&auth=1&state=closed")) == [4]
    found = _page(node, "?acc=A&auth=1&state=all")["connections"]
    assert [(c["account"], c["name_tag"]) for c in found] == [("A", "A")] * 3
    nobody = _page(node, "?acc=B")
    assert (nobody["server_id"], nobody["connections"]) == ("", None)
    assert _numbers(nobody) == (0, 0, 0, 1024)


def test_filter_by_subject_is_for_requests_by_way_of_nats() -> None:
    node = new_node()
    for subject in (b"a.>", b"b", b"a.x"):
        Client(node).say(b"SUB " + subject + b" 1\r\n")
    assert _ids(_page(node, "?acc=$G&filter_subject=b")) == [1, 2, 3]
    for subject, ids in (("a.x", [1, 3]), ("a.*", [1]), ("zz", []), ("x..y", [])):
        assert _ids(_asked_by_json(node, acc="$G", filter_subject=subject)) == ids
    with pytest.raises(BadRequestError, match="filter by subject only valid with account"):
        _asked_by_json(node, filter_subject="a")


def test_names_of_a_request_by_way_of_nats() -> None:
    node = new_node()
    Client(node).say(b"SUB a 1\r\n")
    Client(node).leave()
    found = _asked_by_json(node, subscriptions_detail=True, state=2, sort="start", limit=5)
    assert sorted(_ids(found)) == [1, 2]
    shown = next(c for c in found["connections"] if c["cid"] == 1)
    assert shown["subscriptions_list_detail"][0]["subject"] == "a"
    assert _ids(_asked_by_json(node, cid=1)) == [1]


def test_pages() -> None:
    node = new_node()
    for count in (2, 3, 1):
        Client(node).say(b"PUB x 1\r\nx\r\n" * count)
    assert _ids(_page(node)) == [1, 2, 3]
    found = _page(node, "?sort=msgs_from&offset=1&limit=1")
    assert (_ids(found), _numbers(found)) == ([1], (1, 3, 1, 1))
    found = _page(node, "?cid=3")
    assert (_ids(found), _numbers(found)) == ([3], (1, 3, 0, 1))
    assert _ids(_page(node, "?cid=99")) == []
    assert _numbers(_page(node, "?offset=-5&limit=-5")) == (3, 3, 0, 1024)
    assert _numbers(_page(node, "?offset=7")) == (0, 3, 7, 1024)
    assert _ids(_page(node, "?mqtt_client=x")) == []


def test_orders() -> None:
    """Four connections that are told apart by everything that can be sorted by."""
    node = new_node()
    clients = []
    for subscriptions, published, payload in (
        (1, 2, b"bbb"),
        (3, 1, b"aa"),
        (2, 4, b""),
        (0, 3, b"c"),
    ):
        node.clock.advance(SECOND)
        client = Client(node, greeting=True)
        clients.append(client)
        node.clock.advance(SECOND * (5 - len(clients)))
        client.say(b"CONNECT {}\r\n")
        for number in range(subscriptions):
            client.say(b"SUB s.%d %d\r\n" % (subscriptions, number))
        client.say(b"PUB x %d\r\n%b\r\n" % (len(payload), payload) * published)
    for subject in (b"s.3", b"s.3", b"s.1", b"s.2"):
        node.clock.advance(SECOND)
        clients[3].say(b"PUB " + subject + b" 1\r\nx\r\n")

    def order(sort: str) -> list[int]:
        return _ids(_page(node, f"?sort={sort}&limit=4"))

    assert order("cid") == order("start") == [1, 2, 3, 4]
    assert order("uptime") == [4, 3, 2, 1]
    assert order("subs") == order("msgs_to") == order("bytes_to") == [2, 3, 1, 4]
    assert order("msgs_from") == [4, 3, 1, 2]
    assert order("bytes_from") == [4, 1, 2, 3]
    assert order("rtt") == [1, 2, 3, 4]
    assert order("last") == [3, 4, 1, 2] or order("last") == [4, 3, 1, 2]
    assert order("idle") == [2, 1, 3, 4] or order("idle") == [2, 1, 4, 3]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("state", ["open", "closed", "any", "ALL"])
def test_every_order_lists_all(sort: str, state: str) -> None:
    node = new_node()
    for _ in range(3):
        Client(node)
    for _ in range(3):
        Client(node).leave()
    ids = {"open": [1, 2, 3], "closed": [4, 5, 6]}.get(state, [1, 2, 3, 4, 5, 6])
    assert sorted(_ids(_page(node, f"?sort={sort}&state={state}"))) == ids


def test_closed_connections() -> None:
    node = new_node()
    client = Client(node, b'CONNECT {"verbose":false,"name":"n"}\r\n')
    client.say(b"SUB a q 1\r\nUNSUB 1 9\r\nPUB a 2\r\nhi\r\n")
    node.clock.advance(3 * SECOND)
    client.leave()
    node.clock.advance(60 * SECOND)
    found = _page(node, "?state=closed&subs=detail")
    assert _numbers(found) == (1, 1, 0, 1024)
    connection = found["connections"][0]
    assert list(connection)[6:9] == ["last_activity", "stop", "reason"]
    assert connection["stop"] == "2023-11-14T22:13:23Z"
    assert connection["reason"] == "Client Closed"
    assert (connection["uptime"], connection["idle"]) == ("3s", "3s")
    assert (connection["in_msgs"], connection["out_bytes"], connection["name"]) == (1, 2, "n")
    assert connection["subscriptions_list_detail"] == [
        {
            "account": "$G",
            "account_tag": "$G",
            "subject": "a",
            "qgroup": "q",
            "sid": "1",
            "msgs": 1,
            "cid": 1,
        }
    ]
    assert _page(node, "?state=closed&subs=1")["connections"][0]["subscriptions_list"] == ["a"]
    assert _ids(_page(node)) == []


def test_orders_of_closed_connections() -> None:
    node = new_node()
    clients = [Client(node) for _ in range(3)]
    for index, reason in ((1, "Stale Connection"), (0, "Client Closed"), (2, "Read Error")):
        node.clock.advance(SECOND)
        clients[index].session.fail(reason)
        clients[index].leave()

    def order(sort: str) -> list[int]:
        return _ids(_page(node, f"?state=closed&sort={sort}"))

    assert order("stop") == [3, 1, 2]
    assert order("reason") == [1, 3, 2]
    assert order("uptime") == [2, 1, 3]


def test_who_never_got_in_is_among_the_closed() -> None:
    node = new_node()
    node.connections_max = 1
    Client(node)
    Client(node, greeting=True).leave()
    found = _page(node, "?state=closed")["connections"]
    assert [(c["cid"], c["reason"]) for c in found] == [(2, "Maximum Connections Exceeded")]


def test_a_connection_that_ends_while_the_page_is_made() -> None:
    node = new_node()
    clients = [Client(node) for _ in range(200)]
    found: list[Any] = []
    run(connz(About(node, Options()), ConnzOptions()), found.append, found.append)
    for client in clients:
        client.leave()
    while not found:
        node.timers.run_due()
    assert len(found[0]["connections"]) == 200


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?sort=foo", "invalid sorting option: foo"),
        ("?sort=CID", "invalid sorting option: CID"),
        ("?sort=stop", "sort by stop only valid on closed connections"),
        ("?sort=reason&state=any", "sort by reason only valid on closed connections"),
        ("?state=foo", "Error decoding state for foo"),
        ("?state=0", "Error decoding state for 0"),
    ],
)
def test_bad_parameters(query: str, text: str) -> None:
    assert refusal(new_node(), "/connz" + query) == text


def test_the_first_bad_parameter_is_told() -> None:
    names = ["auth", "subs", "offset", "limit", "cid", "state", "sort"]
    while names:
        query = "&".join(f"{name}=bad" for name in names)
        assert names[0] in refusal(new_node(), "/connz?" + query).replace("sorting", "sort")
        del names[0]

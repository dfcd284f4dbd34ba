"""``/subsz``: statistics of the interest, and the list of subscriptions."""

from typing import Any

import msgspec
import pytest

from headwater.broker.node import Node
from headwater.broker.subscription import InternalSubscription
from headwater.monitor.subsz import SubszOptions
from tests.broker.fakes import Client, new_node
from tests.monitor.asking import page, refusal


def _node() -> Node:
    node = new_node()
    Client(node).say(b"SUB a.b 1\r\nSUB a.* g 2\r\nUNSUB 2 7\r\nPUB a.b 1\r\nx\r\n")
    Client(node).say(b"SUB c 1\r\nSUB d 2\r\nUNSUB 2\r\n")
    return node


def _subsz(node: Node, query: str = "") -> dict[str, Any]:
    return page(node, "/subsz" + query)


def _subjects(found: dict[str, Any]) -> list[str]:
    return sorted(entry["subject"] for entry in found.get("subscriptions_list", []))


def test_statistics() -> None:
    found = _subsz(_node())
    assert found.pop("server_id").startswith("N")
    assert found == {
        "now": "2023-11-14T22:13:20Z",
        "num_subscriptions": 3,
        "num_cache": 1,
        "num_inserts": 4,
        "num_removes": 1,
        "num_matches": 1,
        "cache_hit_rate": 0,
        "max_fanout": 2,
        "avg_fanout": 2,
        "total": 0,
        "offset": 0,
        "limit": 1024,
    }


def test_hits() -> None:
    node = _node()
    client = Client(node)
    for subject in (b"a.b", b"x", b"a.b", b"x", b"x"):
        client.say(b"PUB " + subject + b" 1\r\nx\r\n")
    found = _subsz(node)
    # The very same subject again is not even looked up.
    assert found["num_matches"] == 5
    assert found["cache_hit_rate"] == 3 / 5
    assert (found["num_cache"], found["max_fanout"], found["avg_fanout"]) == (2, 2, 1)


def test_list() -> None:
    node = _node()
    found = _subsz(node, "?subs=1")
    assert found["total"] == 3
    assert sorted(found["subscriptions_list"], key=lambda entry: entry["subject"]) == [
        {
            "account": "$G",
            "account_tag": "$G",
            "subject": "a.*",
            "qgroup": "g",
            "sid": "2",
            "msgs": 1,
            "max": 7,
            "cid": 1,
        },
        {
            "account": "$G",
            "account_tag": "$G",
            "subject": "a.b",
            "sid": "1",
            "msgs": 1,
            "cid": 1,
        },
        {"account": "$G", "account_tag": "$G", "subject": "c", "sid": "1", "msgs": 0, "cid": 2},
    ]


def test_pages() -> None:
    node = _node()
    pages = [_subsz(node, f"?subs=1&limit=2&offset={offset}") for offset in (0, 2, 4)]
    assert [len(found.get("subscriptions_list", [])) for found in pages] == [2, 1, 0]
    assert [(found["total"], found["offset"], found["limit"]) for found in pages] == [
        (3, 0, 2),
        (3, 2, 2),
        (3, 4, 2),
    ]
    assert sorted(_subjects(pages[0]) + _subjects(pages[1])) == ["a.*", "a.b", "c"]
    found = _subsz(node, "?subs=1&limit=-1&offset=-1")
    assert (found["offset"], found["limit"], found["total"]) == (0, 1024, 3)


def test_what_a_message_would_reach() -> None:
    node = _node()
    assert _subjects(_subsz(node, "?subs=1&test=a.b")) == ["a.*", "a.b"]
    assert _subjects(_subsz(node, "?subs=1&test=a.x")) == ["a.*"]
    assert _subsz(node, "?subs=1&test=zz")["total"] == 0
    assert _subsz(node, "?test=a.b")["total"] == 0


def test_one_account() -> None:
    node = _node()
    subscription = InternalSubscription(b"s", lambda message, origin: True)
    node.accounts.get(b"A").subscribe(subscription)
    assert _subsz(node)["num_subscriptions"] == 4
    found = _subsz(node, "?acc=A&subs=1")
    assert found["num_subscriptions"] == 1
    assert found["subscriptions_list"] == [
        {"account": "A", "account_tag": "A", "subject": "s", "sid": "", "msgs": 0, "cid": 0}
    ]
    assert _subsz(node, "?acc=none&subs=1")["num_subscriptions"] == 0


def test_interest_of_other_servers_is_counted_and_not_listed() -> None:
    node = _node()
    remote = InternalSubscription(b"r", lambda message, origin: True)
    remote.remote = True
    node.accounts.globals.subscribe(remote)
    found = _subsz(node, "?subs=1")
    assert (found["num_subscriptions"], found["total"]) == (4, 3)
    assert "r" not in _subjects(found)


def test_a_long_list_is_made_in_turns() -> None:
    node = new_node()
    Client(node).say(b"".join(b"SUB a.%d %d\r\n" % (n, n) for n in range(5000)))
    found = _subsz(node, "?subs=1&offset=4990")
    assert (found["total"], len(found["subscriptions_list"])) == (5000, 10)


@pytest.mark.parametrize("subject", ["x.*", ">", "a..b", ".a", "a b"])
def test_a_test_must_be_a_subject_to_publish_to(subject: str) -> None:
    text = f"invalid test subject, must be valid publish subject: {subject}"
    assert refusal(new_node(), f"/subsz?test={subject}".replace(" ", "+")) == text


def test_names_of_a_request_by_way_of_nats() -> None:
    body = b'{"offset":1,"limit":2,"subscriptions":true,"account":"A","test":"x"}'
    asked = msgspec.json.decode(body, type=SubszOptions)
    assert asked == SubszOptions(1, 2, subscriptions=True, account="A", test="x")

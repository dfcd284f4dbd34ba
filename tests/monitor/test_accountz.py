"""``/accountz`` and ``/accstatz``: the accounts, and what passes through them."""

from typing import Any

from headwater.broker.node import Node
from headwater.config.options import AccountOptions, Mapping, MappingDestination, Options
from tests.broker.fakes import Client, new_node
from tests.monitor.asking import page, refusal

NOTHING = {"msgs": 0, "bytes": 0}


def _statistics(node: Node, query: str = "") -> dict[str, Any]:
    return {entry["acc"]: entry for entry in page(node, "/accstatz" + query)["account_statz"]}


def test_names() -> None:
    node = new_node()
    node.accounts.get(b"A")
    found = page(node, "/accountz")
    assert found.pop("server_id") == node.server_id
    assert found == {
        "now": "2023-11-14T22:13:20Z",
        "system_account": "$SYS",
        "accounts": ["$G", "$SYS", "A"],
    }
    assert "system_account" not in page(node, "/accountz", Options(no_system_account=True))


def test_one_account() -> None:
    node = new_node()
    Client(node).say(b"SUB a 1\r\nSUB b 2\r\nUNSUB 1\r\n")
    assert page(node, "/accountz?acc=$G")["account_detail"] == {
        "account_name": "$G",
        "update_time": "2023-11-14T22:13:20Z",
        "expired": False,
        "complete": True,
        "jetstream_enabled": False,
        "leafnode_connections": 0,
        "client_connections": 1,
        "subscriptions": 1,
        "name_tag": "$G",
        "sublist_stats": {
            "num_subscriptions": 1,
            "num_cache": 0,
            "num_inserts": 2,
            "num_removes": 1,
            "num_matches": 0,
            "cache_hit_rate": 0,
            "max_fanout": 0,
            "avg_fanout": 0,
        },
    }
    assert page(node, "/accountz?acc=$SYS")["account_detail"]["is_system"] is True


def test_mappings() -> None:
    def mapping(source: str) -> Mapping:
        places = MappingDestination("b", 40), MappingDestination("c", 60, cluster="C")
        return Mapping(source, places)

    options = Options(
        mappings=(mapping("z"), mapping("a")),
        accounts=(AccountOptions("A", mappings=(mapping("m"),)),),
    )
    node = new_node()
    node.accounts.get(b"A")
    shown = [{"subject": "b", "weight": 40}, {"subject": "c", "weight": 60, "cluster": "C"}]
    found = page(node, "/accountz?acc=$G", options)["account_detail"]["mappings"]
    assert list(found.items()) == [("a", shown), ("z", shown)]
    assert page(node, "/accountz?acc=A", options)["account_detail"]["mappings"] == {"m": shown}
    assert "mappings" not in page(node, "/accountz?acc=$SYS", options)["account_detail"]


def test_an_account_that_is_not_there() -> None:
    node = new_node()
    assert refusal(node, "/accountz?acc=nope") == "Account nope does not exist"
    assert node.accounts.find(b"nope") is None  # asking makes none


def test_statistics() -> None:
    node = new_node()
    client = Client(node)
    client.say(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    Client(node).say(b"PUB a 3\r\nabc\r\n")
    node.accounts.globals.slow_consumers = 4
    found = _statistics(node)
    assert list(found) == ["$G"]
    assert found["$G"] == {
        "acc": "$G",
        "name": "$G",
        "conns": 2,
        "leafnodes": 0,
        "total_conns": 2,
        "num_subscriptions": 1,
        "sent": {"msgs": 2, "bytes": 5, "gateways": NOTHING, "routes": NOTHING, "leafs": NOTHING},
        "received": {
            "msgs": 2,
            "bytes": 5,
            "gateways": NOTHING,
            "routes": NOTHING,
            "leafs": NOTHING,
        },
        "slow_consumers": 4,
    }


def test_what_closed_connections_did_stays() -> None:
    node = new_node()
    Client(node)
    for _ in range(3):
        client = Client(node)
        client.say(b"PUB a 2\r\nhi\r\n")
        client.leave()
    assert _statistics(node)["$G"]["received"]["msgs"] == 3


def test_accounts_without_connections_are_shown_when_asked_for() -> None:
    node = new_node()
    assert _statistics(node) == {}
    assert list(_statistics(node, "?unused=1")) == ["$G", "$SYS"]


def test_many_connections_are_added_up_in_turns() -> None:
    node = new_node()
    for _ in range(2500):
        Client(node).say(b"PUB a 1\r\nx\r\n")
    assert _statistics(node)["$G"]["received"]["bytes"] == 2500

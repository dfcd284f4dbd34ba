"""``/jsz``: totals of JetStream, and its accounts, streams and consumers."""

import json
from typing import Any

import msgspec
import pytest

from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.http_session import Answer
from headwater.monitor.jsz import JszOptions
from headwater.monitor.server import Monitor
from tests.broker.fakes import new_node
from tests.monitor.asking import page
from tests.monitor.streams import World

UNLIMITED = 2**64 - 1


@pytest.fixture
def world() -> World:
    world = World()
    world.stream("S", max_bytes=5000)
    world.stream("M", storage="memory")
    world.consumer("S", "C")
    world.publish("S.a", 3)
    world.publish("M.a", 2)
    world.ask("STREAM.MSG.DELETE.S", seq=2)
    world.ask("STREAM.INFO.none")
    return world


def _jsz(world: World, query: str = "") -> dict[str, Any]:
    return page(world.node, "/jsz" + query)


def test_without_jetstream() -> None:
    found = page(new_node(), "/jsz?streams=1")
    assert found.pop("server_id").startswith("N")
    assert found == {
        "memory": 0,
        "storage": 0,
        "reserved_memory": 0,
        "reserved_storage": 0,
        "accounts": 0,
        "ha_assets": 0,
        "api": {"level": 0, "total": 0, "errors": 0},
        "now": "2023-11-14T22:13:20Z",
        "disabled": True,
        "config": {"max_memory": 0, "max_storage": 0},
        "streams": 0,
        "consumers": 0,
        "messages": 0,
        "bytes": 0,
        "total": 0,
    }


def test_totals(world: World) -> None:
    found = _jsz(world)
    stored = world.node.jetstream.accounts[0].streams
    assert (found["streams"], found["consumers"], found["messages"]) == (2, 1, 4)
    assert found["storage"] == stored["S"].store.index.bytes
    assert found["memory"] == stored["M"].store.index.bytes
    assert found["bytes"] == found["storage"] + found["memory"]
    assert (found["reserved_memory"], found["reserved_storage"]) == (0, 5000)
    assert (found["api"]["total"], found["api"]["errors"]) == (5, 1)
    assert found["total"] == 1
    assert {"account_details", "streams_leader", "disabled"}.isdisjoint(found)
    found = _jsz(world, "?raft=1")
    assert (found["streams_leader"], found["consumers_leader"]) == (2, 1)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?accounts=1", True),
        ("?acc=$G", True),
        ("?streams=1", True),
        ("?consumers=1", True),
        ("?config=1", False),
        ("?acc=none", False),
        ("?acc=none&streams=1", False),
        ("?acc=none&accounts=1", True),
        ("?accounts=1&offset=1", False),
        ("?accounts=1&offset=-1&limit=-1", True),
        ("?accounts=1&limit=0", True),
        ("?leader-only=1", False),
        ("?acc=$G&offset=1", True),
    ],
)
def test_which_accounts_are_shown(world: World, query: str, shown: bool) -> None:
    found = _jsz(world, query)
    assert ("account_details" in found) is shown
    assert found["total"] == 1


def test_an_account(world: World) -> None:
    (account,) = _jsz(world, "?accounts=1")["account_details"]
    totals = _jsz(world)
    assert account == {
        "name": "$G",
        "id": "$G",
        "memory": totals["memory"],
        "storage": totals["storage"],
        "reserved_memory": UNLIMITED,
        "reserved_storage": UNLIMITED,
        "accounts": 0,
        "ha_assets": 0,
        "api": {"level": 0, "total": 5, "errors": 1},
    }


def test_streams(world: World) -> None:
    (account,) = _jsz(world, "?streams=1")["account_details"]
    memory, file = account["stream_detail"]
    assert (memory["name"], file["name"]) == ("M", "S")
    assert list(file) == ["name", "created", "cluster", "state"]
    assert file["cluster"] == {"leader": world.node.name}
    assert file["created"] == "2023-11-14T22:13:20Z"
    state = file["state"]
    assert (state["messages"], state["num_deleted"], state["consumer_count"]) == (2, 1, 1)
    with_config = _jsz(world, "?streams=1&config=1")["account_details"][0]["stream_detail"][1]
    assert with_config["config"]["max_bytes"] == 5000
    assert list(with_config) == ["name", "created", "cluster", "config", "state"]


def test_consumers(world: World) -> None:
    (account,) = _jsz(world, "?consumers=1&acc=$G")["account_details"]
    memory, file = account["stream_detail"]
    assert "consumer_detail" not in memory
    (consumer,) = file["consumer_detail"]
    assert (consumer["stream_name"], consumer["name"], consumer["num_pending"]) == ("S", "C", 2)
    assert "config" not in consumer
    account = _jsz(world, "?consumers=1&config=1")["account_details"][0]
    consumer = account["stream_detail"][1]["consumer_detail"][0]
    assert consumer["config"]["durable_name"] == "C"
    assert list(consumer)[:4] == ["stream_name", "name", "created", "config"]


def test_consumers_of_other_streams_are_shown_apart(world: World) -> None:
    stream = world.node.jetstream.accounts[0].streams["S"]
    consumer = stream.consumers["C"]
    consumer.config = msgspec.structs.replace(consumer.config, direct=True)
    assert _jsz(world)["consumers"] == 0
    stream = _jsz(world, "?consumers=1")["account_details"][0]["stream_detail"][1]
    assert {"consumer_detail", "direct_consumer_detail"}.isdisjoint(stream)
    query = "?consumers=1&direct-consumers=1"
    stream = _jsz(world, query)["account_details"][0]["stream_detail"][1]
    assert stream["direct_consumer_detail"][0]["name"] == "C"


def test_the_answer_waits_for_a_block_that_is_not_in_memory(world: World) -> None:
    store = world.node.jetstream.accounts[0].streams["S"].store
    store.drop_cache()
    answers: list[Answer] = []
    Monitor(About(world.node, Options())).respond("GET", "/jsz?streams=1", answers.append)
    while world.node.timers.run_due():
        pass
    assert not answers
    assert world.jobs.held
    world.jobs.run()
    while world.node.timers.run_due():
        pass
    (account,) = json.loads(answers[0].body)["account_details"]
    assert account["stream_detail"][1]["state"]["first_ts"] == "2023-11-14T22:13:20Z"


def test_a_stream_that_is_deleted_while_the_answer_is_made(world: World) -> None:
    world.stream("T")
    world.node.jetstream.accounts[0].streams["S"].store.drop_cache()
    answers: list[Answer] = []
    Monitor(About(world.node, Options())).respond("GET", "/jsz?streams=1", answers.append)
    while world.node.timers.run_due():
        pass
    world.ask("STREAM.DELETE.T")
    while not answers:
        assert world.node.timers.run_due()
    (account,) = json.loads(answers[0].body)["account_details"]
    assert [stream["name"] for stream in account["stream_detail"]] == ["M", "S"]


def test_many_streams_are_told_in_turns() -> None:
    world = World()
    for number in range(250):
        world.stream(f"S{number}", storage="memory")
    (account,) = _jsz(world, "?streams=1")["account_details"]
    assert len(account["stream_detail"]) == 250


def test_names_of_a_request_by_way_of_nats() -> None:
    body = (
        b'{"account":"A","accounts":true,"streams":true,"consumer":true,"direct_consumer":true,'
        b'"config":true,"leader_only":true,"stream_leader_only":true,"offset":1,"limit":2,"raft":true}'
    )
    asked = msgspec.json.decode(body, type=JszOptions)
    assert all(getattr(asked, name) for name in JszOptions.__struct_fields__)

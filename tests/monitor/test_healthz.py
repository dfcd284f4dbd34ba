"""``/healthz``: whether the server, or a part of it, is as it should be."""

import json

import msgspec
import pytest

from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.healthz import HealthzOptions
from headwater.monitor.http_session import Answer
from headwater.monitor.server import Monitor
from tests.broker.fakes import new_node
from tests.monitor.asking import ask
from tests.monitor.streams import World

NOT_READY = "failed to be ready for connections after 1ms: server"
NO_ACCOUNT = '"account" must not be empty when checking stream health'
NO_STREAM = '"stream" must not be empty when checking consumer health'


def _health(world: World, query: str = "") -> tuple[int, dict]:
    answer = ask(Monitor(About(world.node, Options())), "/healthz" + query)
    return answer.status, json.loads(answer.body)


@pytest.fixture
def world() -> World:
    world = World()
    world.stream("S")
    world.consumer("S", "C")
    return world


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?details=1",
        "?js-enabled=1",
        "?js-enabled-only=1",
        "?js-server-only=1",
        "?js-meta-only=1",
        "?account=$G",
        "?account=$G&stream=S",
        "?account=$G&stream=S&consumer=C",
        "?account=nope&js-server-only=1",
        "?account=nope&js-enabled-only=1",
        "?account=&stream=",
        "?other=x",
    ],
)
def test_all_is_well(world: World, query: str) -> None:
    assert _health(world, query) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("query", "status", "word", "text"),
    [
        ("?stream=S", 400, "error", NO_ACCOUNT),
        ("?consumer=C", 400, "error", NO_STREAM),
        ("?account=$G&consumer=C", 400, "error", NO_STREAM),
        ("?stream=S&consumer=C", 400, "error", NO_ACCOUNT),
        ("?account=no", 404, "unavailable", 'JetStream account "no" not found'),
        ("?account=$SYS", 404, "unavailable", 'JetStream account "$SYS" not found'),
        ("?account=no&stream=S", 404, "unavailable", 'JetStream account "no" not found'),
        (
            "?account=$G&stream=no&consumer=C",
            404,
            "unavailable",
            'JetStream stream "no" not found on account "$G"',
        ),
        (
            "?account=$G&stream=S&consumer=no",
            404,
            "unavailable",
            'JetStream consumer "no" not found for stream "S" on account "$G"',
        ),
    ],
)
def test_what_is_wrong(world: World, query: str, status: int, word: str, text: str) -> None:
    assert _health(world, query) == (status, {"status": word, "error": text})
    found = _health(world, query + "&details=true")
    assert found[0] == status
    assert found[1]["status"] == "error"
    assert [error["error"] for error in found[1]["errors"]] == [text]


def test_details_tell_where_it_is(world: World) -> None:
    _, body = _health(world, "?account=$G&stream=S&consumer=no&details=1")
    text = 'JetStream consumer "no" not found for stream "S" on account "$G"'
    assert body["errors"] == [
        {"type": "CONSUMER", "account": "$G", "stream": "S", "consumer": "no", "error": text}
    ]
    _, body = _health(world, "?stream=S&details=1")
    assert body["errors"] == [{"type": "BAD_REQUEST", "error": NO_ACCOUNT}]


@pytest.mark.parametrize("query", ["", "?js-server-only=1", "?account=$G&stream=S"])
def test_a_server_that_clients_cannot_connect_to(world: World, query: str) -> None:
    world.node.listening = False
    assert _health(world, query) == (500, {"status": "error", "error": NOT_READY})


def test_without_jetstream_there_is_nothing_to_miss() -> None:
    node = new_node()
    node.listening = True
    for query in ("?js-enabled-only=1", "?account=$G&stream=S", "?account=no"):
        assert ask(Monitor(About(node, Options())), "/healthz" + query).status == 200


def test_the_answer_is_on_one_line(world: World) -> None:
    answer: Answer = ask(Monitor(About(world.node, Options())), "/healthz")
    assert answer.body == b'{"status":"ok"}'
    assert dict(answer.headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "name", ["js-enabled", "js-enabled-only", "js-server-only", "js-meta-only", "details"]
)
def test_parameters_that_are_neither_yes_nor_no(world: World, name: str) -> None:
    answer = ask(Monitor(About(world.node, Options())), f"/healthz?{name}=x")
    assert answer.status == 400
    assert answer.body.startswith(f"Error decoding boolean for '{name}'".encode())


def test_names_of_a_request_by_way_of_nats() -> None:
    body = b'{"js-enabled-only":true,"js-server-only":true,"account":"A","details":true}'
    asked = msgspec.json.decode(body, type=HealthzOptions)
    assert (asked.js_enabled_only, asked.js_server_only, asked.account) == (True, True, "A")


def test_damage_is_told_and_is_no_reason_to_be_unhealthy(world: World) -> None:
    stream = world.node.jetstream.accounts[0].streams["S"]
    stream.damaged("block 1: 1 damaged stretches left out")
    stream.damaged("block 1: 1 damaged stretches left out")
    found = {"account": "$G", "stream": "S", "findings": ["block 1: 1 damaged stretches left out"]}
    assert _health(world) == (200, {"status": "ok"})
    assert _health(world, "?details=1") == (200, {"status": "ok", "damaged": [found]})

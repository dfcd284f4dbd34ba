"""Traces over a leaf link without sockets; what nats-server does is in test_leaf_trace_hub.py."""

import json
from typing import Any

import pytest

from tests.broker.test_trace import ONLY, TO, hpub
from tests.cluster.fakes import World, feed

TEXT = (
    "Message delivered but remote does not support message tracing "
    "so no trace event generated from there"
)
TEXT_ONLY = "Not delivered because remote does not support message tracing"


def traced(world: World, heard: list[tuple[bytes, ...]]) -> dict[str, Any]:
    """Return the only trace that was heard."""
    ((_, _, _, body),) = heard
    trace: dict[str, Any] = json.loads(body)
    for event in trace["events"]:
        event.pop("ts")
    return trace


def egress(world: World, **fields: Any) -> dict[str, Any]:
    return {"type": "eg", "kind": 4, "cid": world.session.id, "name": "HUB", **fields}


@pytest.mark.parametrize(
    ("hub", "only", "error", "sent"),
    [
        ({}, (), "", True),
        ({}, (ONLY,), "", True),
        ({"proto": 1}, (), TEXT, True),
        ({"proto": 1}, (ONLY,), TEXT_ONLY, False),
        ({"headers": False}, (), TEXT, True),
        ({"headers": False}, (ONLY,), TEXT_ONLY, False),
    ],
)
def test_what_goes_up(hub: dict[str, Any], only: tuple[bytes, ...], error: str, sent: bool) -> None:
    world = World()
    world.shake_hands(**hub)
    world.says(b"LS+ up.*\r\nLS+ up.1 g 1\r\n")
    heard = world.listen(b"t")
    client = world.client()
    world.link.take()
    feed(client.receiver, hpub(b"up.1", TO, *only) + b"PUB up.2 1\r\ny\r\n")
    trace = traced(world, heard)
    assert trace["hops"] == 1
    assert trace["events"][1] == egress(world, hop="1", **({"error": error} if error else {}))
    lines = [b"NATS/1.0", TO, *only, b"Nats-Trace-Hop: 1", b"", b"x"]
    copy = b"\r\n".join(lines)
    expected = b"HMSG up.1 | g %d %d\r\n%b\r\n" % (len(copy) - 1, len(copy), copy)
    if hub.get("headers") is False:
        expected = b"LMSG up.1 | g 1\r\nx\r\n"
    assert world.link.take() == (expected if sent else b"") + b"LMSG up.2 1\r\ny\r\n"


def test_what_comes_down() -> None:
    world = World()
    world.shake_hands()
    heard = world.listen(b"t")
    below = world.listen(b"down")
    block = b"NATS/1.0\r\n" + TO + b"\r\nNats-Trace-Hop: 2.1\r\n\r\n"
    world.says(b"HMSG down %d %d\r\n%bx\r\n" % (len(block), len(block) + 1, block))
    trace = traced(world, heard)
    assert trace["request"]["header"]["Nats-Trace-Hop"] == ["2.1"]
    assert "hops" not in trace
    sender = {"kind": 4, "cid": world.session.id, "name": "HUB"}
    assert trace["events"] == [{"type": "in", **sender, "acc": "$G", "subj": "down"}]
    assert below == [(b"down", b"", block, b"x")]


def test_a_link_that_messages_may_not_take_is_named() -> None:
    world = World()
    world.shake_hands(welcome={"export": {"deny": ["up.2"]}})
    world.says(b"LS+ up.*\r\n")
    heard = world.listen(b"t")
    client = world.client()
    world.link.take()
    feed(client.receiver, hpub(b"up.2", TO))
    text = "Not delivered because publish denied for this subject"
    assert traced(world, heard)["events"][1] == egress(world, hop="1", error=text)
    assert world.link.take() == b""


def test_what_an_account_samples_is_marked_for_all_behind() -> None:
    world = World()
    world.shake_hands()
    account = world.node.accounts.globals
    account.trace_destination = b"t"
    world.says(b"LS+ up\r\n")
    heard = world.listen(b"t")
    client = world.client()
    context = b"traceparent: a-b-c-01"
    world.link.take()
    feed(client.receiver, hpub(b"up", context))
    assert traced(world, heard)["hops"] == 1
    copy = b"NATS/1.0\r\n" + context + b"\r\nNats-Trace-Hop: 1\r\n\r\n"
    assert world.link.take() == b"HMSG up %d %d\r\n%bx\r\n" % (len(copy), len(copy) + 1, copy)
    account.trace_sampling = 0
    feed(client.receiver, hpub(b"up", context))
    assert world.link.take().endswith(b"\r\nNats-Trace-Dest: trace disabled\r\n\r\nx\r\n")
    assert len(heard) == 1


def test_after_a_trace_a_link_reads_on_as_before() -> None:
    world = World()
    world.shake_hands()
    below = world.listen(b"down.*")
    block = b"NATS/1.0\r\n" + TO + b"\r\nNats-Trace-Origin-Account: A\r\n\r\n"
    data = b"HMSG down.1 %d %d\r\n%bx\r\n" % (len(block), len(block) + 1, block)
    world.says(data + b"LMSG down.2 reply 2\r\nhi\r\n")
    marked = b"NATS/1.0\r\nNats-Trace-Origin-Account: A\r\nNats-Trace-Dest: trace disabled\r\n\r\n"
    assert below == [(b"down.1", b"", marked, b"x"), (b"down.2", b"reply", b"", b"hi")]

"""Traces of messages in a node without sockets; what nats-server does is in tests/server."""

import itertools
import json
from typing import Any

import pytest

from headwater.accounts.permissions import Permissions, Rules
from headwater.broker.client_session import ClientSubscription
from headwater.broker.node import Node
from headwater.broker.subscription import InternalSubscription, ServiceSubscription
from headwater.broker.trace import CLOSED, DENIED, NO_ECHO, TOO_SLOW
from headwater.wire.message import Message
from tests.broker.fakes import Client, new_node

TO = b"Nats-Trace-Dest: t"
ONLY = b"Nats-Trace-Only: 1"
CONTEXT = b"traceparent: a-b-c-01"


def hpub(subject: bytes, *fields: bytes, reply: bytes = b"") -> bytes:
    block = b"\r\n".join([b"NATS/1.0", *fields, b"", b""])
    sizes = b"%d %d" % (len(block), len(block) + 1)
    return b"HPUB %b %b %b\r\n%bx\r\n" % (subject, reply, sizes, block)


def watcher_of(node: Node) -> Client:
    watcher = Client(node)
    watcher.say(b"SUB t 1\r\n")
    return watcher


def traces(watcher: Client) -> list[dict[str, Any]]:
    lines = watcher.take().split(b"\r\n")
    return [json.loads(line) for line in lines if line.startswith(b"{")]


def events(watcher: Client) -> list[dict[str, Any]]:
    """Return the events of the only trace, without their times."""
    (trace,) = traces(watcher)
    return [{name: event[name] for name in event if name != "ts"} for event in trace["events"]]


def test_a_trace_tells_of_the_server_the_message_and_its_way() -> None:
    node = new_node()
    watcher = watcher_of(node)
    listener = Client(node, b'CONNECT {"verbose":false,"name":"ear"}\r\n')
    listener.say(b"SUB f.* 1\r\nSUB f.a q 2\r\n")
    publisher = Client(node)
    assert publisher.say(hpub(b"f.a", TO, b"B: 1", b"A: 2")) == b""
    assert listener.take().count(b"MSG f.a") == 2
    (trace,) = traces(watcher)
    assert list(trace) == ["server", "request", "events"]
    assert trace["server"]["id"] == node.server_id
    fields = {"A": ["2"], "B": ["1"], "Nats-Trace-Dest": ["t"]}
    assert trace["request"] == {"header": fields, "msgsize": 45}
    came, plain, group = trace["events"]
    assert came.pop("ts") == plain.pop("ts") == group.pop("ts") == trace["server"]["time"]
    sender = {"kind": 0, "cid": publisher.session.id}
    assert came == {"type": "in", **sender, "acc": "$G", "subj": "f.a"}
    receiver = {"type": "eg", "kind": 0, "cid": listener.session.id, "name": "ear"}
    assert plain == {**receiver, "sub": "f.*"}
    assert group == {**receiver, "sub": "f.a", "queue": "q"}


def test_a_message_that_is_only_traced_reaches_nobody() -> None:
    node = new_node()
    watcher = watcher_of(node)
    listener = Client(node)
    listener.say(b"SUB f 1\r\nUNSUB 1 1\r\n")
    assert Client(node).say(hpub(b"f", TO, ONLY) * 2) == b""
    assert listener.take() == b""
    assert [len(trace["events"]) for trace in traces(watcher)] == [2, 2]
    assert listener.session.subscriptions[b"1"].delivered == 0


def test_the_next_message_in_the_buffer_is_read_as_it_stands() -> None:
    node = new_node()
    listener = Client(node)
    listener.say(b"SUB > 1\r\n")
    disabled = hpub(b"first", TO, b"Nats-Trace-Origin-Account: A")
    Client(node).say(disabled + b"PUB second reply 2\r\nhi\r\n" + hpub(b"third", b"A: b"))
    heard = listener.take()
    assert b"Nats-Trace-Origin-Account: A\r\nNats-Trace-Dest: trace disabled\r\n\r\nx\r\n" in heard
    assert b"MSG second 1 reply 2\r\nhi\r\n" in heard
    assert heard.endswith(b"HMSG third 1 18 19\r\nNATS/1.0\r\nA: b\r\n\r\nx\r\n")


@pytest.mark.parametrize(
    "field", [b"Nats-Trace-Dest: t.*", TO + b"\r\nNats-Trace-Origin-Account: A"]
)
def test_what_is_to_be_only_traced_and_cannot_be_goes_nowhere(field: bytes) -> None:
    node = new_node()
    listener = Client(node)
    listener.say(b"SUB > 1\r\n")
    publisher = Client(node, b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
    publisher.say(b"SUB r 1\r\n")
    assert publisher.say(hpub(b"f", field, ONLY, reply=b"r")) == b""
    assert listener.take() == b""


def test_an_account_has_a_share_of_sampled_messages_traced() -> None:
    node = new_node()
    node.accounts.globals.trace_destination = b"t"
    node.accounts.globals.trace_sampling = 30
    watcher = watcher_of(node)
    listener = Client(node)
    listener.say(b"SUB f 1\r\n")
    Client(node).say(hpub(b"f", CONTEXT) * 1000)
    traced = len(traces(watcher))
    heard = listener.take()
    assert 200 < traced < 400
    assert heard.count(b"HMSG f") == 1000
    # Those that are not chosen here shall not be traced by anybody behind us.
    assert heard.count(b"Nats-Trace-Dest: trace disabled") == 1000 - traced


def test_where_a_trace_goes_the_publisher_must_be_let() -> None:
    node = new_node()
    watcher = watcher_of(node)
    listener = Client(node)
    listener.say(b"SUB f 1\r\n")
    publisher = Client(node)
    publisher.session.permissions = Permissions(Rules(None, [b"t"]), Rules())
    answer = publisher.say(hpub(b"f", TO))
    assert answer == b"-ERR 'Permissions Violation for Publish to \"t\"'\r\n"
    assert (listener.take(), watcher.take()) == (b"", b"")
    assert publisher.session.trace is None


def test_what_may_not_come_in_is_traced_as_that() -> None:
    node = new_node()
    watcher = watcher_of(node)
    publisher = Client(node)
    publisher.session.permissions = Permissions(Rules([b"t"], []), Rules())
    publisher.say(hpub(b"f", TO))
    (came,) = events(watcher)
    assert came["error"] == 'Permissions Violation for Publish to "f"'
    # What is refused later has nothing to do with it any more.
    publisher.say(b"PUB f 1\r\nx\r\n")
    assert watcher.take() == b""


@pytest.mark.parametrize("only", [(), (ONLY,)])
def test_a_part_of_the_server_is_no_receiver_and_never_spared(only: tuple[bytes, ...]) -> None:
    node = new_node()
    watcher = watcher_of(node)
    heard: list[bytes] = []
    part = InternalSubscription(b"f", lambda message, _: heard.append(message.payload()))
    node.accounts.globals.subscribe(part)
    Client(node).say(hpub(b"f", TO, *only))
    assert heard == [b"x"]
    assert [event["type"] for event in events(watcher)] == ["in"]


@pytest.mark.parametrize("only", [(), (ONLY,)])
def test_a_service_is_spared_what_is_only_traced(only: tuple[bytes, ...]) -> None:
    node = new_node()
    watcher = watcher_of(node)
    heard: list[bytes] = []
    service = ServiceSubscription(b"f", lambda *_: heard.append(b"f"), b"f.A")
    node.accounts.globals.subscribe(service)
    publisher = Client(node, b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
    answer = publisher.say(b"SUB r 1\r\n" + hpub(b"f", TO, *only, reply=b"r"))
    assert (heard, b"503" in answer) == (([], True) if only else ([b"f"], False))
    assert events(watcher)[1] == {"type": "si", "acc": "$SYS", "from": "f", "to": "f.A"}


@pytest.mark.parametrize(
    ("echo", "active", "behind", "dropping", "filtered", "own"),
    [*itertools.product([False, True], repeat=6)],
)
def test_the_reason_is_there_whenever_a_client_does_not_take_a_message(
    echo: bool, active: bool, behind: bool, dropping: bool, filtered: bool, own: bool
) -> None:
    node = new_node()
    client = Client(node)
    session = client.session
    session.echo, session.behind, node.router.dropping = echo, behind, dropping
    session.permissions = Permissions(Rules(), Rules(None, [b"f"]))
    subscription = ClientSubscription(session, b"f", b"", b"1")
    subscription.active, subscription.filtered = active, filtered
    origin = session if own else Client(node).session
    message = Message()
    message.compose(b"f", b"", b"", b"x")
    reason = subscription.obstacle(message, origin)
    expected = [
        (NO_ECHO, own and not echo),
        (CLOSED, not active),
        (TOO_SLOW, behind and dropping),
        (DENIED, filtered),
    ]
    assert reason == next((text for text, applies in expected if applies), "")
    assert subscription.deliver(message, origin) == (not reason)

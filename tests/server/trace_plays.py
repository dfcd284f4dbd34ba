"""Plays of messages that are traced, and what became of them in a form that can be compared.

A play has clients, by name, each with its subscriptions; one of them publishes.  What each client
got is parsed: a trace is its header fields and its JSON, with what is of one run replaced.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from headwater.base import gojson
from headwater.wire import headers
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

DESTINATION = "Nats-Trace-Dest: tr.x"
ONLY = "Nats-Trace-Only: true"
#: A W3C trace context that is recorded.
PARENT = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
# What only a Go server has.
_GO_ONLY = ("feature_flags",)
_LAST = "trace-is-over"
_GZIP_HEAD = b"\x1f\x8b"
_SNAPPY_HEAD = b"\xff\x06\x00\x00sNaPpY"


@dataclass
class Peer:
    """A client: what it subscribes to, as SUB has it but for the sid, and its CONNECT."""

    subscriptions: Sequence[str] = ()
    connect: dict[str, Any] = field(default_factory=dict)


@dataclass
class Play:
    """Clients, and what one of them sends."""

    data: bytes
    peers: dict[str, Peer] = field(default_factory=dict)
    publisher: Peer = field(default_factory=Peer)
    answers: int = 0  # how many messages come back to the publisher, traces not counted


def hpub(subject: str, *fields: str, payload: str = "x", reply: str = "") -> bytes:
    """Return an HPUB with header ``fields``, lines as they stand on the wire."""
    block = "\r\n".join(["NATS/1.0", *fields, "", ""])
    return published(subject, block.encode("latin-1"), payload, reply)


def published(subject: str, block: bytes, payload: str = "x", reply: str = "") -> bytes:
    """Return an HPUB with a header block as it is."""
    sizes = b"%d %d" % (len(block), len(block) + len(payload))
    return b"HPUB %b %b %b\r\n%b%b\r\n" % (
        subject.encode(),
        reply.encode(),
        sizes,
        block,
        payload.encode(),
    )


class Client(RawClient):
    """A client with a name, that keeps what it gets as comparable values."""

    def __init__(self, port: int, name: str, peer: Peer) -> None:
        super().__init__(port)
        self.name = name
        self.got: list[Any] = []
        self.connect(name=name, no_responders=peer.connect.get("headers", True), **peer.connect)
        for sid, subscription in enumerate(peer.subscriptions):
            self.send(f"SUB {subscription} {sid}\r\n".encode())
        self.flush()

    @property
    def id(self) -> tuple[str, int]:
        """The name of the server, and the connection's number there."""
        return self.info["server_name"], self.info["client_id"]

    def settle(self) -> None:
        """Take in all that the server has sent so far."""
        self.send(b"PING\r\n")
        while (item := self._next()) != "PONG":
            if item != "PING":
                self.got.append(item)

    def _next(self) -> Any:
        line = self.read_line().removesuffix(b"\r\n")
        words = line.split()
        if words[0] not in (b"MSG", b"HMSG"):
            return line.decode()
        body = self.read_exactly(int(words[-1]) + 2)[:-2]
        header_size = int(words[-2]) if words[0] == b"HMSG" else 0
        numbers = 2 if words[0] == b"HMSG" else 1
        reply = [word.decode() for word in words[3:-numbers]]
        block, payload = body[:header_size], body[header_size:]
        return [words[1].decode(), *reply, block.decode("latin-1"), shown(block, payload)]


def shown(block: bytes, payload: bytes) -> Any:
    """Return what a payload says: a trace as its JSON, anything else as text."""
    encoding = headers.fields_of(block).get(b"Content-Encoding", [b""])[0]
    if encoding == b"snappy":
        assert payload.startswith(_SNAPPY_HEAD)
        return "in the format of snappy"  # that we write it well is shown where it is written
    assert encoding != b"gzip" or payload.startswith(_GZIP_HEAD)
    if payload.startswith(_GZIP_HEAD):  # the header may have been taken off
        payload = gzip.decompress(payload)
    text = payload.decode("latin-1")
    return json.loads(payload) if '"events":[' in text else text


def traces(got: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the traces among what a client got."""
    return [item[-1] for item in got if isinstance(item, list) and isinstance(item[-1], dict)]


def run(
    port: int, play: Play, expected: dict[str, list[Any]] | None = None
) -> dict[str, list[Any]]:
    """Return what each client of a play got, in an order that two servers agree on.

    A server whose traces may be late is given the time to do as much as is ``expected``.
    """
    peers = {"watcher": Peer(["tr.>"], play.publisher.connect), **play.peers}
    clients = {name: Client(port, name, peer) for name, peer in peers.items()}
    publisher = clients["publisher"] = Client(port, "publisher", play.publisher)
    end = Client(port, "end", Peer(["tr-end.>"], _without_name(play.publisher.connect)))
    try:
        publisher.send(play.data)
        publisher.settle()
        wait_until(lambda: _answered(publisher, play.answers), what="answers")
        # Traces of one account leave in their order: behind this one nothing is left to come.
        end.send(hpub(_LAST, "Nats-Trace-Dest: tr-end.x"))
        wait_until(lambda: end.settle() or end.got, what="the last trace")
        with suppress(AssertionError):  # what is missing shows in the comparison
            wait_until(lambda: _has_all(clients, expected or {}))
        return heard(clients, end)
    finally:
        for client in (*clients.values(), end):
            client.close()


def _has_all(clients: dict[str, Client], expected: dict[str, list[Any]]) -> bool:
    for name, items in expected.items():
        clients[name].settle()
        if len(clients[name].got) < len(items):
            return False
    return True


def _without_name(connect: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in connect.items() if name in ("user", "pass")}


def _answered(client: Client, count: int) -> bool:
    client.settle()
    messages = [item for item in client.got if isinstance(item, list)]
    return len(messages) - len(traces(messages)) >= count


def heard(clients: dict[str, Client], *others: Client) -> dict[str, list[Any]]:
    """Return what each client got; events may name ``others`` as well."""
    ids = {client.id: client.name for client in (*others, *clients.values())}
    for client in clients.values():
        client.settle()
    return {name: comparable(client.got, ids) for name, client in clients.items()}


def comparable(got: list[Any], ids: dict[tuple[str, int], str]) -> list[Any]:
    """Return what a client got, sorted, with what is of one run replaced.

    ``ids`` names the clients; links are told apart by the names of their servers.
    """
    for trace in traces(got):
        server = trace["server"]
        for name in _GO_ONLY:
            server.pop(name, None)
        gojson.parse_time(server["time"])
        assert isinstance(server["seq"], int)
        trace["server"] = {name: server[name] for name in ("name", "ver", "host", "jetstream")}
        trace["server"]["fields"] = list(server)
        trace["names"] = list(trace)
        for event in trace["events"]:
            event["fields"] = list(event)
            gojson.parse_time(event.pop("ts"))
            if event.get("kind") == 0:
                event["cid"] = ids[trace["server"]["name"], event["cid"]]
            elif "cid" in event:
                assert event.pop("cid") > 0
        trace["events"] = _sorted_events(trace["events"])
    return sorted(got, key=json.dumps)


def _sorted_events(events: list[Any]) -> list[Any]:
    """Keep the order of how it came in; the order of the receivers is nobody's business."""
    first = [event for event in events if event["type"] in ("in", "sm")]
    rest = [event for event in events if event["type"] not in ("in", "sm")]
    assert events[: len(first)] == first
    return first + sorted(rest, key=json.dumps)

"""A leaf link without sockets: a node on a manual clock, and a hub that is played by the test."""

import json
import random
from collections.abc import Callable
from typing import Any

from headwater.base.clock import ManualClock
from headwater.base.link import Link
from headwater.base.log import Log
from headwater.broker.client_session import ClientSession
from headwater.broker.node import Node
from headwater.broker.subscription import InternalSubscription
from headwater.cluster.leaf_links import ErrorReports, LeafLinks
from headwater.cluster.leaf_session import LeafSession
from headwater.config.options import LeafNodes, LeafRemote, LeafUrl

URL = LeafUrl("hub.example", 7422, "lf", "secret-pw")


class FakeLink(Link):
    """Collects what a session sends; ``close`` is completed by ``end`` as a loop would, later."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.sent = b""
        self.closing = False
        self.aborted = False
        self.pauses = 0
        receiver.link = self

    def flush(self):
        if self.receiver.out is not None:
            self.sent += self.receiver.out.contents()
            self.receiver.release_out()

    def close(self):
        self.flush()
        self.closing = True

    def abort(self):
        self.closing = self.aborted = True

    def pause(self, duration_ns):
        self.pauses += 1

    def resume(self):
        pass

    def pending_bytes(self):
        return 0

    def end(self, reason=""):
        self.receiver.closed(reason)

    def take(self) -> bytes:
        """Return what was sent since the last time."""
        sent, self.sent = self.sent, b""
        return sent


def feed(session, data: bytes, pieces: Any = None) -> None:
    """Give a session bytes as connections do: what it leaves comes again with more behind it."""
    tail = b""
    for piece in pieces or [data]:
        if not session.open:
            return
        tail += piece
        buffer = bytearray(tail)
        consumed = session.receive(memoryview(buffer), 0, len(buffer))
        tail = tail[consumed:]


class World:
    """A node, its links, and the connections that were dialled."""

    def __init__(
        self,
        *remotes: LeafRemote,
        domain: str = "",
        jetstream: bool = False,
        start: bool = True,
        seed: int = 1,
        reports: ErrorReports | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.logged: list[tuple[str, str]] = []
        log = Log(lambda level, text: self.logged.append((level, text)), debug=True)
        self.node = Node(self.clock, random.Random(seed), log, name="EDGE")
        self.node.domain = domain
        if jetstream:
            self.node.jetstream = _JetStream()
        self.dialled: list[tuple[str, int]] = []
        self.refuses: str | None = None  # why dialling fails, None when it works
        self.pending: list[tuple[LeafSession, Callable[[str | None], None]]] = []
        self.holds = False  # whether dialling takes until the test says so
        options = LeafNodes(remotes=remotes or (LeafRemote(urls=(URL,)),))
        self.links = LeafLinks(self.node, options, self._dial, reports or ErrorReports())
        self.connections: list[FakeLink] = []
        if start:
            self.links.start()

    def _dial(self, host, port, receiver, done):
        self.dialled.append((host, port))
        if self.holds:
            self.pending.append((receiver, done))
        elif self.refuses is not None:
            done(self.refuses)
        else:
            self.connect(receiver, done)

    def connect(self, receiver, done) -> None:
        self.connections.append(FakeLink(receiver))
        receiver.connected()
        done(None)

    @property
    def link(self) -> FakeLink:
        """The connection that was made last."""
        return self.connections[-1]

    @property
    def session(self) -> LeafSession:
        return self.link.receiver

    def status(self, index: int = 0) -> dict[str, Any]:
        return self.links.status()[index]

    def advance(self, duration_ns: int) -> None:
        """Let time pass, timer by timer."""
        end = self.clock.monotonic() + duration_ns
        while (deadline := self.node.timers.next_deadline()) is not None and deadline <= end:
            self.clock.advance(max(0, deadline - self.clock.monotonic()))
            self.node.timers.run_due()
        self.clock.advance(max(0, end - self.clock.monotonic()))

    def says(self, data: bytes) -> None:
        """Let the hub of the last connection send ``data``."""
        feed(self.session, data)

    def greet(self, **fields: Any) -> dict[str, Any]:
        """Let the hub send its first INFO; return our CONNECT."""
        self.says(info_line(**fields))
        line = self.link.take()
        assert line.startswith(b"CONNECT "), line
        assert line.count(b"\r\n") == 1
        return json.loads(line[8:])

    def shake_hands(self, *, welcome: dict[str, Any] | None = None, **fields: Any) -> list[bytes]:
        """Go through the whole handshake; return the lines that we announce."""
        self.greet(**fields)
        self.says(
            info_line(connect_info=True, remote_account="HUBACC", **(welcome or {}), **fields)
        )
        return self.link.take().split(b"\r\n")[:-1]

    def client(self, **connect: Any) -> FakeLink:
        """Return the connection of a new client."""
        session = ClientSession(self.node)
        link = FakeLink(session)
        session.connected()
        fields = {"verbose": False, "pedantic": False, "headers": True, **connect}
        feed(session, b"CONNECT " + json.dumps(fields).encode() + b"\r\n")
        link.take()
        return link

    def listen(self, subject: bytes, queue: bytes = b"") -> list[tuple[bytes, ...]]:
        """Subscribe inside the node; the list fills with (shown subject, reply, headers, body)."""
        heard: list[tuple[bytes, ...]] = []

        def hear(message, origin):
            heard.append(
                (message.shown_subject(), message.reply(), message.headers(), message.payload())
            )

        self.subscribe(subject, hear, queue)
        return heard

    def subscribe(self, subject: bytes, callback: Callable[..., Any], queue: bytes = b"") -> None:
        """Subscribe inside the node, as one batch."""
        self.node.accounts.globals.subscribe(InternalSubscription(subject, callback, queue))
        self.node.router.flush()

    def publish(self, subject: bytes, payload: bytes, reply: bytes = b"", headers: bytes = b""):
        """Publish from inside the node, as one batch."""
        count = self.node.router.publish(
            self.node.accounts.globals, subject, payload, reply, headers
        )
        self.node.router.flush()
        return count

    def errors(self) -> list[str]:
        return [text for level, text in self.logged if level == "ERR"]


class _JetStream:
    API_LEVEL = 1


def info_line(**fields: Any) -> bytes:
    """Return an INFO line of a hub; None drops a field."""
    info = {
        "server_id": "NHUB",
        "server_name": "HUB",
        "version": "2.15.1",
        "proto": 3,
        "host": "127.0.0.1",
        "port": 7422,
        "headers": True,
        "auth_required": True,
        "max_payload": 1048576,
        "client_id": 8,
        "nonce": "9nTW_C0u0YPCFUo",
        "info_on_connect": True,
        "leafnode_urls": ["hub.example:7422"],
        **fields,
    }
    return (
        b"INFO " + json.dumps({k: v for k, v in info.items() if v is not None}).encode() + b" \r\n"
    )

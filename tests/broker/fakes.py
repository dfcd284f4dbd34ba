"""A node without sockets, and clients that are a link each."""

import random

from headwater.base.clock import ManualClock
from headwater.base.link import Link
from headwater.base.log import Log
from headwater.broker.client_session import ClientSession
from headwater.broker.node import Node


class FakeLink(Link):
    """Keeps what is flushed; ``stuck`` plays a peer that takes nothing."""

    def __init__(self, session) -> None:
        self.session = session
        self.sent = b""
        self.flushes = 0
        self.closed = False
        self.aborted = False
        self.paused_ns: list[int] = []
        self.resumed = 0
        self.stuck = False

    def flush(self):
        self.flushes += 1
        if self.session.out is None:
            return
        if self.stuck:
            self.session.overflowed(self.session.out.size)
            return
        self.sent += self.session.out.contents()
        self.session.release_out()

    def close(self):
        self.flush()
        self.closed = True

    def abort(self):
        self.aborted = True

    def pause(self, duration_ns):
        self.paused_ns.append(duration_ns)

    def resume(self):
        self.resumed += 1

    def pending_bytes(self):
        return 0


class Client:
    """A client of ``node``: ``say`` returns what the server answers at once."""

    def __init__(self, node: Node, connect: bytes = b"", *, greeting: bool = False) -> None:
        self.session = ClientSession(node)
        self.session.address = "127.0.0.1"
        self.session.port = 4000
        self.link = FakeLink(self.session)
        self.session.link = self.link
        self._rest = b""
        self.session.connected()
        self.greeting = self.take()
        if not greeting:
            self.say(connect or b'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n')

    def say(self, data: bytes) -> bytes:
        data = self._rest + data
        consumed = self.session.receive(memoryview(bytearray(data)), 0, len(data))
        self._rest = data[consumed:]
        return self.take()

    def take(self) -> bytes:
        """Return what has been sent since it was last asked for."""
        sent, self.link.sent = self.link.sent, b""
        return sent

    def leave(self) -> None:
        self.session.closed("")


def new_node(seed: int = 1, logged: list[tuple[str, str]] | None = None) -> Node:
    """Return a node whose time is a ManualClock; ``logged`` gets its log."""

    def sink(level: str, text: str) -> None:
        if logged is not None:
            logged.append((level, text))

    return Node(ManualClock(), random.Random(seed), Log(sink, debug=True))

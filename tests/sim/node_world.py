"""A node with JetStream on a simulated disk, whose threads do their work when the test says so."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headwater.base.clock import MILLISECOND
from headwater.broker.node import Node
from headwater.config.options import JetStreamOptions
from headwater.jetstream.engine import JetStream
from tests.broker.fakes import Client, new_node
from tests.sim.simdisk import SimDisk
from tests.sim.stream import STORE_KEYS, SteppingJobs

_ROUNDS_MAX = 10_000


class NodeJobs(SteppingJobs):
    """Steps of a node's threads; results are handed back in a batch of the router."""

    def __init__(self, router: Any) -> None:
        super().__init__()
        self._router = router

    def finish(self) -> None:
        self._router.begin()
        super().finish()
        self._router.flush()


@dataclass(frozen=True)
class Heard:
    """A message that came to the client."""

    subject: bytes
    reply: bytes
    headers: bytes
    payload: bytes


class Bare:
    """A node to start a store on; it may be used again for another one that is not served."""

    _count = 0

    def __init__(self, seed: int = 0) -> None:
        """Take random numbers that no other one has, or those of a seed."""
        Bare._count += 1
        self.logged: list[tuple[str, str]] = []
        self.node: Node = new_node(seed or Bare._count, logged=self.logged)
        self._began_ns = self.node.clock.now()

    def reset(self, elapsed_ns: int) -> None:
        """Let it be as new, so long after the beginning."""
        self.logged.clear()
        self.node.clock.now_ns = self._began_ns + elapsed_ns


class World:
    """A node and a client of it; ``recover`` reads what the disk holds, ``start`` serves it."""

    def __init__(
        self,
        disk: SimDisk,
        elapsed_ns: int,
        *,
        block_bytes: int,
        journal_bytes: int = 2048,
        bare: Bare | None = None,
        encrypted: bool = False,
    ) -> None:
        self.disk = disk
        self.block_bytes = block_bytes
        bare = bare or Bare()
        bare.reset(elapsed_ns)
        self.logged = bare.logged
        self.node = bare.node
        self.jobs = NodeJobs(self.node.router)
        self.engine = JetStream(self.node, JetStreamOptions(), disk, self.jobs)
        self.engine.journal_bytes = journal_bytes
        if encrypted:
            # Without files of keys, which would have to be read for each stream by itself.
            self.engine._keys = STORE_KEYS
        self.client: Client | None = None

    def recover(self) -> None:
        """Read what is on the disk, as a start does before it serves."""
        self.engine.recover()

    def start(self) -> None:
        """Serve."""
        self.engine.start()
        self.client = Client(self.node)
        self.client.say(b"SUB r.> 1\r\nSUB p.> 2\r\n")

    @property
    def streams(self) -> dict[str, Any]:
        return self.engine.accounts[0].streams

    def say(self, data: bytes) -> list[Heard]:
        """Send to the server; return what comes at once."""
        for stream in self.streams.values():
            stream.store.log.block_bytes = self.block_bytes
        return list(parse(self.client.say(data)))

    def take(self) -> list[Heard]:
        """Return what has come since."""
        return list(parse(self.client.take()))

    def step(self, rng: random.Random) -> None:
        """Let a thread do a piece of work, or something happen that is due."""
        self.jobs.work(rng.randrange(3))
        if rng.random() < 0.8:
            self.jobs.finish()
        if not self.jobs.pending():
            self.node.timers.run_due()

    def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        for _ in range(_ROUNDS_MAX):
            self.node.router.flush()
            self.jobs.run()
            deadline = self.node.timers.next_deadline()
            if deadline is None or deadline > self.node.clock.monotonic():
                return
            self.node.timers.run_due()
        raise AssertionError("the node does not come to rest")

    def pass_time(self, milliseconds: int) -> None:
        """Let some time pass, without what is due in it."""
        self.node.clock.advance(milliseconds * MILLISECOND)

    def warnings(self) -> list[str]:
        return [text for level, text in self.logged if level in ("WRN", "ERR")]


def parse(data: bytes) -> Iterator[Heard]:
    """Take apart what a server has sent."""
    at = 0
    while at < len(data):
        end = data.index(b"\r\n", at)
        words = data[at:end].split()
        at = end + 2
        if words[0] not in (b"MSG", b"HMSG"):
            continue
        with_headers = words[0] == b"HMSG"
        size = int(words[-1])
        head = int(words[-2]) if with_headers else 0
        reply = words[3] if len(words) == 5 + with_headers else b""
        yield Heard(words[1], reply, data[at : at + head], data[at + head : at + size])
        at += size + 2


def pub(subject: bytes, reply: bytes, payload: bytes, headers: bytes = b"") -> bytes:
    """Return the operation that publishes a message."""
    if headers:
        sizes = (len(headers), len(headers) + len(payload))
        return b"HPUB %b %b %d %d\r\n%b%b\r\n" % (subject, reply, *sizes, headers, payload)
    return b"PUB %b %b %d\r\n%b\r\n" % (subject, reply, len(payload), payload)


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()

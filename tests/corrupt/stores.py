"""Stores to be damaged: made by the real engine, with the truth about what is in them."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from headwater.base.clock import SECOND
from headwater.broker.node import Node
from headwater.config.options import JetStreamOptions
from headwater.jetstream.engine import JetStream
from headwater.store import keys
from headwater.store.block import HEAD_BYTES, decode_head
from headwater.store.frames import Packing
from headwater.store.jobs import ImmediateJobs
from headwater.store.record import FRAME, MESSAGE, Record
from headwater.store.secrets import NO_SECRETS, Secrets, open_keys
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import HeldJobs
from tests.sim.simdisk import SimDisk

FOLDER = "$G/streams"
_BURST = 500  # messages that are published at a time


@dataclass(frozen=True)
class Size:
    """How much there is in a store."""

    block_bytes: int
    messages: dict[str, int]  # of each stream, published in each of four parts
    subjects: int
    limit: int  # messages that LIMITED keeps
    stores: int  # so many different ones

    def configs(self) -> list[dict[str, Any]]:
        """Return the configurations of the streams."""
        return [
            {"name": "PLAIN", "subjects": ["plain.>"]},
            {"name": "KEYS", "subjects": ["keys.>"], "max_msgs_per_subject": 1},
            {"name": "FEW", "subjects": ["few.>"], "max_msgs_per_subject": 3},
            {"name": "LIMITED", "subjects": ["limited.>"], "max_msgs": self.limit},
            {"name": "PACKED", "subjects": ["packed.>"], "compression": "s2"},
        ]


SMALL = Size(2500, dict.fromkeys(("PLAIN", "KEYS", "FEW", "LIMITED", "PACKED"), 30), 12, 60, 8)
# As on a site: several blocks of 4 MiB, a hundred thousand messages in the largest stream.
LARGE = Size(
    4 << 20,
    {"PLAIN": 25_000, "KEYS": 5_000, "FEW": 2_000, "LIMITED": 5_000, "PACKED": 10_000},
    2_000,
    8_000,
    3,
)

Content = tuple[bytes, bytes]  # subject and payload


@dataclass
class Truth:
    """What one stream held when it was whole: all that was ever published, and what is there."""

    ever: dict[int, Content] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Place:
    """Where a message lies; in a frame, where that does."""

    sequence: int
    path: str
    start: int
    end: int


@dataclass
class Made:
    """The files of a store, and the truth by the name of a stream."""

    files: dict[str, bytes]
    folders: set[str]
    truths: dict[str, Truth]
    places: dict[str, list[Place]]
    secrets: Secrets = NO_SECRETS
    keys: Any = None  # StoreKeys, if it is encrypted


@contextmanager
def quick_keys() -> Iterator[None]:
    """Let the key files that are written here not ask for the time that they should."""
    usual = keys._PASSES, keys._MEMORY_BYTES
    keys._PASSES, keys._MEMORY_BYTES = 1, 8192
    try:
        yield
    finally:
        keys._PASSES, keys._MEMORY_BYTES = usual


class Opened:
    """JetStream on a disk in memory; ``warnings`` are what its start had to say."""

    def __init__(self, disk: SimDisk, secrets: Secrets = NO_SECRETS, *, held: bool = True) -> None:
        """Recover what there is; ``held`` lets work wait as on a server, not so in repairs."""
        self.disk = disk
        self.logged: list[tuple[str, str]] = []
        self.node: Node = new_node(logged=self.logged)
        self.node.clock.advance(3600 * SECOND)
        self.jobs = HeldJobs(self.node.router)
        jobs = self.jobs if held else ImmediateJobs()
        self.engine = JetStream(self.node, JetStreamOptions(), disk, jobs)
        self.engine.secrets = secrets
        self.engine.journal_bytes = 16 * 1024  # as full as the rest
        self.engine.recover()

    @property
    def streams(self) -> dict[str, Any]:
        return self.engine.accounts[0].streams

    def warnings(self) -> list[str]:
        return [text for level, text in self.logged if level in ("WRN", "ERR")]

    def start(self) -> None:
        self.engine.start()
        self.client = Client(self.node)
        self.client.say(b"SUB r 1\r\n")

    def settle(self, seconds: int = 0) -> None:
        """Let everything happen that is due, and then that of some seconds."""
        for second in range(seconds + 1):
            if second:
                self.node.clock.advance(SECOND)
            while True:
                self.jobs.run()
                deadline = self.node.timers.next_deadline()
                if deadline is None or deadline > self.node.clock.monotonic():
                    break
                self.node.timers.run_due()

    def ask(self, subject: str, data: bytes = b"") -> dict[str, Any]:
        """Send a request; return the answer."""
        heard = self.send(subject, data)
        return json.loads(heard[heard.index(b"{") : heard.rindex(b"}") + 1])

    def send(self, subject: str, data: bytes = b"") -> bytes:
        """Send a request; return what comes."""
        line = b"PUB %b r %d\r\n%b\r\n" % (subject.encode(), len(data), data)
        heard = self.client.say(line)
        self.settle()
        return heard + self.client.take()


class Maker:
    """Makes one store; what is in it follows from the seed."""

    def __init__(self, seed: int, size: Size = SMALL) -> None:
        self._rng = random.Random(seed)
        self._size = size
        self._secrets = Secrets("secret") if seed % 3 == 0 else NO_SECRETS
        with quick_keys():
            self._opened = Opened(SimDisk(), self._secrets)
        self._opened.start()
        self._truths = {config["name"]: Truth() for config in size.configs()}

    def make(self) -> Made:
        """Fill a store and return it, as a clean stop leaves it, or a crash."""
        opened, rng = self._opened, self._rng
        for config in self._size.configs():
            name = config["name"]
            data = json.dumps({**config, "storage": "file"}).encode()
            assert "error" not in opened.ask(f"$JS.API.STREAM.CREATE.{name}", data)
            opened.streams[name].store.log.block_bytes = self._size.block_bytes
            self._make_consumer(name)
        for part in range(4):
            for name in self._truths:
                self._fill(name)
            if part < 3 or rng.random() < 0.5:
                for stream in opened.streams.values():
                    stream.files.checkpoint()
                opened.settle(4)
        for name, truth in self._truths.items():
            truth.live = set(served(opened.streams[name].store))
        self._packings = {name: stream.store.log.packing for name, stream in opened.streams.items()}
        if rng.random() < 0.5:
            opened.engine.stop(lambda: None)
            opened.settle()
        files = opened.disk.files()
        folders = set(opened.disk.medium.folders)
        key_files = open_keys(opened.disk, self._secrets)
        opened_keys = None if key_files is None else key_files.keys
        places = {name: _places(files, name, opened_keys) for name in self._truths}
        return Made(files, folders, self._truths, places, self._secrets, opened_keys)

    def _make_consumer(self, name: str) -> None:
        config = {"durable_name": "worker", "ack_policy": "explicit"}
        data = json.dumps({"stream_name": name, "config": config}).encode()
        self._opened.ask(f"$JS.API.CONSUMER.CREATE.{name}.worker", data)

    def _fill(self, name: str) -> None:
        opened, rng = self._opened, self._rng
        for left in range(self._size.messages[name], 0, -_BURST):
            self._publish(name, min(left, _BURST))
        if name != "LIMITED":  # a deleted message that comes back would push others out
            known = list(self._truths[name].ever)
            for _ in range(6):
                body = b'{"seq":%d}' % rng.choice(known)
                opened.ask(f"$JS.API.STREAM.MSG.DELETE.{name}", body)
            body = json.dumps({"filter": f"{name.lower()}.{self._subject()}"}).encode()
            opened.ask(f"$JS.API.STREAM.PURGE.{name}", body)
        for _ in range(4):
            words = opened.send(f"$JS.API.CONSUMER.MSG.NEXT.{name}.worker", b"1").split()
            ack = next(word for word in words if word.startswith(b"$JS.ACK."))
            if rng.random() < 0.7:
                opened.send(ack.decode(), b"+ACK")

    def _publish(self, name: str, count: int) -> None:
        rng, truth = self._rng, self._truths[name]
        lines = []
        for _ in range(count):
            subject = f"{name.lower()}.{self._subject()}".encode()
            payload = rng.randbytes(rng.randrange(150)).hex().encode()
            lines.append(b"PUB %b %d\r\n%b\r\n" % (subject, len(payload), payload))
            truth.ever[len(truth.ever) + 1] = (subject, payload)
            if self._size is SMALL:
                self._say(lines)
        self._say(lines)
        last = self._opened.streams[name].store.index.last_sequence
        assert last == len(truth.ever), (name, last, len(truth.ever))

    def _say(self, lines: list[bytes]) -> None:
        self._opened.client.say(b"".join(lines))
        self._opened.settle()
        lines.clear()

    def _subject(self) -> int:
        return self._rng.randrange(self._size.subjects)


def _places(files: dict[str, bytes], name: str, keys: Any) -> list[Place]:
    """Return where each message of a stream lies."""
    return [
        Place(sequence, path, start, end)
        for path, data in files.items()
        if path.startswith(f"{FOLDER}/{name}/") and path.endswith(".blk")
        for sequence, start, end in messages_in(data, keys)
    ]


def messages_in(data: bytes, keys: Any) -> list[tuple[int, int, int]]:
    """Return (sequence, start, end) of the messages in a whole block file, or of their frames."""
    head = decode_head(data)
    assert head is not None
    opener = Packing(head.stream_id, keys).opener(data, head.number)
    found = []
    record = Record()
    view = memoryview(data)
    at = HEAD_BYTES
    while at < len(view) and record.read(view, at, len(view)):
        end = record.end
        inside = opener.open(at) if record.kind == FRAME else view[at:end]
        assert inside is not None
        found += [(sequence, at, end) for sequence in _sequences(inside)]
        at = end
    return found


def _sequences(view: memoryview) -> list[int]:
    """Return the sequences of the messages among whole records."""
    found = []
    record = Record()
    at = 0
    while at < len(view) and record.read(view, at, len(view)):
        if record.kind == MESSAGE:
            found.append(record.sequence)
        at = record.end
    return found


def served(store: Any) -> dict[int, Content]:
    """Return every message of a stream that can be read."""
    found = {}
    for cached in store.scan(0):
        found[cached.record.sequence] = (cached.subject(), cached.payload())
    return found

"""Stores to be damaged: made by the real engine, with the truth about what is in them."""

import errno
import json
import os
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
from headwater.store.jobs import ImmediateJobs
from headwater.store.secrets import NO_SECRETS, Secrets, open_keys
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import HeldJobs
from tests.sim.simdisk import SimDisk

FOLDER = "$G/streams"
_BLOCK_BYTES = 2500
_CONFIGS: list[dict[str, Any]] = [
    {"name": "PLAIN", "subjects": ["plain.>"]},
    {"name": "KEYS", "subjects": ["keys.>"], "max_msgs_per_subject": 1, "allow_direct": True},
    {"name": "FEW", "subjects": ["few.>"], "max_msgs_per_subject": 3, "compression": "s2"},
    {"name": "LIMITED", "subjects": ["limited.>"], "max_msgs": 60},
]

Content = tuple[bytes, bytes]  # subject and payload


@dataclass
class Truth:
    """What one stream held when it was whole: all that was ever published, and what is there."""

    ever: dict[int, Content] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)


@dataclass
class Made:
    """The files of a store, and the truth by the name of a stream."""

    files: dict[str, bytes]
    folders: set[str]
    truths: dict[str, Truth]
    secrets: Secrets = NO_SECRETS
    keys: Any = None  # StoreKeys, if it is encrypted


class FolderDisk(SimDisk):
    """A SimDisk that can rename folders too, which no power cut interrupts."""

    def rename(self, old: str, new: str) -> None:
        medium = self.medium
        if old not in medium.folders:
            super().rename(old, new)
            return
        if new in medium.folders:
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), new)
        medium.folders.remove(old)
        medium.folders.add(new)
        for path in [path for path in medium.names if path.startswith(f"{old}/")]:
            medium.names[new + path.removeprefix(old)] = medium.names.pop(path)

    def copy_of_folders(self) -> "FolderDisk":
        """Return another disk of the same content."""
        return FolderDisk(self.files(), self.medium.folders)


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

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._secrets = Secrets("secret") if seed % 3 == 0 else NO_SECRETS
        with quick_keys():
            self._opened = Opened(FolderDisk(), self._secrets)
        self._opened.start()
        self._truths = {config["name"]: Truth() for config in _CONFIGS}

    def make(self) -> Made:
        """Fill a store and return it, as a clean stop leaves it, or a crash."""
        opened, rng = self._opened, self._rng
        for config in _CONFIGS:
            name = config["name"]
            data = json.dumps({**config, "storage": "file"}).encode()
            assert "error" not in opened.ask(f"$JS.API.STREAM.CREATE.{name}", data)
            opened.streams[name].store.log.block_bytes = _BLOCK_BYTES
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
        if rng.random() < 0.5:
            opened.engine.stop(lambda: None)
            opened.settle()
        disk = opened.disk
        key_files = open_keys(disk, self._secrets)
        keys = None if key_files is None else key_files.keys
        folders = set(disk.medium.folders)
        return Made(disk.files(), folders, self._truths, self._secrets, keys)

    def _make_consumer(self, name: str) -> None:
        config = {"durable_name": "worker", "ack_policy": "explicit"}
        data = json.dumps({"stream_name": name, "config": config}).encode()
        self._opened.ask(f"$JS.API.CONSUMER.CREATE.{name}.worker", data)

    def _fill(self, name: str) -> None:
        opened, rng = self._opened, self._rng
        truth = self._truths[name]
        for _ in range(30):
            subject = f"{name.lower()}.{rng.randrange(12)}"
            payload = rng.randbytes(rng.randrange(150)).hex().encode()
            sequence = opened.ask(subject, payload)["seq"]
            truth.ever[sequence] = (subject.encode(), payload)
        if name != "LIMITED":  # a deleted message that comes back would push others out
            for _ in range(6):
                body = b'{"seq":%d}' % rng.choice(list(truth.ever))
                opened.ask(f"$JS.API.STREAM.MSG.DELETE.{name}", body)
            body = json.dumps({"filter": f"{name.lower()}.{rng.randrange(12)}"}).encode()
            opened.ask(f"$JS.API.STREAM.PURGE.{name}", body)
        for _ in range(4):
            words = opened.send(f"$JS.API.CONSUMER.MSG.NEXT.{name}.worker", b"1").split()
            ack = next(word for word in words if word.startswith(b"$JS.ACK."))
            if rng.random() < 0.7:
                opened.send(ack.decode(), b"+ACK")


def served(store: Any) -> dict[int, Content]:
    """Return every message of a stream that can be read."""
    found = {}
    for cached in store.scan(0):
        found[cached.record.sequence] = (cached.subject(), cached.payload())
    return found

"""A node with JetStream on a real disk and a clock that stands still, and a client of it."""

import json
import shutil
from pathlib import Path
from typing import Any

from headwater.base.clock import SECOND
from headwater.config.options import JetStreamOptions
from headwater.jetstream.engine import JetStream
from headwater.store.disk import Disk, File
from headwater.wire.s2_stream import HEAD, plain_chunks
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import HeldJobs

CONFIG = {"name": "S", "subjects": ["s.>"]}


class FailingDisk(Disk):
    """A disk that can be told to be full."""

    full = False

    def create(self, path: str) -> File:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().create(path)


class World:
    """A node with JetStream on a disk, and a client; blocking work is done by ``settle``."""

    def __init__(
        self, folder: Path, options: JetStreamOptions | None = None, *, now_ns: int = 0
    ) -> None:
        self.folder = folder
        self.node = new_node()
        if now_ns:
            self.node.clock.now_ns = now_ns
        self.disk = FailingDisk(str(folder))
        self.disk.make_directory("")
        self.jobs = HeldJobs(self.node.router)
        engine = JetStream(self.node, options or JetStreamOptions(), self.disk, self.jobs)
        engine.recover()
        engine.start()
        self.client = Client(self.node)
        self.client.say(b"SUB r.> 1\r\n")
        self._replies = 0

    def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        while True:
            self.jobs.run()
            deadline = self.node.timers.next_deadline()
            if deadline is None or deadline > self.node.clock.monotonic():
                return
            self.node.timers.run_due()

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.node.clock.advance(SECOND)
            self.settle()

    def send(self, subject: str, data: bytes, *, settle: bool = True) -> bytes:
        """Send a request; return all that came."""
        self._replies += 1
        place = (subject.encode(), self._replies, len(data), data)
        heard = self.client.say(b"PUB %b r.%d %d\r\n%b\r\n" % place)
        if settle:
            self.settle()
        return heard + self.client.take()

    def ask(self, verb: str, body: Any = None) -> dict[str, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        return self.answer(self.send(f"$JS.API.{verb}", data))

    def answer(self, heard: bytes) -> dict[str, Any]:
        # There may be a PING in front of it.
        heard = heard[heard.index(b"MSG ") :]
        return json.loads(heard.partition(b"\r\n")[2].rpartition(b"\r\n")[0])

    def begin(self, **config: Any) -> str:
        answer = self.ask("STREAM.RESTORE.S", {"config": {**CONFIG, **config}})
        assert "error" not in answer, answer
        return answer["deliver_subject"]

    def restore(self, raw: bytes, size: int = 1 << 20, **config: Any) -> dict[str, Any]:
        """Restore a stream; return the answer to the end."""
        return self.send_stream(HEAD + plain_chunks(raw), size, **config)

    def send_stream(self, data: bytes, size: int = 1 << 20, **config: Any) -> dict[str, Any]:
        subject = self.begin(**config)
        for at in range(0, len(data), size):
            self.send(subject, data[at : at + size])
        return self.answer(self.send(subject, b""))

    def leftovers(self) -> list[str]:
        """Return the folders of streams on the disk."""
        return self.disk.names("$G/streams")

    def restarted(self) -> "World":
        """Return a world whose node found the disk as it is now, as after a crash."""
        copy = self.folder.with_name(f"{self.folder.name}-again")
        shutil.copytree(self.folder, copy)
        return World(copy)

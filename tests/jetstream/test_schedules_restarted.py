"""What becomes of schedules while their server is down, with and without a checkpoint."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from headwater.base.clock import SECOND
from tests.sim.node_world import Bare, World, encoded, pub
from tests.sim.simdisk import SimDisk

HOUR_NS = 3600 * SECOND


class Life:
    """A node with a stream, over its starts; time stands still unless it is let pass."""

    def __init__(self) -> None:
        self.disk = SimDisk()
        self.elapsed_ns = 0
        self.world = self._start()
        body = {"name": "S", "subjects": ["s.>"], "allow_msg_schedules": True}
        self.world.say(pub(b"$JS.API.STREAM.CREATE.S", b"r.0", encoded(body)))
        self.world.settle()

    def _start(self) -> World:
        world = World(self.disk, self.elapsed_ns, block_bytes=1 << 16, bare=Bare())
        world.recover()
        world.start()
        world.settle()
        return world

    def schedule(self, subject: str, text: str) -> None:
        head = f"NATS/1.0\r\nNats-Schedule: {text}\r\nNats-Schedule-Target: s.t\r\n\r\n".encode()
        self.world.say(pub(f"s.{subject}".encode(), b"r.1", b"x", head))
        self.world.settle()

    def run(self, seconds: int) -> None:
        """Let time pass while the node runs."""
        for _ in range(seconds // 600):
            self.world.pass_time(600_000)
            self.elapsed_ns += 600 * SECOND
            self.world.settle()

    def stay_down(self, seconds: int, *, checkpoint: bool) -> None:
        """End the node at once, and start it again after a while."""
        if checkpoint:
            self.world.streams["S"].files.checkpoint()
            self.world.settle()
        files = self.disk.files()
        if not checkpoint:
            files = {name: data for name, data in files.items() if "checkpoint" not in name}
        folders = set(self.disk.medium.folders)
        self.disk = SimDisk(files, folders)
        self.elapsed_ns += seconds * SECOND
        self.world = self._start()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.node.clock.now() // SECOND, UTC)

    def copies(self) -> list[Any]:
        """Return when each copy was made, and when the next one was due then."""
        found = []
        for cached in self.world.streams["S"].store.scan(1):
            if cached.subject() == b"s.t":
                block = cached.headers().decode()
                following = block.partition("Nats-Schedule-Next: ")[2].partition("\r\n")[0]
                found.append((cached.record.time_ns, following))
        return found


@pytest.mark.parametrize("checkpoint", [True, False], ids=["checkpoint", "log alone"])
def test_missed_runs_fire_once(checkpoint: bool) -> None:
    life = Life()
    life.schedule("every", "@every 1h")
    life.run(3600)
    assert len(life.copies()) == 1
    life.stay_down(5 * 3600, checkpoint=checkpoint)
    copies = life.copies()
    assert len(copies) == 2
    due = datetime.fromisoformat(copies[1][1])
    assert 3599 <= (due - life.now()).total_seconds() <= 3600
    life.run(3600)
    assert len(life.copies()) == 3


@pytest.mark.parametrize("checkpoint", [True, False], ids=["checkpoint", "log alone"])
def test_what_is_not_due_waits(checkpoint: bool) -> None:
    life = Life()
    life.schedule("later", "@every 2h")
    life.run(3600)
    life.stay_down(600, checkpoint=checkpoint)
    assert life.copies() == []
    life.run(1800)
    assert life.copies() == []
    life.run(1800)
    assert len(life.copies()) == 1


@pytest.mark.parametrize("checkpoint", [True, False], ids=["checkpoint", "log alone"])
def test_what_has_ended_stays_so(checkpoint: bool) -> None:
    life = Life()
    at = datetime.fromtimestamp(life.world.node.clock.now() // SECOND + 1800, UTC)
    life.schedule("once", f"@at {at.isoformat()}")
    life.schedule("cancelled", "@every 1h")
    head = b"NATS/1.0\r\nNats-Scheduler: s.cancelled\r\nNats-Schedule-Next: purge\r\n\r\n"
    life.world.say(pub(b"s.other", b"r.2", b"", head))
    life.world.settle()
    life.run(1800)
    assert len(life.copies()) == 1
    life.stay_down(7200, checkpoint=checkpoint)
    life.run(7200)
    assert len(life.copies()) == 1


def test_schedules_that_are_gone_are_forgotten() -> None:
    life = Life()
    for number in range(2500):
        life.world.say(
            pub(
                b"s.n",
                b"",
                b"",
                b"NATS/1.0\r\nNats-Schedule: @yearly\r\nNats-Schedule-Target: s.t\r\n\r\n",
            )
        )
        if number % 500 == 0:
            life.world.settle()
    life.world.settle()
    assert len(life.world.streams["S"].snapshot().schedules) == 1
    answer = life.world.say(pub(b"$JS.API.STREAM.PURGE.S", b"r.3", b""))
    life.world.settle()
    assert json.loads((answer + life.world.take())[0].payload)["success"]
    assert life.world.streams["S"].snapshot().schedules == []

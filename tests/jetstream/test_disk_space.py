"""A disk that is full, simulated: who is refused, what goes on, and how it ends."""

import errno
import json

import pytest

from headwater.base.clock import SECOND
from headwater.config.options import JetStreamOptions, Options
from headwater.jetstream import disk_space
from headwater.jetstream.engine import JetStream
from headwater.monitor.about import About
from headwater.monitor.healthz import HealthzOptions, healthz
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import HeldJobs
from tests.sim.simdisk import SimDisk

MIB = 1 << 20


class World:
    """A node with one stream on a disk of a few MiB."""

    def __init__(self, *, used_bytes: int = 0) -> None:
        self.logged: list[tuple[str, str]] = []
        self.node = new_node(logged=self.logged)
        self.node.listening = True
        self.disk = SimDisk({"other": bytes(used_bytes)})
        self.disk.capacity_bytes = 40 * MIB
        self.jobs = HeldJobs(self.node.router)
        self.engine = JetStream(self.node, JetStreamOptions(), self.disk, self.jobs)
        self.engine.recover()
        self.engine.start()
        self.jobs.run()
        self.client = Client(self.node)
        self.client.say(b"SUB r 1\r\n")
        self.ask("STREAM.CREATE.S", {"name": "S", "subjects": ["s"]})

    def request(self, subject: bytes, body: bytes) -> bytes:
        answer = self.client.say(b"PUB %s r %d\r\n%s\r\n" % (subject, len(body), body))
        self.jobs.run()
        return answer + self.client.take()

    def ask(self, request: str, body: object) -> bytes:
        return self.request(f"$JS.API.{request}".encode(), json.dumps(body).encode())

    def publish(self, size: int = MIB // 2) -> bytes:
        return self.request(b"s", bytes(size))

    def fill(self) -> int:
        """Publish until that fails; return how many were stored."""
        stored = 0
        while b"error" not in (answer := self.publish()):
            stored += 1
        assert b"10077" in answer
        assert b"No space left" in answer
        return stored

    def tick(self) -> None:
        self.node.clock.advance(3 * SECOND)
        self.node.timers.run_due()
        self.jobs.run()

    def health(self) -> int:
        return healthz(About(self.node, Options()), HealthzOptions()).status

    def texts(self) -> list[str]:
        return [text for _, text in self.logged if "the disk" in text]


def test_room_is_held_back_and_given_up_when_a_write_finds_none() -> None:
    world = World()
    assert world.disk.size("reserve") == MIB // 2
    assert world.health() == 200
    stored = world.fill()
    assert stored > 60
    assert not world.disk.exists("reserve")
    assert world.health() == 503
    # From now on nobody tries.
    writes = len(world.disk.trace)
    assert b"10023" in world.publish(10)
    assert len(world.disk.trace) == writes
    # Small things go on.
    assert b'"success": true' in world.ask("STREAM.MSG.DELETE.S", {"seq": 1}).replace(
        b'":true', b'": true'
    )
    assert b"created" in world.ask(
        "CONSUMER.CREATE.S.C",
        {
            "stream_name": "S",
            "config": {"name": "C", "durable_name": "C", "ack_policy": "explicit"},
        },
    )


def test_publishing_goes_on_when_there_is_room_again() -> None:
    world = World()
    stored = world.fill()
    world.tick()
    assert world.engine.space.full
    world.disk.capacity_bytes = 80 * MIB
    world.tick()
    assert not world.engine.space.full
    assert world.disk.exists("reserve")
    assert world.health() == 200
    # The sequence of the message that was lost is not used again.
    assert b'"seq":%d' % (stored + 2) in world.publish()
    assert len(world.texts()) == 2


def test_a_purge_makes_room() -> None:
    world = World()
    world.fill()
    assert b'"purged"' in world.ask("STREAM.PURGE.S", {})
    for _ in range(3):
        world.engine.accounts[0].streams["S"].files.checkpoint()
        world.jobs.run()
    world.tick()
    assert not world.engine.space.full
    assert b'"seq"' in world.publish()


def test_the_system_account_is_told() -> None:
    world = World()
    system = Client(world.node)
    world.node.router.begin()
    world.node.bind(system.session, b"$SYS")
    system.say(b"SUB $JS.EVENT.ADVISORY.SERVER.OUT_OF_STORAGE 1\r\n")
    world.fill()
    assert b"io.nats.jetstream.advisory.v1.server_out_of_space" in system.take()


def test_a_disk_that_is_nearly_full_at_the_start() -> None:
    world = World(used_bytes=39 * MIB)
    assert any("nearly full" in text for text in world.texts())
    assert not world.engine.space.full


def test_a_start_writes_what_the_journal_has_into_the_room_that_is_held_back() -> None:
    world = World()
    for _ in range(5):
        assert b'"seq"' in world.publish(1000)
    left = world.disk.copy()
    room = sum(len(data) for data in left.files().values())
    left.capacity_bytes = room + 500
    node = new_node()
    engine = JetStream(node, JetStreamOptions(), left, HeldJobs(node.router))
    engine.recover()
    assert engine.accounts[0].streams["S"].store.index.messages == 5
    assert not left.exists("reserve")
    broken = world.disk.copy()
    broken.fail("write")
    with pytest.raises(OSError, match="Input/output"):
        JetStream(new_node(), JetStreamOptions(), broken, HeldJobs(node.router)).recover()


def test_other_errors_do_not_close_it() -> None:
    world = World()
    world.disk.fail("write", times=99, code=errno.EIO)
    assert b"10077" in world.publish(10)
    world.disk.heal()
    assert not world.engine.space.full
    assert b'"seq"' in world.publish(10)


def test_a_reserve_that_cannot_be_written_leaves_no_file() -> None:
    disk = SimDisk()
    disk.fail("sync", code=errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        disk_space.make_reserve(disk, MIB)
    assert not disk.exists("reserve")


def test_a_reserve_that_cannot_grow_stays_what_it_is() -> None:
    disk = SimDisk()
    assert disk_space.make_reserve(disk, MIB)
    assert disk_space.make_reserve(disk, MIB // 2)
    assert disk.size("reserve") == MIB
    disk.fail("sync", code=errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        disk_space.make_reserve(disk, 3 * MIB)
    assert disk.size("reserve") == MIB
    assert disk_space.make_reserve(disk, 3 * MIB)
    assert disk.size("reserve") == 3 * MIB


def test_more_is_held_back_when_there_is_more() -> None:
    world = World()
    world.engine.file.used = 5 * MIB * 256
    world.disk.capacity_bytes = 1000 * MIB
    world.tick()
    assert world.disk.size("reserve") == 5 * MIB
    world.engine.file.used = 8 * MIB * 256
    world.tick()
    assert world.disk.size("reserve") == 5 * MIB  # it would hardly be worth it
    world.engine.file.used = 99 * MIB * 256
    world.tick()
    assert world.disk.size("reserve") == 16 * MIB

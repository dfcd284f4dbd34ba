"""An encrypted store: what lies on the disk, who may open it, and how a plain one becomes one."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from headwater.base.errors import StoreError
from headwater.broker.node import Node
from headwater.config.options import JetStreamOptions
from headwater.jetstream.engine import JetStream
from headwater.store import keys
from headwater.store.disk import Disk
from headwater.store.secrets import NO_SECRETS, Secrets
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import HeldJobs
from tests.sim.power import State, all_states
from tests.sim.simdisk import SimDisk

ONE = Secrets("one")
MARK = b"marker"
CONFIG = {
    "name": "S",
    "subjects": ["marker.>"],
    "description": "marker of a description",
    "metadata": {"marker": "marker"},
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a secret be stretched in no time."""
    monkeypatch.setattr(keys, "_PASSES", 1)
    monkeypatch.setattr(keys, "_MEMORY_BYTES", 8192)


class World:
    """A node on a disk in memory, and a client of it."""

    def __init__(self, disk: SimDisk | None = None, secrets: Secrets = ONE) -> None:
        self.disk = disk or SimDisk()
        self.logged: list[tuple[str, str]] = []
        self.node: Node = new_node(logged=self.logged)
        self.jobs = HeldJobs(self.node.router)
        self.engine = JetStream(self.node, JetStreamOptions(), self.disk, self.jobs)
        self.engine.secrets = secrets
        self.engine.recover()
        self.engine.start()
        self.settle()
        self.client = Client(self.node)
        self.client.say(b"SUB r 1\r\n")

    def settle(self, seconds: int = 0) -> None:
        for second in range(seconds + 1):
            if second:
                self.node.clock.advance(1_000_000_000)
            while True:
                self.jobs.run()
                deadline = self.node.timers.next_deadline()
                if deadline is None or deadline > self.node.clock.monotonic():
                    break
                self.node.timers.run_due()

    def say(self, line: bytes) -> bytes:
        heard = self.client.say(line)
        self.settle()
        return heard + self.client.take()

    def ask(self, subject: str, body: Any = None) -> dict[str, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        heard = self.say(b"PUB %b r %d\r\n%b\r\n" % (subject.encode(), len(data), data))
        answer = json.loads(heard[heard.index(b"{") : heard.rindex(b"}") + 1])
        assert "error" not in answer, answer
        return answer

    def fill(self, count: int = 20, *, compression: str = "none") -> None:
        """Make a stream and a consumer, with the mark wherever there can be one."""
        self.ask("$JS.API.STREAM.CREATE.S", {**CONFIG, "compression": compression})
        consumer = {"durable_name": "marker", "ack_policy": "explicit", "description": "marker"}
        created = {"stream_name": "S", "config": consumer}
        self.ask("$JS.API.CONSUMER.DURABLE.CREATE.S.marker", created)
        self.publish(count)
        self.say(b"PUB $JS.API.CONSUMER.MSG.NEXT.S.marker r 1\r\n5\r\n")
        self.say(b"PUB $JS.ACK.S.marker.1.1.1.0.0 r 4\r\n+ACK\r\n")

    def publish(self, count: int) -> None:
        head = b"NATS/1.0\r\nNats-Msg-Id: marker%d\r\nMarker: marker\r\n\r\n"
        for number in range(count):
            headers = head % number
            body = headers + b"marker %d " % number * 5
            place = (number % 3, len(headers), len(body), body)
            self.say(b"HPUB marker.%d r %d %d\r\n%b\r\n" % place)

    def messages(self) -> int:
        return int(self.ask("$JS.API.STREAM.INFO.S")["state"]["messages"])

    def contents(self) -> list[tuple[bytes, bytes, bytes]]:
        store = self.engine.accounts[0].streams["S"].store
        return [(c.subject(), c.headers(), c.payload()) for c in store.scan(0)]

    def checkpoint(self) -> None:
        for stream in self.engine.accounts[0].streams.values():
            stream.files.checkpoint()
        self.settle()

    def stop(self) -> SimDisk:
        self.engine.stop(lambda: None)
        self.settle()
        return self.disk

    def bare(self) -> list[str]:
        """Return the files in which the mark is to be read."""
        return [path for path, data in self.disk.files().items() if MARK in data.lower()]


def refused(disk: SimDisk, secrets: Secrets, text: str) -> None:
    before = disk.files(), set(disk.medium.folders), changes(disk)
    with pytest.raises(StoreError, match=text):
        World(disk, secrets)
    assert (disk.files(), set(disk.medium.folders), changes(disk)) == before


def changes(disk: SimDisk) -> int:
    """Return how much was done to a disk; a sync changes nothing of it."""
    return sum(op.kind not in ("sync", "sync_directory") for op in disk.trace)


@pytest.mark.parametrize("compression", ["none", "s2"])
def test_nothing_of_it_can_be_read_on_the_disk(compression: str) -> None:
    world = World()
    world.fill(compression=compression)
    found = world.contents()
    assert len(found) == 20
    assert world.bare() == []
    world.checkpoint()
    assert world.bare() == []
    world.settle(10)
    disk = world.stop()
    assert world.bare() == []
    again = World(disk)
    assert again.contents() == found
    info = again.ask("$JS.API.CONSUMER.INFO.S.marker")
    assert info["delivered"]["stream_seq"] == 5
    assert info["ack_floor"]["stream_seq"] == 1
    assert info["config"]["description"] == "marker"
    # Without checkpoints too.
    for name in ("checkpoint.0", "checkpoint.1"):
        disk.remove(f"$G/streams/S/{name}")
    assert World(disk).contents() == found


def test_the_marks_would_be_found() -> None:
    world = World(secrets=NO_SECRETS)
    world.fill()
    world.checkpoint()
    assert len(world.bare()) == 4  # a block, two checkpoints, the journal


def test_wrong_keys_are_refused_and_nothing_is_touched() -> None:
    world = World()
    world.fill()
    crashed = world.disk.copy()
    refused(crashed, NO_SECRETS, "the store is encrypted and no key is given")
    refused(crashed, Secrets("two"), "another key than the one that is given")
    refused(crashed, Secrets("", "one"), "no key is given")
    assert World(crashed).messages() == 20
    stopped = world.stop()
    refused(stopped, NO_SECRETS, "no key is given")


def test_without_key_files_it_is_refused_too() -> None:
    world = World()
    world.fill()
    disk = world.stop()
    for name in ("KEYS", "KEYS.copy"):
        disk.remove(name)
    for secrets in (NO_SECRETS, ONE):
        refused(disk, secrets, "its key is not here")
    for name in ("checkpoint.0", "checkpoint.1"):
        disk.remove(f"$G/streams/S/{name}")
    for secrets in (NO_SECRETS, ONE):
        refused(disk, secrets, "its key is not here")


def test_another_key_is_given() -> None:
    world = World()
    world.fill()
    disk = world.stop()
    rotated = World(disk, Secrets("two", "one"))
    assert rotated.messages() == 20
    assert any("new key" in text for _, text in rotated.logged)
    rotated.stop()
    refused(disk, ONE, "another key")
    assert World(disk, Secrets("two")).messages() == 20


def test_a_plain_store_is_encrypted_in_time() -> None:
    world = World(secrets=NO_SECRETS)
    world.fill()
    world.checkpoint()
    assert world.bare()
    disk = world.stop()
    converted = World(disk)
    assert any("from now on is encrypted" in text for _, text in converted.logged)
    assert len(converted.contents()) == 20
    converted.settle(30)
    # Nobody has published since, and no checkpoint was due.
    assert converted.bare() == []
    assert not converted.engine.accounts[0].streams["S"].store.is_bare()
    assert len(converted.contents()) == 20
    again = World(converted.stop())
    assert len(again.contents()) == 20
    assert again.ask("$JS.API.CONSUMER.INFO.S.marker")["delivered"]["stream_seq"] == 5
    refused(again.stop(), NO_SECRETS, "no key is given")


def test_a_stream_without_messages_is_encrypted_too() -> None:
    world = World(secrets=NO_SECRETS)
    world.fill(0)
    assert world.bare()
    converted = World(world.stop())
    converted.settle(10)
    assert converted.bare() == []
    assert converted.ask("$JS.API.CONSUMER.INFO.S.marker")["config"]["description"] == "marker"


def test_a_crash_while_it_is_encrypted_loses_nothing() -> None:
    world = World(secrets=NO_SECRETS)
    world.fill(5)
    disk = world.stop()
    before = State(0, "", disk.files(), set(disk.medium.folders))
    converted = World(SimDisk(before.files, before.folders))
    converted.settle(30)
    assert converted.bare() == []
    rng = random.Random(3)
    found = [s for _, s in all_states([(before, converted.disk.trace)], rng, SimDisk)]
    for state in rng.sample(found, min(60, len(found))):
        again = World(SimDisk(state.files, state.folders))
        assert len(again.contents()) == 5, (state.point, state.label)
        assert again.ask("$JS.API.CONSUMER.INFO.S.marker")["ack_floor"]["stream_seq"] == 1


def test_streams_that_are_added_later_are_encrypted() -> None:
    world = World()
    world.stop()
    again = World(world.disk)
    again.fill()
    assert again.bare() == []


def test_the_journal_holds_what_the_blocks_hold() -> None:
    world = World()
    world.fill()
    files = world.disk.files()
    (journal,) = [data for path, data in files.items() if path.startswith("journal.")]
    assert journal.count(b"HWENTRY") > 10
    # The file of the block lacks what only the journal has so far.
    assert len(World(world.disk.copy()).contents()) == 20
    block = files["$G/streams/S/0000000001.blk"]
    assert len(block) < len(World(world.disk.copy()).disk.files()["$G/streams/S/0000000001.blk"])


def test_damage_costs_what_is_in_the_damaged_frame() -> None:
    world = World()
    world.fill()
    wanted = world.contents()
    disk = world.stop()
    block = "$G/streams/S/0000000001.blk"
    whole = disk.files()
    for path in whole:
        for at in range(0, len(whole[path]), max(1, len(whole[path]) // 40)):
            copy = SimDisk(disk.files(), disk.medium.folders)
            data = bytearray(whole[path])
            data[at] ^= 0x40
            copy.overwrite(path, bytes(data))
            again = World(copy)
            found = again.contents()
            assert len(found) >= (19 if path == block else 20), (path, at)
            assert set(found) <= set(wanted)


def test_a_real_disk(tmp_path: Path) -> None:
    disk = Disk(str(tmp_path))
    world = World(disk)  # type: ignore[arg-type]
    world.fill()
    world.stop()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert MARK not in path.read_bytes().lower(), path

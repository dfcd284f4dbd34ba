"""An atomic batch is there or not after a power cut, and it is there when it was acknowledged."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from headwater import _build
from tests.sim.node_world import Bare, World, encoded, pub
from tests.sim.power import all_states
from tests.sim.simdisk import SimDisk

STATES_MAX = 40 if _build.compiled() else 12
BLOCK_BYTES = 3000


def world_on(disk: SimDisk, bare: Bare | None = None) -> World:
    world = World(disk, 0, block_bytes=BLOCK_BYTES, bare=bare)
    world.recover()
    return world


def member(batch: str, sequence: int, count: int, extra: str = "") -> bytes:
    commit = "Nats-Batch-Commit: 1\r\n" if sequence == count else ""
    return (
        f"NATS/1.0\r\nNats-Batch-Id: {batch}\r\nNats-Batch-Sequence: {sequence}\r\n"
        f"{commit}{extra}\r\n"
    ).encode()


def batches_of(world: World) -> dict[str, int]:
    """Return how many messages of each batch are there."""
    found: Counter[str] = Counter()
    stream = world.streams.get("S")
    if stream is not None:
        for cached in stream.store.scan(1):
            if b"Nats-Batch-Id" in cached.headers():
                found[cached.subject().decode().removeprefix("s.")] += 1
    return found


class Script:
    """Batches and other messages, some of which are on their way together."""

    def __init__(self, seed: int, config: dict[str, Any]) -> None:
        self.rng = random.Random(seed)
        self.disk = SimDisk()
        self.world = world_on(self.disk)
        self.world.start()
        self.sizes: dict[str, int] = {}
        self.acknowledged: dict[str, int] = {}  # batch -> length of the trace
        body = {"name": "S", "subjects": ["s.>"], "allow_atomic": True, **config}
        self.world.say(pub(b"$JS.API.STREAM.CREATE.S", b"r.0", encoded(body)))
        self.world.settle()
        self.world.take()

    def run(self, batches: int) -> None:
        for number in range(batches):
            self.publish(f"b{number}")
            for _ in range(self.rng.randrange(6)):
                self.world.step(self.rng)
                self.hear()
        self.world.settle()
        self.hear()

    def publish(self, batch: str) -> None:
        count = self.sizes[batch] = self.rng.randrange(1, 6)
        fails = self.rng.random() < 0.2
        for sequence in range(1, count + 1):
            extra = ""
            if fails and sequence == count:
                extra = "Nats-Expected-Last-Sequence: 99999\r\n"
            payload = bytes(self.rng.randrange(900))
            head = member(batch, sequence, count, extra)
            self.world.say(pub(f"s.{batch}".encode(), f"r.{batch}".encode(), payload, head))
            if self.rng.random() < 0.2:
                self.world.say(pub(b"s.other", b"", bytes(self.rng.randrange(300))))

    def hear(self) -> None:
        for heard in self.world.take():
            answer = json.loads(heard.payload) if heard.payload else {}
            if "batch" in answer:
                self.acknowledged[answer["batch"]] = len(self.disk.trace)


@pytest.mark.parametrize(
    ("seed", "config"), [(1, {}), (2, {"compression": "s2"}), (3, {"max_msgs": 1000})]
)
def test_all_or_nothing(seed: int, config: dict[str, Any]) -> None:
    script = Script(seed, config)
    script.run(6)
    assert script.acknowledged
    bare = Bare()
    states = list(all_states([(None, script.disk.trace)], random.Random(seed)))
    for _, state in script.rng.sample(states, min(STATES_MAX, len(states))):
        found = batches_of(world_on(state.disk(), bare))
        assert all(count == script.sizes[batch] for batch, count in found.items())
        due = {batch for batch, length in script.acknowledged.items() if length <= state.point}
        assert due <= set(found)
    whole = batches_of(world_on(script.disk.copy()))
    assert set(whole) == set(script.acknowledged)

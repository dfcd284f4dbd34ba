"""A stream is a state machine: the same records make the same state, whoever applies them.

Replication stands on this.  What a running node has come to, batch by batch, is compared with what
another one makes of the same log when it reads it in one go, with and without checkpoints.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.sim.node_script import Script, SmallDisk
from tests.sim.node_world import World

_STEPS = 60
_WHOLE = 1 << 22
_FLOOR = 4  # where the state of a consumer has the floor in the stream


class _OneLife(Script):
    """A script whose log is whole: no block is removed, and no delivery is only in a checkpoint."""

    def __init__(self, seed: int, steps: range) -> None:
        super().__init__(seed, steps)
        self.block_bytes = self.world.block_bytes = _WHOLE

    def _die(self) -> None:
        self.tell("goes on")


def _state(stream: Any) -> Iterator[object]:
    """Return all that a stream is, but for where it lies on the disk and when it was looked at."""
    index = stream.store.index
    yield index.messages, index.bytes, index.first_sequence, index.last_sequence
    yield index.last_time_ns, index.aged_to
    yield sorted(
        (subject, state.count, state.first, state.last, state.last_bytes)
        for subject, state in index.subjects.matching(b">")
    )
    yield sorted((number, bytes(places)) for number, places in index.places.items())
    for cached in stream.store.scan(0):
        record = cached.record
        yield record.sequence, record.time_ns, cached.subject(), cached.headers(), cached.payload()
    kept = stream.snapshot()
    yield kept.config, kept.created_ns, kept.ids, kept.last_id
    for name, record, state in kept.consumers:
        # How far a consumer has passed over what is not for it, or is gone, is its own affair and
        # not recorded: neither its next message nor its floor in the stream.
        said = json.loads(record)
        del said["next_sequence"]
        numbers = msgspec.msgpack.decode(state[1:])
        yield name, said, state[:1], numbers[1:_FLOOR], numbers[_FLOOR + 1 :]


def _states(world: World) -> dict[str, list[object]]:
    return {name: list(_state(stream)) for name, stream in world.streams.items()}


@pytest.mark.parametrize("checkpoints", [True, False], ids=["with checkpoints", "log alone"])
@pytest.mark.parametrize("seed", range(12))
def test_another_node_comes_to_the_same(seed: int, checkpoints: bool) -> None:
    script = Script(seed, range(_STEPS)) if checkpoints else _OneLife(seed, range(_STEPS))
    script.run()
    for stream in script.world.streams.values():
        stream.consumers.record_all()
    script.world.settle()
    medium = script.disk.medium
    files = {
        path: bytes(medium.inodes[inode].data)
        for path, inode in medium.names.items()
        if checkpoints or "checkpoint" not in path
    }
    disk = SmallDisk(files, set(medium.folders))
    again = World(disk, script.elapsed_ns, block_bytes=script.block_bytes)
    again.recover()
    assert _states(again) == _states(script.world)

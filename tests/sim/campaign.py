"""Power cuts at any moment of a workload: what comes back must be what was promised."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from headwater.store.frames import Packing
from tests.sim.oracle import Oracle
from tests.sim.power import State, all_states, durable
from tests.sim.simdisk import Op
from tests.sim.stream import FOLDER, Stream
from tests.sim.workload import Workload

# All that recovery may say after a power cut: that it cut the end of a write, or its file.
_CUT = "of an unfinished write"
ALL = 1 << 60  # as a number of states
_LEFT_OUT = ("has no intact record and is left out", "has an intact head")


@dataclass
class Result:
    """What a campaign has seen."""

    states: int = 0
    cuts: int = 0  # states in which something had to be cut
    acknowledged: int = 0  # records that had been acknowledged, summed over the states
    workloads: int = 0
    restarts: int = 0
    kinds: dict[str, int] = field(default_factory=dict)  # operations that were interrupted

    def add(self, other: "Result") -> None:
        """Add what another campaign has seen."""
        for name in ("states", "cuts", "acknowledged", "workloads", "restarts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count


class CrashError(AssertionError):
    """A state from which the store did not come back as it should; the text replays it."""


def run_seed(
    seed: int, states: int, result: Result, *, steps: int = 60, deep_part: int = 1
) -> None:
    """Run the workload of ``seed`` and check about ``states`` power cuts in it.

    One in ``deep_part`` is started from a second time, and gone on with.
    """
    workload = Workload(seed, steps=steps).run()
    rng = random.Random(seed ^ 0x5EED)
    for op, state in spread(distinct(all_states(workload.legs, rng)), states, rng):
        moment = op.context
        deep = rng.randrange(deep_part) == 0
        try:
            cut = check_state(state, moment, workload.block_bytes, workload.packing, deep=deep)
        except Exception as error:
            raise CrashError(
                f"seed {seed}, steps {steps}: power cut after operation {state.point} ({op}), "
                f"{state.label}: {type(error).__name__} {error}"
            ) from error
        result.states += 1
        result.cuts += cut
        result.acknowledged += moment.low
        result.kinds[op.kind] = result.kinds.get(op.kind, 0) + 1
    result.workloads += 1
    result.restarts += workload.restarts


def distinct(states: Iterable[tuple[Op, State]]) -> list[tuple[Op, State]]:
    """Return the states without those that had been there before when the same was expected."""
    found = {}
    for op, state in states:
        moment = op.context
        key = hash((tuple(state.files.items()), moment.low, moment.high, id(moment.history)))
        found.setdefault(key, (op, state))
    return list(found.values())


def spread(found: list[tuple[Op, State]], count: int, rng: random.Random):
    """Return ``count`` states, as evenly from all moments as they come."""
    of_point: dict[int, list[tuple[Op, State]]] = {}
    for op, state in found:
        of_point.setdefault(state.point, []).append((op, state))
    ranked = []
    for entries in of_point.values():
        rng.shuffle(entries)
        ranked += [(rank, rng.random(), entry) for rank, entry in enumerate(entries)]
    ranked.sort(key=lambda item: item[:2])
    return [entry for _, _, entry in ranked[:count]]


def find_state(seed: int, steps: int, point: int, label: str) -> tuple[Workload, Op, State]:
    """Return the state that a failure named, to look at it closely."""
    workload = Workload(seed, steps=steps).run()
    for op, state in all_states(workload.legs, random.Random(seed ^ 0x5EED)):
        if (state.point, state.label) == (point, label):
            return workload, op, state
    raise LookupError(f"no state {label!r} at {point}")


def check_state(
    state: State, moment: Any, block_bytes: int, packing: Packing, *, deep: bool = True
) -> bool:
    """Check what is made of a state; return whether something was cut.

    Raises:
        AssertionError: it is not what it should be.
    """
    disk = state.disk()
    stream = Stream(disk, block_bytes=block_bytes, packing=packing)
    found = stream.recover()
    picture = stream.picture()
    assert found or moment.low == 0, "no stream was found"
    assert moment.allows(picture), describe(picture, moment)
    if not found:
        return bool(stream.reports)
    cut = check_reports(stream)
    if not deep:
        return cut
    stream.check_index()
    again = Stream(disk.copy(), block_bytes=block_bytes, packing=packing)
    again.recover()
    assert again.picture() == picture, "a second recovery gives something else"
    if disk.exists(FOLDER):
        check_use(stream, block_bytes, packing)
    return cut


def check_reports(stream: Stream) -> bool:
    """Check that recovery says what it cut, and only that; return whether it cut anything."""
    others = [text for text in stream.reports if _CUT not in text and _LEFT_OUT[0] not in text]
    assert not others, others
    blocks = stream.store.index.blocks
    behind = 0
    if blocks:
        last = blocks[-1]
        behind = stream.disk.size(f"{FOLDER}/{last.name()}") - last.size
    assert (behind > 0) == any(_CUT in text for text in stream.reports), (behind, stream.reports)
    return bool(stream.reports)


def check_use(stream: Stream, block_bytes: int, packing: Packing) -> None:
    """Check that a recovered stream goes on: new sequences, and nothing new is lost either."""
    last = stream.store.index.last_sequence
    oracle = Oracle(
        stream.read_all(), last, stream.owner.limits, stream.owner.records, stream.owner.state
    )
    stream.owner.settle = lambda _, error: settled.append(error)
    settled: list[Any] = []
    assert stream.put(b"after", b"the cut") == last + 1
    assert settled == [None]
    picture = stream.picture()
    assert picture.last == oracle.last + 1
    stream.files.checkpoint()
    stream.settle()
    assert not stream.owner.errors
    worst = durable(stream.disk)
    again = Stream(worst, block_bytes=block_bytes, packing=packing)
    again.recover()
    assert again.picture() == picture, "what was written after the power cut is lost"
    again.check_index()


def describe(picture: Any, moment: Any) -> str:
    """Return what is wrong with ``picture`` in a few words."""
    wanted = moment.history.pictures[moment.low]
    newest = moment.history.pictures[moment.high]
    return (
        f"last {picture.last}, {len(picture.messages)} messages, owner {picture.applied}; "
        f"acknowledged: last {wanted.last}, {len(wanted.messages)} messages, {wanted.applied}; "
        f"proposed: last {newest.last}, {len(newest.messages)} messages, {newest.applied}; "
        f"missing {sorted(wanted.messages.keys() - picture.messages.keys())[:10]}"
    )

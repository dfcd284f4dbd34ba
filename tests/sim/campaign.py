"""Power cuts at any moment of a workload: what comes back must be what was promised."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.sim.oracle import Oracle
from tests.sim.power import State, cuts
from tests.sim.simdisk import Medium, Op, SimDisk
from tests.sim.stream import FOLDER, Stream
from tests.sim.workload import Workload

# All that recovery may say after a power cut: that it cut the end of a write, or its file.
_CUT = "of an unfinished write"
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


class CrashError(AssertionError):
    """A state from which the store did not come back as it should; the text replays it."""


def run_seed(seed: int, states: int, result: Result, *, steps: int = 60) -> None:
    """Run the workload of ``seed`` and check about ``states`` power cuts in it."""
    workload = Workload(seed, steps=steps).run()
    rng = random.Random(seed ^ 0x5EED)
    for op, state in spread(all_states(workload, rng), states, rng):
        try:
            cut = check_state(state, op.context, workload.block_bytes)
        except Exception as error:
            raise CrashError(
                f"seed {seed}, steps {steps}: power cut after operation {state.point} ({op}), "
                f"{state.label}: {type(error).__name__} {error}"
            ) from error
        result.states += 1
        result.cuts += cut
        result.acknowledged += op.context.low
        result.kinds[op.kind] = result.kinds.get(op.kind, 0) + 1
    result.workloads += 1
    result.restarts += workload.restarts


def all_states(workload: Workload, rng: random.Random) -> list[tuple[Op, State]]:
    """Return every (operation, State) of what a workload did."""
    found = []
    point = 0
    for state, trace in workload.legs:
        medium = Medium() if state is None else state.disk().medium
        for op in trace:
            medium.apply(op)
            point += 1
            found += [(op, state) for state in cuts(medium, point, rng, 4)]
    return found


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
    for op, state in all_states(workload, random.Random(seed ^ 0x5EED)):
        if (state.point, state.label) == (point, label):
            return workload, op, state
    raise LookupError(f"no state {label!r} at {point}")


def check_state(state: State, moment: Any, block_bytes: int) -> bool:
    """Check what is made of a state; return whether something was cut.

    Raises:
        AssertionError: it is not what it should be.
    """
    disk = state.disk()
    stream = Stream(disk, block_bytes=block_bytes)
    found = stream.recover()
    picture = stream.picture()
    assert found or moment.low == 0, "no stream was found"
    assert moment.allows(picture), describe(picture, moment)
    if not found:
        return bool(stream.reports)
    stream.check_index()
    cut = check_reports(stream)
    again = Stream(disk.copy(), block_bytes=block_bytes)
    again.recover()
    assert again.picture() == picture, "a second recovery gives something else"
    if disk.exists(FOLDER):
        check_use(stream, block_bytes)
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


def check_use(stream: Stream, block_bytes: int) -> None:
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
    worst = worst_case(stream.disk)
    again = Stream(worst, block_bytes=block_bytes)
    again.recover()
    assert again.picture() == picture, "what was written after the power cut is lost"
    again.check_index()


def worst_case(disk: SimDisk) -> SimDisk:
    """Return the disk as it is after a power cut that loses everything that it may."""
    medium = disk.medium
    files = {path: medium.inodes[inode].durable for path, inode in medium.durable_names.items()}
    return SimDisk(files, medium.durable_folders)


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

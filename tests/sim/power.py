"""What a power cut may leave: the states of a disk after any point of a trace.

The model: each sector of a file holds what it held at some moment since the last sync, whatever
the other sectors hold; the size is any that the file had meanwhile, and what was never written
below it is zero.  Each name in a directory that was made, moved or removed since the directory's
last sync has or has not got there.  All such states are too many; for every point a selection is
given that has each pure form of loss, and random mixtures.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.sim.simdisk import SECTOR, Inode, Medium, Op, SimDisk, change_names, put, resize

_MIXTURES = 4
_NAME_SUBSETS_MAX = 4  # up to so many changes of names, every subset is tried


@dataclass
class State:
    """What is on the medium when the power comes back."""

    point: int  # how many operations of the trace were begun
    label: str  # in what way they were lost
    files: dict[str, bytes]
    folders: set[str]

    def disk(self) -> SimDisk:
        """Return a disk in this state."""
        return SimDisk(self.files, self.folders)


def cuts(medium: Medium, point: int, rng: random.Random, mixtures: int) -> Iterator[State]:
    """Yield states that a power cut may leave now, each of them once."""
    seen = set()
    for label, names, folders, contents in _choices(medium, rng, mixtures):
        reachable = {path for path in names if _is_reachable(path, folders)}
        files = {path: contents[names[path]] for path in sorted(reachable)}
        key = hash((tuple(files.items()), frozenset(folders)))
        if key not in seen:
            seen.add(key)
            yield State(point, label, files, folders)


def all_states(
    legs: Sequence[tuple[State | None, list[Op]]], rng: random.Random, make: Any = SimDisk
) -> Iterator[tuple[Op, State]]:
    """Yield (operation, State) for every power cut in some stretches of work.

    Each stretch begins with the state that a power cut has left, None for an empty disk.
    """
    point = 0
    for state, trace in legs:
        medium = (make() if state is None else make(state.files, state.folders)).medium
        for op in trace:
            medium.apply(op)
            point += 1
            for left in cuts(medium, point, rng, _MIXTURES):
                yield op, left


def durable(disk: SimDisk, make: Any = SimDisk) -> Any:
    """Return the disk as it is after a power cut that loses everything that it may."""
    medium = disk.medium
    files = {path: medium.inodes[inode].durable for path, inode in medium.durable_names.items()}
    return make(files, medium.durable_folders)


def _is_reachable(path: str, folders: set[str]) -> bool:
    folder = path.rpartition("/")[0]
    while folder:
        if folder not in folders:
            return False
        folder = folder.rpartition("/")[0]
    return True


def _choices(medium: Medium, rng: random.Random, mixtures: int):
    """Yield (label, names, folders, content of each inode)."""
    dirty = [number for number, inode in medium.inodes.items() if inode.pending]
    durable = {number: inode.durable for number, inode in medium.inodes.items()}
    newest = {number: bytes(inode.data) for number, inode in medium.inodes.items()}
    name_states = list(_name_states(medium, rng))
    for label, names, folders in name_states:
        yield f"{label}; no data", names, folders, durable
        yield f"{label}; all data", names, folders, newest
    forms = {number: dict(file_forms(medium.inodes[number])) for number in dirty}
    for number in dirty:
        for form, data in forms[number].items():
            # Names first or last: with all of them, and with those that were synced.
            for label, names, folders in (name_states[0], name_states[len(name_states) - 1]):
                yield f"{label}; {form}", names, folders, {**newest, number: data}
    for turn in range(mixtures if dirty else 0):
        label, names, folders = rng.choice(name_states)
        contents = dict(durable)
        for number in dirty:
            contents[number] = _mixture(medium.inodes[number], rng)
        yield f"{label}; mixture {turn}", names, folders, contents


def _name_states(medium: Medium, rng: random.Random):
    """Yield (label, names, folders): the first has nothing that was not synced, the last all."""
    ops = [op for folder in sorted(medium.pending) for op in medium.pending[folder]]
    count = len(ops)
    if count <= _NAME_SUBSETS_MAX:
        subsets = list(range(1 << count))
    else:
        subsets = sorted(
            {(1 << size) - 1 for size in range(count + 1)}
            | {((1 << count) - 1) & ~(1 << place) for place in range(count)}
            | {rng.randrange(1 << count) for _ in range(4)}
        )
    for subset in subsets:
        names = dict(medium.durable_names)
        folders = set(medium.durable_folders)
        for place, op in enumerate(ops):
            if subset >> place & 1:
                change_names(op, names, folders)
        kept = sum(1 for place in range(count) if subset >> place & 1)
        yield f"names {subset:b} ({kept} of {count})", names, folders


def file_forms(inode: Inode) -> Iterator[tuple[str, bytes]]:
    """Yield (label, content) of a file whose last operations were lost in one pure way."""
    data = bytearray(inode.durable)
    for count, op in enumerate(inode.pending):
        yield f"first {count} writes", bytes(data)
        if op.kind == "write":
            for cut in _tears(op):
                torn = bytearray(data)
                put(torn, op.offset, op.data[:cut])
                yield f"write {count} torn at {cut}", bytes(torn)
        _do(data, op)
    yield "all writes", bytes(data)
    old, new = inode.durable, bytes(inode.data)
    grown = bytearray(old)
    resize(grown, len(new))
    yield "size only", bytes(grown)
    first = min((op.offset for op in inode.pending), default=0) // SECTOR * SECTOR
    for at in list(range(first, len(new), SECTOR))[:24]:
        yield f"zero from {at}", new[:at] + bytes(grown[at:])
        yield f"zero before {at}", bytes(grown[:at]) + new[at:]
        lost = bytes(grown[at : at + SECTOR])
        yield f"lost sector at {at}", new[:at] + lost + new[at + SECTOR :]
        kept = new[at : at + SECTOR]
        yield f"only sector at {at}", bytes(grown[:at]) + kept + bytes(grown[at + SECTOR :])


def _tears(op: Op) -> list[int]:
    """Return where a write may be torn: at sectors, and a little beside them and its ends."""
    size = len(op.data)
    places = {1, 4, 8, 31, 32, 33, size - 1, size // 2}
    for edge in range(SECTOR - op.offset % SECTOR, size, SECTOR):
        places |= {edge, edge - 1}
    return sorted(place for place in places if 0 < place < size)[:24]


def _mixture(inode: Inode, rng: random.Random) -> bytes:
    """Return a file each sector of which stopped at a moment of its own."""
    versions = [inode.durable]
    data = bytearray(inode.durable)
    for op in inode.pending:
        _do(data, op)
        versions.append(bytes(data))
    size = len(rng.choice(versions))
    out = bytearray()
    for at in range(0, size, SECTOR):
        piece = rng.choice(versions)[at : at + SECTOR]
        out += piece + bytes(SECTOR - len(piece))
    return bytes(out[:size])


def _do(data: bytearray, op: Op) -> None:
    if op.kind == "write":
        put(data, op.offset, op.data)
    else:
        resize(data, op.offset)

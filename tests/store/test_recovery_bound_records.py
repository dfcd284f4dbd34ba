"""Records that count together are there together after any power cut, or none of them is."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import _build
from headwater.store.frames import Packing
from headwater.store.record import HEAD_BYTES, PURGE
from headwater.store.stream_work import Purge
from tests.sim.power import all_states
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, STREAM_ID, Stream

EXAMPLES = 40 if _build.compiled() else 12


def unit_of(stream: Stream, name: bytes, sizes: list[int]) -> None:
    """Propose messages that belong together."""
    start = stream.store.log.staged.size
    for number, size in enumerate(sizes):
        stream.publish(name, b"%d " % number + random.Random(size).randbytes(size))
    stream.store.log.bind(start)


def counts(stream: Stream) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for subject, _, _ in stream.read_all().values():
        found[subject] = found.get(subject, 0) + 1
    return found


_units = st.lists(st.integers(0, 900), min_size=1, max_size=7)
_batches = st.lists(st.lists(_units, min_size=1, max_size=4), max_size=4)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    batches=st.lists(st.lists(_units, min_size=1, max_size=4), max_size=4), compress=st.booleans()
)
def test_all_of_them_or_none(batches, compress):
    disk = SimDisk()
    disk.make_directory(FOLDER)
    packing = Packing(STREAM_ID)
    packing.compresses = compress
    stream = Stream(disk, packing=packing)
    sizes: dict[bytes, int] = {}
    written: list[tuple[int, set[bytes]]] = [(0, set())]
    for batch in batches:
        for unit in batch:
            name = b"u%d" % len(sizes)
            sizes[name] = len(unit)
            unit_of(stream, name, unit)
        stream.commit()
        written.append((len(disk.trace), set(sizes)))
    states = 0
    for _, state in all_states([(None, disk.trace)], random.Random(1)):
        left = Stream(state.disk())
        if not left.recover():
            continue
        states += 1
        found = counts(left)
        assert all(found[name] == sizes[name] for name in found)
        synced = [names for point, names in written if point <= state.point]
        assert synced[-1] <= set(found)
    assert states or not batches


def test_a_message_and_what_it_replaces():
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk)
    stream.put(b"s", b"old")
    before = len(disk.trace)
    start = stream.store.log.staged.size
    sequence = stream.publish(b"s", b"new")
    stream.store.propose(PURGE, b"s", Purge(b"s", sequence, 0).encode())
    stream.store.log.bind(start)
    stream.commit()
    seen = set()
    for _, state in all_states([(None, disk.trace)], random.Random(1)):
        left = Stream(state.disk())
        if state.point > before and left.recover():
            seen.add(tuple(payload for _, _, payload in left.read_all().values()))
    assert seen == {(b"old",), (b"new",)}


@pytest.mark.parametrize("left_out", [1, 30, 31, 32, 33, 300])
def test_what_is_cut_is_said_and_not_written_over(left_out):
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=1 << 20)
    stream.put(b"whole", b"x")
    unit_of(stream, b"torn", [100, 100, 100])
    stream.commit()
    (path,) = [name for name in disk.files() if name.endswith(".blk")]
    data = disk.files()[path]
    cut = SimDisk({path: data[: len(data) - left_out]}, {FOLDER})
    left = Stream(cut)
    assert left.recover()
    assert counts(left) == {b"whole": 1}
    assert len(left.reports) == 1
    assert "cut" in left.reports[0]
    left.put(b"next", b"y")
    again = Stream(cut)
    assert again.recover()
    assert counts(again) == {b"whole": 1, b"next": 1}


def test_a_file_that_ends_between_them():
    """Without a torn record there is nothing but their flags to tell."""
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=1 << 20)
    stream.put(b"whole", b"x")
    unit_of(stream, b"torn", [68, 68])
    stream.commit()
    (path,) = [name for name in disk.files() if name.endswith(".blk")]
    data = disk.files()[path]
    record_bytes = HEAD_BYTES + len(b"torn") + len(b"1 ") + 68
    cut = SimDisk({path: data[: len(data) - record_bytes]}, {FOLDER})
    left = Stream(cut)
    assert left.recover()
    assert counts(left) == {b"whole": 1}

"""Checkpoints: everything of a stream comes back, damage is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import StoreError
from headwater.store import checkpoint
from headwater.store.record import DELETE
from tests.sim.oracle import Limits
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, STREAM_ID, Stream


def filled(per_subject_max: int = -1) -> Stream:
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=500)
    stream.owner.set_limits(Limits(per_subject_max=per_subject_max))
    for number in range(20):
        stream.put(b"s.%d" % (number % 4), b"%d" % number)
    for sequence in (3, 7, 8):
        stream.store.propose(DELETE, b"", sequence.to_bytes(8, "little"))
    stream.commit()
    return stream


def state_of(stream: Stream):
    index = stream.store.index
    names = ("count", "first", "last", "last_bytes")
    numbers = ("number", "size", "first_sequence", "last_sequence", "live", "first_time_ns")
    return (
        [index.messages, index.bytes, index.first_sequence, index.last_sequence],
        [index.keep_places, len(index.places), index.last_time_ns],
        {
            subject: [
                *(getattr(state, name) for name in names),
                index.places.get(index.subjects.find(subject)),
            ]
            for subject, state in index.subjects.matching(b">")
        },
        [[getattr(block, n) for n in numbers] for block in index.blocks],
        [[block.has(s) for s in range(25)] for block in index.blocks],
        [stream.store.position_number, stream.store.position_offset],
    )


@pytest.mark.parametrize("per_subject_max", [-1, 1, 3])
def test_a_checkpoint_brings_everything_back(per_subject_max):
    stream = filled(per_subject_max)
    parsed = checkpoint.parse(checkpoint.encode(checkpoint.take(stream.store, 5)))
    assert (parsed.generation, parsed.stream_id) == (5, STREAM_ID)
    other = Stream(stream.disk, block_bytes=500)
    checkpoint.restore(other.store, parsed)
    assert state_of(other) == state_of(stream)
    assert other.read_all() == stream.read_all()
    assert other.store.last_proposed == 20


@given(st.data())
def test_damage_is_noticed(data):
    file = bytearray(SAMPLE)
    place = data.draw(st.integers(0, len(file) * 8 - 1))
    file[place >> 3] ^= 1 << (place & 7)
    assert checkpoint.parse(bytes(file)) is None


@given(st.integers(0, 2000))
def test_a_short_file_is_damaged(size):
    assert checkpoint.parse(SAMPLE[: min(size, len(SAMPLE) - 1)]) is None


SAMPLE = bytes(checkpoint.encode(checkpoint.take(filled().store, 1)))


def test_a_newer_version_is_an_error():
    from zlib import crc32

    body = b"anything"
    version = (2).to_bytes(4, "little")
    crc = crc32(body, crc32(version)).to_bytes(4, "little")
    with pytest.raises(StoreError, match="version 2"):
        checkpoint.parse(SAMPLE[:8] + version + crc + body)


def test_another_content_with_a_right_checksum_is_damaged():
    from zlib import crc32

    body = b"anything"
    version = SAMPLE[8:12]
    crc = crc32(body, crc32(version)).to_bytes(4, "little")
    assert checkpoint.parse(SAMPLE[:8] + version + crc + body) is None


def test_a_checkpoint_is_due_after_some_work():
    least = checkpoint.due_bytes(0)
    assert least > 1 << 20
    assert checkpoint.due_bytes(1) == least
    assert checkpoint.due_bytes(3 << 20) > 3 << 20

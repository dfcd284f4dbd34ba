"""Blocks that are written anew: when, what is left in them, and what a crash makes of it."""

import random

from headwater.store import compaction
from headwater.store.frames import RUN_BYTES, Packing
from headwater.store.record import CONFIG, DELETE
from tests.sim.oracle import Limits
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, Stream, packing_of


def sparse(*, keep: int = 10, count: int = 60) -> Stream:
    """Return a stream with full blocks in which only every ``keep``-th message is left."""
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=1880)
    for number in range(count):
        stream.put(b"s.%d" % (number % 3), b"%d" % number + bytes(90))
    stream.files.checkpoint()
    delete(stream, *(number for number in range(2, count) if number % keep))
    stream.put(b"end")
    for _ in range(2):
        stream.files.checkpoint()
    return stream


def delete(stream: Stream, *sequences: int) -> None:
    for sequence in sequences:
        stream.store.propose(DELETE, b"", sequence.to_bytes(8, "little"))
    stream.commit()


def compact(stream: Stream) -> int:
    """Write anew whatever is sparse; return how many blocks that were."""
    count = 0
    for _ in range(2):
        # Chosen first, then written anew after two checkpoints.
        while stream.files.give_back(1 << 20):
            stream.settle()
            count += 1
        for _ in range(2):
            stream.files.checkpoint()
            stream.settle()
    while stream.files.give_back(1 << 20):
        stream.settle()
        count += 1
    return count


def disk_bytes(stream: Stream) -> int:
    disk = stream.disk
    names = [name for name in disk.names(FOLDER) if name.endswith(".blk")]
    return sum(len(disk.read(f"{FOLDER}/{name}")) for name in names)


def test_room_is_given_back_and_nothing_is_lost() -> None:
    stream = sparse()
    before, messages = disk_bytes(stream), stream.read_all()
    assert compact(stream) > 2
    assert disk_bytes(stream) < before / 2
    stream.evict()
    assert stream.read_all() == messages
    assert stream.owner.reports == []
    assert compact(stream) == 0


def test_what_was_written_anew_is_there_after_a_restart() -> None:
    for checkpoint in (False, True):
        stream = sparse()
        messages = stream.read_all()
        compact(stream)
        if checkpoint:
            stream.files.checkpoint()
        other = Stream(stream.disk, block_bytes=1880)
        other.recover()
        assert other.read_all() == messages
        assert other.owner.reports == other.reports == []
        other.check_index()
        # It is sparse still, in the eyes of one who does not know that it was written anew.
        for _ in range(2):
            other.files.checkpoint()
        compact(other)
        other.evict()
        assert other.read_all() == messages
        assert other.owner.reports == []


def test_without_checkpoints_what_is_left_is_found_by_reading_all_of_it() -> None:
    stream = sparse()
    messages = stream.read_all()
    compact(stream)
    for name in ("checkpoint.0", "checkpoint.1"):
        stream.disk.remove(f"{FOLDER}/{name}")
    other = Stream(stream.disk, block_bytes=1880)
    other.recover()
    assert other.read_all() == messages
    assert other.reports == []


def test_two_checkpoints_lie_between_the_choice_and_the_writing() -> None:
    stream = sparse()
    stream.files._checkpoint_bytes = 1 << 20  # not worth any before their time
    assert stream.files.give_back(1 << 20) == 0
    stream.files.checkpoint()
    assert stream.files.give_back(1 << 20) == 0
    stream.files.checkpoint()
    assert stream.files.give_back(1 << 20) > 0


def test_checkpoints_are_written_when_it_is_worth_it() -> None:
    stream = sparse()
    stream.jobs.immediate = False
    stream.files._checkpoint_bytes = 1
    assert stream.files.give_back(1 << 20) == 0
    stream.settle()
    assert stream.files.give_back(1 << 20) > 0


def test_what_is_deleted_after_the_choice_stays_in_the_file() -> None:
    stream = sparse()
    stream.files.give_back(1 << 20)
    delete(stream, 10, 20)
    for _ in range(2):
        stream.files.checkpoint()
    while stream.files.give_back(1 << 20):
        pass
    assert 10 not in stream.read_all()
    for name in ("checkpoint.0", "checkpoint.1"):
        other = Stream(stream.disk.copy(), block_bytes=1880)
        other.disk.remove(f"{FOLDER}/{name}")
        other.recover()
        assert other.read_all() == stream.read_all()
        other.check_index()
        assert other.owner.reports == other.reports == []


def test_the_front_of_a_stream_is_not_worth_it() -> None:
    stream = sparse(count=40)
    first = stream.store.index.first_sequence
    stream.store.messages_max = 3
    stream.store.enforce_limits()
    stream.settle()
    assert stream.store.index.first_sequence > first
    for _ in range(2):
        stream.put(b"end")
        stream.files.checkpoint()
    assert compact(stream) == 0


def test_a_block_is_written_anew_again_when_most_of_the_rest_is_gone() -> None:
    stream = sparse(keep=3)
    assert compact(stream) > 2
    delete(stream, *(number for number in range(3, 60, 3) if number % 9))
    assert compact(stream) > 2
    stream.evict()
    assert [number for number in stream.read_all() if number < 60] == [1, *range(9, 60, 9)]


def test_a_damaged_block_is_left_as_it_is() -> None:
    stream = sparse()
    path = f"{FOLDER}/{stream.store.index.blocks[1].name()}"
    data = bytearray(stream.disk.read(path))
    data[200] ^= 1
    stream.disk.replace(path, data)
    compact(stream)
    assert bytes(stream.disk.read(path)) == bytes(data)
    (text,) = stream.owner.reports
    assert "was not written anew" in text
    assert text.endswith(f"{path} is damaged")


def test_a_budget_limits_how_many_are_chosen() -> None:
    stream = sparse()
    stream.files._checkpoint_bytes = 1 << 20
    stream.files.give_back(1)
    assert len(stream.files._choices) == 1
    stream.files._choices.clear()
    stream.files.give_back(1 << 20)
    assert len(stream.files._choices) > 2


def test_a_checkpoint_that_is_asked_for_meanwhile_comes_next() -> None:
    stream = sparse()
    stream.files.give_back(1 << 20)
    for _ in range(2):
        stream.files.checkpoint()
    stream.jobs.immediate = False
    assert stream.files.give_back(1 << 20) > 0
    assert stream.files.give_back(1 << 20) == 0
    said: list[object] = []
    stream.files.checkpoint(said.append)
    stream.files.when_written(lambda: said.append("written"))
    assert said == []
    stream.settle()
    assert said == [None, "written"]


def test_a_file_that_was_begun_is_removed_at_the_next_start() -> None:
    stream = sparse()
    leftover = f"{FOLDER}/0000000001.blk.tmp"
    stream.disk.create(leftover)
    other = Stream(stream.disk, block_bytes=1880)
    other.recover()
    assert not stream.disk.exists(leftover)


def compressed(*, size: int = 90, count: int = 60, packing: Packing | None = None) -> Stream:
    """Return a stream that is compressed, of single messages that are not much the smaller."""
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=4000, packing=packing or packing_of(compressed=True))
    for number in range(count):
        stream.put(b"s.%d" % (number % 3), b'{"number":%d,"filler":"' % number + FILLER[:size])
    for _ in range(2):
        stream.files.checkpoint()
    return stream


FILLER = bytes(random.Random(5).randbytes(1500).hex(), "ascii")


def test_full_blocks_of_small_writes_are_compressed_anew() -> None:
    stream = compressed()
    before, messages = disk_bytes(stream), stream.read_all()
    assert compact(stream) > 1
    assert disk_bytes(stream) < before / 2
    assert compact(stream) == 0
    stream.evict()
    assert stream.read_all() == messages
    other = Stream(stream.disk, block_bytes=4000)
    other.recover()
    assert other.read_all() == messages
    assert other.owner.reports == other.reports == []
    other.check_index()


def test_blocks_that_are_dense_already_are_left_alone() -> None:
    stream = compressed(size=1500)
    dense = [block for block in stream.store.index.blocks if block.frames]
    for block in dense:
        block.frames = 1  # as if all had come in one write
        block.plain = 0
        block.size = max(block.size, RUN_BYTES)
    assert compaction.choose(stream.store, 1 << 30) == []


def test_what_was_plain_is_compressed_when_the_stream_is() -> None:
    packing = packing_of()
    stream = compressed(packing=packing)
    assert compact(stream) == 0
    packing.compresses = True
    stream.store.log.packable = True
    messages = stream.read_all()
    assert compact(stream) > 1
    stream.evict()
    assert stream.read_all() == messages
    # And stays so when it is not compressed any more.
    packing.compresses = False
    for number in range(60):
        stream.put(b"s.0", b"%d" % number + FILLER[:90])
    assert compact(stream) == 0
    stream.evict()
    assert len(stream.read_all()) == 120


def test_sparse_blocks_of_frames_are_written_anew() -> None:
    stream = compressed()
    compact(stream)
    delete(stream, *(number for number in range(2, 55) if number % 9))
    messages = stream.read_all()
    for _ in range(2):
        stream.files.checkpoint()
    assert compact(stream) > 0
    stream.evict()
    assert stream.read_all() == messages


def test_a_damaged_frame_keeps_its_block_from_being_written_anew() -> None:
    stream = compressed()
    path = f"{FOLDER}/{stream.store.index.blocks[0].name()}"
    data = bytearray(stream.disk.read(path))
    data[120] ^= 1
    stream.disk.replace(path, data)
    compact(stream)
    assert bytes(stream.disk.read(path)) == bytes(data)
    assert "is damaged" in stream.owner.reports[0]


def test_what_was_plain_is_written_anew_when_the_store_is_encrypted() -> None:
    stream = compressed(packing=packing_of())
    messages = stream.read_all()
    again = Stream(stream.disk, block_bytes=4000, packing=packing_of(encrypted=True))
    again.recover()
    assert again.store.is_bare()
    again.store.log.packable = True
    again.store.propose(CONFIG, b"", Limits().encode())  # something has to be written behind it
    again.commit()
    again.jobs.immediate = False
    for _ in range(40):
        # No checkpoint has to be asked for.
        again.files.give_back(1 << 20)
        again.settle()
    assert not again.store.is_bare()
    assert not any(FILLER[:20] in data for data in stream.disk.files().values())
    again.evict()
    assert again.read_all() == messages
    assert again.owner.reports == []
    assert not stream.store.is_bare()


def test_a_damaged_block_is_not_tried_again_and_again_when_the_store_is_encrypted() -> None:
    stream = compressed(packing=packing_of())
    path = f"{FOLDER}/{stream.store.index.blocks[0].name()}"
    data = bytearray(stream.disk.read(path))
    data[200] ^= 1
    stream.disk.overwrite(path, bytes(data))
    again = Stream(stream.disk, block_bytes=4000, packing=packing_of(encrypted=True))
    again.recover()
    again.store.log.packable = True
    again.put(b"s.0")
    for _ in range(20):
        again.files.give_back(1 << 20)
        again.settle()
    assert len(again.owner.reports) == 1
    written = len(stream.disk.trace)
    for _ in range(20):
        again.files.give_back(1 << 20)
        again.settle()
    assert len(stream.disk.trace) == written
    assert again.store.is_bare()

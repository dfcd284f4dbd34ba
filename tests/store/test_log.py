"""The log: batches, blocks that roll over, and what their heads say."""

import pytest

from headwater.base.errors import InvariantError, StoreError
from headwater.store.block import HEAD_BYTES, decode_head, file_name
from headwater.store.log import Log
from headwater.store.record import CONSUMER, SKIP
from headwater.wire.message import Message
from tests.sim.simdisk import SimDisk

ID = b"identity"


class Writer:
    """A log and the little that a store does with it."""

    def __init__(self, block_bytes: int = 1000) -> None:
        self.disk = SimDisk()
        self.disk.make_directory("s")
        self.log = Log(self.disk, "s", ID, block_bytes=block_bytes)
        self.sequence = 0

    def stage(self, payload: bytes = bytes(100)) -> None:
        self.sequence += 1
        message = Message()
        message.compose(b"subject", b"", b"", payload)
        self.log.stage_message(self.sequence, 5, message)

    def write(self):
        batch = self.log.start()
        self.log.write(batch)
        good = self.log.finish(batch)
        block = batch.block
        self.log.recycle(batch)
        return good, block

    def head(self, number: int):
        return decode_head(self.disk.read(f"s/{file_name(number)}"))


def test_a_batch_is_one_write_and_one_sync():
    writer = Writer()
    writer.stage()
    writer.write()
    before = len(writer.disk.trace)
    for _ in range(3):
        writer.stage()
    assert writer.log.staged_records == 3
    writer.write()
    assert [op.kind for op in writer.disk.trace[before:]] == ["write", "sync"]
    assert writer.log.syncs == 2
    assert writer.log.written_bytes == 4 * 134


def test_a_new_block_is_durable_with_its_name():
    writer = Writer()
    writer.stage()
    before = len(writer.disk.trace)
    writer.write()
    kinds = [op.kind for op in writer.disk.trace[before:]]
    assert kinds == ["create", "write", "write", "sync", "sync_directory"]


def test_only_one_batch_is_under_way():
    writer = Writer()
    assert writer.log.start() is None
    writer.stage()
    batch = writer.log.start()
    writer.stage()
    assert writer.log.start() is None
    writer.log.write(batch)
    with pytest.raises(InvariantError):
        writer.log.finish(None)
    assert writer.log.finish(batch)
    assert writer.log.start() is not None


def test_blocks_roll_over_and_name_their_predecessors():
    writer = Writer(block_bytes=400)
    sizes = {}
    for _ in range(7):
        writer.stage()
        _, block = writer.write()
        sizes[block.number] = block.size
    assert sorted(sizes) == [1, 2, 3, 4]
    heads = [writer.head(number) for number in (1, 2, 3, 4)]
    assert [head.previous_number for head in heads] == [0, 1, 2, 3]
    assert [head.previous_size for head in heads] == [0, sizes[1], sizes[2], sizes[3]]
    assert [head.first_sequence for head in heads] == [1, 3, 5, 7]
    assert {head.stream_id for head in heads} == {ID}
    for number, size in sizes.items():
        assert writer.disk.size(f"s/{file_name(number)}") == size


def test_a_batch_larger_than_a_block_gets_a_block_of_its_own():
    writer = Writer(block_bytes=400)
    writer.stage()
    writer.write()
    for _ in range(10):
        writer.stage()
    assert writer.write()[1].number == 2
    writer.stage()
    assert writer.write()[1].number == 3


def test_the_first_sequence_of_a_block_that_begins_with_another_record():
    writer = Writer()
    writer.log.stage(CONSUMER, 9, 5, b"name", b"")
    writer.write()
    assert writer.head(1).first_sequence == 10
    writer = Writer()
    writer.log.stage(SKIP, 9, 5, b"", b"")
    writer.write()
    assert writer.head(1).first_sequence == 10


def test_numbers_of_blocks_are_not_used_again():
    writer = Writer()
    writer.stage()
    writer.write()
    writer.disk.fail("sync", times=2)
    writer.stage()
    good, _ = writer.write()
    assert not good
    writer.stage()
    good, block = writer.write()
    assert (good, block.number) == (True, 3)
    assert writer.head(3).previous_number == 1
    assert writer.disk.names("s") == [file_name(1), file_name(3)]


def test_a_log_goes_on_in_an_existing_block():
    writer = Writer()
    writer.stage()
    _, block = writer.write()
    other = Log(writer.disk, "s", ID)
    other.resume(block, 2, append=True)
    writer.log = other
    writer.stage()
    assert writer.write()[1] is block
    cached, damaged = other.read_block(block, block.size)
    assert (cached.entries, damaged) == (2, 0)


def test_reading_a_block_that_is_another_is_an_error():
    writer = Writer()
    writer.stage()
    _, block = writer.write()
    data = writer.disk.read(f"s/{block.name()}")
    writer.log.stream_id = b"somebody"
    with pytest.raises(StoreError, match="not the block"):
        writer.log.read_block(block, block.size)
    writer.log.stream_id = ID
    writer.disk.overwrite(f"s/{block.name()}", bytes(data[: block.size - 1]))
    cached, damaged = writer.log.read_block(block, block.size)
    assert (cached.entries, damaged) == (0, 2)


def test_a_memory_log_needs_no_disk():
    log = Log(None, "", ID, block_bytes=300)
    writer = Writer()
    writer.log = log
    blocks = set()
    for _ in range(5):
        writer.stage()
        good, block = writer.write()
        assert good
        blocks.add(block.number)
    assert len(blocks) > 1
    log.remove_files([block])
    log.close()


def test_buffers_are_used_again_but_not_kept_when_huge():
    writer = Writer()
    writer.stage(bytes(10 << 20))
    batch = writer.log.start()
    huge = batch.buffer
    writer.log.write(batch)
    writer.log.finish(batch)
    writer.log.recycle(batch)
    assert batch.buffer is None
    writer.stage()
    assert writer.log.staged is not huge
    assert writer.head(1).number == 1
    assert writer.disk.size(f"s/{file_name(1)}") > 10 << 20 > HEAD_BYTES

"""When checkpoints are written, and which files go."""

from headwater.store.block import file_name
from headwater.store.checkpoint import NAMES, parse
from headwater.store.record import CHECKPOINT, PURGE, TRIM, Record
from headwater.store.stream_work import Purge
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, SteppingJobs, Stream


def new_stream(jobs: SteppingJobs | None = None) -> Stream:
    disk = SimDisk()
    disk.make_directory(FOLDER)
    return Stream(disk, block_bytes=385, jobs=jobs)


def generation(stream: Stream, place: int) -> int:
    return parse(bytes(stream.disk.read(f"{FOLDER}/{NAMES[place]}"))).generation


def test_two_files_take_turns():
    stream = new_stream()
    stream.put(b"a", b"1")
    for _ in range(3):
        stream.files.checkpoint()
    assert [generation(stream, place) for place in (0, 1)] == [2, 3]
    assert not [name for name in stream.disk.names(FOLDER) if name.endswith(".tmp")]


def test_checkpoints_are_written_when_they_are_due():
    stream = new_stream()
    stream.put(b"a", b"1")
    stream.files.checkpoint_if_due()
    assert not stream.disk.exists(f"{FOLDER}/{NAMES[1]}")
    stream.store.unsaved_bytes = 1 << 30
    stream.files.checkpoint_if_due()
    assert generation(stream, 1) == 1
    assert stream.store.unsaved_bytes == 0


def test_one_checkpoint_serves_all_who_ask_meanwhile():
    stream = new_stream(SteppingJobs())
    stream.put(b"a", b"1")
    answers = []
    for _ in range(3):
        stream.files.checkpoint(answers.append)
    assert stream.jobs.pending() == 1
    assert answers == []
    stream.settle()
    assert answers == [None] * 3
    assert generation(stream, 1) == 1


def test_empty_blocks_leave_memory_at_once_and_the_disk_later():
    stream = new_stream()
    stream.store.watched = True
    for _ in range(10):
        stream.put(b"a", bytes(100))
    stream.store.propose(PURGE, b"", Purge(b"", 11, 0).encode())
    stream.commit()
    blocks = len(stream.store.index.blocks)
    assert blocks > 2
    stream.files.checkpoint()
    # There is a new block for what the log says itself of those that go.
    assert [block.number for block in stream.store.index.blocks] == [blocks, blocks + 1]
    assert len(stream.cache) == 2
    assert stream.disk.exists(f"{FOLDER}/{file_name(1)}")
    stream.files.checkpoint()
    names = [name for name in stream.disk.names(FOLDER) if name.endswith(".blk")]
    assert names == [file_name(blocks), file_name(blocks + 1)]


def test_no_checkpoint_of_a_batch_that_is_applied_in_part():
    stream = new_stream(SteppingJobs())
    for number in range(8):
        stream.put(b"a", b"%d" % number + bytes(100))
    stream.evict()
    stream.publish(b"a", b"before")
    stream.store.propose(TRIM, b"", (3).to_bytes(8, "little"))
    stream.store.commit()
    stream.jobs.work()
    stream.jobs.finish()
    # The batch waits for a block now: its first message is applied, its TRIM is not.
    assert stream.store.index.last_sequence == 9
    assert not stream.store.is_idle()
    stream.files.checkpoint()
    stream.settle()
    found = parse(bytes(stream.disk.read(f"{FOLDER}/{NAMES[1]}")))
    assert (found.messages, found.first_sequence) == (7, 3)
    # Behind that is what the log says itself of the blocks that go, and nothing else.
    assert found.number == stream.store.position_number
    data = memoryview(stream.disk.read(f"{FOLDER}/{file_name(found.number)}"))
    record = Record()
    assert record.read(data, found.offset, len(data))
    assert (record.kind, record.end) == (CHECKPOINT, stream.store.position_offset)

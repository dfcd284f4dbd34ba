"""What a start makes of the journal: what it applies, what it leaves alone, and what it reports."""

import errno
from zlib import crc32

import pytest

from headwater.base.errors import StoreError
from headwater.store.block import HEAD_BYTES, BlockHead, file_name
from headwater.store.journal import FILE_HEAD_BYTES, find_entries, seed_of
from headwater.store.journal_replay import JournalReplay
from tests.sim.power import durable
from tests.sim.shared import IDENTITY, Shared
from tests.sim.simdisk import Killed, SimDisk

BLOCK = file_name(1)


@pytest.fixture
def disk() -> SimDisk:
    """Two streams of seven messages, of which the journal alone has five."""
    shared = Shared(SimDisk())
    shared.publish("ab")
    for name in "ab":
        shared.committer.flush(shared[name].store.log, lambda: None)
    shared.fill("ab", 6)
    for name in "ab":
        assert shared.disk.size(f"{name}/{BLOCK}") < shared[name].store.log.active.size
    return durable(shared.disk)


def entries(disk, path="journal.0"):
    return find_entries(bytes(disk.read(path)), seed_of(IDENTITY))


def replayed(disk):
    replay = JournalReplay(disk, b"anything")
    replay.run()
    return replay


def held(disk):
    """Return how many messages each stream has after a start."""
    shared = Shared(disk)
    return [len(shared.payloads(name)) for name in "ab"]


def test_an_empty_store_has_no_journal():
    disk = SimDisk()
    replay = replayed(disk)
    assert (replay.identity, replay.number, replay.current) == (b"anything", 1, None)
    assert disk.trace == []


def test_what_blocks_lack_is_written_and_synced_and_then_counts_no_more(disk):
    replay = replayed(disk)
    assert (replay.damage, replay.cuts, replay.identity) == ([], [], IDENTITY)
    last = disk.trace[len(disk.trace) - 1]
    assert [op.kind for op in disk.trace if op.path == f"b/{BLOCK}"].count("sync") == 1
    assert last.path == "journal.0"
    assert held(durable(disk)) == [7, 7]
    disk.trace.clear()
    again = replayed(disk)
    assert again.number == replay.number
    assert {op.kind for op in disk.trace} == {"sync", "sync_directory"}


def test_what_is_there_is_written_all_the_same(disk):
    # A sync failed, and the process was killed: the system shows what the medium does not have.
    one = disk.copy()
    replayed(one)
    one.remove("journal.0")
    file = one.create("journal.0")
    file.write(disk.read("journal.0"), 0)
    one.trace.clear()
    replayed(one)
    kinds = [op.kind for op in one.trace if op.path == f"a/{BLOCK}"]
    assert kinds == ["write"] * 6 + ["sync"]


def test_blocks_whose_writer_was_killed_are_made_to_last(disk):
    # One was being written anew: it has its name, and the medium does not know that.
    path = f"a/{BLOCK}"
    file = disk.create(f"{path}.tmp")
    file.write(disk.read(path), 0)
    file.sync()
    disk.rename(f"{path}.tmp", path)
    replayed(disk)
    assert held(durable(disk)) == [7, 7]


def test_files_whose_maker_was_killed_are_made_to_last(disk):
    # Nothing of the file is synced yet, not even its name.
    killed = disk.copy()
    data = bytes(killed.read("journal.0"))
    killed.remove("journal.0")
    killed.sync_directory("")
    file = killed.create("journal.0")
    file.write(data, 0)
    replayed(killed)
    left = durable(killed)
    assert bytes(left.read("journal.0", 0, FILE_HEAD_BYTES)) == data[:FILE_HEAD_BYTES]
    assert held(left) == [7, 7]


def test_a_file_that_cannot_be_made_to_last_is_read_and_made_anew(disk):
    disk.fail("sync", code=errno.EIO)
    replay = replayed(disk)
    assert replay.files[0].failed
    assert held(durable(disk)) == [7, 7]


@pytest.mark.parametrize("kill_in", range(12))
def test_a_start_that_is_interrupted_can_be_repeated(disk, kill_in):
    disk.kill_in = kill_in
    try:
        replayed(disk)
    except Killed:
        pass
    disk.kill_in = None
    for left in (disk.copy(), durable(disk)):
        replay = replayed(left)
        assert replay.damage == []
        assert held(left) == [7, 7]


def test_a_flipped_bit_costs_one_entry_and_is_told(disk):
    count = len(entries(disk))
    third = entries(disk)[2]
    disk.flip("journal.0", third.start + 90)
    replay = replayed(disk)
    assert replay.damage == [
        f"1 of the last {count} writes to the journal are damaged or missing; what of them had "
        "not got to the streams' own files is lost"
    ]
    shared = Shared(disk)
    assert [len(shared.payloads(name)) for name in "ab"] == [6, 6]
    assert any("damaged" in text for text in shared["a"].reports)


def test_the_end_of_a_write_that_nobody_was_told_of_is_left_out(disk):
    last = entries(disk)[-1]
    disk.flip("journal.0", last.end - 1)
    replay = replayed(disk)
    assert replay.damage == []
    assert replay.cuts == [
        "journal.0: left out the beginning of an unfinished write at offset "
        f"{last.start}; nothing in it had been acknowledged"
    ]
    assert held(disk) == [6, 6]


@pytest.mark.parametrize("at", range(0, FILE_HEAD_BYTES, 3))
def test_a_damaged_head_costs_nothing(disk, at):
    disk.flip("journal.0", at)
    assert replayed(disk).damage == []
    assert held(disk) == [7, 7]
    shared = Shared(disk)
    shared.fill("ab", 5)
    assert Shared(durable(disk)).payloads("a") == shared.payloads("a")


def test_a_missing_file_is_no_obstacle(disk):
    disk.remove("journal.0")
    assert replayed(disk).damage == []
    assert held(disk) == [2, 2] or held(disk) == [1, 1]


def test_a_file_that_is_cut_is_read_and_made_anew(disk):
    data = bytes(disk.read("journal.0"))
    end = entries(disk)[-1].end
    disk.overwrite("journal.0", data[: end - 1])
    assert held(disk) == [6, 6]
    disk.overwrite("journal.0", data[:700])
    shared = Shared(disk)
    shared.fill("ab", 6)
    assert disk.size("journal.0") == 4096


def test_a_file_that_the_medium_does_not_give_is_told_and_made_anew(disk):
    disk.fail("read", code=errno.EIO)
    replay = replayed(disk)
    assert [text.split(":")[0] for text in replay.damage] == ["journal.0 could not be read"]
    disk.heal()
    shared = Shared(SimDisk(disk.files() | {"journal.0": b""}, disk.medium.folders))
    shared.fill("ab", 3)
    assert shared.journal_writes()
    disk.fail("read", code=errno.EACCES)
    with pytest.raises(OSError, match="denied"):
        replayed(disk)


def test_streams_that_are_gone_or_others_are_left_alone(disk):
    disk.remove_tree("a")
    other = BlockHead(b"somebody", 1, 1, 0, 0).encode()
    disk.overwrite(f"b/{BLOCK}", other)
    assert replayed(disk).damage == []
    assert not disk.exists("a")
    assert disk.read(f"b/{BLOCK}") == other


def test_blocks_that_were_written_anew_are_left_alone(disk):
    shared = Shared(disk.copy())
    head = BlockHead(shared["a"].store.log.stream_id, 1, 1, 0, 0)
    head.compacted = True
    disk.overwrite(f"a/{BLOCK}", head.encode())
    replayed(disk)
    assert disk.size(f"a/{BLOCK}") == HEAD_BYTES


def test_a_damaged_head_of_a_block_keeps_nothing_from_it(disk):
    disk.flip(f"a/{BLOCK}", 40)
    replayed(disk)
    assert held(disk) == [7, 7]


def test_a_block_of_a_newer_format_is_refused(disk):
    data = disk.read(f"a/{BLOCK}")
    data[8] = 3
    data[60:64] = crc32(data[:60]).to_bytes(4, "little")
    disk.overwrite(f"a/{BLOCK}", bytes(data))
    with pytest.raises(StoreError, match="version"):
        replayed(disk)


def test_when_its_end_cannot_be_written_there_is_no_journal(disk):
    disk.fail("write", after=12)  # those to the blocks
    replay = replayed(disk)
    assert not disk.exists("journal.0")
    assert replay.current is None
    for left in (durable(disk), disk.copy()):
        assert held(left) == [7, 7]

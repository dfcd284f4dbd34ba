"""Recovery from damage, from lost and foreign files, and from stores of other versions."""

import pytest

from headwater.base.errors import StoreError
from headwater.store import checkpoint as checkpoints
from headwater.store import recovery
from headwater.store.block import HEAD_BYTES, decode_head, file_name, number_of
from headwater.store.checkpoint import NAMES
from headwater.store.record import DELETE, Record, block_seed
from tests.sim.power import durable
from tests.sim.simdisk import Killed, SimDisk
from tests.sim.stream import FOLDER, STREAM_ID, Stream

BLOCK_BYTES = 970


def new_stream(block_bytes: int = BLOCK_BYTES) -> Stream:
    disk = SimDisk()
    disk.make_directory(FOLDER)
    return Stream(disk, block_bytes=block_bytes)


def filled(count: int, block_bytes: int = BLOCK_BYTES) -> Stream:
    """Return a stream of ``count`` messages, each a batch of its own; about six to a block."""
    stream = new_stream(block_bytes)
    for number in range(1, count + 1):
        stream.put(b"s.%d" % (number % 3), b"%d " % number + bytes(100))
    return stream


def recovered(disk: SimDisk, block_bytes: int = BLOCK_BYTES) -> Stream:
    stream = Stream(disk, block_bytes=block_bytes)
    assert stream.recover()
    return stream


def path(number: int) -> str:
    return f"{FOLDER}/{file_name(number)}"


def offset_of(disk: SimDisk, number: int, sequence: int) -> int:
    """Return where the record of ``sequence`` begins in block ``number``."""
    data = memoryview(disk.read(path(number)))
    record = Record()
    at = HEAD_BYTES
    while record.read(data, at, len(data)):
        if record.sequence == sequence:
            return at
        at = record.end
    raise LookupError(sequence)


def reseal(disk: SimDisk, number: int, change) -> None:
    """Change the head of a block and let its checksum be right again."""
    from headwater.base import octets

    data = disk.read(path(number))
    change(data)
    crc = octets.checksum(memoryview(data), 0, 60, 0)
    data[60:64] = crc.to_bytes(4, "little")
    disk.overwrite(path(number), bytes(data))


# Damage


def test_damage_in_a_sealed_block_costs_one_message():
    stream = filled(30)
    wanted = stream.read_all()
    stream.disk.flip(path(2), offset_of(stream.disk, 2, 9) + 40)
    del wanted[9]
    again = recovered(stream.disk.copy())
    assert again.read_all() == wanted
    assert again.store.index.last_sequence == 30
    assert len(again.reports) == 1
    assert "are damaged; the messages in them are lost" in again.reports[0]
    assert again.put(b"new", b"") == 31


@pytest.mark.parametrize("where", [0, 4, 8, 10, 12, 16, 24, 32, 60])
def test_damage_anywhere_in_a_record_is_found(where):
    stream = filled(30)
    stream.disk.flip(path(2), offset_of(stream.disk, 2, 9) + where, 3)
    again = recovered(stream.disk.copy())
    assert sorted(again.read_all()) == [n for n in range(1, 31) if n != 9]


def test_damage_in_the_synced_part_of_the_last_block_is_not_taken_for_an_unfinished_write():
    stream = filled(15)
    last = stream.store.index.blocks[-1].number
    first = stream.store.index.blocks[-1].first_sequence
    stream.disk.flip(path(last), offset_of(stream.disk, last, first) + 40)
    again = recovered(stream.disk.copy())
    assert sorted(again.read_all()) == [n for n in range(1, 16) if n != first]
    assert "are damaged" in again.reports[0]
    assert again.put(b"new", b"") == 16
    assert sorted(recovered(again.disk.copy()).read_all()) == [
        n for n in range(1, 17) if n != first
    ]


def test_damage_at_the_very_end_is_cut():
    stream = filled(15)
    last = stream.store.index.blocks[-1].number
    stream.disk.flip(path(last), offset_of(stream.disk, last, 15) + 40)
    again = recovered(stream.disk.copy())
    assert sorted(again.read_all()) == list(range(1, 15))
    assert "of an unfinished write" in again.reports[0]


def test_damage_before_a_checkpoint_is_met_when_the_block_is_read():
    stream = filled(30)
    stream.files.checkpoint()
    wanted = stream.read_all()
    stream.disk.flip(path(2), offset_of(stream.disk, 2, 9) + 40)
    del wanted[9]
    again = recovered(stream.disk.copy())
    assert again.generation == 1
    assert again.get(9) is None
    assert again.read_all() == wanted
    assert "1 damaged stretches left out" in again.owner.reports[0]
    # It can still be deleted, and the stream goes on.
    again.store.propose(DELETE, b"", (9).to_bytes(8, "little"))
    again.commit()
    assert again.store.index.messages == 29
    assert again.put(b"new", b"") == 31


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_damaged_head_costs_nothing_else(number):
    stream = filled(30)
    assert len(stream.store.index.blocks) == 5
    wanted = stream.picture()
    stream.disk.flip(path(number), 20)
    again = recovered(stream.disk.copy())
    assert again.picture() == wanted
    assert again.reports == [f"{file_name(number)} has a damaged head"]
    again.evict()
    assert again.picture() == wanted
    assert again.put(b"new", b"") == 31
    assert sorted(recovered(again.disk.copy()).read_all()) == list(range(1, 32))


def test_no_head_at_all_is_no_stream():
    stream = filled(3)
    stream.disk.flip(path(1), 20)
    before = stream.disk.files()
    again = Stream(stream.disk)
    assert not again.recover()
    assert again.reports == ["none of 1 block files has an intact head"]
    assert stream.disk.files() == before


def test_a_missing_block_costs_what_was_in_it():
    stream = filled(30)
    gone = stream.store.index.blocks[2]
    wanted = [n for n in range(1, 31) if not gone.first_sequence <= n <= gone.last_sequence]
    stream.files.checkpoint()
    stream.disk.remove(path(3))
    again = recovered(stream.disk.copy())
    assert again.reports == [f"{file_name(3)} is missing; the messages in it are lost"]
    assert sorted(again.read_all()) == wanted
    without = stream.disk.copy()
    for name in NAMES:
        without.remove(f"{FOLDER}/{name}")
    assert sorted(recovered(without).read_all()) == wanted


def test_a_block_of_another_stream_or_number_is_not_taken():
    stream = filled(30)
    wanted = stream.picture()
    files = stream.disk.files()
    disk = SimDisk({**files, path(9): files[path(2)]}, {FOLDER})
    again = recovered(disk)
    assert again.picture() == wanted
    assert again.reports == [f"{file_name(9)} has no intact record and is left out"]
    assert again.put(b"new", b"") == 31
    assert sorted(recovered(disk.copy()).read_all()) == list(range(1, 32))


def test_a_short_block_is_reported():
    stream = filled(30)
    stream.disk.overwrite(path(2), bytes(stream.disk.read(path(2)))[:300])
    again = recovered(stream.disk.copy())
    assert "the rest of it is lost" in again.reports[0]
    assert set(again.read_all()) > set(range(13, 31))


def test_a_block_without_even_a_head_costs_its_messages():
    stream = filled(30)
    stream.files.checkpoint()
    stream.disk.overwrite(path(2), bytes(stream.disk.read(path(2)))[:10])
    again = recovered(stream.disk.copy())
    assert again.get(9) is None
    assert set(again.read_all()) >= set(range(13, 31))


# What is void


def test_what_was_cut_stays_cut_when_the_stream_goes_on():
    stream = filled(3, 100_000)
    whole = stream.disk.read(path(1))
    stream.disk.overwrite(path(1), bytes(whole[:-5]))
    again = recovered(stream.disk, 100_000)
    assert sorted(again.read_all()) == [1, 2]
    assert len(again.reports) == 1
    assert again.put(b"other", b"another third") == 3
    # Even when the end of the cut write turns up after all.
    stream.disk.overwrite(path(1), bytes(whole))
    third = recovered(stream.disk, 100_000)
    assert third.get(3) == (b"other", b"", b"another third")
    assert third.reports == []
    assert sorted(third.read_all()) == [1, 2, 3]


def test_files_between_a_block_and_its_predecessor_are_void_and_go():
    stream = filled(3, 100_000)
    first = stream.disk.files()
    stream.put(b"void", b"never acknowledged")
    void = stream.disk.files()[path(1)]
    again = recovered(SimDisk(first, {FOLDER}), 100_000)
    again.store.log.resume(again.store.index.blocks[-1], 3, append=False)
    assert again.put(b"true", b"acknowledged") == 4
    head = decode_head(again.disk.read(path(3)))
    assert (head.previous_number, head.previous_size) == (1, len(first[path(1)]))
    records = void[len(first[path(1)]) :]
    middle = bytearray(head.encode())
    middle[24:32] = (2).to_bytes(8, "little")
    disk = SimDisk({**again.disk.files(), path(2): bytes(middle) + records}, {FOLDER})
    reseal(disk, 2, lambda data: None)
    third = recovered(disk, 100_000)
    assert third.get(4) == (b"true", b"", b"acknowledged")
    third.files.checkpoint()
    assert disk.exists(path(2)) is False
    assert recovered(disk.copy(), 100_000).picture() == third.picture()


# Checkpoints


def two_checkpoints() -> Stream:
    stream = filled(12)
    stream.files.checkpoint()
    for number in range(13, 25):
        stream.put(b"s.%d" % (number % 3), bytes(100))
    stream.files.checkpoint()
    stream.put(b"s.1", b"behind the checkpoint")
    return stream


@pytest.mark.parametrize("offset", [0, 8, 12, 16, 100, -1])
def test_a_damaged_checkpoint_leaves_the_one_before_it(offset):
    stream = two_checkpoints()
    wanted = stream.picture()
    newest = f"{FOLDER}/{NAMES[0]}"
    stream.disk.flip(newest, offset % stream.disk.size(newest))
    again = recovered(stream.disk.copy())
    assert again.generation == 1
    assert again.reports == [f"{NAMES[0]} is damaged and was not used"]
    assert again.picture() == wanted
    again.check_index()


def test_two_damaged_checkpoints_leave_the_log():
    stream = two_checkpoints()
    wanted = stream.picture()
    for name in NAMES:
        stream.disk.flip(f"{FOLDER}/{name}", 30)
    again = recovered(stream.disk.copy())
    assert again.generation == 0
    assert len(again.reports) == 2
    # All but what only the owner's part of them had: it starts anew here.
    assert again.picture() == wanted


def test_sequences_are_not_used_again_when_only_the_end_of_the_log_is_left():
    stream = filled(30)
    files = {p: d for p, d in stream.disk.files().items() if p == path(5)}
    again = recovered(SimDisk(files, {FOLDER}))
    assert sorted(again.read_all()) == list(range(25, 31))
    assert again.put(b"new", b"") == 31
    # The last block may have nothing but records of the owner.
    stream = filled(6)
    stream.store.log.resume(stream.store.index.blocks[-1], 2, append=False)
    stream.store.propose(DELETE, b"", (1).to_bytes(8, "little"))
    stream.commit()
    only = {p: d for p, d in stream.disk.files().items() if p == path(2)}
    again = recovered(SimDisk(only, {FOLDER}))
    assert again.store.index.messages == 0
    assert again.put(b"new", b"") == 7


def test_blocks_go_once_both_checkpoints_do_without_them():
    stream = new_stream()
    stream.owner.set_limits(stream.owner.limits.__class__(messages_max=3))
    for number in range(40):
        stream.put(b"a", b"%d" % number + bytes(100))
    stream.files.checkpoint()
    assert stream.disk.exists(path(1))
    stream.put(b"a", b"more")
    stream.files.checkpoint()
    assert not stream.disk.exists(path(1))
    assert stream.disk.exists(path(stream.store.index.blocks[0].number))
    stream.check_index()
    again = recovered(stream.disk.copy())
    assert sorted(again.read_all()) == [39, 40, 41]


# Other versions


def test_a_block_of_a_newer_version_is_left_alone():
    stream = filled(30)

    def raise_version(data):
        data[8:10] = (3).to_bytes(2, "little")

    reseal(stream.disk, 3, raise_version)
    before = stream.disk.files()
    operations = len(stream.disk.trace)
    with pytest.raises(StoreError, match="format version 3"):
        Stream(stream.disk).recover()
    assert stream.disk.files() == before
    assert len(stream.disk.trace) == operations


def test_a_checkpoint_of_a_newer_version_is_left_alone():
    from zlib import crc32

    stream = two_checkpoints()
    name = f"{FOLDER}/{NAMES[0]}"
    data = bytearray(stream.disk.read(name))
    data[8:12] = (7).to_bytes(4, "little")
    data[12:16] = crc32(data[16:], crc32(data[8:12])).to_bytes(4, "little")
    stream.disk.overwrite(name, bytes(data))
    before = stream.disk.files()
    with pytest.raises(StoreError, match="version 7"):
        Stream(stream.disk).recover()
    assert stream.disk.files() == before


def test_the_format_file():
    assert recovery.check_format(recovery.format_file())
    for other in (b'{"format": 1, "journal": 1}', b'{"format": 2, "journal": 7}', b'{"format": 3}'):
        with pytest.raises(StoreError, match="format"):
            recovery.check_format(other)
    assert not recovery.check_format(b"\xff\xfe")
    assert not recovery.check_format(b'{"format": 2, "*ournal": 1}')


def test_a_record_does_not_pass_in_another_block():
    assert block_seed(STREAM_ID, 1) != block_seed(STREAM_ID, 2)
    assert block_seed(STREAM_ID, 1) != block_seed(b"87654321", 1)


# Starting


def test_an_empty_directory_is_no_stream():
    stream = new_stream()
    assert not stream.recover()
    assert stream.reports == []


def test_a_file_is_no_stream():
    disk = SimDisk({FOLDER: b"garbage"})
    assert not Stream(disk).recover()
    assert disk.files() == {FOLDER: b"garbage"}


def test_a_block_that_is_seen_to_be_gone_does_not_come_back():
    stream = filled(3)
    for block in stream.store.index.blocks:
        stream.disk.remove(path(block.number))
    assert not Stream(stream.disk).recover()
    assert not Stream(durable(stream.disk)).recover()


def test_what_a_killed_process_left_unsynced_is_synced():
    stream = filled(3)
    before = len(stream.disk.trace)
    recovered(stream.disk)
    done = [(op.kind, op.path) for op in stream.disk.trace[before:]]
    assert done == [("write", path(1)), ("sync", path(1)), ("sync_directory", FOLDER)]


def test_limits_of_the_owner_hold_behind_a_checkpoint():
    stream = new_stream()
    stream.owner.set_limits(stream.owner.limits.__class__(per_subject_max=2))
    for number in range(9):
        stream.put(b"a.%d" % (number % 2), b"%d" % number)
    stream.files.checkpoint()
    stream.put(b"a.0", b"last")
    again = recovered(stream.disk.copy())
    assert again.picture() == stream.picture()
    again.check_index()
    assert again.store.is_idle()


def test_a_checkpoint_of_another_stream_is_not_used():
    stream = filled(15)
    stream.files.checkpoint()
    other = Stream(SimDisk(), block_bytes=BLOCK_BYTES)
    other.store.log.stream_id = b"elsewhere"[:8]
    foreign = checkpoints.encode(checkpoints.take(other.store, 900))
    stream.disk.replace(f"{FOLDER}/{NAMES[0]}", foreign)
    again = recovered(stream.disk)
    assert sorted(again.read_all()) == list(range(1, 16))
    assert any("is one of another stream" in text for text in again.reports)


def test_the_only_head_is_damaged_and_there_is_no_checkpoint():
    stream = filled(3)
    stream.disk.flip(path(1), 30)
    again = recovered(stream.disk)
    assert sorted(again.read_all()) == [1, 2, 3]


def test_a_file_of_the_highest_number_does_not_use_the_numbers_up():
    stream = filled(3)
    stream.disk.replace(f"{FOLDER}/9999999999.blk", b"stray")
    again = recovered(stream.disk)
    assert again.put(b"s.1", b"new") == 4
    assert 4 in recovered(again.disk).read_all()


def test_damage_before_the_position_of_the_checkpoint_is_told_of():
    stream = filled(3, block_bytes=10_000)
    stream.files.checkpoint()
    stream.disk.flip(path(1), offset_of(stream.disk, 1, 2) + 40)
    again = recovered(stream.disk, 10_000)
    assert any("is damaged before offset" in text for text in again.reports)


@pytest.mark.parametrize("readable", [0, 1, 2, 3, 4])
def test_a_block_that_cannot_be_read_keeps_nothing_else_from_being_served(readable):
    stream = filled(15)
    disk = stream.disk.copy()
    assert len(stream.store.index.blocks) == 3
    disk.fail("read", after=readable)
    again = recovered(disk)
    assert any("could not be read" in text for text in again.reports)
    assert len(again.read_all()) >= 5
    if readable not in (2, 4):  # the last block takes with it what its sequences were
        assert again.put(b"s.1", b"new") == 16


class CountingDisk:
    """A disk that notes which blocks are read."""

    def __init__(self, disk):
        self._disk = disk
        self.read_numbers = set()

    def read(self, path, *arguments):
        self.read_numbers.add(number_of(path.rpartition("/")[2]))
        return self._disk.read(path, *arguments)

    def __getattr__(self, name):
        return getattr(self._disk, name)


def test_what_the_checkpoint_covers_is_not_read():
    stream = filled(200, block_bytes=200)
    stream.files.checkpoint()
    stream.files.checkpoint()
    stream.put(b"s.1", b"behind")
    disk = CountingDisk(stream.disk)
    again = recovered(disk, 200)
    assert again.reports == []
    assert len(again.store.index.blocks) > 60
    assert len(disk.read_numbers) < 25
    assert again.store.index.last_sequence == 201
    assert len(again.read_all()) == 201


def test_foreign_checkpoints_are_no_help_and_no_harm():
    stream = filled(200, block_bytes=200)
    other = filled(150, block_bytes=200)
    other.store.log.stream_id = b"ANOTHER!"
    for number in range(2):
        data = checkpoints.encode(checkpoints.take(other.store, 900 + number))
        stream.disk.replace(f"{FOLDER}/{checkpoints.NAMES[number]}", bytes(data))
    again = recovered(stream.disk, 200)
    assert len(again.read_all()) == 200
    assert [text for text in again.reports if "another stream" not in text] == []


@pytest.mark.parametrize("count", [0, 3])
def test_what_a_start_shows_lasts_though_its_sync_had_failed(count):
    stream = filled(count, block_bytes=100_000)
    stream.disk.fail("sync", times=9)
    stream.disk.kill_in = 2 if count else 4  # as the write is being undone, or its file
    with pytest.raises(Killed):
        stream.put(b"s.1", bytes(20_000))
    stream.disk.heal()
    again = recovered(stream.disk)
    assert again.store.index.last_sequence == count + 1
    after = recovered(durable(stream.disk))
    assert len(after.read_all()) == count + 1
    assert again.reports == after.reports == []

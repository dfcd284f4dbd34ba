"""Damaged block files are kept aside and written anew."""

from headwater.store.block import file_name
from headwater.store.repair import KEPT, BlockRepair, take_out, unreadable
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, Stream

BLOCK_BYTES = 1000


def _filled() -> Stream:
    """Return a stream of some blocks, whose second one is damaged in one message."""
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=BLOCK_BYTES)
    for number in range(1, 20):
        stream.put(b"s.%d" % (number % 3), b"message %d " % number + bytes(100))
    stream.files.checkpoint()
    disk.flip(_path(2), disk.read(_path(2)).index(b"message 9 "))
    again = Stream(disk, block_bytes=BLOCK_BYTES)
    assert again.recover()
    return again


def _path(number: int) -> str:
    return f"{FOLDER}/{file_name(number)}"


def test_a_damaged_block_is_kept_and_written_anew() -> None:
    stream = _filled()
    disk = stream.disk
    damaged = disk.read(_path(2))
    blocks = BlockRepair(stream.store)
    assert blocks.damaged() == [file_name(2)]
    blocks.keep()
    assert disk.read(f"{FOLDER}/{KEPT}/{file_name(2)}") == damaged
    lost = unreadable(stream.store)
    assert lost == [9]
    take_out(stream.store, lost)
    stream.check_index()
    for _ in range(2):
        stream.files.checkpoint()
    blocks.mend()
    again = Stream(disk, block_bytes=BLOCK_BYTES)
    assert again.recover()
    assert again.reports == []
    assert BlockRepair(again.store).damaged() == []
    assert sorted(again.read_all()) == [*range(1, 9), *range(10, 20)]


def test_copies_do_not_take_the_place_of_older_ones() -> None:
    stream = _filled()
    disk = stream.disk
    BlockRepair(stream.store).keep()
    BlockRepair(stream.store).keep()
    assert disk.names(f"{FOLDER}/{KEPT}") == [file_name(2)]
    disk.flip(_path(2), 100)
    BlockRepair(stream.store).keep()
    assert disk.names(f"{FOLDER}/{KEPT}") == [file_name(2), f"{file_name(2)}.2"]


def test_a_file_that_is_no_block_goes() -> None:
    stream = _filled()
    stream.disk.replace(_path(50), b"stray")
    blocks = BlockRepair(stream.store)
    assert blocks.damaged() == [file_name(50), file_name(2)]
    blocks.keep()
    blocks.mend()
    assert not stream.disk.exists(_path(50))
    assert stream.disk.read(f"{FOLDER}/{KEPT}/{file_name(50)}") == b"stray"


def test_a_file_that_cannot_be_read_is_put_aside_as_it_is() -> None:
    stream = _filled()
    whole = stream.disk.read(_path(1))
    stream.disk.fail("read")
    blocks = BlockRepair(stream.store)
    assert blocks.damaged() == [file_name(1), file_name(2)]
    blocks.keep()
    assert not stream.disk.exists(_path(1))
    assert stream.disk.read(f"{FOLDER}/{KEPT}/{file_name(1)}") == whole

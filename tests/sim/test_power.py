"""The model of power cuts: what may be lost, what may not, and each form of loss is tried."""

import random

import pytest

from tests.sim.power import State, cuts
from tests.sim.simdisk import SECTOR, SimDisk


def states(disk: SimDisk) -> list[State]:
    return list(cuts(disk.medium, 0, random.Random(1), 10))


def contents(disk: SimDisk, path: str) -> set[bytes | None]:
    """Return what a file may be after a power cut; None for not there."""
    return {state.files.get(path) for state in states(disk)}


def synced_file() -> tuple[SimDisk, object]:
    disk = SimDisk()
    file = disk.create("file")
    file.write(b"old", 0)
    file.sync()
    disk.sync_directory("")
    return disk, file


def test_what_is_synced_is_there_in_every_state():
    disk, _ = synced_file()
    assert contents(disk, "file") == {b"old"}
    assert len(states(disk)) == 1


def test_a_file_needs_its_directory():
    disk = SimDisk()
    file = disk.create("file")
    file.write(b"data", 0)
    file.sync()
    assert contents(disk, "file") == {None, b"data"}
    disk.sync_directory("")
    assert contents(disk, "file") == {b"data"}


def test_a_name_needs_its_data():
    disk = SimDisk()
    file = disk.create("file")
    disk.sync_directory("")
    file.write(b"data", 0)
    found = contents(disk, "file")
    assert {b"", b"data", b"d", bytes(4)} <= found
    assert None not in found


def test_writes_are_lost_torn_zeroed_and_reordered():
    disk, file = synced_file()
    new = random.Random(2).randbytes(3 * SECTOR)
    file.write(new, 3)
    found = contents(disk, "file")
    whole = b"old" + new
    assert {b"old", whole, b"old" + bytes(3 * SECTOR)} <= found
    assert whole[: 2 * SECTOR] in found  # torn at a sector
    assert whole[:SECTOR] + bytes(len(whole) - SECTOR) in found  # grown, the tail never written
    middle = whole[:SECTOR] + bytes(SECTOR) + whole[2 * SECTOR :]
    assert middle in found  # a sector in the middle lost
    assert all(data.startswith(b"old") for data in found)


def test_later_writes_may_arrive_before_earlier_ones():
    disk, file = synced_file()
    file.write(bytes([1]) * SECTOR, SECTOR)
    file.write(bytes([2]) * SECTOR, 2 * SECTOR)
    found = contents(disk, "file")
    orders = {(data[SECTOR], data[2 * SECTOR]) for data in found if len(data) == 3 * SECTOR}
    assert {(0, 2), (1, 2)} <= orders
    assert any(len(data) == 2 * SECTOR and data[SECTOR] == 1 for data in found)


def test_truncation_may_be_lost():
    disk, file = synced_file()
    file.truncate(1)
    # A size that is not there yet may have the zeros behind the cut below it already.
    assert {b"old", b"o"} <= contents(disk, "file") <= {b"old", b"o", b"o\0\0"}


def test_names_move_or_do_not():
    disk, _ = synced_file()
    disk.rename("file", "other")
    found = {tuple(state.files) for state in states(disk)}
    assert found == {("file",), ("other",)}
    disk.remove("other")
    assert {tuple(state.files) for state in states(disk)} == {("file",), ("other",), ()}
    disk.sync_directory("")
    assert {tuple(state.files) for state in states(disk)} == {()}


def test_a_removed_file_comes_back_with_its_content():
    disk, _ = synced_file()
    disk.remove("file")
    file = disk.create("file")
    file.write(b"new", 0)
    file.sync()
    assert contents(disk, "file") == {b"old", b"new", None}


def test_a_directory_takes_its_files_with_it():
    disk = SimDisk()
    disk.make_directory("folder")
    disk.create("folder/file").close()
    disk.sync_directory("folder")
    assert {tuple(state.files) for state in states(disk)} == {("folder/file",)}


def test_after_a_failed_sync_nothing_that_was_written_is_certain():
    disk, file = synced_file()
    file.write(b"new", 0)
    disk.fail("sync")
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    file.sync()
    assert {b"old", b"new"} <= contents(disk, "file")


def test_replacing_a_file_leaves_the_old_or_the_new():
    disk = SimDisk()
    disk.replace("file", b"old")
    start = len(disk.trace)
    disk.replace("file", b"new")
    replayed = SimDisk()
    for number, op in enumerate(disk.trace):
        replayed.medium.apply(op)
        if number >= start:
            assert contents(replayed, "file") <= {b"old", b"new"}
    assert contents(replayed, "file") == {b"new"}


def test_states_differ_and_make_disks():
    disk, file = synced_file()
    file.write(b"new and longer", 1)
    found = states(disk)
    assert len({tuple(state.files.items()) for state in found}) == len(found)
    for state in found:
        again = state.disk()
        assert again.files() == state.files
        assert len(states(again)) == 1

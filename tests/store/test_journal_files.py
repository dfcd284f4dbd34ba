"""Files of the journal: their size, and how they are made."""

import errno

import pytest

from headwater.store import journal_files
from headwater.store.journal import file_head
from headwater.store.journal_files import JournalFile, file_size
from tests.sim.power import durable
from tests.sim.simdisk import SimDisk

ID = b"journal!"


def test_their_size_fits_the_disk():
    disk = SimDisk()
    assert file_size(disk) == journal_files.FILE_BYTES
    disk.capacity_bytes = 64 << 20
    assert file_size(disk) * journal_files.FILES_MAX <= 2 << 20
    disk.capacity_bytes = 8 << 20
    assert file_size(disk) == 0


def test_a_file_is_made_with_all_that_it_takes():
    disk = SimDisk()
    file = JournalFile(3)
    assert not file.has_room(1)
    assert file.make(disk, ID, 4096)
    made = durable(disk)
    assert made.files() == {"journal.3": file_head(ID) + bytes(4096 - 64)}
    file.size = 4096
    assert file.has_room(3000)
    assert not file.has_room(4000)
    file.close()
    file.close()
    assert disk.open_files == 0


def test_a_file_is_made_anew():
    disk = SimDisk({"journal.0": b"what it was"})
    assert JournalFile(0).make(disk, ID, 4096)
    assert disk.size("journal.0") == 4096


def test_no_file_is_made_on_a_disk_that_is_nearly_full():
    disk = SimDisk()
    disk.capacity_bytes = 30_000
    assert not JournalFile(0).make(disk, ID, 4096)
    assert disk.trace == []


@pytest.mark.parametrize("kind", ["write", "sync", "sync_directory"])
def test_what_cannot_be_made_leaves_nothing(kind):
    disk = SimDisk()
    disk.fail(kind, code=errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        JournalFile(0).make(disk, ID, 4096)
    assert disk.files() == {}
    assert disk.open_files == 0


def test_the_newest_is_removed_first():
    disk = SimDisk()
    files = [JournalFile(place) for place in range(3)]
    for file, last in zip(files, (5, 9, 2), strict=True):
        file.make(disk, ID, 4096)
        file.size, file.last = 4096, last
    disk.trace.clear()
    journal_files.remove(disk, files)
    assert [op.path for op in disk.trace if op.kind == "remove"] == [
        "journal.1",
        "journal.0",
        "journal.2",
    ]
    assert disk.open_files == 0

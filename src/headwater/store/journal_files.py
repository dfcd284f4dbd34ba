"""The files of the journal: a few of fixed size, used in turn, made when they are needed."""

from operator import attrgetter

from headwater.store.journal import ENTRY_HEAD_BYTES, FILE_HEAD_BYTES, EntryWriter, file_head

FILE_BYTES = 2 * 1024 * 1024
FILES_MAX = 6
# The first ones are a part of that: they have to do for stores where little happens.
PARTS = (4, 4, 2, 1, 1, 1)
# So much of a file system they may take together, as a part of it.
_ROOM_PART = 32
# As much as so many files is left for everything else.
_LEFT_OVER = 12
_FILE_BYTES_MIN = 128 * 1024
# One that is shorter has been cut, and is not used any more.
USABLE_BYTES_MIN = 1024
# At the end of each file there stays room for a few entries without pieces: they tell how far
# everything is done with.
_END_BYTES = 4 * ENTRY_HEAD_BYTES
_PREFIX = "journal."


class JournalFile:
    """One file: what is free in it, and which entry of it was the last."""

    def __init__(self, place):
        self.path = f"{_PREFIX}{place}"
        self.size = 0  # 0: it is still to be made
        self.end = FILE_HEAD_BYTES  # where the next entry goes
        self.last = 0  # the number of the entry before that
        self.failed = False  # whether a write to it has: it is made anew before it is used again
        self._file = None

    def has_room(self, size):
        """Tell whether an entry of ``size`` bytes fits in."""
        return self.end + size + _END_BYTES <= self.size

    def has_room_for_end(self):
        """Tell whether one more entry without pieces fits in."""
        return self.end + ENTRY_HEAD_BYTES <= self.size

    def make(self, disk, identity, size):
        """Make the file; return whether there was room for it.  Blocks.

        All of it is written at once: to write into it later costs no more than that.

        Raises:
            OSError: the disk does not work.
        """
        self.close()
        disk.remove(self.path)
        if disk.free_bytes() < _LEFT_OVER * size:
            return False
        file = disk.create(self.path)
        try:
            file.write(file_head(identity) + bytes(size - FILE_HEAD_BYTES), 0)
            file.sync()
            disk.sync_directory("")
        except OSError:
            file.close()
            disk.remove(self.path)
            raise
        self._file = file
        return True

    def write(self, disk, data):
        """Write an entry behind those that are there; blocks.

        Raises:
            OSError: it is not known what of it is on the medium.
        """
        if self._file is None:
            self._file = disk.open(self.path)
        self._file.write_synced(data, self.end)

    def close(self):
        """Close the file."""
        file = self._file
        self._file = None
        if file is not None:
            file.close()


def end(disk, files, file, identity, number):
    """Let nothing in the journal count any more; return the number of the next entry.  Blocks.

    An entry ``number`` behind the newest one, in ``file``, says so.  If that cannot be written
    there is no journal any more.
    """
    entry = EntryWriter(identity)
    entry.begin()
    entry.seal(number, number)
    takes_it = file is not None and not file.failed and file.has_room_for_end()
    if takes_it:
        try:
            file.write(disk, entry.data())
            file.end += entry.buffer.size
            file.last = number
        except OSError:
            takes_it = False
    if not takes_it:
        remove(disk, files)
    return number + 1


def remove(disk, files):
    """Remove all files, when nothing in them counts any more; blocks.

    The newest goes first: what is left after a crash is complete up to where it ends.
    """
    for file in sorted(files, key=attrgetter("last"), reverse=True):
        file.close()
        if file.size or file.failed:
            file.size = 0
            disk.remove(file.path)
            disk.sync_directory("")


def file_size(disk):
    """Return how large each file may be, 0 when the file system is too small for any."""
    size = min(FILE_BYTES, disk.total_bytes() // _ROOM_PART // FILES_MAX)
    return size if size >= _FILE_BYTES_MIN else 0

"""A start after a crash: what the journal has is brought into the block files, before all else.

Block files are only appended to, so that every intact entry says what its bytes were for good: it
does no harm to write them again, in any order.  What is not there any more, is of another stream by
now, or was written anew without what was deleted, is left alone.
"""

from operator import attrgetter

from headwater.store import journal_files
from headwater.store.block import HEAD_BYTES, decode_head, file_name
from headwater.store.disk import UNREADABLE
from headwater.store.journal import (
    ENTRY_MAGIC,
    find_entries,
    identities,
    seed_of,
)
from headwater.store.journal_files import FILES_MAX, JournalFile


class JournalReplay:
    """Replays the journal of a store on ``disk``; ``new_identity`` is for one that has none yet.

    ``damage`` are sentences about what is lost, ``cuts`` about the end of a write that nobody was
    told of.  Afterwards ``files`` are as they are to be used from then on, ``number`` is that of
    the next entry, and ``current`` the file for it, None when that is all the same.
    """

    def __init__(self, disk, new_identity):
        self._disk = disk
        self.identity = new_identity
        self.files = [JournalFile(place) for place in range(FILES_MAX)]
        self.current = None
        self.number = 1
        self.first_number = 1  # of the entries that still count
        self.damage = []
        self.cuts = []

    def run(self):
        """Bring everything to where it belongs, synced; blocks.

        Raises:
            StoreError: the journal, or a block, is of a newer format.
            OSError: something could not be read or written.
        """
        contents = self._read()
        entries = self._entries(contents)
        if not entries:
            return
        newest = max((entry for _, entry in entries), key=attrgetter("number"))
        self.number = newest.number + 1
        self.first_number = newest.first_number
        counting = [entry for _, entry in entries if entry.number >= newest.first_number]
        for file, entry in entries:
            file.last = max(file.last, entry.number)
            if entry is newest:
                self.current = file
                file.end = entry.end
                self._look_behind(contents[file], entry)
        self._look_for_gaps(newest, counting)
        pieces = self._pieces(counting)
        for place in sorted(pieces):
            self._apply(place, pieces[place])
        for folder in sorted({folder for folder, _, _ in pieces}):
            # A block may have been written anew, and its new name not have become durable.
            if self._disk.is_directory(folder):
                self._disk.sync_directory(folder)
        if pieces or self.damage:
            self._end()

    def _read(self):
        """Return the content of each file that is there."""
        found = {}
        names = self._disk.names("")
        for file in self.files:
            if file.path in names:
                try:
                    data = bytes(self._disk.read(file.path))
                except OSError as error:
                    if error.errno not in UNREADABLE:
                        raise
                    file.failed = True
                    self.damage.append(f"{file.path} could not be read: {error}")
                    continue
                found[file] = data
                file.size = len(data)
        if found:
            self._settle(found)
        return found

    def _settle(self, files):
        """Make last what is there: who made it may have been killed before it was durable.

        Else the next entries would be synced into a file that a power cut takes away.
        """
        for file in files:
            try:
                opened = self._disk.open(file.path)
                try:
                    opened.sync()
                finally:
                    opened.close()
            except OSError as error:
                file.failed = True
                self.cuts.append(f"{file.path} is not used any more: {error}")
        self._disk.sync_directory("")

    def _entries(self, contents):
        """Return (file, Entry) of every intact entry, and take over the journal's identity."""
        said = {}
        for data in contents.values():
            said.update(dict.fromkeys(identities(data)))
        best = []
        for identity in said:
            seed = seed_of(identity)
            found = [
                (f, entry) for f, data in contents.items() for entry in find_entries(data, seed)
            ]
            if len(found) > len(best) or not best:
                best = found
                self.identity = identity
        for file, data in contents.items():
            if identities(data) != [self.identity] or len(data) < journal_files.USABLE_BYTES_MIN:
                file.failed = True  # it is good enough to be read, if at all
        return best

    def _look_behind(self, data, newest):
        """Say so if there is a part of an entry behind the newest one."""
        number = newest.number + 1
        at = newest.end
        begun = data[at : at + len(ENTRY_MAGIC)] == ENTRY_MAGIC
        if begun and data[at + 16 : at + 24] == number.to_bytes(8, "little"):
            self.cuts.append(
                f"{self.current.path}: left out the beginning of an unfinished write at offset "
                f"{at}; nothing in it had been acknowledged"
            )

    def _look_for_gaps(self, newest, counting):
        there = {entry.number for entry in counting}
        missing = newest.number - newest.first_number + 1 - len(there)
        if missing:
            self.damage.append(
                f"{missing} of the last {missing + len(there)} writes to the journal are damaged "
                "or missing; what of them had not got to the streams' own files is lost"
            )

    @staticmethod
    def _pieces(entries):
        """Return (folder, identity of the stream, number of the block) -> [(offset, bytes)]."""
        found = {}
        for entry in entries:
            for folder, stream_id, number, offset, data in entry.pieces():
                found.setdefault((folder, stream_id, number), []).append((offset, data))
        return found

    def _apply(self, place, pieces):
        folder, stream_id, number = place
        path = f"{folder}/{file_name(number)}"
        if not self._disk.exists(path) or not self._takes(path, stream_id, number):
            return
        file = self._disk.open(path)
        try:
            # Also what is there: the system may show it though the medium does not have it.
            for offset, piece in pieces:
                file.write(piece, offset)
            file.sync()
        finally:
            file.close()

    def _takes(self, path, stream_id, number):
        """Tell whether a block is the one that was meant, and is as it was."""
        head = self._disk.read(path, 0, HEAD_BYTES)
        said = decode_head(head)
        if said is not None:
            return (said.stream_id, said.number) == (stream_id, number) and not said.compacted
        # Its records say where they belong: what a damaged head tells is good enough.
        return bytes(head[16:32]) == stream_id + number.to_bytes(8, "little")

    def _end(self):
        """Let nothing of it count any more."""
        number = journal_files.end(self._disk, self.files, self.current, self.identity, self.number)
        self.first_number = self.number
        self.number = number
        if self.current is not None and not self.current.size:
            self.current = None

"""How batches of streams get onto the disk: who writes what, and what is synced together.

A batch that is small goes to the journal that all streams share: whatever has gathered while an
entry of it was being written makes up the next one, so that many streams wait for one sync.  Its
bytes stay in memory as the tail of their block until there is enough of them to be worth a write of
its own, or the journal's file is to be used again.  A batch that is large, or begins a block, goes
to the stream's own file at once; so does everything while the journal has no room.

Nothing here blocks: ``jobs`` does the work, on threads.
"""

from collections import deque
from functools import partial
from operator import attrgetter

from headwater.store import journal_files
from headwater.store.journal import FILE_HEAD_BYTES, EntryWriter
from headwater.store.writes import JOURNAL

# What is as large as this is not worth being written twice.
DIRECT_BYTES = 64 * 1024
# A tail that is as long as this is written to its block.
TAIL_BYTES_MAX = 64 * 1024
_ENTRY_BYTES_MAX = 256 * 1024
_direct_bytes = DIRECT_BYTES
_tail_bytes_max = TAIL_BYTES_MAX
_FLUSHES_MAX = 2  # so many streams have their tails written at a time


class Committer:
    """Commits the batches of all streams of a store.

    ``replay`` is the JournalReplay that was run.  ``wake(self)`` has ``end_of_batch`` called when
    everything that is being proposed now has been; ``failed(log, error)`` hears of writes that
    failed and cost nobody anything yet: what they were about is tried again.
    """

    __slots__ = (
        "_cannot_make",
        "_disk",
        "_due",
        "_entry",
        "_entry_bytes_max",
        "_failed",
        "_file",
        "_file_bytes",
        "_files",
        "_first_number",
        "_flushing",
        "_gathered",
        "_identity",
        "_jobs",
        "_making",
        "_needed",
        "_number",
        "_parts",
        "_retries",
        "_round",
        "_spare",
        "_stopped",
        "_used",
        "_wake",
        "_woken",
        "_writes",
    )

    def __init__(self, disk, jobs, writes, replay, wake, failed, *, file_bytes=0):
        self._disk = disk
        self._jobs = jobs
        self._writes = writes
        self._wake = wake
        self._failed = failed
        self._identity = replay.identity
        self._entry = EntryWriter(replay.identity)
        self._file_bytes = file_bytes or journal_files.file_size(disk)
        self._parts = (1,) * len(replay.files) if file_bytes else journal_files.PARTS
        self._entry_bytes_max = min(_ENTRY_BYTES_MAX, self._file_bytes // 4)
        self._files = replay.files
        self._file = replay.current  # that is being filled
        self._spare = None  # the next one
        self._making = None  # the one that is being made
        self._cannot_make = False  # whether that was tried and there was no room
        self._number = replay.number  # of the next entry
        self._first_number = replay.first_number  # what the last entry has said of it
        self._gathered = deque()  # (StreamStore, Batch) that wait for the next entry
        self._used = False  # whether there are entries since the start
        self._round = None  # those that are in the entry which is being written
        self._woken = False
        self._needed = {}  # Log -> the first entry with bytes that its files lack
        self._due = {}  # Log whose tails are to be written -> who waits for that
        self._flushing = 0
        self._retries = []  # logs whose tails could not be written
        self._stopped = None  # what is to be called when everything is through

    def clear(self):
        """Leave nothing of what was replayed in the journal; blocks, and only before all else."""
        journal_files.remove(self._disk, self._files)
        self._file = None

    # Batches

    def commit(self, store, batch):
        """Bring a batch to the disk; ``store.was_written`` or ``store.was_journaled`` follows."""
        large = batch.buffer.size >= _direct_bytes
        if large or batch.fresh or not self._has_file():
            self._write_directly(store, batch)
            return
        self._gathered.append((store, batch))
        if not self._woken and self._round is None:
            self._woken = True
            self._wake(self)

    def end_of_batch(self):
        """Begin to write what has gathered."""
        self._woken = False
        self._begin_round()

    def _write_directly(self, store, batch):
        log = store.log
        batch.lead = log.take_lead()
        self._jobs.submit(log.folder, partial(log.write, batch), partial(self._was_written, store))

    def _was_written(self, store, result, error):
        lead = store.log.writing.lead
        store.was_written(result, error)
        if lead is not None:
            self._take_note(store.log)
            if not lead.written:
                self._retries.append(store.log)

    def _begin_round(self):
        if self._round is not None or not self._gathered:
            return
        taken = []
        entry = self._entry
        entry.begin()
        while self._gathered and entry.buffer.size < self._entry_bytes_max:
            store, batch = self._gathered.popleft()
            try:
                store.log.pack(batch)
            except Exception:  # noqa: BLE001 (the thread is going to meet it too, and tells)
                self._write_directly(store, batch)
                continue
            entry.add(store.log, batch)
            taken.append((store, batch))
        if not taken:
            return
        if self._file_for(entry.buffer.size):
            self._write_entry(taken)
            return
        for store, batch in taken:
            self._write_directly(store, batch)
        while self._gathered:
            store, batch = self._gathered.popleft()
            self._write_directly(store, batch)
        self._tell_progress()

    def _write_entry(self, taken):
        self._round = taken
        first_number = self._first_number if self._spare is not None else self._oldest()
        self._entry.seal(self._number, first_number)
        self._jobs.submit_commit(
            partial(self._file.write, self._disk, self._entry.data()),
            partial(self._entry_written, first_number),
        )

    def _entry_written(self, first_number, _, error):
        taken = self._round
        self._round = None
        try:
            if error is None:
                self._note_entry(first_number)
                self._finish(taken)
            else:
                self._fail(taken, error)
        finally:
            self._look_ahead()
            self._begin_round()
            self._stop_if_idle()

    def _note_entry(self, first_number):
        size = self._entry.buffer.size
        self._file.end += size
        self._file.last = self._number
        self._number += 1
        self._first_number = first_number
        self._used = True
        self._writes.add(JOURNAL, size, new_file=False)

    def _finish(self, taken):
        number = self._file.last
        failure = None
        for store, batch in taken:
            log = store.log
            batch.entry = number
            if log not in self._needed:
                self._needed[log] = number
            try:
                store.was_journaled(batch)
            except Exception as error:  # noqa: BLE001 (one stream must not keep others waiting)
                failure = error
            if log.tail_bytes() >= _tail_bytes_max:
                self._flush_soon(log)
        if failure is not None:
            raise failure

    def _fail(self, taken, error):
        """The entry may be on the medium or not: what it says is written directly all the same."""
        self._used = True
        self._failed(None, error)
        file = self._file
        file.failed = True
        self._file = None
        for store, batch in taken:
            self._write_directly(store, batch)
        self._flush_file(file)

    # Files

    def _has_file(self):
        if self._file is None and self._spare is None:
            self._look_ahead()
        return self._file is not None or self._spare is not None

    def _file_for(self, size):
        """Have a file with room for an entry; return whether there is one."""
        if self._file is not None and self._file.has_room(size):
            return True
        if self._spare is None:
            return False
        self._file = self._spare
        self._spare = None
        self._file.end = FILE_HEAD_BYTES
        return self._file.has_room(size)

    def _oldest(self):
        """Return the number of the first entry that still counts."""
        return min(self._needed.values(), default=self._number)

    def _look_ahead(self):
        """See to it that there is a file to go on in when this one is full."""
        file = self._file
        if self._spare is not None or (file is not None and file.end * 2 < file.size):
            return
        others = [other for other in self._files if other is not file]
        for other in others:
            if other.size and not other.failed and other.last < self._first_number:
                self._spare = other
                return
        if self._make_one(others):
            return
        oldest = min(others, key=attrgetter("last"))
        if oldest.size and self._oldest() <= oldest.last:
            self._flush_file(oldest)

    def _make_one(self, others):
        """Begin to make a file if one can be; return whether that is being done."""
        if self._making is not None:
            return True
        if self._cannot_make or not self._file_bytes or self._stopped is not None:
            return False
        for other in others:
            if (not other.size or other.failed) and other.last < self._first_number:
                self._making = other
                work = partial(other.make, self._disk, self._identity, self._size_of(other))
                self._jobs.submit("journal file", work, self._made)
                return True
        return False

    def _size_of(self, file):
        """Return how large a file is made."""
        return self._file_bytes // self._parts[self._files.index(file)]

    def _made(self, made, error):
        file = self._making
        self._making = None
        if made:
            file.size = self._size_of(file)
            self._writes.add(JOURNAL, file.size)
            file.end = FILE_HEAD_BYTES
            file.last = 0
            file.failed = False
        else:
            file.size = 0
            self._cannot_make = True  # until the next ``check``
            if error is not None:
                self._failed(None, error)
        self._look_ahead()
        self._stop_if_idle()

    def _tell_progress(self):
        """Write an entry without batches if what it says of the others makes a file free."""
        file = self._file
        self._look_ahead()
        if file is None or self._round is not None or self._spare is not None:
            return
        first_number = self._oldest()
        if file.has_room_for_end() and any(
            self._first_number <= other.last < first_number for other in self._files
        ):
            self._entry.begin()
            self._write_entry([])

    # Tails

    def flush(self, log, done):
        """Call ``done()`` once what a log has at this moment is in its own files, or has failed."""
        if log in self._needed:
            self._due.setdefault(log, []).append(done)
            self._flush_next()
        else:
            done()

    def forget(self, log):
        """A log is not used any more; the journal keeps what its files still lack."""
        self._due.pop(log, None)
        self._retries = [other for other in self._retries if other is not log]
        self._take_note(log)

    def check(self):
        """Try again what has failed; to be called every now and then."""
        self._cannot_make = False
        retries = self._retries
        self._retries = []
        for log in retries:
            self._flush_soon(log)

    def holds(self, folder):
        """Tell whether logs below a folder have something in the journal alone."""
        return any(log.folder.startswith(f"{folder}/") for log in self._needed)

    def _flush_file(self, file):
        """Have all written to blocks that the journal has in one of its files, or before."""
        for log, number in self._needed.items():
            if number <= file.last:
                self._due.setdefault(log, [])
        self._flush_next()

    def _flush_soon(self, log):
        if log in self._needed:
            self._due.setdefault(log, [])
            self._flush_next()

    def _flush_next(self):
        while self._due and self._flushing < _FLUSHES_MAX:
            log = next(iter(self._due))
            waiters = self._due.pop(log)
            tails = log.take_tails()
            self._flushing += 1
            self._jobs.submit(
                log.folder,
                partial(log.write_tails, tails),
                partial(self._flushed, log, tails, waiters),
            )

    def _flushed(self, log, tails, waiters, _, error):
        self._flushing -= 1
        log.tails_written(tails)
        self._take_note(log)
        if error is not None:
            self._failed(log, error)
            self._retries.append(log)
        for done in waiters:
            done()
        self._flush_next()
        self._stop_if_idle()

    def _take_note(self, log):
        """See what of a log the journal still has to keep."""
        oldest = log.oldest_entry()
        if oldest:
            self._needed[log] = oldest
        else:
            self._needed.pop(log, None)

    # The end

    def stop(self, done):
        """Call ``done()`` when nothing is under way any more, and the journal has ended."""
        self._stopped = done
        self._stop_if_idle()

    def _stop_if_idle(self):
        under_way = self._round is not None or self._flushing or self._making is not None
        if self._stopped is None or under_way or self._gathered or self._due:
            return
        done = self._stopped
        self._stopped = None
        self._jobs.submit("journal file", self._end, partial(self._ended, done))

    def _end(self):
        """Let nothing in the journal count, if everything is in its place; on a thread."""
        if not self._needed and self._used:
            journal_files.end(self._disk, self._files, self._file, self._identity, self._number)
        for file in self._files:
            file.close()

    def _ended(self, done, _, error):
        if error is not None:
            self._failed(None, error)
        done()

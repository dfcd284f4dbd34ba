"""Opening a stream's directory after a stop or a crash: checkpoint, then the log behind it.

What was acknowledged had been synced, so it is whole.  Behind it may lie the torn end of a write
that nobody was told of: that is cut.  Damage before the last synced write is another matter: it is
skipped, reported, and keeps nothing else from being read.
"""

from bisect import bisect_left
from collections import Counter

import msgspec

from headwater.base.errors import StoreError
from headwater.store import checkpoint as checkpoints
from headwater.store.block import (
    HEAD_BYTES,
    Block,
    decode_head,
    file_name,
    intact_end,
    last_write,
    next_intact,
    number_of,
    whole_end,
)
from headwater.store.block import VERSION as BLOCK_VERSION
from headwater.store.disk import UNFINISHED, UNREADABLE
from headwater.store.frames import records_in
from headwater.store.journal import VERSION as JOURNAL_VERSION
from headwater.store.record import BATCH_START, CHECKPOINT, Record, block_seed

_STREAM_ID = slice(16, 24)  # in the head of a block
_WITNESSES = 16  # heads that are read though the checkpoints know the blocks


class _Format(msgspec.Struct):
    """The FORMAT file of a store: the versions of its blocks and of its journal."""

    format: int
    journal: int | None = None


class Recovery:
    """Brings one StreamStore, made empty, to what its directory holds.

    ``damage`` are sentences about what is damaged, ``cuts`` about ends of writes that nobody was
    told of, which any crash may leave; ``generation`` is that of the
    checkpoint that was used, 0 for none; ``dead`` are files that hold nothing any more.
    """

    def __init__(self, store, cache, now_ns):
        self._store = store
        self._disk = store.log.disk
        self._folder = store.log.folder
        self._cache = cache
        self._now_ns = now_ns
        self._cut = False
        self._last_write = (0, 0)  # the block that was read last, and where its last write began
        self.damage = []
        self.cuts = []
        self.generation = 0
        self.checkpoint_bytes = 0
        self.dead = []

    @property
    def reports(self):
        """All that there is to say about the files."""
        return self.damage + self.cuts

    def run(self):
        """Recover; return whether there is a stream at all.

        Raises:
            StoreError: the files are of a newer version, or no two of them fit together.
        """
        names = self._disk.names(self._folder)
        for name in names:
            if name.endswith(UNFINISHED):
                self._disk.remove(f"{self._folder}/{name}")
        numbers = sorted(number for number in map(number_of, names) if number)
        found = self._read_checkpoints(names)
        passed = self._passed(numbers, found)
        heads = self._read_heads(numbers[passed:])
        stream_id = self._identify(found, heads)
        if stream_id is None:
            if numbers:
                self.damage.append(f"none of {len(numbers)} block files has an intact head")
            if self._disk.is_directory(self._folder):
                # A block that is seen to be gone must not come back.
                self._disk.sync_directory(self._folder)
            return False
        self._store.log.identify(stream_id)
        checkpoint = self._newest_checkpoint(found, stream_id)
        if checkpoint is None:
            heads = {**self._read_heads(numbers[:passed]), **heads}
            passed = 0
        foreign = [n for n, head in heads.items() if head and head.stream_id != stream_id]
        heads.update(dict.fromkeys(foreign))
        numbers_there = [*numbers[:passed], *sorted(heads)]
        if checkpoint is not None:
            self._restore(checkpoint)
        elif not _is_whole(numbers_there, heads):
            checkpoint = self._recorded_checkpoint(numbers_there, heads)
        self._scan_all(numbers_there, heads, checkpoint)
        self._store.complete()
        self._resume(numbers)
        return True

    def _restore(self, checkpoint):
        checkpoints.restore(self._store, checkpoint)
        self.generation = checkpoint.generation
        self._store.owner.restore(checkpoint.owner)

    def _recorded_checkpoint(self, numbers, heads):
        """Restore the newest checkpoint that the log itself has, and return it; None without any.

        Blocks are gone, or were written anew, and with them records that it stands for.
        """
        chain = self._chain(numbers, heads)
        self.dead.clear()  # they are found once more
        for number, end in reversed(chain):
            found = self._last_checkpoint_in(number, heads.get(number), end)
            if found is not None:
                self._restore(found)
                for block in self._store.index.blocks:
                    if block.number not in numbers:
                        block.clear()  # it has gone since
                checkpoints.recount(self._store)
                return found
        return None

    def _last_checkpoint_in(self, number, head, end):
        data = self._read(number)
        if data is None:
            return None
        known = end is not None and not (head is not None and head.compacted)
        stop = min(end, len(data)) if known else len(data)
        seed = block_seed(self._store.log.stream_id, number)
        opener = self._store.log.packing.opener(data, number)
        last = None
        for found in records_in(data, HEAD_BYTES, stop, seed, opener):
            if found is not None and found[1].kind == CHECKPOINT:
                view, record = found
                last = checkpoints.parse(record.payload(view)) or last
        return last

    def _read_checkpoints(self, names):
        """Return name -> (Checkpoint, size) of those that are intact."""
        found = {}
        for name in checkpoints.NAMES:
            if name in names:
                data = self._disk.read(f"{self._folder}/{name}")
                keys = self._store.log.packing.keys
                checkpoint = checkpoints.parse(checkpoints.unseal(data, keys))
                if checkpoint is None:
                    self.damage.append(f"{name} is damaged and was not used")
                else:
                    found[name] = (checkpoint, len(data))
        return found

    def _newest_checkpoint(self, found, stream_id):
        newest = None
        for name, (checkpoint, size) in found.items():
            if checkpoint.stream_id != stream_id:
                self.damage.append(f"{name} is one of another stream and was not used")
            elif newest is None or checkpoint.generation > newest.generation:
                newest = checkpoint
                self.checkpoint_bytes = size
        return newest

    def _passed(self, numbers, found):
        """Return of how many blocks, the first ones, no head is needed.

        The checkpoints know them; some heads are read all the same, to tell whose checkpoints
        these are.
        """
        position = min((checkpoint.number for checkpoint, _ in found.values()), default=0)
        return max(0, bisect_left(numbers, position) - _WITNESSES)

    def _read_heads(self, numbers):
        heads = {}
        for number in numbers:
            data = self._read(number, HEAD_BYTES)
            if data is None:
                continue
            head = decode_head(data)
            heads[number] = head if head is not None and head.number == number else None
        return heads

    def _identify(self, found, heads):
        """Return the identity that most files have: one or the other may be a stray."""
        said = [checkpoint.stream_id for checkpoint, _ in found.values()]
        said += [head.stream_id for head in heads.values() if head is not None]
        if said:
            return Counter(said).most_common(1)[0][0]
        for number in heads:
            # What a damaged head says is right when there are records that were made with it.
            data = memoryview(self._read(number) or b"")
            stream_id = bytes(data[_STREAM_ID])
            seed = block_seed(stream_id, number)
            if next_intact(data, HEAD_BYTES, len(data), seed, Record()) < len(data):
                return stream_id
        return None

    def _scan_all(self, numbers, heads, checkpoint):
        store = self._store
        known = {block.number: block for block in store.index.blocks}
        there = set(numbers)
        start_number = checkpoint.number if checkpoint is not None else 0
        for number, end in self._chain(numbers, heads):
            if number < start_number:
                if number not in known:
                    self.dead.append(Block(self._store.log.stream_id, number))
                continue
            block = known.get(number)
            start = HEAD_BYTES
            if number == start_number:
                start = max(start, checkpoint.offset)
            self._scan(number, heads.get(number), block, start, end)
            self._cache.trim(self._now_ns)
        for block in known.values():
            if block.live and block.number not in there:
                self.damage.append(f"{block.name()} is missing; the messages in it are lost")

    def _chain(self, numbers, heads):
        """Return (number, end) of the blocks that make up the log; end is None if not known.

        The head of a block names the block before it and says where that one ends.  What lies
        between the two is void: files of writes that failed, which a crash may bring back.
        """
        chain = []
        previous = end = None
        for number in reversed(numbers):
            if previous is not None and number > previous:
                self._drop(number)
                continue
            chain.append((number, end if number == previous else None))
            head = heads.get(number)
            previous = None if head is None else head.previous_number
            end = None if head is None else head.previous_size
        chain.reverse()
        return chain

    def _drop(self, number):
        """Let the file of a block that does not count go with the next checkpoint."""
        block = Block(self._store.log.stream_id, number)
        block.size = 0
        self.dead.append(block)

    def _scan(self, number, head, block, start, end):
        """Apply what a block holds from ``start`` on."""
        name = file_name(number)
        data = self._read(number)
        if data is None:
            return
        view = memoryview(data)
        if head is not None and head.compacted:
            end = len(data)
        stop = len(data) if end is None else min(end, len(data))
        if end is not None and end > len(data):
            self.damage.append(
                f"{name} has {len(data)} bytes where {end} were synced; the rest of it is lost"
            )
        elif start > max(stop, HEAD_BYTES):
            self.damage.append(f"{name} ends at {stop}, before the position of its checkpoint")
        fresh = block is None
        if fresh:
            block = Block(self._store.log.stream_id, number)
        if head is None and not self._is_used(number, view, stop, block.seed, known=not fresh):
            return
        if fresh:
            self._add(block, head)
        start = min(start, stop)
        known = end is not None
        runs, block.size = self._intact_runs(number, view, start, stop, block.seed, known=known)
        self._cache.drop(block)  # it may have been read up to the position of the checkpoint
        opener = self._store.log.packing.opener(data, number)
        intact = intact_end(view, HEAD_BYTES, start, block.seed, Record())
        opener.skim(HEAD_BYTES, intact)
        if intact < start:
            self._store.known_damaged.add(number)
            self.damage.append(
                f"{name} is damaged before offset {start}; the messages there are lost"
            )
        for run_start, run_end in runs:
            for records, first, last in opener.stretches(run_start, run_end):
                self._store.replay(block, records, first, last)
        self._take_frames(block, opener)
        start, stop = runs[-1] if runs else (block.size, block.size)
        self._last_write = (number, last_write(view, start, stop, Record()))
        self._store.position_number = number
        self._store.position_offset = block.size

    def _take_frames(self, block, opener):
        """Count the frames of a block that was read, and tell of those that are damaged."""
        block.frames = opener.frames
        block.plain = block.size - HEAD_BYTES - opener.frame_bytes
        block.content = HEAD_BYTES + block.plain + opener.content_bytes
        for at in opener.damaged:
            self._store.known_damaged.add(block.number)
            self.damage.append(
                f"{block.name()}: the frame at offset {at} is damaged; the messages in it are lost"
            )

    def _is_used(self, number, view, end, seed, *, known):
        """Tell whether a block without an intact head has anything in it all the same."""
        self._cut = True  # nothing is appended to such a block
        record = Record()
        first = next_intact(view, HEAD_BYTES, end, seed, record)
        if known or self._goes_on(view, first, end, seed, record):
            self.damage.append(f"{file_name(number)} has a damaged head")
            return True
        # The file was made, and the machine stopped before its first write was synced; or else
        # there is nothing in it that could be saved.
        self.damage.append(f"{file_name(number)} has no intact record and is left out")
        self._drop(number)
        return False

    def _add(self, block, head):
        index = self._store.index
        before = index.blocks[-1].number if index.blocks else 0
        if head is not None and head.previous_number != before:
            # Something before it is missing: its sequences must not be given out again.
            index.skip_to(head.first_sequence - 1)
        block.last_sequence = index.last_sequence
        index.blocks.append(block)

    def _intact_runs(self, number, view, start, end, seed, *, known):
        """Return stretches of intact records, and where what was synced ends.

        ``known`` says that everything before ``end`` was synced.
        """
        record = Record()
        runs = []
        while start < end:
            at = intact_end(view, start, end, seed, record)
            resume = next_intact(view, at + 1, end, seed, record) if at < end else end
            torn = not known and not self._goes_on(view, resume, end, seed, record)
            if torn:
                at = whole_end(view, start, at, record)
            if at > start:
                runs.append((start, at))
            if at == end:
                break
            if torn:
                self.cuts.append(
                    f"{file_name(number)}: cut {end - at} bytes of an unfinished write "
                    f"behind offset {at}; nothing in them had been acknowledged"
                )
                self._cut = True
                return runs, at
            self._store.known_damaged.add(number)
            self.damage.append(
                f"{file_name(number)}: {resume - at} bytes at offset {at} are damaged; "
                "the messages in them are lost"
            )
            start = resume
        return runs, end

    def _goes_on(self, view, at, end, seed, record):
        """Tell whether another write begins at or behind ``at``.

        A write begins only when the one before it is synced: so what is damaged before it had
        been synced, and is not just the end of an unfinished write.
        """
        while at < end:
            record.read(view, at, end)
            if record.flags & BATCH_START:
                return True
            at = record.end
            if not (record.read(view, at, end) and record.is_intact(view, seed)):
                at = next_intact(view, at + 1, end, seed, record)
        return False

    def _resume(self, numbers):
        store = self._store
        store.last_proposed = max(store.last_proposed, store.index.last_sequence)
        blocks = store.index.blocks
        last = blocks[-1] if blocks else None
        next_number = max([*numbers, 0 if last is None else last.number]) + 1
        there = last is not None and last.number in numbers
        append = there and last.number == next_number - 1 and not self._cut
        if last is not None and last.plain and store.log.packing.keys is not None:
            append = False  # a block is written anew, encrypted, only when it is full
        store.log.resume(last, next_number, append=append)
        if last is not None and there:
            self._sync(last)

    def _sync(self, block):
        """Make what was found last: a process that was killed may have left it unsynced.

        The last write may even be one whose sync has failed. The system then shows it, and a sync
        that succeeds now would not write it: so it is written once more.
        """
        path = self._path(block.number)
        number, begin = self._last_write
        if begin == HEAD_BYTES:  # the head was a part of it
            begin = 0
        file = self._disk.open(path)
        try:
            if number == block.number and begin < block.size:
                file.write(self._disk.read(path, begin, block.size - begin), begin)
            file.sync()
        finally:
            file.close()
        self._disk.sync_directory(self._folder)

    def _read(self, number, *size):
        """Return what is in a block file, None when the medium does not give it."""
        try:
            return self._disk.read(self._path(number), 0, *size)
        except OSError as error:
            if error.errno not in UNREADABLE:
                raise
            text = f"{file_name(number)} could not be read: {error}"
            if text not in self.damage:
                self.damage.append(text)
            self._cut = True  # nothing is appended to it
            return None

    def _path(self, number):
        return f"{self._folder}/{file_name(number)}"


def _is_whole(numbers, heads):
    """Tell whether the log has all its blocks, none of them written anew."""
    before = 0
    for number in numbers:
        head = heads[number]
        if head is None or head.compacted or head.previous_number != before:
            return False
        before = number
    return True


def check_format(data: bytes) -> bool:
    """Check the FORMAT file of a store; return False when it is damaged and says nothing.

    Then the files themselves are to say it: the head of each has its version.

    Raises:
        StoreError: the store is of another version.
    """
    try:
        said = msgspec.json.decode(bytes(data), type=_Format)
    except msgspec.MsgspecError:
        return False
    if said == _Format(BLOCK_VERSION):
        return False  # the other half is damaged
    if said != _Format(BLOCK_VERSION, JOURNAL_VERSION):
        text = data[:200].decode("utf-8", "backslashreplace").strip()
        raise StoreError(
            f"the store says of itself {text!r}; this server reads "
            f"{format_file().decode().strip()!r}: "
            "use the version of the server that wrote it, or another store_dir"
        )
    return True


def format_file() -> bytes:
    """Return the content of the FORMAT file."""
    return b'{"format": %d, "journal": %d}\n' % (BLOCK_VERSION, JOURNAL_VERSION)

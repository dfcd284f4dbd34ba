"""Opening a stream's directory after a stop or a crash: checkpoint, then the log behind it.

What was acknowledged had been synced, so it is whole.  Behind it may lie the torn end of a write
that nobody was told of: that is cut.  Damage before the last synced write is another matter: it is
skipped, reported, and keeps nothing else from being read.
"""

from headwater.base.errors import StoreError
from headwater.store import checkpoint as checkpoints
from headwater.store.block import (
    HEAD_BYTES,
    Block,
    CachedBlock,
    decode_head,
    file_name,
    next_intact,
    number_of,
)
from headwater.store.record import BATCH_START, Record


class Recovery:
    """Brings one StreamStore, made empty, to what its directory holds.

    ``reports`` are sentences about what was cut or skipped; ``generation`` is that of the
    checkpoint that was used, 0 for none; ``dead`` are files that hold nothing any more.
    """

    def __init__(self, store, cache, now_ns):
        self._store = store
        self._disk = store.log.disk
        self._folder = store.log.folder
        self._cache = cache
        self._now_ns = now_ns
        self._cut = False
        self.reports = []
        self.generation = 0
        self.checkpoint_bytes = 0
        self.dead = []

    def run(self):
        """Recover; return whether there is a stream at all.

        Raises:
            StoreError: the files are of a newer version, or no two of them fit together.
        """
        names = self._disk.names(self._folder)
        numbers = sorted(number for number in map(number_of, names) if number)
        checkpoint = self._newest_checkpoint(names)
        heads = self._read_heads(numbers)
        stream_id = self._identify(checkpoint, heads)
        if stream_id is None:
            return False
        self._store.log.stream_id = stream_id
        if checkpoint is not None:
            checkpoints.restore(self._store, checkpoint)
            self.generation = checkpoint.generation
            self._store.owner.restore(checkpoint.owner)
        self._scan_all(numbers, heads, stream_id, checkpoint)
        self._resume(numbers)
        return True

    def _newest_checkpoint(self, names):
        found = []
        for name in checkpoints.NAMES:
            if name in names:
                data = self._disk.read(f"{self._folder}/{name}")
                checkpoint = checkpoints.parse(data)
                if checkpoint is None:
                    self.reports.append(f"{name} is damaged and was not used")
                else:
                    found.append((checkpoint.generation, len(data), checkpoint))
        if not found:
            return None
        _, self.checkpoint_bytes, checkpoint = max(found, key=lambda entry: entry[0])
        return checkpoint

    def _read_heads(self, numbers):
        heads = {}
        for number in numbers:
            data = self._disk.read(self._path(number), 0, HEAD_BYTES)
            heads[number] = decode_head(data)
        return heads

    def _identify(self, checkpoint, heads):
        if checkpoint is not None:
            return checkpoint.stream_id
        for head in heads.values():
            if head is not None:
                return head.stream_id
        return None

    def _scan_all(self, numbers, heads, stream_id, checkpoint):
        known = {block.number: block for block in self._store.index.blocks}
        start_number = checkpoint.number if checkpoint is not None else 0
        for place, number in enumerate(numbers):
            if number < start_number:
                if number not in known:
                    self.dead.append(Block(stream_id, number, 0))
                continue
            head = heads[number]
            last = place == len(numbers) - 1
            if head is None or head.stream_id != stream_id or head.number != number:
                self._report_bad_head(number, last=last)
                continue
            end = None
            if not last and heads[numbers[place + 1]] is not None:
                end = heads[numbers[place + 1]].previous_size
            start = HEAD_BYTES
            if checkpoint is not None and number == start_number:
                start = max(start, checkpoint.offset)
            self._scan(number, head, known.get(number), start, end, last=last)
            self._cache.trim(self._now_ns)

    def _report_bad_head(self, number, *, last):
        if last:
            # The file was made, and the machine stopped before its first write was synced.
            self.reports.append(f"{file_name(number)} was never completed and was removed")
            self._disk.remove(self._path(number))
            self._disk.sync_directory(self._folder)
            self._cut = True
        else:
            self.reports.append(f"{file_name(number)} has a damaged head; its records are lost")

    def _scan(self, number, head, block, start, end, *, last):
        """Apply what a block holds from ``start`` on."""
        data = self._disk.read(self._path(number))
        if end is not None and end > len(data):
            self.reports.append(
                f"{file_name(number)} has {len(data)} bytes where {end} were synced; "
                "the rest of it is lost"
            )
        end = len(data) if end is None else min(end, len(data))
        if start > end:
            if last:
                self.reports.append(f"{file_name(number)} is shorter than its checkpoint says")
            start = end
        store = self._store
        index = store.index
        if block is None:
            block = Block(store.log.stream_id, number, head.previous_size)
            block.last_sequence = index.last_sequence
            index.blocks.append(block)
        view = memoryview(data)
        runs, good_end = self._intact_runs(number, view, start, end, block.seed, last=last)
        block.size = good_end
        cached = CachedBlock()
        cached.load(view, HEAD_BYTES, good_end, block.seed)
        block.cached = cached
        self._cache.use(block, self._now_ns)
        for run_start, run_end in runs:
            store.replay(block, view, run_start, run_end)
        store.position_number = number
        store.position_offset = good_end

    def _intact_runs(self, number, view, start, end, seed, *, last):
        """Return stretches of intact records, and where what was synced ends."""
        record = Record()
        runs = []
        at = run_start = start
        while at < end:
            if record.read(view, at, end) and record.is_intact(view, seed):
                at = record.end
                continue
            if at > run_start:
                runs.append((run_start, at))
            resume = self._synced_again(view, at, end, seed, record, last=last)
            if resume < 0:
                self.reports.append(
                    f"{file_name(number)}: cut {end - at} bytes of an unfinished write "
                    f"behind offset {at}; nothing in them had been acknowledged"
                )
                self._cut = True
                return runs, at
            self.reports.append(
                f"{file_name(number)}: {resume - at} bytes at offset {at} are damaged; "
                "the messages in them are lost"
            )
            at = run_start = resume
        if at > run_start:
            runs.append((run_start, at))
        return runs, end

    def _synced_again(self, view, at, end, seed, record, *, last):
        """Return where to go on behind damage, or -1 when all of it is an unfinished write.

        A write begins only when the one before it is synced: the start of a later write proves
        that the damage lies in what had been synced.
        """
        resume = found = next_intact(view, at + 1, end, seed, record)
        if not last:
            return found
        while found < end:
            record.read(view, found, end)
            if record.flags & BATCH_START:
                return resume
            found = record.end
            if not (record.read(view, found, end) and record.is_intact(view, seed)):
                found = next_intact(view, found + 1, end, seed, record)
        return -1

    def _resume(self, numbers):
        store = self._store
        store.last_proposed = max(store.last_proposed, store.index.last_sequence)
        next_number = max([*numbers, 0]) + 1
        blocks = store.index.blocks
        last = blocks[len(blocks) - 1] if blocks else None
        whole = last is not None and last.number == next_number - 1 and not self._cut
        store.log.resume(last if whole else None, last.number + 1 if whole else next_number)
        if not whole and last is not None:
            store.log.continue_after(store.position_offset)

    def _path(self, number):
        return f"{self._folder}/{file_name(number)}"


def check_format(data: bytes) -> None:
    """Check the FORMAT file of a store.

    Raises:
        StoreError: the store is of another version.
    """
    expected = format_file()
    if data.strip() != expected.strip():
        text = data[:200].decode("utf-8", "backslashreplace").strip()
        raise StoreError(
            f"the store says of itself {text!r}; this server reads {expected.decode().strip()!r}: "
            "use the version of the server that wrote it, or another store_dir"
        )


def format_file() -> bytes:
    """Return the content of the FORMAT file; ``journal`` is reserved for a node-wide one."""
    return b'{"format": 1, "journal": null}\n'

"""Frames: runs of records that are compressed on the disk, encrypted, or both.

A frame is a record like any other on the outside, so that torn ends and damage are found in the
same way.  It has no subject; its sequence is that of the first record in it; its payload is

    offset  size
         0     1  flags: 1 compressed
         1     3  0
         4     4  size of the records in it
         8        the records, as the flags say

The records in it are as ``record`` tells, with a checksum of 0 and no flags.
"""

from collections.abc import Iterator
from typing import Any

from headwater.base.buffer import Buffer
from headwater.store import record
from headwater.store.block import Block, next_frame, next_intact
from headwater.store.record import FRAME, Record

HEAD_BYTES = 8
COMPRESSED = 1

# Records of a frame, unless a single one is larger: what has to be read to get at one of them.
RUN_BYTES = 256 * 1024
# Whatever a file claims, no more than this is inflated of a frame, and of all those of a block.  A
# record that is larger is not compressed; a block has little more than it is told to, or one batch.
INFLATED_BYTES_MAX = 64 * 1024 * 1024
_BLOCK_INFLATED_MAX = 4 * INFLATED_BYTES_MAX


class Packed:
    """Records as they go to the file of a block."""

    def __init__(self, buffer: Buffer, frames: int = 0) -> None:
        self.buffer = buffer
        self.frames = frames
        self.plain = 0 if frames else buffer.size  # bytes of records that are in no frame


class Packing:
    """How the records of one stream are written; it reads whatever was written otherwise."""

    def __init__(self) -> None:
        self.compresses = False

    @property
    def is_plain(self) -> bool:
        """Whether records are written as they are."""
        return not self.compresses

    def pack(self, records: Buffer, block: Block) -> Packed:
        """Return what is to be written of ``records``, which nobody has sealed, in a block."""
        if self.is_plain:
            record.seal(records, block.seed)
            return Packed(records)
        packed = Packed(Buffer(records.size // 2))
        packed.plain = 0
        view = memoryview(records.data)
        at = 0
        while at < records.size:
            end = record.run_end(view, at, records.size, RUN_BYTES)
            self._pack_run(packed, view[at:end])
            at = end
        record.seal(packed.buffer, block.seed)
        return packed

    def repack(self, records: Buffer, block: Block) -> Packed:
        """Return what is to be written of ``records`` that were read in a block."""
        if not self.is_plain:
            record.unseal(records)
        return self.pack(records, block)

    def _pack_run(self, packed: Packed, run: memoryview) -> None:
        content = self._compressed(run)
        if content is None:
            packed.buffer.append(bytes(run))
            packed.plain += len(run)
            return
        head = COMPRESSED.to_bytes(4, "little") + len(run).to_bytes(4, "little")
        first = Record()
        first.read(run, 0, len(run))
        record.put_record(packed.buffer, FRAME, first.sequence, 0, b"", head + content)
        packed.frames += 1

    def _compressed(self, run: memoryview) -> bytes | None:
        """Return a run compressed, None when that is not wanted or does not pay."""
        if not self.compresses or len(run) > INFLATED_BYTES_MAX:
            return None
        from headwater.store import zstd  # noqa: PLC0415 (only for those who ask for it)

        content = zstd.compress(run)
        spared = len(run) - len(content)
        return content if spared > record.HEAD_BYTES + HEAD_BYTES else None


class FrameOpener:
    """Opens the frames in the file of one block, and counts them.

    ``damaged`` are the offsets of those that are not what was written, though their checksums are.
    """

    def __init__(self, data: Any) -> None:
        self._view = memoryview(data)
        self._left = _BLOCK_INFLATED_MAX
        self.frames = 0
        self.frame_bytes = 0
        self.content_bytes = 0  # of the records in them
        self.damaged: list[int] = []

    def open(self, at: int) -> memoryview | None:
        """Return the records in the frame at an offset; None when it is damaged."""
        frame = self._count(at)
        content = self._content(frame)
        if content is None or not record.is_run(content):
            self.damaged.append(at)
            return None
        return content

    def skim(self, start: int, end: int) -> None:
        """Count the frames in a stretch of intact records without opening them."""
        record = Record()
        while (at := next_frame(self._view, start, end, record)) < end:
            start = self._count(at).end

    def stretches(self, start: int, end: int) -> Iterator[tuple[memoryview, int, int]]:
        """Give the plain records in a stretch of intact ones, and those of each frame in it."""
        record = Record()
        while start < end:
            at = next_frame(self._view, start, end, record)
            if at > start:
                yield self._view, start, at
            if at == end:
                break
            start = at + int.from_bytes(self._view[at + 4 : at + 8], "little")
            content = self.open(at)
            if content is not None:
                yield content, 0, len(content)

    def _count(self, at: int) -> Record:
        frame = Record()
        frame.read(self._view, at, len(self._view))
        self.frames += 1
        self.frame_bytes += frame.end - at
        self.content_bytes += self._size(frame)
        return frame

    def _size(self, frame: Record) -> int:
        head = self._view[frame.payload_start + 4 : frame.payload_start + HEAD_BYTES]
        return int.from_bytes(head, "little")

    def _content(self, frame: Record) -> memoryview | None:
        head = bytes(self._view[frame.payload_start : frame.payload_start + HEAD_BYTES])
        size = self._size(frame)
        known = len(head) == HEAD_BYTES and head[:4] == COMPRESSED.to_bytes(4, "little")
        if not known or not size or size > min(INFLATED_BYTES_MAX, self._left):
            return None
        self._left -= size
        return self._inflated(self._view[frame.payload_start + HEAD_BYTES : frame.end], size)

    def _inflated(self, content: memoryview, size: int) -> memoryview | None:
        from headwater.store import zstd  # noqa: PLC0415 (only where there is a frame)

        records = zstd.decompress(content, size)
        return None if records is None else memoryview(records)


def records_in(
    data: Any, start: int, end: int, seed: int, opener: FrameOpener
) -> Iterator[tuple[memoryview, Record] | None]:
    """Give each record of a block, with what it lies in, be that a frame; None for damage."""
    view = memoryview(data)
    outer = Record()
    at = start
    while at < end:
        if not (outer.read(view, at, end) and outer.is_intact(view, seed)):
            yield None
            at = next_intact(view, at + 1, end, seed, outer)
            continue
        after = outer.end
        if outer.kind != FRAME:
            yield view, outer
        elif (content := opener.open(at)) is None:
            yield None
        else:
            inner = Record()
            while inner.end < len(content) and inner.read(content, inner.end, len(content)):
                yield content, inner
        at = after

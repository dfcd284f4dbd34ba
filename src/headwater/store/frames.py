"""Frames: runs of records that are compressed on the disk, encrypted, or both.

A frame is a record like any other on the outside, so that torn ends and damage are found in the
same way.  It has no subject; its sequence is that of the first record in it; its payload is

    offset  size
         0     1  flags: 1 compressed, 2 encrypted
         1     3  0
         4     4  size of the records in it
         8     8  only if encrypted: which key it is
        16    24  only if encrypted: nonce
                  the records; compressed, then encrypted, as the flags say; the latter's tag

What is encrypted is bound to the stream, the block, and what is said of the frame in plain.  The
records in it are as ``record`` tells, with a checksum of 0.  When the last of them goes on with the
record behind the frame, so does the frame.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store import record
from headwater.store.block import Block, next_frame, next_intact, whole_end
from headwater.store.record import FRAME, GOES_ON, Record
from headwater.store.secrets import KEY_MISSING

if TYPE_CHECKING:
    from headwater.store.keys import StoreKeys, StreamKey

HEAD_BYTES = 8
COMPRESSED = 1
ENCRYPTED = 2

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
    """How the records of one stream are written; it reads whatever was written otherwise.

    ``keys`` are the StoreKeys of an encrypted store, else None.
    """

    def __init__(self, stream_id: bytes, keys: "StoreKeys | None" = None) -> None:
        self.compresses = False
        self.keys = keys
        self._stream_id = stream_id
        self._key: StreamKey | None = None

    @property
    def is_plain(self) -> bool:
        """Whether records are written as they are."""
        return not self.compresses and self.keys is None

    @property
    def key(self) -> "StreamKey | None":
        """The key of the stream, None where nothing is encrypted."""
        if self._key is None and self.keys is not None:
            self._key = self.keys.of_stream(self._stream_id)
        return self._key

    def identify(self, stream_id: bytes) -> None:
        """Be that of another stream."""
        self._stream_id = stream_id
        self._key = None

    def opener(self, data: Any, number: int) -> "FrameOpener":
        """Return what opens the frames in ``data``, the file of a block of that number."""
        return FrameOpener(data, self._stream_id, number, self.key)

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
            self._pack_run(packed, view[at:end], block.number)
            at = end
        record.seal(packed.buffer, block.seed)
        return packed

    def repack(self, records: Buffer, block: Block) -> Packed:
        """Return what is to be written of ``records`` that were read in a block."""
        if not self.is_plain:
            record.unseal(records)
        return self.pack(records, block)

    def _pack_run(self, packed: Packed, run: memoryview, number: int) -> None:
        content = self._compressed(run)
        key = self.key
        if content is None and key is None:
            packed.buffer.append(bytes(run))
            packed.plain += len(run)
            return
        first = Record()
        first.read(run, 0, len(run))
        flags = (0 if content is None else COMPRESSED) | (0 if key is None else ENCRYPTED)
        head = flags.to_bytes(4, "little") + len(run).to_bytes(4, "little")
        content = bytes(run) if content is None else content
        if key is not None:
            head += key.id
            content = key.seal(content, _bound_to(self._stream_id, number, first.sequence, head))
        at = packed.buffer.size
        record.put_record(packed.buffer, FRAME, first.sequence, 0, b"", head + content)
        if whole_end(run, 0, len(run), first) < len(run):
            record.add_flag(packed.buffer.data, at, GOES_ON)
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

    def __init__(
        self, data: Any, stream_id: bytes, number: int, key: "StreamKey | None" = None
    ) -> None:
        self._view = memoryview(data)
        self._stream_id = stream_id
        self._number = number
        self._key = key
        self._left = _BLOCK_INFLATED_MAX
        self.frames = 0
        self.frame_bytes = 0
        self.content_bytes = 0  # of the records in them
        self.damaged: list[int] = []

    def open(self, at: int) -> memoryview | None:
        """Return the records in the frame at an offset; None when it is damaged.

        Raises:
            StoreError: it takes a key that is not there.
        """
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
        flags = int.from_bytes(head[:4], "little")
        size = self._size(frame)
        if len(head) < HEAD_BYTES or not 0 < flags <= COMPRESSED | ENCRYPTED or not size:
            return None
        content: Any = self._view[frame.payload_start + HEAD_BYTES : frame.end]
        if flags & ENCRYPTED:
            content = self._unsealed(frame, head, bytes(content))
        if flags & COMPRESSED and content is not None:
            content = self._inflated(content, size)
        return None if content is None or len(content) != size else memoryview(content)

    def _unsealed(self, frame: Record, head: bytes, content: bytes) -> bytes | None:
        key = self._key
        if key is None or content[: len(key.id)] != key.id:
            raise StoreError(f"block {self._number}: {KEY_MISSING}")
        head += key.id
        bound_to = _bound_to(self._stream_id, self._number, frame.sequence, head)
        return key.unseal(content[len(key.id) :], bound_to)

    def _inflated(self, content: memoryview | bytes, size: int) -> bytes | None:
        if size > min(INFLATED_BYTES_MAX, self._left):
            return None
        self._left -= size
        from headwater.store import zstd  # noqa: PLC0415 (only where there is such a frame)

        return zstd.decompress(content, size)


def _bound_to(stream_id: bytes, number: int, sequence: int, head: bytes) -> bytes:
    return stream_id + number.to_bytes(8, "little") + sequence.to_bytes(8, "little") + head


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

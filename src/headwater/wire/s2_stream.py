"""S2 streams, and those of Snappy: chunks with checksums, read as they come, compressed or not."""

from headwater.base.errors import FormatError
from headwater.wire import s2_block
from headwater.wire.crc32c import masked_checksum

HEAD = b"\xff\x06\x00\x00S2sTwO"
SNAPPY_HEAD = b"\xff\x06\x00\x00sNaPpY"
_CHUNK_HEAD_BYTES = 4
_CHECKSUM_BYTES = 4
_PLAIN = 0x01
_COMPRESSED = 0x00
_STREAM_HEAD = 0xFF
_RESERVED = range(0x02, 0x80)
_CHUNK_BYTES_MAX = s2_block.ENCODED_BYTES_MAX
_WORTH_PART = 7 / 8  # of the data, which a block has to be smaller than
_BLOCK_BYTES_MAX = 4 * 1024 * 1024
_CORRUPT = "s2: corrupt input"


def chunks(data: bytes | bytearray) -> bytes:
    """Return ``data`` as chunks of a stream whose head was written, compressed if that pays."""
    view = memoryview(data)
    parts = []
    for start in range(0, len(view), _CHUNK_BYTES_MAX):
        end = min(start + _CHUNK_BYTES_MAX, len(view))
        block = s2_block.encode(view, start, end)
        if len(block) < (end - start) * _WORTH_PART:
            parts.append(_chunk(_COMPRESSED, view, start, end, block))
        else:
            parts.append(_chunk(_PLAIN, view, start, end, view[start:end]))
    return b"".join(parts)


def plain_chunks(data: bytes | bytearray) -> bytes:
    """Return ``data`` as chunks that are not compressed; every reader takes them."""
    view = memoryview(data)
    parts = []
    for start in range(0, len(view), _CHUNK_BYTES_MAX):
        end = min(start + _CHUNK_BYTES_MAX, len(view))
        parts.append(_chunk(_PLAIN, view, start, end, view[start:end]))
    return b"".join(parts)


def _chunk(kind: int, data: memoryview, start: int, end: int, content: bytes | memoryview) -> bytes:
    """Return a chunk that stands for ``data[start:end]``."""
    head = kind | len(content) + _CHECKSUM_BYTES << 8
    checksum = masked_checksum(data, start, end)
    return b"".join(
        (
            head.to_bytes(_CHUNK_HEAD_BYTES, "little"),
            checksum.to_bytes(_CHECKSUM_BYTES, "little"),
            content,
        )
    )


class StreamReader:
    """Takes the bytes of a stream in pieces, and gives the data of one chunk at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._begun = False

    @property
    def waiting(self) -> int:
        """Return how many bytes were fed and not read."""
        return len(self._received)

    def feed(self, data: bytes) -> None:
        """Take more bytes of the stream."""
        self._received += data

    def next(self) -> bytes | bytearray | None:
        """Return the data of the next chunk that has any; None until more is fed.

        Raises:
            FormatError: it is no such stream, or a checksum is wrong.
        """
        while True:
            received = self._received
            if len(received) < _CHUNK_HEAD_BYTES:
                return None
            kind = received[0]
            end = _CHUNK_HEAD_BYTES + int.from_bytes(received[1:_CHUNK_HEAD_BYTES], "little")
            self._check(kind, end)
            if len(received) < end:
                return None
            chunk = bytes(memoryview(received)[_CHUNK_HEAD_BYTES:end])
            del received[:end]
            data = self._data_of(kind, chunk)
            if data:
                return data

    def finish(self) -> None:
        """The stream is over.

        Raises:
            FormatError: it ends within a chunk.
        """
        if self._received:
            raise FormatError(_CORRUPT)

    def _check(self, kind: int, end: int) -> None:
        """Refuse what cannot be a chunk, before all of it is there."""
        if kind == _STREAM_HEAD:
            wrong = end != len(HEAD)
        else:
            bound = _BLOCK_BYTES_MAX + _BLOCK_BYTES_MAX // 6 + 64
            data = kind in (_PLAIN, _COMPRESSED)
            wrong = kind in _RESERVED or not self._begun or (data and end > bound)
        if wrong:
            raise FormatError(_CORRUPT)

    def _data_of(self, kind: int, chunk: bytes) -> bytes | bytearray:
        if kind == _STREAM_HEAD:
            if chunk not in (HEAD[_CHUNK_HEAD_BYTES:], SNAPPY_HEAD[_CHUNK_HEAD_BYTES:]):
                raise FormatError(_CORRUPT)
            self._begun = True
            return b""
        if kind not in (_PLAIN, _COMPRESSED):
            return b""
        if len(chunk) < _CHECKSUM_BYTES:
            raise FormatError(_CORRUPT)
        data: bytes | bytearray
        if kind == _PLAIN:
            data = chunk[_CHECKSUM_BYTES:]
        else:
            data = s2_block.decode(memoryview(chunk), _CHECKSUM_BYTES, len(chunk), _BLOCK_BYTES_MAX)
        checksum = int.from_bytes(chunk[:_CHECKSUM_BYTES], "little")
        if masked_checksum(memoryview(data), 0, len(data)) != checksum:
            raise FormatError(f"{_CORRUPT}, crc mismatch")
        return data


def decode(data: bytes) -> bytes:
    """Return what a whole stream holds.

    Raises:
        FormatError: it is no such stream.
    """
    reader = StreamReader()
    reader.feed(data)
    parts = []
    while (part := reader.next()) is not None:
        parts.append(part)
    reader.finish()
    return b"".join(parts)

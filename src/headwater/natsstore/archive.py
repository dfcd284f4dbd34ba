"""The archive of a stream: entries one behind the other, written and read in pieces."""

import msgspec

from headwater.base.errors import FormatError
from headwater.natsstore.varints import get_unsigned, put_signed, put_unsigned, signed

MAGIC = b"NATSARC1"
STATE_NAME = "state.json"
CONSUMER_PREFIX = "consumers/"

_NAME_BYTES_MAX = 1 << 20
# What a payload may be: a message with its headers, or what a stream or a consumer is; the state of
# a consumer grows with what it waits for.
_BODY_BYTES_MAX = 256 * 1024 * 1024
_NUMBERS = 5
_NUMBERS_BYTES_MAX = 50
_INVALID = "archive: invalid archive stream"


class Entry(msgspec.Struct):
    """One entry; ``body`` is the header block and, behind it, the payload."""

    name: bytes = b""
    time_ns: int = 0
    sequence: int = 0
    header_size: int = 0
    body: bytes = b""

    @property
    def is_end(self) -> bool:
        """Whether this is the mark behind the last entry."""
        return not (self.name or self.time_ns or self.sequence or self.body)


def put_entry(
    out: bytearray, name: bytes, time_ns: int, sequence: int, headers: bytes, payload: bytes
) -> None:
    """Append an entry."""
    put_unsigned(out, len(name))
    put_signed(out, time_ns)
    put_unsigned(out, sequence)
    put_unsigned(out, len(headers))
    put_unsigned(out, len(payload))
    out += name
    out += headers
    out += payload


def put_end(out: bytearray) -> None:
    """Append the mark that nothing follows."""
    put_entry(out, b"", 0, 0, b"", b"")


class ArchiveReader:
    """Takes an archive in pieces, the magic apart, and gives one entry at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._at = 0

    def feed(self, data: bytes | bytearray) -> None:
        """Take more of the archive."""
        del self._received[: self._at]
        self._at = 0
        self._received += data

    def next(self) -> Entry | None:
        """Return the next entry; None until more is fed.

        Raises:
            FormatError: it is no archive.
        """
        numbers, at = self._numbers()
        if at == 0:
            return None
        name_size, time_number, sequence, header_size, payload_size = numbers
        body_size = header_size + payload_size
        if name_size > _NAME_BYTES_MAX or body_size > _BODY_BYTES_MAX or sequence >> 63:
            raise FormatError(_INVALID)
        body_start = at + name_size
        end = body_start + body_size
        if end > len(self._received):
            return None
        with memoryview(self._received) as view:
            entry = Entry(
                bytes(view[at:body_start]),
                signed(time_number),
                sequence,
                header_size,
                bytes(view[body_start:end]),
            )
        self._at = end
        return entry

    @property
    def is_empty(self) -> bool:
        """Whether all that was fed has been given out."""
        return self._at == len(self._received)

    def _numbers(self) -> tuple[list[int], int]:
        """Return the numbers of an entry and where they end, 0 when they are not there yet."""
        found = []
        head = bytes(self._received[self._at : self._at + _NUMBERS_BYTES_MAX])
        at = 0
        for _ in range(_NUMBERS):
            value, at = get_unsigned(head, at)
            if at == 0:
                return [], 0
            found.append(value)
        return found, self._at + at

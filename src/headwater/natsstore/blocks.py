"""Message blocks: the file of one as records, and the records as messages and deletions."""

from collections.abc import Iterator

import msgspec

from headwater.base.errors import FormatError
from headwater.natsstore.highway import HASH_BYTES, Hasher
from headwater.natsstore.varints import get_unsigned
from headwater.wire import s2_stream

HEAD_BYTES = 22
_SIZE_BYTES = 4
_COMPRESSED = b"cmp"
_ALGORITHMS = (0, 1)
_HEADERS_BIT = 1 << 31
_ERASED_BIT = 1 << 63
_TOMBSTONE_BIT = 1 << 62
_TOMBSTONE_BYTE = 64  # the same bit in the last byte of a sequence
_SEQUENCE_MASK = _TOMBSTONE_BIT - 1
_RECORD_BYTES_MAX = 32 * 1024 * 1024
_HEADER_SIZE_BYTES = 4


class Record(msgspec.Struct):
    """One record of a block."""

    sequence: int
    time_ns: int
    subject: bytes = b""
    headers: bytes = b""
    payload: bytes = b""
    erased: bool = False  # there is no message of this sequence
    tombstone: bool = False  # the message of this sequence was deleted


class Cut(msgspec.Struct):
    """What ends a block too early: where, and why."""

    offset: int = 0
    reason: str = ""


def is_compressed(data: bytes) -> bool:
    """Tell whether the file of a block is compressed."""
    return data[:3] == _COMPRESSED and len(data) > 4


def records_of(data: bytes) -> bytes:
    """Return the records in the file of a block.

    Raises:
        FormatError: it is compressed, and damaged.
    """
    if not is_compressed(data):
        return data
    size, at = get_unsigned(data, 4)
    if data[3] not in _ALGORITHMS or not at or len(data) - at < HASH_BYTES:
        raise FormatError("a block has a head that makes no sense")
    if data[3] == 0:
        return data[at:]
    records = s2_stream.decode(data[at:-HASH_BYTES]) + data[-HASH_BYTES:]
    if len(records) != size:
        raise FormatError("a block is not as long as its head says")
    return records


def read_records(data: bytes, hasher: Hasher, cut: Cut) -> Iterator[Record]:
    """Give the records of a block, up to the first one that is damaged: ``cut`` says which."""
    at = 0
    while at < len(data):
        record, end = _read_record(data, at, hasher)
        if record is None:
            cut.offset = at
            cut.reason = "a checksum is wrong" if end else "a record makes no sense"
            return
        yield record
        at = end


def tombstones(data: bytes, hasher: Hasher) -> Iterator[int]:
    """Give the sequences that a block says were deleted; other records are only stepped over."""
    at = 0
    while len(data) - at >= HEAD_BYTES + HASH_BYTES:
        size = int.from_bytes(data[at : at + _SIZE_BYTES], "little") & (_HEADERS_BIT - 1)
        if size < HEAD_BYTES + HASH_BYTES:
            return
        if data[at + 11] & _TOMBSTONE_BYTE:
            record, _ = _read_record(data, at, hasher)
            if record is not None and record.tombstone:
                yield record.sequence
        at += size


def _read_record(data: bytes, at: int, hasher: Hasher) -> tuple[Record | None, int]:
    """Return a record and where it ends; no record when it is damaged, and 0 when it is none."""
    head = data[at : at + HEAD_BYTES]
    size = int.from_bytes(head[:_SIZE_BYTES], "little")
    has_headers = bool(size & _HEADERS_BIT)
    size &= _HEADERS_BIT - 1
    end = at + size
    subject_end = at + HEAD_BYTES + int.from_bytes(head[20:22], "little")
    body_start = subject_end + (_HEADER_SIZE_BYTES if has_headers else 0)
    body_end = end - HASH_BYTES
    if len(head) < HEAD_BYTES or size > _RECORD_BYTES_MAX or end > len(data):
        return None, 0
    if body_start > body_end:
        return None, 0
    checked = b"".join((head[4:20], data[at + HEAD_BYTES : subject_end], data[body_start:body_end]))
    if hasher.digest(memoryview(checked), 0, len(checked)) != data[body_end:end]:
        return None, end
    number = int.from_bytes(head[4:12], "little")
    record = Record(number & _SEQUENCE_MASK, int.from_bytes(head[12:20], "little", signed=True))
    record.erased = bool(number & _ERASED_BIT)
    record.tombstone = bool(number & _TOMBSTONE_BIT)
    if not (record.erased or record.tombstone):
        payload_start = body_start
        if has_headers:
            payload_start += int.from_bytes(data[subject_end:body_start], "little")
            if payload_start > body_end:
                return None, 0
        record.subject = data[at + HEAD_BYTES : subject_end]
        record.headers = data[body_start:payload_start]
        record.payload = data[payload_start:body_end]
    return record, end

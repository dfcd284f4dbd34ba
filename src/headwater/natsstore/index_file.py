"""``index.db``: what a nats-server that was stopped properly knew of its blocks."""

import msgspec

from headwater.base.errors import FormatError
from headwater.natsstore.highway import HASH_BYTES, Hasher
from headwater.natsstore.varints import NumberReader

_MAGIC = 11
_HEAD_BYTES = 2
_VERSIONS = range(1, 5)
_SET_MAGIC = 22
_SET_HEAD_BYTES = 10
_NODE_WORDS = {1: 64, 2: 32}  # by version of the set
_WORD_BYTES = 8
_HEIGHT_BYTES = 2
_SEQUENCE_MAX = (1 << 63) - 1


class BlockState(msgspec.Struct):
    """What is left of one block: from the first sequence to the last, but for the deleted ones."""

    number: int
    first: int
    last: int
    deleted: set[int]

    def has(self, sequence: int) -> bool:
        """Tell whether the message of ``sequence`` is left."""
        return self.first <= sequence <= self.last and sequence not in self.deleted


class IndexFile(msgspec.Struct):
    """The state of a stream, and the block that was the last one when it was written."""

    first: int
    last: int
    last_time_ns: int
    blocks: dict[int, BlockState]
    last_block: int
    last_checksum: bytes


def decode(data: bytes, hasher: Hasher) -> IndexFile:
    """Return what the file says; ``hasher`` is the one of the stream's name.

    Raises:
        FormatError: it is damaged, or of another version.
    """
    end = len(data) - HASH_BYTES
    if end < _HEAD_BYTES or hasher.digest(memoryview(data), 0, end) != data[end:]:
        raise FormatError("its checksum is wrong")
    if data[0] != _MAGIC or data[1] not in _VERSIONS:
        raise FormatError("it is of another version")
    version = data[1]
    numbers = NumberReader(data[:end], _HEAD_BYTES)
    numbers.unsigned()  # messages
    numbers.unsigned()  # bytes
    first = numbers.unsigned()
    numbers.signed()  # time of the first message
    last = numbers.unsigned()
    last_time_ns = numbers.signed()
    _skip_subjects(numbers, version)
    blocks = {}
    for _ in range(_bounded(numbers)):
        block = _read_block(numbers, version)
        blocks[block.number] = block
    last_block = numbers.unsigned()
    checksum = numbers.data[numbers.at : numbers.at + HASH_BYTES]
    if len(checksum) < HASH_BYTES or max(first, last) > _SEQUENCE_MAX:
        raise FormatError("it ends too early")
    return IndexFile(first, last, last_time_ns, blocks, last_block, checksum)


def _skip_subjects(numbers: NumberReader, version: int) -> None:
    for _ in range(_bounded(numbers)):
        size = numbers.unsigned()
        if not size:
            continue
        numbers.at += size
        total = numbers.unsigned()
        numbers.unsigned()  # its first block
        if total > 1 or version > 3:
            numbers.unsigned()  # its last one


def _read_block(numbers: NumberReader, version: int) -> BlockState:
    number = numbers.unsigned()
    numbers.unsigned()  # bytes
    first = numbers.unsigned()
    numbers.signed()
    last = numbers.unsigned()
    numbers.signed()
    deleted = numbers.unsigned()
    if version > 1:
        numbers.unsigned()  # messages that have a time to live
    if version > 2:
        numbers.unsigned()  # messages that are schedules
    return BlockState(number, first, last, _read_set(numbers) if deleted else set())


def _read_set(numbers: NumberReader) -> set[int]:
    """Read a set of sequences: nodes of so many words, each with a bit for each sequence."""
    head = numbers.data[numbers.at : numbers.at + _SET_HEAD_BYTES]
    if len(head) < _SET_HEAD_BYTES or head[0] != _SET_MAGIC or head[1] not in _NODE_WORDS:
        raise FormatError("a set of sequences makes no sense")
    words = _NODE_WORDS[head[1]]
    numbers.at += _SET_HEAD_BYTES
    size = (words + 1) * _WORD_BYTES + _HEIGHT_BYTES
    found: set[int] = set()
    for _ in range(int.from_bytes(head[2:6], "little")):
        node = numbers.data[numbers.at : numbers.at + size]
        if len(node) < size:
            raise FormatError("a set of sequences ends too early")
        base = int.from_bytes(node[:_WORD_BYTES], "little")
        bits = int.from_bytes(node[_WORD_BYTES:-_HEIGHT_BYTES], "little")
        while bits:
            lowest = bits & -bits
            found.add(base + lowest.bit_length() - 1)
            bits ^= lowest
        numbers.at += size
    return found


def _bounded(numbers: NumberReader) -> int:
    """Read how many of something follow: more than bytes are left cannot be."""
    count = numbers.unsigned()
    if count > len(numbers.data) - numbers.at:
        raise FormatError("it ends too early")
    return count

"""Files and archives of a nats-server: whatever is in them, they are read or refused."""

from collections.abc import Callable
from zlib import crc32

import msgspec

from headwater.base.errors import FormatError
from headwater.natsstore import blocks, consumer_state, index_file
from headwater.natsstore.archive import ArchiveReader, put_end, put_entry
from headwater.natsstore.consumer_state import ConsumerState, Pending, SequencePair
from headwater.natsstore.highway import Hasher
from headwater.natsstore.tar import TarReader
from headwater.wire import s2_block, s2_stream
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import mutate
from tests.fuzz.target import Target, require
from tests.natsstore.files import ERASED, TOMBSTONE, compressed, record

_SIZE_MAX = 200_000
_KEY = "S-1"
_WORDS = (
    b"\xff\xff\xff\xff",
    bytes(8),
    b"\x80" * 10,
    b"cmp\x01",
    s2_stream.HEAD,
    b"NATSARC1",
    b"ustar",
)


def _archive() -> bytes:
    out = bytearray()
    put_entry(out, b"state.json", 1, 0, b"", b'{"first_seq":1}')
    put_entry(out, b"a.b", 1 << 60, 7, b"NATS/1.0\r\nA: b\r\n\r\n", b"payload" * 30)
    put_end(out)
    return bytes(out)


def _tar() -> bytes:
    head = bytearray(512)
    head[:8] = b"meta.inf"
    head[124:136] = b"00000000005\0"
    head[156:157] = b"0"
    head[257:265] = b"ustar\x0000"
    head[148:156] = b"%06o\0 " % (sum(head) + 8 * 32)
    return bytes(head) + b"hello" + bytes(507 + 1024)


_BLOCK = b"".join(
    (
        record(_KEY, 1, 5, b"a", payload=b"hello"),
        record(_KEY, 2, 6, b"a.b", b"NATS/1.0\r\nA: b\r\n\r\n", b"hello" * 20),
        record(_KEY, 3 | ERASED, 0),
        record(_KEY, 1 | TOMBSTONE, 7),
    )
)
_STATE = ConsumerState(SequencePair(9, 12), SequencePair(2, 3), {5: Pending(3, 10**18)}, {5: 2})
_INDEX = bytes.fromhex("0b04020a01000300 01016102010101 0a01000300010000".replace(" ", "")) + (
    b"\x16\x02\x01\0\0\0\x01\0\0\0" + bytes(8) + b"\x02" + bytes(257) + b"\x01" + bytes(8)
)
_TEXT = b"what is said once is said again, and again what is said. " * 5

# What an input is, by its first byte, and good ones of the kind.
_GOOD: tuple[tuple[bytes, ...], ...] = (
    (s2_block.encode(memoryview(_TEXT), 0, len(_TEXT)),),
    (s2_stream.HEAD + s2_stream.chunks(_TEXT) + s2_stream.plain_chunks(b"plain"),),
    (_BLOCK, compressed(_BLOCK)),
    (consumer_state.encode(_STATE, 10**18),),
    (_archive(),),
    (_tar(),),
    (_INDEX,),
    (_TEXT, _BLOCK),
)


class NatsFilesTarget(Target):
    """Every reader gives something plain or a FormatError; what is encoded is decoded again."""

    name = "natsfiles"

    def make(self, dice: Dice) -> bytes:
        kind = dice.below(len(_GOOD))
        data = dice.pick(_GOOD[kind])
        if dice.chance(0.9):
            data = mutate(dice, data, _WORDS, _GOOD[kind])
        return bytes((kind,)) + data

    def play(self, data: bytes) -> object:
        if not data:
            return None
        try:
            return _READERS[data[0] % len(_READERS)](data[1:])
        except FormatError:
            return "refused"


def _read_s2_block(data: bytes) -> object:
    found = s2_block.decode(memoryview(data), 0, len(data), _SIZE_MAX)
    require(len(found) <= _SIZE_MAX, "a block is larger than it may be")
    return len(found), crc32(found)


def _read_s2_stream(data: bytes) -> object:
    found = s2_stream.decode(data)
    # In pieces it is the same.
    reader = s2_stream.StreamReader()
    parts = []
    for at in range(0, len(data), 7):
        reader.feed(data[at : at + 7])
        while (part := reader.next()) is not None:
            parts.append(part)
    require(b"".join(parts) == found, "in pieces a stream holds something else")
    return len(found), crc32(found)


def _read_block(data: bytes) -> object:
    hasher = Hasher(_KEY.encode())
    records = _sealed(blocks.records_of(data), hasher)
    cut = blocks.Cut()
    found = list(blocks.read_records(records, hasher, cut))
    require(cut.offset <= len(records), "a block is cut behind its end")
    deleted = list(blocks.tombstones(records, hasher))
    read = [one.sequence for one in found if one.tombstone]
    require(deleted[: len(read)] == read, "tombstones are not those of the records")
    return msgspec.to_builtins(found), deleted, cut.reason


def _sealed(data: bytes, hasher: Hasher) -> bytes:
    """Return records with the checksums that they should have, so that damage gets past them."""
    out = bytearray(data)
    at = 0
    while at + 30 <= len(out):
        told = int.from_bytes(out[at : at + 4], "little")
        end = at + (told & 0x7FFFFFFF)
        subject_end = at + 22 + int.from_bytes(out[at + 20 : at + 22], "little")
        body = subject_end + (4 if told >> 31 else 0)
        if end > len(out) or body > end - 8:
            break
        checked = bytes(out[at + 4 : at + 20] + out[at + 22 : subject_end] + out[body : end - 8])
        out[end - 8 : end] = hasher.digest(memoryview(checked), 0, len(checked))
        at = end
    return bytes(out)


def _read_state(data: bytes) -> object:
    state = consumer_state.decode(data)
    if data[:2] == b"\x16\x02" and all(
        entry.sequence >= state.ack_floor.consumer_seq for entry in state.pending.values()
    ):
        again = consumer_state.decode(consumer_state.encode(state, 0))
        require(again == state, "a state is another one when it is written and read again")
    return msgspec.to_builtins(state, str_keys=True)


def _read_archive(data: bytes) -> object:
    reader = ArchiveReader()
    reader.feed(data)
    found = []
    while (entry := reader.next()) is not None:
        found.append(msgspec.to_builtins(entry))
    return found


def _read_tar(data: bytes) -> object:
    reader = TarReader()
    reader.feed(data)
    found = []
    while (file := reader.next()) is not None:
        found.append([file[0], len(file[1])])
    return found, reader.ended


def _read_index(data: bytes) -> object:
    hasher = Hasher(b"S")
    sealed = data + hasher.digest(memoryview(data), 0, len(data))
    index = index_file.decode(sealed, hasher)
    return index.first, index.last, sorted(index.blocks)


def _encode(data: bytes) -> object:
    data = data[: s2_block.ENCODED_BYTES_MAX]
    block = s2_block.encode(memoryview(data), 0, len(data))
    found = s2_block.decode(memoryview(block), 0, len(block), len(data))
    require(bytes(found) == data, "what was encoded is decoded to something else")
    return len(block), crc32(block)


_READERS: tuple[Callable[[bytes], object], ...] = (
    _read_s2_block,
    _read_s2_stream,
    _read_block,
    _read_state,
    _read_archive,
    _read_tar,
    _read_index,
    _encode,
)

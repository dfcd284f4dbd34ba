"""The index of a stream as a file, so that a start reads the end of the log and not all of it.

Two files take turns, so that a damaged one leaves the one before it.  Block files whose messages
are all gone are removed only once both checkpoints do without them.
"""

import sys
from array import array
from typing import Any
from zlib import crc32

import msgspec

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store.block import Block
from headwater.store.expiries import Expiries
from headwater.store.secrets import KEY_MISSING

VERSION = 1
NAMES = ("checkpoint.0", "checkpoint.1")
_MAGIC = b"HWCHECK\n"
_HEAD_BYTES = 16
_SEALED_MAGIC = b"HWSEALED"
_SEALED_HEAD_BYTES = 28  # magic, checksum, identity of the stream, which key
_DUE_BYTES_MIN = 8 * 1024 * 1024
_DUE_FACTOR = 4
_PACKED_SUBJECTS = 4000  # at a stretch: less than a millisecond


class BlockState(msgspec.Struct, array_like=True):
    """One block in a checkpoint."""

    number: int
    size: int
    first_sequence: int
    last_sequence: int
    first_time_ns: int
    last_time_ns: int
    live: int
    deleted: bytes | None
    packed: int
    frames: int
    plain: int
    expiries: bytes | None  # as Expiries.pack returns them
    kept: bytes | None


class Checkpoint(msgspec.Struct, array_like=True):
    """The applied state of a stream at one position of its log."""

    generation: int
    stream_id: bytes
    number: int  # position: a block and an offset in it
    offset: int
    first_sequence: int
    last_sequence: int
    last_time_ns: int
    messages: int
    total_bytes: int
    aged_to: int
    keep_places: bool
    blocks: list[BlockState]
    subjects: bytes  # as SubjectTable.pack writes them; until it is encoded the frozen table
    places: list[bytes]  # 8 bytes a number, in the order of the subjects; none if they are not kept
    owner: Any  # what the owner of the store wants to have back


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Checkpoint)


def due_bytes(size: int) -> int:
    """Return how many bytes are to be applied after a checkpoint of ``size`` before the next."""
    return max(_DUE_BYTES_MIN, _DUE_FACTOR * size)


def take(store, generation: int, *, brief: bool = False) -> Checkpoint:
    """Return the state of ``store`` as it is applied now; nothing changes it any more.

    A brief one is without what ``recount`` finds in the messages themselves.
    """
    index = store.index
    return Checkpoint(
        generation,
        store.log.stream_id,
        store.position_number,
        store.position_offset,
        index.first_sequence,
        index.last_sequence,
        index.last_time_ns,
        index.messages,
        index.bytes,
        index.aged_to,
        index.keep_places,
        [_block_state(block, brief=brief) for block in index.blocks],
        b"" if brief else index.subjects.frozen(),
        [] if brief else _places(index),
        store.owner.snapshot(brief=brief),
    )


def encode(checkpoint: Checkpoint) -> bytearray:
    """Return a checkpoint as the content of its file; from any thread."""
    if not isinstance(checkpoint.subjects, bytes):
        checkpoint.subjects = _packed(checkpoint.subjects)
    file = bytearray(_HEAD_BYTES)
    _encoder.encode_into(checkpoint, file, _HEAD_BYTES)
    version = VERSION.to_bytes(4, "little")
    with memoryview(file) as view:
        crc = _crc(version, view[_HEAD_BYTES:])
    file[:_HEAD_BYTES] = _MAGIC + version + crc
    return file


def _packed(subjects) -> bytes:
    parts = []
    number = subjects.next_number(0)
    while number >= 0:
        out = Buffer(_PACKED_SUBJECTS * 64)
        number = subjects.pack_some(number, out, _PACKED_SUBJECTS)
        parts.append(out.contents())
        # While that is computed others have the interpreter: the node's own thread above all.
        crc32(parts[-1])
    return b"".join(parts)


def parse(data: bytes) -> Checkpoint | None:
    """Return the checkpoint in a file, or None when it is damaged.

    Raises:
        StoreError: it is of a newer version.
    """
    if len(data) < _HEAD_BYTES or data[:8] != _MAGIC:
        return None
    version = int.from_bytes(data[8:12], "little")
    body = memoryview(data)[_HEAD_BYTES:]
    if bytes(data[12:16]) != _crc(bytes(data[8:12]), body):
        return None
    if version != VERSION:
        raise StoreError(
            f"the checkpoint is of version {version}; this server reads version {VERSION}: "
            "use the version of the server that wrote it"
        )
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return None


def seal(file: bytearray, stream_id: bytes, key: Any) -> bytearray:
    """Return the file of a checkpoint encrypted with the StreamKey of its stream."""
    sealed = stream_id + key.id + key.seal(bytes(file), _bound_to(stream_id, key))
    return bytearray(_SEALED_MAGIC + _crc(b"", sealed) + sealed)


def unseal(data: bytes, keys: Any) -> bytes:
    """Return the file of a checkpoint, which ``keys`` of the store open if it is encrypted.

    What is damaged is returned as it is, which is no checkpoint.

    Raises:
        StoreError: it takes another key.
    """
    if bytes(data[:8]) != _SEALED_MAGIC or bytes(data[8:12]) != _crc(b"", memoryview(data)[12:]):
        return data
    stream_id, key_id = bytes(data[12:20]), bytes(data[20:_SEALED_HEAD_BYTES])
    key = None if keys is None else keys.of_stream(stream_id)
    if key is None or key.id != key_id:
        raise StoreError(KEY_MISSING)
    opened = key.unseal(bytes(data[_SEALED_HEAD_BYTES:]), _bound_to(stream_id, key))
    return data if opened is None else opened


def _bound_to(stream_id: bytes, key: Any) -> bytes:
    return _SEALED_MAGIC + stream_id + bytes(key.id)


def restore(store, checkpoint: Checkpoint) -> None:
    """Bring an empty store to the state of a checkpoint; its owner is not told."""
    index = store.index
    index.first_sequence = checkpoint.first_sequence
    index.last_sequence = checkpoint.last_sequence
    index.last_time_ns = checkpoint.last_time_ns
    index.messages = checkpoint.messages
    index.bytes = checkpoint.total_bytes
    index.aged_to = checkpoint.aged_to
    index.keep_places = checkpoint.keep_places
    index.subjects.unpack(checkpoint.subjects)
    # Entries of a table that was empty are numbered in order.
    index.places = {number: _numbers(data) for number, data in enumerate(checkpoint.places)}
    for block in checkpoint.blocks:
        index.blocks.append(_block(checkpoint.stream_id, block))
    store.position_number = checkpoint.number
    store.position_offset = checkpoint.offset
    store.last_proposed = index.last_sequence
    store.last_time_ns = index.last_time_ns


def recount(store) -> None:
    """Count what a brief checkpoint leaves out; messages that are in no file any more are gone."""
    index = store.index
    index.begin_count()
    sequence = index.next_from(0)
    while sequence:
        block = store.missing(sequence)
        if block is not None and block is not store.unreadable:
            store.fetch_now(block)
        cached = store.find(sequence)
        if cached is None:
            index.block_of(sequence).delete(sequence)
        else:
            index.count(cached)
            store.recall(cached)
        sequence = index.next_from(sequence + 1)
    index.emptied = True
    index.settle_first()


def _places(index) -> list[bytes]:
    found: list[bytes] = []
    if index.places:
        number = index.subjects.next_number(0)
        while number >= 0:
            found.append(_little_endian(index.places[number]).tobytes())
            number = index.subjects.next_number(number + 1)
    return found


def _numbers(data: bytes) -> "array[int]":
    numbers = array("q")
    numbers.frombytes(data)
    return _little_endian(numbers)


def _little_endian(numbers: "array[int]") -> "array[int]":
    """Return numbers in the byte order of the file, or back in that of the machine."""
    if sys.byteorder == "little":
        return numbers
    other = numbers[:]
    other.byteswap()
    return other


def _block_state(block, *, brief: bool) -> BlockState:
    return BlockState(
        block.number,
        block.size,
        block.first_sequence,
        block.last_sequence,
        block.first_time_ns,
        block.last_time_ns,
        block.live,
        None if block.deleted is None else bytes(block.deleted),
        block.packed,
        block.frames,
        block.plain,
        None if brief or block.expiries is None else block.expiries.pack(),
        None if brief or block.kept is None else bytes(block.kept),
    )


def _block(stream_id: bytes, state: BlockState) -> Block:
    block = Block(stream_id, state.number)
    block.size = state.size
    block.first_sequence = state.first_sequence
    block.last_sequence = state.last_sequence
    block.first_time_ns = state.first_time_ns
    block.last_time_ns = state.last_time_ns
    block.live = state.live
    block.packed = state.packed
    block.frames = state.frames
    block.plain = state.plain
    block.deleted = None if state.deleted is None else bytearray(state.deleted)
    block.kept = None if state.kept is None else bytearray(state.kept)
    if state.expiries is not None:
        block.expiries = Expiries()
        block.expiries.unpack(state.expiries)
    return block


def _crc(version: bytes, body: memoryview) -> bytes:
    return crc32(body, crc32(version)).to_bytes(4, "little")

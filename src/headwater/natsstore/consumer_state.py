"""How far a consumer is, as nats-server keeps it: its file ``o.dat``, and JSON in an archive."""

from typing import Any

import msgspec

from headwater.base.errors import FormatError
from headwater.natsstore.varints import NumberReader, put_signed, put_unsigned

_MAGIC = 22
_HEAD_BYTES = 2
_VERSIONS = (1, 2)
_SECOND = 1_000_000_000
_PENDING_BYTES_MIN = 2  # of one entry in the file: what is more than fits is refused beforehand
_SEQUENCE_MAX = (1 << 63) - 1


class SequencePair(msgspec.Struct):
    """A place, in the consumer's own numbers and in the stream's."""

    consumer_seq: int = 0
    stream_seq: int = 0


class Pending(msgspec.Struct):
    """A message that waits for its acknowledgement: the consumer's number, and when it left."""

    sequence: int = msgspec.field(default=0, name="Sequence")
    time_ns: int = msgspec.field(default=0, name="Timestamp")


class ConsumerState(msgspec.Struct, omit_defaults=True):
    """How far a consumer is; the keys of both tables are sequences of the stream."""

    delivered: SequencePair = msgspec.field(default_factory=SequencePair)
    ack_floor: SequencePair = msgspec.field(default_factory=SequencePair)
    pending: dict[int, Pending] = msgspec.field(default_factory=dict)
    redelivered: dict[int, int] = msgspec.field(default_factory=dict)


def check(state: ConsumerState) -> ConsumerState:
    """Return a state whose numbers are possible.

    Raises:
        FormatError: they are not.
    """
    numbers = [
        state.delivered.consumer_seq,
        state.delivered.stream_seq,
        state.ack_floor.consumer_seq,
        state.ack_floor.stream_seq,
        *state.pending,
        *state.redelivered,
        *state.redelivered.values(),
    ]
    numbers += [entry.sequence for entry in state.pending.values()]
    times = [entry.time_ns for entry in state.pending.values()]
    if any(not 0 <= number <= _SEQUENCE_MAX for number in numbers) or any(
        abs(time_ns) > _SEQUENCE_MAX for time_ns in times
    ):
        raise FormatError("the state of a consumer has impossible numbers")
    return state


def to_json(state: ConsumerState) -> dict[str, Any]:
    """Return what stands for the state in JSON."""
    found: dict[str, Any] = {
        "delivered": msgspec.to_builtins(state.delivered),
        "ack_floor": msgspec.to_builtins(state.ack_floor),
    }
    if state.pending:
        found["pending"] = msgspec.to_builtins(state.pending, str_keys=True)
    if state.redelivered:
        found["redelivered"] = msgspec.to_builtins(state.redelivered, str_keys=True)
    return found


def encode(state: ConsumerState, now_ns: int) -> bytes:
    """Return the state as a file."""
    out = bytearray((_MAGIC, 2))
    floor = state.ack_floor
    for number in (
        floor.consumer_seq,
        floor.stream_seq,
        state.delivered.consumer_seq,
        state.delivered.stream_seq,
        len(state.pending),
    ):
        put_unsigned(out, number)
    if state.pending:
        base = now_ns // _SECOND
        put_signed(out, base)
        for sequence, entry in state.pending.items():
            put_unsigned(out, sequence - floor.stream_seq)
            put_unsigned(out, entry.sequence - floor.consumer_seq)
            put_signed(out, base - entry.time_ns // _SECOND)
    put_unsigned(out, len(state.redelivered))
    for sequence, count in state.redelivered.items():
        put_unsigned(out, sequence - floor.stream_seq)
        put_unsigned(out, count)
    return bytes(out)


def decode(data: bytes) -> ConsumerState:
    """Return the state that a file holds; an empty one is that of a consumer that did nothing.

    Raises:
        FormatError: it is no such file.
    """
    if not data:
        return ConsumerState()
    if len(data) < _HEAD_BYTES or data[0] != _MAGIC or data[1] not in _VERSIONS:
        raise FormatError("this is no state of a consumer")
    version = data[1]
    numbers = NumberReader(data, _HEAD_BYTES)
    floor = SequencePair(numbers.unsigned(), numbers.unsigned())
    delivered = SequencePair(numbers.unsigned(), numbers.unsigned())
    if version == 1:
        delivered.consumer_seq += max(0, floor.consumer_seq - 1)
        delivered.stream_seq += max(0, floor.stream_seq - 1)
    state = ConsumerState(delivered, floor)
    _read_pending(numbers, state, version)
    for _ in range(_count(numbers)):
        sequence, count = numbers.unsigned(), numbers.unsigned()
        if sequence and count:
            state.redelivered[sequence + floor.stream_seq] = count
    return check(state)


def _read_pending(numbers: NumberReader, state: ConsumerState, version: int) -> None:
    count = _count(numbers)
    if not count:
        return
    floor = state.ack_floor
    base = numbers.signed()
    for _ in range(count):
        sequence = numbers.unsigned() + floor.stream_seq
        own = numbers.unsigned() + floor.consumer_seq if version > 1 else 0
        seconds = numbers.signed()
        time_s = base - seconds if version > 1 else base + seconds
        state.pending[sequence] = Pending(own, time_s * _SECOND)


def _count(numbers: NumberReader) -> int:
    count = numbers.unsigned()
    if count * _PENDING_BYTES_MIN > len(numbers.data):
        raise FormatError("the state of a consumer ends too early")
    return count

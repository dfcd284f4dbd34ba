"""A stream as an archive: its state, its consumers and its messages, made piece by piece."""

from typing import Any

from msgspec.structs import replace

from headwater.base import gojson
from headwater.base.errors import StoreError
from headwater.jetstream.consumer_config import AckPolicy
from headwater.natsstore import archive, consumer_state
from headwater.natsstore.consumer_state import ConsumerState, Pending, SequencePair
from headwater.wire import s2_stream

# How much is gathered at a stretch, and how many messages are looked at: about a millisecond.
_PIECE_BYTES = 32 * 1024
_PIECE_MESSAGES = 300


class Snapshot:
    """The bytes of a snapshot of what a stream holds now; what is deleted meanwhile is left out."""

    def __init__(self, stream, state, *, with_consumers):
        self._stream = stream
        self._store = stream.store
        self._next = max(1, state.first_seq)
        self._last = state.last_seq
        self._raw = bytearray(archive.MAGIC)
        self._ready = bytearray(s2_stream.HEAD)
        self._ended = False
        self._done: Any = None
        self._size = 0
        self._begin(state, stream.consumers.values() if with_consumers else ())

    def read(self, size, done):
        """Call ``done(data, error)`` with ``size`` bytes, with fewer at the end of the snapshot."""
        self._size = size
        self._done = done
        self._go()

    def _begin(self, state, consumers):
        kept = [consumer for consumer in consumers if not consumer.config.direct]
        now_ns = self._stream.clock.now()
        told = gojson.encode(replace(state, consumer_count=len(kept)))
        archive.put_entry(self._raw, archive.STATE_NAME.encode(), now_ns, 0, b"", told)
        for consumer in kept:
            name = f"{archive.CONSUMER_PREFIX}{consumer.name}".encode()
            reached = consumer_state.to_json(state_of(consumer, self._last))
            text = b'{"config":%b,"state":%b}' % (
                gojson.encode(consumer.config),
                gojson.encode(reached),
            )
            archive.put_entry(self._raw, name, now_ns, 0, b"", text)

    def _go(self, error=None):
        """Gather more, until what was asked for is there."""
        if error is None and not self._ended:
            error = self._gather()
            if error is _LOADING:
                return
        if error is not None:
            self._done(b"", error)
            return
        if self._raw and (self._ended or len(self._raw) >= _PIECE_BYTES):
            self._ready += s2_stream.chunks(self._raw)
            self._raw.clear()
        if len(self._ready) < self._size and not self._ended:
            self._stream.timers.after(0, self._go)
            return
        data = bytes(self._ready[: self._size])
        del self._ready[: self._size]
        self._done(data, None)

    def _gather(self):
        """Add messages; return what keeps from that, if anything does."""
        store = self._store
        for _ in range(_PIECE_MESSAGES):
            if store.closed:
                return StoreError("stream closed")
            sequence = store.index.next_from(self._next)
            if not sequence or sequence > self._last:
                archive.put_end(self._raw)
                self._ended = True
                return None
            self._next = sequence
            block = store.missing(sequence)
            if block is not None:
                store.load(block, self._go)
                return _LOADING
            cached = store.find(sequence)
            if cached is None:
                return StoreError(f"couldn't load next message after seq {sequence}")
            self._put(cached)
            self._next = sequence + 1
            if len(self._raw) >= _PIECE_BYTES:
                return None
        return None

    def _put(self, cached):
        record = cached.record
        archive.put_entry(
            self._raw,
            cached.subject(),
            record.time_ns,
            record.sequence,
            cached.headers(),
            cached.payload(),
        )


_LOADING = StoreError("a block is being fetched")


def state_of(consumer, last):
    """Return how far a consumer is, as a natsstore ConsumerState; nothing is behind ``last``."""
    state = consumer.delivery.state
    state.settle()
    found = ConsumerState(
        SequencePair(state.delivered_consumer, min(state.delivered_stream, last)),
        SequencePair(state.consumer_floor, min(state.stream_floor, last)),
    )
    if consumer.config.ack_policy == AckPolicy.NONE:
        return found
    for sequence, entry in state.pending.items():
        if sequence <= last:
            found.pending[sequence] = Pending(entry.consumer_sequence, entry.sent_ns)
            if entry.count > 1:
                found.redelivered[sequence] = entry.count - 1
    return found

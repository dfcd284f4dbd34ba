"""How far a consumer is: what was delivered, what waits for its acknowledgement, the floors.

Pure bookkeeping: no clock, no messages.  Entries of ``pending`` are in the order of their first
delivery, which is the order of the stream.
"""

import msgspec

_CHANGES = b"C"
_WHOLE = b"W"


class Pending:
    """A message that was delivered and not acknowledged."""

    __slots__ = ("consumer_sequence", "count", "deadline_ns", "queued", "sent_ns")

    def __init__(self, consumer_sequence, count, sent_ns, deadline_ns):
        self.consumer_sequence = consumer_sequence  # of its first delivery
        self.count = count  # how often it was delivered
        self.sent_ns = sent_ns  # when it was last delivered, wall clock
        self.deadline_ns = deadline_ns  # when it is due again, monotonic
        self.queued = False  # whether it is to be delivered again as soon as possible


class AckState:
    """Positions of one consumer in its stream."""

    __slots__ = (
        "_whole_due",
        "abandoned",
        "changed",
        "consumer_floor",
        "delivered_consumer",
        "delivered_stream",
        "dirty",
        "last_ack_ns",
        "last_delivery_ns",
        "next_sequence",
        "noted",
        "pending",
        "revision",
        "stream_floor",
        "unsettled",
    )

    def __init__(self, next_sequence):
        self.next_sequence = next_sequence  # of the stream: what is delivered next
        self.delivered_consumer = 0  # deliveries so far
        self.delivered_stream = next_sequence - 1
        self.consumer_floor = 0  # everything up to here is acknowledged
        self.stream_floor = next_sequence - 1
        self.last_delivery_ns = 0
        self.last_ack_ns = 0
        self.unsettled = False  # whether the floors may be higher
        self.pending = {}  # sequence of the stream -> Pending
        self.abandoned = set()  # sequences that were delivered as often as they may be
        self.changed = set()  # sequences whose entry differs from what was last recorded
        self.dirty = False
        self.noted = False  # whether it is known that there is something to record
        self.revision = 0  # of the record or snapshot made last
        self._whole_due = False

    def delivered(self, sequence, now_ns, deadline_ns, keep):
        """Note a delivery; return how often ``sequence`` has been delivered by now.

        ``keep`` tells whether it has to be acknowledged.
        """
        if self.unsettled:
            self.settle()
        self.delivered_consumer += 1
        self.last_delivery_ns = now_ns
        self.dirty = True
        count = 1
        entry = self.pending.get(sequence)
        if sequence > self.delivered_stream:
            self.delivered_stream = sequence
        if not keep:
            self.consumer_floor = self.delivered_consumer
            self.stream_floor = self.delivered_stream
            return count
        if entry is None:
            entry = Pending(self.delivered_consumer, 1, now_ns, deadline_ns)
            self.pending[sequence] = entry
        else:
            entry.count += 1
            entry.sent_ns = now_ns
            entry.deadline_ns = deadline_ns
            count = entry.count
        self.changed.add(sequence)
        return count

    def undelivered(self, sequence, first, delivered_stream):
        """Take a delivery back that reached nobody; ``first`` if it was the first one.

        ``delivered_stream`` is what that had been before.
        """
        self.settle()
        self.delivered_consumer -= 1
        self.delivered_stream = delivered_stream
        self.consumer_floor = min(self.consumer_floor, self.delivered_consumer)
        self.stream_floor = min(self.stream_floor, delivered_stream)
        entry = self.pending.get(sequence)
        if entry is not None:
            if first:
                del self.pending[sequence]
            else:
                entry.count -= 1
            self.changed.add(sequence)

    def acknowledge(self, sequence, now_ns):
        """Note the acknowledgement of one message; return whether it was waited for."""
        entry = self.pending.pop(sequence, None)
        self.last_ack_ns = now_ns
        if entry is None:
            self.abandoned.discard(sequence)
            return False
        self.changed.add(sequence)
        self.dirty = True
        self.unsettled = True
        return True

    def acknowledge_all(self, sequence, consumer_sequence, now_ns):
        """Note that everything up to ``sequence`` is acknowledged; return what was waited for.

        ``consumer_sequence`` is that of the delivery which was acknowledged.
        """
        covered = []
        for pending in self.pending:
            if pending > sequence:
                break
            covered.append(pending)
        for pending in covered:
            del self.pending[pending]
        if covered:
            self.settle()
            self.stream_floor = max(self.stream_floor, sequence)
            self.consumer_floor = max(
                self.consumer_floor, min(consumer_sequence, self.delivered_consumer)
            )
            self.changed.update(covered)
            self.last_ack_ns = now_ns
            self.dirty = True
        return covered

    def forget(self, sequence, now_ns):
        """A message is gone: it does not have to be acknowledged any more."""
        self.abandoned.discard(sequence)
        if self.pending.pop(sequence, None) is not None:
            self.last_ack_ns = now_ns
            self.changed.add(sequence)
            self.dirty = True
            self.unsettled = True

    def abandon(self, sequence):
        """A message was tried often enough; the floors pass it with the next acknowledgement."""
        self.settle()
        entry = self.pending.pop(sequence, None)
        if entry is not None:
            if entry.count > 1:
                self.abandoned.add(sequence)
            self.changed.add(sequence)
            self.dirty = True

    def skip_to(self, first):
        """Everything before ``first`` was taken away at once; none of it will be delivered."""
        self.settle()
        if first > self.delivered_stream + 1:
            self.delivered_stream = first - 1
        if first > self.stream_floor + 1:
            self.stream_floor = first - 1
        self.dirty = True

    def reset(self, floor):
        """Begin anew behind ``floor``: nothing was delivered, nothing is waited for."""
        self.next_sequence = floor + 1
        self.delivered_consumer = self.consumer_floor = 0
        self.delivered_stream = self.stream_floor = floor
        self.last_delivery_ns = self.last_ack_ns = 0
        self.pending = {}
        self.abandoned = set()
        self.unsettled = False
        self.dirty = True
        self.record_whole()

    def settle(self):
        """Move the floors up to what is still waited for, if that has changed.

        The first entry is a walk over all that were taken out before it: so this waits until the
        floors are looked at, or something is delivered, which they must not move over.
        """
        if not self.unsettled:
            return
        self.unsettled = False
        for sequence, entry in self.pending.items():
            if entry.consumer_sequence > self.consumer_floor + 1:
                self.stream_floor = max(self.stream_floor, sequence - 1)
                self.consumer_floor = entry.consumer_sequence - 1
            return
        self.stream_floor = self.delivered_stream
        self.consumer_floor = self.delivered_consumer

    def redelivered_count(self):
        """Return how many messages were delivered more than once and are not acknowledged."""
        return len(self.abandoned) + sum(entry.count > 1 for entry in self.pending.values())

    def record(self):
        """Return what has changed since the last record, as bytes."""
        self.noted = False
        if self._whole_due:
            self._whole_due = False
            self.changed.clear()
            self.dirty = False
            return self.snapshot()
        entries: list[tuple[int, ...]] = []
        for sequence in sorted(self.changed):
            entry = self.pending.get(sequence)
            if entry is None:
                entries.append((sequence,))
            else:
                entries.append((sequence, entry.consumer_sequence, entry.count, entry.sent_ns))
        self.changed.clear()
        self.dirty = False
        self.revision += 1
        return _CHANGES + _encoder.encode((*self._positions(), entries))

    def record_whole(self):
        """Let the next record hold everything: the one before has not reached the disk."""
        self._whole_due = True

    def snapshot(self):
        """Return all of it, as bytes; ``apply`` takes it like a record."""
        self.revision += 1
        entries = [
            (sequence, entry.consumer_sequence, entry.count, entry.sent_ns)
            for sequence, entry in self.pending.items()
        ]
        return _WHOLE + _encoder.encode((*self._positions(), entries))

    def apply(self, data):
        """Take a record, or a snapshot, into an older state.

        Raises:
            msgspec.MsgspecError: the bytes are none.
        """
        *positions, revision, entries = _decoder.decode(data[1:])
        if revision < self.revision:
            return  # recorded before the checkpoint that this state comes from was taken
        self.revision = revision
        if data[:1] == _WHOLE:
            self.pending = {}
        (
            self.next_sequence,
            self.delivered_consumer,
            self.delivered_stream,
            self.consumer_floor,
            self.stream_floor,
            self.last_delivery_ns,
            self.last_ack_ns,
        ) = positions
        for entry in entries:
            if len(entry) == 1:
                self.pending.pop(entry[0], None)
            else:
                sequence, consumer_sequence, count, sent_ns = entry
                self.pending[sequence] = Pending(consumer_sequence, count, sent_ns, 0)
        self.pending = dict(sorted(self.pending.items()))

    def _positions(self):
        self.settle()
        return (
            self.next_sequence,
            self.delivered_consumer,
            self.delivered_stream,
            self.consumer_floor,
            self.stream_floor,
            self.last_delivery_ns,
            self.last_ack_ns,
            self.revision,
        )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(
    tuple[int, int, int, int, int, int, int, int, list[tuple[int, ...]]]
)

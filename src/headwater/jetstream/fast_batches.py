"""Fast batches (ADR-50): many messages one after the other, of which only some are acknowledged.

What a message is to its batch stands in its reply subject,
``PREFIX.ID.FLOW.ok|fail.SEQUENCE.OPERATION.$FI``, and whatever there is to say goes to the reply
subject of the message in hand.  The messages are stored like any others, as they come.
"""

from headwater.base import gojson
from headwater.base.quoting import quoted
from headwater.jetstream import api_errors
from headwater.jetstream.batch_limits import BATCH_ID_BYTES_MAX
from headwater.jetstream.pending_batches import PendingBatches
from headwater.jetstream.requests import required_level
from headwater.jetstream.stream_config import API_LEVEL

_START = 0
_APPEND = 1
_COMMIT = 2
_END = 3  # a commit whose message is not stored
_PING = 4
_TOKENS_MIN = 7
_FLOW = 10
_FLOW_MAX = 500
_DIGITS_MAX = 18


class _Place:
    """What the reply subject of a message says."""

    def __init__(self, tokens):
        self.id, flow, gap, sequence, operation = tokens
        self.flow = max(_number(flow), 0) or _FLOW
        self.fails = gap == b"fail"
        self.sequence = _number(sequence)
        self.operation = _number(operation)
        first = self.sequence == 1
        self.is_valid = (
            gap in (b"ok", b"fail")
            and self.sequence > 0
            and _START <= self.operation <= _PING
            and (first or self.operation != _START)
            and not (first and self.operation in (_APPEND, _END))
        )


class _Batch:
    def __init__(self, place, flow):
        self.id = place.id
        self.fails = place.fails  # whether a gap or an error ends it
        self.flow_max = min(place.flow, _FLOW_MAX)
        self.flow = min(flow, self.flow_max)  # messages from one acknowledgement to the next
        self.last = 0  # sequence in the batch of its last message
        self.acknowledged = 0  # of the one acknowledged last
        self.stored = 0  # sequence in the stream of the one stored last
        self.touched_ns = 0


class FastBatches:
    """The fast batches of one stream that are under way."""

    def __init__(self, stream, limits):
        self._ingest = stream.ingest
        self._pending = PendingBatches(limits, stream.clock, stream.timers, _forget)

    def stop(self):
        """Forget all of them."""
        self._pending.stop()

    def accept(self, message):
        """Take a message that belongs to a batch."""
        ingest = self._ingest
        place = _place_of(message)
        if place is None or not place.is_valid:
            ingest.refuse(message, api_errors.BATCH_PUBLISH_INVALID_PATTERN)
        elif len(place.id) > BATCH_ID_BYTES_MAX:
            ingest.refuse(message, api_errors.BATCH_PUBLISH_INVALID_BATCH_ID)
        elif required_level(message) > API_LEVEL:
            self._pending.end(place.id)
            ingest.refuse(message, api_errors.REQUIRED_API_LEVEL)
        elif place.id in self._pending:
            self._go_on(self._pending[place.id], place, message)
        elif place.operation not in (_START, _COMMIT) or place.sequence != 1:
            ingest.refuse(message, api_errors.BATCH_PUBLISH_UNKNOWN_BATCH_ID)
        elif self._pending.is_full():
            ingest.refuse(message, api_errors.BATCH_PUBLISH_TOO_MANY_INFLIGHT)
        else:
            self._begin(place, message)

    def _begin(self, place, message):
        # Whoever comes second begins slowly, and is let go faster with each acknowledgement.
        batch = _Batch(place, 1 if self._pending else place.flow)
        self._pending.begin(place.id, batch)
        if place.operation == _START:
            self._ingest.answer_at_once(message, _flow_ack(batch))
        batch.last = 1
        self._store(batch, place, message)

    def _go_on(self, batch, place, message):
        self._pending.touch(batch)
        if place.operation == _PING:
            if place.sequence > batch.last:
                self._tell_gap(batch, place.sequence + 1, message)
                if batch.fails:
                    self._finish(batch, message)
                    return
                batch.last = place.sequence
            self._ingest.answer(message, _flow_ack(batch))
            return
        if place.sequence != batch.last + 1:
            self._tell_gap(batch, place.sequence, message)
            if batch.fails or place.sequence <= batch.last:
                self._finish(batch, message)
                return
        if place.operation == _END:
            batch.last = place.sequence - 1
            self._finish(batch, message)
            return
        batch.last = place.sequence
        self._store(batch, place, message)

    def _store(self, batch, place, message):
        """Propose a message, and say what has to be said of it."""
        ingest = self._ingest
        error = ingest.offer(message)
        if error is not None:
            self._fail(batch, place, message, error)
            return
        batch.stored = ingest.stored or batch.stored
        if place.operation != _COMMIT or ingest.twin:
            self._acknowledge(batch, message)
        if place.operation == _COMMIT:
            self._finish(batch, message)

    def _fail(self, batch, place, message, error):
        commits = place.operation == _COMMIT
        if batch.last == 1 and (commits or batch.fails):
            self._pending.end(batch.id)
            self._ingest.refuse(message, error)
            return
        self._ingest.answer_at_once(
            message, gojson.encode({"type": "err", "seq": batch.last, "error": error})
        )
        if commits or batch.fails:
            batch.last -= 1
            self._finish(batch, message)

    def _acknowledge(self, batch, message):
        if batch.last >= batch.acknowledged + batch.flow:
            batch.acknowledged = batch.last
            batch.flow = min(batch.flow * 2, batch.flow_max)
            self._ingest.answer(message, _flow_ack(batch))

    def _tell_gap(self, batch, sequence, message):
        told = {"type": "gap", "last_seq": batch.last + 1, "seq": sequence}
        self._ingest.answer_at_once(message, gojson.encode(told))

    def _finish(self, batch, message):
        """End a batch, and acknowledge what of it was stored."""
        self._pending.end(batch.id)
        if message.reply_end > message.reply_start and not self._ingest.no_ack:
            batch_id = quoted(batch.id).encode()
            fields = b',"batch":%b,"count":%d' % (batch_id, batch.last)
            self._ingest.acks.add_extended(message, batch.stored, fields)
            self._ingest.due()


def _place_of(message):
    tokens = message.reply().split(b".")
    return None if len(tokens) < _TOKENS_MIN else _Place(tokens[-6:-1])


def _flow_ack(batch):
    return b'{"type":"ack","seq":%d,"msgs":%d}' % (batch.acknowledged, batch.flow)


def _forget(_batch):
    """A batch without messages just ends: what it has stored stays."""


def _number(text):
    return int(text) if text.isdigit() and len(text) <= _DIGITS_MAX else -1

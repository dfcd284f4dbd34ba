"""Atomic batches (ADR-50): messages that are stored together or not at all.

Until a batch is committed its messages wait here, and nobody sees them.  The commit proposes them
one by one, each judged as if those before it were stored; if one of them may not be stored, what
was proposed is withdrawn.  Their records are bound together, so that a crash leaves all or none.
"""

from headwater.base.quoting import quoted
from headwater.jetstream import api_errors
from headwater.jetstream.batch_limits import BATCH_ID_BYTES_MAX
from headwater.jetstream.pending_batches import PendingBatches
from headwater.jetstream.requests import required_level
from headwater.jetstream.stream_config import API_LEVEL
from headwater.wire import headers

_SEQUENCE = b"Nats-Batch-Sequence"
_COMMIT = b"Nats-Batch-Commit"
_STORED = b"1"  # a commit whose message belongs to the batch
_NOT_STORED = b"eob"  # one whose message does not
_LAST_ID = b"Nats-Expected-Last-Msg-Id"
_LAST = b"Nats-Expected-Last-Sequence"
_LAST_OF_SUBJECT = b"Nats-Expected-Last-Subject-Sequence"
_SUBJECT = b"Nats-Expected-Last-Subject-Sequence-Subject"
_DIGITS_MAX = 20


class _Batch:
    def __init__(self, batch_id):
        self.id = batch_id
        self.messages = []
        self.touched_ns = 0


class AtomicBatches:
    """The batches of one stream that are under way."""

    def __init__(self, stream, limits):
        self._stream = stream
        self._ingest = stream.ingest
        self._pending = PendingBatches(limits, stream.clock, stream.timers, self._expired)

    def stop(self):
        """Forget all that waits."""
        self._pending.stop()

    def accept(self, message, batch_id):
        """Take a message that belongs to a batch."""
        block = message.headers()
        commit = headers.value_of(block, _COMMIT)
        error = self._error(message, batch_id, block, commit)
        if error is not None:
            self._ingest.refuse(message, error)
            return
        batch = self._pending.get(batch_id)
        if batch is None:
            batch = _Batch(batch_id)
            self._pending.begin(batch_id, batch)
        self._pending.touch(batch)
        if commit is None:
            batch.messages.append(message.copy())
            self._ingest.answer_at_once(message, b"")
        else:
            self._commit(batch, message, block, commit)

    def _error(self, message, batch_id, block, commit):
        """Return why a message is not taken, which may end its batch."""
        sequence = _number(headers.value_of(block, _SEQUENCE) or b"")
        if len(batch_id) > BATCH_ID_BYTES_MAX:
            return api_errors.ATOMIC_PUBLISH_INVALID_BATCH_ID
        if sequence is None:
            return api_errors.ATOMIC_PUBLISH_MISSING_SEQ
        size_max = self._pending.limits.messages_max
        if sequence - (commit == _NOT_STORED) > size_max:
            if batch_id in self._pending:
                self._abandon(batch_id, "large")
            return api_errors.ATOMIC_PUBLISH_TOO_LARGE_BATCH.filled(size=size_max)
        if required_level(message) > API_LEVEL:
            self._abandon(batch_id, "unsupported")
            return api_errors.REQUIRED_API_LEVEL
        return self._order_error(batch_id, sequence, commit)

    def _order_error(self, batch_id, sequence, commit):
        batch = self._pending.get(batch_id)
        if batch is None:
            if sequence != 1:
                return api_errors.ATOMIC_PUBLISH_INCOMPLETE_BATCH
            if self._pending.is_full():
                return api_errors.ATOMIC_PUBLISH_TOO_MANY_INFLIGHT
        if commit not in (None, _STORED, _NOT_STORED):
            self._pending.end(batch_id)
            return api_errors.ATOMIC_PUBLISH_INVALID_BATCH_COMMIT
        staged = 0 if batch is None else len(batch.messages)
        if sequence == staged + 1 and (staged or commit != _NOT_STORED):
            return None
        self._abandon(batch_id, "incomplete")
        return api_errors.ATOMIC_PUBLISH_INCOMPLETE_BATCH

    def _commit(self, batch, message, block, commit):
        messages = list(batch.messages)
        if commit == _STORED:
            messages.append(message.copy())
        else:
            last = messages[-1]
            committed = headers.extended(last.headers(), [(_COMMIT, _STORED)])
            last.replace_headers(committed)
        if self._waits(message, messages):
            return
        self._pending.end(batch.id)
        trace, self._ingest.trace = self._ingest.trace, None
        try:
            error = self._propose(messages)
        finally:
            self._ingest.trace = trace
        if error is not None:
            self._ingest.refuse(message, error)
        elif message.reply_end > message.reply_start and not self._ingest.no_ack:
            fields = b',"batch":%b,"count":%d' % (quoted(batch.id).encode(), len(messages))
            self._ingest.acks.add_extended(message, self._ingest.stored, fields)

    def _waits(self, message, messages):
        """Let the commit wait if a block is needed to tell what a counter stands at."""
        counters = self._ingest.counters
        if counters is not None:
            for other in messages:
                block = counters.missing(other.subject)
                if block is not None:
                    self._ingest.park(message, block)
                    return True
        return False

    def _propose(self, messages):
        """Propose the messages of a batch, all or none; return why not."""
        ingest = self._ingest
        log = ingest.store.log
        mark = ingest.mark()
        start = log.staged.size
        written = []  # subjects
        ingest.expect_as_it_was()
        try:
            for message in messages:
                error = self._offer(message, written)
                if error is not None:
                    ingest.rewind(mark)
                    return error
                written.append(message.subject)
        finally:
            ingest.expect_as_it_is()
        log.bind(start)
        return None

    def _offer(self, message, written):
        """Propose a message behind others of its batch, whose subjects are given."""
        ingest = self._ingest
        block = message.headers()
        if headers.value_of(block, _LAST_ID):
            name = _text(_LAST_ID)
            return api_errors.ATOMIC_PUBLISH_UNSUPPORTED_HEADER_BATCH.filled(header=name)
        error = _expectation_error(ingest, message, block, written)
        if error is None:
            error = _rollup_error(ingest, message, block, written)
        if error is None:
            error = ingest.offer(message)
        if error is None and ingest.twin:
            error = api_errors.ATOMIC_PUBLISH_CONTAINS_DUPLICATE_MESSAGE
        return error

    def _expired(self, batch):
        self._advise(batch.id, "timeout")

    def _abandon(self, batch_id, reason):
        self._pending.end(batch_id)
        self._advise(batch_id, reason)

    def _advise(self, batch_id, reason):
        stream = self._stream
        stream.host.advise(
            f"STREAM.BATCH_ABANDONED.{stream.name}",
            "stream_batch_abandoned",
            {"stream": stream.name, "batch": _text(batch_id), "reason": reason},
        )


def _expectation_error(ingest, message, block, written):
    """Return why what a message expects cannot be told within its batch."""
    last = headers.value_of(block, _LAST)
    if last and written and _number(last) == ingest.store.last_sequence():
        return api_errors.STREAM_WRONG_LAST_SEQUENCE_CONSTANT
    if headers.value_of(block, _LAST_OF_SUBJECT):
        pattern = headers.value_of(block, _SUBJECT) or message.subject
        if pattern in written:
            return api_errors.STREAM_WRONG_LAST_SEQUENCE_CONSTANT
    return None


def _rollup_error(ingest, message, block, written):
    """Return why a message may not replace what others of its batch have written."""
    rollup = (headers.value_of(block, b"Nats-Rollup") or b"").lower()
    if ingest.allows_rollup and (
        (rollup == b"sub" and message.subject in written) or (rollup == b"all" and written)
    ):
        return api_errors.STREAM_ROLLUP_FAILED.filled(err=f"batch rollup {_text(rollup)} invalid")
    return None


def _number(text):
    """Return the number that a header's value is, None when it is none."""
    return int(text) if text.isdigit() and len(text) <= _DIGITS_MAX else None


def _text(data):
    return data.decode("utf-8", "replace")

"""Delivery from a stream to one consumer: what is next, to whom it goes, what comes back.

A consumer never waits: it delivers while there is a message in memory and a target that takes it,
and goes on when a block was fetched, a message stored, a target came or a timer fired.
"""

from collections import deque
from functools import partial

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.jetstream.ack_state import AckState
from headwater.jetstream.backlog import Backlog
from headwater.subjects.validate import matches_any
from headwater.wire import headers
from headwater.wire.message import Message

_SLICE_BYTES_MAX = 512 * 1024  # delivered at a stretch, then others have their turn
_SLICE_LOOKS_MAX = 2000  # messages looked at for a filter at a stretch
_CONGESTED_NS = 5_000_000
_WANTED_MAX = 4096
_AHEAD_MAX = 128
_NOTHING = 0
_WAIT = -1
# Where a sequence to deliver comes from.
_STREAM = 0
_REDELIVER = 1
_BACKLOG = 2
_REPLY_BYTES_MAX = 128  # of an ack subject, names left out

_nothing = _NOTHING
_wait = _WAIT
_slice_bytes_max = _SLICE_BYTES_MAX
_slice_looks_max = _SLICE_LOOKS_MAX
_reply_bytes_max = _REPLY_BYTES_MAX
_ahead_max = _AHEAD_MAX


class Target:
    """Where a consumer delivers to: pull requests, or a deliver subject."""

    __slots__ = ()

    def subject(self, size):
        """Return where a message of ``size`` bytes goes now, None when nobody takes it."""
        raise NotImplementedError

    def took(self, size):
        """The message was delivered there."""
        raise NotImplementedError

    def gone(self):
        """Nobody listens at the subject that was returned last."""
        raise NotImplementedError

    def exhausted(self):
        """There is nothing to deliver right now."""
        raise NotImplementedError


class Delivery:
    """The moving part of a consumer; ``Consumer`` in ``consumers`` is the rest of it."""

    __slots__ = (
        "_ahead",
        "_ahead_to",
        "_first_deadline_ns",
        "_found",
        "_looks",
        "_pending_turn",
        "_source",
        "_timer",
        "_tracking",
        "_turn_ns",
        "_wanted",
        "account",
        "ack_prefix",
        "ack_wait_ns",
        "acks_explicitly",
        "added_field",
        "backlog",
        "backoff_ns",
        "clock",
        "counting",
        "filters",
        "headers_only",
        "host",
        "loading",
        "max_ack_pending",
        "max_deliver",
        "message",
        "num_pending",
        "observed",
        "paced",
        "paused",
        "redeliver",
        "reply",
        "router",
        "state",
        "stopped",
        "store",
        "target",
        "timers",
    )

    def __init__(self, host, store, router, account, clock, timers, next_sequence):
        self.host = host  # hears of what only matters to the rest of the consumer
        self.store = store
        self.router = router
        self.account = account
        self.clock = clock
        self.timers = timers
        self.state = AckState(next_sequence)
        self.target = None
        self.filters = []  # patterns; none for every subject
        self.ack_prefix = b""
        self.acks_explicitly = False  # whether deliveries have to be acknowledged at all
        self.ack_wait_ns = 0
        self.backoff_ns = []
        self.max_deliver = -1
        self.max_ack_pending = -1
        self.headers_only = False
        self.added_field = b""  # a header line that every message gets, with its end
        self.observed = False  # whether the host wants to hear of each delivery
        self.paced = False  # whether the host says when the next message may leave
        self.paused = False
        self.stopped = False
        self.num_pending = 0  # messages of the stream that are still to be delivered
        self.backlog = Backlog([])
        self.redeliver = deque()  # sequences whose time has come again
        self.counting = None  # the ConsumerStart that counts what is left, and is waited for
        self.loading = False  # whether a block is on its way
        self.message = Message()
        self.reply = Buffer()
        self._pending_turn = False
        self._timer = None
        self._wanted = {}  # subject -> whether a filter fits, bounded
        # What comes next of those that the filters let through: all of them up to a sequence.
        self._ahead = deque()
        self._ahead_to = 0
        self._tracking = False  # whether what is stored next belongs there
        self._looks = 0
        self._found = None  # what points at the message that was found last
        self._source = _STREAM  # where the sequence that is being delivered was taken from
        self._turn_ns = 0  # when the turn began, monotonic
        self._first_deadline_ns = 0  # of the deliveries of this turn

    def begin(self, floor, backlog):
        """Say that everything up to ``floor`` is delivered, and that ``backlog`` comes first."""
        self.state.delivered_stream = self.state.stream_floor = floor
        self.backlog = Backlog(backlog)

    def reset(self, floor):
        """Deliver everything behind ``floor`` as if for the first time."""
        self._forget_ahead()
        self.state.reset(floor)
        self.redeliver.clear()

    def reset_backlog(self):
        """Deliver as if for the first time what was not acknowledged, and what is left."""
        state = self.state
        state.settle()
        next_sequence = state.next_sequence
        self.backlog = Backlog({*self.backlog.sequences(), *state.pending})
        self.reset(state.stream_floor)
        state.next_sequence = next_sequence

    # What happens in the stream

    def wants(self, subject):
        """Tell whether the consumer's filters let ``subject`` through."""
        if not self.filters:
            return True
        wanted = self._wanted.get(subject)
        if wanted is None:
            wanted = self.fits(subject)
            if len(self._wanted) >= _WANTED_MAX:
                self._wanted.clear()
            self._wanted[subject] = wanted
        return wanted

    def fits(self, subject):
        """Tell so without remembering the answer."""
        return not self.filters or matches_any(self.filters, subject)

    def forget_wanted(self):
        """The filters have changed."""
        self._wanted = {}
        self._forget_ahead()

    def counted(self, num_pending, first):
        """Deliver again, now that it is known how much is left, none of it before ``first``."""
        self.counting = None
        self.num_pending = num_pending
        self._forget_ahead()
        if first > 0:
            self._ahead_to = first - 1

    def stored(self, sequence):
        """A message that the filters let through was added to the stream."""
        if sequence >= self.state.next_sequence:
            if self.filters:
                self._note_ahead(sequence)
            self.num_pending += 1

    def _note_ahead(self, sequence):
        """Remember where a message is, so that nobody has to look for it among the others."""
        if self.num_pending == 0:
            self._forget_ahead()
            self._tracking = self.counting is None
        if self._tracking:
            self._ahead.append(sequence)
            self._ahead_to = sequence
            self._tracking = len(self._ahead) < _ahead_max

    def _forget_ahead(self):
        self._ahead.clear()
        self._ahead_to = 0
        self._tracking = False

    def _skip_others(self, sequence):
        """Return from where on, not before ``sequence``, a message may be let through."""
        if sequence > self._ahead_to:
            return sequence
        while self._ahead:
            first = self._ahead[0]
            if first >= sequence:
                return first
            self._ahead.popleft()
        return self._ahead_to + 1

    def removed(self, sequence, subject):
        """A message was removed from the stream; return whether it was waited for."""
        state = self.state
        if self.counting is not None:
            self.counting.removed(sequence, wanted=self.wants(subject))
        entry = state.pending.get(sequence)
        if entry is not None:
            state.forget(sequence, self.router.now_ns)
            self.host.message_gone(sequence, entry)
            return True
        if sequence < state.next_sequence:
            if self.backlog.remove(sequence):
                self.num_pending -= 1
        elif self.num_pending > 0 and self.wants(subject):
            self.num_pending -= 1
        return False

    def awaits(self, sequence, subject):
        """Tell whether the consumer still has to deliver a message, or waits for its ack."""
        return self.wants(subject) and (
            sequence >= self.state.next_sequence
            or sequence in self.state.pending
            or sequence in self.backlog
        )

    def cleared(self):
        """All messages were removed from the stream."""
        self.num_pending = 0
        self.redeliver = deque()
        self.backlog = Backlog([])
        for sequence in list(self.state.pending):
            self.state.forget(sequence, self.router.now_ns)

    def wake(self):
        """Deliver at the end of this batch, if there is anything."""
        if not self._pending_turn and not self.stopped:
            self._pending_turn = True
            self.router.ending.append(self)

    def wake_if_asked(self):
        """Do so if anybody takes it."""
        if self.target is not None and self.target.subject(0) is not None:
            self.wake()

    def end_of_batch(self):
        self._pending_turn = False
        self.deliver()

    # Delivery

    def deliver(self):
        """Deliver as much as there is, as is taken, and as fits a turn."""
        if self.stopped or self.loading or self.target is None:
            return
        if self.paused:
            self.target.exhausted()
            return
        if self.counting is not None:
            return
        self._turn_ns = self.clock.monotonic()
        self._first_deadline_ns = 0
        delivered = self.state.delivered_consumer
        self._deliver_turn()
        if self.state.delivered_consumer != delivered:
            self.host.has_delivered(self._first_deadline_ns)

    def _deliver_turn(self):
        left = _slice_bytes_max
        self._looks = _slice_looks_max
        while left > 0:
            if self.target.subject(0) is None:
                return
            sequence = self._next()
            if sequence == _nothing:
                self.target.exhausted()
                return
            if sequence == _wait:
                return
            if self.paced and not self.host.may_leave(sequence):
                return
            size = self._deliver_one(sequence)
            if size < 0:
                # For those who wait there is nothing.
                self.target.exhausted()
                return
            left -= size
        self._later(_CONGESTED_NS if self.router.behind else 0)

    def _later(self, delay_ns):
        """Go on after others had their turn."""
        if self._timer is None or not self._timer.active:
            self._timer = self.timers.after(delay_ns, self.deliver)

    def _next(self):
        """Return the sequence to deliver next; _NOTHING, or _WAIT until a block is there."""
        while self.redeliver:
            sequence = self.redeliver[0]
            self._source = _REDELIVER
            if sequence not in self.state.pending:
                self._drop_again()
                continue
            found = self._look_for(sequence)
            if found != _nothing:
                return found
            self._drop_again()
            self.state.forget(sequence, self.router.now_ns)
        if self.is_full():
            # There is something, which an acknowledgement makes free: nobody is told otherwise.
            return _wait
        sequence = self.backlog.first()
        while sequence:
            self._source = _BACKLOG
            found = self._look_for(sequence)
            if found != _nothing:
                return found
            self.backlog.drop_first()
            sequence = self.backlog.first()
        return self._next_in_stream()

    def _look_for(self, sequence):
        """Return the sequence if its message is at hand, _WAIT until it is read, or _NOTHING."""
        self._found = self.store.find(sequence)
        if self._found is not None:
            return sequence
        block = self.store.missing(sequence)
        if block is None:
            return _nothing
        self._fetch(block)
        return _wait

    def is_worked_on(self):
        """Tell whether somebody has messages whose time to be acknowledged is not over."""
        return any(not entry.queued for entry in self.state.pending.values())

    def is_full(self):
        """Tell whether so much is not acknowledged that nothing else is delivered."""
        return 0 < self.max_ack_pending <= len(self.state.pending) and self.acks_explicitly

    def _next_in_stream(self):
        state = self.state
        index = self.store.index
        self._source = _STREAM
        if self.filters and self.num_pending == 0:
            state.next_sequence = max(state.next_sequence, index.last_sequence + 1)
            return _nothing
        sequence = state.next_sequence
        while True:
            if self._ahead_to > 0:
                sequence = self._skip_others(sequence)
            sequence = index.next_from(sequence)
            if sequence == 0:
                state.next_sequence = max(state.next_sequence, index.last_sequence + 1)
                return _nothing
            state.next_sequence = sequence
            found = self._look_for(sequence)
            if found == _wait:
                return _wait
            if found and (not self.filters or self.wants(self._found.subject())):
                return sequence
            sequence += 1
            self._looks -= 1
            if self._looks <= 0:
                state.next_sequence = sequence
                self._later(0)
                return _wait

    def _fetch(self, block):
        self.loading = True
        self.store.load(block, partial(self._fetched, block))

    def _fetched(self, block, error):
        self.loading = False
        if self.stopped:
            return
        if error is not None:
            self.host.unreadable(error)
            self._pass_by(block)
        self.wake()

    def _pass_by(self, block):
        """Leave out what lies in a block that cannot be read."""
        if self._source == _REDELIVER:
            self._drop_again()
        elif self._source == _BACKLOG:
            self.backlog.drop_first()
        else:
            state = self.state
            state.next_sequence = max(state.next_sequence, block.last_sequence + 1)

    def _deliver_one(self, sequence):
        """Deliver one message; return its bytes, or -1 when the target did not take it."""
        state = self.state
        cached = self._take_found(sequence)
        record = cached.record
        entry = state.pending.get(sequence)
        again = self._source == _REDELIVER
        first = entry is None
        count = 1
        if not first:
            count = entry.count + 1
            if again and 0 < self.max_deliver < count:
                self._drop_again()
                self.host.tried_enough(sequence, entry.count)
                state.abandon(sequence)
                return 0
        pending = self.num_pending
        if not again and pending > 0:
            pending -= 1
        time_ns = record.time_ns
        self._put_reply(sequence, count, time_ns, pending)
        size = self.reply.size + self._shown_bytes(record)
        subject = self.target.subject(size)
        if subject is None:
            return -1
        self.num_pending = pending
        delivered_stream = state.delivered_stream
        state.delivered(sequence, self.router.now_ns, 0, self.acks_explicitly)
        if self.acks_explicitly:
            entry = state.pending[sequence]
            entry.deadline_ns = self._turn_ns + self.wait_of(count)
            if entry.deadline_ns < self._first_deadline_ns or self._first_deadline_ns == 0:
                self._first_deadline_ns = entry.deadline_ns
        self._compose(subject, cached)
        taken = self.router.route(self.account, self.message, None)
        self.message.release()
        if taken == 0:
            state.undelivered(sequence, first, delivered_stream)
            if not again:
                self.num_pending += 1
            self.target.gone()
            return 0
        if again:
            self._drop_again()
        elif self._source == _BACKLOG:
            self.backlog.drop_first()
        else:
            state.next_sequence = sequence + 1
        self.target.took(size)
        if self.observed:
            self.host.delivered(sequence, time_ns, size)
        return size

    def _take_found(self, sequence):
        """Return what points at a message, without looking for it twice in a row."""
        cached = self._found
        self._found = None
        if cached is None or cached.record.sequence != sequence:
            cached = self.store.find(sequence)
        return cached

    def deliver_again(self, sequence):
        """Queue a pending message to be delivered once more."""
        entry = self.state.pending.get(sequence)
        if entry is not None and not entry.queued:
            entry.queued = True
            self.redeliver.append(sequence)

    def _drop_again(self):
        """Take the first message out of the queue of those to be delivered once more."""
        entry = self.state.pending.get(self.redeliver.popleft())
        if entry is not None:
            entry.queued = False

    def wait_of(self, count):
        """Return how long an acknowledgement of the ``count``-th delivery is waited for."""
        if self.backoff_ns:
            return self.backoff_ns[min(count, len(self.backoff_ns)) - 1]
        return self.ack_wait_ns

    def _compose(self, subject, cached):
        """Make ``message`` the delivery of the message that ``cached`` points at."""
        message = self.message
        record = cached.record
        view = cached.data.view
        message.set_view(view)
        message.reply_view = self.reply.view
        message.reply_start = 0
        message.reply_end = self.reply.size
        message.subject = subject
        message.subject_start = record.subject_start
        message.subject_end = record.subject_end
        message.rewritten = True
        message.queues = None
        message.header_size = record.header_size
        message.body_start = record.subject_end
        message.body_end = record.end
        if self.headers_only or self.added_field:
            self._compose_anew(cached)

    def _shown_bytes(self, record):
        """Return how long a message is as it is delivered, its acknowledgement's subject apart."""
        size = record.end - record.subject_start
        if self.headers_only:
            payload_bytes = record.end - record.payload_start
            size += len(b"Nats-Msg-Size: %d\r\n" % payload_bytes) - payload_bytes
            if not record.header_size:
                size += len(headers.LINE) + len(b"\r\n")
        return size

    def _compose_anew(self, cached):
        """Give the message other headers than it was stored with."""
        message = self.message
        record = cached.record
        block = headers.LINE
        if record.header_size:
            kept = cached.headers()
            # Only a status may stand on the first line, and this is none.
            block += kept[kept.index(b"\r\n") + 2 : len(kept) - 2]
        payload = b""
        if self.headers_only:
            block += b"Nats-Msg-Size: %d\r\n" % (record.end - record.payload_start)
        else:
            payload = cached.payload()
        block += self.added_field + b"\r\n"
        data = block + payload
        message.body_view = memoryview(data)
        message.header_size = len(block)
        message.body_start = 0
        message.body_end = len(data)

    def _put_reply(self, sequence, count, time_ns, pending):
        reply = self.reply
        reply.size = 0
        reply.reserve(len(self.ack_prefix) + _reply_bytes_max)
        view = reply.view
        at = octets.put_bytes(view, 0, self.ack_prefix)
        at = octets.put_byte(view, octets.put_decimal(view, at, count), 46)
        at = octets.put_byte(view, octets.put_decimal(view, at, sequence), 46)
        at = octets.put_decimal(view, at, self.state.delivered_consumer + 1)
        at = octets.put_byte(view, at, 46)
        at = octets.put_byte(view, octets.put_decimal(view, at, time_ns), 46)
        reply.size = octets.put_decimal(view, at, pending)

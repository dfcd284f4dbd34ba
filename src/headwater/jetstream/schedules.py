"""The schedules of one stream (ADR-51), and the copies that are sent when they are due.

What is due when follows from the records: a schedule's message says it, and each copy says when the
next one is due.  A start therefore knows which ones were missed; of those one copy is sent.  Copies
are sent by a stream that runs, and are proposed like any other message.
"""

import heapq

from headwater.base import gojson
from headwater.base.clock import MINUTE
from headwater.jetstream import schedule_rules as rules
from headwater.jetstream.schedule_times import read_schedule
from headwater.wire import headers
from headwater.wire.message import Message

_SWEEP_MIN = 1000
_IDLE_NS = MINUTE  # the longest wait: the clock may be set
# What a copy does not have of the message that it is one of.
_LEFT_OUT = (
    b"Nats-Schedule",
    b"Nats-Expected-",
    b"Nats-Msg-Id",
    b"Nats-TTL",
    b"Nats-Rollup",
)


class _Due:
    """A schedule: the sequence of its message, and when it is due next."""

    __slots__ = ("sequence", "time_ns")

    def __init__(self, sequence, time_ns):
        self.sequence = sequence
        self.time_ns = time_ns


class Schedules:
    """The schedules of a stream."""

    def __init__(self, stream):
        self._stream = stream
        self._store = stream.store
        self._known = {}  # subject -> _Due
        self._queue = []  # (time, subject, sequence), of which some may be out of date
        self._timer = None
        self._sweep_at = _SWEEP_MIN

    # What follows from the records

    def stored(self, subject, record, view):
        """A message was stored that has headers."""
        block = record.headers(view)
        text = headers.value_of(block, rules.SCHEDULE)
        if text:
            schedule = _schedule_of(block)
            if schedule is not None:
                self._note(subject, record.sequence, schedule.next_after(record.time_ns))
            return
        scheduler = headers.value_of(block, rules.SCHEDULER)
        following = headers.value_of(block, rules.NEXT)
        if scheduler in self._known and following and following != rules.PURGE:
            due_ns = gojson.parse_time(following.decode())
            self._note(scheduler, self._known[scheduler].sequence, due_ns)

    def snapshot(self):
        """Return what ``restore`` takes."""
        self._sweep()
        return [(subject, due.sequence, due.time_ns) for subject, due in self._known.items()]

    def restore(self, kept):
        """Take back what ``snapshot`` returned."""
        for subject, sequence, time_ns in kept:
            self._note(subject, sequence, time_ns)

    def _note(self, subject, sequence, time_ns):
        known = self._known.get(subject)
        if known is not None and (known.sequence, known.time_ns) == (sequence, time_ns):
            return  # in the queue there must be no second one
        if not time_ns:
            self._known.pop(subject, None)
            return
        if len(self._known) >= self._sweep_at:
            self._sweep()
        self._known[subject] = _Due(sequence, time_ns)
        heapq.heappush(self._queue, (time_ns, subject, sequence))
        if self._timer is not None and self._queue[0][1] == subject:
            self._rewind()

    def _sweep(self):
        """Forget schedules whose message is gone."""
        has = self._store.has
        self._known = {key: due for key, due in self._known.items() if has(due.sequence)}
        self._queue = [(due.time_ns, key, due.sequence) for key, due in self._known.items()]
        heapq.heapify(self._queue)
        self._sweep_at = max(_SWEEP_MIN, 2 * len(self._known))

    # What is done about them

    def start(self):
        """Send copies from now on."""
        self._rewind()

    def stop(self):
        """Send none any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rewind(self):
        """Set the timer to what is due first."""
        self.stop()
        now_ns = self._stream.clock.now()
        delay_ns = self._queue[0][0] - now_ns if self._queue else _IDLE_NS
        self._timer = self._stream.timers.after(min(max(delay_ns, 0), _IDLE_NS), self._wake)

    def _wake(self):
        now_ns = self._stream.clock.now()
        while self._queue and self._queue[0][0] <= now_ns:
            time_ns, subject, sequence = heapq.heappop(self._queue)
            due = self._known.get(subject)
            if due is None or (due.sequence, due.time_ns) != (sequence, time_ns):
                continue
            if self._store.has(sequence):
                self._fire(subject, sequence)
            else:
                del self._known[subject]
        self._rewind()

    def _fire(self, subject, sequence):
        """Send a copy of a schedule's message, or of the last one of the subject it names."""

        def read(cached, _error):
            if cached is None:
                self._known.pop(subject, None)
                return
            block, payload = cached.headers(), cached.payload()
            source = headers.value_of(block, rules.SOURCE)
            if not source:
                self._send(subject, block, block, payload)
                return
            self._store.read_last(
                source, lambda found, _: self._send_source(subject, block, payload, found)
            )

        self._store.read(sequence, read)

    def _send_source(self, subject, block, payload, found):
        if found is None:
            self._send(subject, block, block, payload)
        else:
            self._send(subject, block, found.headers(), found.payload())

    def _send(self, subject, block, source_block, payload):
        """Send a payload and its headers as the schedule with the header block ``block`` asks."""
        if self._timer is None:
            return
        schedule = _schedule_of(block)
        next_ns = 0 if schedule.once else schedule.next_after(self._stream.clock.now())
        fields = [(rules.SCHEDULER, subject)]
        fields.append((rules.NEXT, _time(next_ns) if next_ns else rules.PURGE))
        ttl = headers.value_of(block, rules.TTL)
        if ttl:
            fields.append((b"Nats-TTL", ttl))
        if headers.value_of(block, rules.ROLLUP):
            fields.append((b"Nats-Rollup", b"sub"))
        message = Message()
        target = headers.value_of(block, rules.TARGET)
        kept = headers.extended(headers.without(source_block, _LEFT_OUT), fields)
        message.compose(target, b"", kept, payload)
        self._propose(message)
        if next_ns and subject in self._known:
            # Also if the stream had no room for this one.
            self._note(subject, self._known[subject].sequence, next_ns)

    def _propose(self, message):
        ingest = self._stream.ingest
        ingest.schedule_rules.firing = True
        try:
            ingest.accept(message)
        finally:
            ingest.schedule_rules.firing = False


def _schedule_of(block):
    """Return the schedule in a header block, None when it cannot be understood."""
    zone = headers.value_of(block, rules.ZONE)
    try:
        text = headers.value_of(block, rules.SCHEDULE).decode()
        return read_schedule(text, None if zone is None else zone.decode())
    except ValueError:  # it was stored by another server, or the zone is not known any more
        return None


def _time(time_ns):
    return gojson.time_text(time_ns).encode()

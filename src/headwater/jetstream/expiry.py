"""Removing what has had its time: by the age limit of a stream, or by a message's own word.

What is to go is proposed like everything else, a round at a time; the next one begins when that is
on disk.  Where the configuration wants it, the last message of a subject leaves a marker behind,
which is proposed in front of its removal: a crash between the two leaves both.
"""

from headwater.base.clock import SECOND
from headwater.jetstream.clock_jumps import ClockJumps
from headwater.jetstream.requests import duration_text
from headwater.store.record import DELETE, TRIM
from headwater.store.stream_store import TIME_MAX
from headwater.wire import headers

_ROUND_MAX = 500
_PAUSE_NS = SECOND // 4  # at least, between looking and looking again
_LOOK_NS = 60 * SECOND  # at most: clocks are set
_RETRY_NS = SECOND
_REASON = b"Nats-Marker-Reason"
_OPERATION = b"KV-Operation"


class Expiry:
    """Finds out what is to go from one stream, and when the next one is."""

    def __init__(self, stream):
        self._stream = stream
        self._store = stream.store
        self.jumps = ClockJumps(stream.clock)
        self._seen_sequence = 0  # the last message when the clock was looked at last
        self._max_age_ns = 0
        self._marker = b""  # the header block of markers, empty when there are none
        self._timer = None
        self._wake_ns = TIME_MAX  # when it is going to look again, as the wall clock shows it
        self._age_due_ns = TIME_MAX  # when the first message is too old
        self._busy = False  # whether a round is under way

    def configure(self, config):
        """Take over the configuration of the stream."""
        self._max_age_ns = config.max_age_ns
        self._store.ages = self._max_age_ns > 0 or self._store.keeps_ttls
        self._marker = _marker_block(config.subject_delete_marker_ttl_ns)
        if self._stream.running:
            self.look()

    def look(self):
        """Look for what is to go, before long."""
        self._schedule(0)

    def stop(self):
        """Remove nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def stored(self):
        """Messages were stored: one of them may be to go sooner than was known."""
        store = self._store
        if store.ages:
            self._look_at_clock()
        if self._busy:
            return
        if store.soonest_ns < self._wake_ns:
            self._plan()
        elif self._timer is None and self._max_age_ns > 0 and store.index.messages:
            self._schedule(self._max_age_ns)

    def _look_at_clock(self):
        """Let messages live on that are to go only because the clock was set forward."""
        ahead_ns = self.jumps.notice()
        if ahead_ns:
            self._store.index.delay_expiries(ahead_ns, self._seen_sequence)
            if self._stream.files is not None:
                self._stream.files.checkpoint()  # a start could not tell
        self._seen_sequence = self._store.index.last_sequence

    def _schedule(self, delay_ns):
        self.stop()
        delay_ns = min(delay_ns, _LOOK_NS)
        self._wake_ns = self._stream.clock.now() + delay_ns
        self._timer = self._stream.timers.after(delay_ns, self._check)

    def _plan(self):
        """Look again when the next message is to go."""
        store = self._store
        next_ns = store.index.next_expiry() or TIME_MAX
        store.soonest_ns = TIME_MAX
        next_ns = min(next_ns, self._age_due_ns)
        if next_ns < TIME_MAX:
            self._schedule(max(_PAUSE_NS, next_ns - self._stream.clock.now()))
        else:
            self.stop()
            self._wake_ns = TIME_MAX

    def _check(self):
        self._timer = None
        if not self._stream.running or self._busy:
            return
        self._look_at_clock()
        sequences = self._store.index.due(self._stream.clock.now(), _ROUND_MAX)
        if sequences:
            self._begin(
                sequences, DELETE, b"".join(number.to_bytes(8, "little") for number in sequences)
            )
        else:
            self._check_age()

    # Age

    def _check_age(self, error=None):
        """Find the first message that is young enough; its block may have to be fetched."""
        self._busy = False
        self._age_due_ns = TIME_MAX
        index = self._store.index
        first = max(index.first_sequence, index.aged_to)
        if self._max_age_ns <= 0 or not index.next_from(first) or not self._stream.running:
            self._plan()
            return
        cutoff_ns = self.jumps.older_than(self._stream.clock.now() - self._max_age_ns)
        block = index.block_from(first)
        while block is not None and block.last_time_ns <= cutoff_ns:
            block = index.block_from(block.last_sequence + 1)
        if block is None:
            bound = index.last_sequence + 1
        elif block.first_time_ns > cutoff_ns:
            bound = block.first_sequence
            self._age_due_ns = self._due_ns(block.first_time_ns)
        elif block.cached is None and error is None:
            self._busy = True
            self._store.load(block, self._check_age)
            return
        else:
            bound = self._bound_in(block, cutoff_ns)
        self._trim(first, bound)

    def _bound_in(self, block, cutoff_ns):
        cached = block.cached
        if cached is None or not cached.first_after(cutoff_ns):
            # It cannot be read: it goes as a whole.
            self._age_due_ns = self._due_ns(block.last_time_ns)
            return block.first_sequence
        self._age_due_ns = self._due_ns(cached.record.time_ns)
        return cached.record.sequence

    def _due_ns(self, time_ns):
        return time_ns + self._max_age_ns + self.jumps.delay(time_ns)

    def _trim(self, first, bound):
        index = self._store.index
        sequence = index.next_from(first)
        if not sequence or sequence >= bound:
            self._plan()
            return
        sequences = []
        while self._marker and sequence and sequence < bound:
            if len(sequences) == _ROUND_MAX:
                bound = sequence
                break
            if not index.block_of(sequence).keeps(sequence):
                sequences.append(sequence)
            sequence = index.next_from(sequence + 1)
        self._begin(sequences, TRIM, bound.to_bytes(8, "little"))

    # A round

    def _begin(self, sequences, kind, payload):
        self._busy = True
        if self._marker:
            Leavers(self._store, sequences, lambda found: self._propose(found, kind, payload)).go()
        else:
            self._propose([], kind, payload)

    def _propose(self, leavers, kind, payload):
        if not self._stream.running:
            return
        ingest = self._stream.ingest
        for subject in leavers:
            if not ingest.has_proposed(subject):
                ingest.propose_own(subject, self._marker)
        ingest.acks.callbacks.append(self._done)
        self._store.propose(kind, b"", payload)
        ingest.due()

    def _done(self, error):
        self._busy = False
        if self._stream.running:
            self._schedule(0 if error is None else _RETRY_NS)


class Leavers:
    """Of messages that are to go, the subjects that have none left then and want a marker."""

    def __init__(self, store, sequences, done):
        self._store = store
        self._sequences = sequences
        self._at = 0
        self._done = done
        self._counts = {}
        self._plain = {}  # subject -> whether its last message is none that needs no marker

    def go(self, error=None):
        """Look at the messages, as far as they are in memory; fetch the next one that is not."""
        store = self._store
        while self._at < len(self._sequences):
            sequence = self._sequences[self._at]
            block = store.missing(sequence)
            if block is not None and error is None:
                store.load(block, self.go)
                return
            error = None
            self._at += 1
            cached = store.find(sequence)
            if cached is not None:
                self._note(cached)
        self._done(self._found())

    def _note(self, cached):
        subject = cached.subject()
        self._counts[subject] = self._counts.get(subject, 0) + 1
        self._plain[subject] = not _is_marker(cached.headers())

    def _found(self):
        subjects = self._store.index.subjects
        found = []
        for subject, count in self._counts.items():
            state = subjects.state_of(subject)
            if state is not None and state.count == count and self._plain[subject]:
                found.append(subject)
        return found


def _is_marker(block):
    """Tell whether a message says itself that its subject is gone."""
    view = memoryview(block)
    if headers.find_value(view, 0, len(block), _REASON):
        return True
    return headers.find_value(view, 0, len(block), _OPERATION) == b"PURGE"


def _marker_block(ttl_ns):
    if ttl_ns <= 0:
        return b""
    ttl = duration_text(ttl_ns).encode()
    return headers.block([(_REASON, b"MaxAge"), (b"Nats-TTL", ttl), (b"Nats-Rollup", b"sub")])

"""Publishing into a stream: what is checked before a message is proposed, and its acknowledgement.

Checks see what is proposed as well as what is applied, so that of two messages that arrive
together the second one is judged as if the first were stored already.
"""

from headwater.base import octets
from headwater.base.clock import SECOND
from headwater.base.limits import HEADER_BYTES_MAX
from headwater.base.quoting import quoted
from headwater.broker.subscription import Subscription
from headwater.jetstream import api_errors, counters
from headwater.jetstream.publish_acks import PublishAcks
from headwater.jetstream.responses import publish_ack_head, publish_refused
from headwater.jetstream.schedule_rules import NO_SCHEDULES, ScheduleRules
from headwater.store import message_ttl
from headwater.store.record import PURGE, SKIP
from headwater.store.stream_work import Purge
from headwater.subjects.transform import compile_transform
from headwater.subjects.validate import matches
from headwater.wire import headers
from headwater.wire.message import Message

_NATS = b"Nats-"
_header_bytes_max = HEADER_BYTES_MAX
_STAGED_BYTES_MAX = 32 * 1024 * 1024
_SPARE_BYTES_MAX = 1024 * 1024  # of acknowledgements, kept for reuse
_staged_bytes_max = _STAGED_BYTES_MAX
_PARKED_MAX = 1000  # messages that wait for a block before their publishers are slowed down
_FAST_REPLY = b".$FI"  # how the replies of a fast batch end
_last_of_fast_reply = _FAST_REPLY[3]
_SEQUENCE_MAX = 18446744073709551615  # what traces show where there is no number

# Errors that traces name in other words than their description with its number; "" is without it.
_TRACED_AS = {
    api_errors.STREAM_MESSAGE_EXCEEDS_MAXIMUM.err_code: "maximum payload exceeded",
    api_errors.STREAM_HEADER_EXCEEDS_MAXIMUM.err_code: "maximum payload exceeded",
    api_errors.MESSAGE_TTL_DISABLED.err_code: "message TTL disabled",
    api_errors.STREAM_NOT_MATCH.err_code: "",
    api_errors.STREAM_ROLLUP_FAILED.err_code: "",
    api_errors.STREAM_STORE_FAILED.err_code: "",
}


class IngestSubscription(Subscription):
    """One subject of a stream."""

    __slots__ = ("ingest",)

    def __init__(self, subject, ingest):
        super().__init__(subject)
        self.ingest = ingest

    def deliver(self, message, origin):
        self.ingest.accept(message)
        return True

    def traced(self, message, origin, trace):
        self.ingest.accept_traced(message, trace)
        return True


class Ingest:
    """The way into one Stream, the Proposer of its store; ``configure`` takes its settings over."""

    __slots__ = (
        "_before",
        "_counted_bytes",
        "_in_flight",
        "_own",
        "_pending",
        "_spare",
        "account",
        "ack_prefix",
        "acks",
        "allows_rollup",
        "allows_ttl",
        "atomic_batches",
        "bytes_max",
        "clock",
        "counters",
        "dedupe",
        "discards_new",
        "fast_batches",
        "has_interest",
        "message_bytes_max",
        "messages_max",
        "no_ack",
        "parked",
        "peculiar",
        "per_subject_max",
        "quota",
        "router",
        "schedule_rules",
        "sealed",
        "store",
        "stored",
        "stream",
        "stream_name",
        "takes_schedules",
        "trace",
        "tracks_subjects",
        "transform",
        "ttl_min",
        "twin",
        "value",
    )

    def __init__(self, stream, quota):
        self.stream = stream
        self.router = stream.router
        self.clock = stream.clock
        self.account = stream.account
        self.store = stream.store
        self.dedupe = stream.dedupe
        self.quota = quota  # what all streams of this kind of storage may take together
        self._counted_bytes = 0  # that are in the quota
        self.acks = PublishAcks()  # of what is proposed and not yet being written
        self.ack_prefix = b""  # the JSON of an acknowledgement up to its sequence
        self.stream_name = b""
        self.peculiar = False  # whether more than headers may keep a message from being stored
        self.sealed = False
        self.transform = None  # what the subjects of messages become, if they become others
        self.counters = None  # Counters, where every message is a step of one
        self.atomic_batches = None  # AtomicBatches, if the configuration allows them
        self.fast_batches = None  # FastBatches, likewise
        self.takes_schedules = False
        self.schedule_rules = NO_SCHEDULES
        self.parked = []  # copies of messages that wait, the first one for a block
        self.stored = self.twin = 0  # what ``offer`` has come to
        self.value = b""
        self.no_ack = False
        self.allows_rollup = False
        self.allows_ttl = False
        self.ttl_min = 0  # seconds: what is to go sooner by its own word is made to stay so long
        self.discards_new = False
        self.message_bytes_max = -1
        self.messages_max = -1
        self.bytes_max = -1
        self.per_subject_max = -1  # only where new messages are refused for it
        self.trace = None  # the MessageTrace of the message in hand, which hardly ever has one
        self.has_interest = None  # asks whether a consumer wants a subject; None: store anyway
        self.tracks_subjects = False  # whether ``_in_flight`` is being kept
        self._before = None  # subject -> sequence in flight when a batch began to be proposed
        self._in_flight = {}  # subject -> [last sequence, messages] proposed and not applied
        self._pending = False
        self._spare = None
        self._own = Message()  # what is not in the words of its publisher

    def configure(self, config, domain):
        """Take over the configuration of the stream; ``domain`` is that of the node."""
        name = config.name.encode()
        self.stream_name = name
        self.ack_prefix = publish_ack_head(config.name, domain)
        self.sealed = config.sealed
        self.transform = transform_of(config.subject_transform)
        self.takes_schedules = config.allow_msg_schedules
        self.schedule_rules = NO_SCHEDULES
        if self.takes_schedules:
            self.schedule_rules = ScheduleRules(config, self.clock.now)
        if not config.allow_msg_counter:
            self.counters = None
        elif self.counters is None:
            self.counters = counters.Counters(self)
            self._track()
        self.peculiar = self.sealed or self.transform is not None or self.counters is not None
        self.no_ack = config.no_ack
        self.allows_rollup = config.allow_rollup_hdrs
        self.allows_ttl = config.allow_msg_ttl
        self.ttl_min = 0
        if config.max_msgs_per_subject != 1:
            self.ttl_min = config.subject_delete_marker_ttl_ns // SECOND
        self.discards_new = config.discard == "new"
        self.message_bytes_max = config.max_msg_size
        self.messages_max = config.max_msgs
        self.bytes_max = config.max_bytes
        self.per_subject_max = config.max_msgs_per_subject if config.discard_new_per_subject else -1
        if self.per_subject_max > 0:
            self._track()

    def accept(self, message):
        """Take a message for the stream: propose it, or answer why not."""
        if self.peculiar or (
            message.reply_end > message.reply_start
            and message.reply_view[message.reply_end - 1] == _last_of_fast_reply
        ):
            self._accept_peculiar(message)
        else:
            self._accept(message)

    def _accept_peculiar(self, message):
        """Take a message that may have to be looked at though it has no headers."""
        if self.sealed:
            self.refuse(message, api_errors.STREAM_SEALED)
            return
        if self.parked:
            self.parked.append(message.copy())
            if len(self.parked) > _PARKED_MAX:
                self.router.congested = True
            return
        subject = message.subject
        transform = self.transform
        if transform is not None and matches(transform.source, subject):
            message.subject = transform.apply(subject, self.router.random_below)
        try:
            self.accept_named(message)
        finally:
            message.subject = subject  # others get the message as it came

    def accept_named(self, message):
        """Take a message whose subject is the one that it is to be stored with."""
        if self.counters is not None and self._must_wait(message, message.subject):
            return
        if octets.equals(
            message.reply_view,
            max(message.reply_start, message.reply_end - 4),
            message.reply_end,
            _FAST_REPLY,
        ):
            error = self._size_error(message)
            if error is None and self.fast_batches is None:
                error = api_errors.BATCH_PUBLISH_DISABLED
            if error is not None:
                self.refuse(message, error)
            else:
                self.fast_batches.accept(message)
        else:
            self._accept(message)

    def _accept(self, message):
        error = self._size_error(message)
        if error is not None:
            self.refuse(message, error)
        elif message.header_size and headers.mentions(
            message.body_view, message.body_start, message.body_start + message.header_size, _NATS
        ):
            self._accept_with_headers(message)
        elif self.counters is not None:
            self.refuse(message, api_errors.MESSAGE_INCR_MISSING)
        else:
            error = self._room_error(message)
            if error is not None:
                self.refuse(message, error)
            else:
                sequence = self._propose(message, b"")
                if sequence and message.reply_end > message.reply_start and not self.no_ack:
                    self.acks.add(message, sequence, False)

    def _size_error(self, message):
        """Return what is wrong with the size of a message."""
        if 0 <= self.message_bytes_max < message.body_end - message.body_start:
            return api_errors.STREAM_MESSAGE_EXCEEDS_MAXIMUM
        if message.header_size > _header_bytes_max:
            return api_errors.STREAM_HEADER_EXCEEDS_MAXIMUM
        return None

    # What waits for a block without which it cannot be judged

    def _must_wait(self, message, subject):
        """Let a message wait, and those behind it, if what its counter stands at is not known."""
        block = self.counters.missing(subject)
        if block is None:
            return False
        self.park(message, block)
        return True

    def park(self, message, block):
        """Let a message wait for ``block``; ``accept_named`` gets it again."""
        self.parked.append(message.copy())
        self.store.load(block, self._unpark)

    def _unpark(self, error):
        """Take what has waited, up to where it has to wait again."""
        waiting = self.parked
        self.parked = []
        if waiting:
            first = waiting.pop(0)
            if error is None:
                self.accept_named(first)
            else:
                self.refuse(first, api_errors.STREAM_STORE_FAILED.filled(err=error))
        while waiting and not self.parked:
            self._accept_peculiar(waiting.pop(0))
        self.parked.extend(waiting)

    def accept_traced(self, message, trace):
        """Take a message whose way is being traced; it is only judged if the trace says so."""
        self.trace = trace
        try:
            self.accept(message)
        finally:
            self.trace = None

    def end_of_batch(self):
        """Write what the batch has proposed."""
        self._pending = False
        self.store.commit()
        self._settle_duplicates(None)

    def take_attachment(self):
        """Return the acknowledgements for the batch that starts now."""
        taken = self.acks
        self.acks = self._spare or PublishAcks()
        self._spare = None
        return taken

    def settled(self, acks, error):
        """A batch was applied with all that follows from it, or failed with ``error``."""
        callbacks = acks.callbacks
        stream = self.stream
        if error is not None:
            stream.write_failed(error)
        self.settle(acks, error)
        if callbacks:
            stream.call_back(callbacks, error)
        self.count_bytes()
        store = self.store
        # Most streams have nothing of this most of the time, and it is asked for every batch.
        if store.watched or store.ages or store.unsaved_bytes > store.due_bytes:
            stream.go_on(error)

    def count_bytes(self):
        """Count what the stream takes up now."""
        used = self.store.index.bytes
        if used != self._counted_bytes:
            self.quota.add(used - self._counted_bytes)
            self._counted_bytes = used

    def count_no_bytes(self):
        """Count nothing any more: the stream is no more."""
        self.quota.add(-self._counted_bytes)
        self._counted_bytes = 0

    def settle(self, acks, error):
        """Send acknowledgements whose batch is through; ``error`` is None when it is on disk."""
        if error is None:
            acks.send(self.router, self.account, self.ack_prefix)
        else:
            self.dedupe.withdraw(acks.first_sequence, acks.last_sequence)
            failed = api_errors.STREAM_STORE_FAILED.filled(err=error)
            answer = publish_refused(failed, self.stream_name.decode())
            acks.refuse(self.router, self.account, answer)
        if self._in_flight:
            self._in_flight.clear()
            self.store.in_flight(self._note)
        if acks.buffer.capacity <= _SPARE_BYTES_MAX:
            self._spare = acks
        self._settle_duplicates(error)

    def _settle_duplicates(self, error):
        """Answer duplicates of what has been settled, unless a batch that takes them follows."""
        if not self.acks.is_empty() and self.store.is_idle():
            self.settle(self.take_attachment(), error)

    def propose_own(self, subject, header_block):
        """Propose a message of the stream itself, which has no payload."""
        self._own.compose(subject, b"", header_block, b"")
        self._propose(self._own, b"")

    def has_proposed(self, subject):
        """Tell whether a message on a subject is proposed and not applied."""
        if not self.tracks_subjects:
            self._track()
        return subject in self._in_flight

    def due(self):
        """Have what is proposed written at the end of this batch."""
        if not self._pending:
            self._pending = True
            self.router.ending.append(self)

    def refuse(self, message, error):
        """Answer a message with an error, if it wants an answer."""
        if self.trace is not None:
            full = error.err_code == api_errors.STREAM_STORE_FAILED.err_code
            subject = message.subject if full else b""
            text = self.trace.detail or _traced_text(error)
            self.trace.not_stored(self.stream_name.decode(), text, subject)
        if message.reply_end > message.reply_start and not self.no_ack:
            answer = publish_refused(error, self.stream_name.decode())
            self.router.publish(self.account, message.reply(), answer)

    def answer(self, message, text):
        """Answer a message with ``text`` once everything proposed is on disk."""
        if message.reply_end > message.reply_start and not self.no_ack:
            self.acks.add_whole(message, text)
            self.due()

    def answer_at_once(self, message, text):
        """Answer a message with ``text``."""
        if message.reply_end > message.reply_start and not self.no_ack:
            self.router.publish(self.account, message.reply(), text)

    def mark(self):
        """Return what ``rewind`` takes to forget all that is proposed from now on."""
        return self.store.mark(), self.dedupe.last_id

    def rewind(self, mark):
        """Forget what was proposed since ``mark``; nothing of it is being written yet."""
        staged, last_id = mark
        last = self.store.last_proposed
        first = self.store.rewind(staged) + 1
        if first <= last:
            self.dedupe.withdraw(first, last)
        self.dedupe.last_id = last_id
        self._in_flight.clear()
        if self.tracks_subjects:
            self.store.in_flight(self._note)

    def _propose(self, message, message_id):
        """Propose a message; return its sequence, 0 when it is only traced."""
        unwanted = self.has_interest is not None and not self.has_interest(message.subject)
        if self.trace is not None:
            self.trace.stored(self.stream_name.decode(), message.subject, interest=not unwanted)
            if self.trace.only:
                return 0
        if unwanted:
            # Nobody wants it: it counts, and is not kept.
            sequence = self.store.last_proposed + 1
            self.store.propose(SKIP, b"", b"", sequence)
        else:
            sequence = self.store.propose_message(message, self.router.now_ns)
            if self.tracks_subjects:
                self._note(sequence, message.subject)
        if message_id:
            self.dedupe.add(message_id, sequence, self.router.now_ns)
        self.dedupe.last_id = message_id
        self.acks.note(sequence)
        if self.store.log.staged.size > _staged_bytes_max:
            # The disk does not keep up: slow the publisher down.
            self.router.congested = True
        self.due()
        return sequence

    def _room_error(self, message):
        """Return which limit speaks against a message, None if none does."""
        store = self.store
        more = store.staged_bytes + message.body_end - message.body_start
        if self.quota.is_full(more):
            return self.quota.refusal(more)
        if not self.discards_new or (self.trace is not None and self.trace.only):
            # What is said of a message that is only traced stems from before it is stored.
            return None
        reason = ""
        index = store.index
        if 0 < self.messages_max <= index.messages + store.staged_messages:
            reason = "maximum messages exceeded"
        elif self.bytes_max > 0:
            size = index.message_bytes(
                len(message.subject),
                message.header_size,
                message.body_end - message.body_start - message.header_size,
            )
            if index.bytes + store.staged_bytes + size > self.bytes_max:
                reason = "maximum bytes exceeded"
        if not reason and self.per_subject_max > 0:
            reason = self._per_subject_reason(message.subject)
        return api_errors.STREAM_STORE_FAILED.filled(err=reason) if reason else None

    def _per_subject_reason(self, subject):
        state = self.store.index.subjects.state_of(subject)
        count = 0 if state is None else state.count
        proposed = self._in_flight.get(subject)
        if proposed is not None:
            count += proposed[1]
        return "maximum messages per subject exceeded" if count >= self.per_subject_max else ""

    def _accept_with_headers(self, message):
        """Take a message whose headers may ask something of the stream."""
        batch_id = self._header(message, b"Nats-Batch-Id")
        if batch_id is not None:
            if self.atomic_batches is None:
                self.refuse(message, api_errors.ATOMIC_PUBLISH_DISABLED)
            else:
                self.atomic_batches.accept(message, batch_id)
            return
        error = self._offer_with_headers(message)
        if error is not None:
            self.refuse(message, error)
            return
        if self.twin and self.trace is not None:
            self.trace.not_stored(self.stream_name.decode(), "msgid is duplicate")
        if message.reply_end <= message.reply_start or self.no_ack:
            return
        if self.twin:
            self.acks.add(message, self.twin, True)
            self.due()
        elif self.stored:
            if self.value:
                self.acks.add_extended(message, self.stored, b',"val":"%b"' % self.value)
            else:
                self.acks.add(message, self.stored, False)

    def offer(self, message):
        """Propose a message; return why not, or None.

        ``stored`` is then its sequence, or ``twin`` that of the message that it repeats; ``value``
        is what its counter stands at, in digits.
        """
        if message.header_size and headers.mentions(
            message.body_view, message.body_start, message.body_start + message.header_size, _NATS
        ):
            return self._offer_with_headers(message)
        self.stored = self.twin = 0
        self.value = b""
        if self.counters is not None:
            return api_errors.MESSAGE_INCR_MISSING
        error = self._room_error(message)
        if error is None:
            self.stored = self._propose(message, b"")
        return error

    def _offer_with_headers(self, message):
        self.stored = self.twin = 0
        self.value = b""
        error = self._header_error(message)
        if error is not None:
            return error
        message_id = self._header(message, b"Nats-Msg-Id") or b""
        if message_id:
            self.twin = self.dedupe.find(message_id, self.router.now_ns)
            if self.twin:
                return None
        kept = message
        if self.counters is not None:
            error = self.counters.add(message)
            if error is not None:
                return error
            kept = self.counters.counted
            self.value = self.counters.value
            error = self._size_error(kept)
            if error is not None:
                return error
        elif self.takes_schedules:
            kept = self.schedule_rules.completed(message)
        rollup = self._header(kept, b"Nats-Rollup")
        error = self._late_error(kept, rollup) or self._room_error(kept)
        if error is None:
            if self.ttl_min > 0 and 0 < self._ttl(kept) < self.ttl_min:
                kept = self._longer_lived(kept)
            start = self.store.log.staged.size
            self.stored = self._propose(kept, message_id)
            if self.stored:
                self._propose_removals(kept, rollup, start)
                if self.counters is not None:
                    self.counters.note(kept.subject, self.stored)
        return error

    def _propose_removals(self, message, rollup, start):
        """Propose that what a message takes the place of goes, with the message or not at all."""
        if rollup is not None:
            self._propose_purge(message.subject if rollup.lower() == b"sub" else b"", start)
        if self.takes_schedules:
            ended = self.schedule_rules.ended_by(message)
            if ended:
                self._propose_purge(ended, start)

    def _propose_purge(self, pattern, start):
        purge = Purge(pattern, self.store.last_proposed, 0)
        self.store.propose(PURGE, pattern, purge.encode())
        self.store.log.bind(start)

    def _header(self, message, name):
        """Return the value of a header, None when there is none or it is empty."""
        value = headers.find_value(
            message.body_view, message.body_start, message.body_start + message.header_size, name
        )
        return value if value else None

    def _header_error(self, message):
        """Return what is wrong with a message's headers, be it a duplicate or not.

        The order of all these checks is that of nats-server: it shows when two of them fail.
        """
        increment = self._header(message, b"Nats-Incr")
        if increment is not None:
            error = counters.increment_error(message, increment, enabled=self.counters is not None)
            if error is not None:
                return error
        elif self.counters is not None:
            return api_errors.MESSAGE_INCR_MISSING
        if self._header(message, b"Nats-Stream-Source") is not None:
            return api_errors.MESSAGE_SOURCE_HDR_NOT_ALLOWED
        expected = self._header(message, b"Nats-Expected-Stream")
        if expected is not None and expected != self.stream_name:
            return api_errors.STREAM_NOT_MATCH
        if not self.allows_ttl and self._ttl(message) not in (0, message_ttl.INVALID):
            return api_errors.MESSAGE_TTL_DISABLED
        expected = self._header(message, b"Nats-Expected-Last-Sequence")
        if expected is not None and _number(expected) != self.store.last_sequence():
            return self._wrong_sequence("last sequence", expected, self.store.last_sequence())
        error = self._subject_sequence_error(message)
        if error is None and headers.mentions(
            message.body_view,
            message.body_start,
            message.body_start + message.header_size,
            b"Nats-Schedule",
        ):
            return self.schedule_rules.error_of(message)
        return error

    def _late_error(self, message, rollup):
        """Return what else is wrong with the headers of a message that is no duplicate."""
        last_id = self._header(message, b"Nats-Expected-Last-Msg-Id")
        if last_id is not None and last_id != self.dedupe.last_id:
            shown = self.dedupe.last_id.decode("utf-8", "replace")
            if self.trace is not None:
                pair = f"{quoted(last_id)} vs {quoted(self.dedupe.last_id)}"
                self.trace.detail = f"last msgid mismatch: {pair}"
            return api_errors.STREAM_WRONG_LAST_MSG_ID.filled(id=shown)
        if rollup is not None:
            if not self.allows_rollup:
                return api_errors.STREAM_ROLLUP_FAILED.filled(err="rollup not permitted")
            if rollup.lower() not in (b"sub", b"all"):
                shown = rollup.decode("utf-8", "replace")
                reason = f'rollup value invalid: "{shown}"'
                return api_errors.STREAM_ROLLUP_FAILED.filled(err=reason)
        if self._ttl(message) == message_ttl.INVALID:
            return api_errors.MESSAGE_TTL_INVALID
        return None

    def _ttl(self, message):
        """Return the seconds that a message is to live by its own word, 0 when it says nothing."""
        value = self._header(message, message_ttl.HEADER)
        return 0 if value is None else message_ttl.ttl_seconds(value)

    def _longer_lived(self, message):
        """Return a message with the least time to live that the stream has in its header."""
        seconds = b"%d" % self.ttl_min
        block = headers.replaced(message.headers(), message_ttl.HEADER, seconds)
        self._own.compose(message.subject, message.reply(), block, message.payload())
        return self._own

    def _subject_sequence_error(self, message):
        expected = self._header(message, b"Nats-Expected-Last-Subject-Sequence")
        pattern = self._header(message, b"Nats-Expected-Last-Subject-Sequence-Subject")
        if expected is None:
            if pattern is not None:
                return api_errors.STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_INVALID
            return None
        last = self._expected_last_of(message.subject if pattern is None else pattern)
        if _number(expected) != last:
            return self._wrong_sequence("last sequence by subject", expected, last)
        return None

    def _wrong_sequence(self, what, expected, last):
        if self.trace is not None:
            given = _number(expected)
            if given < 0:
                given = _SEQUENCE_MAX
            self.trace.detail = f"{what} mismatch: {given} vs {last}"
        return api_errors.STREAM_WRONG_LAST_SEQUENCE.filled(seq=last)

    def expect_as_it_was(self):
        """Let what messages expect of subjects be about what is proposed up to now."""
        self._track()
        self._before = {subject: proposed[0] for subject, proposed in self._in_flight.items()}

    def expect_as_it_is(self):
        """Let it be about all that is proposed again."""
        self._before = None

    def _expected_last_of(self, pattern):
        if self._before is None:
            return self.last_of(pattern)
        last = self.store.index.subjects.last_matching(pattern)
        for subject, sequence in self._before.items():
            if matches(pattern, subject):
                last = max(last, sequence)
        return last

    def last_of(self, pattern):
        """Return the last sequence of the subjects in ``pattern``, proposed ones included."""
        if not self.tracks_subjects:
            self._track()
        last = self.store.index.subjects.last_matching(pattern)
        if self._in_flight:
            for subject, proposed in self._in_flight.items():
                if matches(pattern, subject):
                    last = max(last, proposed[0])
        return last

    def _track(self):
        """Begin to keep note of the subjects of what is proposed."""
        if not self.tracks_subjects:
            self.tracks_subjects = True
            self.store.in_flight(self._note)

    def _note(self, sequence, subject):
        proposed = self._in_flight.get(subject)
        if proposed is None:
            self._in_flight[subject] = [sequence, 1]
        else:
            proposed[0] = sequence
            proposed[1] += 1


def transform_of(config):
    """Return the Transform that a checked SubjectTransform asks for, None when that is none."""
    if config is None or not config.dest:
        return None
    return compile_transform(config.src.encode() or b">", config.dest.encode())


def _traced_text(error):
    """Return what a trace says of an error that a publisher is answered with."""
    code = error.err_code
    if code in _TRACED_AS:
        return _TRACED_AS[code] or error.description
    return f"{error.description} ({code})"


def _number(text):
    """Return the number that a header's value is, or -1."""
    return int(text) if text.isdigit() and len(text) <= 20 else -1

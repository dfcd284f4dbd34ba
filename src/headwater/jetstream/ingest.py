"""Publishing into a stream: what is checked before a message is proposed, and its acknowledgement.

Checks see what is proposed as well as what is applied, so that of two messages that arrive
together the second one is judged as if the first were stored already.
"""

from headwater.base.clock import SECOND
from headwater.base.limits import HEADER_BYTES_MAX
from headwater.base.quoting import quoted
from headwater.broker.subscription import Subscription
from headwater.jetstream import api_errors
from headwater.jetstream.publish_acks import PublishAcks
from headwater.jetstream.responses import publish_ack_head, publish_refused
from headwater.store import message_ttl
from headwater.store.record import PURGE, SKIP
from headwater.store.stream_work import Purge
from headwater.subjects.validate import matches
from headwater.wire import headers
from headwater.wire.message import Message

_NATS = b"Nats-"
_header_bytes_max = HEADER_BYTES_MAX
_STAGED_BYTES_MAX = 32 * 1024 * 1024
_SPARE_BYTES_MAX = 1024 * 1024  # of acknowledgements, kept for reuse
_staged_bytes_max = _STAGED_BYTES_MAX
_SEQUENCE_MAX = 18446744073709551615  # what traces show where there is no number

# Headers of features that this version does not have: a message that relies on one is refused
# rather than stored without what it asked for.
_REFUSED_HEADERS = (
    (b"Nats-Incr", api_errors.MESSAGE_INCR_DISABLED),
    (b"Nats-Batch-Id", api_errors.ATOMIC_PUBLISH_DISABLED),
    (b"Nats-Stream-Source", api_errors.MESSAGE_SOURCE_HDR_NOT_ALLOWED),
)
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
    """The way into one stream; ``configure`` takes over the stream's settings."""

    __slots__ = (
        "_in_flight",
        "_own",
        "_pending",
        "_spare",
        "account",
        "ack_prefix",
        "acks",
        "allows_rollup",
        "allows_ttl",
        "bytes_max",
        "dedupe",
        "discards_new",
        "has_interest",
        "message_bytes_max",
        "messages_max",
        "no_ack",
        "per_subject_max",
        "quota",
        "router",
        "sealed",
        "store",
        "stream_name",
        "trace",
        "tracks_subjects",
        "ttl_min",
    )

    def __init__(self, router, account, store, dedupe, quota):
        self.router = router
        self.account = account
        self.store = store
        self.dedupe = dedupe
        self.quota = quota  # what all streams of this kind of storage may take together
        self.acks = PublishAcks()  # of what is proposed and not yet being written
        self.ack_prefix = b""  # the JSON of an acknowledgement up to its sequence
        self.stream_name = b""
        self.sealed = False
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
        size = message.body_end - message.body_start
        if self.sealed:
            self.refuse(message, api_errors.STREAM_SEALED)
            return
        if 0 <= self.message_bytes_max < size:
            self.refuse(message, api_errors.STREAM_MESSAGE_EXCEEDS_MAXIMUM)
            return
        if message.header_size > _header_bytes_max:
            self.refuse(message, api_errors.STREAM_HEADER_EXCEEDS_MAXIMUM)
            return
        if message.header_size and headers.mentions(
            message.body_view, message.body_start, message.body_start + message.header_size, _NATS
        ):
            self._accept_with_headers(message)
        elif self._has_room(message):
            self._propose(message, b"")

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

    def take(self):
        """Return the acknowledgements for the batch that starts now."""
        taken = self.acks
        self.acks = self._spare or PublishAcks()
        self._spare = None
        return taken

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
            self.settle(self.take(), error)

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

    def _propose(self, message, message_id):
        unwanted = self.has_interest is not None and not self.has_interest(message.subject)
        if self.trace is not None:
            self.trace.stored(self.stream_name.decode(), message.subject, interest=not unwanted)
            if self.trace.only:
                return
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
        if message.reply_end > message.reply_start and not self.no_ack:
            self.acks.add(message, sequence, False)
        self.due()

    def _has_room(self, message):
        """Tell whether no limit speaks against the message; otherwise it has been answered."""
        store = self.store
        more = store.staged_bytes + message.body_end - message.body_start
        if self.quota.is_full(more):
            self.refuse(message, self.quota.refusal(more))
            return False
        if not self.discards_new or (self.trace is not None and self.trace.only):
            # What is said of a message that is only traced stems from before it is stored.
            return True
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
        if reason:
            self.refuse(message, api_errors.STREAM_STORE_FAILED.filled(err=reason))
            return False
        return True

    def _per_subject_reason(self, subject):
        state = self.store.index.subjects.state_of(subject)
        count = 0 if state is None else state.count
        proposed = self._in_flight.get(subject)
        if proposed is not None:
            count += proposed[1]
        return "maximum messages per subject exceeded" if count >= self.per_subject_max else ""

    def _accept_with_headers(self, message):
        """Take a message whose headers may ask something of the stream."""
        error = self._header_error(message)
        if error is not None:
            self.refuse(message, error)
            return
        message_id = self._header(message, b"Nats-Msg-Id") or b""
        if message_id:
            sequence = self.dedupe.find(message_id, self.router.now_ns)
            if sequence:
                if self.trace is not None:
                    self.trace.not_stored(self.stream_name.decode(), "msgid is duplicate")
                if message.reply_end > message.reply_start and not self.no_ack:
                    self.acks.add(message, sequence, True)
                    self.due()
                return
        rollup = self._header(message, b"Nats-Rollup")
        error = self._late_error(message, rollup)
        if error is not None:
            self.refuse(message, error)
            return
        if not self._has_room(message):
            return
        if self.ttl_min > 0 and 0 < self._ttl(message) < self.ttl_min:
            message = self._longer_lived(message)
        self._propose(message, message_id)
        if rollup is not None and not (self.trace is not None and self.trace.only):
            pattern = message.subject if rollup.lower() == b"sub" else b""
            purge = Purge(pattern, self.store.last_proposed, 0)
            self.store.propose(PURGE, pattern, purge.encode())

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
        for name, error in _REFUSED_HEADERS:
            if self._header(message, name) is not None:
                return error
        expected = self._header(message, b"Nats-Expected-Stream")
        if expected is not None and expected != self.stream_name:
            return api_errors.STREAM_NOT_MATCH
        if not self.allows_ttl and self._ttl(message) not in (0, message_ttl.INVALID):
            return api_errors.MESSAGE_TTL_DISABLED
        expected = self._header(message, b"Nats-Expected-Last-Sequence")
        if expected is not None and _number(expected) != self.store.last_sequence():
            return self._wrong_sequence("last sequence", expected, self.store.last_sequence())
        error = self._subject_sequence_error(message)
        if error is None and self._header(message, b"Nats-Schedule") is not None:
            return api_errors.MESSAGE_SCHEDULES_DISABLED
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
        last = self._last_of(message.subject if pattern is None else pattern)
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

    def _last_of(self, pattern):
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


def _traced_text(error):
    """Return what a trace says of an error that a publisher is answered with."""
    code = error.err_code
    if code in _TRACED_AS:
        return _TRACED_AS[code] or error.description
    return f"{error.description} ({code})"


def _number(text):
    """Return the number that a header's value is, or -1."""
    return int(text) if text.isdigit() and len(text) <= 20 else -1

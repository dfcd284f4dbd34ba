"""Messages by request: STREAM.MSG.GET, STREAM.MSG.DELETE and DIRECT.GET."""

from headwater.base.clock import MILLISECOND
from headwater.base.limits import SEQUENCE_MAX
from headwater.jetstream import api_errors, responses
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.direct_answers import DirectAnswers, DirectRun, DirectSubscription
from headwater.jetstream.requests import (
    read_direct_get,
    read_message_delete,
    read_message_get,
    required_level,
)
from headwater.jetstream.responses import Kind, moment, stored_message
from headwater.jetstream.stream_config import API_LEVEL, Storage
from headwater.store.record import DELETE
from headwater.subjects.validate import matches
from headwater.wire import headers

_BATCH_MAX = 1000
_MULTI_LAST_MAX = 1024
_UNLIMITED = 1 << 62
_CONGESTED_NS = 5 * MILLISECOND


def get(request):
    """STREAM.MSG.GET."""
    asked = read_message_get(request.body, strict=request.strict)
    stream = request.stream(request.tokens[3])

    def found(message):
        if message is None:
            request.refuse(api_errors.NO_MESSAGE_FOUND)
        else:
            subject, sequence, block, payload, time_ns = message
            block = b"" if asked.no_hdr else block
            stored = stored_message(subject, sequence, block, payload, time_ns)
            request.answer(responses.message_found(stored))

    find_message(stream, asked, found)


def delete(request):
    """STREAM.MSG.DELETE."""
    asked = read_message_delete(request.body, strict=request.strict)
    stream = request.stream(request.tokens[3])
    config = stream.config
    if config.sealed:
        raise JetStreamError(api_errors.STREAM_SEALED)
    if config.deny_delete:
        raise JetStreamError(
            api_errors.STREAM_MSG_DELETE_FAILED, err="message delete not permitted"
        )
    _check_there(stream, asked.seq)

    def deleted(error):
        if error is not None:
            request.refuse(api_errors.STREAM_MSG_DELETE_FAILED.filled(err=error))
        else:
            request.answer(responses.success(Kind.MESSAGE_DELETE))

    stream.ingest.acks.callbacks.append(deleted)
    stream.store.propose(DELETE, b"", asked.seq.to_bytes(8, "little"))
    stream.ingest.due()


def _check_there(stream, sequence):
    """Check that a stream holds a message.

    Raises:
        JetStreamError: it does not.
    """
    index = stream.store.index
    on_disk = stream.config.storage == Storage.FILE
    if on_disk and sequence > index.last_sequence:
        raise JetStreamError(api_errors.STREAM_MSG_DELETE_FAILED, err="stream store EOF")
    if on_disk and sequence < index.first_sequence:
        raise JetStreamError(api_errors.STREAM_MSG_DELETE_FAILED, err="no message found")
    block = index.block_of(sequence) if sequence <= index.last_sequence else None
    if block is None or not block.has(sequence):
        raise JetStreamError(api_errors.SEQUENCE_NOT_FOUND, seq=sequence)


def find_message(stream, asked, done):
    """Call ``done(message)`` with (subject, sequence, headers, payload, time), or None."""
    store = stream.store
    index = store.index
    if asked.last_by_subj:
        store.read_last(asked.last_by_subj.encode(), _telling(done))
    elif asked.next_by_subj:
        first = max(min(asked.seq, SEQUENCE_MAX), index.first_sequence)
        _find_next(store, asked.next_by_subj.encode(), first, asked.start_time_ns or 0, done)
    elif asked.start_time_ns is not None:
        _find_next(store, b">", index.first_sequence, asked.start_time_ns, done)
    else:
        store.read(min(asked.seq, SEQUENCE_MAX), _telling(done))


def _telling(done):
    """Return what tells ``done`` of a message that was read."""
    return lambda cached, _: done(None if cached is None else _message(cached))


def _find_next(store, pattern, first, time_ns, done):
    index = store.index
    found = []
    states = index.subjects.matching(pattern) if pattern != b">" else None
    if states is not None:
        if not states or max(state.last for _, state in states) < first:
            done(None)
            return
        first = max(first, min(state.first for _, state in states))

    def visit(cached):
        if cached.record.time_ns >= time_ns and matches(pattern, cached.subject()):
            found.append(_message(cached))
            return True
        return False

    store.walk(first, index.last_sequence, visit, lambda _: done(found[0] if found else None))


def _message(cached):
    record = cached.record
    return (
        cached.subject(),
        record.sequence,
        cached.headers(),
        cached.payload(),
        record.time_ns,
    )


class DirectGet:
    """DIRECT.GET of one stream: messages as messages, not as JSON."""

    def __init__(self, stream):
        self.stream = stream
        self.answers = DirectAnswers(stream.router, stream.account, stream.name.encode())
        prefix = f"$JS.API.DIRECT.GET.{stream.name}"
        self._prefix_bytes = len(prefix.encode()) + 1
        answers, store = self.answers, stream.store
        self._subscriptions = [
            DirectSubscription(prefix.encode(), self._by_body, answers, store, 0),
            DirectSubscription(
                f"{prefix}.>".encode(), self._by_subject, answers, store, self._prefix_bytes
            ),
        ]
        for subscription in self._subscriptions:
            stream.account.subscribe(subscription)

    def stop(self):
        """Answer nothing any more."""
        for subscription in self._subscriptions:
            self.stream.account.unsubscribe(subscription)

    def _reply_of(self, message):
        """Return where to answer a request; empty when it has its answer, or wants none."""
        reply = message.reply()
        if reply and message.header_size and required_level(message) > API_LEVEL:
            self.send(reply, headers.status_block(412, b"Required Api Level"))
            return b""
        return reply

    def _by_subject(self, message, origin):
        reply = self._reply_of(message)
        if reply:
            wanted = message.subject[self._prefix_bytes :]
            self.stream.store.read_last(wanted, lambda cached, _: self._send_found(reply, cached))

    def _by_body(self, message, origin):
        reply = self._reply_of(message)
        if not reply:
            return
        try:
            asked = read_direct_get(message.payload())
        except ValueError as error:
            self.send(reply, headers.status_block(408, str(error).encode()))
            return
        if asked.multi_last:
            LastOfEach(self, reply, asked).find()
        elif asked.batch != 0:
            Batch(self, reply, asked).find()
        else:
            self._answer(reply, asked)

    def _send_found(self, reply, cached):
        if cached is None:
            self.send(reply, headers.status_block(404, b"Message Not Found"))
        else:
            self.answers.send(reply, cached, False)

    def _answer(self, reply, asked):
        def found(message):
            if message is None:
                self.send(reply, headers.status_block(404, b"Message Not Found"))
            else:
                self._send_message(reply, message, (), no_headers=asked.no_hdr)

        find_message(self.stream, asked, found)

    def send_batch(self, reply, asked, found, total, bound=0):
        """Send the messages ``found`` of ``total``, and a status that ends them."""
        last = 0
        for place, message in enumerate(found):
            fields = [
                (b"Nats-Num-Pending", b"%d" % max(0, total - place - 1)),
                (b"Nats-Last-Sequence", b"%d" % last),
            ]
            self._send_message(reply, message, fields, no_headers=asked.no_hdr)
            last = message[1]
        self.send_end(reply, max(0, total - len(found)), last, bound)

    def send_end(self, reply, pending, last, bound=0):
        """Send the status that ends several messages."""
        fields = [
            (b"Nats-Num-Pending", b"%d" % pending),
            (b"Nats-Last-Sequence", b"%d" % last),
        ]
        if bound:
            fields.append((b"Nats-UpTo-Sequence", b"%d" % bound))
        self.send(reply, headers.status_block(204, b"EOB", fields))

    def _send_message(self, reply, message, fields, *, no_headers):
        subject, sequence, block, payload, time_ns = message
        own = [
            (b"Nats-Stream", self.stream.name.encode()),
            (b"Nats-Subject", subject),
            (b"Nats-Sequence", b"%d" % sequence),
            (b"Nats-Time-Stamp", moment(time_ns).encode()),
            *fields,
        ]
        head = block[:-2] if block and not no_headers else headers.LINE
        lines = b"".join([b"%s: %s\r\n" % field for field in own])
        self.send(reply, b"" if no_headers else head + lines + b"\r\n", payload)

    def send(self, reply, block, payload=b""):
        """Send a message that is no message of the stream."""
        stream = self.stream
        stream.router.publish(stream.account, reply, payload, b"", block)


class Batch:
    """A DIRECT.GET of several messages that follow each other."""

    def __init__(self, direct, reply, asked):
        self._direct = direct
        self._reply = reply
        self._asked = asked
        self._store = direct.stream.store
        self._states = None  # subjects that are wanted, None for all
        self._room = min(asked.batch, _BATCH_MAX)
        self._left_bytes = asked.max_bytes or _UNLIMITED
        self._found = []
        self._total = 0  # messages that fit from the start on
        self._counts = False  # whether they have to be counted one by one

    def find(self):
        """Find the messages, then send them."""
        index = self._store.index
        asked = self._asked
        pattern = asked.next_by_subj.encode()
        first = max(min(asked.seq, SEQUENCE_MAX), index.first_sequence)
        if pattern and pattern != b">":
            self._states = dict(index.subjects.matching(pattern))
            states = self._states.values()
            self._counts = any(state.first < first <= state.last for state in states)
            self._total = sum(state.count for state in states if state.first >= first)
        elif asked.start_time_ns is None:
            self._total = index.count_from(first)
        if asked.start_time_ns is not None:
            self._counts = True
        if self._counts:
            self._total = 0
        if self._counts or self._states is not None or self._room <= 0:
            self._store.walk(first, index.last_sequence, self._visit, self._done)
        else:
            self._send_run(first, index.last_sequence)

    def _send_run(self, first, last):
        """Send what follows ``first``: nothing has to be looked at before."""
        bare = self._asked.no_hdr
        run = DirectRun(self._direct.answers, self._store, self._reply, bare=bare, bound=last)
        run.next = first
        run.room = self._room
        run.left_bytes = self._left_bytes
        run.pending = self._total
        self._send_on(run)

    def _send_on(self, run):
        block = run.go()
        if block is not None:
            self._store.load(block, lambda error: self._loaded(run, block, error))
        elif not run.over:
            stream = self._direct.stream
            delay_ns = _CONGESTED_NS if stream.router.behind else 0
            stream.timers.after(delay_ns, lambda: self._send_on(run))
        elif run.last:
            self._direct.send_end(self._reply, run.pending, run.last)
        else:
            self._done(None)

    def _loaded(self, run, block, error):
        if error is not None:
            run.next = block.last_sequence + 1  # what cannot be read is passed over
        self._send_on(run)

    def _visit(self, cached):
        record = cached.record
        if self._states is not None and cached.subject() not in self._states:
            return False
        if self._asked.start_time_ns is not None and record.time_ns < self._asked.start_time_ns:
            return False
        if self._counts:
            self._total += 1
        if len(self._found) < self._room and self._left_bytes > 0:
            self._found.append(_message(cached))
            self._left_bytes -= record.end - record.subject_start
        return not self._counts and (len(self._found) >= self._room or self._left_bytes <= 0)

    def _done(self, _):
        if self._found or self._room < 0:
            found = self._found
            self._direct.send_batch(self._reply, self._asked, found, self._total)
        else:
            block = headers.status_block(404, b"Message Not Found")
            self._direct.send(self._reply, block)


class LastOfEach:
    """A DIRECT.GET of the last message of each subject, at present or up to a point."""

    def __init__(self, direct, reply, asked):
        self._direct = direct
        self._reply = reply
        self._asked = asked
        self._store = direct.stream.store
        self._bound = self._store.index.last_sequence
        self._states = {}
        self._lasts = {}  # subject -> sequence
        self._wanted = []  # sequences that are still to be read
        self._total = 0
        self._found = []
        self._left_bytes = asked.max_bytes or _UNLIMITED
        self._waits = False  # whether a message was asked for and has not come
        self._suspended = False  # whether its coming has to go on with the others

    def find(self):
        """Find the messages, then send them."""
        index = self._store.index
        asked = self._asked
        for pattern in asked.multi_last:
            self._states.update(index.subjects.matching(pattern.encode()))
        if asked.up_to_time_ns is not None:
            self._find_time(asked.up_to_time_ns)
        elif asked.up_to_seq > self._bound:
            self._refuse(404, b"No Results")
        else:
            self._bound = asked.up_to_seq or self._bound
            self._find_lasts()

    def _find_time(self, time_ns):
        """Let the bound be the last message before a time."""

        def visit(cached):
            if cached.record.time_ns >= time_ns:
                self._bound = cached.record.sequence - 1
                return True
            return False

        first = self._store.index.first_sequence
        self._store.walk(first, self._bound, visit, lambda _: self._find_lasts())

    def _find_lasts(self):
        bound = self._bound
        unknown = {}
        for subject, state in self._states.items():
            if state.last <= bound:
                self._lasts[subject] = state.last
            elif state.first <= bound:
                unknown[subject] = state.first
        if not unknown:
            self._read_all()
            return

        def visit(cached):
            subject = cached.subject()
            if subject in unknown:
                self._lasts[subject] = cached.record.sequence
            return False

        self._store.walk(min(unknown.values()), bound, visit, lambda _: self._read_all())

    def _read_all(self):
        wanted = sorted(self._lasts.values())
        if len(wanted) > _MULTI_LAST_MAX:
            self._refuse(413, b"Too Many Results")
        elif not wanted:
            self._refuse(404, b"No Results")
        else:
            self._total = len(wanted)
            self._wanted = wanted[: self._asked.batch] if self._asked.batch > 0 else wanted
            self._read_on()

    def _read_on(self):
        """Read the messages one after the other."""
        while self._wanted and self._left_bytes > 0:
            self._waits = True
            self._store.read(self._wanted[0], self._take)
            if self._waits:
                self._suspended = True
                return
        self._direct.send_batch(self._reply, self._asked, self._found, self._total, self._bound)

    def _take(self, cached, _):
        del self._wanted[0]
        self._waits = False
        if cached is not None:
            self._found.append(_message(cached))
            self._left_bytes -= cached.record.end - cached.record.subject_start
        if self._suspended:
            self._suspended = False
            self._read_on()

    def _refuse(self, code, text):
        self._direct.send(self._reply, headers.status_block(code, text))

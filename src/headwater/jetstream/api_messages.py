"""Messages by request: STREAM.MSG.GET, STREAM.MSG.DELETE and DIRECT.GET."""

from headwater.broker.subscription import InternalSubscription
from headwater.jetstream import api_errors, responses
from headwater.jetstream.api_errors import JetStreamError
from headwater.jetstream.requests import (
    MessageGetRequest,
    read_direct_get,
    read_message_delete,
    read_message_get,
)
from headwater.jetstream.responses import Kind, moment, stored_message
from headwater.store.record import DELETE
from headwater.subjects.validate import matches
from headwater.wire import headers

_BATCH_MAX = 1000
_MULTI_LAST_MAX = 1024


def get(request):
    """STREAM.MSG.GET."""
    asked = read_message_get(request.body)
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
    stream = request.stream(request.tokens[3])
    asked = read_message_delete(request.body)
    config = stream.config
    if config.sealed:
        raise JetStreamError(api_errors.STREAM_SEALED)
    if config.deny_delete:
        raise JetStreamError(
            api_errors.STREAM_MSG_DELETE_FAILED, err="message delete not permitted"
        )
    index = stream.store.index
    if asked.seq == 0 or asked.seq > index.last_sequence:
        raise JetStreamError(api_errors.STREAM_MSG_DELETE_FAILED, err="no message found")
    block = index.block_of(asked.seq)
    if block is None or not block.has(asked.seq):
        raise JetStreamError(api_errors.SEQUENCE_NOT_FOUND, seq=asked.seq)

    def deleted(error):
        if error is not None:
            request.refuse(api_errors.STREAM_MSG_DELETE_FAILED.filled(err=error))
        else:
            request.answer(responses.success(Kind.MESSAGE_DELETE))

    stream.ingest.acks.callbacks.append(deleted)
    stream.store.propose(DELETE, b"", asked.seq.to_bytes(8, "little"))
    stream.ingest.due()


def find_message(stream, asked, done):
    """Call ``done(message)`` with (subject, sequence, headers, payload, time), or None."""
    store = stream.store
    index = store.index
    if asked.last_by_subj:
        lasts = [state.last for _, state in index.matching(asked.last_by_subj.encode())]
        _read(store, max(lasts, default=0), done)
    elif asked.next_by_subj:
        first = max(asked.seq, index.first_sequence)
        _find_next(store, asked.next_by_subj.encode(), first, asked.start_time_ns or 0, done)
    elif asked.start_time_ns is not None:
        _find_next(store, b">", index.first_sequence, asked.start_time_ns, done)
    else:
        _read(store, asked.seq, done)


def _read(store, sequence, done):
    if not sequence:
        done(None)
        return
    store.read(sequence, lambda cached, _: done(None if cached is None else _message(cached)))


def _find_next(store, pattern, first, time_ns, done):
    index = store.index
    found = []
    states = index.matching(pattern) if pattern != b">" else None
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
        self._stream = stream
        prefix = f"$JS.API.DIRECT.GET.{stream.name}"
        self._prefix_bytes = len(prefix) + 1
        self._subscriptions = [
            InternalSubscription(prefix.encode(), self._by_body),
            InternalSubscription(f"{prefix}.>".encode(), self._by_subject),
        ]
        for subscription in self._subscriptions:
            stream.account.subscribe(subscription)

    def stop(self):
        """Answer nothing any more."""
        for subscription in self._subscriptions:
            self._stream.account.unsubscribe(subscription)

    def _by_subject(self, message, origin):
        reply = message.reply()
        if reply:
            subject = message.subject[self._prefix_bytes :].decode("utf-8", "replace")
            self._answer(reply, MessageGetRequest(last_by_subj=subject))

    def _by_body(self, message, origin):
        reply = message.reply()
        if not reply:
            return
        try:
            asked = read_direct_get(message.payload())
        except ValueError as error:
            self._send(reply, headers.status_block(408, str(error).encode()))
            return
        if asked.multi_last:
            self._answer_multi(reply, asked)
        elif asked.batch > 0:
            self._answer_batch(reply, asked)
        else:
            self._answer(reply, asked)

    def _answer(self, reply, asked):
        def found(message):
            if message is None:
                self._send(reply, headers.status_block(404, b"Message Not Found"))
            else:
                self._send_message(reply, message, (), no_headers=asked.no_hdr)

        find_message(self._stream, asked, found)

    def _answer_batch(self, reply, asked):
        """Answer with up to ``batch`` messages, then a status that ends them."""
        store = self._stream.store
        index = store.index
        pattern = asked.next_by_subj.encode() or b">"
        states = dict(index.matching(pattern))
        found = []
        left_bytes = asked.max_bytes or (1 << 40)
        size = 0

        def visit(cached):
            nonlocal size
            start_ns = asked.start_time_ns or 0
            if cached.record.time_ns < start_ns or cached.subject() not in states:
                return False
            found.append(_message(cached))
            size += cached.record.end - cached.record.start
            return len(found) >= min(asked.batch, _BATCH_MAX) or size >= left_bytes

        def done(_):
            self._send_batch(reply, asked, found, sum(state.count for state in states.values()))

        store.walk(max(asked.seq, index.first_sequence), index.last_sequence, visit, done)

    def _answer_multi(self, reply, asked):
        """Answer with the last message of each subject."""
        index = self._stream.store.index
        states = {}
        for pattern in asked.multi_last:
            states.update(index.matching(pattern.encode()))
        bound = asked.up_to_seq or index.last_sequence
        wanted = sorted(state.last for state in states.values() if state.last <= bound)
        if len(wanted) > _MULTI_LAST_MAX:
            self._send(reply, headers.status_block(413, b"Too Many Results"))
            return
        batch = wanted[: asked.batch] if asked.batch > 0 else wanted
        found = []

        def read_next(place):
            if place == len(batch):
                self._send_batch(reply, asked, found, len(wanted))
                return

            def read(message):
                if message is not None:
                    found.append(message)
                read_next(place + 1)

            _read(self._stream.store, batch[place], read)

        read_next(0)

    def _send_batch(self, reply, asked, found, total):
        if not found:
            text = b"No Results" if asked.multi_last else b"Message Not Found"
            self._send(reply, headers.status_block(404, text))
            return
        last = 0
        for place, message in enumerate(found):
            pending = max(0, total - place - 1)
            fields = [(b"Nats-Num-Pending", b"%d" % pending)]
            if last or asked.multi_last or asked.batch:
                fields.append((b"Nats-Last-Sequence", b"%d" % last))
            self._send_message(reply, message, fields, no_headers=asked.no_hdr)
            last = message[1]
        fields = [
            (b"Nats-Num-Pending", b"%d" % max(0, total - len(found))),
            (b"Nats-Last-Sequence", b"%d" % last),
        ]
        if asked.multi_last:
            bound = asked.up_to_seq or self._stream.store.index.last_sequence
            fields.append((b"Nats-UpTo-Sequence", b"%d" % bound))
        self._send(reply, headers.status_block(204, b"EOB", fields))

    def _send_message(self, reply, message, fields, *, no_headers):
        subject, sequence, block, payload, time_ns = message
        own = [
            (b"Nats-Stream", self._stream.name.encode()),
            (b"Nats-Subject", subject),
            (b"Nats-Sequence", b"%d" % sequence),
            (b"Nats-Time-Stamp", moment(time_ns).encode()),
            *fields,
        ]
        head = block[:-2] if block and not no_headers else headers.LINE
        lines = b"".join([b"%s: %s\r\n" % field for field in own])
        self._send(reply, b"" if no_headers else head + lines + b"\r\n", payload)

    def _send(self, reply, block, payload=b""):
        stream = self._stream
        stream.router.publish(stream.account, reply, payload, b"", block)

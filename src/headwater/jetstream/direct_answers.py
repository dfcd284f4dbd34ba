"""What DIRECT.GET answers: messages of a stream as messages, with headers that say where they were.

It writes them from the block that is in memory to those who asked, copying once; who calls has
brought the block there.
"""

from headwater.base import gojson, octets
from headwater.base.buffer import Buffer
from headwater.base.clock import SECOND
from headwater.broker.subscription import InternalSubscription
from headwater.wire import headers
from headwater.wire.message import Message

_SECOND_NS = SECOND
_LINE = headers.LINE
_SLICE_BYTES_MAX = 32 * 1024  # sent at a stretch: it leaves, and others have their turn
_ADDED_BYTES = 320  # all that is added to a message, but for the names of stream and subject
_DOT, _ZERO, _Z, _BRACE = b".0Z}"
_PLAIN = b'{"seq":'
_second_ns = _SECOND_NS
_line = _LINE
_slice_bytes_max = _SLICE_BYTES_MAX
_added_bytes = _ADDED_BYTES
_dot = _DOT
_zero = _ZERO
_z = _Z
_brace = _BRACE
_plain = _PLAIN


class DirectAnswers:
    """Sends messages of one stream."""

    __slots__ = ("_account", "_buffer", "_message", "_named", "_router", "_second", "_second_text")

    def __init__(self, router, account, stream_name):
        self._router = router
        self._account = account
        self._named = b"Nats-Stream: %b\r\nNats-Subject: " % stream_name
        self._buffer = None  # what the last answer was written to, while nobody sends
        self._message = None
        self._second = -1  # that ``_second_text`` is
        self._second_text = b""

    def send(self, reply, cached, bare, pending=-1, last=0):
        """Send the message that ``cached`` points at; a ``bare`` one has no headers at all.

        One of a batch tells how many are ``pending`` behind it, and the ``last`` sequence before.
        """
        # What is sent may be a request of its own, which is answered on the way.
        buffer, message = self._buffer, self._message
        self._buffer = self._message = None
        if buffer is None:
            buffer, message = Buffer(), Message()
        record = cached.record
        buffer.size = 0
        buffer.reserve(
            len(reply) + record.end - record.subject_start + len(self._named) + _added_bytes
        )
        start = at = octets.put_bytes(buffer.view, 0, reply)
        if not bare:
            at = self._put_headers(buffer, at, cached, pending, last)
        message.subject = reply
        message.subject_start = 0
        message.subject_end = message.reply_start = message.reply_end = start
        message.body_start = start
        message.header_size = at - start
        at = octets.copy_into(buffer.view, at, cached.data.view, record.payload_start, record.end)
        message.body_end = at
        message.set_view(buffer.view)
        message.rewritten = False
        message.mapped = False
        message.queues = None
        self._router.route(self._account, message, None)
        message.release()
        self._buffer, self._message = buffer, message

    def _put_headers(self, buffer, at, cached, pending, last):
        """Write the headers from ``at`` on; return the offset behind them."""
        record = cached.record
        source = cached.data.view
        view = buffer.view
        if record.header_size:
            end = record.payload_start - 2  # without the empty line
            at = octets.copy_into(view, at, source, record.subject_end, end)
        else:
            at = octets.put_bytes(view, at, _line)
        at = octets.put_bytes(view, at, self._named)
        at = octets.copy_into(view, at, source, record.subject_start, record.subject_end)
        at = octets.put_bytes(view, at, b"\r\nNats-Sequence: ")
        at = octets.put_decimal(view, at, record.sequence)
        at = octets.put_bytes(view, at, b"\r\nNats-Time-Stamp: ")
        at = self._put_time(buffer, at, record.time_ns)
        if pending >= 0:
            at = octets.put_bytes(view, at, b"\r\nNats-Num-Pending: ")
            at = octets.put_decimal(view, at, pending)
            at = octets.put_bytes(view, at, b"\r\nNats-Last-Sequence: ")
            at = octets.put_decimal(view, at, last)
        return octets.put_bytes(view, at, b"\r\n\r\n")

    def _put_time(self, buffer, at, time_ns):
        """Write a time as nats-server prints it: zeros at the end of the fraction are left out."""
        view = buffer.view
        second = time_ns // _second_ns
        fraction = time_ns % _second_ns
        if second != self._second:
            self._second = second
            self._second_text = gojson.time_text(second * _second_ns).encode()[:19]
        at = octets.put_bytes(view, at, self._second_text)
        if fraction:
            point = at
            at = octets.put_decimal(view, at, _second_ns + fraction)
            octets.put_byte(view, point, _dot)  # over the figure that keeps the zeros in front
            while view[at - 1] == _zero:
                at -= 1
        return octets.put_byte(view, at, _z)


class DirectSubscription(InternalSubscription):
    """Where requests come in: the plain ones are answered here if the message is in memory.

    All others are the callback's.
    """

    __slots__ = ("_answers", "_prefix_bytes", "_store")

    def __init__(self, subject, callback, answers, store, prefix_bytes):
        super().__init__(subject, callback)
        self._answers = answers
        self._store = store
        self._prefix_bytes = prefix_bytes  # what stands before the subject asked for; 0: the body

    def deliver(self, message, origin):
        if message.header_size == 0 and message.reply_end > message.reply_start:
            sequence = self._wanted(message)
            if sequence > 0:
                cached = self._store.find(sequence)
                if cached is not None:
                    self._answers.send(message.reply(), cached, False)
                    return True
        return self.callback(message, origin) is not False

    def _wanted(self, message):
        """Return the sequence that is asked for, 0 when there is none or it is not plain."""
        if self._prefix_bytes:
            subject = message.subject
            wanted = octets.slice_bytes(subject, self._prefix_bytes, len(subject))
            return self._store.index.subjects.last_matching(wanted)
        view = message.body_view
        start = message.body_start
        end = message.body_end
        if not octets.starts_with(view, start, end, _plain) or view[end - 1] != _brace:
            return 0
        start = octets.skip_blanks(view, start + len(_plain), end)
        if view[start] == _zero:
            return 0
        return max(0, octets.parse_size(view, start, end - 1))


class DirectRun:
    """Messages that follow each other, from ``next`` on, as the answers to one request."""

    __slots__ = (
        "_answers", "_bare", "_bound", "_reply", "_store",
        "last", "left_bytes", "next", "over", "pending", "room",
    )  # fmt: skip

    def __init__(self, answers, store, reply, *, bare, bound):
        self._answers = answers
        self._store = store
        self._reply = reply
        self._bare = bare
        self._bound = bound  # the last sequence that may be sent
        self.last = 0  # the sequence that was sent last
        self.next = 0
        self.over = False  # whether all is sent
        self.room = 0  # messages that may still be sent
        self.left_bytes = 0  # of them
        self.pending = 0  # messages that are there from ``next`` on

    def go(self):
        """Send on, for a turn or until all is ``over``; return the block to load first, if any."""
        store = self._store
        least_bytes = self.left_bytes - _slice_bytes_max
        while self.room > 0 and self.left_bytes > 0:
            if self.left_bytes < least_bytes:
                return None
            sequence = store.index.next_from(self.next)
            if sequence == 0 or sequence > self._bound:
                break
            cached = store.find(sequence)
            if cached is None:
                block = store.missing(sequence)
                if block is not None:
                    return block
            self.next = sequence + 1
            if cached is None:
                continue
            record = cached.record
            self.room -= 1
            self.left_bytes -= record.end - record.subject_start
            if self.pending > 0:
                self.pending -= 1
            last = self.last
            self.last = sequence
            self._answers.send(self._reply, cached, self._bare, self.pending, last)
        self.over = True
        return None

"""The NATS protocol, bytes to operations, in place on the connection's read buffer.

A message creates no object: its parts are offsets in ``self.message``, which ``on_message`` gets.
Every other operation is a verb and its arguments as bytes, which ``on_control`` gets.  What is
incomplete is left in the buffer and parsed again when there is more; ``wanted`` then tells how
long a message is.  A peer that breaks the grammar raises ProtocolError out of ``receive``.
"""

from headwater.base import octets
from headwater.base.errors import ProtocolError
from headwater.base.limits import CONTROL_LINE_BYTES_MAX, PAYLOAD_BYTES_MAX
from headwater.base.link import Receiver
from headwater.wire.message import Message

# What a client and another server may say, by the first letter.
_CLIENT_VERBS = {
    43: (b"+OK",),
    45: (b"-ERR",),
    67: (b"CONNECT",),
    72: (b"HPUB",),
    73: (b"INFO",),
    80: (b"PING", b"PONG", b"PUB"),
    83: (b"SUB",),
    85: (b"UNSUB",),
}
_SERVER_VERBS = {
    43: (b"+OK",),
    45: (b"-ERR",),
    72: (b"HMSG",),
    73: (b"INFO",),
    76: (b"LMSG", b"LS+", b"LS-"),
    80: (b"PING", b"PONG"),
}
# Verbs behind which a line may hold anything, which means nothing.
_BARE = frozenset([b"PING", b"PONG", b"+OK"])
# Verbs whose argument may follow without a blank: JSON shows where it begins.
_OF_JSON = frozenset([b"CONNECT", b"INFO"])


class NatsParser(Receiver):
    """The receiving half of a NATS connection; sessions inherit it and get the verbs."""

    __slots__ = (
        "control_line_bytes_max",
        "input",
        "message",
        "open",
        "payload_bytes_max",
        "peer",
        "takes_headers",
    )

    def __init__(self, pool):
        super().__init__(pool)
        self.message = Message()
        self.input = memoryview(b"")
        self.open = True  # nothing is parsed once a session has closed
        self.peer = False  # whether the other side is a server: LMSG, HMSG with queue groups
        self.takes_headers = True  # whether the other side may send HPUB
        self.control_line_bytes_max = CONTROL_LINE_BYTES_MAX
        self.payload_bytes_max = PAYLOAD_BYTES_MAX

    def on_message(self):
        """Take the message in ``self.message``."""
        raise NotImplementedError

    def on_control(self, verb, arguments):
        """Take any other operation: upper-case verb, and the rest of its line."""
        raise NotImplementedError

    def receive(self, view, start, end):
        self.input = view
        self.message.set_view(view)
        self.wanted = 0
        at = start
        try:
            while at < end and self.open:
                after = self._operation(at, end)
                if after < 0:
                    break
                at = after
        finally:
            self.message.release()
            self.input = self.message.body_view
        return at

    def _operation(self, at, end):
        """Parse one operation; return the offset behind it, or -1 when it is incomplete."""
        if end - at > 4:
            first = self.input[at] | 32
            if first == 112:  # p
                if not self.peer and self._is_verb(at, b"UB", 3):
                    return self._publish(at, at + 4, end, False)
            elif first == 104:  # h
                if self.peer:
                    if self._is_verb(at, b"MSG", 4):
                        return self._routed(at, at + 5, end, True)
                elif self._is_verb(at, b"PUB", 4):
                    return self._publish(at, at + 5, end, True)
            elif first == 108 and self.peer and self._is_verb(at, b"MSG", 4):  # l
                return self._routed(at, at + 5, end, False)
        return self._line(at, end)

    def _is_verb(self, at, rest, size):
        """Tell whether the verb of ``size`` letters at ``at`` goes on with ``rest`` and a blank.

        ``rest`` is in capitals, as real peers write their verbs; small letters take longer.
        """
        blank = self.input[at + size]
        if blank != 32 and blank != 9:
            return False
        if octets.equals(self.input, at + 1, at + size, rest):
            return True
        return octets.slice_bytes(self.input, at + 1, at + size).upper() == rest

    def _publish(self, at, start, end, headers):
        """Parse what follows PUB or HPUB: subject, reply if there is one, sizes; then the body."""
        message = self.message
        subject_start = octets.skip_blanks(self.input, start, end)
        subject_end = octets.token_end(self.input, subject_start, end)
        first_start = octets.skip_blanks(self.input, subject_end, end)
        first_end = octets.token_end(self.input, first_start, end)
        second_start = octets.skip_blanks(self.input, first_end, end)
        second_end = octets.token_end(self.input, second_start, end)
        if headers:
            return self._publish_headers(
                at,
                end,
                subject_start,
                subject_end,
                first_start,
                first_end,
                second_start,
                second_end,
            )
        message.subject_start = subject_start
        message.subject_end = subject_end
        message.header_size = 0
        if second_end > second_start:
            message.reply_start = first_start
            message.reply_end = first_end
            size = octets.parse_size(self.input, second_start, second_end)
            return self._body(at, second_end, end, size, 0)
        message.reply_start = message.reply_end = 0
        size = octets.parse_size(self.input, first_start, first_end)
        return self._body(at, first_end, end, size, 0)

    def _publish_headers(self, at, end, s0, s1, a0, a1, b0, b1):
        """Go on with HPUB: one more size, in front of the total."""
        if not self.takes_headers:
            return self._bad_arguments(at, s0, end)
        message = self.message
        message.subject_start = s0
        message.subject_end = s1
        c0 = octets.skip_blanks(self.input, b1, end)
        c1 = octets.token_end(self.input, c0, end)
        if c1 > c0:
            message.reply_start = a0
            message.reply_end = a1
            a0, a1, b0, b1 = b0, b1, c0, c1
        else:
            message.reply_start = message.reply_end = 0
        header_size = octets.parse_size(self.input, a0, a1)
        size = octets.parse_size(self.input, b0, b1)
        return self._body(at, b1, end, size, header_size)

    def _body(self, at, line_end, end, size, header_size):
        """Check the end of the line and the body behind it, then hand the message out."""
        message = self.message
        line_end = octets.skip_blanks(self.input, line_end, end)
        arguments_end = line_end
        if line_end < end and self.input[line_end] == 13:
            line_end += 1
        if line_end >= end:
            return self._incomplete_line(at, message.subject_start, end)
        if self.input[line_end] != 10 or not 0 <= header_size <= size:
            return self._bad_arguments(at, message.subject_start, end)
        if arguments_end - at > self.control_line_bytes_max:
            self._check_line(at, message.subject_start, arguments_end)
        if size > self.payload_bytes_max:
            raise ProtocolError("payload too large", "Maximum Payload Violation")
        start = line_end + 1
        if start + size + 2 > end:
            if start + size < end and self.input[start + size] != 13:
                self._refuse("no line end behind a payload")
            self.wanted = start + size + 2 - at
            return -1
        if self.input[start + size] != 13 or self.input[start + size + 1] != 10:
            self._refuse("no line end behind a payload")
        message.header_size = header_size
        message.body_start = start
        message.body_end = start + size
        self.on_message()
        return start + size + 2

    def _bad_arguments(self, at, start, end):
        """Refuse the arguments that begin at ``start``, once they have an end."""
        line_feed = octets.find(self.input, 10, start + 1, end)
        if line_feed < 0:
            return self._incomplete_line(at, start, end)
        self._check_line(at, start, self._line_end(start, line_feed))
        raise ProtocolError("bad arguments of a message")

    def _routed(self, at, start, end, headers):
        """Parse LMSG or HMSG of another server: ``subject [reply | +/| queues…] [header] size``."""
        start = octets.skip_blanks(self.input, start, end)
        line_feed = octets.find(self.input, 10, start, end)
        if line_feed < 0:
            return self._incomplete_line(at, start, end)
        message = self.message
        message.subject_start = start
        message.subject_end = octets.token_end(self.input, message.subject_start, line_feed)
        count = 0
        first_start = first_end = before_start = before_end = last_start = last_end = 0
        word_end = message.subject_end
        while True:
            word_start = octets.skip_blanks(self.input, word_end, line_feed)
            word_end = octets.token_end(self.input, word_start, line_feed)
            if word_end == word_start:
                break
            count += 1
            if count == 1:
                first_start = word_start
                first_end = word_end
            before_start = last_start
            before_end = last_end
            last_start = word_start
            last_end = word_end
        if self.input[word_end] == 13:
            word_end += 1
        count -= 2 if headers else 1
        if count < 0 or word_end != line_feed or message.subject_end == message.subject_start:
            raise ProtocolError("bad arguments of a message")
        size = octets.parse_size(self.input, last_start, last_end)
        header_size = octets.parse_size(self.input, before_start, before_end) if headers else 0
        if size < 0 or not 0 <= header_size <= size:
            raise ProtocolError("bad sizes of a message")
        message.reply_start = first_start if count else 0
        message.reply_end = first_end if count else 0
        message.queues = None
        if count > 1:
            self._queue_groups(count, line_feed)
        return self._body(at, line_feed, end, size, header_size)

    def _queue_groups(self, count, line_feed):
        """Take the ``count`` words that begin where the reply was thought to be: + or |, groups."""
        message = self.message
        word_end = message.reply_end
        mark = octets.slice_bytes(self.input, message.reply_start, word_end)
        message.reply_start = message.reply_end = 0
        count -= 1
        if mark == b"+":
            message.reply_start = octets.skip_blanks(self.input, word_end, line_feed)
            word_end = octets.token_end(self.input, message.reply_start, line_feed)
            message.reply_end = word_end
            count -= 1
        elif mark != b"|":
            raise ProtocolError("bad queue groups of a message")
        groups = []
        for _ in range(count):
            word_start = octets.skip_blanks(self.input, word_end, line_feed)
            word_end = octets.token_end(self.input, word_start, line_feed)
            groups.append(octets.slice_bytes(self.input, word_start, word_end))
        message.queues = groups

    def _line(self, at, end):
        """Parse an operation without a body, or the beginning of any."""
        verb = self._verb(at, end)
        verb_end = at + len(verb)
        if verb_end >= end:
            return -1
        start = octets.skip_blanks(self.input, verb_end, end)
        first = start
        if verb not in _BARE:
            if start == verb_end and verb not in _OF_JSON:
                self._refuse("no blank behind a verb")
            # The first byte of an argument may be anything, a line feed as well.
            first += 1
        line_feed = octets.find(self.input, 10, first, end)
        if line_feed < 0:
            return self._incomplete_line(at, start, end)
        line_end = self._line_end(first, line_feed)
        self._check_line(at, start, line_end)
        self.on_control(verb, octets.slice_bytes(self.input, start, line_end))
        return line_feed + 1

    def _verb(self, at, end):
        """Return the verb that stands at ``at``, or of which the beginning does."""
        first = self.input[at]
        if first >= 97:
            first -= 32
        verbs = _SERVER_VERBS if self.peer else _CLIENT_VERBS
        for verb in verbs.get(first, ()):
            size = min(len(verb), end - at)
            if octets.slice_bytes(self.input, at, at + size).upper() == verb[:size]:
                return verb
        return self._refuse("no such operation")

    def _line_end(self, start, line_feed):
        """Return where the line that ``line_feed`` ends does end, but not before ``start``."""
        if line_feed > start and self.input[line_feed - 1] == 13:
            return line_feed - 1
        return line_feed

    def _incomplete_line(self, at, start, end):
        """Leave a line alone whose arguments begin at ``start``, as long as it may go on."""
        self._check_line(at, start, self._line_end(start, end))
        return -1

    def _check_line(self, at, start, end):
        """Limit the arguments from ``start`` to ``end``, and what may stand before them."""
        if end - start > self.control_line_bytes_max or start - at > self.control_line_bytes_max:
            raise ProtocolError("control line too long", "maximum control line exceeded")

    def _refuse(self, reason):
        raise ProtocolError(reason, "Unknown Protocol Operation")

"""Counters (ADR-49): each message is a step, and is stored with what its subject's counter is then.

The sum is made when the message is proposed and is part of the record, so that nobody has to add
anything up again.
"""

import re

import msgspec

from headwater.jetstream import api_errors
from headwater.wire import headers
from headwater.wire.message import Message

_INCREMENT = re.compile(rb"[+-]?[0-9]+")
# Python turns no longer numbers into digits, for the time that it takes.
_DIGITS_MAX = 4000
_BOUND = 10**_DIGITS_MAX
# Values that are remembered beside those under way: others are read from the store.
_KNOWN_MAX = 10_000
_SOURCES = b"Nats-Counter-Sources"
_NOT_WITH = (
    b"Nats-Rollup",
    b"Nats-Expected-Stream",
    b"Nats-Expected-Last-Msg-Id",
    b"Nats-Expected-Last-Sequence",
    b"Nats-Expected-Last-Subject-Sequence",
    b"Nats-Expected-Last-Subject-Sequence-Subject",
)


class _Value(msgspec.Struct):
    """The payload of a stored step."""

    val: str


class _Known:
    """What a counter was with the message ``sequence``, and the header of its sources, or empty."""

    __slots__ = ("sequence", "sources", "value")

    def __init__(self, sequence, value, sources):
        self.sequence = sequence
        self.value = value
        self.sources = sources


_decode = msgspec.json.Decoder(_Value).decode


def increment_error(message, increment, *, enabled):
    """Return what is wrong with a message that has an increment."""
    if _number(increment) is None:
        return api_errors.MESSAGE_INCR_INVALID
    if not enabled:
        return api_errors.MESSAGE_INCR_DISABLED
    if message.body_end - message.body_start > message.header_size:
        return api_errors.MESSAGE_INCR_PAYLOAD
    block = message.headers()
    if any(headers.value_of(block, name) for name in _NOT_WITH):
        return api_errors.MESSAGE_INCR_INVALID
    return None


class Counters:
    """The counters of one stream, one a subject."""

    def __init__(self, ingest):
        self._ingest = ingest
        self._store = ingest.store
        self._known = {}  # subject -> _Known
        self._sum = 0
        self._sources = b""
        self.counted = None  # the message that ``add`` has made
        self.value = b""  # what it says, in digits

    def missing(self, subject):
        """Return the block to load before a step of a subject's counter can be made, or None."""
        last = self._ingest.last_of(subject)
        known = self._known.get(subject)
        if not last or (known is not None and known.sequence == last):
            return None
        return self._store.missing(last)

    def add(self, message):
        """Make the step that a message asks for; return why that cannot be."""
        known = self._last(message.subject)
        if known is None:
            return api_errors.MESSAGE_COUNTER_BROKEN
        block = message.headers()
        total = known.value + _number(headers.value_of(block, b"Nats-Incr"))
        if abs(total) >= _BOUND:
            return api_errors.MESSAGE_INCR_INVALID
        self._sources = known.sources or headers.value_of(block, _SOURCES) or b""
        if known.sources:
            block = headers.replaced(block, _SOURCES, known.sources)
        self._sum = total
        self.value = b"%d" % total
        self.counted = Message()
        payload = b'{"val":"%b"}' % self.value
        self.counted.compose(message.subject, message.reply(), block, payload)
        return None

    def note(self, subject, sequence):
        """Note that the step made last was proposed."""
        if len(self._known) >= _KNOWN_MAX:
            applied = self._store.index.last_sequence
            self._known = {key: one for key, one in self._known.items() if one.sequence > applied}
        self._known[subject] = _Known(sequence, self._sum, self._sources)

    def _last(self, subject):
        """Return what a subject's counter is now, None when its last message does not say."""
        last = self._ingest.last_of(subject)
        known = self._known.get(subject)
        if known is not None and known.sequence == last:
            return known
        cached = self._store.find(last) if last else None
        if cached is None:
            return _Known(0, 0, b"")
        sources = headers.value_of(cached.headers(), _SOURCES) or b""
        try:
            value = _number(_decode(cached.payload()).val.encode())
        except msgspec.MsgspecError:
            return None
        return None if value is None else _Known(last, value, sources)


def _number(text):
    """Return the number that a text is, None when it is none, or one too long."""
    if len(text) > _DIGITS_MAX or _INCREMENT.fullmatch(text) is None:
        return None
    return int(text)

"""From the entries of an archive to a stream: in which order they come, and what each one is."""

import enum

import msgspec

from headwater.base import gojson
from headwater.base.errors import FormatError
from headwater.jetstream.stream_restore import is_storable
from headwater.natsstore import consumer_state
from headwater.natsstore.archive import CONSUMER_PREFIX, STATE_NAME, ArchiveReader
from headwater.natsstore.consumer_state import ConsumerState

_CONSUMERS_MAX = 1 << 20


# Added at a stretch, then others have their turn: about a millisecond.
_ENTRIES_MAX = 200


class Taken(enum.Enum):
    """How far what was there has been taken in."""

    ALL = 0  # more has to come
    FULL = 1  # it has to be written before there is room for more
    SOME = 2  # there is more, but others should have their turn


class _Part(enum.Enum):
    STATE = 1
    CONSUMERS = 2
    MESSAGES = 3
    END = 4


class _State(msgspec.Struct):
    """What of ``state.json`` is relied on."""

    first_seq: int = 0
    last_seq: int = 0
    last_ts: str = ""
    consumer_count: int = 0


class _Consumer(msgspec.Struct):
    """The entry of a consumer."""

    config: msgspec.Raw = msgspec.Raw(b"")
    state: ConsumerState | None = None


class ArchiveRestore:
    """Fills a StreamRestore from an archive that comes in pieces."""

    def __init__(self, restore):
        self._restore = restore
        self._reader = ArchiveReader()
        self._part = _Part.STATE
        self._state = _State()
        self._consumers_left = 0
        self._last = 0
        self._held = None  # a message that has to wait until others are written

    def feed(self, data):
        """Take more of the archive, the magic apart."""
        self._reader.feed(data)

    def take(self):
        """Add the entries that are there, or some of them; return how far that is Taken.

        Raises:
            FormatError: they make no sense.
            JetStreamError: they cannot be had.
        """
        for _ in range(_ENTRIES_MAX):
            entry = self._held or self._reader.next()
            self._held = None
            if entry is None:
                return Taken.ALL
            if self._part == _Part.STATE:
                self._take_state(entry)
            elif self._part == _Part.CONSUMERS:
                self._take_consumer(entry)
            elif self._part == _Part.END:
                raise FormatError("there is something behind the end of the archive")
            elif not self._restore.takes(entry.sequence or self._last + 1):
                self._held = entry
                return Taken.FULL
            else:
                self._take_message(entry)
        return Taken.SOME

    def end(self):
        """The archive is over.

        Raises:
            FormatError: it was cut off.
        """
        if self._part != _Part.END or not self._reader.is_empty:
            raise FormatError("backup was truncated")

    def commit(self, done):
        """Write what was added; ``done(error)`` once it is there."""
        self._restore.commit(done)

    def finish(self, done):
        """Everything is added as it comes: call ``done(None)``."""
        done(None)

    def close(self):
        """There is nothing to put away."""

    def _take_state(self, entry):
        if entry.name != STATE_NAME.encode():
            raise FormatError(f"expected {STATE_NAME} first")
        try:
            state = msgspec.json.decode(entry.body, type=_State)
        except msgspec.MsgspecError as error:
            raise FormatError(f"error in {STATE_NAME}: {error}") from error
        numbers = (state.first_seq, state.last_seq, state.consumer_count)
        if any(not 0 <= number < 1 << 63 for number in numbers):
            raise FormatError(f"error in {STATE_NAME}: impossible numbers")
        if state.consumer_count > _CONSUMERS_MAX:
            raise FormatError(f"error in {STATE_NAME}: too many consumers")
        self._state = state
        self._restore.set_first(state.first_seq)
        self._last = max(0, state.first_seq - 1)
        self._consumers_left = state.consumer_count
        self._next_part()

    def _take_consumer(self, entry):
        name = entry.name.decode("utf-8", "replace")
        if not name.startswith(CONSUMER_PREFIX):
            raise FormatError(f'expected consumer, found "{name}"')
        name = name.removeprefix(CONSUMER_PREFIX)
        try:
            consumer = msgspec.json.decode(entry.body, type=_Consumer)
        except msgspec.MsgspecError as error:
            raise FormatError(f'failed to decode consumer "{name}" state: {error}') from error
        if not consumer.config:
            raise FormatError(f'consumer "{name}" is missing config')
        if consumer.state is None:
            raise FormatError(f'consumer "{name}" is missing state')
        state = consumer_state.check(consumer.state)
        self._restore.add_consumer(name, bytes(consumer.config), state)
        self._consumers_left -= 1
        self._next_part()

    def _take_message(self, entry):
        if entry.is_end:
            self._restore.end_at(self._state.last_seq, self._last_time_ns())
            self._part = _Part.END
            return
        if not entry.sequence:
            raise FormatError("expected message sequence")
        if entry.sequence <= self._last:
            raise FormatError(f"message sequence {entry.sequence} out of order")
        self._check_message(entry)
        self._last = entry.sequence
        self._restore.add_message(
            entry.sequence,
            entry.time_ns,
            entry.name,
            entry.body[: entry.header_size],
            entry.body[entry.header_size :],
        )

    def _last_time_ns(self):
        """Return when the last message came, 0 if that is not known."""
        try:
            return gojson.parse_time(self._state.last_ts)
        except (ValueError, OverflowError):
            return 0

    def _check_message(self, entry):
        """Refuse what no client could have sent."""
        restore = self._restore
        size = len(entry.body)
        most = restore.config.max_msg_size
        if size > restore.payload_bytes_max:
            raise FormatError(f"message sequence {entry.sequence} exceeds maximum payload size")
        if 0 <= most < size:
            raise FormatError(f"message sequence {entry.sequence} exceeds maximum message size")
        if not is_storable(entry.name):
            raise FormatError(f"message sequence {entry.sequence} has no valid subject")

    def _next_part(self):
        self._part = _Part.CONSUMERS if self._consumers_left else _Part.MESSAGES

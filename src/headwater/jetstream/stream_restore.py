"""A stream that comes from elsewhere: filled while nobody sees it, then put in its place.

Until ``finish`` is through it has a name that a start removes; nothing of it is left if it fails.
"""

from msgspec.structs import replace

from headwater.base.errors import StoreError
from headwater.jetstream import api_errors, consumer_check
from headwater.jetstream.ack_state import AckState, Pending
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_config import Action, ConsumerConfig
from headwater.jetstream.requests import read_body
from headwater.jetstream.stream_config import Storage
from headwater.store.record import SKIP
from headwater.subjects.validate import is_valid
from headwater.wire.message import Message

# A block has a bit for each sequence from its first on: after a longer gap there is a new one.
_GAP_MAX = 65536
_SUBJECT_BYTES_MAX = 65535  # a record has two bytes for its size
_STAGED_BYTES_MAX = 256 * 1024


class StreamRestore:
    """Fills one stream; everything has to be added in the order of the methods."""

    def __init__(self, streams, config, created_ns):
        self.config = config
        self.payload_bytes_max = streams.node.payload_bytes_max
        self.abandoned = False
        self._streams = streams
        self.created_ns = created_ns
        self._stream = None
        self._store = None
        self._message = Message()
        self._last = 0
        self._consumers = []  # their configurations
        self._fresh = True  # whether what comes next begins a block
        self._fresh_due = False
        self._on_end = None

    def begin(self, done, on_end=None):
        """Make the stream; ``done(error)`` once it can be filled.

        ``on_end(error)`` is called if the restore is abandoned from outside.
        """
        self._on_end = on_end
        self._streams.restoring.add(self)

        def made(stream, error):
            self._stream = stream
            self._store = stream.store
            if self.abandoned:
                self._drop()
                return
            if error is not None:
                self._drop()
            done(error)

        self._streams.begin_restore(self.config, made)

    def set_first(self, sequence):
        """Let ``sequence`` be the first one that may have a message."""
        if sequence > 1:
            self._store.propose(SKIP, b"", b"", sequence - 1)
        self._last = max(0, sequence - 1)
        self._stream.created_ns = self.created_ns
        self._stream.propose_config(self.config, _ignore)

    def add_consumer(self, name, config_text, state, created_ns=0):
        """Add a consumer: its configuration as JSON, and its natsstore ConsumerState.

        Raises:
            JetStreamError: it cannot be had.
        """
        # What another version has added is not kept, as it would not be there.
        config = read_body(ConsumerConfig, config_text, strict=False)
        if config.name not in ("", name):
            raise JetStreamError(api_errors.CONSUMER_CREATE, err="consumer names do not match")
        checked = consumer_check.check_new(
            replace(config, name=name),
            self.config,
            self._consumers,
            action=Action.CREATE,
            pedantic=False,
        )
        self._consumers.append(checked)
        created_ns = created_ns or self.created_ns
        self._stream.consumers.restore(checked, created_ns, ack_state(state, checked))

    def takes(self, sequence):
        """Tell whether a message of ``sequence`` can be added before the next ``commit``."""
        if self._store.log.staged.size > _STAGED_BYTES_MAX:
            return False
        self._fresh_due = not self._fresh and sequence - self._last > _GAP_MAX
        return not self._fresh_due

    def add_message(self, sequence, time_ns, subject, headers, payload):
        """Add a message; sequences rise.

        Raises:
            JetStreamError: there is no room for it.
        """
        if self._stream.quota.is_full(self._store.staged_bytes + len(payload) + len(headers)):
            raise JetStreamError(_no_room(self.config))
        self.skip_to(sequence - 1)
        message = self._message
        message.compose(subject, b"", headers, payload)
        self._store.propose_message(message, time_ns)
        self._last = sequence
        self._fresh = False
        if headers:
            window_ns = self.config.duplicate_window_ns
            bound_ns = self._streams.clock.now() - window_ns
            self._stream.dedupe.recall_one(headers, sequence, time_ns, bound_ns)

    def skip_to(self, sequence):
        """Let nothing up to ``sequence`` have a message any more."""
        if sequence > self._last:
            self._store.propose(SKIP, b"", b"", sequence)
            self._last = sequence

    def end_at(self, sequence, time_ns):
        """Let ``sequence`` be the last one, though its message may be gone, given at a time."""
        self.skip_to(sequence)
        if 0 < time_ns < 1 << 63:
            self._store.propose(SKIP, b"", time_ns.to_bytes(8, "little"), self._last)

    def commit(self, done):
        """Write what was added; ``done(error)`` once it is there."""

        def applied():
            if self.abandoned:
                return
            if self._fresh_due:
                self._store.log.begin_block()
                self._fresh = True
            done(None)

        def written(error):
            if error is None:
                self._store.when_idle(applied)
            elif not self.abandoned:
                done(error)

        self._stream.ingest.acks.callbacks.append(written)
        if self._store.log.staged.size == 0:
            # An empty batch is none: there has to be something that can be written.
            self._store.propose(SKIP, b"", b"", self._last)
        self._stream.ingest.due()

    def finish(self, done):
        """Put the stream in its place; ``done(stream, error)`` once it runs there."""

        def placed(error):
            self._streams.restoring.discard(self)
            if error is not None:
                self._drop()
            done(self._stream, error)

        def written(error):
            if error is not None:
                placed(error)
                return
            self._stream.consumers.forget_missing()
            self._streams.end_restore(self._stream, placed)

        self.commit(written)

    def abandon(self):
        """Leave nothing of it; no callback comes any more."""
        if self.abandoned:
            return
        self.abandoned = True
        self._streams.restoring.discard(self)
        if self._stream is not None:
            self._drop()
        if self._on_end is not None:
            self._on_end(StoreError("JetStream is being shut down"))

    def _drop(self):
        self.abandoned = True
        self._streams.restoring.discard(self)
        self._store.when_idle(lambda: self._streams.drop_restore(self._stream))


def is_storable(subject):
    """Tell whether a message may have this subject, which no client has published to here."""
    return len(subject) <= _SUBJECT_BYTES_MAX and is_valid(subject)


def ack_state(state, config):
    """Return the AckState that says what a natsstore ConsumerState says."""
    found = AckState(state.delivered.stream_seq + 1)
    found.delivered_consumer = state.delivered.consumer_seq
    found.consumer_floor = state.ack_floor.consumer_seq
    found.stream_floor = state.ack_floor.stream_seq
    if config.ack_policy == "none":
        return found
    for sequence in sorted(state.pending):
        entry = state.pending[sequence]
        count = 1 + state.redelivered.get(sequence, 0)
        found.pending[sequence] = Pending(entry.sequence, count, entry.time_ns, 0)
    return found


def _no_room(config):
    if config.storage == Storage.MEMORY:
        return api_errors.MEMORY_RESOURCES_EXCEEDED
    return api_errors.STORAGE_RESOURCES_EXCEEDED


def _ignore(_error):
    pass

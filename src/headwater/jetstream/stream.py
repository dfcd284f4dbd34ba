"""One stream: its store, its ingest, its consumers, and the rules that bind them together."""

import msgspec

from headwater.base import gojson, ids
from headwater.base.limits import NEXT_SEQUENCE_MAX
from headwater.jetstream.api_messages import DirectGet
from headwater.jetstream.atomic_batches import AtomicBatches
from headwater.jetstream.dedupe import Dedupe
from headwater.jetstream.expiry import Expiry
from headwater.jetstream.fast_batches import FastBatches
from headwater.jetstream.ingest import Ingest, IngestSubscription
from headwater.jetstream.republish import republisher_of
from headwater.jetstream.responses import StreamState, moment
from headwater.jetstream.schedules import Schedules
from headwater.jetstream.stream_config import (
    Compression,
    Retention,
    StreamConfig,
    read_stored,
    unsupported,
)
from headwater.jetstream.stream_consumers import StreamConsumers
from headwater.store.record import (
    CONFIG,
    CONSUMER,
    CONSUMER_DELETE,
    CONSUMER_STATE,
    PURGE,
    SKIP,
)
from headwater.store.stream_store import StreamOwner, StreamStore

_ADVISORY_FAMILY = "io.headwater.jetstream.advisory.v1"


class _Snapshot(msgspec.Struct, array_like=True):
    """What a checkpoint keeps of a stream beside its messages."""

    config: bytes
    created_ns: int
    consumers: list[tuple[str, bytes, bytes]]  # name, record, state
    ids: list[bytes]  # the duplicate window, as Dedupe.snapshot returns it
    last_id: bytes
    deleting: list[int] = []  # messages that acknowledgements have taken out, once that is recorded
    schedules: list[tuple[bytes, int, int]] = []  # as Schedules.snapshot returns them
    jumps: list[tuple[int, int]] = []  # of the clock, as ClockJumps has them


class _ConfigRecord(msgspec.Struct):
    """A CONFIG record."""

    created_ns: int
    config: msgspec.Raw


_decode_config = msgspec.json.Decoder(_ConfigRecord).decode


class Stream(StreamOwner):
    """One stream of one account; ``host`` is what all streams of the account share."""

    def __init__(self, host, folder, disk, quota):
        self.host = host
        self.router = host.router
        self.clock = host.clock
        self.timers = host.timers
        self.rng = host.rng
        self.account = host.account
        self.interest = host.interest
        self.config = None
        self.created_ns = 0
        self.files = None  # StreamFiles, for a stream on disk
        self.damage = []  # sentences about what was found damaged in its files
        self.is_cut = False  # whether a crash has left the end of a write in its files
        self.running = False  # whether it takes messages and delivers them
        self.offline = ""  # why it never will here
        stream_id = ids.random_id(host.rng, 8)
        self.store = StreamStore(
            self, disk, folder, stream_id, host.cache, host.jobs, host.timers, host.clock
        )
        self.store.log.writes = host.writes
        self.store.log.packing.keys = host.keys
        self.consumers = StreamConsumers(self)
        self.quota = quota
        self.dedupe = Dedupe(0)
        self.ingest = self.store.proposer = Ingest(self, quota)
        self.expiry = Expiry(self)
        self._republisher = None  # Republisher, when the configuration wants one
        self._schedules = None  # Schedules, when the configuration allows them
        self._subscriptions = {}  # subject -> its subscription
        self._direct = None  # DirectGet, when the configuration allows it
        self._purges = []  # those that somebody waits for

    @property
    def name(self):
        return self.config.name

    @property
    def identity(self):
        """What tells the stream from others that have had, or will have, its name."""
        return ids.name_hash(b"%b %d" % (self.name.encode(), self.created_ns))

    # Life

    def create(self, config, created_ns, done):
        """Begin a new stream; ``done(error)`` once its configuration is on disk."""
        self.created_ns = created_ns
        if config.first_seq > 1:
            self.store.propose(SKIP, b"", b"", min(config.first_seq, NEXT_SEQUENCE_MAX) - 1)
        self.propose_config(config, done)

    def propose_config(self, config, done):
        """Change the configuration; ``done(error)`` once it is on disk and in force."""
        record = _ConfigRecord(self.created_ns, msgspec.Raw(gojson.encode(config)))
        self.ingest.acks.callbacks.append(done)
        self.store.propose(CONFIG, b"", msgspec.json.encode(record))
        self.ingest.due()

    def encrypt(self):
        """Let what was written before the store was encrypted be written anew in time."""
        # That is done with blocks behind which others have been begun: here by what is there
        # already.  Those without messages go with the second checkpoint.
        self.store.log.packable = True
        files = self.files
        self.propose_config(
            self.config, lambda error: files.checkpoint(lambda _: files.checkpoint())
        )

    def propose_purge(self, purge, done):
        """Remove messages; ``done(error)`` once they are gone, when ``purge`` has their number."""

        def settled(error):
            self._purges = [other for other in self._purges if other is not purge]
            done(error)

        self._purges.append(purge)
        self.ingest.acks.callbacks.append(settled)
        self.store.propose(PURGE, purge.pattern, purge.encode())
        self.ingest.due()

    def start(self):
        """Take messages and deliver them."""
        self.running = True
        if not self.store.in_memory:
            self.store.committer = self.host.committer
        self._subscribe()
        self._serve_direct()
        self.consumers.start()
        if self._schedules is not None:
            self._schedules.start()
        self.ingest.count_bytes()
        if self.damage:
            # When all streams run: one of them may keep advisories.
            self.timers.after(0, self._advise_of_damage_found)
        self.expiry.look()

    def check(self):
        """Let the stream stay as it is, offline, if it, or a consumer, needs a newer version."""
        self.offline = unsupported(self.config.metadata)
        for consumer in self.consumers.values():
            if not self.offline and consumer.offline:
                self.offline = f'stopped - unsupported consumer "{consumer.name}"'
        if self.offline:
            self.report(f"is offline: {self.offline}")
            self.stop()

    def stop(self, code=0, text=b""):
        """Take and deliver nothing any more."""
        self.running = False
        for subscription in self._subscriptions.values():
            self.account.unsubscribe(subscription)
        self._subscriptions = {}
        if self._direct is not None:
            self._direct.stop()
            self._direct = None
        self.consumers.stop(code, text)
        self.expiry.stop()
        if self._schedules is not None:
            self._schedules.stop()
        for batches in (self.ingest.atomic_batches, self.ingest.fast_batches):
            if batches is not None:
                batches.stop()

    def close(self, done):
        """Bring everything to the disk and close it; ``done()`` follows."""
        self.consumers.record_all()
        self.store.when_idle(lambda: self._close_idle(done))

    def _close_idle(self, done):
        if self.files is None:
            self._closed(done)
        else:
            self.files.close(lambda _: self._closed(done))

    def _closed(self, done):
        self.store.close()
        done()

    def discard(self):
        """The stream was deleted: let go of what it holds in memory and of the quota."""
        self.ingest.count_no_bytes()
        self.store.drop_cache()
        self.store.close()

    # The owner of a store

    def purged(self, purge):
        for waiting in self._purges:
            if waiting.is_like(purge):
                waiting.removed = purge.removed
                self._purges.remove(waiting)
                break

    def write_failed(self, error):
        """A batch could not be written."""
        self.report(f"a write has failed: {error}")
        self.host.space.failed(error)
        self.consumers.batch_failed()

    def call_back(self, callbacks, error):
        """Call back; what goes wrong in one must not keep the others from being called."""
        for callback in callbacks:
            try:
                callback(error)
            except Exception as failure:  # noqa: BLE001 (it is ours, and it is logged)
                self.host.log.error(f"JetStream: {type(failure).__name__}: {failure}")

    def go_on(self, error):
        """Do what may be due now that a batch is through, or has failed."""
        if self.running:
            self.consumers.interest.wake_due()
            self.expiry.stored()
        if self.files is not None and error is None:
            self.files.checkpoint_if_due()

    def stored(self, sequence, subject):
        self.consumers.interest.stored(sequence, subject)

    def read(self, subject, record, view):
        if self._schedules is not None and record.header_size:
            self._schedules.stored(subject, record, view)
        if self.running and self._republisher is not None:
            self._republisher.stored(subject, record, view, self.store.index.previous_last)

    def removed(self, sequence, subject):
        self.consumers.removed(sequence, subject)

    def apply(self, kind, name, payload, sequence, time_ns):
        if kind == CONFIG:
            record = _decode_config(payload)
            self.created_ns = record.created_ns
            self._configure(read_stored(StreamConfig, bytes(record.config)))
        elif self.running:
            return  # consumers are what they are already; the records are for the next start
        elif kind == CONSUMER:
            self.consumers.apply_made(payload)
        elif kind == CONSUMER_DELETE:
            self.consumers.apply_removed(name.decode())
        elif kind == CONSUMER_STATE:
            self.consumers.apply_state(name.decode(), payload)

    def report(self, text):
        label = self.config.name if self.config is not None else self.store.log.folder
        self.host.log.warn(f"JetStream stream '{self.host.account_name} > {label}': {text}")

    def damaged(self, text):
        """Report damage, each finding once."""
        if text not in self.damage:
            self.damage.append(text)
            self.report(text)
            if self.running:
                self._advise_damage(text)

    def _advise_damage(self, text):
        fields = {"stream": self.name, "account": self.host.account_name, "finding": text}
        # There is none of nats-server for it: the type is ours.
        self.host.advise(
            f"STREAM.DAMAGED.{self.name}", "stream_damaged", fields, family=_ADVISORY_FAMILY
        )

    def _advise_of_damage_found(self):
        for text in self.damage:
            self._advise_damage(text)

    def assume(self, config):
        """Let a configuration be in force in place of one that is lost; for repairs only."""
        self.created_ns = self.clock.now()
        self._configure(config)

    def snapshot(self, *, brief=False):
        config = gojson.encode(self.config)
        ids, last_id = [], b""
        if not brief:
            last = self.store.index.last_sequence
            ids, last_id = self.dedupe.snapshot(last, self.clock.now())
        schedules = [] if self._schedules is None else self._schedules.snapshot()
        consumers, deleting = self.consumers.snapshot(), self.consumers.unrecorded_deletions()
        jumps = self.expiry.jumps.jumps
        mine = (config, self.created_ns)
        return _Snapshot(*mine, consumers, ids, last_id, deleting, schedules, jumps)

    def restore(self, data):
        snapshot = msgspec.convert(data, _Snapshot)
        self.created_ns = snapshot.created_ns
        config = read_stored(StreamConfig, snapshot.config)
        # The checkpoint is one of a stream that keeps this limit: there is nothing to look for.
        self.store.per_subject_max = _per_subject_max(config)
        self._configure(config)
        self.expiry.jumps.jumps = snapshot.jumps
        self.dedupe.restore(snapshot.ids, snapshot.last_id, self._id_bound_ns())
        if self._schedules is not None:
            self._schedules.restore(snapshot.schedules)
        for name, record, state in snapshot.consumers:
            self.consumers.apply_made(record)
            self.consumers.apply_state(name, state)
        self.consumers.recall_deletions(snapshot.deleting)

    def replayed(self, view, start, end):
        self.dedupe.recall(view, start, end, self._id_bound_ns())

    def _id_bound_ns(self):
        return self.clock.now() - self.config.duplicate_window_ns if self.config else 0

    # Configuration

    def _configure(self, config):
        """Let a configuration that was recorded be in force."""
        kept_all = self.config is not None and self.config.retention != Retention.INTEREST
        self.config = config
        store = self.store
        store.messages_max = config.max_msgs
        store.bytes_max = config.max_bytes
        store.discards_new = config.discard == "new"
        store.log.compress(config.compression == Compression.S2)
        store.keeps_ttls = config.allow_msg_ttl
        self.expiry.configure(config)
        self.dedupe.window_ns = config.duplicate_window_ns
        self.ingest.configure(config, self.host.domain)
        ingest = self.ingest
        limits = self.host.atomic_limits, self.host.fast_limits
        ingest.atomic_batches = self._batches(
            ingest.atomic_batches, AtomicBatches, limits[0], wanted=config.allow_atomic
        )
        ingest.fast_batches = self._batches(
            ingest.fast_batches, FastBatches, limits[1], wanted=config.allow_batched
        )
        self._republisher = republisher_of(self, config)
        if config.allow_msg_schedules and self._schedules is None:
            self._schedules = Schedules(self)
            if self.running:
                self._schedules.start()
        store.tapped = self._republisher is not None or self._schedules is not None
        wants_interest = config.retention == Retention.INTEREST
        self.ingest.has_interest = self.consumers.interest.wanted if wants_interest else None
        per_subject_max = _per_subject_max(config)
        if per_subject_max != store.per_subject_max:
            store.limit_subjects(per_subject_max)
        for consumer in self.consumers.values():
            consumer.observe()
        if self.running:
            self._subscribe()
            self._serve_direct()
            if wants_interest and kept_all:
                self.consumers.sweep()

    def _batches(self, there, kind, limits, *, wanted):
        """Return what takes batches of a kind, None where none are wanted any more."""
        if wanted:
            return there or kind(self, limits)
        if there is not None:
            there.stop()
        return None

    def _subscribe(self):
        """Listen to the subjects of the configuration, and to no others."""
        wanted = {subject.encode() for subject in self.config.subjects}
        for subject in list(self._subscriptions):
            if subject not in wanted:
                self.account.unsubscribe(self._subscriptions.pop(subject))
        for subject in wanted:
            if subject not in self._subscriptions:
                subscription = IngestSubscription(subject, self.ingest)
                self._subscriptions[subject] = subscription
                self.account.subscribe(subscription)

    def _serve_direct(self):
        """Answer DIRECT.GET if the configuration wants it."""
        if self.config.allow_direct and self._direct is None:
            self._direct = DirectGet(self)
        elif not self.config.allow_direct and self._direct is not None:
            self._direct.stop()
            self._direct = None

    # Information

    def describe(self, done, *, subjects=None, deleted=False):
        """Call ``done(state)`` with the StreamState; it may have to read the first message."""
        index = self.store.index
        if not index.messages:
            done(self._state(0, subjects, deleted=deleted))
            return

        def read(cached, _):
            first_ns = 0 if cached is None else cached.record.time_ns
            done(self._state(first_ns, subjects, deleted=deleted))

        self.store.read(index.first_sequence, read)

    def _state(self, first_ns, subjects, *, deleted):
        index = self.store.index
        count = index.last_sequence - index.first_sequence + 1 - index.messages
        return StreamState(
            messages=index.messages,
            bytes=index.bytes,
            # What never held a message and begins with the first one has no first one yet.
            first_seq=index.first_sequence if index.last_sequence else 0,
            first_ts=moment(first_ns),
            last_seq=index.last_sequence,
            last_ts=moment(index.last_time_ns),
            num_subjects=len(index.subjects),
            subjects=subjects or {},
            num_deleted=max(0, count),
            deleted=tuple(index.gaps()) if deleted and count > 0 else (),
            consumer_count=sum(not consumer.config.direct for consumer in self.consumers.values()),
        )


def _per_subject_max(config):
    """Return how many messages of a subject the store keeps before it drops the oldest."""
    return -1 if config.discard_new_per_subject else config.max_msgs_per_subject

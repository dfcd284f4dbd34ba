"""One stream: its store, its ingest, its consumers, and the rules that bind them together."""

import msgspec

from headwater.base import gojson, ids
from headwater.base.clock import MILLISECOND, SECOND
from headwater.jetstream import consumer_config, stream_config
from headwater.jetstream.api_messages import DirectGet
from headwater.jetstream.consumer_start import ConsumerStart
from headwater.jetstream.consumers import Consumer
from headwater.jetstream.dedupe import Dedupe
from headwater.jetstream.ingest import Ingest, IngestSubscription
from headwater.jetstream.responses import StreamState, moment
from headwater.jetstream.stream_config import Retention
from headwater.store.record import (
    CONFIG,
    CONSUMER,
    CONSUMER_DELETE,
    CONSUMER_STATE,
    DELETE,
    TRIM,
)
from headwater.store.stream_store import StreamOwner, StreamStore
from headwater.subjects.validate import covers
from headwater.wire import headers

_STATE_DELAY_NS = 250 * MILLISECOND
_AGE_CHECK_NS = SECOND // 4


class _Snapshot(msgspec.Struct, array_like=True):
    """What a checkpoint keeps of a stream beside its messages."""

    config: bytes
    created_ns: int
    consumers: list[tuple[str, bytes, bytes]]  # name, record, state


class _ConsumerRecord(msgspec.Struct):
    """A CONSUMER record: how a consumer was made."""

    created_ns: int
    next_sequence: int
    config: msgspec.Raw
    backlog: list[int] = []
    floor: int = 0


class _ConfigRecord(msgspec.Struct):
    """A CONFIG record."""

    created_ns: int
    config: msgspec.Raw


_decode_snapshot = msgspec.msgpack.Decoder(_Snapshot).decode
_decode_consumer = msgspec.json.Decoder(_ConsumerRecord).decode
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
        self.consumers = {}
        self.files = None  # StreamFiles, for a stream on disk
        self.running = False  # whether it takes messages and delivers them
        stream_id = ids.random_id(host.rng, 8)
        self.store = StreamStore(
            self, disk, folder, stream_id, host.cache, host.jobs, host.timers, host.clock
        )
        self.quota = quota
        self.dedupe = Dedupe(0)
        self.ingest = Ingest(self.router, self.account, self.store, self.dedupe, quota)
        self._subscriptions = {}  # subject -> its subscription
        self._direct = None  # DirectGet, when the configuration allows it
        self._changed = set()  # consumers whose state is to be recorded
        self._state_timer = None
        self._age_timer = None
        self._counted_bytes = 0

    @property
    def name(self):
        return self.config.name

    # Life

    def create(self, config, created_ns, done):
        """Begin a new stream; ``done(error)`` once its configuration is on disk."""
        self.created_ns = created_ns
        if config.first_seq > 1:
            self.store.index.skip_to(config.first_seq - 1)
            self.store.last_proposed = config.first_seq - 1
        self.propose_config(config, done)

    def propose_config(self, config, done):
        """Change the configuration; ``done(error)`` once it is on disk and in force."""
        record = _ConfigRecord(self.created_ns, msgspec.Raw(gojson.encode(config)))
        self.ingest.acks.callbacks.append(done)
        self.store.propose(CONFIG, b"", msgspec.json.encode(record))
        self.ingest.due()

    def start(self):
        """Take messages and deliver them."""
        self.running = True
        self._subscribe()
        self._serve_direct()
        for consumer in list(self.consumers.values()):
            self._start_consumer(consumer)
        self.store.watched = bool(self.consumers)
        self._count_bytes()
        if self.config.max_age_ns > 0:
            self._age_timer = self.timers.after(0, self._find_expired)

    def stop(self, code=0, text=b""):
        """Take and deliver nothing any more."""
        self.running = False
        for subscription in self._subscriptions.values():
            self.account.unsubscribe(subscription)
        self._subscriptions = {}
        if self._direct is not None:
            self._direct.stop()
            self._direct = None
        for consumer in self.consumers.values():
            consumer.stop(code, text)
        for timer in (self._state_timer, self._age_timer):
            if timer is not None:
                timer.cancel()

    def close(self, done):
        """Bring everything to the disk and close it; ``done()`` follows."""
        self._record_consumers()
        self.store.when_idle(lambda: self._close_idle(done))

    def _close_idle(self, done):
        if self.files is None:
            self._closed(done)
        else:
            self.files.checkpoint(lambda _: self._closed(done))

    def _closed(self, done):
        self.store.closed = True
        self.store.log.close()
        done()

    def discard(self):
        """The stream was deleted: let go of what it holds in memory and of the quota."""
        self.quota.used -= self._counted_bytes
        self._counted_bytes = 0
        self.store.closed = True
        self.store.drop_cache()
        self.store.log.close()

    # The owner of a store

    def take_attachment(self):
        return self.ingest.take()

    def settled(self, attachment, error):
        callbacks = attachment.callbacks
        if error is not None:
            self.report(f"a write has failed: {error}")
            for consumer in self.consumers.values():
                consumer.delivery.state.changed.update(consumer.delivery.state.pending)
                self.consumer_changed(consumer)
        self.ingest.settle(attachment, error)
        for callback in callbacks:
            callback(error)
        self._count_bytes()
        if self.running:
            for consumer in self.consumers.values():
                consumer.wake()
            if self._age_timer is None and self.config.max_age_ns > 0:
                self._age_timer = self.timers.after(self.config.max_age_ns, self._find_expired)
        if self.files is not None and error is None:
            self.files.checkpoint_if_due()

    def stored(self, sequence, subject):
        for consumer in self.consumers.values():
            consumer.delivery.stored(sequence, subject)

    def removed(self, sequence, subject):
        for consumer in self.consumers.values():
            if sequence:
                consumer.delivery.removed(sequence, subject)
            else:
                consumer.delivery.cleared()

    def apply(self, kind, name, payload, sequence, time_ns):
        if kind == CONFIG:
            record = _decode_config(payload)
            self.created_ns = record.created_ns
            self._configure(stream_config.decode_stream_config(bytes(record.config)))
        elif kind == CONSUMER:
            self._apply_consumer(payload)
        elif kind == CONSUMER_DELETE:
            self._drop_consumer(name.decode())
        elif kind == CONSUMER_STATE and not self.running:
            consumer = self.consumers.get(name.decode())
            if consumer is not None:
                consumer.delivery.state.apply(payload)

    def report(self, text):
        label = self.config.name if self.config is not None else self.store.log.folder
        self.host.log.warn(f"JetStream stream '{self.host.account_name} > {label}': {text}")

    def snapshot(self):
        consumers = [
            (consumer.name, self._consumer_record(consumer), consumer.delivery.state.snapshot())
            for consumer in self.consumers.values()
            if consumer.is_persistent
        ]
        config = gojson.encode(self.config)
        return msgspec.msgpack.encode(_Snapshot(config, self.created_ns, consumers))

    def restore(self, data):
        snapshot = _decode_snapshot(data)
        self.created_ns = snapshot.created_ns
        self._configure(stream_config.decode_stream_config(snapshot.config))
        for name, record, state in snapshot.consumers:
            self._apply_consumer(record)
            self.consumers[name].delivery.state.apply(state)

    # Configuration

    def _configure(self, config):
        """Let a configuration that was recorded be in force."""
        self.config = config
        store = self.store
        store.messages_max = config.max_msgs
        store.bytes_max = config.max_bytes
        store.discards_new = config.discard == "new"
        self.dedupe.window_ns = config.duplicate_window_ns
        self.ingest.configure(config, self.host.domain)
        wants_interest = config.retention == Retention.INTEREST
        self.ingest.has_interest = self._has_interest if wants_interest else None
        per_subject_max = -1 if config.discard_new_per_subject else config.max_msgs_per_subject
        if per_subject_max != store.per_subject_max:
            store.limit_subjects(per_subject_max)
        if self.running:
            self._subscribe()
            self._serve_direct()
            if config.max_age_ns > 0:
                self._restart_aging(0)

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

    def _has_interest(self, subject):
        return any(consumer.delivery.wants(subject) for consumer in self.consumers.values())

    # Consumers

    def create_consumer(self, config, done):
        """Make a consumer; ``done(consumer, error)`` once it is recorded and runs."""
        created_ns = self.clock.now()
        ConsumerStart(
            self.store, config, lambda start: self._make_consumer(config, created_ns, start, done)
        ).find()

    def _make_consumer(self, config, created_ns, start, done):
        if config.name in self.consumers:
            done(self.consumers[config.name], None)
            return
        consumer = Consumer(self, config, created_ns, start.next_sequence)
        consumer.delivery.begin(start.floor, start.backlog)
        consumer.delivery.num_pending = start.num_pending
        self.consumers[config.name] = consumer
        self.store.watched = True
        if not consumer.is_persistent:
            consumer.start()
            done(consumer, None)
            return

        def recorded(error):
            if error is None:
                consumer.start()
            else:
                self._drop_consumer(config.name)
            done(consumer, error)

        self._record(CONSUMER, config.name, self._consumer_record(consumer), recorded)

    def update_consumer(self, consumer, config, done):
        """Change a consumer's configuration; ``done(consumer, error)`` once it is recorded."""
        filters = consumer.config.filters
        consumer.configure(config)
        if config.filters != filters:
            consumer.delivery.num_pending = 0
            self._start_consumer_counting(consumer)
        consumer.wake()
        if consumer.is_persistent:
            record = self._consumer_record(consumer)
            self._record(CONSUMER, config.name, record, lambda error: done(consumer, error))
        else:
            done(consumer, None)

    def delete_consumer(self, consumer, done=None):
        """Take a consumer away; ``done(error)`` once that is recorded."""
        if self.consumers.get(consumer.name) is not consumer:
            return
        self._drop_consumer(consumer.name)
        if consumer.is_persistent:
            self._record(CONSUMER_DELETE, consumer.name, b"", done or (lambda _: None))
        elif done is not None:
            done(None)

    def was_purged(self, pattern, last):
        """A purge is through: let the consumers be behind what it took.

        ``pattern`` took everything that it fits up to ``last``; it is empty for other purges.
        """
        first = self.store.index.first_sequence
        for consumer in self.consumers.values():
            delivery = consumer.delivery
            gone = pattern and delivery.filters
            if gone and all(covers(pattern, wanted) for wanted in delivery.filters):
                delivery.state.skip_to(max(first, last + 1))
            else:
                delivery.state.skip_to(first)
            self.consumer_changed(consumer)

    def consumer_changed(self, consumer):
        """A consumer has delivered or was acknowledged: record that before long."""
        if consumer.is_persistent:
            self._changed.add(consumer)
            if self._state_timer is None or not self._state_timer.active:
                self._state_timer = self.timers.after(_STATE_DELAY_NS, self._record_consumers)

    def when_recorded(self, consumer, done):
        """Call ``done()`` once a consumer's state is on disk, if that is where it belongs."""
        if not consumer.is_persistent:
            done()
            return
        self._changed.discard(consumer)
        state = consumer.delivery.state.record()
        self._record(CONSUMER_STATE, consumer.name, state, lambda _: done())

    def acknowledged(self, consumer, sequences):
        """Messages need not be kept for a consumer any more."""
        retention = self.config.retention
        if retention == Retention.WORKQUEUE:
            for sequence in sequences:
                self._delete(sequence)
        elif retention == Retention.INTEREST:
            for sequence in sequences:
                self.store.read(
                    sequence, lambda cached, _, number=sequence: self._unkeep(number, cached)
                )

    def _unkeep(self, sequence, cached):
        """Delete a message that no consumer waits for."""
        if cached is None:
            return
        subject = cached.subject()
        for consumer in self.consumers.values():
            delivery = consumer.delivery
            if delivery.wants(subject) and (
                sequence in delivery.state.pending or sequence > delivery.state.delivered_stream
            ):
                return
        self._delete(sequence)

    def _delete(self, sequence):
        self.store.propose(DELETE, b"", sequence.to_bytes(8, "little"))
        self.ingest.due()

    def _record(self, kind, name, payload, done):
        self.ingest.acks.callbacks.append(done)
        self.store.propose(kind, name.encode(), payload)
        self.ingest.due()

    def _record_consumers(self):
        """Record the state of every consumer that has changed."""
        for consumer in self._changed:
            if self.consumers.get(consumer.name) is consumer:
                state = consumer.delivery.state.record()
                self.store.propose(CONSUMER_STATE, consumer.name.encode(), state)
        self._changed.clear()
        self.store.commit()

    def _consumer_record(self, consumer):
        record = _ConsumerRecord(
            consumer.created_ns,
            consumer.delivery.state.next_sequence,
            msgspec.Raw(gojson.encode(consumer.config)),
            consumer.delivery.backlog,
            consumer.delivery.state.delivered_stream,
        )
        return msgspec.json.encode(record)

    def _apply_consumer(self, payload):
        """Make or change a consumer as it was recorded; one that runs has been changed already."""
        if self.running:
            return
        record = _decode_consumer(payload)
        config = consumer_config.decode_consumer_config(bytes(record.config))
        consumer = self.consumers.get(config.name)
        if consumer is None:
            consumer = Consumer(self, config, record.created_ns, record.next_sequence)
            consumer.delivery.begin(record.floor, record.backlog)
            self.consumers[config.name] = consumer
            self.store.watched = True
        else:
            consumer.configure(config)

    def _drop_consumer(self, name):
        consumer = self.consumers.pop(name, None)
        if consumer is not None:
            consumer.stop(409, b"Consumer Deleted")
        self._changed.discard(consumer)
        self.store.watched = bool(self.consumers)

    def _start_consumer(self, consumer):
        """Start a consumer that was recovered."""
        delivery = consumer.delivery
        done = delivery.state.delivered_stream
        delivery.backlog = [sequence for sequence in delivery.backlog if sequence > done]
        self._start_consumer_counting(consumer)
        consumer.start()

    def _start_consumer_counting(self, consumer):
        delivery = consumer.delivery

        def counted(start):
            delivery.num_pending = start.num_pending
            consumer.wake()

        start = ConsumerStart(self.store, consumer.config, counted)
        start.resume(delivery.state.next_sequence, delivery.backlog)

    def advise_max_deliver(self, consumer, sequence, count):
        """Tell whoever listens that a message was delivered as often as it may be."""
        self.host.advise(
            f"CONSUMER.MAX_DELIVERIES.{self.name}.{consumer.name}",
            "max_deliver",
            {
                "stream": self.name,
                "consumer": consumer.name,
                "stream_seq": sequence,
                "deliveries": count,
            },
        )

    # Age

    def _restart_aging(self, delay_ns):
        if self._age_timer is not None:
            self._age_timer.cancel()
        self._age_timer = self.timers.after(delay_ns, self._find_expired)

    def _find_expired(self):
        """Look for messages that are too old, and for when the next one will be."""
        self._age_timer = None
        max_age_ns = self.config.max_age_ns
        index = self.store.index
        if max_age_ns <= 0 or not index.messages or not self.running:
            return
        cutoff_ns = self.clock.now() - max_age_ns
        young = []

        def visit(cached):
            if cached.record.time_ns > cutoff_ns:
                young.append((cached.record.sequence, cached.record.time_ns))
                return True
            return False

        last = index.last_sequence
        self.store.walk(index.first_sequence, last, visit, lambda _: self._trim(young, last))

    def _trim(self, young, last):
        if not self.running:
            return
        bound = young[0][0] if young else last + 1
        if bound > self.store.index.first_sequence:
            self.store.propose(TRIM, b"", bound.to_bytes(8, "little"))
            self.ingest.due()
        if young:
            due_ns = young[0][1] + self.config.max_age_ns - self.clock.now()
            self._restart_aging(max(due_ns, _AGE_CHECK_NS))

    # Information

    def _count_bytes(self):
        used = self.store.index.bytes
        self.quota.used += used - self._counted_bytes
        self._counted_bytes = used

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

    def recall_ids(self):
        """Fill the duplicate window from the messages themselves, after a start."""
        window_ns = self.config.duplicate_window_ns
        bound_ns = self.clock.now() - window_ns
        blocks = self.store.index.blocks
        first = next(
            (block.first_sequence for block in blocks if block.last_time_ns >= bound_ns), 0
        )
        if window_ns <= 0 or not first:
            return
        for cached in self.store.scan(first):
            record = cached.record
            message_id = b""
            if record.header_size:
                block = cached.headers()
                found = headers.find_value(memoryview(block), 0, len(block), b"Nats-Msg-Id")
                message_id = found or b""
            if message_id and record.time_ns >= bound_ns:
                self.dedupe.add(message_id, record.sequence, record.time_ns)
            self.dedupe.last_id = message_id

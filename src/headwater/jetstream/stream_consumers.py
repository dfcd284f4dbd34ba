"""The consumers of one stream: how they come and go, and what they leave in the log."""

import msgspec

from headwater.base import gojson
from headwater.base.clock import MILLISECOND, SECOND
from headwater.jetstream.backlog import Backlog
from headwater.jetstream.consumer_config import ConsumerConfig, DeliverPolicy
from headwater.jetstream.consumer_interest import ConsumerInterest
from headwater.jetstream.consumer_start import ConsumerStart
from headwater.jetstream.consumers import Consumer
from headwater.jetstream.deletions import Deletions
from headwater.jetstream.stream_config import Retention, read_stored
from headwater.store.record import CONSUMER, CONSUMER_DELETE, CONSUMER_STATE
from headwater.subjects.validate import covers

_STATE_DELAY_NS = 250 * MILLISECOND
_RETRY_NS = SECOND


class _ConsumerRecord(msgspec.Struct):
    """A CONSUMER record: how a consumer was made."""

    created_ns: int
    next_sequence: int
    config: msgspec.Raw
    backlog: list[int] = []
    floor: int = 0


_decode_consumer = msgspec.json.Decoder(_ConsumerRecord).decode


class StreamConsumers(dict):
    """Consumers by name, as they are right now; what lasts of them is recorded in the log."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream
        self._store = stream.store
        self._changed = set()  # consumers whose state is to be recorded
        self.interest = ConsumerInterest()
        self._refiltered = False  # whether one may wait for messages that it does not want now
        self.purges = 0  # how many are under way
        self._timer = None
        self._making = {}  # name -> those who wait for a consumer that is being made
        self.deletions = Deletions(stream.store, stream.router)
        self._lost = False  # whether a batch has failed since they were proposed
        self._recalled = []  # sequences whose deletion a checkpoint says was proposed

    # Life

    def start(self):
        """Let the consumers that were recovered deliver."""
        # What they have recorded may be older than the end of a message that they wait for.
        self.forget_missing()
        for consumer in self.values():
            delivery = consumer.delivery
            done = delivery.state.delivered_stream
            while 0 < delivery.backlog.first() <= done:
                delivery.backlog.drop_first()
            self._count(consumer)
            consumer.start()
        self._watch()
        for sequence in self._recalled:
            self.deletions.add(sequence)
        self._recalled = []
        if self._stream.config.retention == Retention.INTEREST:
            self.sweep()

    def stop(self, code, text):
        """Let them deliver nothing any more."""
        for consumer in self.values():
            consumer.stop(code, text)
        if self._timer is not None:
            self._timer.cancel()

    def make(self, config, done, *, unnamed=False):
        """Make a consumer; ``done(consumer, error)`` once it is recorded and runs.

        If it is ``unnamed``, the name in its configuration was made up, which it does not tell
        until it is changed or the server starts again.
        """
        waiting = self._making.get(config.name)
        if waiting is not None:
            waiting.append(done)
            return
        self._making[config.name] = [done]
        created_ns = self._stream.clock.now()
        start = ConsumerStart(self._store, config)
        start.find(lambda: self._found(config, created_ns, start, unnamed))

    def _found(self, config, created_ns, start, unnamed):
        """Go on with a new consumer that knows where it begins."""
        consumer = Consumer(self._stream, config, created_ns, start.next_sequence)
        consumer.unnamed = unnamed
        consumer.delivery.begin(start.floor, start.backlog)
        consumer.delivery.counting = start
        self._add(consumer)
        start.count(lambda: self._counted(consumer, start))
        if consumer.is_persistent:
            self._record(
                CONSUMER,
                config.name,
                self.encode(consumer),
                lambda error: self._made(consumer, error),
            )
        else:
            self._made(consumer, None)

    def _made(self, consumer, error):
        if error is not None:
            self._drop(consumer)
        elif consumer.delivery.counting is not None:
            # It is told of with the number of messages before it, which is not known yet.
            consumer.delivery.counting.then(lambda: self._made(consumer, None))
            return
        elif self.get(consumer.name) is consumer:
            consumer.start()
        for done in self._making.pop(consumer.name, []):
            done(consumer, error)
        if error is None and consumer.delivery.paused:
            consumer.advise_pause()

    def change(self, consumer, config, done):
        """Change a consumer's configuration; ``done(consumer, error)`` once it is recorded."""
        old = consumer.config
        consumer.unnamed = False
        self._configure(consumer, config)

        def recorded(error):
            if error is not None:
                self._configure(consumer, old)
            done(consumer, error)

        if consumer.is_persistent:
            # What it has delivered is not in the backlog any more: that has to be known first.
            self._propose_state(consumer)
            self._record(CONSUMER, config.name, self.encode(consumer), recorded)
        else:
            done(consumer, None)

    def _configure(self, consumer, config):
        filters = consumer.config.filters
        consumer.configure(config)
        self.interest.add(consumer.delivery)
        if config.filters != filters:
            self._refiltered = True
            self._count(consumer)
        consumer.wake()

    def reset(self, consumer, floor, counted, done):
        """Let a consumer begin anew behind ``floor``.

        One that began with the last message of each subject delivers what is not acknowledged.

        ``counted()`` follows when it is known what is before it, and nothing was delivered yet;
        ``done(error)`` once all that is recorded.
        """
        has_backlog = consumer.config.deliver_policy == DeliverPolicy.LAST_PER_SUBJECT
        if has_backlog:
            consumer.delivery.reset_backlog()
        else:
            consumer.delivery.reset(floor)
        self._count(consumer)

        def record():
            counted()
            if consumer.is_persistent and has_backlog:
                self.deletions.propose()
                self._store.propose(CONSUMER, consumer.name.encode(), self.encode(consumer))
            self.when_recorded(consumer, done)
            if self._stream.config.retention == Retention.INTEREST:
                self.sweep()

        if consumer.delivery.counting is None:
            record()
        else:
            consumer.delivery.counting.then(record)

    def remove(self, consumer, done=None):
        """Take a consumer away; ``done(error)`` once that is recorded."""
        if self.get(consumer.name) is not consumer:
            return
        kept = self.encode(consumer), consumer.delivery.state.snapshot()
        self._drop(consumer)
        if consumer.is_persistent:
            self._record(
                CONSUMER_DELETE,
                consumer.name,
                b"",
                lambda error: self._removed(consumer.name, kept, error, done),
            )
        elif done is not None:
            done(None)
        if self._stream.config.retention == Retention.INTEREST:
            self.sweep()

    def _removed(self, name, kept, error, done):
        if error is not None and name not in self and self._stream.running:
            # It is still on the disk, and would be back after a start: so it is back now.
            record, state = kept
            self.apply_made(record)
            self.apply_state(name, state)
            consumer = self[name]
            self._count(consumer)
            consumer.start()
            consumer.delivery.state.record_whole()
            self.changed(consumer)
        if done is not None:
            done(error)

    def _add(self, consumer):
        self[consumer.name] = consumer
        self.interest.add(consumer.delivery)
        self._watch()

    def _drop(self, consumer):
        if self.get(consumer.name) is consumer:
            del self[consumer.name]
        self.interest.remove(consumer.delivery)
        consumer.stop(409, b"Consumer Deleted")
        self._changed.discard(consumer)
        self._watch()

    def _watch(self):
        """Hear of messages that come and go, for as long as that concerns anybody."""
        self._store.watched = bool(self) or bool(self.deletions.sequences)

    def _count(self, consumer):
        """Count anew what is left for a consumer; it delivers nothing until then."""
        delivery = consumer.delivery
        start = ConsumerStart(self._store, consumer.config)
        delivery.counting = start
        start.resume(
            delivery.state.next_sequence,
            delivery.backlog.sequences(),
            lambda: self._counted(consumer, start),
        )

    def _counted(self, consumer, start):
        if consumer.delivery.counting is start:
            consumer.delivery.counted(start.num_pending, start.first)
            consumer.wake()

    # Restored from elsewhere

    def restore(self, config, created_ns, state):
        """Make a consumer that is as far as the AckState ``state``, while the stream is filled."""
        record = _ConsumerRecord(
            created_ns, state.next_sequence, msgspec.Raw(gojson.encode(config)), [], 0
        )
        made, reached = msgspec.json.encode(record), state.snapshot()
        if self._stream.store.in_memory or config.mem_storage or config.direct:
            self.apply_made(made)
            self.apply_state(config.name, reached)
        else:
            self._store.propose(CONSUMER, config.name.encode(), made)
            self._store.propose(CONSUMER_STATE, config.name.encode(), reached)

    def forget_missing(self):
        """Let no consumer wait for messages that are not there."""
        now_ns = self._stream.clock.now()
        for consumer in self.values():
            state = consumer.delivery.state
            missing = [sequence for sequence in state.pending if not self._store.has(sequence)]
            for sequence in missing:
                state.forget(sequence, now_ns)
            if missing:
                self.changed(consumer)

    # What the log says

    def encode(self, consumer):
        """Return the CONSUMER record of a consumer as it is now."""
        delivery = consumer.delivery
        record = _ConsumerRecord(
            consumer.created_ns,
            delivery.state.next_sequence,
            msgspec.Raw(gojson.encode(consumer.config)),
            delivery.backlog.sequences(),
            delivery.state.delivered_stream,
        )
        return msgspec.json.encode(record)

    def apply_made(self, payload):
        """Make or change a consumer as it was recorded; return its name."""
        record = _decode_consumer(payload)
        config = read_stored(ConsumerConfig, bytes(record.config))
        consumer = self.get(config.name)
        if consumer is None:
            consumer = Consumer(self._stream, config, record.created_ns, record.next_sequence)
            consumer.delivery.begin(record.floor, record.backlog)
            self._add(consumer)
        else:
            self._refiltered |= config.filters != consumer.config.filters
            consumer.configure(config)
            self.interest.add(consumer.delivery)
            consumer.delivery.backlog = Backlog(record.backlog)
        return config.name

    def apply_removed(self, name):
        """Take a consumer away as it was recorded."""
        consumer = self.get(name)
        if consumer is not None:
            self._drop(consumer)

    def apply_state(self, name, payload):
        """Let a consumer be as far as it was recorded."""
        consumer = self.get(name)
        if consumer is not None:
            consumer.delivery.state.apply(payload)

    def snapshot(self):
        """Return (name, CONSUMER record, state) of each consumer that lasts."""
        return [
            (consumer.name, self.encode(consumer), consumer.delivery.state.snapshot())
            for consumer in self.values()
            if consumer.is_persistent
        ]

    def unrecorded_deletions(self):
        """Return what is to be deleted for acknowledgements that ``snapshot`` has already."""
        return sorted(self.deletions.sequences)

    def recall_deletions(self, sequences):
        """Take back what ``unrecorded_deletions`` returned."""
        self._recalled = sequences

    # What the consumers say

    def changed(self, consumer):
        """A consumer has delivered or was acknowledged: record that before long."""
        state = consumer.delivery.state
        if not state.noted and consumer.is_persistent:
            state.noted = True
            self._changed.add(consumer)
            self._schedule(_STATE_DELAY_NS)

    def when_recorded(self, consumer, done):
        """Call ``done(error)`` once a consumer's state is on disk, if that is where it belongs."""
        if not consumer.is_persistent:
            done(None)
            return
        self._changed.discard(consumer)
        self._propose_lost()
        state = consumer.delivery.state.record()
        self._record(CONSUMER_STATE, consumer.name, state, done)

    def record_all(self):
        """Record the state of every consumer that has changed."""
        self._propose_lost()
        for consumer in self._changed:
            if self.get(consumer.name) is consumer:
                self._propose_state(consumer)
        self._changed.clear()
        self._store.commit()

    def _propose_lost(self):
        """Propose deletions once more whose batch has failed."""
        if self._lost:
            self._lost = False
            self.deletions.propose_again()

    def _propose_state(self, consumer):
        self.deletions.propose()
        state = consumer.delivery.state.record()
        self._store.propose(CONSUMER_STATE, consumer.name.encode(), state)

    def batch_failed(self):
        """What was proposed last is not on disk: propose it once more before long."""
        self._lost = True
        for consumer in self.values():
            if consumer.is_persistent:
                consumer.delivery.state.record_whole()
                consumer.delivery.state.noted = True
                self._changed.add(consumer)
        self._schedule(_RETRY_NS)

    def _schedule(self, delay_ns):
        if self._timer is None or not self._timer.active:
            self._timer = self._stream.timers.after(delay_ns, self.record_all)

    def acknowledged(self, consumer, sequences):
        """Messages need not be kept for a consumer any more."""
        retention = self._stream.config.retention
        if retention == Retention.WORKQUEUE:
            for sequence in sequences:
                self.deletions.add(sequence)
        elif retention == Retention.INTEREST:
            for sequence in sequences:
                self._store.read(
                    sequence, lambda cached, _, number=sequence: self._unkeep(number, cached)
                )

    def removed(self, sequence, subject):
        """A message was taken out of the stream; sequence 0 stands for all."""
        if sequence:
            self.deletions.applied(sequence)
        else:
            self.deletions.clear()
        if not self:
            self._watch()
        if not sequence:
            for consumer in self.values():
                consumer.delivery.cleared()
        elif self._refiltered:
            # Whoever has other filters now may wait for a message that was there before.
            for consumer in list(self.values()):
                self.interest.removed_for(consumer.delivery, sequence, subject)
        else:
            self.interest.removed(sequence, subject)

    def was_purged(self, pattern, last):
        """A purge is through: let the consumers be behind what it took.

        ``pattern`` took everything that it fits up to ``last``; it is empty for other purges.
        """
        first = self._store.index.first_sequence
        for consumer in self.values():
            delivery = consumer.delivery
            gone = pattern and delivery.filters
            if gone and all(covers(pattern, wanted) for wanted in delivery.filters):
                delivery.state.skip_to(max(first, last + 1))
            else:
                delivery.state.skip_to(first)
            self.changed(consumer)
            consumer.wake()

    def advise(self, consumer, event, kind, fields, *, account=""):
        """Tell whoever listens what has happened to a consumer."""
        stream = self._stream
        whose = {"account": account} if account else {}
        stream.host.advise(
            f"CONSUMER.{event}.{stream.name}.{consumer.name}",
            kind,
            {**whose, "stream": stream.name, "consumer": consumer.name, **fields},
        )

    def measure_ack(self, consumer, fields):
        """Tell whoever listens of an acknowledgement."""
        stream = self._stream
        stream.host.tell(
            f"METRIC.CONSUMER.ACK.{stream.name}.{consumer.name}",
            "io.nats.jetstream.metric.v1.consumer_ack",
            {"stream": stream.name, "consumer": consumer.name, **fields},
        )

    def sweep(self):
        """Delete what no consumer waits for, of a stream that keeps messages for them only."""
        index = self._store.index
        self._store.walk(
            index.first_sequence,
            index.last_sequence,
            lambda cached: self._unkeep(cached.record.sequence, cached),
            _ignore,
        )

    def _unkeep(self, sequence, cached):
        """Delete a message that no consumer waits for."""
        if cached is None:
            return
        subject = cached.subject()
        takers = self.interest.takers(subject)
        if not any(delivery.awaits(sequence, subject) for delivery in takers):
            self.deletions.add(sequence)

    def _record(self, kind, name, payload, done):
        self.deletions.propose()
        self._stream.ingest.acks.callbacks.append(done)
        self._store.propose(kind, name.encode(), payload)
        self._stream.ingest.due()


def _ignore(_error):
    pass

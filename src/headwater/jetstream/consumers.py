"""A consumer: its configuration, its subjects, acknowledgements and life, around a Delivery."""

from typing import Any

from msgspec.structs import replace

from headwater.base import gojson
from headwater.base.clock import MILLISECOND
from headwater.base.ids import name_hash
from headwater.broker.subscription import InternalSubscription
from headwater.jetstream import pull_target, responses
from headwater.jetstream.ack_subscription import AckSubscription
from headwater.jetstream.ack_verbs import AckVerb, parse_ack
from headwater.jetstream.consumer_config import AckPolicy, ReplayPolicy
from headwater.jetstream.delivery import Delivery
from headwater.jetstream.pace import Pace
from headwater.jetstream.pull_target import PullTarget
from headwater.jetstream.push_target import PushTarget
from headwater.jetstream.requests import read_next, required_level
from headwater.jetstream.responses import ConsumerInfo, PriorityGroupState, SequenceInfo
from headwater.jetstream.stream_config import API_LEVEL, Retention, unsupported
from headwater.wire import headers

_REDELIVERY_SLACK_NS = MILLISECOND
_DIGITS_MAX = 19  # of a sequence


class Consumer:
    """One consumer of one stream, of either kind."""

    def __init__(self, stream, config, created_ns, next_sequence):
        self.stream = stream
        self.created_ns = created_ns
        self.name = config.name
        self.unnamed = False  # whether the name is none that anybody has asked for
        self.timers = stream.timers
        self.rng = stream.rng
        self.account = stream.account
        self._names = f"{stream.config.name}.{config.name}"
        self._place = _place(stream.host)
        self.flow_prefix = f"$JS.FC.{self._place}{self._names}.".encode()
        self._router = stream.router
        self._clock = stream.clock
        self._subscriptions = []
        self._acks = None  # the AckSubscription, once it runs
        self._sampled_percent = 0
        self._redelivery_timer = None
        self._redelivery_ns = 0
        self._inactive_timer = None
        self._pause_timer = None
        self.pace = None  # what holds messages back until their time has come
        self._stopped = False
        self.delivery = Delivery(
            self,
            stream.store,
            stream.router,
            stream.account,
            stream.clock,
            stream.timers,
            next_sequence,
        )
        self.delivery.ack_prefix = f"$JS.ACK.{self._place}{self._names}.".encode()
        self.target: Any = None
        self.config = config
        self.configure(config)

    # Life

    @property
    def is_persistent(self):
        """Whether the consumer outlives the server: it is then recorded in the stream's log."""
        return not (self.stream.store.in_memory or self.config.mem_storage or self.config.direct)

    @property
    def offline(self):
        """Why the consumer cannot run here, empty if it can."""
        return unsupported(self.config.metadata)

    def configure(self, config):
        """Take over a configuration that has been checked."""
        self.config = config
        delivery = self.delivery
        delivery.filters = [subject.encode() for subject in config.filters]
        delivery.forget_wanted()
        delivery.acks_explicitly = config.ack_policy != AckPolicy.NONE
        delivery.ack_wait_ns = config.ack_wait_ns
        delivery.backoff_ns = list(config.backoff_ns)
        delivery.max_deliver = config.max_deliver
        delivery.max_ack_pending = config.max_ack_pending
        delivery.headers_only = config.headers_only
        self.pace = None
        if config.replay_policy == ReplayPolicy.ORIGINAL or config.rate_limit_bps > 0:
            self.pace = Pace(self, config.rate_limit_bps)
        delivery.paced = self.pace is not None
        self._sampled_percent = config.sampled_percent
        self.observe()
        self._set_target(config)
        self.set_pause(config.pause_until_ns)

    def observe(self):
        """Hear of each delivery, if the pace or what the stream keeps depends on it."""
        delivery = self.delivery
        takes_away = self.stream.config.retention != Retention.LIMITS
        delivery.observed = delivery.paced or (takes_away and not delivery.acks_explicitly)
        self._take_acks()

    def _take_acks(self):
        """Say whether an acknowledgement means no more than that a message is done with."""
        acks = self._acks
        if acks is not None:
            retention = self.stream.config.retention
            acks.plain = (
                self.config.ack_policy == AckPolicy.EXPLICIT
                and not self._sampled_percent
                and retention != Retention.INTEREST
            )
            is_queue = retention == Retention.WORKQUEUE
            acks.deletions = self.stream.consumers.deletions if is_queue else None

    def has_changed(self):
        """What was acknowledged or delivered is to be recorded."""
        self.stream.consumers.changed(self)

    def start(self):
        """Listen for requests and acknowledgements, and deliver."""
        names = self._names
        if self.config.acks_by_message:
            self._acks = AckSubscription(f"$JS.ACK.{names}.>".encode(), self, self.delivery)
            self._subscribe(self._acks)
            self._take_acks()
            if self._place:
                self._listen(f"$JS.ACK.{self._place}{names}.>", self.acknowledged)
        self._listen(f"$JS.API.CONSUMER.MSG.NEXT.{names}", self._requested)
        if self.config.flow_control:
            self._listen(f"$JS.FC.{names}.*", self._flow_answered)
            if self._place:
                self._listen(f"$JS.FC.{self._place}{names}.*", self._flow_answered)
        if self.config.is_push:
            self.stream.interest.watch(self)
        self.recheck_interest()
        self._restart_redelivery()
        self.wake()

    def stop(self, code=0, text=b""):
        """Stop for good; clients whose requests wait are told ``code`` and ``text``."""
        if self._stopped:
            return
        self._stopped = True
        self.delivery.stopped = True
        for subscription in self._subscriptions:
            self.account.unsubscribe(subscription)
        self._subscriptions = []
        for timer in (self._redelivery_timer, self._inactive_timer, self._pause_timer):
            if timer is not None:
                timer.cancel()
        if isinstance(self.target, PullTarget):
            self.target.pin.stop()
            if code:
                self.target.tell_all(code, text)
        else:
            self.stream.interest.unwatch(self)
            self.target.stop()

    def wake(self):
        """Deliver at the end of this batch."""
        self.delivery.wake()

    def _set_target(self, config):
        moved_from = None
        if isinstance(self.target, PushTarget):
            moved_from = self.target.deliver_subject
            self.stream.interest.unwatch(self)
            self.target.stop()
        if config.is_push:
            subject = config.deliver_subject.encode()
            self.target = PushTarget(
                self,
                subject,
                heartbeat_ns=config.idle_heartbeat_ns,
                flow_control=config.flow_control,
                acks_by_flow=config.ack_policy == AckPolicy.FLOW_CONTROL,
            )
            if self._subscriptions:
                self.stream.interest.watch(self)
                if subject != moved_from:
                    # Who listens now has not seen what waits for its acknowledgement.
                    for sequence in self.delivery.state.pending:
                        self.delivery.deliver_again(sequence)
                self.recheck_interest()
        else:
            if self.target is None:
                self.target = PullTarget(self)
            self.target.configure(config)
        self.delivery.target = self.target

    def _listen(self, subject, callback):
        self._subscribe(InternalSubscription(subject.encode(), callback))

    def _subscribe(self, subscription):
        self._subscriptions.append(subscription)
        self.account.subscribe(subscription)

    # Interest and inactivity

    def listens(self, subject, group=b""):
        """Tell whether a message to ``subject`` would reach anybody, of ``group`` if given."""
        matches = self.account.interest.match(subject)
        if group:
            return any(interests[0].queue == group for interests in matches.groups)
        return bool(matches.plain or matches.groups)

    def recheck_interest(self):
        """Find out whether somebody listens at the deliver subject, and go by it."""
        config = self.config
        if config.is_push:
            active = self._has_listener()
            was_active = self.target.active
            self.target.set_active(active)
            if active and not was_active:
                self._stop_inactivity()
                self.wake()
            elif not active:
                self._start_inactivity()
        else:
            self._start_inactivity()

    def _start_inactivity(self):
        threshold_ns = self.config.inactive_threshold_ns
        if threshold_ns > 0 and not self._stopped:
            self._stop_inactivity()
            self._inactive_timer = self.timers.after(threshold_ns, self._inactive)

    def _stop_inactivity(self):
        if self._inactive_timer is not None:
            self._inactive_timer.cancel()
            self._inactive_timer = None

    def _inactive(self):
        if self.config.is_push:
            if self._has_listener():
                self.recheck_interest()
                return
        else:
            self.target.drop_uninterested()
            if len(self.target) or self.delivery.is_worked_on():
                self._start_inactivity()
                return
        self.stream.consumers.remove(self)
        self.stream.consumers.advise(self, "DELETED", "consumer_action", {"action": "delete"})

    def _has_listener(self):
        """Tell whether somebody listens at the deliver subject."""
        config = self.config
        return self.listens(config.deliver_subject.encode(), config.deliver_group.encode())

    # Pause

    def set_pause(self, until_ns):
        """Deliver nothing until a time (wall clock); one that is over resumes."""
        if self._pause_timer is not None:
            self._pause_timer.cancel()
            self._pause_timer = None
        remaining_ns = until_ns - self._clock.now()
        self.delivery.paused = remaining_ns > 0
        if self.delivery.paused:
            self._pause_timer = self.timers.after(remaining_ns, self._resume)

    def _resume(self):
        self.delivery.paused = False
        self.advise_pause()
        self.wake()

    def advise_pause(self):
        """Tell whoever listens whether the consumer is paused, and until when."""
        until = gojson.time_text(self.config.pause_until_ns)
        fields = {"paused": self.delivery.paused, "pause_until": until}
        self.stream.consumers.advise(self, "PAUSE", "consumer_pause", fields)

    # What Delivery asks and tells

    def now(self):
        return self._clock.now()

    def monotonic(self):
        return self._clock.monotonic()

    def send(self, subject, header_block, reply=b""):
        """Send a status message."""
        self._router.publish(self.account, subject, b"", reply, header_block)

    def position_fields(self):
        """Return the headers that tell how far the consumer is, for its heartbeats."""
        state = self.delivery.state
        return [
            (b"Nats-Last-Consumer", b"%d" % state.delivered_consumer),
            (b"Nats-Last-Stream", b"%d" % state.delivered_stream),
        ]

    def may_leave(self, sequence):
        """Tell whether the time of a message has come, which is next and in memory."""
        return self.pace.may_leave(sequence)

    def has_delivered(self, first_deadline_ns):
        """A turn has delivered something; acknowledgements are due by ``first_deadline_ns``."""
        if first_deadline_ns and self.config.acks_by_message:
            self._watch_redelivery(first_deadline_ns)
        self.stream.consumers.changed(self)

    def delivered(self, sequence, time_ns, size):
        """One message was delivered."""
        if self.pace is not None:
            self.pace.left(time_ns, size)
        if not self.delivery.acks_explicitly:
            self.stream.consumers.acknowledged(self, (sequence,))

    def message_gone(self, sequence, entry):
        """A message was taken away that was delivered and not acknowledged."""
        consumers = self.stream.consumers
        if not consumers.purges:
            fields = {
                "consumer_seq": entry.consumer_sequence,
                "stream_seq": sequence,
                "deliveries": max(1, entry.count - 1),  # there the first one counts only alone
                "reason": "Unacknowledged message was deleted",
            }
            consumers.advise(self, "MSG_TERMINATED", "terminated", fields)

    def tried_enough(self, sequence, count):
        """A message was delivered as often as it may be."""
        fields = {"stream_seq": sequence, "deliveries": count}
        self.stream.consumers.advise(self, "MAX_DELIVERIES", "max_deliver", fields)

    def unreadable(self, error):
        """A block could not be read."""
        self.stream.report(f"consumer {self.name} cannot read: {error}")

    # Redelivery

    def _watch_redelivery(self, deadline_ns):
        timer = self._redelivery_timer
        if timer is not None and timer.active:
            if self._redelivery_ns <= deadline_ns:
                return
            timer.cancel()
        self._redelivery_ns = deadline_ns
        delay_ns = deadline_ns - self._clock.monotonic()
        self._redelivery_timer = self.timers.after(
            max(_REDELIVERY_SLACK_NS, delay_ns), self._redeliver_due
        )

    def _redeliver_due(self):
        now_ns = self._clock.monotonic()
        delivery = self.delivery
        first_ns = 0
        due = False
        for sequence, entry in delivery.state.pending.items():
            if entry.queued:
                continue
            if entry.deadline_ns <= now_ns:
                delivery.deliver_again(sequence)
                due = True
            elif not first_ns or entry.deadline_ns < first_ns:
                first_ns = entry.deadline_ns
        if first_ns:
            self._watch_redelivery(first_ns)
        if due:
            self.wake()

    def _restart_redelivery(self):
        """After a restart: each pending message gets the time that was left for it."""
        if not self.config.acks_by_message:
            return  # nothing is delivered again unless the consumer is reset
        now_ns, monotonic_ns = self._clock.now(), self._clock.monotonic()
        pending = self.delivery.state.pending
        for entry in pending.values():
            waited_ns = max(0, now_ns - entry.sent_ns)
            entry.deadline_ns = monotonic_ns + self.delivery.wait_of(entry.count) - waited_ns
        if pending:
            self._watch_redelivery(min(entry.deadline_ns for entry in pending.values()))

    # Acknowledgements

    def acknowledged(self, message, origin):
        """Take what is said about a message that was delivered."""
        tokens = message.subject.split(b".")
        if len(tokens) < 9:
            return
        try:
            sequence = int(tokens[_first_token(tokens) + 1])
        except ValueError:
            return
        verb, argument = parse_ack(message.payload())
        reply = message.reply()
        if verb is None:
            if reply:
                self._confirm(reply)
            return
        delivered = sequence <= self.delivery.state.delivered_stream
        if self._sampled_percent and verb in (AckVerb.ACK, AckVerb.NEXT):
            self._sample(sequence, tokens)
        if verb == AckVerb.NEXT:
            if delivered:
                self._ack(sequence, tokens)
            if reply:
                self._next_for(reply, argument)
            return
        if verb == AckVerb.TERM or (
            verb == AckVerb.NAK and sequence in self.delivery.state.pending
        ):
            self._advise_refusal(verb, tokens, message.payload())
        if not delivered and verb in (AckVerb.ACK, AckVerb.TERM):
            return  # nobody is told that this was taken
        self._apply_ack(verb, argument, sequence, tokens)
        if reply:
            self.stream.consumers.when_recorded(self, lambda error: error or self._confirm(reply))
        self.stream.consumers.changed(self)

    def _advise_refusal(self, verb, tokens, payload):
        """Tell whoever listens that a client does not want a message, now or at all."""
        fields = _delivery_fields(tokens)
        if not fields:
            return
        if verb == AckVerb.NAK:
            self.stream.consumers.advise(self, "MSG_NAKED", "nak", fields)
            return
        reason = payload[len(b"+TERM") :].strip()
        if reason:
            fields["reason"] = reason.decode("utf-8", "replace")
        self.stream.consumers.advise(self, "MSG_TERMINATED", "terminated", fields)

    def _sample(self, sequence, tokens):
        """Tell whoever listens how long an acknowledgement took, of as many as is wanted."""
        entry = self.delivery.state.pending.get(sequence)
        if entry is None or self.rng.randrange(100) >= self._sampled_percent:
            return
        fields = _delivery_fields(tokens)
        if fields:
            deliveries = fields.pop("deliveries")
            waited_ns = self.now() - entry.sent_ns
            self.stream.consumers.measure_ack(
                self, {**fields, "ack_time": waited_ns, "deliveries": deliveries}
            )

    def _confirm(self, reply):
        self._router.publish(self.account, reply, b"")

    def _apply_ack(self, verb, argument, sequence, tokens):
        state = self.delivery.state
        if verb in (AckVerb.ACK, AckVerb.TERM):
            self._ack(sequence, tokens)
        elif verb == AckVerb.NAK:
            self._nak(sequence, argument)
        elif verb == AckVerb.PROGRESS:
            entry = state.pending.get(sequence)
            if entry is not None:
                entry.deadline_ns = self.monotonic() + self.delivery.ack_wait_ns

    def _ack(self, sequence, tokens):
        state = self.delivery.state
        if self.config.ack_policy == AckPolicy.ALL:
            self._ack_up_to(sequence, _delivery_fields(tokens).get("consumer_seq", 0))
        elif state.acknowledge(sequence, self._router.now_ns):
            self._acked((sequence,))

    def _ack_up_to(self, sequence, consumer_sequence):
        state = self.delivery.state
        self._acked(state.acknowledge_all(sequence, consumer_sequence, self._router.now_ns))

    def _acked(self, covered):
        if covered:
            self.stream.consumers.acknowledged(self, covered)
            self.wake()
            self.stream.consumers.changed(self)

    def _nak(self, sequence, delay_ns):
        entry = self.delivery.state.pending.get(sequence)
        if entry is None or entry.queued:
            return
        if delay_ns > 0:
            entry.deadline_ns = self.monotonic() + delay_ns
            self._watch_redelivery(entry.deadline_ns)
        else:
            self.delivery.deliver_again(sequence)
            self.wake()

    def _flow_answered(self, message, origin):
        if not self.target.answered(message.subject):
            return
        if self.config.ack_policy == AckPolicy.FLOW_CONTROL:
            sequence = _number_in(message, b"Nats-Last-Stream")
            consumer_sequence = _number_in(message, b"Nats-Last-Consumer")
            if sequence and consumer_sequence:
                sequence = min(sequence, self.delivery.state.delivered_stream)
                self._ack_up_to(sequence, consumer_sequence)
        self.wake()

    # Pull requests

    def _requested(self, message, origin):
        reply = message.reply()
        if not reply:
            return
        leveled = message.header_size and not self.config.is_push
        if leveled and required_level(message) > API_LEVEL:
            self.send(reply, headers.status_block(412, b"Required Api Level"))
            return
        self._next_for(reply, message.payload())

    def _next_for(self, reply, body):
        if self.config.is_push:
            self.send(reply, headers.status_block(409, b"Consumer is push based"))
            return
        try:
            request = read_next(body)
        except ValueError as error:
            text = f"Bad Request - {error}".encode()
            self.send(reply, headers.status_block(400, text))
            return
        refused = self.target.refusal(request)
        if refused is not None:
            self.send(reply, headers.status_block(*refused))
            return
        self._start_inactivity()
        now_ns = self.monotonic()
        self.target.add(pull_target.make(request, reply, now_ns), now_ns)
        self.wake()

    def requests_changed(self):
        """Requests have expired."""
        if not len(self.target):
            self._start_inactivity()

    # Information

    def info(self):
        """Return the ConsumerInfo of now."""
        state = self.delivery.state
        state.settle()
        now_ns = self._clock.now()
        until_ns = self.config.pause_until_ns
        is_push = self.config.is_push
        if not is_push:
            self.target.drop_uninterested()
        return ConsumerInfo(
            stream_name=self.stream.config.name,
            name=self.name,
            created=responses.moment(self.created_ns),
            config=replace(self.config, name="") if self.unnamed else self.config,
            delivered=_sequence_info(
                state.delivered_consumer, state.delivered_stream, state.last_delivery_ns
            ),
            ack_floor=_sequence_info(state.consumer_floor, state.stream_floor, state.last_ack_ns),
            num_ack_pending=len(state.pending),
            num_redelivered=state.redelivered_count(),
            num_waiting=0 if is_push else len(self.target),
            num_pending=self.delivery.num_pending,
            push_bound=is_push and self.target.active,
            paused=until_ns > now_ns,
            pause_remaining=max(0, until_ns - now_ns),
            ts=responses.moment(now_ns),
            priority_groups=self._groups(),
        )

    def _groups(self):
        """Return the states of the priority groups: that of the first, which stands for all."""
        groups = self.config.priority_groups
        if not groups:
            return ()
        pin = self.target.pin
        return (
            PriorityGroupState(
                group=groups[0],
                pinned_client_id=pin.id.decode(),
                pinned_ts=responses.moment(pin.since_ns),
            ),
        )


def _place(streams):
    """Return the tokens that name domain and account, if acknowledgements are to do so."""
    if not streams.node.ack_subjects_v2:
        return ""
    return f"{streams.domain or '_'}.{name_hash(streams.account.name).decode()}."


def _first_token(tokens):
    """Return where the numbers begin in the subject of an acknowledgement."""
    return 6 if len(tokens) > 10 else 4  # domain and account may be named before the stream


def _delivery_fields(tokens):
    """Return what the subject of an acknowledgement tells of the delivery, {} if it is wrong."""
    first = _first_token(tokens)
    count, sequence, consumer_sequence = tokens[first : first + 3]
    if not (count.isdigit() and consumer_sequence.isdigit()):
        return {}
    return {
        "consumer_seq": int(consumer_sequence),
        "stream_seq": int(sequence),
        "deliveries": int(count),
    }


def _number_in(message, name):
    """Return the number that a header of a message holds, 0 if it holds none."""
    if not message.header_size:
        return 0
    block = message.headers()
    value = headers.find_value(memoryview(block), 0, len(block), name)
    return int(value) if value and value.isdigit() and len(value) < _DIGITS_MAX else 0


def _sequence_info(consumer_sequence, stream_sequence, active_ns):
    last_active = responses.moment(active_ns) if active_ns else None
    return SequenceInfo(
        consumer_seq=consumer_sequence, stream_seq=stream_sequence, last_active=last_active
    )

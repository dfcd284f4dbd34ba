"""The deliver subject of a push consumer: whether somebody listens, flow control, heartbeats."""

from headwater.base import ids
from headwater.jetstream.delivery import Target
from headwater.wire import headers

# How many bytes may be on their way to a client that answers flow control: from here up to the
# maximum, doubled with every answer.
_WINDOW_BYTES = 2 * 1024 * 1024
_WINDOW_BYTES_MAX = 32 * 1024 * 1024


class PushTarget(Target):
    """One deliver subject."""

    __slots__ = (
        "_acks_by_flow",
        "_asked",
        "_asked_bytes",
        "_consumer",
        "_flow_control",
        "_heartbeat_ns",
        "_outstanding",
        "_timer",
        "_window",
        "active",
        "deliver_subject",
    )

    def __init__(self, consumer, deliver_subject, *, heartbeat_ns, flow_control, acks_by_flow):
        self._consumer = consumer
        self.deliver_subject = deliver_subject
        self._heartbeat_ns = heartbeat_ns
        self._flow_control = flow_control
        self._acks_by_flow = acks_by_flow  # whether answers to flow control acknowledge
        self._window = _WINDOW_BYTES
        self._outstanding = 0  # bytes sent and not covered by an answer
        self._asked = b""  # the subject of the flow control request that is not answered
        self._asked_bytes = 0  # outstanding when it was sent
        self._timer = None
        self.active = False

    def set_active(self, active):
        """Somebody listens at the subject, or nobody does any more."""
        if active and not self.active:
            # What is on its way stays so: who listens now is told of it by heartbeats.
            self._start_beat()
        elif not active and self._timer is not None:
            self._timer.cancel()
        self.active = active

    def stop(self):
        """Send nothing any more."""
        self.set_active(active=False)

    def subject(self, size):
        if not self.active or (self._flow_control and self._outstanding > self._window):
            return None
        return self.deliver_subject

    def took(self, size):
        if self._flow_control:
            self._outstanding += size
            if not self._asked and (
                self._outstanding > self._window // 2
                or (self._acks_by_flow and self._consumer.delivery.is_full())
            ):
                self._ask()

    def gone(self):
        self._consumer.recheck_interest()
        self.set_active(active=False)

    def exhausted(self):
        pass

    def answered(self, subject):
        """Take the answer to a flow control request; return whether it was waited for."""
        if not self._asked or subject != self._asked:
            return False
        self._outstanding -= self._asked_bytes
        self._asked = b""
        self._asked_bytes = 0
        self._window = min(2 * self._window, _WINDOW_BYTES_MAX)
        return True

    def _ask(self):
        consumer = self._consumer
        self._asked = consumer.flow_prefix + ids.random_id(consumer.rng, 4)
        self._asked_bytes = self._outstanding
        block = headers.status_block(100, b"FlowControl Request")
        consumer.send(self.deliver_subject, block, self._asked)

    def _start_beat(self):
        if self._heartbeat_ns > 0:
            self._beat_after(self._heartbeat_ns)

    def _beat_after(self, delay_ns):
        self._timer = self._consumer.timers.after(delay_ns, self._beat)

    def _beat(self):
        """Tell the client that all is well, if it has not heard of anything for so long."""
        if not self.active:
            return
        consumer = self._consumer
        heard_ns = consumer.now() - consumer.delivery.state.last_delivery_ns
        if 0 <= heard_ns < self._heartbeat_ns:
            self._beat_after(self._heartbeat_ns - heard_ns)
            return
        fields = consumer.position_fields()
        if self._asked:
            fields.append((b"Nats-Consumer-Stalled", self._asked))
        consumer.send(self.deliver_subject, headers.status_block(100, b"Idle Heartbeat", fields))
        if self._acks_by_flow and not self._asked and consumer.delivery.state.pending:
            self._ask()
        self._beat_after(self._heartbeat_ns)

"""Priority groups of a pull consumer (ADR-42): which waiting request gets the next message.

A policy is asked for the order of requests and for the one to serve.  One group of a consumer is
served, whatever name of its list a request gives.
"""

from headwater.base import ids
from headwater.jetstream.consumer_config import PriorityPolicy

_PRIORITY_MAX = 9


class Policy:
    """Requests take turns; what differs is overridden."""

    def __init__(self, consumer, pin):
        self._consumer = consumer
        self._pin = pin

    def place(self, requests, request):
        """Return where ``request`` is to stand among the others."""
        return len(requests)

    def choose(self, target):
        """Return the place of the request that gets the next message, -1 for none of them."""
        return 0

    def serves(self, request):
        """Tell whether the chosen request is still wanted; it gets the message then."""
        return True

    def passes(self, request):
        """The message is too large for the chosen request."""


class _Prioritized(Policy):
    """Requests of a lower number come first."""

    def place(self, requests, request):
        place = len(requests)
        while place and requests[place - 1].priority > request.priority:
            place -= 1
        return place


class _Overflow(Policy):
    """Requests may wait until much is to be done."""

    def choose(self, target):
        delivery = self._consumer.delivery
        # What is delivered once more is not counted as pending, and yet to be done.
        pending = delivery.num_pending + bool(delivery.redeliver)
        ack_pending = len(delivery.state.pending)
        for place, request in enumerate(target.waiting()):
            if request.min_pending <= 0 and request.min_ack_pending <= 0:
                return place
            if 0 < request.min_pending <= pending or 0 < request.min_ack_pending <= ack_pending:
                return place
        return -1


class _Pinned(Policy):
    """One client gets everything, the others stand by."""

    def choose(self, target):
        place = 0
        requests = target.waiting()
        while place < len(requests):
            pin = requests[place].pin
            if pin == self._pin.id:
                return place  # it is the one; or there is none, and it may become that
            if pin:
                target.end(place, 423, b"Nats-Wrong-Pin-Id")
            else:
                place += 1
        return -1

    def serves(self, request):
        if not self._pin.id:
            if not self._consumer.listens(request.inbox):
                return False
            self._pin.set()
        request.pin = self._pin.id
        return True

    def passes(self, request):
        if not self._pin.id and self._consumer.listens(request.inbox):
            # As nats-server has it, it was pinned already, which is told and taken back untold.
            self._pin.set()
            self._pin.forget()


_POLICIES = {
    PriorityPolicy.PRIORITIZED: _Prioritized,
    PriorityPolicy.OVERFLOW: _Overflow,
    PriorityPolicy.PINNED_CLIENT: _Pinned,
}


def policy_of(config, consumer, pin):
    """Return the Policy of a configuration, None when it has none."""
    kind = _POLICIES.get(config.priority_policy)
    return kind(consumer, pin) if kind is not None else None


class Pin:
    """Who the pinned client of a consumer is, if there is one."""

    def __init__(self, consumer):
        self._consumer = consumer
        self._timer = None
        self.id = b""
        self.since_ns = 0

    def set(self):
        """Pin whoever gets the next message."""
        consumer = self._consumer
        self.id = ids.unique_id(consumer.rng)
        self.since_ns = consumer.now()
        consumer.delivery.added_field = b"Nats-Pin-Id: %b\r\n" % self.id
        self._restart()
        fields = {"group": consumer.config.priority_groups[0], "pinned_id": self.id.decode()}
        self._advise("PINNED", "consumer_group_pinned", fields)

    def clear(self, group, reason):
        """Pin nobody any more, if anybody is; that is told in any case."""
        self.forget()
        fields = {"group": group, "reason": reason}
        self._advise("UNPINNED", "consumer_group_unpinned", fields)
        self._consumer.wake()

    def forget(self):
        """Pin nobody any more."""
        self.id = b""
        self.since_ns = 0
        self._consumer.delivery.added_field = b""
        self.stop()

    def stop(self):
        """Let no time run."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def refusal(self, config, request):
        """Return the status that a request is refused with because another client is pinned."""
        if not (self.id and request.id and config.priority_policy == PriorityPolicy.PINNED_CLIENT):
            return None
        if request.id.encode() != self.id:
            return 423, b"Nats-Pin-Id mismatch"
        self._restart()
        return None

    def _restart(self):
        """Give the pinned client all of its time to ask again."""
        self.stop()
        timeout_ns = self._consumer.config.priority_timeout_ns
        if timeout_ns > 0:
            self._timer = self._consumer.timers.after(timeout_ns, self._expired)

    def _expired(self):
        groups = self._consumer.config.priority_groups
        self.clear(groups[0] if groups else "", "timeout")

    def _advise(self, event, kind, fields):
        consumers = self._consumer.stream.consumers
        account = self._consumer.stream.host.account_name
        consumers.advise(self._consumer, event, kind, fields, account=account)


def refusal(config, request):
    """Return the status (code, text) that a request is refused with for its priorities, or None."""
    if request.is_bare:
        return None
    policy = config.priority_policy
    reason = None
    asks_minimum = request.min_pending != 0 or request.min_ack_pending != 0
    if asks_minimum and policy != PriorityPolicy.OVERFLOW:
        reason = b"Not a Overflow Priority consumer"
    elif request.id and policy != PriorityPolicy.PINNED_CLIENT:
        reason = b"Not a Pinned Client Priority consumer"
    elif not 0 <= request.priority <= _PRIORITY_MAX:
        reason = b"Priority must be between 0 and 9"
    elif policy != PriorityPolicy.NONE and not request.group:
        reason = b"Priority Group missing"
    elif policy != PriorityPolicy.NONE and request.group not in config.priority_groups:
        reason = b"Invalid Priority Group"
    return None if reason is None else (400, b"Bad Request - " + reason)

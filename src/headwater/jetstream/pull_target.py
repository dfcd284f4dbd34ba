"""The requests of a pull consumer's clients: who gets the next message, and what they are told."""

from headwater.jetstream import priority_groups
from headwater.jetstream.delivery import Target
from headwater.jetstream.requests import duration_text
from headwater.wire import headers

_MONTH_NS = 30 * 24 * 3600 * 1_000_000_000


class PullRequest:
    """One CONSUMER.MSG.NEXT that is not through."""

    __slots__ = (
        "batch",
        "bytes_left",
        "delivered",
        "expires_ns",
        "heartbeat_ns",
        "inbox",
        "limits_bytes",
        "min_ack_pending",
        "min_pending",
        "next_beat_ns",
        "no_wait",
        "pin",
        "priority",
    )

    def __init__(self, inbox: bytes, batch: int, bytes_max: int) -> None:
        self.inbox = inbox
        self.batch = batch  # messages that it still takes; one in any case
        self.limits_bytes = bytes_max > 0
        self.bytes_left = bytes_max
        self.delivered = 0
        self.expires_ns = 0  # monotonic; 0: never
        self.no_wait = False
        self.heartbeat_ns = 0
        self.next_beat_ns = 0
        # What consumers with priority groups go by.
        self.min_pending = 0
        self.min_ack_pending = 0
        self.priority = 0
        self.pin = b""  # of the client that asks, or that it was given since


class PullTarget(Target):
    """Requests in the order of their arrival; each in turn gets a message.

    A policy of ``priority_groups`` may choose otherwise.
    """

    __slots__ = ("_at", "_consumer", "_policy", "_requests", "_timer", "pin")

    def __init__(self, consumer):
        self._consumer = consumer
        self._requests = []
        self._at = 0  # where the request that gets the message stands
        self._policy = None  # what chooses it, if it is not the first one
        self._timer = None
        self.pin = priority_groups.Pin(consumer)

    def __len__(self):
        return len(self._requests)

    def add(self, request, now_ns):
        """Take a request in, or turn it away because there are too many."""
        if request.expires_ns and request.expires_ns < now_ns:
            self._status_pending(request, 408, b"Request Timeout")
            return
        if request.no_wait and self._turn_away(request):
            return
        most = self._consumer.config.max_waiting
        if 0 < most <= len(self._requests):
            self.drop_uninterested()
        if 0 < most <= len(self._requests):
            if not request.heartbeat_ns:
                self._status(request, 409, b"Exceeded MaxWaiting")
            return
        self._place(request)
        self._schedule(now_ns)

    def _turn_away(self, request):
        """Answer who will not wait and can get nothing now; return whether that is so."""
        delivery = self._consumer.delivery
        if delivery.counting is not None:
            return False
        left = delivery.num_pending + len(delivery.redeliver)
        if left == 0 and not request.expires_ns:
            self._status(request, 404, b"No Messages")
            return True
        if 0 < left < self._asked_for():
            self.drop_uninterested()
            if left < self._asked_for():
                self._status(request, 408, b"Requests Pending")
                return True
        return False

    def _asked_for(self):
        """Return how many messages those who wait still take."""
        return sum([request.batch for request in self._requests])

    def configure(self, config):
        """Choose by the priority policy of a configuration from now on."""
        self._policy = priority_groups.policy_of(config, self._consumer, self.pin)

    def refusal(self, request):
        """Return the status (code, text) that a NextRequest is refused with, or None."""
        config = self._consumer.config
        return (
            _too_much(config, request)
            or priority_groups.refusal(config, request)
            or self.pin.refusal(config, request)
        )

    def drop_uninterested(self):
        """Forget requests whose inbox nobody listens at any more."""
        self._requests = [
            request for request in self._requests if self._consumer.listens(request.inbox)
        ]

    def subject(self, size):
        if size == 0:
            return self._requests[0].inbox if self._requests else None
        while self._requests:
            self._at = 0
            if self._policy is not None:
                self._at = self._policy.choose(self)
                if self._at < 0:
                    return None
            request = self._requests[self._at]
            if request.limits_bytes and size > request.bytes_left:
                if self._policy is not None:
                    self._policy.passes(request)
                self._end(409, b"Message Size Exceeds MaxBytes")
                continue
            if self._policy is not None and not self._policy.serves(request):
                self._requests.pop(self._at)
                continue
            return request.inbox
        return None

    def took(self, size):
        request = self._requests[self._at]
        request.delivered += 1
        request.batch -= 1
        if request.limits_bytes:
            request.bytes_left -= size
        if request.heartbeat_ns:
            request.next_beat_ns = self._consumer.monotonic() + request.heartbeat_ns
        if request.limits_bytes and request.bytes_left == 0:
            self._requests.pop(self._at)  # who has counted knows it
        elif request.batch <= 0:
            self._complete(request)
        elif len(self._requests) > 1:
            # Requests take turns, so that one large batch does not starve the others.
            self._place(self._requests.pop(self._at))

    def _complete(self, request):
        if request.limits_bytes:
            self._end(409, b"Batch Completed")
        else:
            self._requests.pop(self._at)

    def gone(self):
        self._requests.pop(self._at)

    def exhausted(self):
        """Let go of the requests that take what there is, once there was something."""
        waiting = []
        for request in self._requests:
            if request.no_wait and (request.delivered or not request.expires_ns):
                self._status(request, 404, b"No Messages")
            else:
                waiting.append(request)
        self._requests = waiting

    def tell_all(self, code, text):
        """End every request with a status, because the consumer is going away."""
        for request in self._requests:
            self._status(request, code, text)
        self._requests = []
        if self._timer is not None:
            self._timer.cancel()

    def waiting(self):
        """Return the requests in the order in which they are served, to be changed or not."""
        return self._requests

    def end(self, place, code, text):
        """End the request at a place with a status."""
        self._status_pending(self._requests.pop(place), code, text)

    def _place(self, request):
        """Let a request wait for its turn."""
        place = len(self._requests)
        if self._policy is not None:
            place = self._policy.place(self._requests, request)
        self._requests.insert(place, request)

    def _end(self, code, text):
        self.end(self._at, code, text)

    def _status(self, request, code, text):
        self._consumer.send(request.inbox, headers.status_block(code, text))

    def _status_pending(self, request, code, text):
        fields = (
            (b"Nats-Pending-Messages", b"%d" % request.batch),
            (b"Nats-Pending-Bytes", b"%d" % request.bytes_left),
        )
        self._consumer.send(request.inbox, headers.status_block(code, text, fields))

    def _schedule(self, now_ns):
        """Set the timer to the next expiry or heartbeat."""
        if self._timer is not None:
            self._timer.cancel()
        first_ns = 0
        for request in self._requests:
            for time_ns in (request.expires_ns, request.next_beat_ns):
                if time_ns and (not first_ns or time_ns < first_ns):
                    first_ns = time_ns
        if first_ns:
            self._timer = self._consumer.timers.after(first_ns - now_ns, self._tick)

    def _tick(self):
        now_ns = self._consumer.monotonic()
        waiting = []
        for request in self._requests:
            if request.expires_ns and request.expires_ns <= now_ns:
                self._status_pending(request, 408, b"Request Timeout")
                continue
            if request.next_beat_ns and request.next_beat_ns <= now_ns:
                if request.no_wait and request.delivered:
                    # What is left for it waits for acknowledgements: it is told so now.
                    self._status(request, 404, b"No Messages")
                    continue
                request.next_beat_ns = now_ns + request.heartbeat_ns
                block = headers.status_block(
                    100, b"Idle Heartbeat", self._consumer.position_fields()
                )
                self._consumer.send(request.inbox, block)
            waiting.append(request)
        self._requests = waiting
        self._schedule(now_ns)
        self._consumer.requests_changed()


def _too_much(config, request):
    """Return the status that a NextRequest is refused with because it asks for too much."""
    batch_max = config.max_batch
    if 0 < batch_max < request.batch:
        return 409, b"Exceeded MaxRequestBatch of %d" % batch_max
    expires_max_ns = config.max_expires_ns
    if 0 < expires_max_ns < request.expires_ns:
        text = f"Exceeded MaxRequestExpires of {duration_text(expires_max_ns)}"
        return 409, text.encode()
    if 0 < config.max_bytes < request.max_bytes:
        return 409, b"Exceeded MaxRequestMaxBytes of %d" % config.max_bytes
    return None


def make(request, inbox, now_ns):
    """Return the PullRequest of a NextRequest; it expires in any case, if only in a month."""
    pull = PullRequest(inbox, request.batch, request.max_bytes)
    pull.no_wait = request.no_wait
    pull.min_pending = request.min_pending
    pull.min_ack_pending = request.min_ack_pending
    pull.priority = request.priority
    pull.pin = request.id.encode()
    if request.expires_ns:
        pull.expires_ns = now_ns + min(request.expires_ns, _MONTH_NS)
    if request.idle_heartbeat_ns > 0:
        pull.heartbeat_ns = request.idle_heartbeat_ns
        pull.next_beat_ns = now_ns + request.idle_heartbeat_ns
    return pull

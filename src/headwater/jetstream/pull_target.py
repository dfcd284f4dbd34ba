"""The requests of a pull consumer's clients: who gets the next message, and what they are told."""

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
        "next_beat_ns",
        "no_wait",
    )

    def __init__(self, inbox: bytes, batch: int, bytes_max: int) -> None:
        self.inbox = inbox
        self.batch = batch  # messages that it still takes
        self.limits_bytes = bytes_max > 0
        self.bytes_left = bytes_max
        self.delivered = 0
        self.expires_ns = 0  # monotonic; 0: never
        self.no_wait = False
        self.heartbeat_ns = 0
        self.next_beat_ns = 0


class PullTarget(Target):
    """Requests in the order of their arrival; each in turn gets a message.

    ``send(inbox, header_block)`` sends a status; ``listens(inbox)`` tells whether somebody would
    get it.
    """

    def __init__(self, consumer):
        self._consumer = consumer
        self._requests = []
        self._timer = None

    def __len__(self):
        return len(self._requests)

    def add(self, request, now_ns):
        """Take a request in, or turn it away because there are too many."""
        if request.expires_ns and request.expires_ns < now_ns:
            self._status_pending(request, 408, b"Request Timeout")
            return
        most = self._consumer.config.max_waiting
        if 0 < most <= len(self._requests):
            self.drop_uninterested()
        if 0 < most <= len(self._requests):
            if not request.heartbeat_ns:
                self._status(request, 409, b"Exceeded MaxWaiting")
            return
        self._requests.append(request)
        self._schedule(now_ns)

    def drop_uninterested(self):
        """Forget requests whose inbox nobody listens at any more."""
        self._requests = [
            request for request in self._requests if self._consumer.listens(request.inbox)
        ]

    def subject(self, size):
        while self._requests:
            request = self._requests[0]
            if request.limits_bytes and size > request.bytes_left:
                self._end(409, b"Message Size Exceeds MaxBytes")
                continue
            return request.inbox
        return None

    def took(self, size):
        request = self._requests[0]
        request.delivered += 1
        request.batch -= 1
        if request.limits_bytes:
            request.bytes_left -= size
        if request.heartbeat_ns:
            request.next_beat_ns = self._consumer.monotonic() + request.heartbeat_ns
        if request.batch <= 0:
            self._requests.pop(0)
        elif request.limits_bytes and request.bytes_left <= 0:
            self._end(409, b"Batch Completed")
        elif len(self._requests) > 1:
            # Requests take turns, so that one large batch does not starve the others.
            self._requests.append(self._requests.pop(0))

    def gone(self):
        self._requests.pop(0)

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

    def _end(self, code, text):
        self._status_pending(self._requests.pop(0), code, text)

    def _status(self, request, code, text):
        self._consumer.send(request.inbox, headers.status_block(code, text))

    def _status_pending(self, request, code, text):
        fields = (
            (b"Nats-Pending-Messages", b"%d" % request.batch),
            (b"Nats-Pending-Bytes", b"%d" % max(0, request.bytes_left)),
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


def refusal(config, request):
    """Return the status (code, text) that a NextRequest is refused with, or None."""
    if request.min_pending > 0 or request.min_ack_pending > 0:
        return 400, b"Bad Request - Not a Overflow Priority consumer"
    if request.id:
        return 400, b"Bad Request - Not a Pinned Client Priority consumer"
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
    pull = PullRequest(inbox, max(1, request.batch), request.max_bytes)
    pull.no_wait = request.no_wait
    if request.expires_ns:
        pull.expires_ns = now_ns + min(request.expires_ns, _MONTH_NS)
    if request.idle_heartbeat_ns > 0:
        pull.heartbeat_ns = request.idle_heartbeat_ns
        pull.next_beat_ns = now_ns + request.idle_heartbeat_ns
    return pull

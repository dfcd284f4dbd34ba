"""A bound on the requests that wait for their answer: beyond it they are dropped, and that is told.

Most requests are answered at once.  Those that need the disk wait, and whoever sends them faster
than they are answered must not fill the memory with them.
"""

from weakref import WeakSet

from headwater.base import gojson, ids
from headwater.jetstream.responses import Kind

_WAITING_MAX = 10_000
_SUBJECT = b"$JS.EVENT.ADVISORY.API.LIMIT_REACHED"
# Those that only look at something are counted by themselves.
_LOOKS = frozenset(
    (
        Kind.ACCOUNT_INFO,
        Kind.STREAM_INFO,
        Kind.STREAM_NAMES,
        Kind.STREAM_LIST,
        Kind.CONSUMER_INFO,
        Kind.CONSUMER_NAMES,
        Kind.CONSUMER_LIST,
    )
)


class RequestGuard:
    """Counts the requests of all accounts of a node that have not been answered."""

    def __init__(self, node):
        self._node = node
        # Weak, so that a request that is never answered does not count for ever.
        self._looks = WeakSet()
        self._others = WeakSet()
        self._looks_max = self._others_max = _WAITING_MAX
        self._dropped = 0  # since that was told last

    def configure(self, options):
        """Take over config.options.JetStreamOptions."""
        self._others_max = options.requests_max or _WAITING_MAX
        self._looks_max = options.info_requests_max or _WAITING_MAX

    def is_full(self, kind):
        """Tell whether a request of a kind has to be dropped; then that is going to be told."""
        if kind in _LOOKS:
            full = len(self._looks) >= self._looks_max
        else:
            full = len(self._others) >= self._others_max
        if full:
            if not self._dropped:
                self._node.timers.after(0, self._tell)
            self._dropped += 1
        return full

    def begin(self, request):
        """A request waits for its answer."""
        self._waiting(request).add(request)

    def end(self, request):
        """It is answered."""
        self._waiting(request).discard(request)

    def _waiting(self, request):
        return self._looks if request.kind in _LOOKS else self._others

    def _tell(self):
        """Tell the system account how many were dropped."""
        node = self._node
        dropped, self._dropped = self._dropped, 0
        advisory = {
            "type": "io.nats.jetstream.advisory.v1.api_limit_reached",
            "id": ids.unique_id(node.rng).decode(),
            "timestamp": gojson.time_text(node.clock.now()),
            "server": node.name,
        }
        if node.domain:
            advisory["domain"] = node.domain
        body = gojson.encode({**advisory, "dropped": dropped})
        node.log.warn(f"JetStream API queue limit reached, dropped {dropped} requests")
        node.router.begin()
        node.router.publish(node.accounts.system, _SUBJECT, body)
        node.router.flush()

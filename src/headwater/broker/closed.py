"""What is kept of connections that are closed, for those who look later: the last ones."""

from collections import deque

# A connection with more subscriptions than this leaves only their number behind.
_SUBSCRIPTIONS_MAX = 64
# Names, versions and subjects are the client's to choose: all together they take no more.
_TEXT_BYTES_MAX = 8 * 1024 * 1024


class ClosedConnection:
    """One connection as it was at its end; the names are those of a session."""

    __slots__ = (
        "account_name",
        "address",
        "id",
        "in_bytes",
        "in_msgs",
        "kind",
        "lang",
        "last_used_ns",
        "name",
        "out_bytes",
        "out_msgs",
        "pending_bytes",
        "port",
        "reason",
        "rtt_ns",
        "stalls",
        "start_ns",
        "stop_ns",
        "subscription_count",
        "subscriptions",  # what their ``state`` was
        "tls",  # version, cipher suite, whether it came first; None without TLS
        "user_name",
        "version",
    )

    def __init__(self, session, now_ns):
        self.id = session.id
        self.kind = session.kind
        self.address = session.address
        self.port = session.port
        self.start_ns = session.start_ns
        self.last_used_ns = session.last_used_ns
        self.stop_ns = now_ns
        self.reason = session.reason
        self.rtt_ns = session.rtt_ns
        self.pending_bytes = session.pending_bytes
        self.in_msgs = session.in_msgs
        self.in_bytes = session.in_bytes
        self.out_msgs = session.out_msgs
        self.out_bytes = session.out_bytes
        self.stalls = session.stalls
        self.account_name = session.account.name
        self.user_name, self.name, self.lang, self.version = session.described()
        security = session.security
        self.tls = security and (security.version, security.cipher, security.first)
        self.subscription_count = len(session.subscriptions)
        self.subscriptions = ()
        if self.subscription_count <= _SUBSCRIPTIONS_MAX:
            found = session.subscriptions.values()
            self.subscriptions = tuple(subscription.state() for subscription in found)

    def text_bytes(self):
        """Return about how many bytes the peer's own words take."""
        size = len(self.user_name) + len(self.name) + len(self.lang) + len(self.version)
        for subject, queue, sid, _, _ in self.subscriptions:
            size += len(subject) + len(queue) + len(sid)
        return size


class ClosedConnections:
    """The last ``count_max`` of them, the oldest first."""

    def __init__(self, count_max):
        self.count_max = count_max
        self._ring = deque()
        self._text_bytes = 0

    def __len__(self):
        return len(self._ring)

    def __iter__(self):
        return iter(self._ring)

    def add(self, session, now_ns):
        """Keep what there is to say about ``session``, which ends now."""
        if self.count_max <= 0:
            return
        closed = ClosedConnection(session, now_ns)
        self._ring.append(closed)
        self._text_bytes += closed.text_bytes()
        while len(self._ring) > self.count_max or self._text_bytes > _TEXT_BYTES_MAX:
            self._text_bytes -= self._ring.popleft().text_bytes()

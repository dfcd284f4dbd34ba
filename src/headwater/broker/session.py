"""What all connections that speak NATS have in common: identity, output, counters, life."""

from headwater.base.errors import ProtocolError
from headwater.wire import nats_ops
from headwater.wire.nats_parser import NatsParser

# Kinds of connection; FORWARDS says what passes from which to which.
CLIENT = 0
INTERNAL = 1
LEAF_OF_US = 2  # a leaf node that hangs on us: we are its hub
LEAF_TO_HUB = 3  # our own link up to a hub
KINDS = 4

# FORWARDS[origin * KINDS + target]: whether a message that came in by one kind of connection may
# leave by the other; a link is never sent its own messages back.  Interest goes the opposite way.
# What one hub sends us is not for another hub: hubs know each other, or are meant not to.
FORWARDS = (
    *(True, True, True, True),  # from a client
    *(True, True, True, True),  # from inside
    *(True, True, True, True),  # from a leaf node of ours
    *(True, True, True, False),  # from a hub
)

# Those for which the connection itself gives up a peer.
_GIVEN_UP = ("Slow Consumer (Write Deadline)", "Protocol Violation")

# The first PING is up to so much of its time late.
_PING_JITTER = 5

# nats-server's names for why a connection is closed, by what the peer was told just before.
_REASONS = {
    "Maximum Payload Violation": "Maximum Message Payload Exceeded",
    "maximum control line exceeded": "Maximum Control Line Exceeded",
    "invalid client protocol": "Bad Client Protocol Version",
    "no responders requires headers support": "No Responders Requires Headers",
}


class Session(NatsParser):
    """A NATS connection of any kind, without its socket."""

    __slots__ = (
        "account",
        "address",
        "behind",
        "id",
        "in_bytes",
        "in_msgs",
        "kind",
        "last_active_ns",
        "last_used_ns",
        "node",
        "out_bytes",
        "out_msgs",
        "pending_bytes",
        "ping_sent_ns",
        "pings_out",
        "pong_ns",
        "port",
        "reason",
        "router",
        "rtt_ns",
        "security",
        "stalls",
        "start_ns",
        "subscriptions",
        "timer",
        "trace",
        "tracer",
    )

    def __init__(self, node, kind):
        super().__init__(node.router.pool)
        self.node = node
        self.router = node.router
        self.kind = kind
        self.id = 0
        self.account = None
        self.address = ""  # of the peer
        self.port = 0
        self.subscriptions = {}
        self.in_msgs = 0
        self.in_bytes = 0
        self.out_msgs = 0
        self.out_bytes = 0
        self.start_ns = node.clock.now()
        self.last_active_ns = self.start_ns
        # Of the last message either way and of what changes the session: what /connz tells.
        self.last_used_ns = self.start_ns
        self.pings_out = 0  # unanswered
        self.ping_sent_ns = 0
        self.pong_ns = 0
        self.rtt_ns = 0
        self.stalls = 0  # how often publishers were to wait for this peer
        self.pending_bytes = 0  # waiting for a peer that is behind, when that was last looked at
        self.behind = False  # whether the peer takes much less than it is sent
        self.security = None  # what TLS has agreed on, once it is on
        self.tracer = node.tracer  # what hears of every line, when the log traces
        self.trace = None  # the MessageTrace of the message in hand, which hardly ever has one
        self.timer = None  # of the next ping, or of the time to authenticate
        self.reason = ""  # why the connection was closed, in nats-server's words

    def receive(self, view, start, end):
        router = self.router
        router.begin()
        self.last_active_ns = router.now_ns
        messages = self.in_msgs
        try:
            consumed = NatsParser.receive(self, view, start, end)
        except ProtocolError as error:
            self.violated(error)
            consumed = end
        if self.in_msgs != messages:
            self.last_used_ns = router.now_ns
        router.flush()
        if router.congested:
            router.slow_down(self)
        return consumed

    def send(self, data):
        """Queue bytes for the peer; they leave at the end of the batch."""
        if self.tracer is not None:
            self.tracer.sent(self, data)
        self.open_out().append(data)
        self.touch()

    def touch(self):
        """Make sure that ``out`` is flushed at the end of the batch."""
        if not self.dirty:
            self.dirty = True
            self.router.dirty.append(self)

    def violated(self, error):
        """The peer broke the protocol: say so, if there is anything to say, and close."""
        reason = _REASONS.get(error.wire_text, "Protocol Violation")
        self.node.log.error(f"{self.label()} - {error.wire_text or error}")
        self.fail(reason, error.wire_text)

    def fail(self, reason, wire_text=""):
        """Close the connection for ``reason``, telling the peer ``wire_text`` if there is any."""
        if not self.open:
            return
        if wire_text:
            self.send(nats_ops.error_line(wire_text))
        self.reason = reason
        self.open = False
        if self.link is not None:
            self.link.close()

    def relocated(self, address, port):
        if address:
            self.address = address
            self.port = port

    def secured(self, text):
        self.security = self.link.security()
        self.node.log.debug(f"{self.label()} - TLS handshake complete")
        self.node.log.debug(f"{self.label()} - TLS version {text}")

    def insecure(self, text):
        self.node.log.error(f"{self.label()} - TLS handshake error: {text}")
        self.reason = "TLS Handshake Failure"
        self.open = False

    def throttled(self):
        self.fail(
            "Maximum Connections Exceeded",
            "Connection throttling is active. Please try again later.",
        )
        self.router.flush()

    def label(self):
        """Return how the log names this connection."""
        return f"{self.address}:{self.port} - cid:{self.id}"

    def described(self):
        """Return the user, and name, language and version of the peer's program, as texts."""
        return "", "", "", ""

    def peer_name(self):
        """Return the name that the peer, a program or a server, gives itself."""
        return self.described()[1]

    def relay(self, message, groups):
        """Send a message on to the server at the other end, to serve ``groups`` (None: none)."""
        raise NotImplementedError

    def start_pings(self):
        """Ask from time to time whether the peer is still there.

        Clients that have come together, after a cut, are not asked at the same time.
        """
        node = self.node
        first_ns = min(node.first_ping_ns, node.ping_interval_ns)
        jitter_ns = node.rng.randrange(first_ns // _PING_JITTER + 1)
        self.timer = node.timers.after(first_ns + jitter_ns, self._ping_due)

    def stop_timer(self):
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def pong_received(self):
        self.pong_ns = self.router.now_ns
        if self.pings_out:
            self.pings_out = 0
            self.rtt_ns = max(1, self.router.now_ns - self.ping_sent_ns)

    def count_stale(self):
        """The peer has not answered in time."""
        self.router.stale_connections += 1
        self.node.stale_by_kind[self.kind] += 1

    def _ping_due(self):
        """Send a PING, unless the peer has just shown that it is there."""
        node = self.node
        router = self.router
        router.begin()
        needed = not self.ping_sent_ns or not self._has_spoken()
        if needed and self.pings_out >= node.pings_out_max:
            self.count_stale()
            self.fail("Stale Connection", "Stale Connection")
        else:
            if needed:
                self.pings_out += 1
                self.ping_sent_ns = router.now_ns
                self.send(nats_ops.PING)
            self.timer = node.timers.after(node.ping_interval_ns, self._ping_due)
        router.flush()

    def _has_spoken(self):
        """Tell whether the peer has sent something of late; that it answered us does not count."""
        quiet_ns = self.router.now_ns - self.last_active_ns
        return quiet_ns < self.node.ping_interval_ns and self.last_active_ns != self.pong_ns

    def overflowed(self, pending_bytes):
        router = self.router
        self.pending_bytes = pending_bytes
        if not self.open:
            # It is on its way out already; what others still publish is not for it.
            self.release_out()
        elif pending_bytes > self.node.pending_bytes_max:
            self._count_slow()
            self.node.log.info(
                f"{self.label()} - Slow Consumer Detected: MaxPending of "
                f"{self.node.pending_bytes_max} Exceeded"
            )
            self.reason = "Slow Consumer (Pending Bytes)"
            self.open = False
            self.link.abort()
        elif pending_bytes > router.stall_bytes:
            if not router.dropping:
                router.congested = True
                self.stalls += 1
            if not self.behind:
                self.behind = True
                router.behind += 1

    def drained(self):
        self.pending_bytes = 0
        self._caught_up()
        self.router.speed_up()

    def _caught_up(self):
        if self.behind:
            self.behind = False
            router = self.router
            router.behind -= 1
            if not router.behind:
                router.speed_up()

    def overdue(self, seconds, pending_bytes):
        if self.open:
            self._count_slow()
            self.node.log.info(
                f"{self.label()} - Slow Consumer Detected: WriteDeadline of {seconds:g}s exceeded "
                f"with {pending_bytes} bytes left"
            )

    def closed(self, reason):
        self.open = False
        self._caught_up()
        if not self.reason:
            self.reason = _reason_of(reason)
        self.release_out()
        self.link = None
        self.gone()
        self.router.flush()

    def _count_slow(self):
        self.router.slow_consumers += 1
        self.node.slow_by_kind[self.kind] += 1
        self.account.slow_consumers += 1

    def gone(self):
        """Drop what the session had: subscriptions, timers, its place in the node."""
        raise NotImplementedError


def _reason_of(text):
    """Return nats-server's words for why a connection is gone that nobody here has closed."""
    if not text:
        return "Client Closed"
    return text if text in _GIVEN_UP else "Read Error"

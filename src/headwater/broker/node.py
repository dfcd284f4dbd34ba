"""What all sessions of one server share: its identity, limits, clock, log, router and accounts.

The composition root fills it from the options; sessions and JetStream read it.
"""

from headwater.accounts.account import Accounts
from headwater.accounts.authenticate import Authenticator
from headwater.base import ids
from headwater.base.clock import MINUTE, SECOND
from headwater.base.limits import (
    CLOSED_CLIENTS_MAX,
    CONNECTIONS_MAX,
    CONTROL_LINE_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    PENDING_BYTES_MAX,
)
from headwater.base.timers import Timers
from headwater.broker.closed import ClosedConnections
from headwater.broker.router import Router
from headwater.broker.session import KINDS

# The level of nats-server that clients may take us for; our own version has a field of its own.
COMPATIBLE_VERSION = "2.15.1"
# The JetStream API level of that version, which INFO tells with and without JetStream.
JETSTREAM_API_LEVEL = 5
PROTOCOL = 1


class NodeObserver:
    """Hears what happens to a node and its clients; it does nothing about it unless overridden."""

    def client_connected(self, session):
        """A client has been let into an account."""

    def client_closed(self, session):
        """A client that the node had taken in is gone."""

    def client_refused(self, session):
        """A client has not proved who it is."""

    def lame_duck_begins(self):
        """The node is about to send its clients away."""

    def node_stops(self):
        """The node is about to stop."""


class Node:
    """One server, without its sockets and files."""

    def __init__(self, clock, rng, log, *, name="", timers=None):
        self.clock = clock
        self.rng = rng
        self.log = log
        self.tracer = None  # what sessions tell of every line, when the log is to have them
        self.timers = timers or Timers(clock)
        self.router = Router(clock, rng.randrange(1 << 30))
        self.accounts = Accounts()
        self.server_id = ids.server_id(rng).decode()
        self.name = name or self.server_id
        self.own_version = ""
        self.tags: tuple[str, ...] = ()
        self.metadata: tuple[tuple[str, str], ...] = ()
        self.observers = []  # NodeObservers
        self.host = "0.0.0.0"  # where it listens
        self.port = 4222
        self.advertised = ("", 0)  # what clients are told instead; port 0: the one above
        self.authenticator = Authenticator()
        self.auth_timeout_ns = 2 * SECOND
        self.jetstream = None  # the JetStream of this node, when it is on
        self.domain = ""
        self.ack_subjects_v2 = False  # whether its acknowledgements name domain and account
        self.cluster = ""  # whose leaf node it is, to hubs: a cluster, if only of itself
        self.headers = True
        self.tls_required = self.tls_verified = self.tls_available = False
        self.proxy_protocol = False  # whether a client's address may be told by a proxy
        self.control_line_bytes_max = CONTROL_LINE_BYTES_MAX
        self.payload_bytes_max = PAYLOAD_BYTES_MAX
        self.pending_bytes_max = PENDING_BYTES_MAX
        self.connections_max = CONNECTIONS_MAX
        self.subscriptions_max = 0
        self.subscription_tokens_max = 0
        self.first_ping_ns = 2 * SECOND
        self.ping_interval_ns = 2 * MINUTE
        self.pings_out_max = 2
        self.start_ns = clock.now()
        self.sessions = {}  # id -> session of a client
        self.leaf_sessions = {}  # id -> session of a leaf link
        self.shared = []  # what accounts import of one another: see sharing.share
        self.imports_passed = 0  # by the message in hand, from account to account
        self.closed = ClosedConnections(CLOSED_CLIENTS_MAX)
        self.total_connections = 0
        self.listening = False  # whether clients can connect: the host says so
        self.slow_by_kind = [0] * KINDS
        self.stale_by_kind = [0] * KINDS
        self._last_id = 0
        self._last_event = 0

    def next_id(self):
        """Return the next connection id; clients and links share the counter."""
        self._last_id += 1
        return self._last_id

    def next_event(self):
        """Return the number of what the server publishes about itself next."""
        self._last_event += 1
        return self._last_event

    def admit(self, session):
        """Take a client in, or turn it away because the server is full."""
        if self.connections_max > 0 and len(self.sessions) >= self.connections_max:
            self.refuse_excess(session)
            self.router.flush()
            return False
        self.total_connections += 1
        self.sessions[session.id] = session
        session.account.sessions += 1
        if self.log.debugging:
            self.log.debug(f"{session.label()} - Client connection created")
        return True

    def refuse_excess(self, session):
        """Close a client's connection because there are too many."""
        self.log.error(f"{session.label()} - maximum connections exceeded")
        session.fail("Maximum Connections Exceeded", "maximum connections exceeded")

    def bind(self, session, account_name):
        """Let a client that has been taken in belong to an account."""
        account = self.accounts.get(account_name)
        if session.account is not account:
            session.account.sessions -= 1
            account.sessions += 1
            session.account = account

    def forget(self, session):
        """A client is gone, its subscriptions are still there; return whether it had been in."""
        self.closed.add(session, self.clock.now())
        session.account.past_clients.add(session)
        known = self.sessions.pop(session.id, None) is not None
        if known:
            session.account.sessions -= 1
            if self.log.debugging:
                self.log.debug(f"{session.label()} - Client connection closed: {session.reason}")
        return known

    def tell_gone(self, session):
        """Tell that a client is gone, and its subscriptions with it."""
        for observer in self.observers:
            observer.client_closed(session)

    def forget_leaf(self, session):
        """A leaf link is gone, or has come to nothing; its subscriptions are still there."""
        if session.id:
            self.closed.add(session, self.clock.now())
            session.account.past_leafs.add(session)
        self.leaf_sessions.pop(session.id, None)

    def public_address(self):
        """Return the host and port that others are told."""
        host, port = self.advertised
        return host or self.host, port or self.port

    def info(self):
        """Return the INFO fields that are the same for every connection."""
        host, port = self.public_address()
        fields = {
            "server_id": self.server_id,
            "server_name": self.name,
            "version": COMPATIBLE_VERSION,
            "headwater": self.own_version,
            "proto": PROTOCOL,
            "go": "",
            "host": host,
            "port": port,
            "headers": self.headers,
            "max_payload": self.payload_bytes_max,
            "api_lvl": JETSTREAM_API_LEVEL,
        }
        if self.jetstream is not None:
            fields["jetstream"] = True
        if self.cluster:
            fields["cluster"] = self.cluster
        if self.domain:
            fields["domain"] = self.domain
        return fields

    def greeting_for(self, session):
        """Return the INFO that greets a client, which asks for credentials who must have some."""
        fields = self.info_for(session)
        if not self.authenticator.required:
            fields.pop("auth_required", None)
        if self.authenticator.asks_for_signatures:
            session.nonce = ids.nonce(self.rng)
            fields["nonce"] = session.nonce
        return fields

    def info_for(self, session):
        """Return the INFO of a client."""
        fields = self.info()
        if self.authenticator.checks:
            fields["auth_required"] = True
        security = session.security
        come_secured = security is not None and security.first and session.connect is None
        if self.tls_required or come_secured:
            fields["tls_required"] = True
        if self.tls_verified:
            fields["tls_verify"] = True
        if self.tls_available:
            fields["tls_available"] = True
        fields["client_id"] = session.id
        if session.located:
            fields["client_ip"] = session.address
        return fields

    def connect_info_for(self, session):
        """Return the INFO that follows a client's first PING (P008)."""
        fields = self.info_for(session)
        if self.authenticator.checks:
            fields["auth_required"] = True
        fields["connect_info"] = True
        fields["remote_account"] = session.account.name.decode()
        if session.account is self.accounts.system:
            fields["acc_is_sys"] = True
        fields["max_payload"] = session.payload_bytes_max
        return fields

"""Our end of a leaf link: we dialled a hub and carry the messages of one account to and fro.

INFO comes first; we answer with CONNECT, wait for the hub's second INFO (which says what we may
do), then both sides announce their interest (LS+) and messages flow (LMSG, HMSG).
"""

from headwater.accounts.permissions import Rules
from headwater.base import octets
from headwater.base.clock import MILLISECOND, SECOND
from headwater.base.errors import ProtocolError
from headwater.base.limits import SERVER_CONTROL_LINE_FACTOR
from headwater.broker.node import COMPATIBLE_VERSION
from headwater.broker.session import LEAF_OF_US, LEAF_TO_HUB, Session
from headwater.broker.trace import trace_of
from headwater.broker.trace_marks import may_ask
from headwater.cluster import domain_rules
from headwater.cluster.leaf_interest import LeafInterest, LeafSubscription, may_pass
from headwater.subjects.validate import is_valid
from headwater.wire import leaf_ops, nats_encoder, nats_ops

# Steps of the handshake.
AWAITS_INFO = 0
AWAITS_WELCOME = 1  # the INFO that follows our CONNECT
REGISTERED = 2

_PROTOCOL = 3  # understands INFO at any time (1), and follows messages (3)
_WELCOME_TIMEOUT_NS = 2 * SECOND
_FIRST_PING_NS = SECOND
_FIRST_PING_JITTER_NS = 200 * MILLISECOND
# A hub with more distinct interest than this in one account is broken or hostile.
_SUBSCRIPTIONS_MAX = 1 << 21
_ACK_PREFIX = b"$JS.ACK."


class LeafSession(Session):
    """One connection to a hub.

    ``owner`` is told what becomes of it: ``link_up(session)``, ``link_down(session)`` and
    ``discovered(urls)`` with the hub's addresses.
    """

    __slots__ = (
        "_exports",
        "_imports",
        "_interest",
        "_inward",
        "_oversized",
        "headers",
        "hub",
        "hub_error",
        "loop_subject",
        "owner",
        "peer_payload_bytes_max",
        "remote",
        "stage",
        "traces",
        "url",
    )

    def __init__(self, node, owner, remote, url, loop_subject):
        super().__init__(node, LEAF_OF_US if remote.hub else LEAF_TO_HUB)
        self.owner = owner
        self.remote = remote  # a LeafRemote
        self.url = url  # the LeafUrl that was dialled
        self.address = url.host
        self.port = url.port
        self.account = node.accounts.get(remote.account.encode() or b"$G")
        self.loop_subject = loop_subject  # comes back to us when links form a ring
        self.peer = True
        self.control_line_bytes_max = node.control_line_bytes_max * SERVER_CONTROL_LINE_FACTOR
        self.payload_bytes_max = node.payload_bytes_max
        self.peer_payload_bytes_max = 0  # what the hub takes at most, 0 when it did not say
        self.stage = AWAITS_INFO
        self.headers = False
        self.traces = False  # whether the hub follows messages, as far as it gets their headers
        self.hub = leaf_ops.LeafInfo()  # the first INFO
        self.hub_error = ""  # the last -ERR, or what we found wrong ourselves
        self._interest = None
        self._exports = Rules()  # what we may send
        self._imports = Rules()  # what we may ask for
        self._inward = Rules()  # what we take
        self._oversized = False  # whether a message was too large for the hub already

    def connected(self):
        if not self.open:  # given up while it was being dialled
            self.link.close()
            return
        self.id = self.node.next_id()
        self.node.log.debug(f"{self.label()} - Leafnode connection made, waiting for INFO")
        self.timer = self.node.timers.after(
            self.remote.first_info_timeout_ns, self._handshake_overdue
        )

    def label(self):
        return f"{self.address}:{self.port} - lid:{self.id}"

    def peer_name(self):
        """Return the name of the server at the other end."""
        return self.hub.server_name

    def on_message(self):
        message = self.message
        if self.tracer is not None:
            self.tracer.message(self, message)
        if self.stage != REGISTERED:
            raise ProtocolError("a message before the end of the handshake")
        subject = octets.slice_bytes(
            message.subject_view, message.subject_start, message.subject_end
        )
        message.subject = subject
        message.rewritten = False
        message.mapped = False
        size = message.body_end - message.body_start
        router = self.router
        router.in_msgs += 1
        router.in_bytes += size
        router.links.in_msgs += 1
        router.links.in_bytes += size
        self.in_msgs += 1
        self.in_bytes += size
        if not may_pass(self._inward, subject):
            return
        if message.header_size and may_ask(self.account, message):
            self._take_traced(subject)
        elif self.account.mappings is None:
            self._take()
        else:
            self._take_mapped(subject)

    def relay(self, message, groups):
        size = message.body_end - message.body_start
        if self.peer_payload_bytes_max and size > self.peer_payload_bytes_max:
            self._too_large(message.subject, size)
            return
        nats_encoder.put_routed(self.open_out(), message, groups, self.headers)
        if self.tracer is not None:
            self.tracer.relayed(self, message, groups, self.headers)
        router = self.router
        if not self.dirty:
            self.dirty = True
            self.last_used_ns = router.now_ns
            router.dirty.append(self)
        self.out_msgs += 1
        self.out_bytes += size
        router.out_msgs += 1
        router.out_bytes += size
        router.links.out_msgs += 1
        router.links.out_bytes += size

    def on_control(self, verb, arguments):
        if self.tracer is not None:
            self.tracer.control(self, verb, arguments)
        if verb == b"LS+":
            self._subscribe(arguments)
        elif verb == b"LS-":
            self._unsubscribe(arguments)
        elif verb == b"PING":
            self.send(nats_ops.PONG)
        elif verb == b"PONG":
            self.pong_received()
        elif verb == b"INFO":
            self._info(leaf_ops.decode_info(arguments))
        elif verb == b"-ERR":
            self._error(leaf_ops.error_text(arguments))
        elif verb != b"+OK":
            raise ProtocolError(f"unknown operation {verb!r}", "Unknown Protocol Operation")

    def violated(self, error):
        self.hub_error = self.hub_error or str(error)
        Session.violated(self, error)

    def closed(self, reason):
        self.hub_error = self.hub_error or reason
        Session.closed(self, reason)

    def gone(self):
        self.stop_timer()
        if self._interest is not None:
            self.account.listeners.remove(self._interest)
            self._interest = None
        self.node.forget_leaf(self)
        for subscription in list(self.subscriptions.values()):
            subscription.withdraw()
        self.subscriptions.clear()
        self.owner.link_down(self)

    def _take(self):
        message = self.message
        if message.reply_end > message.reply_start:
            self._split_reply()
        if message.header_size and self.trace is not None:
            self.trace.route(message, self)
        else:
            self.router.route(self.account, message, self)

    def _take_mapped(self, subject):
        message = self.message
        mapped = self.account.mappings.map(subject)
        if mapped is not subject:
            message.rename(mapped)
            if self.trace is not None:
                self.trace.mapped(mapped)
        self._take()
        message.subject_view = message.body_view

    def _take_traced(self, subject):
        """Do the same with a message that may ask for its trace."""
        wanted = trace_of(self, self.message)
        if wanted is None or wanted.destination:
            self.trace = wanted
            if self.account.mappings is None:
                self._take()
            else:
                self._take_mapped(subject)
            if wanted is not None:
                self.trace = None
                wanted.send()
        self.message.set_view(self.input)

    def _split_reply(self):
        """Take apart a reply that also carries the subject to show (a delivery of JetStream)."""
        message = self.message
        end = message.reply_end
        at = message.reply_start
        if not octets.starts_with(message.reply_view, at, end, _ACK_PREFIX):
            return
        dots = 8  # the two of the prefix, and those before the last field
        while dots:
            at = octets.find(message.reply_view, 46, at, end) + 1
            if at == 0:
                return
            dots -= 1
        at = octets.find(message.reply_view, 64, at, end)
        if at >= 0 and at + 1 < end:
            message.subject_view = message.reply_view
            message.subject_start = at + 1
            message.subject_end = end
            message.reply_end = at
            message.rewritten = True

    def _too_large(self, subject, size):
        # The hub would close the link over it, again and again if the message is sent again.
        if not self._oversized:
            self._oversized = True
            name = subject.decode("utf-8", "backslashreplace")
            self.node.log.error(
                f'{self.label()} - not sent: a message of {size} bytes on "{name}"; the hub takes '
                f"{self.peer_payload_bytes_max} at most (said once for this connection)"
            )

    # The handshake.

    def _info(self, info):
        if self.stage == AWAITS_INFO:
            self._first_info(info)
        elif self.stage == AWAITS_WELCOME:
            if info.connect_info:
                self._welcome(info)
        else:
            self._news(info)

    def _first_info(self, info):
        self.hub = info
        if not leaf_ops.is_leaf_port(info):
            self._give_up("Incorrect Port", "attempted to connect to wrong port")
            return
        if info.tls_required:
            self._give_up(
                "TLS Handshake Failure", "the hub requires TLS, which this version does not speak"
            )
            return
        self.headers = info.headers and self.node.headers
        self.traces = self.headers and info.proto >= _PROTOCOL
        self.peer_payload_bytes_max = info.max_payload
        self.send(leaf_ops.connect_line(self._connect()))
        self.node.log.debug(f"{self.label()} - Remote leafnode connect msg sent")
        self.stop_timer()
        if info.info_on_connect:
            self.stage = AWAITS_WELCOME
            self.timer = self.node.timers.after(_WELCOME_TIMEOUT_NS, self._handshake_overdue)
        else:
            self._welcome(info)

    def _connect(self):
        node = self.node
        url = self.url
        return leaf_ops.LeafConnect(
            version=COMPATIBLE_VERSION,
            user=url.user,
            password=url.password,
            auth_token="" if url.password else url.user,
            server_id=node.server_id,
            domain=node.domain,
            name=node.name,
            is_hub=self.remote.hub,
            cluster=node.cluster,
            headers=node.headers,
            jetstream=node.jetstream is not None,
            deny_pub=list(self.remote.deny_imports),
            compress_mode="not supported",
            remote_account=self.account.name.decode(),
            protocol=_PROTOCOL,
        )

    def _welcome(self, info):
        """The hub has let us in: tell it what is wanted here."""
        self.stop_timer()
        self.stage = REGISTERED
        self._resolve_rules(info)
        node = self.node
        node.leaf_sessions[self.id] = self
        account = self.account
        node.log.info(
            f"{self.label()} - Leafnode connection created for account: {account.name.decode()}"
        )
        if node.jetstream is not None or self.hub.jetstream:
            node.log.info(
                f'{self.label()} - JetStream using domains: local "{node.domain}", '
                f'remote "{leaf_ops.readable(self.hub.domain)}"'
            )
        self._interest = LeafInterest(self, self._imports)
        self.send(leaf_ops.subscribe_line(self.loop_subject, b"", 1))
        interests = account.interest.interests()
        if account.mappings is not None:
            # What is mapped here must come here, whoever is interested in where it goes.
            interests += account.mappings.interests()
        if account.sharing is not None:
            interests += account.sharing.interests()
        self._interest.announce_all(interests)
        account.listeners.append(self._interest)
        jitter_ns = node.rng.randrange(_FIRST_PING_JITTER_NS)
        self.timer = node.timers.after(_FIRST_PING_NS + jitter_ns, self._leaf_ping_due)
        self.owner.link_up(self)
        self.owner.discovered(info.leafnode_urls or [])

    def _news(self, info):
        """The hub has changed: its addresses, our rights, or that it is about to end."""
        if info.leafnode_urls is not None:
            self.owner.discovered(info.leafnode_urls)
        if info.ldm:
            self.node.log.info(f"{self.label()} - the hub is shutting down (lame duck mode)")
        if info.import_ is not None or info.export is not None:
            self._resolve_rules(info)
            self._interest.apply(self._imports)
            for subscription in list(self.subscriptions.values()):
                subscription.apply(self._exports)

    def _resolve_rules(self, info):
        node = self.node
        own_domain = "" if node.jetstream is None else node.domain
        inward, outward = domain_rules.denied_subjects(
            own_domain, self.hub.domain, system=self.account is node.accounts.system
        )
        inward += [subject.encode() for subject in self.remote.deny_imports]
        outward += [subject.encode() for subject in self.remote.deny_exports]
        self._inward = Rules(None, inward)
        self._imports = _rules(info.import_, inward)
        self._exports = _rules(info.export, outward)

    def _handshake_overdue(self):
        text = "no INFO from the hub in time"
        wire_text = ""
        if self.stage == AWAITS_WELCOME:
            wire_text = "Stale Leaf Node Connection - Closing"
            text = "the hub did not answer CONNECT in time"
        self.hub_error = self.hub_error or text
        self.fail("Stale Connection", wire_text)
        self.router.flush()

    def _give_up(self, reason, text):
        self.hub_error = text
        self.fail(reason)

    def _error(self, text):
        # The hub closes the connection when it means to; the owner reads why.
        self.hub_error = text
        if self.stage == REGISTERED:
            self.node.log.error(f"{self.label()} - Leafnode Error '{text}'")

    def _leaf_ping_due(self):
        """Ask whether the hub is still there; a link that is silent may be cut somewhere."""
        node = self.node
        router = self.router
        router.begin()
        if self.pings_out > node.pings_out_max:
            self.count_stale()
            self.hub_error = "Stale Connection"
            self.fail("Stale Connection", "Stale Connection")
        else:
            quiet_ns = router.now_ns - self.last_active_ns
            if self.kind == LEAF_TO_HUB or quiet_ns > node.ping_interval_ns or not self.rtt_ns:
                self.pings_out += 1
                self.ping_sent_ns = router.now_ns
                self.send(nats_ops.PING)
            self.timer = node.timers.after(node.ping_interval_ns, self._leaf_ping_due)
        router.flush()

    # The hub's interest.

    def _subscribe(self, arguments):
        words = nats_ops.words(arguments)
        if self.stage != REGISTERED:
            raise ProtocolError("interest before the end of the handshake")
        if len(words) != 1 and len(words) != 3:
            raise ProtocolError("bad arguments of LS+")
        subject = words[0]
        queue = words[1] if len(words) == 3 else b""
        weight = leaf_ops.weight_of(words[2]) if queue else 1
        if not is_valid(subject):
            raise ProtocolError("bad subject of LS+", "Invalid Subscription")
        if subject == self.loop_subject:
            self._loop_detected()
            return
        key = (subject, queue)
        old = self.subscriptions.get(key)
        if old is not None and old.weight == weight:
            return
        if old is None and len(self.subscriptions) >= _SUBSCRIPTIONS_MAX:
            raise ProtocolError("too much interest", "maximum subscriptions exceeded")
        subscription = LeafSubscription(self, subject, queue, weight)
        self.subscriptions[key] = subscription
        # The new one first, so that interest does not seem to be gone in between.
        subscription.apply(self._exports)
        if old is not None:
            old.withdraw()

    def _unsubscribe(self, arguments):
        words = nats_ops.words(arguments)
        if len(words) != 1 and len(words) != 2:
            raise ProtocolError("bad arguments of LS-")
        key = (words[0], words[1] if len(words) == 2 else b"")
        subscription = self.subscriptions.pop(key, None)
        if subscription is not None:
            if self.tracer is not None:
                self.tracer.removed(self, b" ".join(words[:2]))
            subscription.withdraw()

    def _loop_detected(self):
        account = self.account.name.decode()
        text = (
            f'Loop detected for leafnode account="{account}". Delaying attempt to reconnect for 30s'
        )
        self.hub_error = text
        self.node.log.error(f"{self.label()} - {text}")
        self.fail("Loop Detected", text)


def _rules(granted, denied):
    """Return the Rules of one direction: what the hub grants, without ``denied``."""
    if granted is None:
        return Rules(None, denied)
    allow = None
    if granted.allow is not None:
        allow = [subject.encode() for subject in granted.allow]
    return Rules(allow, [*(subject.encode() for subject in granted.deny or ()), *denied])

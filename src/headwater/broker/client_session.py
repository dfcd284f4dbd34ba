"""A client connection: CONNECT, PUB, SUB, UNSUB and the rules of nats-server for them."""

from headwater.accounts.authenticate import Claimant
from headwater.base import octets
from headwater.base.clock import SECOND
from headwater.base.errors import ProtocolError
from headwater.base.quoting import quoted
from headwater.broker import refusals
from headwater.broker.session import CLIENT, Session
from headwater.broker.subscription import Subscription
from headwater.broker.trace import CLOSED, DENIED, NO_ECHO, TOO_SLOW, trace_of
from headwater.broker.trace_marks import may_ask
from headwater.config.options import UserLimits
from headwater.subjects.validate import has_valid_tokens, is_literal
from headwater.wire import nats_encoder, nats_ops

# The group by which servers pass interest on; never a client's.
_RESERVED_QUEUE = b"_sys_"
# What only servers publish to; ``_is_reserved`` looks for the same.
_RESERVED_PREFIXES = (b"$GR.", b"_GR_.", b"$NRG.")


# Of users who are not told otherwise.
_NO_LIMITS = UserLimits()


class ClientSubscription(Subscription):
    """One SUB of one client."""

    __slots__ = ("active", "delivered", "filtered", "limit", "session", "sid")

    def __init__(self, session, subject, queue, sid):
        super().__init__(subject, queue)
        self.session = session
        self.sid = sid
        self.delivered = 0
        self.limit = 0  # how many messages it takes in all, 0 for no end
        self.active = True  # false once removed, while a delivery may still be walking the list
        self.filtered = False  # whether the session's permissions are to be asked each time

    def serves(self, session):
        return self.session is session

    def state(self):
        return self.subject, self.queue, self.sid, self.delivered, self.limit

    def deliver(self, message, origin):
        session = self.session
        if origin is session and not session.echo:
            return False
        if not self.active or (session.behind and session.router.dropping):
            return False
        if self.filtered and not session.takes(message):
            return False
        if session.out is None:
            session.open_out()
        size = message.body_end - message.body_start
        nats_encoder.put_message(session.out, message, self.sid, session.headers)
        if session.tracer is not None:
            session.tracer.delivered(session, message, self.sid, session.headers)
        if not session.dirty:
            session.dirty = True
            session.last_used_ns = session.router.now_ns
            session.router.dirty.append(session)
        session.out_msgs += 1
        session.out_bytes += size
        session.router.out_msgs += 1
        session.router.out_bytes += size
        self.delivered += 1
        if self.limit and self.delivered >= self.limit:
            session.remove(self)
        return True

    def traced(self, message, origin, trace):
        obstacle = self.obstacle(message, origin)
        trace.delivered(self.session, self, obstacle)
        return not obstacle and (trace.only or self.deliver(message, origin))

    def obstacle(self, message, origin):
        """Return why ``deliver`` would not take it, in nats-server's words; empty if it would."""
        session = self.session
        if origin is session and not session.echo:
            return NO_ECHO
        if not self.active:
            return CLOSED
        if session.behind and session.router.dropping:
            return TOO_SLOW
        if self.filtered and not session.permissions.subscribe.permits(message.subject):
            return DENIED
        return ""

    def notify(self, message):
        session = self.session
        nats_encoder.put_message(session.open_out(), message, self.sid, session.headers)
        session.touch()


class ClientSession(Session):
    """The server's side of one client."""

    __slots__ = (
        "_last_subject",
        "admitted",
        "connect",
        "connect_info_due",
        "echo",
        "expires_s",
        "expiry",
        "headers",
        "located",
        "no_responders",
        "nonce",
        "pedantic",
        "permissions",
        "replies",
        "subscriptions_max",
        "user_limits",
        "user_name",
        "user_title",
        "verbose",
    )

    def __init__(self, node):
        super().__init__(node, CLIENT)
        self.id = node.next_id()
        self.account = node.accounts.globals
        self.user_limits = _NO_LIMITS
        self.subscriptions_max = -1
        self.apply_limits()
        self.connect = None  # the last CONNECT, as sent
        self.admitted = False  # whether it may publish and subscribe
        self.verbose = True
        self.pedantic = True
        self.echo = True
        self.headers = self.takes_headers = False
        self.no_responders = False
        self.nonce = ""  # what the client is asked to sign, if anything
        self.permissions = None
        self.replies = None  # where it may answer, if it may where it is asked
        self.user_name = ""
        self.user_title = ""
        self.expires_s = 0.0  # when the client has to be gone, if it has
        self.expiry = None  # the timer of that
        self.connect_info_due = False  # whether the next PING is the first since CONNECT
        self.located = not node.proxy_protocol  # whether the address is the client's
        # The subject published to last: the same object again spares hashing and matching it.
        self._last_subject = b""

    def connected(self):
        node = self.node
        self.send(nats_ops.info_line(node.greeting_for(self)))
        if not node.admit(self):
            return
        if self.security is not None or not node.tls_required:
            self._begin()
        self.router.flush()

    def secured(self, text):
        Session.secured(self, text)
        if self.id and self.timer is None and self.open:
            self._begin()

    def _begin(self):
        """Let the client speak: it is asked who it is, or it is in."""
        node = self.node
        if node.authenticator.checks:
            self.timer = node.timers.after(node.auth_timeout_ns, self._authentication_overdue)
        else:
            self.admitted = True
            self.start_pings()

    def relocated(self, address, port):
        Session.relocated(self, address, port)
        self.located = True

    def receive(self, view, start, end):
        first_is_other = start < end and view[start] | 32 != 99
        if not self.admitted and self.open and first_is_other and not self._admit_nobody():
            # Nothing but a CONNECT comes first: what is none is refused unread.
            self.router.begin()
            self.refuse()
            self.router.flush()
            return end
        return Session.receive(self, view, start, end)

    def on_message(self):
        message = self.message
        subject = self._last_subject
        start = message.subject_start
        end = message.subject_end
        if not octets.equals(message.subject_view, start, end, subject):
            subject = octets.slice_bytes(message.subject_view, start, end)
            self._last_subject = subject
        message.subject = subject
        size = message.body_end - message.body_start
        router = self.router
        router.in_msgs += 1
        router.in_bytes += size
        self.in_msgs += 1
        self.in_bytes += size
        if self.tracer is not None:
            self.tracer.message(self, message)
        if not self.admitted:
            self.refuse()
            return
        if self.pedantic and not (has_valid_tokens(subject) and is_literal(subject)):
            self.send(nats_ops.error_line("Invalid Publish Subject"))
        if message.header_size and may_ask(self.account, message):
            self._take_traced(subject)
        elif self.account.mappings is None:
            self._take(subject)
        else:
            self._take_mapped(subject)

    def on_control(self, verb, arguments):
        if self.tracer is not None:
            self.tracer.control(self, verb, arguments)
        if not self.admitted and verb != b"CONNECT":
            self.refuse()
        elif verb == b"PING":
            self._ping()
        elif verb == b"PONG":
            self.pong_received()
        elif verb == b"CONNECT":
            self.last_used_ns = self.router.now_ns
            self._connect(arguments)
        elif verb == b"SUB":
            self.last_used_ns = self.router.now_ns
            self._sub(arguments)
        elif verb == b"UNSUB":
            self.last_used_ns = self.router.now_ns
            self._unsub(arguments)
        elif verb == b"INFO":
            nats_ops.check_info(arguments)
        elif verb == b"-ERR":
            self.fail("Parse Error")

    def subscribe(self, subject, queue, sid):
        """Add a subscription that has been checked."""
        subscription = ClientSubscription(self, subject, queue, sid)
        if self.permissions is not None:
            subscription.filtered = self.filters(subject)
        self.subscriptions[sid] = subscription
        self.account.subscribe(subscription)

    def filters(self, subject):
        """Tell whether each message for a subscription, which may be had, is to be asked about."""
        return self.replies is not None or self.permissions.subscribe.filters(subject)

    def takes(self, message):
        """Tell whether a message may go to the client; from now on it may answer to it."""
        if not self.permissions.subscribe.permits(message.subject):
            return False
        if self.replies is not None and message.reply_end > message.reply_start:
            self.replies.note(message.reply(), self.router.now_ns)
        return True

    def remove(self, subscription):
        """Take a subscription away."""
        if subscription.active:
            subscription.active = False
            if self.tracer is not None:
                self.tracer.removed(self, subscription.sid)
            self.subscriptions.pop(subscription.sid, None)
            self.account.unsubscribe(subscription)

    def apply_limits(self):
        """Hold the client to what the node, its account and its user may have now."""
        node = self.node
        account = self.account.limits
        user = self.user_limits
        self.control_line_bytes_max = node.control_line_bytes_max
        self.payload_bytes_max = _least(
            node.payload_bytes_max, account.payload_bytes_max, user.payload_bytes_max
        )
        self.subscriptions_max = _least(
            node.subscriptions_max or -1, account.subscriptions_max, user.subscriptions_max
        )

    def refuse(self):
        """Close the connection: the client has not proved that it may have one."""
        self.node.log.error(f"{self.label()} - authentication error{self._claim()}")
        self.fail("Authentication Failure", "Authorization Violation")
        for observer in self.node.observers:
            observer.client_refused(self)

    def expire_at(self, expires_s):
        """Have the client closed at a time in seconds, or never when that is 0."""
        self._stop_expiry()
        self.expires_s = expires_s
        if expires_s:
            wait_ns = int(expires_s * SECOND) - self.node.clock.now()
            self.expiry = self.node.timers.after(wait_ns, self._expired)

    def refuse_excess(self):
        """Close the connection: its account may not have so many."""
        text = "maximum account active connections exceeded"
        self.node.log.error(f"{self.label()} - {text}")
        self.fail("Maximum Account Connections Exceeded", text)

    def announce(self, news):
        """Send INFO with ``news``, if the client takes one at any time (P007); return whether.

        It does once it has had the one that follows its first PING.
        """
        connect = self.connect
        ready = connect is not None and connect.protocol >= 1 and not self.connect_info_due
        if ready:
            self.send(nats_ops.info_line({**self.node.info_for(self), **news}))
        return ready

    def label(self):
        """Add what the client has said of itself, once it is let in."""
        text = Session.label(self)
        connect = self.connect
        if connect is None or not self.admitted:
            return text
        parts = [f"v{connect.version}" if connect.version else "", connect.lang, connect.name]
        program = ":".join([part for part in parts if part])
        if program:
            text += f" - {nats_ops.quoted(program)}"
        name = connect.user or self.user_name
        user = f"user:{name}" if name else ""
        if connect.jwt and self.user_title:
            user = f"jwt:{self.user_name}"
        elif connect.nkey:
            user = f"nkey:{connect.nkey}"
        elif not user and connect.auth_token:
            user = "token"
        if user:
            text += f" - {nats_ops.quoted(self.account.label() + '/' + user)}"
        return text

    def described(self):
        connect = self.connect
        if connect is None:
            return self.user_name, "", "", ""
        user = connect.nkey or self.user_name or connect.user
        if not user and connect.auth_token:
            user = "[REDACTED]"
        return user, connect.name, connect.lang, connect.version

    def gone(self):
        self.stop_timer()
        self._stop_expiry()
        known = self.node.forget(self)
        self._remove_all()
        if known:
            self.node.tell_gone(self)

    def _remove_all(self):
        for subscription in list(self.subscriptions.values()):
            self.remove(subscription)

    def _take(self, subject):
        """Pass the message on to whoever is interested in ``subject``, if the client may."""
        message = self.message
        first = 0
        if message.subject_end > message.subject_start:
            first = message.subject_view[message.subject_start]
        if (first == 36 or first == 95) and self._is_reserved(subject):
            return
        if self.permissions is not None and not self._may_publish(subject):
            return
        if message.reply_end > message.reply_start:
            first = message.reply_view[message.reply_start]
            if (first == 36 or first == 95) and self._is_reply_reserved():
                return
        if self.verbose:
            self.send(nats_ops.OK)
        router = self.router
        if message.header_size and self.trace is not None:
            count = self.trace.route(message, self)
        else:
            count = router.route(self.account, message, self)
        if count == 0 and self.no_responders and message.reply_end > message.reply_start:
            router.answer_no_responders(self, message)

    def _take_mapped(self, subject):
        """Do the same where the account's mappings have it go.

        A message that goes nowhere is one on an empty subject, which nobody is interested in.
        """
        message = self.message
        mapped = self.account.mappings.map(subject)
        if mapped is subject:
            self._take(subject)
        else:
            message.rename(mapped)
            if self.trace is not None:
                self.trace.mapped(mapped)
            self._take(mapped)
            message.subject_view = message.body_view

    def _take_traced(self, subject):
        """Do the same with a message that may ask for its trace.

        Whoever may not publish where the trace goes may not publish the message either.
        """
        wanted = trace_of(self, self.message)
        if wanted is None or (wanted.destination and self._may_trace_to(wanted.destination)):
            self.trace = wanted
            if self.account.mappings is None:
                self._take(subject)
            else:
                self._take_mapped(subject)
            if wanted is not None:
                self.trace = None
                wanted.send()
        self.message.set_view(self.input)

    def _ping(self):
        self.send(nats_ops.PONG)
        if self.connect_info_due:
            self.connect_info_due = False
            if self.connect is not None and self.connect.protocol >= 1:
                self.send(nats_ops.info_line(self.node.connect_info_for(self)))

    def _connect(self, arguments):
        # Until a PONG tells better, the answer to our greeting is what a round trip takes.
        self.rtt_ns = max(1, self.router.now_ns - self.start_ns)
        connect = nats_ops.decode_connect(arguments, self.connect)
        first = self.connect is None
        # Who was let in as nobody has begun already.
        anew = not first or (self.admitted and self.node.authenticator.checks)
        if anew:
            self._remove_all()
        self.connect = connect
        self.verbose = connect.verbose
        self.pedantic = connect.pedantic
        self.echo = connect.echo
        self.headers = self.takes_headers = connect.headers and self.node.headers
        self.no_responders = connect.no_responders
        if connect.account or connect.new_account or not self._authenticate(connect):
            self.refuse()
            return
        if not self.open:
            return
        if connect.protocol not in (0, 1):
            raise ProtocolError("bad client protocol", "invalid client protocol")
        if connect.no_responders and not self.headers:
            raise ProtocolError("no headers", "no responders requires headers support")
        if first:
            for observer in self.node.observers:
                observer.client_connected(self)
        if not anew:
            self.connect_info_due = True
        if self.verbose:
            self.send(nats_ops.OK)

    def _authenticate(self, connect):
        node = self.node
        if not node.authenticator.checks:
            return True
        claimant = self.claimant()
        user = node.authenticator.check(connect, claimant)
        if user is None:
            if claimant.obstacle:
                node.log.debug(f"{self.label()} - {claimant.obstacle}")
            return False
        self.permissions = user.permissions
        self.replies = user.replies()
        self.user_name = user.name
        self.user_title = user.title
        self.user_limits = user.limits
        self.expire_at(user.expires_s)
        node.bind(self, user.account)
        if self.account.is_full():
            self.refuse_excess()
            return True
        self.apply_limits()
        if not self.admitted:
            self.admitted = True
            self.timer.cancel()
            self.start_pings()
        return True

    def claimant(self):
        """Return what of the connection counts when it is to prove who it is."""
        return Claimant(self.nonce, address=self.address, now_s=self.router.now_ns / SECOND)

    def _admit_nobody(self):
        """Let in who says nothing of itself, where that is somebody; return whether it is."""
        self.connect_info_due = self._authenticate(nats_ops.Connect())
        return self.connect_info_due

    def _claim(self):
        """Return who the client has said it is, for the log."""
        connect = self.connect
        user = self.user_name or (connect.user if connect is not None else "")
        if connect is not None and connect.nkey:
            return f" - Nkey {quoted(connect.nkey.encode())}"
        if user:
            return f" - User {quoted(user.encode())}"
        return ' - Token "[REDACTED]"' if connect is not None and connect.auth_token else ""

    def _expired(self):
        self.expiry = None
        self.node.log.debug(f"{self.label()} - User Authentication Expired")
        self.fail("Authentication Expired", "User Authentication Expired")
        self.router.flush()

    def _stop_expiry(self):
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None

    def _authentication_overdue(self):
        self.node.log.debug(f"{self.label()} - Authentication Timeout")
        self.fail("Authentication Timeout", "Authentication Timeout")
        self.router.flush()

    def _sub(self, arguments):
        words = nats_ops.words(arguments)
        if not 2 <= len(words) <= 3:
            raise ProtocolError("bad arguments of SUB")
        subject = words[0]
        sid = words[len(words) - 1]
        queue = words[1] if len(words) == 3 else b""
        if not self._may_subscribe(subject, queue, sid):
            return
        if sid not in self.subscriptions:
            if 0 <= self.subscriptions_max <= len(self.subscriptions):
                self.send(nats_ops.error_line("maximum subscriptions exceeded"))
                return
            if not has_valid_tokens(subject):
                self.send(nats_ops.error_line("Invalid Subject"))
                return
            self.subscribe(subject, queue, sid)
        if self.verbose:
            self.send(nats_ops.OK)

    def _may_subscribe(self, subject, queue, sid):
        """Tell whether the client may have that subscription; it is told if not."""
        tokens_max = self.node.subscription_tokens_max
        if queue == _RESERVED_QUEUE:
            self._deny(refusals.of_subscription(subject, queue))
        elif tokens_max and subject.count(b".") >= tokens_max:
            self.node.log.error(
                f"{self.label()} - Subscription Violation Too Many Tokens - "
                f"Subject {quoted(subject)}, SID {sid.decode('utf-8', 'backslashreplace')}"
            )
            self.send(nats_ops.error_line(refusals.of_tokens(subject)))
        elif self.permissions is None or self.permissions.subscribe.permits_interest(
            subject, queue
        ):
            return True
        else:
            self._deny(refusals.of_subscription(subject, queue))
        return False

    def _may_publish(self, subject):
        if self.permissions.publish.permits(subject):
            return True
        if self.replies is not None and self.replies.permits(subject, self.router.now_ns):
            return True
        self._deny(refusals.of_publish(subject))
        return False

    def _may_trace_to(self, destination):
        if destination.startswith(_RESERVED_PREFIXES):
            self._deny(refusals.of_publish(destination))
            return False
        return self.permissions is None or self._may_publish(destination)

    def _is_reserved(self, subject):
        """Tell whether only servers publish to ``subject``; the client is told if so."""
        message = self.message
        start = message.subject_start
        end = message.subject_end
        if (
            octets.starts_with(message.subject_view, start, end, b"$GR.")
            or octets.starts_with(message.subject_view, start, end, b"_GR_.")
            or octets.starts_with(message.subject_view, start, end, b"$NRG.")
        ):
            self._deny(refusals.of_publish(subject))
            return True
        return False

    def _is_reply_reserved(self):
        """Tell whether only servers ask for answers there; the client is told if so."""
        message = self.message
        start = message.reply_start
        end = message.reply_end
        if (
            octets.starts_with(message.reply_view, start, end, b"_R_.")
            or octets.starts_with(message.reply_view, start, end, b"$JS.ACK.")
            or octets.starts_with(message.reply_view, start, end, b"_GR_.")
            or octets.starts_with(message.reply_view, start, end, b"$GR.")
        ):
            self._deny(refusals.of_reply(message.reply()))
            return True
        return False

    def _deny(self, text):
        if self.trace is not None:
            self.trace.refused(text)
        self.node.log.error(f"{self.label()} - {text}")
        self.send(nats_ops.error_line(text))

    def _unsub(self, arguments):
        words = nats_ops.words(arguments)
        if not 1 <= len(words) <= 2:
            raise ProtocolError("bad arguments of UNSUB")
        limit = 0
        if len(words) == 2 and words[1].isdigit() and len(words[1]) <= octets.SIZE_DIGITS_MAX:
            limit = int(words[1])  # what is no number means at once, as on nats-server
        subscription = self.subscriptions.get(words[0])
        if subscription is not None:
            if limit > subscription.delivered:
                subscription.limit = limit
            else:
                self.remove(subscription)
        if self.verbose:
            self.send(nats_ops.OK)


def _least(node, account, user):
    """Return the least of the limits; negative ones are none."""
    limits = [limit for limit in (node, account, user) if limit >= 0]
    return min(limits) if limits else -1

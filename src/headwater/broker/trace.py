"""Following one message (ADR-41): who asked for it, and what became of the message here.

A message whose headers name a destination is routed one receiver at a time, and what happens at
each is noted.  The notes go to the destination, in the account that the message came in by.  Copies
that leave over a link are numbered, so that the notes of all servers can be put together.
"""

from headwater.base import gojson
from headwater.broker.server_info import server_info
from headwater.broker.subscription import Subscription
from headwater.subjects.match import Matches
from headwater.subjects.validate import is_valid_literal
from headwater.wire import headers
from headwater.wire.content_encoding import ACCEPT, encoded
from headwater.wire.message import Message

DESTINATION = b"Nats-Trace-Dest"
# What is no subject: whoever gets the message from here shall not trace it either.
DISABLED = b"trace disabled"
_HOP = b"Nats-Trace-Hop"
_ONLY = b"Nats-Trace-Only"
_ONLY_VALUES = (b"1", b"true", b"on")
# Said by servers of messages that come from another account; not for clients and leaf nodes to say.
_ORIGIN = b"Nats-Trace-Origin-Account"
_PARENT = b"traceparent"

# Kinds of connection, by nats-server's numbers.
CLIENT_KIND = 0
LEAF_KIND = 4
# Why a message was not delivered to a subscription that meets its subject.
NO_ECHO = "Not delivered because of no echo"
DENIED = "Not delivered because subscription denies this subject"
CLOSED = "Not delivered because subscription is closed"
TOO_SLOW = "Not delivered because fast producer not stalled and consumer is slow"
NOT_TO_PEER = "Not delivered because publish denied for this subject"
_NOT_TRACED = (
    "Message delivered but remote does not support message tracing "
    "so no trace event generated from there"
)
_NOT_JUST_TRACED = "Not delivered because remote does not support message tracing"


def trace_of(session, message):
    """Return the MessageTrace that a message asks for, None when it asks for none after all.

    One that must not be followed by anybody else either is marked, in the headers that it carries.
    """
    fields = headers.fields_of(message.headers())
    account = session.account
    destination = _first(fields, DESTINATION)
    if destination == DISABLED:
        return None
    sampling = 100
    if not destination and _is_sampled(fields):
        destination = account.trace_destination
        sampling = account.trace_sampling
    origin = _first(fields, _ORIGIN)
    if not destination and not (origin and _is_sampled(fields)):
        return None
    if origin or (sampling < 100 and session.router.random_below(100) >= sampling):
        block = headers.replaced(message.headers(), DESTINATION, DISABLED)
        message.replace_headers(block)
        destination = b""
    elif not is_valid_literal(destination):
        destination = b""
    trace = MessageTrace(session, message, destination, fields)
    return trace if destination or trace.only else None


class MessageTrace:
    """The trace of one message; ``only`` tells that it must not be delivered.

    One without a destination is of a message that goes nowhere, not even to be traced.
    """

    def __init__(self, session, message, destination, fields):
        self.destination = destination
        value = _first(fields, _ONLY)
        self.only = DESTINATION in fields and value.lower() in _ONLY_VALUES
        self.imported = None  # what leads the message to another account, while it does
        self.detail = ""  # what is told of a refusal by a stream, where its error is not
        self._node = session.node
        self._account = session.account
        self._fields = fields
        self._block = message.headers()
        self._message_bytes = message.body_end - message.body_start
        self._hop_prefix = b""  # of the copies that leave from here
        if session.peer and _first(fields, _HOP):
            self._hop_prefix = _first(fields, _HOP) + b"."
        self._hops = 0
        self._relays = []  # links to other servers that get a copy, each [session, groups, error]
        self._ingress = {
            "type": "in",
            "ts": self._now(),
            **_connection(session),
            "acc": _text(self._account.name),
            "subj": _text(message.subject),
        }
        self._events = [self._ingress]

    def route(self, message, origin, account=None):
        """Do as ``Router.route`` does, one receiver at a time, in ``account`` if it is another."""
        matches = (account or self._account).interest.match(message.subject)
        watched = Matches()
        for subscription in matches.plain:
            watched.add(_Watched(subscription, self))
        for group in matches.groups:
            for subscription in group:
                watched.add(_Watched(subscription, self))
        count = self._node.router.route_to(watched, message, origin)
        relays, self._relays = self._relays, []
        for session, groups, error in relays:
            self._relay(message, session, groups, error)
        return count

    def refused(self, text):
        """The message may not come in."""
        self._ingress["error"] = text

    def mapped(self, subject):
        """The message goes to another subject."""
        self._note("sm", to=_text(subject))

    def stored(self, stream, subject, *, interest=True):
        """A stream has taken the message."""
        fields = {"stream": stream, "subject": _text(subject)}
        if not interest:
            fields["nointerest"] = True
        self._note("js", **fields)

    def not_stored(self, stream, text, subject=b""):
        """A stream has refused the message."""
        fields = {"stream": stream}
        if subject:
            fields["subject"] = _text(subject)
        self._note("js", **fields, error=text)

    def exported(self, source, subject, target):
        """The message goes to another account by a StreamImport; return whether that is followed.

        What happens to it there is not for this account to see, unless the import allows it.
        """
        account = _text(source.importer.name)
        self._note("se", acc=account, to=_text(target))
        return source.allow_trace

    def requested(self, service, subject, target):
        """A service of another account has got the message."""
        account = _text(service.exporter.name)
        self._note("si", acc=account, **{"from": _text(subject), "to": _text(target)})

    def served(self, subject, target):
        """A service of the server itself has got the message."""
        name = _text(self._node.accounts.system.name)
        self._note("si", acc=name, **{"from": _text(subject), "to": _text(target)})

    def delivered(self, session, subscription, error=""):
        """The message has gone out to a client, unless there is an ``error``."""
        fields = _connection(session)
        if session.account is not self._account:
            fields["acc"] = _text(session.account.name)
        fields["sub"] = _text((self.imported or subscription).subject)
        if subscription.queue:
            fields["queue"] = _text(subscription.queue)
        if error:
            fields["error"] = error
        self._note("eg", **fields)

    def relay_to(self, session, queue, error=""):
        """The message goes to another server, once: to its plain subscribers or those of a group.

        With an ``error`` it does not, and is only noted.
        """
        for relay in self._relays:
            if relay[0] is session:
                if queue:
                    relay[1] = [*(relay[1] or ()), queue]
                return
        self._relays.append([session, [queue] if queue else None, error])

    def send(self):
        """Publish what was noted."""
        header = {_text(name): [_text(v) for v in values] for name, values in self._fields.items()}
        told = {
            "server": server_info(self._node),
            "request": {"header": dict(sorted(header.items())), "msgsize": self._message_bytes},
        }
        if self._hops:
            told["hops"] = self._hops
        body = gojson.encode({**told, "events": self._events})
        block, body = encoded(body, _first(self._fields, ACCEPT))
        message = Message()
        message.compose(self.destination, b"", block, body)
        self._node.router.route(self._account, message, None)

    def _relay(self, message, session, groups, error):
        """Send the copy of one link, with a number of its own."""
        self._hops += 1
        hop = b"%s%d" % (self._hop_prefix, self._hops)
        sends = not error
        if sends and not session.traces:
            sends = not self.only
            error = _NOT_TRACED if sends else _NOT_JUST_TRACED
        if sends:
            message.replace_headers(headers.replaced(self._block, _HOP, hop))
            session.relay(message, groups)
        fields = {**_connection(session), "hop": _text(hop)}
        if error:
            fields["error"] = error
        self._note("eg", **fields)

    def _note(self, what, **fields):
        self._events.append({"type": what, "ts": self._now(), **fields})

    def _now(self):
        return gojson.time_text(self._node.clock.now())


class _Watched(Subscription):
    """Stands for a subscription that is to note what it does with the message."""

    def __init__(self, subscription, trace):
        super().__init__(subscription.subject, subscription.queue)
        self.remote = subscription.remote
        self.weight = subscription.weight
        self._subscription = subscription
        self._trace = trace

    def deliver(self, message, origin):
        return self._subscription.traced(message, origin, self._trace)


def _connection(session):
    """Return the fields that tell which connection it is."""
    fields = {"kind": LEAF_KIND if session.peer else CLIENT_KIND, "cid": session.id}
    name = session.peer_name()
    return {**fields, "name": name} if name else fields


def _first(fields, name):
    """Return the first value of a field, empty when there is none."""
    return fields.get(name, (b"",))[0]


def _is_sampled(fields):
    """Tell whether a W3C trace context among the fields says that it is recorded."""
    for name, values in fields.items():
        if name.lower() == _PARENT and any(_is_flag_set(value) for value in values):
            return True
    return False


def _is_flag_set(context):
    parts = context.split(b"-")
    if len(parts) != 4 or len(parts[3]) != 2:
        return False
    flags = parts[3].removeprefix(b"+")
    return flags.isdigit() and int(flags) % 2 == 1  # to nats-server it is a decimal number


def _text(data):
    return data.decode("utf-8", "replace")

"""Following one message (ADR-41): who asked for it, and what became of the message here.

A message whose headers name a destination is routed one receiver at a time, and what happens at
each is noted.  The notes go to the destination, in the account that the message came in by.
"""

from headwater.base import gojson
from headwater.broker.server_info import server_info
from headwater.subjects.validate import is_valid_literal
from headwater.wire import headers
from headwater.wire.content_encoding import ACCEPT, encoded
from headwater.wire.message import Message

DESTINATION = b"Nats-Trace-Dest"
_ONLY = b"Nats-Trace-Only"
_ONLY_VALUES = (b"1", b"true", b"on")
_PARENT = b"traceparent"
_PARENT_MARK = b"raceparent"  # whatever the case of its first letter

# Kinds of connection, by nats-server's numbers.
CLIENT_KIND = 0
LEAF_KIND = 4
# Why a message was not delivered to a subscription that meets its subject.
NO_ECHO = "Not delivered because of no echo"
DENIED = "Not delivered because subscription denies this subject"
CLOSED = "Not delivered because subscription is closed"


def is_asked(account, message):
    """Tell, in a hurry, whether the headers of a message may ask for a trace."""
    view, start = message.body_view, message.body_start
    end = start + message.header_size
    if headers.mentions(view, start, end, DESTINATION):
        return True
    return bool(account.trace_destination) and headers.mentions(view, start, end, _PARENT_MARK)


def begin(session, message):
    """Return the MessageTrace that a message asks for, None when it asks for none after all."""
    account = session.account
    fields = headers.fields_of(message.headers())
    destination = _first(fields, DESTINATION)
    if destination is None:
        sampled = any(_is_sampled(values) for name, values in fields.items() if _is_parent(name))
        if sampled and session.router.random_below(100) < account.trace_sampling:
            destination = account.trace_destination
    if not destination or not is_valid_literal(destination):
        return None
    return MessageTrace(session, message, destination, fields)


class MessageTrace:
    """The trace of one message; ``only`` tells that it must not be delivered."""

    def __init__(self, session, message, destination, fields):
        self.destination = destination
        self.only = _first(fields, _ONLY) in _ONLY_VALUES
        self._node = session.node
        self._account = session.account
        self._fields = fields
        self._message_bytes = message.body_end - message.body_start
        self._ingress = {
            "type": "in",
            "ts": self._now(),
            "kind": CLIENT_KIND if session.kind == 0 else LEAF_KIND,
            "cid": session.id,
            "name": session.client_name(),
            "acc": _text(self._account.name),
            "subj": _text(message.subject),
        }
        self._events = [self._ingress]

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

    def served(self, subject):
        """A service of the server itself has got the message."""
        name = _text(self._node.accounts.system.name)
        self._note("si", acc=name, **{"from": _text(subject), "to": _text(subject)})

    def delivered(self, session, subscription, error=""):
        """The message has gone out to a subscription, unless there is an ``error``."""
        fields = {
            "kind": CLIENT_KIND if session.kind == 0 else LEAF_KIND,
            "cid": session.id,
            "name": session.client_name(),
            "sub": _text(subscription.subject),
        }
        if subscription.queue:
            fields["queue"] = _text(subscription.queue)
        if error:
            fields["error"] = error
        self._note("eg", **fields)

    def send(self):
        """Publish what was noted."""
        header = {_text(name): [_text(v) for v in values] for name, values in self._fields.items()}
        body = gojson.encode(
            {
                "server": server_info(self._node),
                "request": {
                    "header": dict(sorted(header.items())),
                    "msgsize": self._message_bytes,
                },
                "events": self._events,
            }
        )
        block, body = encoded(body, _first(self._fields, ACCEPT) or b"")
        message = Message()
        message.compose(self.destination, b"", block, body)
        self._node.router.route(self._account, message, None)

    def _note(self, kind, **fields):
        self._events.append({"type": kind, "ts": self._now(), **fields})

    def _now(self):
        return gojson.time_text(self._node.clock.now())


def _first(fields, name):
    values = fields.get(name)
    return values[0] if values else None


def _is_parent(name):
    return name.lower() == _PARENT


def _is_sampled(values):
    """Tell whether a W3C trace context says that it is recorded."""
    parts = values[0].split(b"-")
    if len(parts) != 4 or len(parts[3]) != 2:
        return False
    try:
        return bool(int(parts[3], 16) & 1)
    except ValueError:
        return False


def _text(data):
    return data.decode("utf-8", "replace")

"""What goes in and out of connections, line by line, for a log that traces.

A session without a tracer pays one test for each message; a session with one pays for everything
that stands here.
"""

import re

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.base.quoting import printable, quoted
from headwater.wire import nats_encoder

_RECEIVED = "<<-"
_SENT = "->>"
_CHANGED = "<->"
_TRACED = (b"CONNECT", b"PING", b"PONG", b"SUB", b"UNSUB", b"LS+", b"LS-")
# What of a CONNECT is nobody's business: the values of these keys, whatever they are.
_SECRETS = re.compile(
    rb'("(?:pass|auth_token|sig|nkey|proxy_sig|jwt)"\s*:\s*)("(?:\\.|[^"\\])*"?|[^\s,}"]+)',
    re.IGNORECASE,
)
# The verb of a message lies so far before its subject at most: blanks may stand between.
_VERB_BYTES_MAX = 64


class Tracer:
    """Writes to a log what sessions receive and send; secrets are left out."""

    __slots__ = ("_bytes_max", "_headers_only", "_log")

    def __init__(self, log, headers_only, bytes_max):
        """Show of a message its headers only, or up to ``bytes_max`` bytes of it (0: all)."""
        self._log = log
        self._headers_only = headers_only
        self._bytes_max = bytes_max

    def message(self, session, message):
        """A session has received ``message``."""
        start = message.subject_start
        first = start - _VERB_BYTES_MAX
        before = octets.slice_bytes(message.subject_view, first if first > 0 else 0, start)
        words = before.split()
        verb = words[len(words) - 1].upper() if words else b""
        line = octets.slice_bytes(message.subject_view, start, message.body_start)
        self._write(session, _RECEIVED, verb + b" " + line.rstrip(b"\r\n"))
        self._body(session, _RECEIVED, message.headers(), message.payload())

    def control(self, session, verb, arguments):
        """A session has received an operation that is no message."""
        if verb in _TRACED:
            if verb == b"CONNECT":
                arguments = redacted(arguments)
            self._write(session, _RECEIVED, verb + b" " + arguments if arguments else verb)

    def sent(self, session, data):
        """A session sends lines that are no message."""
        for line in data.split(b"\r\n"):
            if line == b"+OK":
                self._write(session, _SENT, b"OK")
            elif line.startswith(b"-ERR '"):
                self._write(session, _SENT, b"-ERR " + line[6 : len(line) - 1])
            elif line and not line.startswith((b"INFO ", b"CONNECT ")):
                self._write(session, _SENT, line)

    def delivered(self, session, message, sid, with_headers):
        """A session sends ``message`` to a client's subscription."""
        out = Buffer()
        nats_encoder.put_message(out, message, sid, with_headers)
        self._encoded(session, out.contents(), message, with_headers)

    def relayed(self, session, message, groups, with_headers):
        """A session sends ``message`` to another server."""
        out = Buffer()
        nats_encoder.put_routed(out, message, groups, with_headers)
        self._encoded(session, out.contents(), message, with_headers)

    def removed(self, session, name):
        """A subscription of a session is gone."""
        self._write(session, _CHANGED, b"DELSUB " + name)

    def _encoded(self, session, data, message, with_headers):
        line_end = data.index(b"\r\n")
        self._write(session, _SENT, data[:line_end])
        headers = message.headers() if with_headers else b""
        self._body(session, _SENT, headers, message.payload())

    def _body(self, session, arrow, headers, payload):
        shown = headers.removesuffix(b"\r\n\r\n") if self._headers_only else headers + payload
        if not shown:
            return
        if self._bytes_max and len(shown) > self._bytes_max:
            shown = shown[: self._bytes_max] + b"..."
        self._log.trace(f"{session.label()} - {arrow} MSG_PAYLOAD: [{quoted(shown)}]")

    def _write(self, session, arrow, line):
        self._log.trace(f"{session.label()} - {arrow} [{printable(line)}]")


def redacted(arguments):
    """Return the arguments of a CONNECT without its secrets."""
    return _SECRETS.sub(_without_value, arguments)


def _without_value(match):
    return match[1] + (b'"[REDACTED]"' if match[2].startswith(b'"') else b"[REDACTED]")

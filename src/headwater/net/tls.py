"""TLS between a connection and its receiver, on memory: the loop's transport stays a plain one.

A gate is in place before the first byte arrives.  It may let a client go on in the clear
(``optional``), or stand in front of the greeting (``first``).
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headwater.net.connection import Connection, Gate
from headwater.net.tls_context import cipher_name

_HANDSHAKE_RECORD = 0x16
_FAILURE = "TLS Handshake Failure"
# Where a gate stands: nothing has come yet, the handshake, messages, the end.
_CHOOSING, _SHAKING, _OPEN, _DEAD = range(4)


class RateLimit:
    """How many handshakes may begin in a second; 0 for any number."""

    def __init__(self, per_second: int, now_s: Callable[[], float]) -> None:
        self.per_second = per_second
        self.refused = 0
        self._now_s = now_s
        self._second_ends_s = 0.0
        self._begun = 0

    def allows(self) -> bool:
        """Count one more; tell whether it may go on."""
        if self.per_second <= 0:
            return True
        now_s = self._now_s()
        if now_s >= self._second_ends_s:
            self._second_ends_s = now_s + 1
            self._begun = 0
        self._begun += 1
        if self._begun > self.per_second:
            self.refused += 1
            return False
        return True


@dataclass
class TlsServer:
    """How a listener speaks TLS; ``context`` may be replaced while it runs."""

    context: ssl.SSLContext
    rate: RateLimit
    timeout_s: float = 2.0
    optional: bool = False  # whether a client that was greeted in the clear may go on so
    first: bool = False  # whether the handshake comes before the greeting
    fallback_s: float = 0.0  # with ``first``: then greet a client that has sent nothing; 0: never

    def gate(self, connection: Connection, opened: Callable[[], None]) -> "TlsGate":
        """Return the gate of a connection; ``opened()`` follows the handshake."""
        return TlsGate(connection, self, opened)


@dataclass(frozen=True)
class Security:
    """What two ends have agreed on; names as nats-server gives them."""

    version: str  # "1.2" or "1.3"
    cipher: str
    first: bool
    peer_certificate: bytes | None  # DER


class TlsGate(Gate):
    """The server's end of TLS on one connection."""

    def __init__(
        self, connection: Connection, server: TlsServer, opened: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._server = server
        self._opened = opened
        self._state = _CHOOSING
        self._ended = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._timer = None
        self._security: Security | None = None
        self._first = server.first
        self._optional = server.optional and not server.first
        if not self._optional:
            self._timer = connection.later(server.timeout_s, self._overdue)

    def take(self, data):
        if self._state == _CHOOSING:
            if data[0] != _HANDSHAKE_RECORD:
                self._clear_text(data)
                return
            self._begin()
        self._incoming.write(data)
        if self._state == _SHAKING:
            self._shake()
        if self._state == _OPEN:
            self._open()

    def seal(self, data):
        if self._state == _CHOOSING:
            return bytes(data)
        self._tls.write(data)
        return self._outgoing.read()

    def holds(self):
        return self._state == _SHAKING

    def waits(self):
        """Tell whether the client has sent nothing yet."""
        return self._state == _CHOOSING

    def fall_back(self):
        """The client is greeted in the clear after all, as if it did not have to come first."""
        self._first = False
        self._optional = self._server.optional
        if self._optional:
            self._timer.cancel()
            self._timer = None

    def finish(self):
        if self._state != _OPEN:
            return b""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            pass  # the peer's farewell is not waited for
        return self._outgoing.read()

    def stop(self):
        if self._state == _SHAKING or (self._state == _CHOOSING and not self._optional):
            self._connection.receiver.insecure("EOF")
        self._state = _DEAD
        if self._timer is not None:
            self._timer.cancel()

    def security(self):
        return self._security

    def _begin(self):
        server = self._server
        if self._timer is None:
            self._timer = self._connection.later(server.timeout_s, self._overdue)
        self._tls = server.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._state = _SHAKING

    def _clear_text(self, data):
        if self._optional:
            self._connection.set_gate(None)
            self._connection.pass_on(data)
        else:
            self._fail("first record does not look like a TLS handshake", tell=False)

    def _shake(self):
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._send_sealed()
            return
        except (ssl.SSLError, OSError) as error:
            self._fail(getattr(error, "reason", None) or str(error), tell=True)
            return
        self._send_sealed()
        self._timer.cancel()
        self._note_security()
        self._state = _OPEN
        security = self._security
        self._connection.receiver.secured(f"{security.version}, cipher suite {security.cipher}")
        self._opened()

    def _open(self):
        """Decrypt what there is, as many bytes at a time as the receiver can take."""
        connection, tls = self._connection, self._tls
        while self._state == _OPEN and connection.is_open():
            window = connection.window()
            filled = self._decrypt(tls, window)
            if filled > 0:
                connection.received(filled)
            if filled < len(window):
                break
        if self._outgoing.pending:
            self._send_sealed()
        if self._ended:
            connection.leave()

    def _decrypt(self, tls, window):
        """Fill ``window`` as far as possible; return how many bytes that are."""
        filled, room = 0, len(window)
        while filled < room:
            try:
                count = tls.read(room - filled, window[filled:])
            except ssl.SSLWantReadError:
                return filled
            except ssl.SSLError:
                count = 0
            if not count:
                # The peer has said farewell, or something else than TLS.
                self._ended = True
                return filled
            filled += count
            if not self._incoming.pending and not tls.pending():
                return filled
        return filled

    def _note_security(self):
        tls: Any = self._tls
        self._security = Security(
            tls.version().removeprefix("TLSv"),
            cipher_name(tls.cipher()[0]),
            self._first,
            tls.getpeercert(binary_form=True),
        )

    def _send_sealed(self):
        data = self._outgoing.read()
        if data:
            self._connection.send(data)

    def _overdue(self):
        if self._state in (_CHOOSING, _SHAKING):
            self._fail("TLS handshake timeout", tell=False)

    def _fail(self, text, *, tell):
        self._state = _DEAD
        if tell:
            self._send_sealed()
        self._connection.receiver.insecure(text)
        self._connection.give_up(_FAILURE)

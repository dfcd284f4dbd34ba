"""The first bytes of a connection that comes through a proxy: a PROXY header, if there is one."""

from collections.abc import Callable

from headwater.net.connection import Connection, Gate
from headwater.wire import proxy_protocol
from headwater.wire.proxy_protocol import ProxyHeader, ProxyHeaderError

# How long a header that has begun may take, as on nats-server.
_HEADER_TIMEOUT_S = 5.0
_VIOLATION = "Protocol Violation"


class ProxyGate(Gate):
    """Takes a PROXY header off the front; ``then()`` puts in place what comes after it.

    ``warn`` is told what is wrong with a header.
    """

    def __init__(
        self, connection: Connection, then: Callable[[], object], warn: Callable[[str], object]
    ) -> None:
        self._connection = connection
        self._then = then
        self._warn = warn
        self._data = b""
        self._timer = None

    def take(self, data):
        if self._timer is None:
            self._timer = self._connection.later(_HEADER_TIMEOUT_S, self._overdue)
        self._data += data
        if not proxy_protocol.begins(self._data):
            self._pass(ProxyHeader(0))
        elif len(self._data) >= proxy_protocol.MARK_BYTES:
            self._parse()

    def seal(self, data):
        return bytes(data)

    def stop(self):
        if self._timer is not None:
            self._timer.cancel()

    def _parse(self):
        try:
            header = proxy_protocol.parse(self._data)
        except ProxyHeaderError as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._pass(header)

    def _pass(self, header):
        self.stop()
        connection, rest = self._connection, self._data[header.size :]
        connection.receiver.relocated(header.address, header.port)
        connection.set_gate(None)
        self._then()
        if rest and connection.is_open():
            connection.feed(rest)

    def _overdue(self):
        self._refuse("no whole header in time")

    def _refuse(self, text):
        self._warn(f"Error reading PROXY protocol header: {text}")
        self._connection.give_up(_VIOLATION)

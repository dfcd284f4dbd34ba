"""Accepting connections, and making them: each gets a receiver from a factory."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.base.limits import READ_BUFFER_BYTES
from headwater.base.link import Receiver
from headwater.net.connection import Connection, Patience, ReadBuffer
from headwater.net.proxy_gate import ProxyGate

if TYPE_CHECKING:
    from headwater.net.tls import TlsGate, TlsServer

# Makes the receiver of an accepted connection from the peer's address and port.
ReceiverFactory = Callable[[str, int], Receiver]

_EVERYWHERE = ("", "0.0.0.0", "::")
# How a peer that has come by IPv4 is named by a socket that takes both.
_IPV4_AS_IPV6 = "::ffff:"
_BACKLOG = 1024


def _ignore(_text: str) -> None:
    pass


@dataclass
class Entrance:
    """How the connections of a listener begin; what is replaced holds for those that follow.

    ``warn`` is told of PROXY headers that cannot be used.
    """

    factory: ReceiverFactory
    tls: "TlsServer | None" = None
    proxy_protocol: bool = False
    warn: Callable[[str], object] = _ignore


class _Protocol(Connection, asyncio.BufferedProtocol):
    """A Connection that event loops know as a buffered protocol."""


class _Accepted(_Protocol):
    """A connection that was accepted; its receiver is made once the peer is known."""

    def __init__(
        self,
        entrance: Entrance,
        shared: ReadBuffer,
        loop: asyncio.AbstractEventLoop,
        patience: Patience,
    ) -> None:
        super().__init__(None, shared, loop, patience)
        self._entrance = entrance
        self._greeted = False
        self._tls_gate: TlsGate | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        entrance = self._entrance
        # A peer that has gone already leaves no address behind.
        peer = transport.get_extra_info("peername") or ("", 0)
        self.receiver = entrance.factory(peer[0].removeprefix(_IPV4_AS_IPV6), peer[1])
        self.attach(transport)
        if entrance.tls is None or not entrance.tls.first:
            self._greet()
        if not self.is_open():
            return
        if entrance.proxy_protocol:
            self.set_gate(ProxyGate(self, self._begin_tls, entrance.warn))
        else:
            self._begin_tls()

    def _greet(self) -> None:
        self._greeted = True
        self.receiver.connected()

    def _begin_tls(self) -> None:
        tls = self._entrance.tls
        if tls is None:
            return
        if not tls.rate.allows():
            self.receiver.throttled()
            return
        self._tls_gate = tls.gate(self, self._opened)
        self.set_gate(self._tls_gate)
        if tls.first and tls.fallback_s:
            self.later(tls.fallback_s, self._fall_back)

    def _opened(self) -> None:
        if not self._greeted:
            self._greet()

    def _fall_back(self) -> None:
        """Greet a client that waits for it, though the handshake should have come before."""
        if not self._greeted and self.is_open() and self._tls_gate.waits():
            self._tls_gate.fall_back()
            self._greet()


class Network:
    """The sockets of one node.

    ``patience`` is for who is accepted, ``dial_patience`` for who is dialled; both may change.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.patience = Patience()
        self.dial_patience = Patience(retry=True)
        self._shared = ReadBuffer(READ_BUFFER_BYTES)
        self._servers: list[asyncio.Server] = []

    def protocol(self, receiver: Receiver) -> asyncio.BufferedProtocol:
        """Return the protocol object of a connection to a server; ``receiver`` serves it."""
        return _Protocol(receiver, self._shared, self.loop, self.dial_patience)

    async def listen(self, host: str, port: int, entrance: Entrance) -> tuple[str, int]:
        """Accept connections; return the address and port (a chosen one when ``port`` is 0).

        A name that has several addresses is listened on at one of them, IPv4 preferred, so that
        there is one port to tell.  All addresses means IPv6 as well, whichever way it is written.

        Raises:
            OSError: the address cannot be listened on.
        """
        listening = await self._listening(host, port)
        server = await self.loop.create_server(
            lambda: _Accepted(entrance, self._shared, self.loop, self.patience),
            sock=listening,
            backlog=_BACKLOG,
        )
        self._servers.append(server)
        address = listening.getsockname()
        return host if host in _EVERYWHERE else address[0], address[1]

    async def _listening(self, host: str, port: int) -> socket.socket:
        if host in _EVERYWHERE:
            both = socket.has_dualstack_ipv6()
            family = socket.AF_INET6 if both else socket.AF_INET
            return socket.create_server(
                ("", port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
            )
        family = socket.AF_INET
        if not _is_ipv4(host):
            found = await self.loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.sort(key=lambda entry: entry[0] != socket.AF_INET)
            family, host = found[0][0], str(found[0][4][0])
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)

    async def dial(self, host: str, port: int, receiver: Receiver, timeout_s: float) -> None:
        """Connect to a server.

        Raises:
            OSError: nobody answers there in time (TimeoutError is one).
        """
        async with asyncio.timeout(timeout_s):
            await self.loop.create_connection(lambda: self.protocol(receiver), host, port)

    def stop_listening(self) -> None:
        """Accept nothing more; connections stay."""
        for server in self._servers:
            server.close()
        self._servers.clear()


def _is_ipv4(host: str) -> bool:
    """Tell whether ``host`` is an address already, which saves the look-up of a name."""
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return False
    return True

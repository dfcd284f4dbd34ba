"""Accepting connections, and making them: each gets a receiver from a factory."""

import asyncio
import socket
from collections.abc import Callable

from headwater.base.clock import SECOND
from headwater.base.limits import READ_BUFFER_BYTES
from headwater.base.link import Receiver
from headwater.net.connection import Connection, ReadBuffer

# Makes the receiver of an accepted connection from the peer's address and port.
ReceiverFactory = Callable[[str, int], Receiver]


class _Protocol(Connection, asyncio.BufferedProtocol):
    """A Connection that event loops know as a buffered protocol."""


class _Accepted(_Protocol):
    """A connection that was accepted; its receiver is made once the peer is known."""

    def __init__(
        self, factory: ReceiverFactory, shared: ReadBuffer, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(None, shared, loop)
        self._factory = factory

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A peer that has gone already leaves no address behind.
        peer = transport.get_extra_info("peername") or ("", 0)
        self.receiver = self._factory(peer[0], peer[1])
        super().connection_made(transport)


class Network:
    """The sockets of one node."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, write_deadline_ns: int = 10 * SECOND
    ) -> None:
        """``write_deadline_ns`` is how long a peer may take nothing of what waits for it."""
        self.loop = loop
        self._shared = ReadBuffer(READ_BUFFER_BYTES, write_deadline_ns / SECOND)
        self._servers: list[asyncio.Server] = []

    def protocol(self, receiver: Receiver) -> asyncio.BufferedProtocol:
        """Return the protocol object of a connection that ``receiver`` serves."""
        return _Protocol(receiver, self._shared, self.loop)

    async def listen(self, host: str, port: int, factory: ReceiverFactory) -> tuple[str, int]:
        """Accept connections; return the address and port (a chosen one when ``port`` is 0).

        A name that has several addresses is listened on at one of them, IPv4 preferred, so that
        there is one port to tell.

        Raises:
            OSError: the address cannot be listened on.
        """
        if host and not _is_ipv4(host):
            found = await self.loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.sort(key=lambda entry: entry[0] != socket.AF_INET)
            host = str(found[0][4][0])
        server = await self.loop.create_server(
            lambda: _Accepted(factory, self._shared, self.loop),
            host or None,
            port,
            backlog=1024,
            reuse_address=True,
        )
        self._servers.append(server)
        address = server.sockets[0].getsockname()
        return address[0], address[1]

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

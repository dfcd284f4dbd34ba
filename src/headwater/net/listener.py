"""Accepting connections, and making them: each gets a receiver from a factory."""

import asyncio
from collections.abc import Callable

from headwater.base.limits import READ_BUFFER_BYTES
from headwater.base.link import Receiver
from headwater.net.connection import Connection, ReadBuffer


class _Protocol(Connection, asyncio.BufferedProtocol):
    """A Connection that event loops know as a buffered protocol."""


class Network:
    """The sockets of one node."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._shared = ReadBuffer(READ_BUFFER_BYTES)
        self._servers: list[asyncio.Server] = []

    def protocol(self, receiver: Receiver) -> asyncio.BufferedProtocol:
        """Return the protocol object of a connection that ``receiver`` serves."""
        return _Protocol(receiver, self._shared, self.loop)

    async def listen(
        self, host: str, port: int, factory: Callable[[], Receiver]
    ) -> tuple[str, int]:
        """Accept connections; return the address and port (a chosen one when ``port`` is 0).

        Raises:
            OSError: the address cannot be listened on.
        """
        server = await self.loop.create_server(
            lambda: self.protocol(factory()), host or None, port, backlog=1024, reuse_address=True
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

"""A client on asyncio that can be as rude as a test wants; it shares nothing with the server."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

HOST = "127.0.0.1"
SECONDS = 30.0
# Closing a socket with this set sends RST instead of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)

# Called with the words of the MSG or HMSG line and with headers and payload.
Take = Callable[[list[bytes], bytes], object]


class SoakError(AssertionError):
    """The server has done what it must not."""


class Lost(SoakError):
    """The connection ended while something was waited for."""


class Client(asyncio.Protocol):
    """One connection; messages go to ``take``, or are only counted."""

    def __init__(self, take: Take | None = None) -> None:
        self.info: dict[str, Any] = {}
        self.errors: list[str] = []  # what -ERR lines have said
        self.messages = 0
        self.lost = False
        self.told_to_move = False  # by an INFO of a lame duck
        self.silent = False  # whether it leaves PINGs unanswered
        self.transport: Any = None
        self._take = take
        self._rest = b""
        self._blocked = False
        self._ended = False  # whether nothing more will be sent
        self._pings = self._pongs = 0
        self._waiters: list[asyncio.Future[None]] = []

    @classmethod
    async def open(
        cls, port: int, take: Take | None = None, *, receive_bytes: int = 0, greeting: bool = True
    ) -> "Client":
        """Connect, with a receive buffer of ``receive_bytes``; wait for INFO if it is to come."""
        loop = asyncio.get_running_loop()
        plain = socket.socket()
        try:
            plain.setblocking(False)
            if receive_bytes:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            await loop.sock_connect(plain, (HOST, port))
            _, client = await loop.create_connection(partial(cls, take), sock=plain)
        except BaseException:
            plain.close()
            raise
        if greeting:
            await client.until(lambda: client.info, "INFO")
        return client

    async def secure(self, context: ssl.SSLContext) -> None:
        """Go on with TLS."""
        start = asyncio.get_running_loop().start_tls
        try:
            self.transport = await start(self.transport, self, context, server_hostname="localhost")
        except OSError as error:
            raise Lost(f"no TLS: {error}; -ERR: {self.errors}") from error

    async def login(self, user: str, password: str = "p", **options: Any) -> None:
        """Send CONNECT, and wait until it is taken."""
        self.send(connect_line(user, password, **options))
        await self.flush()

    def send(self, data: bytes) -> None:
        """Send ``data``, or what the server takes of it."""
        if not self._ended and not self.transport.is_closing():
            self.transport.write(data)

    def publish(self, subject: bytes, payload: bytes, reply: bytes = b"") -> None:
        self.send(b"PUB %s %s %d\r\n%s\r\n" % (subject, reply, len(payload), payload))

    async def sent(self) -> None:
        """Wait until the server has taken most of what was sent."""
        await self.until(lambda: not self._blocked, "room for more output")

    async def flush(self) -> None:
        """Send PING, and wait for its PONG: whatever was sent before has been dealt with."""
        self._pings += 1
        wanted = self._pings
        self.send(b"PING\r\n")
        await self.until(lambda: self._pongs >= wanted, "PONG")

    async def until(
        self, condition: Callable[[], object], what: str, seconds: float = SECONDS
    ) -> None:
        """Wait for ``condition()``, which is looked at whenever something has come.

        Raises:
            Lost: the connection has ended.
            SoakError: it does not come true in time.
        """
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    if self.lost:
                        raise Lost(f"connection closed, not {what}; -ERR: {self.errors}")
                    waiter = asyncio.get_running_loop().create_future()
                    self._waiters.append(waiter)
                    await waiter
        except TimeoutError:
            raise SoakError(f"not within {seconds} s: {what}; -ERR: {self.errors}") from None

    async def until_lost(self, seconds: float = SECONDS) -> None:
        """Wait until the server has closed the connection."""
        await self.until(lambda: self.lost, "closed by the server", seconds)

    def stop_reading(self) -> None:
        self.transport.pause_reading()

    def read_again(self) -> None:
        if not self.lost:
            self.transport.resume_reading()

    def half_close(self) -> None:
        """Tell the server that nothing more will be sent; with TLS that closes both ways."""
        self._ended = True
        if not self.lost and not self.transport.can_write_eof():
            self.transport.close()
        elif not self.lost:
            self.transport.write_eof()

    def close(self) -> None:
        """Close as polite programs do."""
        if self.transport is not None:
            self.transport.close()

    def reset(self) -> None:
        """Close with RST, as a program that dies with data unread."""
        if self.transport is None:
            return
        try:
            plain = self.transport.get_extra_info("socket")
            if plain is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        except OSError:
            pass  # it is closed already
        self.transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        self._wake()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        while (end := data.find(b"\r\n", at)) >= 0:
            line = data[at:end]
            at = end + 2
            if line.startswith((b"MSG ", b"HMSG ")):
                words = line.split(b" ")
                size = int(words[-1])
                if len(data) < at + size + 2:
                    at = end - len(line)
                    break
                self.messages += 1
                if self._take is not None:
                    self._take(words, data[at : at + size])
                at += size + 2
            else:
                self._control(line)
        self._rest = data[at:]
        self._wake()

    def _control(self, line: bytes) -> None:
        if line == b"PING":
            if not self.silent:
                self.send(b"PONG\r\n")
        elif line == b"PONG":
            self._pongs += 1
        elif line.startswith(b"INFO "):
            news = json.loads(line[5:])
            self.told_to_move = self.told_to_move or bool(news.get("ldm"))
            self.info = news
        elif line.startswith(b"-ERR "):
            self.errors.append(line[6:-1].decode(errors="replace"))
        elif line != b"+OK":
            self.errors.append(f"not a line of the protocol: {line[:200]!r}")
            self.transport.abort()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def connect_line(user: str, password: str = "p", **options: Any) -> bytes:
    """Return the CONNECT of a user."""
    fields = {"verbose": False, "pedantic": False, "headers": True, "protocol": 1}
    fields |= {"no_responders": True, "user": user, "pass": password, **options}
    return b"CONNECT " + json.dumps(fields).encode() + b"\r\n"


async def fetch(port: int, target: str) -> tuple[int, bytes]:
    """Return status and body of what the monitoring answers."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            request = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            answer = await reader.read()
        finally:
            writer.transport.abort()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


async def within(seconds: float, awaited: Awaitable[object]) -> bool:
    """Wait for ``awaited`` for so long; tell whether it has come."""
    try:
        async with asyncio.timeout(seconds):
            await awaited
    except TimeoutError:
        return False
    return True

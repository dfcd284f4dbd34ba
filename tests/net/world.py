"""A listening Network on a loop, receivers that take lines, and plain sockets to it."""

import asyncio
import socket

from headwater.base.buffer import BufferPool
from headwater.base.link import Receiver
from headwater.net.listener import Entrance, Network
from tests.support.wait import wait_until_async

HOST = "127.0.0.1"


class Recorder(Receiver):
    """Takes whole lines; ``lines`` holds them.  A line ``=N`` is followed by N bytes."""

    def __init__(self, address: str = "", port: int = 0) -> None:
        super().__init__(BufferPool(64, capacity_max=1 << 16, count_max=2))
        self.peer = (address, port)
        self.lines: list[bytes] = []
        self.overflows: list[int] = []
        self.delays: list[tuple[float, int]] = []  # seconds that were not enough, bytes left
        self.drains = 0
        self.end: str | None = None
        self.is_connected = False
        self.greeting = b""
        self.notes: list[str] = []  # what the connection told of TLS and of proxies

    def connected(self):
        self.is_connected = True
        if self.greeting:
            self.say(self.greeting)

    def receive(self, view, start, end):
        data = bytes(view[start:end])
        at = 0
        self.wanted = 0
        while (line_feed := data.find(b"\n", at)) >= 0:
            line = data[at:line_feed]
            after = line_feed + 1
            if line.startswith(b"="):
                size = int(line[1:])
                if after + size > len(data):
                    self.wanted = after + size - at
                    break
                line = data[after : after + size]
                after += size
            self.lines.append(line)
            at = after
        return start + at

    def say(self, data: bytes) -> None:
        self.open_out().append(data)
        self.link.flush()

    def drained(self):
        self.drains += 1

    def overflowed(self, pending_bytes):
        self.overflows.append(pending_bytes)

    def overdue(self, seconds, pending_bytes):
        self.delays.append((seconds, pending_bytes))

    def relocated(self, address, port):
        if address:
            self.peer = (address, port)

    def secured(self, text):
        self.notes.append(f"secured: {text}")

    def insecure(self, text):
        self.notes.append(f"insecure: {text}")

    def throttled(self):
        self.say(b"throttled\n")
        self.link.close()

    def closed(self, reason):
        self.end = reason
        self.link = None
        self.release_out()


class World:
    """A listening Network; ``dial`` makes a plain socket to it and returns it with its receiver.

    ``entrance`` may be changed for connections that are still to come; receivers greet with
    ``greeting``.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.network = Network(loop)
        self.receivers: list[Recorder] = []
        self.sockets: list[socket.socket] = []
        self.port = 0
        self.warnings: list[str] = []
        self.entrance = Entrance(self._accept, warn=self.warnings.append)
        self.greeting = b""

    async def listen(self) -> None:
        _, self.port = await self.network.listen(HOST, 0, self.entrance)

    def _accept(self, address: str, port: int) -> Recorder:
        self.receivers.append(Recorder(address, port))
        self.receivers[-1].greeting = self.greeting
        return self.receivers[-1]

    async def dial(self, receive_buffer: int = 0) -> tuple[socket.socket, Recorder]:
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.setblocking(False)
        self.sockets.append(plain)
        count = len(self.receivers)
        await self.loop.sock_connect(plain, (HOST, self.port))
        await wait_until_async(lambda: len(self.receivers) > count)
        return plain, self.receivers[-1]

"""The link of the demonstration: a TCP relay between node and hub that can be cut."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

_CHUNK_BYTES = 64 << 10


class Link:
    """Relays connections to ``target_port`` of this machine; counts what goes through.

    ``cut`` breaks what is open and refuses what comes; with ``silent`` the open ones first swallow
    everything without a word, as a lost radio link does, and break when it is restored.
    """

    def __init__(self, target_port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._target_port = target_port
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self._silent = False
        self._down_since_s: float | None = clock()
        self._open = 0
        self.port = 0
        self.is_cut = False
        self.cuts = 0
        self.up_bytes = 0  # from the node to the hub
        self.down_bytes = 0
        self.longest_outage_s = 0.0

    async def start(self) -> None:
        """Listen; ``port`` is known afterwards and stays the same over cuts."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Break everything for good."""
        await self._close_listener()
        self._break_open()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def cut(self, *, silent: bool = False) -> None:
        """Take the link away."""
        self.cuts += 1
        self.is_cut = True
        self._mark_down()
        await self._close_listener()
        if silent:
            self._silent = True
        else:
            self._break_open()

    async def restore(self) -> None:
        """Give the link back."""
        self._break_open()  # nobody learns later what a silent cut has swallowed
        self._silent = False
        self.is_cut = False
        await self.start()

    @property
    def connected(self) -> bool:
        """Whether node and hub are joined at the moment."""
        return self._open > 0 and not self.is_cut

    def outage_s(self) -> float:
        """Return the longest time without a link so far, a present one included."""
        now = 0.0 if self._down_since_s is None else self._clock() - self._down_since_s
        return max(self.longest_outage_s, now)

    def forget_outages(self) -> None:
        """Count outages from now on: before the first connection there was nothing to lose."""
        self.longest_outage_s = 0.0
        if self._down_since_s is not None:
            self._down_since_s = self._clock()

    async def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _break_open(self) -> None:
        for relay in self._relays:
            relay.cancel()

    def _mark_up(self) -> None:
        self._open += 1
        if self._down_since_s is not None:
            self.longest_outage_s = self.outage_s()
            self._down_since_s = None

    def _mark_down(self) -> None:
        if self._down_since_s is None:
            self._down_since_s = self._clock()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self.is_cut:
            writer.transport.abort()
            return
        self._relays.add(task)
        try:
            await self._relay(reader, writer)
        except asyncio.CancelledError:
            pass  # cut
        finally:
            self._relays.discard(task)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            return
        self._mark_up()
        up = asyncio.create_task(self._pump(reader, hub_writer, self._count_up))
        down = asyncio.create_task(self._pump(hub_reader, writer, self._count_down))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
            down.cancel()
            hub_writer.transport.abort()
            self._open -= 1
            if self._open == 0:
                self._mark_down()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        count: Callable[[int], None],
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if self._silent:
                    continue
                count(len(chunk))
                writer.write(chunk)
                await writer.drain()

    def _count_up(self, size_bytes: int) -> None:
        self.up_bytes += size_bytes

    def _count_down(self, size_bytes: int) -> None:
        self.down_bytes += size_bytes

"""A server with faults: it speaks enough NATS for the load, and spoils what it is told to."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

# Given the number of a delivery (from 0) and its bytes, what to send instead.
Spoil = Callable[[int, bytes], bytes]
_INFO = b'INFO {"server_id":"FAKE","version":"2.15.1","max_payload":1048576}\r\n'
_READ_BYTES = 65536


@dataclass(frozen=True)
class Subscription:
    """One SUB of one connection."""

    writer: asyncio.StreamWriter
    subject: bytes
    queue: bytes
    sid: bytes


class FakeServer:
    """A server on a thread of its own; ``port`` is its address on 127.0.0.1.

    One with a reply subject is answered as by a stream when nobody subscribes to its subject.
    ``spoil`` is applied to each delivery, acknowledgements included.  ``greeting`` is what a new
    connection gets.  With ``streams`` each subject has a stream of its own; ``published`` is called
    with the subject of each message that a stream gets.
    """

    def __init__(
        self,
        spoil: Spoil | None = None,
        greeting: bytes = _INFO,
        *,
        streams: bool = False,
        published: Callable[[bytes], None] | None = None,
    ) -> None:
        self.port = 0
        self.delivered = 0
        self._spoil = spoil or (lambda _, frame: frame)
        self._greeting = greeting
        self._subscriptions: list[Subscription] = []
        self._streams = streams
        self._published = published or (lambda _: None)
        self._stored: Counter[bytes] = Counter()
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self) -> "FakeServer":
        self._thread.start()
        if not self._started.wait(10):
            raise TimeoutError("the fake server does not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._served: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for writer in self._served:
            writer.close()
        await asyncio.gather(*(task for task in self._served.values() if task))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served[writer] = asyncio.current_task()
        writer.write(self._greeting)
        try:
            while line := await reader.readline():
                await self._take(line, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._subscriptions = [each for each in self._subscriptions if each.writer != writer]
            writer.close()

    async def _take(
        self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        fields = line.split()
        if fields[0] == b"PING":
            writer.write(b"PONG\r\n")
        elif fields[0] == b"SUB":
            queue = fields[2] if len(fields) == 4 else b""
            self._subscriptions.append(Subscription(writer, fields[1], queue, fields[-1]))
        elif fields[0] == b"PUB":
            body = await reader.readexactly(int(fields[-1]) + 2)
            self._publish(fields[1], fields[2:-1], body[:-2])
        await writer.drain()

    def _publish(self, subject: bytes, reply: list[bytes], body: bytes) -> None:
        if not self._deliver(subject, reply, body) and reply:
            self._published(subject)
            stream = subject if self._streams else b""
            self._stored[stream] += 1
            self._deliver(reply[0], [], b'{"stream":"BENCH","seq":%d}' % self._stored[stream])

    def _deliver(self, subject: bytes, reply: list[bytes], body: bytes) -> int:
        takers = [each for each in self._subscriptions if _fits(each.subject, subject)]
        if takers and takers[0].queue:
            takers = [takers[self.delivered % len(takers)]]
        for taker in takers:
            head = b" ".join([b"MSG", subject, taker.sid, *reply, b"%d" % len(body)])
            frame = self._spoil(self.delivered, head + b"\r\n" + body + b"\r\n")
            self.delivered += 1  # before it leaves: who has read it may look at the count
            taker.writer.write(frame)
        return len(takers)


def _fits(pattern: bytes, subject: bytes) -> bool:
    wanted, tokens = pattern.split(b"."), subject.split(b".")
    if wanted[-1] == b">":
        wanted, tokens = wanted[:-1], tokens[: len(wanted) - 1]
    if len(wanted) != len(tokens):
        return False
    return all(one in (b"*", other) for one, other in zip(wanted, tokens, strict=True))

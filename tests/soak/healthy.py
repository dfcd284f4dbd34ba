"""Clients that behave, and must notice nothing of those that do not: every message, once, in order.

What is sent is known here to the publisher and to its receivers, so that no more than a window of
messages is ever under way: a good subscriber is never slow.
"""

import asyncio
import random
import ssl
from functools import partial

from tests.crash.kill import payload_of
from tests.soak.client import Client, SoakError, within

_WINDOW = 60
_BATCH = 12
_TURN_SECONDS = 0.01


class Numbers:
    """The numbered messages of one publisher: which are out, and in what order they come."""

    def __init__(self, subject: bytes) -> None:
        self.subject = subject
        self.sent = 0
        self._out: set[int] = set()
        self._last: dict[int, int] = {}  # by receiver

    @property
    def out(self) -> int:
        """How many messages have not come yet."""
        return len(self._out)

    def next_payload(self) -> bytes:
        number = self.sent
        self.sent += 1
        self._out.add(number)
        return payload_of(number)

    def came(self, receiver: int, payload: bytes) -> None:
        """Check a message that has come to ``receiver``."""
        digits = payload.partition(b" ")[0]
        number = int(digits) if digits.isdigit() else -1
        what = f"{self.subject.decode()}: message {number} to receiver {receiver}"
        if number < 0 or payload != payload_of(number):
            raise SoakError(f"{what} has another content: {payload[:300]!r}")
        if number not in self._out:
            raise SoakError(f"{what} has come twice, or was never sent")
        if number <= self._last.get(receiver, -1):
            raise SoakError(f"{what} follows {self._last[receiver]}")
        self._out.remove(number)
        self._last[receiver] = number


class Flow:
    """Publishers and receivers of one kind; ``problem`` is what a receiver has found wrong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clients: list[Client] = []
        self.numbers: list[Numbers] = []
        self.problem: SoakError | None = None

    @property
    def messages(self) -> int:
        """How many messages have come."""
        return sum(numbers.sent - numbers.out for numbers in self.numbers)

    async def connect(self, port: int, context: ssl.SSLContext) -> None:
        """Bring everybody in."""
        raise NotImplementedError

    def publish(self, rng: random.Random) -> None:
        """Send a few more messages."""
        raise NotImplementedError

    async def run(self, rng: random.Random, over: asyncio.Event) -> None:
        """Publish until ``over``, wait for everything that is under way, and leave.

        Raises:
            SoakError: something is lost, doubled, damaged or out of order.
        """
        while not over.is_set():
            self.check()
            before = self.messages
            self.publish(rng)
            full = [numbers for numbers in self.numbers if numbers.out >= _WINDOW]
            if full and len(full) == len(self.numbers):
                await self._progress(before)
            await within(_TURN_SECONDS, over.wait())
        await self._drain()
        for client in self.clients:
            client.close()

    def check(self) -> None:
        if self.problem is not None:
            raise self.problem
        for client in self.clients:
            if client.lost or client.errors:
                raise SoakError(f"{self.name}: a good client is closed, told {client.errors}")

    async def _progress(self, before: int) -> None:
        receiver = self.clients[-1]
        await receiver.until(
            lambda: self.problem or self.messages > before, f"{self.name}: {self._described()}"
        )

    async def _drain(self) -> None:
        for client in self.clients:
            await client.flush()
        for client in self.clients:
            await client.flush()  # what has come because of the first ones
        self.check()
        if any(numbers.out for numbers in self.numbers):
            raise SoakError(f"{self.name}: lost: {self._described()}")

    def _described(self) -> str:
        return ", ".join(
            f"{numbers.out} of {numbers.sent} on {numbers.subject.decode()}"
            for numbers in self.numbers
        )

    def _came(self, receiver: int, words: list[bytes], payload: bytes) -> None:
        index = int(words[1].rpartition(b".")[2])
        try:
            self.numbers[index].came(receiver, payload)
        except SoakError as error:
            self.problem = self.problem or error


class Stream(Flow):
    """Publishers to one subscriber, or to the members of a queue group."""

    def __init__(
        self,
        name: str,
        *,
        publishers: int = 1,
        receivers: int = 1,
        queue: str = "",
        tls: bool = False,
    ) -> None:
        super().__init__(name)
        self._publishers = publishers
        self._receivers = receivers
        self._queue = queue
        self._tls = tls

    async def connect(self, port: int, context: ssl.SSLContext) -> None:
        head = f"good.{self.name}"
        self.numbers = [Numbers(f"{head}.{n}".encode()) for n in range(self._publishers)]
        for index in range(self._publishers + self._receivers):
            receiver = index - self._publishers
            take = partial(self._came, receiver) if receiver >= 0 else None
            client = await Client.open(port, take)
            if self._tls:
                await client.secure(context)
            await client.login("healthy", name=self.name)
            if receiver >= 0:
                client.send(f"SUB {head}.* {self._queue} 1\r\n".encode())
                await client.flush()
            self.clients.append(client)

    def publish(self, rng: random.Random) -> None:
        for numbers, client in zip(self.numbers, self.clients, strict=False):
            for _ in range(min(rng.randrange(_BATCH), _WINDOW - numbers.out)):
                client.publish(numbers.subject, numbers.next_payload())


class Requests(Flow):
    """A client that asks, and one that answers; the answer is the question."""

    async def connect(self, port: int, context: ssl.SSLContext) -> None:
        answering = await Client.open(port, self._answer)
        await answering.login("healthy", name=self.name)
        answering.send(b"SUB good.requests 1\r\n")
        await answering.flush()
        asking = await Client.open(port, partial(self._came, 0))
        await asking.login("healthy", name=self.name)
        asking.send(b"SUB _INBOX.good.* 1\r\n")
        await asking.flush()
        self.numbers = [Numbers(b"_INBOX.good.0")]
        self.clients = [asking, answering]

    def publish(self, rng: random.Random) -> None:
        numbers = self.numbers[0]
        for _ in range(min(rng.randrange(_BATCH), _WINDOW - numbers.out)):
            self.clients[0].publish(b"good.requests", numbers.next_payload(), numbers.subject)

    def _answer(self, words: list[bytes], payload: bytes) -> None:
        self.clients[1].publish(words[3], payload)


class Untouched(Flow):
    """A subscriber of what is never published in full: it must get nothing."""

    async def connect(self, port: int, context: ssl.SSLContext) -> None:
        client = await Client.open(port, self._torn)
        await client.login("healthy", name=self.name)
        client.send(b"SUB torn.> 1\r\n")
        await client.flush()
        self.clients = [client]

    def publish(self, rng: random.Random) -> None:
        pass

    def _torn(self, words: list[bytes], payload: bytes) -> None:
        self.problem = SoakError(f"a message that was not sent in full: {words}")


def flows() -> list[Flow]:
    """Return one of each kind."""
    return [
        Stream("plain", publishers=2),
        Stream("group", publishers=2, receivers=3, queue="members"),
        Stream("tls", tls=True),
        Requests("requests"),
        Untouched("untouched"),
    ]

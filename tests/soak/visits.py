"""What badly behaved clients do, each a coroutine of its own: ``VISITS`` has them all."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.soak.client import HOST, Client, Lost, SoakError, Take, connect_line, fetch, within
from tests.soak.control import Control
from tests.soak.process import Server
from tests.soak.settings import TEMPORARY
from tests.soak.visit_subjects import check_deliveries

_PATHS = ("/varz", "/connz?subs=detail&state=all", "/connz?sort=bytes_to", "/subsz?subs=1")
_PATHS += ("/routez", "/healthz", "/metrics", "/jsz?streams=1", "/accountz?acc=MAIN", "/accstatz")
_PATHS += ("/leafz", "/gatewayz", "/", "/debug/vars", "/stacksz", "/nowhere", "/connz?sort=wrong")
_BAD_HTTP = (
    b"\0\1\2\3\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /varz HTTP/1.1\r\n",
    b"X" * 70000,
)
_REFUSED = "Authorization Violation"
_TLS_SHARE = 0.1
# More than the kernel keeps for a client that does not read, and the server beside that.
_FLOOD_BYTES = 40 << 20
_CHUNK = bytes(64 * 1024)


@dataclass
class Visit:
    """One visit: the dice, and the connections that are to be gone when it is over."""

    server: Server
    control: Control
    rng: random.Random
    number: int
    context: ssl.SSLContext
    over: asyncio.Event  # set when no visit should last longer than it must
    tight: bool = False  # whether any connection may be closed because there are too many
    clients: list[Client] = field(default_factory=list)

    async def client(self, take: Take | None = None, **options: int) -> Client:
        """Return a client that has been greeted."""
        client = await Client.open(self.server.port, take, **options)
        self.clients.append(client)
        return client

    async def visitor(
        self, take: Take | None = None, user: str = "visitor", **options: int
    ) -> Client:
        """Return a client that has logged in."""
        while True:
            reloads = self.control.reloads
            client = await self.client(take, **options)
            try:
                if self.rng.random() < _TLS_SHARE:
                    await client.secure(self.context)
                await client.login(user)
            except Lost:
                # Who has not logged in yet is closed when others may than before.
                if not self.control.reloaded_since(reloads):
                    raise
            else:
                return client

    async def pause(self, least: float, most: float) -> None:
        """Do nothing for a while."""
        await within(self.rng.uniform(least, most), self.over.wait())

    async def until_lost(self, client: Client, told: str) -> None:
        """Wait until the server loses its patience with ``client``, or for as long as we have."""
        tasks = [asyncio.ensure_future(each) for each in (client.until_lost(40), self.over.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        if tasks[0].done():
            tasks[0].result()
        if client.lost and not self.tight and client.errors not in ([told], [_REFUSED]):
            raise SoakError(f"{client.errors} instead of {told}")

    def may_fail(self) -> bool:
        """Tell whether a connection has been closed, or is about to be, as there are too many."""
        full = "maximum connections exceeded"
        return self.tight and any(client.lost or full in client.errors for client in self.clients)

    def leave(self) -> None:
        """End every connection, in one way or the other."""
        for client in self.clients:
            if self.rng.random() < 0.5:
                client.close()
            else:
                client.reset()


async def subscribe(visit: Visit) -> None:
    """Subscriptions come and go, some with wildcards, some in groups; what they get is counted."""
    user = visit.rng.choice(["visitor", "other"])
    await check_deliveries(await visit.visitor(user=user), visit.number, visit.rng)


async def hang_up(visit: Visit) -> None:
    """Go away at any stage, without a word."""
    rng = visit.rng
    client = await visit.client(greeting=rng.random() < 0.5)
    if rng.random() < 0.7:
        client.send(connect_line("visitor")[: rng.choice([None, 10])])
        client.send(rng.choice([b"", b"SUB a.> 1\r\n", b"SUB a 1", b"PING\r\n" * 1000]))
    if rng.random() < 0.5:
        await visit.pause(0, 0.02)
    rng.choice([client.reset, client.close])()


async def tear(visit: Visit) -> None:
    """Go away in the middle of a payload."""
    rng = visit.rng
    client = await visit.visitor()
    size = rng.choice([10, 1000, 60_000, 250_000])
    head = b"PUB torn.%d %d\r\n" % (visit.number, size)
    if rng.random() < 0.3:
        head = b"HPUB torn.%d 12 %d\r\nNATS/1.0\r\n" % (visit.number, size + 12)
    client.send(head + bytes(rng.randrange(size)))
    if rng.random() < 0.5:
        await visit.pause(0, 0.05)
    if rng.random() < 0.3:
        client.half_close()
        await client.until_lost()


async def babble(visit: Visit) -> None:
    """Say what no client says; the server closes."""
    rng = visit.rng
    client = await visit.client()
    nonsense = (
        rng.randbytes(rng.randrange(1, 2000)),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01" + rng.randbytes(300),
        b"PUB a 5\r\nhello\r\n",
        b"CONNECT {nonsense}\r\n",
        b"CONNECT " + b"x" * 100_000,
        connect_line("visitor") + b"NONSENSE\r\n",
        connect_line("visitor") + b"PUB a 99999999999999999999\r\n",
        connect_line("visitor") + b"PUB a 3\r\nmore than three\r\n",
        connect_line("visitor", protocol=7),
    )
    client.send(rng.choice(nonsense))
    await client.until_lost()


async def say_nothing(visit: Visit) -> None:
    """Connect and wait; the server closes."""
    await visit.until_lost(await visit.client(), "Authentication Timeout")


async def go_stale(visit: Visit) -> None:
    """Answer no PING; the server closes."""
    client = await visit.visitor()
    client.silent = True
    await visit.until_lost(client, "Stale Connection")


async def half_close(visit: Visit) -> None:
    """Send the end, and stay; the server closes."""
    client = await visit.visitor()
    client.send(b"SUB a.> 1\r\nSUB a.* group 2\r\n")
    client.half_close()
    await client.until_lost()


async def be_slow(visit: Visit) -> None:
    """Stop reading what is published, by somebody else or by oneself; the server closes."""
    slow = await visit.visitor(receive_bytes=4096)
    subject = b"flood.%d" % visit.number
    slow.send(b"SUB %s 1\r\n" % subject)
    await slow.flush()
    publisher = slow if visit.rng.random() < 0.3 else await visit.visitor()
    slow.stop_reading()
    connection = int(slow.info["client_id"])
    try:
        await _flood(publisher, subject)
    except Lost:
        if publisher is not slow:
            raise
    await visit.control.until_gone(connection)
    if publisher is not slow:
        await publisher.flush()


async def _flood(publisher: Client, subject: bytes) -> None:
    for _ in range(_FLOOD_BYTES // len(_CHUNK)):
        publisher.publish(subject, _CHUNK)
        await asyncio.sleep(0)
        # One that is held up because of itself never gets further.
        if not await within(5, publisher.sent()):
            break


async def eavesdrop(visit: Visit) -> None:
    """Subscribe to what the good ones say, and do not read it."""
    client = await visit.visitor(user="healthy", receive_bytes=4096)
    client.send(b"SUB good.> 1\r\nSUB good.*.* group 2\r\nUNSUB 2\r\n")
    await client.flush()
    client.stop_reading()
    await visit.pause(0.5, 5)


async def burst(visit: Visit) -> None:
    """Large payloads, which come whole."""
    rng, subject = visit.rng, b"burst.%d" % visit.number
    wanted = [rng.randbytes(rng.randrange(1, 256 * 1024)) for _ in range(rng.randrange(1, 8))]
    got: list[bytes] = []
    receiver = await visit.visitor(lambda words, payload: got.append(payload))
    receiver.send(b"SUB %s 1\r\n" % subject)
    await receiver.flush()
    publisher = await visit.visitor()
    for payload in wanted:
        publisher.publish(subject, payload)
    await publisher.flush()
    await receiver.flush()
    if got != wanted:
        raise SoakError(f"of {len(wanted)} large messages {len(got)} came, or others")


async def exceed(visit: Visit) -> None:
    """Announce more than may be sent; the server closes."""
    client = await visit.visitor()
    client.send(b"PUB a 8000000\r\n" + bytes(visit.rng.randrange(100_000)))
    await client.until_lost()


async def request(visit: Visit) -> None:
    """Ask where nobody answers, and where somebody does."""
    answers: list[list[bytes]] = []
    client = await visit.visitor(lambda words, payload: answers.append(words))
    inbox = b"_INBOX.%d" % visit.number
    client.send(b"SUB %s.* 1\r\n" % inbox)
    subject = b"ask.%d" % visit.number
    client.publish(subject, b"?", inbox + b".none")
    await client.flush()
    if len(answers) != 1 or answers[0][0] != b"HMSG":
        raise SoakError(f"a request that nobody serves is answered by {answers}")
    server = await visit.visitor(lambda words, payload: server.publish(words[3], b"!"))
    server.send(b"SUB ask.%d.* servers 1\r\n" % visit.number)
    await server.flush()
    for number in range(visit.rng.randrange(50)):
        client.publish(subject + b".x", b"?", b"%s.%d" % (inbox, number))
        await client.until(lambda n=number: len(answers) == n + 2 or server.lost, "an answer")
        if server.lost:
            raise Lost("who answers requests is closed")


async def guess(visit: Visit) -> None:
    """Try a wrong password; the server closes."""
    client = await visit.client()
    user = visit.rng.choice(["visitor", "system", "nobody", "temporary0"])
    client.send(connect_line(user, "wrong"))
    await client.until_lost()
    if not visit.tight and client.errors != [_REFUSED]:
        raise SoakError(f"a wrong password is told {client.errors}")


async def overstep(visit: Visit) -> None:
    """Do what is not permitted, while what is changes."""
    client = await visit.visitor(user="limited")
    for _ in range(visit.rng.randrange(1, 20)):
        subject = visit.rng.choice([b"free.a", b"free.b", b"free.a.b", b"closed", b"$SYS.x"])
        client.send(b"SUB %s 1\r\nUNSUB 1 2\r\n" % subject)
        client.publish(subject, b"x")
        await client.flush()
        await visit.pause(0, 0.1)


async def be_temporary(visit: Visit) -> None:
    """Be a user who may be removed at any time."""
    try:
        client = await visit.visitor(user=visit.rng.choice(TEMPORARY))
        client.send(b"SUB temporary.> 1\r\nSUB temporary.* group 2\r\n")
        for _ in range(visit.rng.randrange(30)):
            client.publish(b"temporary.a", b"x")
            await client.flush()
            await visit.pause(0, 0.2)
    except Lost:
        pass


async def crowd(visit: Visit) -> None:
    """Come in numbers; only where there may be too many."""
    if visit.tight:
        await asyncio.gather(*(_one_of_many(visit) for _ in range(60)))


async def _one_of_many(visit: Visit) -> None:
    try:
        client = await visit.visitor()
        client.send(b"SUB crowd 1\r\nPUB crowd 1\r\nx\r\n")
        await client.flush()
    except Lost:
        pass


async def be_kicked(visit: Visit) -> None:
    """Be closed by an operator."""
    client = await visit.visitor()
    client.send(b"SUB a.> 1\r\n")
    await visit.control.order("KICK", client)
    await client.until_lost()


async def be_moved(visit: Visit) -> None:
    """Be told by an operator to go to another server."""
    client = await visit.visitor()
    await visit.control.order("LDM", client)
    await client.until(lambda: client.told_to_move, "INFO of a lame duck")


async def watch_system(visit: Visit) -> None:
    """Listen to what the server says of itself."""
    client = await visit.visitor(user="system")
    client.send(b"SUB $SYS.> 1\r\n")
    await client.flush()
    await visit.pause(0.1, 1)
    await client.flush()


async def look(visit: Visit) -> None:
    """Ask the monitoring, as one should."""
    target = visit.rng.choice(_PATHS)
    status, _ = await fetch(visit.server.monitor_port, target)
    wanted = {"/nowhere": 404, "/connz?sort=wrong": 400}.get(target, 200)
    if status != wanted:
        raise SoakError(f"{target} is answered with {status}")


async def look_away(visit: Visit) -> None:
    """Ask the monitoring nonsense, or do not wait for what it says."""
    rng = visit.rng
    _, writer = await asyncio.open_connection(HOST, visit.server.monitor_port)
    try:
        good = f"GET {rng.choice(_PATHS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        writer.write(rng.choice([*_BAD_HTTP, good, good * 20]))
        await visit.pause(0, 0.1)
    finally:
        writer.transport.abort()


# What is done, and how often compared with the others.
VISITS: dict[Callable[[Visit], Awaitable[None]], int] = {
    subscribe: 20,
    hang_up: 12,
    tear: 8,
    babble: 10,
    say_nothing: 2,
    go_stale: 2,
    half_close: 3,
    be_slow: 1,
    eavesdrop: 1,
    burst: 4,
    exceed: 2,
    request: 6,
    guess: 5,
    overstep: 4,
    be_temporary: 4,
    crowd: 1,
    be_kicked: 2,
    be_moved: 2,
    watch_system: 1,
    look: 5,
    look_away: 3,
}

"""A phase: rounds of visits to one server process, a quiet check after each, a lame duck.

A round is roomy, so that every visit has to succeed, or tight: then the server may close whoever
came last.  The good clients have to succeed in both.
"""

import asyncio
import random
import signal
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.soak.client import Client, SoakError, within
from tests.soak.control import Control
from tests.soak.healthy import Flow, flows
from tests.soak.process import Server
from tests.soak.quiet import Quiet
from tests.soak.settings import Settings
from tests.soak.visits import VISITS, Visit

ROUNDS = 3
# How much the process may have grown from the first quiet moment of a phase to the last one: the
# router's pool may keep 64 output buffers of 1 MiB each, which slow consumers have made that large,
# and the allocator keeps pages that are partly in use.  What leaks less shows in the objects.
GROWTH_KIB_MAX = (64 + 16) * 1024
_VISITS_AT_ONCE = 40
_VISIT_SECONDS = 0.02
_VISIT_SECONDS_MAX = 100
# A connection with output that nobody takes lingers for some seconds, a stale one is found later.
_QUIET_SECONDS = 30
_STEP_SECONDS = 0.1


@dataclass
class Phase:
    """What has happened in one phase."""

    number: int
    seconds: float = 0
    messages: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    quiet: list[Quiet] = field(default_factory=list)
    varz: dict[str, int] = field(default_factory=dict)


class PhaseRun:
    """One phase at work."""

    def __init__(
        self,
        phase: Phase,
        server: Server,
        settings: Settings,
        rng: random.Random,
        context: ssl.SSLContext,
    ) -> None:
        self._phase = phase
        self._server = server
        self._rng = rng
        self._context = context
        self._visits = 0
        self._control = Control(server, settings, phase.counts)
        self._flows: list[Flow] = []

    async def run(self, seconds: float) -> None:
        """Do all of it.

        Raises:
            SoakError: the server has done what it must not.
        """
        started = time.monotonic()
        await self._control.connect()
        self._flows = flows()
        for flow in self._flows:
            await flow.connect(self._server.port, self._context)
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for flow in self._flows:
                group.create_task(flow.run(self._dice(), over))
            await self._rounds(seconds / ROUNDS)
            await self._lame_duck(over)
        self._phase.messages = sum(flow.messages for flow in self._flows)
        self._phase.seconds = time.monotonic() - started
        self._check_memory()
        alarms = list(self._server.alarms())
        if alarms:
            raise SoakError(f"{len(alarms)} alarms in the log:\n" + "".join(alarms[:20]))

    async def _rounds(self, seconds: float) -> None:
        # What is loaded when it is first needed is there from now on.
        await self._control.calm(by_signal=False)
        before = await self._look()
        for number in range(ROUNDS):
            await self._round(seconds, tight=number % 2 == 1)
            await self._control.calm()
            await self._settled(before)
        self._phase.varz = await self._server.ask("/varz")

    # A round

    async def _round(self, seconds: float, *, tight: bool) -> None:
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, over.set)
        places = asyncio.Semaphore(_VISITS_AT_ONCE)
        kinds, weights = list(VISITS), list(VISITS.values())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._operate(self._dice(), over, tight=tight))
            while not over.is_set():
                self._server.check_running()
                await places.acquire()
                kind = self._rng.choices(kinds, weights)[0]
                group.create_task(self._visit(kind, self._new_visit(over, tight=tight), places))
                await within(self._rng.expovariate(1 / _VISIT_SECONDS), over.wait())

    async def _operate(self, rng: random.Random, over: asyncio.Event, *, tight: bool) -> None:
        """Change the configuration and the log, one after the other."""
        while not over.is_set():
            if rng.random() < 0.25:
                await self._control.rotate_log()
            else:
                await self._control.change(rng, tight=tight)
            await within(rng.uniform(0.2, 2), over.wait())

    def _new_visit(self, over: asyncio.Event, *, tight: bool) -> Visit:
        self._visits += 1
        return Visit(
            self._server, self._control, self._dice(), self._visits, self._context, over, tight
        )

    def _dice(self) -> random.Random:
        """Return dice of its own for each of those who play at the same time."""
        return random.Random(self._rng.random())

    async def _visit(self, kind: Callable, visit: Visit, places: asyncio.Semaphore) -> None:
        name = kind.__name__
        self._phase.counts[name] += 1
        try:
            async with asyncio.timeout(_VISIT_SECONDS_MAX):
                await kind(visit)
        except (SoakError, TimeoutError, OSError) as error:
            if not visit.may_fail():
                raise SoakError(f"{name} {visit.number}: {error!r}") from error
            self._phase.counts["cut off"] += 1
        finally:
            visit.leave()
            places.release()

    # The quiet after a round

    async def _settled(self, before: Quiet) -> None:
        """Wait until everything is as before, and note how it is."""
        difference = ""
        try:
            async with asyncio.timeout(_QUIET_SECONDS):
                while difference := before.difference(now := await self._look()):
                    await within(_STEP_SECONDS, asyncio.Event().wait())
        except TimeoutError:
            raise SoakError(f"not as before after {_QUIET_SECONDS} s: {difference}") from None
        now.resident_kib = self._server.resident_kib()
        self._phase.quiet.append(now)

    async def _look(self) -> Quiet:
        server = self._server
        found = await server.ask("/connz?limit=100000")
        varz = await server.ask("/varz")
        figures = {
            "descriptors": server.descriptors(),
            "threads": server.threads(),
            "connections": varz["connections"],
            "subscriptions": varz["subscriptions"],
        }
        for account in (await server.ask("/accstatz?unused=1"))["account_statz"]:
            figures[f"connections of {account['acc']}"] = account["conns"]
        connections = {connection["cid"] for connection in found["connections"]}
        return Quiet(connections, figures, await server.objects())

    def _check_memory(self) -> None:
        first, last = (self._phase.quiet[index].resident_kib for index in (0, -1))
        if last - first > GROWTH_KIB_MAX:
            raise SoakError(f"the process has grown from {first} to {last} KiB")

    # The end

    async def _lame_duck(self, over: asyncio.Event) -> None:
        """Have the server send everybody away, and end."""
        stubborn = [
            await Client.open(self._server.port) for _ in range(self._rng.choice([0, 1, 3]))
        ]
        for client in stubborn:
            await client.login("visitor")
        good = [client for flow in self._flows for client in flow.clients]
        self._server.signal(signal.SIGUSR2)
        for client in (*good, *stubborn):
            await client.until(lambda client=client: client.told_to_move, "INFO of a lame duck")
        over.set()
        self._control.client.close()
        for client in stubborn:
            await client.until_lost()
        await self._server.ended(40)

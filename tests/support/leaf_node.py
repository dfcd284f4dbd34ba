"""A node with real sockets and leaf links, and nothing else: no options, no monitoring, no store.

It runs in a thread of its own.  Tests of the whole server start that one instead.
"""

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any

from headwater.base.clock import MILLISECOND
from headwater.base.link import Receiver
from headwater.base.log import Log
from headwater.broker.client_session import ClientSession
from headwater.broker.node import Node
from headwater.cluster.leaf_links import LeafLinks
from headwater.config.options import LeafNodes, LeafRemote
from headwater.net.listener import Network
from headwater.net.loop import LoopTimers, SystemClock, new_event_loop
from tests.support.wait import wait_until

HOST = "127.0.0.1"
_SECONDS = 10.0


class LeafNode:
    """A running node that keeps leaf links to ``remotes``; a context manager.

    ``prepare(node)`` may change the node before anything is connected.
    """

    def __init__(
        self,
        *remotes: LeafRemote,
        name: str = "EDGE",
        domain: str = "",
        reconnect_ns: int = 50 * MILLISECOND,
        prepare: Callable[[Node], None] | None = None,
    ) -> None:
        self.logged: list[tuple[str, str]] = []
        self.port = 0
        self._loop = new_event_loop()
        clock = SystemClock()
        self._timers = LoopTimers(clock, self._loop)
        log = Log(lambda level, text: self.logged.append((level, text)), debug=True)
        self.node = Node(clock, random.Random(), log, name=name, timers=self._timers)
        self.node.domain = domain
        if prepare is not None:
            prepare(self.node)
        self._network = Network(self._loop)
        self._tasks: set[asyncio.Task[None]] = set()
        self.links = LeafLinks(
            self.node, LeafNodes(remotes=remotes, reconnect_ns=reconnect_ns), self._dial
        )
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="leaf-node", daemon=True)

    def __enter__(self) -> "LeafNode":
        self._thread.start()
        self.port = self.call(self._listen)
        self.call(self._start_links)
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://{HOST}:{self.port}"

    def call(self, function: Callable[[], Any]) -> Any:
        """Run a function, which may be a coroutine function, on the node's loop."""

        async def run() -> Any:
            result = function()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_SECONDS)

    def status(self) -> list[dict[str, Any]]:
        """Return where the links stand."""
        return self.call(self.links.status)

    def wait_connected(self, *, connects: int = 1) -> None:
        """Wait until every link is up, for at least the ``connects``-th time."""
        wait_until(
            lambda: all(s["connected"] and s["connects"] >= connects for s in self.status()),
            what=f"leaf links up; status {self.status()}; log {self.logged[-5:]}",
        )

    def log_text(self, *levels: str) -> str:
        """Return what was logged, all of it or the given levels."""
        return "\n".join(text for level, text in self.logged if not levels or level in levels)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> int:
        self._server = await self._loop.create_server(
            lambda: self._network.protocol(ClientSession(self.node)), HOST, 0
        )
        return self._server.sockets[0].getsockname()[1]

    def _start_links(self) -> None:
        self.links.start()
        self.node.router.flush()

    async def _stop(self) -> None:
        self.links.stop()
        if self._server is not None:
            self._server.close()
        for session in [*self.node.sessions.values(), *self.node.leaf_sessions.values()]:
            session.fail("Server Shutdown")
        self._timers.close()
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            await self._server.wait_closed()
        # What is closed above tells the loop so in its next rounds.
        for _ in range(3):
            await asyncio.sleep(0)

    def _dial(
        self, host: str, port: int, receiver: Receiver, done: Callable[[str | None], None]
    ) -> None:
        task = self._loop.create_task(self._connect(host, port, receiver, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(
        self, host: str, port: int, receiver: Receiver, done: Callable[[str | None], None]
    ) -> None:
        try:
            await self._network.dial(host, port, receiver, 2.0)
        except OSError as error:
            done(str(error) or type(error).__name__)
        else:
            done(None)
        self.node.router.flush()

"""A server on an event loop: every part put together, started, changed, and stopped again."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from headwater.base.errors import HeadwaterError
from headwater.base.link import Receiver
from headwater.base.log import Log
from headwater.config.options import Options
from headwater.net.loop import LoopTimers, SystemClock
from headwater.server import portfiles
from headwater.server.addresses import reason, urls
from headwater.server.banner import log_banner
from headwater.server.build import build_node
from headwater.server.check import complete, refuse_missing
from headwater.server.client_port import ClientPort
from headwater.server.failures import FailureLog
from headwater.server.jetstream_host import JetStreamHost
from headwater.server.lame_duck import LameDuck
from headwater.server.system_account import SystemAccount

if TYPE_CHECKING:
    from headwater.cluster.leaf_links import LeafLinks
    from headwater.monitor.about import About
    from headwater.server.log_output import LogOutput
    from headwater.server.monitor_port import MonitorPort

_DIAL_TIMEOUT_S = 5.0
# How long a stop waits for clients to take their last bytes.
_LAST_BYTES_S = 1.0


class Service:
    """One server; all methods are called on the thread of ``loop``."""

    def __init__(
        self,
        options: Options,
        loop: asyncio.AbstractEventLoop,
        log: Log,
        *,
        reread: Callable[[], Options] | None = None,
        log_output: "LogOutput | None" = None,
    ) -> None:
        """Put the parts together, without touching sockets or files.

        ``reread`` returns the options that hold now, where they can change; ``log_output`` is
        what is behind ``log``, where that can change with them.

        Raises:
            ConfigError: the options ask for what cannot be had.
        """
        options = complete(options)
        refuse_missing(options)
        self.options = options
        self.log = log
        self.clock = SystemClock()
        self.timers = LoopTimers(self.clock, loop)
        self.node = build_node(options, self.clock, self.timers, SystemRandom(), log)
        self.clients = ClientPort(self.node, options, loop)
        self.jetstream = JetStreamHost(self.node, loop)
        self.monitor: MonitorPort | None = None
        self.leaf_links: LeafLinks | None = None
        self.system_account = SystemAccount(self.node, self.about, self.reload)
        self.log_output = log_output
        self.reread = reread
        self.stopped: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        loop.set_exception_handler(FailureLog(log))
        self._about: About | None = None
        self._lame_duck: LameDuck | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ports_file: Path | None = None
        self._stopping = False

    # Start

    async def start(self) -> None:
        """Recover what is stored, then listen.

        Raises:
            StartError: it cannot start; everything is as before.
        """
        try:
            await self._start()
        except BaseException:
            self._release()
            raise

    async def _start(self) -> None:
        options = self.options
        log_banner(self.log, self.node, options)
        if options.pid_file:
            portfiles.write_pid_file(options.pid_file)
        if options.http_port or options.https_port:
            from headwater.server.monitor_port import MonitorPort  # noqa: PLC0415 (only when on)

            self.monitor = MonitorPort(self.about(), self._loop, self.log)
            await self.monitor.listen(options)
        if not options.no_system_account:
            self.system_account.start()
        if options.operator_mode.folder:
            self._serve_claims()
        if options.jetstream is not None:
            self.jetstream.start(options, options.jetstream)
        if options.leafnodes.remotes:
            self.update_leaf_links(options)
        await self.clients.listen(options)
        self.write_ports_file(options)
        self.log.info("Server is ready")

    def _serve_claims(self) -> None:
        """Let accounts be pushed."""
        from headwater.server.claims_services import ClaimsServices  # noqa: PLC0415 (few do)

        ClaimsServices(self.node, self.options.operator_mode, self._follow_claims).start()

    def _follow_claims(self) -> None:
        from headwater.server.reload import follow_claims  # noqa: PLC0415 (few ever do)

        try:
            follow_claims(self)
        except HeadwaterError as error:
            self.log.error(f"Failed to follow the claims of accounts: {error}")

    def about(self) -> "About":
        """Return what the monitoring knows of the server."""
        if self._about is None:
            from headwater.monitor.about import About  # noqa: PLC0415 (most never ask)

            self._about = About(self.node, self.options)
        return self._about

    def update_leaf_links(self, options: Options) -> list[str]:
        """Have links to the remotes of ``options``; return a text for each that is closed."""
        from headwater.cluster.leaf_links import (  # noqa: PLC0415 (only with remotes)
            ErrorReports,
            LeafLinks,
        )

        reports = ErrorReports(options.connect_error_reports, options.reconnect_error_reports)
        closed: list[str] = []
        if self.leaf_links is None:
            self.leaf_links = LeafLinks(self.node, options.leafnodes, self._dial, reports)
            self.leaf_links.start()
        else:
            closed = self.leaf_links.update(options.leafnodes, reports)
        self.node.router.flush()
        return closed

    def _dial(
        self, host: str, port: int, receiver: Receiver, done: Callable[[str | None], object]
    ) -> None:
        """Connect ``receiver`` to a server; ``done(None)``, or ``done(text)`` when that failed."""
        self._begin(self._dialled(host, port, receiver, done))

    async def _dialled(
        self, host: str, port: int, receiver: Receiver, done: Callable[[str | None], object]
    ) -> None:
        failure: str | None = None
        try:
            await self.clients.network.dial(host, port, receiver, _DIAL_TIMEOUT_S)
        except TimeoutError:
            failure = f"no answer within {_DIAL_TIMEOUT_S:g} s"
        except OSError as error:
            failure = reason(error)
        router = self.node.router
        router.begin()
        done(failure)
        router.flush()

    def write_ports_file(self, options: Options) -> None:
        """Write where the server listens to a file in the directory that ``options`` name."""
        self._remove_ports_file()
        folder = options.ports_file_dir
        if folder:
            try:
                self._ports_file = portfiles.write_ports_file(folder, self.urls())
            except OSError as error:
                self.log.error(f"Error writing ports file to {folder}: {error}")

    def urls(self) -> dict[str, list[str]]:
        """Return where the server listens: kind of listener to its URLs."""
        found = {"nats": urls("nats", self.clients.address)}
        if self.monitor is not None:
            found["monitoring"] = urls(self.monitor.scheme, self.monitor.address)
        return found

    # Changes

    def reload(self) -> str | None:
        """Read the configuration again, and live by it; return why that cannot be, or None."""
        from headwater.server.reload import reload  # noqa: PLC0415 (few ever do)

        try:
            reload(self)
        except HeadwaterError as error:
            self.log.error(f"Failed to reload server configuration: {error}")
            return str(error)
        return None

    def enter_lame_duck(self) -> None:
        """Stop listening, tell clients to move on, close them by and by, and then stop."""
        if self._lame_duck is None and not self._stopping:
            self.log.info("Entering lame duck mode, stop accepting new clients")
            self.clients.close()
            for observer in list(self.node.observers):
                observer.lame_duck_begins()
            self._lame_duck = LameDuck(
                self.node,
                self.timers,
                duration_ns=self.options.lame_duck_duration_ns,
                grace_ns=self.options.lame_duck_grace_ns,
                finished=self.stop,
            )
            self._lame_duck.start()

    @property
    def lame_duck(self) -> bool:
        """Whether it is on its way out."""
        return self._lame_duck is not None

    # Stop

    def stop(self) -> None:
        """Begin to stop; ``stopped`` is done when it has."""
        if not self._stopping:
            self._stopping = True
            self.log.info("Initiating Shutdown...")
            self._begin(self._stop())

    async def _stop(self) -> None:
        self.clients.close()
        if self._lame_duck is not None:
            self._lame_duck.cancel()
        try:
            self._tell_of_stop()
            if self.leaf_links is not None:
                self.leaf_links.stop()
            await self.jetstream.stop()
            await self._close_sessions()
        finally:
            self._release()
            self.log.info("Server Exiting..")
            if not self.stopped.done():
                self.stopped.set_result(None)

    def _tell_of_stop(self) -> None:
        self.node.router.begin()
        for observer in list(self.node.observers):
            observer.node_stops()
        self.node.router.flush()
        self.system_account.stop()

    async def _close_sessions(self) -> None:
        """Close every client, and wait until they have taken what was sent, or do not."""
        sessions = self.node.sessions
        for session in list(sessions.values()):
            session.fail("Server Shutdown")
        deadline_s = self._loop.time() + _LAST_BYTES_S
        while sessions and self._loop.time() < deadline_s:  # noqa: ASYNC110 (not for long)
            await asyncio.sleep(0.001)
        for session in list(sessions.values()):
            if session.link is not None:
                session.link.abort()

    def _release(self) -> None:
        """Give back sockets, files and threads."""
        self.clients.close()
        if self.monitor is not None:
            self.monitor.close()
        self.timers.close()
        self.jetstream.release()
        self._remove_ports_file()

    def _remove_ports_file(self) -> None:
        if self._ports_file is not None:
            self._ports_file.unlink(missing_ok=True)
            self._ports_file = None

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

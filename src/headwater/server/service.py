"""A server on an event loop: every part put together, started, and stopped again."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from headwater.base.errors import HeadwaterError
from headwater.base.link import Receiver
from headwater.base.log import Log
from headwater.broker.client_session import ClientSession
from headwater.config.options import JetStreamOptions, Options
from headwater.net.listener import Entrance, Network
from headwater.net.loop import LoopTimers, SystemClock
from headwater.server import portfiles
from headwater.server.banner import log_banner, log_jetstream
from headwater.server.build import build_node
from headwater.server.check import refuse_missing
from headwater.server.drivers import ThreadJobs
from headwater.server.errors import StartError
from headwater.server.failures import FailureLog
from headwater.server.lame_duck import LameDuck
from headwater.store.disk import Disk

if TYPE_CHECKING:
    from headwater.cluster.leaf_links import LeafLinks
    from headwater.jetstream.engine import JetStream
    from headwater.monitor.server import Monitor

_DIAL_TIMEOUT_S = 5.0
# How long a stop waits for the store to finish and for clients to take their last bytes.
_STOP_TIMEOUT_S = 10.0
# Our files lie beside those of a nats-server that used the same directory, never among them.
_STORE_FOLDER = "headwater"
_STORE_LOCK = "lock"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Service:
    """One server; all methods are called on the thread of ``loop``."""

    def __init__(self, options: Options, loop: asyncio.AbstractEventLoop, log: Log) -> None:
        """Put the parts together, without touching sockets or files.

        Raises:
            ConfigError: the options ask for what cannot be had.
        """
        refuse_missing(options)
        self.options = options
        self.log = log
        self.clock = SystemClock()
        self.timers = LoopTimers(self.clock, loop)
        self.node = build_node(options, self.clock, self.timers, SystemRandom(), log)
        self.client_address = ("", 0)  # host and port, once it listens
        self.monitor_address = ("", 0)
        self.stopped: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        loop.set_exception_handler(FailureLog(log))
        self._clients = Network(
            loop,
            write_deadline_ns=options.write_deadline_ns,
            write_retry=options.write_timeout != "close",
        )
        self._entrance = self._client_entrance()
        self._monitor_network: Network | None = None
        self._monitor: Monitor | None = None
        self._jetstream: JetStream | None = None
        self._jobs: ThreadJobs | None = None
        self._disk: Disk | None = None
        self._leaf_links: LeafLinks | None = None
        self._lame_duck: LameDuck | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ports_file: Path | None = None
        self._stopping = False

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
            await self._start_monitor()
        if options.jetstream is not None:
            self._start_jetstream(options.jetstream)
        if options.leafnodes.remotes:
            self._start_leaf_links()
        await self._listen()
        if options.ports_file_dir:
            self._write_ports_file()
        self.log.info("Server is ready")

    async def _listen(self) -> None:
        options = self.options
        port = max(0, options.port)
        try:
            address = await self._clients.listen(options.host, port, self._entrance)
        except OSError as error:
            place = f"{options.host}:{port}"
            raise StartError(f'Error listening on port: {place}, "{_reason(error)}"') from error
        self.client_address = address
        self.node.port = address[1]
        self.node.listening = True
        self.log.info(f"Listening for client connections on {options.host}:{address[1]}")
        self._log_entrance()

    def _log_entrance(self) -> None:
        if self._entrance.proxy_protocol:
            self.log.info("PROXY protocol enabled for client connections")
        tls = self._entrance.tls
        if tls is None:
            return
        state = "available" if self.options.allow_non_tls else "required"
        self.log.info(f"TLS {state} for client connections")
        if tls.first and not tls.fallback_s:
            self.log.warn(
                'Clients that are not using "TLS Handshake First" option will fail to connect'
            )

    def _client_entrance(self) -> Entrance:
        options = self.options
        entrance = Entrance(self._client, proxy_protocol=options.proxy_protocol, warn=self.log.warn)
        if options.tls is not None:
            from headwater.server.tls import tls_server  # noqa: PLC0415 (only with TLS)

            entrance.tls = tls_server(options.tls, self._loop, optional=options.allow_non_tls)
        return entrance

    def _client(self, address: str, port: int) -> Receiver:
        session = ClientSession(self.node)
        session.address = address
        session.port = port
        return session

    async def _start_monitor(self) -> None:
        from headwater.monitor.server import Monitor  # noqa: PLC0415 (only when it is wanted)

        options = self.options
        self._monitor_network = Network(self._loop)
        monitor = self._monitor = Monitor(self.node, options)
        entrance = self._monitor_entrance(monitor)
        scheme, host, port = "http", options.http_host, options.http_port
        if options.https_port:
            scheme, host, port = "https", options.https_host, options.https_port
        try:
            address = await self._monitor_network.listen(host, max(0, port), entrance)
        except OSError as error:
            raise StartError(
                f"Can't start monitoring: can't listen to the monitor port: "
                f"{host}:{max(0, port)}: {_reason(error)}"
            ) from error
        self.monitor_address = address
        if options.https_port:
            monitor.about.https_port = address[1]
        else:
            monitor.about.http_port = address[1]
        self.log.info(f"Starting {scheme} monitor on {host}:{address[1]}")

    def _monitor_entrance(self, monitor: "Monitor") -> Entrance:
        options = self.options
        entrance = Entrance(monitor.accept)
        if not options.https_port:
            return entrance
        if options.http_port:
            raise StartError(
                f"Can't start monitoring: can't specify both HTTP ({options.http_port}) "
                f"and HTTPs ({options.https_port}) ports"
            )
        if options.tls is None or not options.tls.certificates:
            raise StartError("Can't start monitoring: TLS cert and key required for HTTPS")
        from headwater.server.tls import tls_server  # noqa: PLC0415 (only with TLS)

        # Whoever may reach the port may look, with a certificate or without, as on nats-server.
        entrance.tls = tls_server(replace(options.tls, verify=False, first=True), self._loop)
        return entrance

    def _start_jetstream(self, options: JetStreamOptions) -> None:
        self.log.info("Starting JetStream")
        try:
            from headwater.jetstream.engine import JetStream  # noqa: PLC0415 (only when it is on)
        except ImportError as error:
            raise StartError(f"Can't start JetStream: {error}") from error
        root = Path(options.store_dir or Path(tempfile.gettempdir(), "nats")) / _STORE_FOLDER
        began_ns = self.clock.monotonic()
        router = self.node.router
        self._jobs = ThreadJobs(self._loop, self.log, begin=router.begin, end=router.flush)
        try:
            self._disk = _locked_disk(root)
            self._jetstream = JetStream(self.node, options, self._disk, self._jobs)
            self._jetstream.store_dir = str(root)
            self._jetstream.recover()
            self._jetstream.start()
        except (OSError, HeadwaterError) as error:
            raise StartError(f"Can't start JetStream: {error}") from error
        log_jetstream(self.log, options, root, self._jetstream.API_LEVEL)
        took_ms = (self.clock.monotonic() - began_ns) / 1e6
        self.log.info(f"Took {took_ms:.3f}ms to start JetStream")

    def _start_leaf_links(self) -> None:
        from headwater.cluster.leaf_links import (  # noqa: PLC0415 (only with remotes)
            ErrorReports,
            LeafLinks,
        )

        options = self.options
        reports = ErrorReports(options.connect_error_reports, options.reconnect_error_reports)
        self._leaf_links = LeafLinks(self.node, options.leafnodes, self.dial, reports)
        self._leaf_links.start()
        self.node.router.flush()

    def dial(
        self, host: str, port: int, receiver: Receiver, done: Callable[[str | None], object]
    ) -> None:
        """Connect ``receiver`` to a server; ``done(None)``, or ``done(text)`` when that failed."""
        task = self._loop.create_task(self._dial(host, port, receiver, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _dial(
        self, host: str, port: int, receiver: Receiver, done: Callable[[str | None], object]
    ) -> None:
        failure: str | None = None
        try:
            await self._clients.dial(host, port, receiver, _DIAL_TIMEOUT_S)
        except TimeoutError:
            failure = f"no answer within {_DIAL_TIMEOUT_S:g} s"
        except OSError as error:
            failure = _reason(error)
        router = self.node.router
        router.begin()
        done(failure)
        router.flush()

    def _write_ports_file(self) -> None:
        try:
            self._ports_file = portfiles.write_ports_file(self.options.ports_file_dir, self.urls())
        except OSError as error:
            self.log.error(f"Error writing ports file to {self.options.ports_file_dir}: {error}")

    def urls(self) -> dict[str, list[str]]:
        """Return where the server listens: kind of listener to its URLs."""
        urls = {"nats": [_url("nats", self.client_address)]}
        if self.monitor_address[1]:
            scheme = "https" if self.options.https_port else "http"
            urls["monitoring"] = [_url(scheme, self.monitor_address)]
        return urls

    def enter_lame_duck(self) -> None:
        """Stop listening, tell clients to move on, close them by and by, and then stop."""
        if self._lame_duck is None and not self._stopping:
            self.log.info("Entering lame duck mode, stop accepting new clients")
            self._clients.stop_listening()
            self.node.listening = False
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

    def stop(self) -> None:
        """Begin to stop; ``stopped`` is done when it has."""
        if not self._stopping:
            self._stopping = True
            self.node.listening = False
            self.log.info("Initiating Shutdown...")
            task = self._loop.create_task(self._stop())
            self._tasks.add(task)

    async def _stop(self) -> None:
        self._clients.stop_listening()
        if self._lame_duck is not None:
            self._lame_duck.cancel()
        try:
            if self._leaf_links is not None:
                self._leaf_links.stop()
            await self._stop_jetstream()
            await self._close_sessions()
        finally:
            self._release()
            self.log.info("Server Exiting..")
            if not self.stopped.done():
                self.stopped.set_result(None)

    async def _stop_jetstream(self) -> None:
        if self._jetstream is None:
            return
        self.log.info("Initiating JetStream Shutdown...")
        done = asyncio.Event()
        self._jetstream.stop(lambda *_: done.set())
        self.node.router.flush()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await done.wait()
        except TimeoutError:
            self.log.error("JetStream did not finish in time")
        else:
            self.log.info("JetStream Shutdown")

    async def _close_sessions(self) -> None:
        """Close every client, and wait until they have taken what was sent, or do not."""
        for session in list(self.node.sessions.values()):
            session.fail("Server Shutdown")
        deadline_s = self._loop.time() + 1
        while self.node.sessions and self._loop.time() < deadline_s:  # noqa: ASYNC110 (for 1 s)
            await asyncio.sleep(0.001)
        for session in list(self.node.sessions.values()):
            if session.link is not None:
                session.link.abort()

    def _release(self) -> None:
        """Give back sockets, files and threads."""
        self._clients.stop_listening()
        if self._monitor_network is not None:
            self._monitor_network.stop_listening()
        if self._monitor is not None:
            self._monitor.close()
        self.timers.close()
        if self._jobs is not None:
            self._jobs.stop()
        if self._disk is not None:
            self._disk.unlock()
        if self._ports_file is not None:
            self._ports_file.unlink(missing_ok=True)
            self._ports_file = None


def _locked_disk(root: Path) -> Disk:
    """Return the disk below ``root``, which this process alone uses from now on."""
    disk = Disk(str(root))
    disk.make_directory("")
    if not disk.lock(_STORE_LOCK):
        raise StartError(f'another server uses the store directory "{root}"')
    return disk


def _url(scheme: str, address: tuple[str, int]) -> str:
    """Return a URL to connect to; for a server that listens everywhere, one of this machine."""
    host = _LOOPBACK.get(address[0], address[0])
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{address[1]}"


def _reason(error: OSError) -> str:
    """Return what the system says of an error, in the few words that it has for it."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return error.strerror or str(error) or type(error).__name__

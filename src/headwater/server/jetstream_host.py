"""JetStream of a server: its directory, its threads, its start and its end."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.base.errors import HeadwaterError
from headwater.broker.node import Node
from headwater.broker.router import Router
from headwater.config.options import JetStreamOptions, Options
from headwater.server.banner import log_jetstream
from headwater.server.build import jetstream_accounts
from headwater.server.drivers import ThreadJobs
from headwater.server.errors import StartError
from headwater.server.fail_points import open_disk
from headwater.server.nats_files import NATS_FOLDER, find_streams
from headwater.server.room import whole_room, with_room
from headwater.server.store_secrets import read_secrets
from headwater.store.disk import Disk

if TYPE_CHECKING:
    from headwater.jetstream.engine import JetStream

# How long a stop waits for the store to finish.
_STOP_TIMEOUT_S = 10.0
# Our files lie beside those of a nats-server that used the same directory, never among them.
STORE_FOLDER = "headwater"
_STORE_LOCK = "lock"
# Messages of a turn of the loop that leave it with time for something else.
_FEW_MESSAGES = 32


class Lull:
    """Tells whether little has come in since it was asked last."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._seen = 0

    def is_quiet(self) -> bool:
        seen = self._seen
        self._seen = self._router.in_msgs
        return self._seen - seen <= _FEW_MESSAGES


class JetStreamHost:
    """Gives the JetStream of a node what it needs of the machine, while it is on."""

    def __init__(self, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self._node = node
        self._log = node.log
        self._loop = loop
        self._jobs: ThreadJobs | None = None
        self._disk: Disk | None = None
        self._jetstream: JetStream | None = None
        self._room = JetStreamOptions()  # what may be taken where nothing is said
        self._stopping = False

    def start(self, options: Options, jetstream: JetStreamOptions) -> None:
        """Recover what is stored, and serve it.

        Raises:
            StartError: another server has the directory, or what is there cannot be used.
        """
        log = self._log
        log.info("Starting JetStream")
        clock = self._node.clock
        began_ns = clock.monotonic()
        root = Path(jetstream.store_dir or Path(tempfile.gettempdir(), "nats"), STORE_FOLDER)
        try:
            self._jetstream = self._started(options, jetstream, root)
        except (OSError, ImportError, HeadwaterError) as error:
            self.release()
            raise StartError(f"Can't start JetStream: {error}") from error
        log_jetstream(log, self._jetstream.options, root, self._jetstream.API_LEVEL)
        self._tell_of_other_store(root)
        log.info(f"Took {(clock.monotonic() - began_ns) / 1e6:.3f}ms to start JetStream")

    def prepared(self, options: Options) -> Callable[[], object]:
        """Return what switches to new ``options``; JetStream that was off is on when this returns.

        Raises:
            HeadwaterError: that cannot be; nothing has changed.
        """
        wanted = options.jetstream
        if self._stopping:
            raise StartError("JetStream is still being shut down, try again")
        if self._jetstream is None:
            if wanted is not None:
                self.start(options, wanted)
            return lambda: None
        if wanted is None:
            return self._switch_off
        wanted = with_room(wanted, self._room)
        return self._jetstream.prepared(wanted, jetstream_accounts(self._node, options))

    async def stop(self) -> None:
        """Write what is due; returns when it is on the disk, or takes too long."""
        if self._jetstream is None:
            return
        done = asyncio.Event()
        self._stop(done.set)
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await done.wait()
        except TimeoutError:
            self._log.error("JetStream did not finish in time")
        else:
            self._log.info("JetStream Shutdown")

    def release(self) -> None:
        """Give back threads, and the directory."""
        if self._jobs is not None:
            self._jobs.stop()
            self._jobs = None
        if self._disk is not None:
            self._disk.unlock()
            self._disk = None

    def _started(self, options: Options, jetstream: JetStreamOptions, root: Path) -> "JetStream":
        from headwater.jetstream.engine import JetStream  # noqa: PLC0415 (only when it is on)

        router = self._node.router
        disk = locked_disk(root)
        self._disk = disk
        jobs = ThreadJobs(
            self._loop,
            self._log,
            begin=router.begin,
            end=router.flush,
            is_quiet=Lull(router).is_quiet,
        )
        self._jobs = jobs
        accounts = jetstream_accounts(self._node, options)
        engine = JetStream(self._node, jetstream, disk, jobs, accounts)
        engine.store_dir = str(root)
        engine.secrets = read_secrets(jetstream)
        engine.recover()
        used = sum(streams.usage()[1] for streams in engine.accounts)
        self._room = whole_room(disk, used)
        engine.allow(with_room(jetstream, self._room))
        engine.start()
        return engine

    def _tell_of_other_store(self, root: Path) -> None:
        """Say that there are streams of a nats-server which are not here, and how they could be."""
        here = {
            (streams.account_name, name)
            for streams in (self._jetstream.accounts if self._jetstream is not None else ())
            for name in streams.streams
        }
        missing = [stream for stream in find_streams(root.parent) if stream not in here]
        if missing:
            self._log.warn(
                f'"{root.parent / NATS_FOLDER}" holds streams of a nats-server, {len(missing)} of '
                "them not here; nothing of it is touched"
            )
            self._log.warn(f'  They are imported by: headwater store import "{root.parent}"')

    def _stop(self, done: Callable[[], object]) -> None:
        self._log.info("Initiating JetStream Shutdown...")
        if self._jetstream is not None:
            self._jetstream.stop(done)
            self._node.router.flush()

    def _switch_off(self) -> None:
        def stopped() -> None:
            # It may be a thread's work that has just ended: threads are stopped by the loop.
            self._loop.call_soon(self._switched_off)

        self._stopping = True
        self._stop(stopped)

    def _switched_off(self) -> None:
        self._jetstream = None
        self._stopping = False
        self.release()
        self._log.info("JetStream Shutdown")


def locked_disk(root: Path) -> Disk:
    """Return the disk below ``root``, which this process alone uses from now on.

    Raises:
        StartError: another process uses it, or it cannot be there.
    """
    disk = open_disk(str(root))
    try:
        disk.make_directory("")
    except (FileExistsError, NotADirectoryError) as error:
        raise StartError(f'storage directory is not a directory: "{root.parent}"') from error
    except OSError as error:
        raise StartError(f"could not create storage directory - {error}") from error
    if not disk.lock(_STORE_LOCK):
        raise StartError(f'another server uses the store directory "{root}"')
    return disk

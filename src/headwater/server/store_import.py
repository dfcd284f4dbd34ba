"""Streams of a nats-server brought into our store, while no server uses it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from headwater.base.errors import FormatError, HeadwaterError
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.node import Node
from headwater.config.options import AccountJetStream, JetStreamOptions
from headwater.net.loop import SystemClock
from headwater.server.jetstream_host import STORE_FOLDER, locked_disk
from headwater.server.nats_files import stream_path
from headwater.store.disk import Disk
from headwater.store.jobs import ImmediateJobs
from headwater.store.secrets import NO_SECRETS, Secrets

if TYPE_CHECKING:
    from headwater.jetstream.stream_import import Imported


class StoreImport:
    """Streams of a nats-server's ``source`` on their way to our store in ``target``."""

    def __init__(
        self,
        source: Path,
        target: Path,
        accounts: Sequence[str],
        log: Log,
        secrets: Secrets = NO_SECRETS,
    ) -> None:
        """Open our store, which ``secrets`` open if it is encrypted.

        Raises:
            HeadwaterError: a server is using it, or it cannot be used.
            OSError: it cannot be read or written.
        """
        from headwater.jetstream.engine import JetStream  # noqa: PLC0415 (it takes a while)

        self._source = Disk(str(source))
        self._disk = locked_disk(target / STORE_FOLDER)
        clock = SystemClock()
        self._node = Node(clock, SystemRandom(), log, timers=Timers(clock))
        found = (self._node.accounts.get(name.encode()) for name in accounts)
        enabled = dict.fromkeys(found, AccountJetStream())
        self._engine = JetStream(
            self._node, JetStreamOptions(), self._disk, ImmediateJobs(), enabled
        )
        self._engine.secrets = secrets
        try:
            self._engine.recover()
        except BaseException:
            self._disk.unlock()
            raise

    def has(self, account: str, name: str) -> bool:
        """Tell whether there is such a stream in our store."""
        return name in self._streams(account).streams

    def run(self, account: str, name: str, progress: Callable[[int, int], Any]) -> "Imported":
        """Import one stream; return what came of it.

        Raises:
            HeadwaterError: it cannot be imported; nothing of it is in our store.
            OSError: something could not be read.
        """
        from headwater.jetstream.stream_import import StreamImport  # noqa: PLC0415 (see above)
        from headwater.natsstore.stream_folder import StreamFolder  # noqa: PLC0415 (see above)

        folder = StreamFolder(self._source, stream_path(account, name))
        if folder.meta.name != name:
            raise FormatError(f"its configuration is that of a stream {folder.meta.name}")
        return StreamImport(self._streams(account), folder, progress).run()

    def close(self) -> None:
        """Bring everything to the disk."""
        from headwater.jetstream.stream_import import run_until_done  # noqa: PLC0415 (see above)

        try:
            run_until_done(self._node, lambda done: self._engine.stop(lambda: done(None)))
        finally:
            self._disk.unlock()

    def _streams(self, account: str) -> Any:
        streams = self._node.accounts.get(account.encode()).jetstream
        if streams is None:
            raise HeadwaterError(f"account {account} was not opened")
        return streams

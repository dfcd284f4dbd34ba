"""What is wrong with the files of a store, found without changing any of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Any

from headwater.base.errors import HeadwaterError
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.node import Node
from headwater.config.options import AccountJetStream, JetStreamOptions
from headwater.net.loop import SystemClock
from headwater.server.jetstream_host import STORE_FOLDER, locked_disk
from headwater.store.disk import Disk
from headwater.store.frozen_disk import FrozenDisk
from headwater.store.jobs import ImmediateJobs
from headwater.store.repair import unreadable
from headwater.store.secrets import NO_SECRETS, Secrets


@dataclass
class Checked:
    """What was found of one stream; ``lost`` are its messages that cannot be read, as ranges."""

    account: str
    stream: str
    messages: int = 0
    bytes: int = 0
    blocks: int = 0
    bare_bytes: int = 0  # of files that are not encrypted yet, in a store that is
    problems: list[str] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)

    @property
    def well(self) -> bool:
        return not self.problems and not self.lost


class StoreCheck:
    """Looks through the store in the directory ``store_dir``, which no server may be using."""

    def __init__(
        self, store_dir: Path, secrets: Secrets = NO_SECRETS, *, frozen: bool = True
    ) -> None:
        """Take the store, which ``secrets`` open if it is encrypted.

        ``frozen`` keeps everything in it from being changed.

        Raises:
            HeadwaterError: a server is using it, or there is none.
        """
        root = store_dir / STORE_FOLDER
        if not root.is_dir():
            raise HeadwaterError(f"{store_dir}: there is no store here")
        self._lock: Disk = locked_disk(root)
        self._disk = FrozenDisk(str(root)) if frozen else self._lock
        self._secrets = secrets
        self.journal: list[str] = []  # what is lost of the journal, once that was looked at
        clock = SystemClock()
        log = Log(lambda level, text: None)
        self._node = Node(clock, SystemRandom(), log, timers=Timers(clock))

    def run(self) -> Iterator[Checked]:
        """Return what is found of each stream, one after the other.

        Raises:
            HeadwaterError: the store is of another version.
        """
        for streams in self._opened():
            for stream in streams.streams.values():
                yield self._check(streams.account_name, stream)

    def close(self) -> None:
        """Let go of the store."""
        self._lock.unlock()

    def _opened(self) -> list[Any]:
        """Return the AccountStreams of every account that has any."""
        from headwater.jetstream.account_streams import account_of  # noqa: PLC0415 (see below)
        from headwater.jetstream.engine import JetStream  # noqa: PLC0415 (it takes a while)

        folders = [name for name in self._disk.names("") if self._disk.exists(f"{name}/streams")]
        found = [self._node.accounts.get(account_of(folder).encode()) for folder in folders]
        accounts = dict.fromkeys(found, AccountJetStream())
        engine = JetStream(self._node, JetStreamOptions(), self._disk, ImmediateJobs(), accounts)
        engine.secrets = self._secrets
        engine.recover()
        self.journal = engine.damage
        return engine.accounts

    def _check(self, account: str, stream: Any) -> Checked:
        index = stream.store.index
        checked = Checked(account, stream.name, index.messages, index.bytes, len(index.blocks))
        if stream.store.log.packing.keys is not None:
            checked.bare_bytes = sum(block.plain for block in index.blocks)
        checked.lost = ranges(unreadable(stream.store))
        checked.problems = stream.damage
        return checked


def ranges(sequences: Iterable[int]) -> list[tuple[int, int]]:
    """Return rising numbers as ranges, each with its first and its last."""
    found: list[tuple[int, int]] = []
    for sequence in sequences:
        if found and found[-1][1] == sequence - 1:
            found[-1] = (found[-1][0], sequence)
        else:
            found.append((sequence, sequence))
    return found

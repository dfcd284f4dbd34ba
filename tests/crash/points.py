"""Rounds of kills: at random moments, and at named places inside the store."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from headwater.server.fail_points import VARIABLE
from tests.crash import small_server
from tests.crash.kill import EndedError, Server, ServerProcess
from tests.crash.link import Link
from tests.crash.load import Load

# A process that has imported everything is forked for each server, so that a round is short.
_forks = get_context("forkserver")
_forks.set_forkserver_preload(["tests.crash.small_server", "headwater.server.process"])
_SECONDS = (0.02, 0.3)  # of work, where no place ends it before
_KILLED = -9
# Where to kill, and after how many times at most.
POINTS = [
    *[(f"block.{rest}", 40) for rest in ("write.before", "write.half", "write.after")],
    *[(f"block.{rest}", 40) for rest in ("sync.before", "sync.after")],
    *[(f"block.{rest}", 6) for rest in ("create.before", "create.after", "remove.after")],
    *[(f"block.{rest}", 6) for rest in ("remove.before", "read.before", "truncate.after")],
    *[(f"new_block.{rest}", 3) for rest in ("create.after", "write.half", "sync.before")],
    *[(f"new_block.{rest}", 3) for rest in ("sync.after", "rename.before", "rename.after")],
    *[(f"new_checkpoint.{rest}", 6) for rest in ("create.after", "write.half", "write.after")],
    *[(f"new_checkpoint.{rest}", 6) for rest in ("sync.before", "rename.before", "rename.after")],
    *[(f"folder.{rest}", 30) for rest in ("sync_directory.before", "sync_directory.after")],
    *[(f"reserve.{rest}", 1) for rest in ("create.after", "write.half", "sync.after")],
    *[(f"{kind}.read.before", 4) for kind in ("block", "block", "checkpoint", "format", "journal")],
    *[(f"block.{rest}", 2) for rest in ("sync.before", "remove.after")],
    *[(f"journal.{rest}", 40) for rest in ("write.half", "write.after", "sync.before")],
    *[(f"journal.{rest}", 4) for rest in ("sync.after", "create.after", "remove.after")],
    *[(f"any.{rest}", 100) for rest in ("write.after", "sync.before", "rename.after")],
]


class _Forked:
    """A process of multiprocessing, with the methods of subprocess."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        self._process.join()
        return self._process.exitcode


def start_small(flags: list[str], log: Path, point: str) -> ServerProcess:
    """Start a server with small blocks, which ends at a fail point if one is given."""
    arguments = (flags, str(log), {VARIABLE: point})
    process = _forks.Process(target=small_server.serve, args=arguments, daemon=True)
    process.start()
    return _Forked(process)


class Rounds:
    """One store, and a server on it that is killed again and again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._rng = random.Random(seed)
        self.load = Load(seed)
        self.kills = 0
        self.places: Counter[str] = Counter()  # where a server has killed itself
        self.starts = 0  # kills while a server started
        self.checked = 0

    def run(self, rounds: int, report: Callable[[str], None] = lambda text: None) -> None:
        """Kill a server ``rounds`` times, and check everything in the end.

        Raises:
            AssertionError: something acknowledged is not there.
        """
        while self.kills < rounds:
            self._round()
            if self.kills % 50 == 0:
                report(f"{self.kills} rounds, {self.load.answered:,} operations answered")
        server = Server(self._folder, partial(start_small, point=""))
        try:
            self._check(server)
        finally:
            server.kill()

    def _round(self) -> None:
        place, most = self._rng.choice(POINTS)
        with_place = self._rng.random() < 0.7
        point = f"{place}:{self._rng.randint(1, most)}" if with_place else ""
        self.kills += 1
        try:
            server = Server(self._folder, partial(start_small, point=point))
        except EndedError as error:
            if not point or error.code != _KILLED:
                raise
            self.places[place] += 1
            self.starts += 1
            return
        try:
            self._check(server)
            self._work(server)
        except ConnectionError:
            pass  # it went while it was being looked at
        finally:
            if server.process.poll() == _KILLED and server.ended_itself:
                self.places[place] += 1
            server.kill()

    def _check(self, server: Server) -> None:
        link = Link(server.port)
        try:
            self.checked += self.load.check(link)
        finally:
            link.close()

    def _work(self, server: Server) -> None:
        link = Link(server.port)
        killer = threading.Timer(self._rng.uniform(*_SECONDS), server.kill_now)
        killer.start()
        try:
            self.load.run(link)
        finally:
            killer.cancel()
            killer.join()
            link.close()

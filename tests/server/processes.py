"""The command ``headwater server`` as a child process of a test."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.wait import wait_until

OURS = (sys.executable, "-m", "headwater", "server")


class ServerProcess:
    """``headwater server FLAGS`` with its log in a file; a context manager that ends it."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        command: tuple[str, ...] = OURS,
        **environment: str,
    ) -> None:
        self.folder = folder
        self._log_path = folder / "stderr.log"
        with self._log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **environment},
            )

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        return self._log_path.read_text()

    def wait_log(self, text: str, count: int = 1) -> str:
        """Wait until the log has ``text`` so many times; return the log."""
        wait_until(
            lambda: self.log().count(text) >= count or self.process.poll() is not None,
            what=f"{text!r} in the log",
        )
        assert self.log().count(text) >= count, self.log()
        return self.log()

    def wait_match(self, found: Callable[[str], object]) -> str:
        """Wait until the log has what ``found`` looks for; return the log."""
        wait_until(
            lambda: found(self.log()) or self.process.poll() is not None, what="a line of the log"
        )
        assert found(self.log()), self.log()
        return self.log()

    def wait_ready(self) -> int:
        """Wait until it serves; return its client port."""
        log = self.wait_log("Server is ready")
        line = next(line for line in log.splitlines() if "Listening for client" in line)
        return int(line.rpartition(":")[2])

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Return the exit code."""
        return self.process.wait(20)


LOCAL = ("-a", "127.0.0.1", "-p", "-1")

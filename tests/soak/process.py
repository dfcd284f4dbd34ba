"""The server of a phase: its process, its ports, and what it takes of the machine."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.soak.client import SoakError, fetch
from tests.soak.settings import Settings
from tests.support.wait import wait_until_async

_START_SECONDS = 60
# Signs in the log of an error that nobody has foreseen.
_ALARMS = ("Unexpected", "Traceback", "A system request failed", "[FTL]")


class Server:
    """``headwater server`` on the configuration that ``settings`` have written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._socket = settings.folder / "witness"
        self._errors = settings.folder / "stderr"
        self._rotations = 0
        self.port = 0
        self.monitor_port = 0
        for path in (self._socket, *settings.folder.glob("*.ports")):
            path.unlink(missing_ok=True)
        settings.log_file.parent.mkdir(exist_ok=True)
        words = [str(self._socket), "-c", str(settings.path)]
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.soak.witness", *words],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )

    async def ready(self) -> None:
        """Wait until it listens."""
        ports = await wait_until_async(self._read_ports, _START_SECONDS, "the ports file")
        self.port = urlsplit(ports["nats"][0]).port
        self.monitor_port = urlsplit(ports["monitoring"][0]).port

    def _read_ports(self) -> Any:
        self.check_running()
        for path in self._settings.folder.glob("*.ports"):
            try:
                return json.loads(path.read_text())
            except ValueError:
                pass  # it is being written
        return None

    def check_running(self) -> None:
        """Raise a SoakError if the process has ended."""
        code = self._process.poll()
        if code is not None:
            raise SoakError(f"the server has ended with {code}: {self._errors.read_text()}")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, if it still runs."""
        self._process.kill()
        self._process.wait()

    async def ended(self, seconds: float) -> None:
        """Wait until the process has ended by itself, as it should."""
        code = await wait_until_async(
            lambda: self._process.poll() is not None and [self._process.returncode],
            seconds,
            "the server ends",
        )
        if code != [0]:
            raise SoakError(f"the server has ended with {code[0]}: {self._errors.read_text()}")

    # What it takes

    def descriptors(self) -> int:
        """Return how many files and sockets it has open."""
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))

    def threads(self) -> int:
        return int(self._status("Threads"))

    def resident_kib(self) -> int:
        """Return how much memory it has."""
        return int(self._status("VmRSS").split()[0])

    def _status(self, name: str) -> str:
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(name + ":"))

    async def objects(self) -> dict[str, int]:
        """Return how many objects of each class it has."""
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        try:
            counts: dict[str, int] = json.loads(await reader.read())
        finally:
            writer.close()
        return counts

    async def ask(self, target: str) -> Any:
        """Return what the monitoring answers, decoded."""
        status, body = await fetch(self.monitor_port, target)
        if status != 200:
            raise SoakError(f"{target}: {status} {body[:500]!r}")
        return json.loads(body)

    # Its log

    async def rotate_log(self) -> None:
        """Move the log away, and have the server begin a new one."""
        path = self._settings.log_file
        self._rotations += 1
        path.rename(path.with_name(f"moved.{self._rotations}"))
        self.signal(signal.SIGUSR1)
        await wait_until_async(path.exists, what="a new log file after USR1")

    def alarms(self) -> Iterator[str]:
        """Yield the lines that should not be there; remove the files that have none."""
        for path in sorted(self._settings.log_file.parent.iterdir()):
            with path.open(errors="replace") as lines:
                found = [line for line in lines if any(sign in line for sign in _ALARMS)]
            if not found:
                path.unlink()
            yield from found
        yield from self._errors.read_text().splitlines()

    def log_end(self) -> str:
        """Return the last lines of the log."""
        path = self._settings.log_file
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join(line[:200] for line in lines[-20:])

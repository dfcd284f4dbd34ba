"""A server in a process of its own, for the program that started it."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from typing import IO

from headwater.server.errors import ReloadError, StartError
from headwater.server.parent import PARENT_VARIABLE, READY_VARIABLE, RELOAD

_LOG_LINES_MAX = 200
_STOP_TIMEOUT_S = 15.0


class ChildServer:
    """Starts ``headwater server`` with ``flags``; the process ends when this one does.

    Two pipes connect them, as ``server.parent`` tells.
    """

    def __init__(self, flags: list[str]) -> None:
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline = -1
        self._answers = -1
        self._log: deque[str] = deque(maxlen=_LOG_LINES_MAX)
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def log_tail(self) -> str:
        """Return the last lines that the server logged."""
        return "\n".join(self._log)

    def start(self, timeout_s: float) -> dict[str, list[str]]:
        """Return the URLs, by kind of listener, once it is ready.

        Raises:
            StartError: it ended, or took too long; its log is in the text.
        """
        self._answers, ready_child = os.pipe()
        parent_child, self._lifeline = os.pipe()
        variables = {READY_VARIABLE: str(ready_child), PARENT_VARIABLE: str(parent_child)}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "headwater", "server", *self._flags],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, **variables},
                pass_fds=(ready_child, parent_child),
            )
        except OSError as error:
            self._close_pipes()
            raise StartError(f"cannot start a server process: {error}") from error
        finally:
            os.close(ready_child)
            os.close(parent_child)
        self._reader = threading.Thread(
            target=self._read_log, args=(self._process.stderr,), name="headwater-log", daemon=True
        )
        self._reader.start()
        line = _read_line(self._answers, timeout_s)
        if not line.endswith(b"\n"):
            raise self._failure(timeout_s)
        urls: dict[str, list[str]] = json.loads(line)
        return urls

    def reload(self, timeout_s: float) -> None:
        """Have it read its configuration again, and wait until it lives by that.

        Raises:
            ReloadError: it does not take it, or does not answer.
        """
        try:
            os.write(self._lifeline, RELOAD)
        except OSError as error:
            raise ReloadError(f"the server does not run any more: {error}") from error
        line = _read_line(self._answers, timeout_s)
        if not line.endswith(b"\n"):
            raise ReloadError(f"the server has not answered within {timeout_s:g} s")
        failure = json.loads(line)
        if failure is not None:
            raise ReloadError(failure)

    def stop(self) -> None:
        """Have it stop cleanly; it is killed when that takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reap()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None
        if self._reader is not None:
            self._reader.join()
            self._reader = None
        self._close_pipes()

    def _close_pipes(self) -> None:
        for descriptor in (self._lifeline, self._answers):
            if descriptor >= 0:
                os.close(descriptor)
        self._lifeline = self._answers = -1

    def _read_log(self, pipe: IO[bytes]) -> None:
        # Read on for as long as it runs: a full pipe would make the server wait.
        with pipe:
            for line in pipe:
                self._log.append(line.decode("utf-8", "replace").rstrip("\n"))

    def _failure(self, timeout_s: float) -> StartError:
        what = f"was not ready within {timeout_s:g} s"
        if self._process is not None:
            try:
                # Its pipe closes a moment before the process ends.
                what = f"ended with exit code {self._process.wait(1)}"
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        return StartError(f"the server {what}; its log:\n{self.log_tail() or '(nothing)'}")


def _read_line(pipe: int, timeout_s: float) -> bytes:
    """Return what arrives up to a line end, the end of the pipe, or the end of the time."""
    deadline = time.monotonic() + timeout_s
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        data = os.read(pipe, 65536) if readable else b""
        if not data:
            break
        line += data
    return line

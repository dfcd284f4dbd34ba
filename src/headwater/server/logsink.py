"""Where the log goes: standard error or a file, in the format that operators of NATS know.

A line is ``[pid] YYYY/MM/DD HH:MM:SS.micros [INF] text``; on a terminal the level has a colour.
Each is one write, so that lines of several threads never mix.
"""

import os
import sys
import threading
import time
from pathlib import Path

from headwater.base.clock import SECOND
from headwater.config.options import LogOptions

_FILE_MODE = 0o640
_STDERR = 2
# Those of nats-server: errors are red, warnings yellow, everything else is calm.
_COLOURS = {"FTL": "31", "ERR": "31", "WRN": "0;93", "INF": "32", "DBG": "36", "TRC": "33"}


class Sink:
    """The sink of a ``base.log.Log``; may be called on any thread."""

    to_file = False  # whether the log goes to a file, which can be opened anew

    def __call__(self, level: str, text: str) -> None:
        """Write one line."""
        raise NotImplementedError

    def reopen(self) -> None:
        """Open the file anew, after something else has moved it away.

        Raises:
            OSError: it cannot be opened; the old one stays in use.
        """

    def close(self) -> None:
        """Write what is still to be written, and let go of files and sockets."""


class LogSink(Sink):
    """Writes to a file, or to standard error."""

    def __init__(self, options: LogOptions) -> None:
        """Open the log file, if there is to be one.

        Raises:
            OSError: it cannot be opened.
        """
        self._options = options
        self._head = f"[{os.getpid()}] "
        self._clock = time.gmtime if options.utc else time.localtime
        self._second = -1
        self._second_text = ""
        self._lock = threading.Lock()
        self._descriptor = _STDERR
        self._size = 0
        self._tags = {level: level for level in _COLOURS}
        if options.file:
            self._open()
        elif os.isatty(_STDERR):
            self._tags = {level: f"\x1b[{code}m{level}\x1b[0m" for level, code in _COLOURS.items()}

    def __call__(self, level: str, text: str) -> None:
        with self._lock:
            if not self._write(level, text):
                return
            limit = self._options.size_limit
            if limit > 0 and self._size > limit and self._options.file:
                self._rotate()

    @property
    def to_file(self) -> bool:  # type: ignore[override]
        return bool(self._options.file)

    def reopen(self) -> None:
        with self._lock:
            old = self._descriptor
            self._open()
            if old != _STDERR:
                os.close(old)

    def close(self) -> None:
        with self._lock:
            if self._descriptor != _STDERR:
                os.close(self._descriptor)
                self._descriptor = _STDERR

    def _write(self, level: str, text: str) -> bool:
        """Write a line; tell whether that worked."""
        line = f"{self._head}{self._time_text()}[{self._tags[level]}] {text}\n"
        data = line.encode("utf-8", "replace")
        try:
            os.write(self._descriptor, data)
        except OSError:
            return False  # a full disk or a closed pipe must not stop the server
        self._size += len(data)
        return True

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self._descriptor = os.open(self._options.file, flags, _FILE_MODE)
        self._size = os.fstat(self._descriptor).st_size

    def _rotate(self) -> None:
        """Move the file aside under a name with the time, and begin a new one."""
        path = Path(self._options.file)
        seconds, nanos = divmod(time.time_ns(), SECOND)
        stamp = time.strftime("%Y.%m.%d.%H.%M.%S", self._clock(seconds))
        old = self._descriptor
        aside = path.with_name(f"{path.name}.{stamp}.{nanos:09d}")
        try:
            path.rename(aside)
            self._open()
            os.close(old)
            self._write("INF", f'Rotated log, backup saved as "{aside}"')
            self._drop_oldest(path)
        except OSError as error:
            # Logging goes on where it was; try again after as many bytes as a file may have.
            self._size = 0
            sys.stderr.write(f"cannot rotate the log file: {error}\n")

    def _drop_oldest(self, path: Path) -> None:
        """Keep ``files_max`` files in all, the one that is written among them."""
        files_max = self._options.files_max
        if files_max <= 0:
            return
        rotated = sorted(other.name for other in path.parent.glob(f"{path.name}.*"))
        for name in rotated[: max(0, len(rotated) - files_max + 1)]:
            path.with_name(name).unlink(missing_ok=True)

    def _time_text(self) -> str:
        if not self._options.time:
            return ""
        second, nanos = divmod(time.time_ns(), SECOND)
        if second != self._second:
            self._second_text = time.strftime("%Y/%m/%d %H:%M:%S", self._clock(second))
            self._second = second
        return f"{self._second_text}.{nanos // 1000:06d} "

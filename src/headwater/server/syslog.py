"""The log sent to a syslog: the one of this machine, or one elsewhere.

A thread of its own does the sending, so that a syslog that is slow or away costs the server
nothing; what it does not take in time is dropped, and said so once it takes lines again.
"""

import os
import socket
import threading
import time
from collections import deque
from urllib.parse import urlsplit

from headwater.config.options import LogOptions
from headwater.server.logsink import Sink

# Where a machine's own syslog listens.
LOCAL_PATHS = ("/dev/log", "/var/run/syslog", "/var/run/log")
_TAG = "headwater"
_DAEMON = 3 << 3  # the facility, as nats-server's; to another machine it sends none
_SEVERITIES = {"FTL": 2, "ERR": 3, "WRN": 4, "INF": 5, "DBG": 7, "TRC": 5}
# The names of months that a syslog knows, whatever the locale says.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LINES_MAX = 10_000
_LINE_BYTES_MAX = 8192  # what fits a datagram on any way to another machine
_TIMEOUT_S = 5.0
_RETRY_S = 1.0


class SyslogSink(Sink):
    """Sends every line to the syslog that the options name."""

    def __init__(self, options: LogOptions) -> None:
        """Connect.

        Raises:
            OSError: there is no such syslog.
        """
        self._url = options.remote_syslog
        self._priority = 0 if self._url else _DAEMON
        self._host = socket.gethostname()
        self._lines: deque[bytes] = deque()
        self._dropped = 0
        self._changed = threading.Condition()
        self._closing = False
        self._socket: socket.socket | None = self._connected()
        self._thread = threading.Thread(target=self._work, name="headwater-syslog", daemon=True)
        self._thread.start()

    def __call__(self, level: str, text: str) -> None:
        line = self._line(level, text)
        with self._changed:
            if len(self._lines) >= _LINES_MAX:
                self._dropped += 1
                return
            self._lines.append(line)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_TIMEOUT_S)
        self._disconnect()

    def _line(self, level: str, text: str) -> bytes:
        if self._url:
            stamp = f"{_rfc3339()} {self._host}"
        else:
            now = time.localtime()
            stamp = f"{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2d} {time.strftime('%H:%M:%S', now)}"
        head = f"<{self._priority | _SEVERITIES[level]}>{stamp} {_TAG}[{os.getpid()}]: "
        data = (head + text).encode("utf-8", "replace")
        return data[:_LINE_BYTES_MAX] + b"\n"

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._closing)
                if not self._lines:
                    return
                line = self._lines[0]
            if self._sent(line):
                with self._changed:
                    self._lines.popleft()
                    self._tell_dropped()
            elif self._wait_to_retry():
                return

    def _tell_dropped(self) -> None:
        if self._dropped and len(self._lines) < _LINES_MAX // 2:
            self._lines.append(self._line("WRN", f"{self._dropped} lines of the log were lost"))
            self._dropped = 0

    def _wait_to_retry(self) -> bool:
        """Wait a little; tell whether it is time to give up instead."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing, _RETRY_S)
            return self._closing

    def _sent(self, line: bytes) -> bool:
        """Send a line, over a new connection if need be; tell whether that worked."""
        for _ in range(2):
            try:
                if self._socket is None:
                    self._socket = self._connected()
                self._socket.sendall(line)
            except OSError:
                self._disconnect()
            else:
                return True
        return False

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        return _connect_remote(self._url) if self._url else _connect_unix(LOCAL_PATHS)


def _rfc3339() -> str:
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return (
        text.removesuffix("+0000") + "Z" if text.endswith("+0000") else f"{text[:-2]}:{text[-2:]}"
    )


def _connect_unix(paths: tuple[str, ...]) -> socket.socket:
    """Connect to the first of ``paths`` where somebody listens, in whichever way."""
    for path in paths:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            found = socket.socket(socket.AF_UNIX, kind)
            found.settimeout(_TIMEOUT_S)
            try:
                found.connect(path)
            except OSError:
                found.close()
            else:
                return found
    raise OSError(f"nobody listens at {' or '.join(paths)}")


def _connect_remote(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return _connect_unix((parts.path,))
    kinds = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    if parts.scheme not in kinds:
        raise OSError(f"udp, tcp or unix is expected, not {parts.scheme!r}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise OSError(str(error)) from None
    if not host or port is None:
        raise OSError("an address such as udp://localhost:514 is expected")
    return _connect_network(host, port, kinds[parts.scheme])


def _connect_network(host: str, port: int, kind: int) -> socket.socket:
    failure = OSError(f"no address for {host}")
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=kind):
        found = socket.socket(family, kind)
        found.settimeout(_TIMEOUT_S)
        try:
            found.connect(address)
        except OSError as error:
            found.close()
            failure = error
        else:
            return found
    raise failure

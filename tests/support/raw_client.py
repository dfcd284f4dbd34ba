"""A blocking socket that speaks bytes: for tests of what is on the wire, and of bad input.

    with RawClient(port) as client:
        client.connect(verbose=False)
        client.send(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
        assert client.read_until(b"hi\r\n") == b"MSG a 1 2\r\nhi\r\n"

Every read has a deadline; what was read beyond the wanted bytes is kept for the next read.
"""

import json
import re
import socket
import time
from typing import Any

SECONDS = 10.0


class RawClient:
    """One TCP connection; ``info`` is the server's first INFO as a dict once it was read."""

    def __init__(
        self, port: int, host: str = "127.0.0.1", *, seconds: float = SECONDS, greeting: bool = True
    ) -> None:
        """Connect; read the INFO line unless ``greeting`` is false."""
        self.seconds = seconds
        self.received = b""  # read from the socket, not yet handed out
        self.info: dict[str, Any] = {}
        self.socket = socket.create_connection((host, port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if greeting:
            self.read_info()

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; more than once is fine."""
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self.socket.settimeout(self.seconds)
        self.socket.sendall(data)

    def connect(self, **options: Any) -> None:
        """Send CONNECT (quiet and with headers unless ``options`` differ), PING; await PONG."""
        fields = {"verbose": False, "pedantic": False, "headers": True, "protocol": 0, **options}
        self.send(b"CONNECT " + json.dumps(fields).encode() + b"\r\n")
        if fields["verbose"]:
            self.expect(b"+OK\r\n")
        self.flush()

    def flush(self) -> bytes:
        """Send PING; return what came before its PONG."""
        self.send(b"PING\r\n")
        return self.read_until(b"PONG\r\n").removesuffix(b"PONG\r\n")

    def read_info(self) -> dict[str, Any]:
        """Read one line, which must be INFO; return and keep its fields."""
        line = self.read_line()
        assert line.startswith(b"INFO "), line
        self.info = json.loads(line[5:])
        return self.info

    def read_line(self) -> bytes:
        """Return one line with its CRLF."""
        return self.read_until(b"\r\n")

    def read_until(self, mark: bytes) -> bytes:
        """Return everything up to and with the first ``mark``."""
        self._fill(lambda data: mark in data, f"{mark!r}")
        return self._take(self.received.index(mark) + len(mark))

    def read_match(self, pattern: bytes) -> "re.Match[bytes]":
        """Read until the regular expression is found; return the match, drop what is before."""
        self._fill(lambda data: re.search(pattern, data) is not None, f"{pattern!r}")
        match = re.search(pattern, self.received)
        assert match is not None
        self._take(match.end())
        return match

    def read_exactly(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        self._fill(lambda data: len(data) >= size, f"{size} bytes")
        return self._take(size)

    def expect(self, data: bytes) -> None:
        """Read as many bytes as ``data`` has, which must be those."""
        got = self.read_exactly(len(data))
        assert got == data, f"expected {data!r}, got {got + self.received!r}"

    def read_to_end(self) -> bytes:
        """Return everything until the server closes the connection."""
        deadline = time.monotonic() + self.seconds
        while data := self._receive(deadline, "the end of the stream"):
            self.received += data
        return self._take(len(self.received))

    def _fill(self, enough: Any, what: str) -> None:
        deadline = time.monotonic() + self.seconds
        while not enough(self.received):
            data = self._receive(deadline, what)
            if not data:
                raise AssertionError(f"closed while waiting for {what}; got {self.received!r}")
            self.received += data

    def _receive(self, deadline: float, what: str) -> bytes:
        # One last try is made when the time is over: a timeout of 0 would mean "do not block".
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            return self.socket.recv(65536)
        except TimeoutError:
            raise AssertionError(
                f"not within {self.seconds} s: {what}; got {self.received[-500:]!r}"
            ) from None
        except ConnectionError:
            return b""

    def _take(self, size: int) -> bytes:
        data, self.received = self.received[:size], self.received[size:]
        return data

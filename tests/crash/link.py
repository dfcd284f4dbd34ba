"""A client connection that is quick enough to keep a server busy."""

import json
import select
import socket
from collections.abc import Iterator
from typing import Any

from tests.sim.node_world import Heard, parse

_START_SECONDS = 60
_DIRECT_BATCH = 1000
# Headers that a direct get adds to those of the message.
_OWN = (b"Nats-Stream", b"Nats-Subject", b"Nats-Sequence", b"Nats-Time-Stamp", b"Nats-Num-Pending")


class Link:
    """A client connection that is quick enough to keep a server busy."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS)
        self._file = self._socket.makefile("rb", buffering=1 << 18)
        self._rest = b""  # what ``receive_some`` has read of an unfinished message
        self._expect(b"INFO ")
        self.send(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
        self.send(b"SUB _INBOX.crash.> 1\r\nPING\r\n")
        self._expect(b"PONG\r\n")

    def _expect(self, start: bytes) -> None:
        line = self._file.readline()
        if not line:
            raise ConnectionResetError("the server is gone")
        assert line.startswith(start), f"the server says {line!r}"

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._socket.sendall(data)

    def receive_some(self, *, wait: bool) -> list[Heard]:
        """Return the messages that have come; with ``wait``, at least one.

        Raises:
            ConnectionError: the server is gone, and all that it had sent has been returned.
        """
        while True:
            whole, self._rest = split(self._rest)
            if whole:
                return list(parse(whole))
            ready, _, _ = select.select([self._socket], [], [], _START_SECONDS if wait else 0)
            if not ready:
                assert not wait, "the server does not answer"
                return []
            data = self._socket.recv(1 << 18)
            if not data:
                raise ConnectionResetError("the server is gone")
            self._rest += data

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def receive(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Return the next message: subject, reply, headers, payload.

        Raises:
            ConnectionError: the server is gone.
        """
        while True:
            line = self._file.readline()
            if not line.endswith(b"\n"):
                raise ConnectionResetError("the server is gone")
            words = line.split()
            if words[0] in (b"MSG", b"HMSG"):
                return self._message(words)
            if words[0] == b"PING":
                self.send(b"PONG\r\n")
            elif words[0] not in (b"PONG", b"+OK", b"INFO"):
                raise AssertionError(f"the server says {line!r}")

    def request(self, subject: str, body: Any) -> dict[str, Any]:
        """Make a request of the JetStream API."""
        answer = self.try_request(subject, body)
        assert "error" not in answer, answer
        return answer

    def try_request(self, subject: str, body: Any) -> dict[str, Any]:
        """Make a request that may be refused."""
        data = b"" if body is None else json.dumps(body).encode()
        self.send(b"PUB %s _INBOX.crash.api %d\r\n%s\r\n" % (subject.encode(), len(data), data))
        return json.loads(self.receive()[3])

    def read_direct(self, stream: str) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """Yield (sequence, subject, headers, payload) of every message of a stream."""
        first = 1
        while True:
            data = b'{"batch":%d,"seq":%d}' % (_DIRECT_BATCH, first)
            subject = f"$JS.API.DIRECT.GET.{stream}".encode()
            self.send(b"PUB %s _INBOX.crash.get %d\r\n%s\r\n" % (subject, len(data), data))
            count = 0
            while True:
                _, _, head, payload = self.receive()
                if head.startswith(b"NATS/1.0 "):
                    break  # the end, or nothing there
                count += 1
                yield _stored(head, payload)
                first = int(_field(head, b"Nats-Sequence")) + 1
            if count < _DIRECT_BATCH:
                return

    def _message(self, words: list[bytes]) -> tuple[bytes, bytes, bytes, bytes]:
        with_headers = words[0] == b"HMSG"
        total = int(words[-1])
        head = int(words[-2]) if with_headers else 0
        reply = words[3] if len(words) == (6 if with_headers else 5) else b""
        body = self._file.read(total + 2)
        if len(body) < total + 2:
            raise ConnectionResetError("the server is gone")
        return words[1], reply, body[:head], body[head:total]


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return the whole messages that ``data`` begins with, and the rest."""
    at = 0
    while (end := data.find(b"\r\n", at)) >= 0:
        words = data[at:end].split()
        size = 0
        if words and words[0] in (b"MSG", b"HMSG"):
            size = int(words[-1]) + 2
        if end + 2 + size > len(data):
            break
        at = end + 2 + size
    return data[:at], data[at:]


def _field(head: bytes, name: bytes) -> bytes:
    return head.partition(name + b": ")[2].partition(b"\r\n")[0]


def _stored(head: bytes, payload: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Return sequence, subject, headers and payload of the answer to a direct get."""
    lines = head.split(b"\r\n")[1:-2]
    own = (*_OWN, b"Nats-Last-Sequence")
    kept = [line for line in lines if line.partition(b":")[0] not in own]
    headers = b"\r\n".join([b"NATS/1.0", *kept, b"", b""]) if kept else b""
    return int(_field(head, b"Nats-Sequence")), _field(head, b"Nats-Subject"), headers, payload

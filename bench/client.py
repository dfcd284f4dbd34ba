"""A small blocking NATS client: sees that a server answers, prepares streams, reads them back."""

import base64
import json
import socket
import ssl
from types import TracebackType
from typing import Any

from bench.errors import HarnessError

_INBOX = "_INBOX.prepare"
_CONNECT = b'CONNECT {"verbose":false,"pedantic":false,"headers":true,"protocol":1}\r\n'


class Client:
    """One connection to 127.0.0.1; ready once the server has sent INFO and answered PING.

    Raises OSError when nobody listens and HarnessError when what answers is no NATS server.
    """

    def __init__(self, port: int, timeout_s: float = 10.0, *, tls: bool = False) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._reader = self._socket.makefile("rb")
        self._requests = 0
        try:
            self._greet(tls=tls)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._reader.close()
        self._socket.close()

    def request(self, subject: str, body: object = None) -> dict[str, Any]:
        """Send ``body`` as JSON (nothing for None) and return the JSON object of the reply."""
        data = b"" if body is None else json.dumps(body).encode()
        self._requests += 1
        inbox = f"{_INBOX}.{self._requests}"
        self._socket.sendall(f"PUB {subject} {inbox} {len(data)}\r\n".encode() + data + b"\r\n")
        answer = self._await_message(inbox)
        if not isinstance(answer, dict) or "error" in answer:
            raise HarnessError(f"{subject}: {answer}")
        return answer

    def create_stream(
        self, name: str, subjects: list[str], storage: str = "file", **settings: object
    ) -> None:
        """Create a stream on files or in memory, its other settings at the server's defaults."""
        config = {"name": name, "subjects": subjects, "storage": storage, **settings}
        self.request(f"$JS.API.STREAM.CREATE.{name}", config)

    def create_consumer(self, stream: str, name: str, **config: object) -> None:
        """Create a durable consumer, its other settings at the server's defaults."""
        body = {"stream_name": stream, "config": {"durable_name": name, **config}}
        self.request(f"$JS.API.CONSUMER.CREATE.{stream}.{name}", body)

    def stream_state(self, name: str) -> dict[str, Any]:
        """Return ``state`` of the stream: ``messages``, ``first_seq``, ``last_seq`` and so on."""
        return dict(self.request(f"$JS.API.STREAM.INFO.{name}").get("state", {}))

    def stored_message(self, name: str, sequence: int) -> tuple[str, bytes]:
        """Return subject and payload of a message of the stream."""
        answer = self.request(f"$JS.API.STREAM.MSG.GET.{name}", {"seq": sequence})
        message = answer.get("message", {})
        return message.get("subject", ""), base64.b64decode(message.get("data", ""))

    def _greet(self, *, tls: bool) -> None:
        line = self._line()
        if not line.startswith(b"INFO "):
            raise HarnessError(f"expected INFO from the server, got {line[:60]!r}")
        if tls:
            self._start_tls()
        self._socket.sendall(_CONNECT + f"SUB {_INBOX}.* 1\r\nPING\r\n".encode())
        while not (line := self._line()).startswith(b"PONG"):
            self._serve(line)

    def _start_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Nobody else listens there: who the server is was settled when it was started.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._reader.close()
        self._socket = context.wrap_socket(self._socket)
        self._reader = self._socket.makefile("rb")

    def _await_message(self, subject: str) -> Any:
        while True:
            line = self._line()
            if not line.startswith((b"MSG ", b"HMSG ")):
                self._serve(line)
                continue
            fields = line.split()
            body = self._reader.read(int(fields[-1]) + 2)[:-2]
            if fields[0] == b"HMSG":
                raise HarnessError(f"instead of a reply came {body!r}")
            if fields[1] == subject.encode():
                return _decoded(body)

    def _serve(self, line: bytes) -> None:
        if line.startswith(b"PING"):
            self._socket.sendall(b"PONG\r\n")
        elif line.startswith(b"-ERR"):
            raise HarnessError(f"the server says {line.decode().strip()}")

    def _line(self) -> bytes:
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise HarnessError("the server closed the connection")
        return line


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise HarnessError(f"expected JSON, got {body[:60]!r}") from error

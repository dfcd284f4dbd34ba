"""The same bytes to our server and to the real nats-server, and what comes back from each."""

import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import headwater
from tests.support.nats_server import NatsServer

SECONDS = 10.0
# INFO fields that name the one server or the other, or what only a Go server has.
_IDENTITY = frozenset(
    [
        "client_id",
        "git_commit",
        "go",
        "headwater",
        "port",
        "server_id",
        "server_name",
        "xkey",
    ]
)


@dataclass(frozen=True)
class Step:
    """Bytes that one of the connections sends, and how to know that the answer is complete."""

    peer: str
    data: bytes
    mark: bytes | None = None  # read until this was seen; None: read nothing yet
    until_closed: bool = False
    times: int = 1  # how often the mark comes


@dataclass(frozen=True)
class Difference:
    """A script on which the two differ on purpose, and ``why``; ``ours`` is what we answer."""

    steps: Sequence[Step]
    ours: bytes  # what the first connection hears behind the greeting
    why: str


Script = Sequence[Step] | Difference


def connect(peer: str = "a", **options: object) -> Step:
    """A CONNECT with ``options`` over the usual ones, and a PING behind it."""
    fields = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True}
    return Step(
        peer, b"CONNECT " + json.dumps(fields | options).encode() + b"\r\nPING\r\n", b"PONG"
    )


def say(data: bytes, peer: str = "a", *, pongs: int = 0) -> Step:
    """Bytes with a PING behind them; reads up to its PONG, behind those of the PINGs in them."""
    times = pongs or data.upper().count(b"PING") + 1
    return Step(peer, data + b"PING\r\n", b"PONG\r\n", times=times)


def last(data: bytes, peer: str = "a") -> Step:
    """Bytes that make the server close the connection."""
    return Step(peer, data, until_closed=True)


def hear(mark: bytes, peer: str = "a") -> Step:
    """Nothing is sent; reads up to ``mark``."""
    return Step(peer, b"", mark)


def stays(data: bytes, **options: object) -> list[Step]:
    """A client with ``options`` that may send ``data``."""
    return [connect(**options), say(data)]


def closes(data: bytes, **options: object) -> list[Step]:
    """A client with ``options`` that is closed because of ``data``."""
    return [connect(**options), last(data)]


def apart(*pieces: bytes, peer: str = "a") -> list[Step]:
    """Pieces that are read one by one, as the server answers somebody else in between."""
    steps = []
    for piece in pieces:
        steps += [Step(peer, piece), say(b"", "another")]
    return steps


class Peer:
    """One connection of a play."""

    def __init__(self, port: int) -> None:
        self.received = b""
        self.closed = False
        self._read_from = 0  # where the search for the next mark begins
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.read(b" \r\n")

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            self.closed = True  # what it said before is still read

    def read(self, mark: bytes | None) -> None:
        """Read until ``mark`` was seen, or the server closes (``mark`` None: only then)."""
        deadline = time.monotonic() + SECONDS
        while mark is None or self.received.find(mark, self._read_from) < 0:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._socket.recv(1 << 20)
            except ConnectionError:
                data = b""
            if not data:
                self.closed = True
                return
            self.received += data
        self._read_from = self.received.find(mark, self._read_from) + len(mark)

    def hang_up(self) -> None:
        """Let the server know that nothing more comes."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.closed = True

    def finish(self) -> None:
        """Leave, and wait until the server has noticed."""
        self.hang_up()
        try:
            while self._socket.recv(1 << 20):
                pass
        except OSError:
            pass
        self._socket.close()


def play(port: int, steps: Sequence[Step]) -> dict[str, tuple[bytes, bool]]:
    """Return what each connection received, and whether the server closed it."""
    peers: dict[str, Peer] = {}
    try:
        for step in steps:
            if step.peer not in peers:
                peers[step.peer] = Peer(port)
            peer = peers[step.peer]
            if step.data:
                peer.send(step.data)
            if step.until_closed or step.mark is not None:
                for _ in range(step.times):
                    peer.read(step.mark)
        return {name: (normal(peer.received), peer.closed) for name, peer in peers.items()}
    finally:
        for peer in peers.values():
            peer.finish()


def normal(received: bytes) -> bytes:
    """Return the bytes with INFO lines reduced to what both servers must agree on."""
    lines = received.split(b"\r\n")
    for index, line in enumerate(lines):
        if line.startswith(b"INFO {"):
            fields = json.loads(line[5:])
            kept = {name: value for name, value in fields.items() if name not in _IDENTITY}
            tail = b" " if line.endswith(b" ") else b""
            lines[index] = b"INFO " + json.dumps(kept, sort_keys=True).encode() + tail
    return b"\r\n".join(lines)


class Duel:
    """Both servers with one configuration; ``run`` returns what each answered."""

    def __init__(self, program: Path, folder: Path, config: str) -> None:
        text = f'{config}\nhost: "127.0.0.1"\nport: -1\n'
        self.theirs = NatsServer(program, folder, config=text)
        self.ours = headwater.Server(text)

    def __enter__(self) -> "Duel":
        self.theirs.start()
        self.ours.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ours.stop()
        self.theirs.stop()

    def ports(self) -> tuple[int, int]:
        """Return where clients connect: to us, and to nats-server."""
        return int(self.ours.client_url.rpartition(":")[2]), self.theirs.port()

    def run(self, steps: Sequence[Step]) -> tuple[dict, dict]:
        ours, theirs = self.ports()
        return play(ours, steps), play(theirs, steps)

"""Generated scripts to nats-server and to us: ``python -m tests.server.differ``.

Transcripts are compared client by client.  What differs is played again, to be sure, then made as
small as it gets, and printed.
"""

import re
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from tests.fuzz.dice import Dice
from tests.server.duel import Duel, Peer, normal
from tests.server.generated_scripts import CONFIGS, Op, Script, make
from tests.support import differing

_MESSAGE = re.compile(
    rb"(?P<head>H?MSG [^ \r\n]+ )(?P<sid>[^ \r\n]+)(?P<reply>(?: [^ \r\n]+)??)"
    rb"(?P<sizes>(?: [0-9]+)? (?P<size>[0-9]+)\r\n)"
)
_INVALID_SUBJECT = b"-ERR 'Invalid Publish Subject'\r\n"
# What accounts are told of their clients that may not log in does not exist here yet.
_EVENTS = (b"MSG $SYS.ACCOUNT.CLIENT.AUTH.ERR ", b'{"type":"io.nats.server.advisory.')
_REFUSED = b"-ERR 'Unknown Protocol Operation'\r\n"
_NO_RESPONDERS = b"NATS/1.0 503\r\n"
# A difference has to show so many times; nats-server forgets a client a little after it is gone.

Transcripts = dict[str, tuple[list[bytes], bool]]


class Client(Peer):
    """One connection of a script."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._pongs = 0
        self.ended = False

    def say(self, data: bytes) -> None:
        """Say something, and wait until the server is through with it, or has closed."""
        self._pongs += 1
        self.send(data + b"PING\r\n")
        while not self.closed and self.received.count(b"PONG\r\n") < self._pongs:
            self.read(b"PONG\r\n")

    def end(self, data: bytes) -> None:
        """Say something, and no more; read what comes of it."""
        self.ended = True
        was_closed = self.closed
        self.send(data)
        self.hang_up()
        self.read(None)
        self.closed = was_closed


def play(port: int, script: Script) -> Transcripts:
    """Return what each client heard, operation by operation, and whether it was closed early."""
    clients: dict[str, Client] = {}
    try:
        for peer, ops in groupby(script.ops, key=lambda op: op.peer):
            client = clients.get(peer)
            if client is None:
                client = clients[peer] = Client(port)
            _say(client, list(ops))
        for client in clients.values():
            if not client.ended and not client.closed:
                client.say(b"")
                client.end(b"")
        return {name: (told(client.received), client.closed) for name, client in clients.items()}
    finally:
        for client in clients.values():
            client.finish()


def _say(client: Client, ops: list[Op]) -> None:
    data = b"".join(op.data for op in ops if not op.last)
    if data and not client.closed and not client.ended:
        client.say(data)
    for op in ops:
        if op.last and not client.closed and not client.ended:
            client.end(op.data)


def told(received: bytes) -> list[bytes]:
    """Return what a client heard, each operation by itself.

    Which of a client's subscriptions gets a message first, or is told that nobody answers, is
    nowhere promised; pings come when they come.
    """
    operations = list(_operations(normal(received)))
    ordered: list[bytes] = []
    for _, same in groupby(operations, key=_without_sid):
        ordered += sorted(same)
    ordered = [one for one in ordered if one != b"PING\r\n" and not one.startswith(_EVENTS)]
    # nats-server tells it of a message of which only the line has come, even twice, or what comes
    # behind the line is wrong; we do not.
    refused = ordered[-1:] == [_REFUSED]
    del ordered[len(ordered) - refused :]
    while ordered and ordered[-1] == _INVALID_SUBJECT:
        ordered.pop()
    return ordered + [_REFUSED] * refused


def _operations(received: bytes) -> Iterable[bytes]:
    at = 0
    while at < len(received):
        found = _MESSAGE.match(received, at)
        if found is None:
            end = received.find(b"\n", at) + 1 or len(received)
        else:
            end = found.end() + int(found["size"]) + 2
        operation = received[at:end]
        if found is not None and operation[len(found[0]) :].startswith(_NO_RESPONDERS):
            operation = _without_sid(operation)
        yield operation
        at = end


def _without_sid(operation: bytes) -> bytes:
    found = _MESSAGE.match(operation)
    if found is None:
        return operation
    return found["head"] + b"*" + operation[found.end("sid") :]


class Differ:
    """Both servers in every configuration, started when they are needed."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._duels: dict[int, Duel] = {}

    def __enter__(self) -> "Differ":
        return self

    def __exit__(self, *_: object) -> None:
        for duel in self._duels.values():
            duel.__exit__()

    def difference(self, script: Script) -> str:
        """Return in what the servers differ, nothing when they agree."""
        duel = self._duels.get(script.config)
        if duel is None:
            folder = self._folder / str(script.config)
            duel = Duel(self._program, folder, CONFIGS[script.config])
            self._duels[script.config] = duel.__enter__()
        outcomes = [outcome(port, script) for port in duel.ports()]
        if outcomes[0] == outcomes[1]:
            return ""
        return described(*outcomes)

    def confirmed(self, script: Script) -> str:
        """Return the difference if there is one every time."""
        return differing.confirmed(self.difference, script)

    def smallest(self, script: Script, seconds: float = 60) -> Script:
        """Return the smallest script found that differs as well."""
        until = time.monotonic() + seconds

        def fails(ops: tuple[Op, ...]) -> str:
            return self.confirmed(Script(script.config, ops))

        ops = differing.smallest(script.ops, fails, seconds)
        return self._with_less_said(Script(script.config, ops), until)

    def _with_less_said(self, script: Script, until: float) -> Script:
        """Take away parts of what is damaged."""
        for number, op in enumerate(script.ops):
            size = len(op.data) // 2 if op.last else 0
            while size and time.monotonic() < until:
                at = 0
                while at < len(op.data) and time.monotonic() < until:
                    less = Op(op.peer, op.data[:at] + op.data[at + size :], last=True)
                    ops = (*script.ops[:number], less, *script.ops[number + 1 :])
                    if self.confirmed(Script(script.config, ops)):
                        script, op = Script(script.config, ops), less
                    else:
                        at += size
                size //= 2
        return script


def outcome(port: int, script: Script) -> Transcripts | str:
    """Return the transcripts, or that the server does not answer."""
    try:
        return play(port, script)
    except TimeoutError:
        return "no answer in time"


def described(ours: Transcripts | str, theirs: Transcripts | str) -> str:
    """Return what differs, client by client."""
    if isinstance(ours, str) or isinstance(theirs, str):
        return f"  we: {ours}\n  nats-server: {theirs}"
    lines = []
    for name in ours:
        if ours[name] != theirs.get(name):
            lines += [f"  {name}, we:          {ours[name]}"]
            lines += [f"  {name}, nats-server: {theirs.get(name)}"]
    return "\n".join(lines)


def script_of(seed: int, number: int) -> Script:
    """Return the script ``number`` of a seed."""
    return make(Dice(f"script {seed} {number}"), number % len(CONFIGS))


def main(arguments: list[str]) -> int:
    asked = differing.Asked("tests.server.differ", arguments, "scripts", 5000, 300)
    with (
        tempfile.TemporaryDirectory(prefix="headwater-differ-") as folder,
        Differ(asked.program, Path(folder)) as differ,
    ):
        return compare(differ, asked.seed, asked.numbers, asked.seconds)


def compare(differ: Differ, seed: int, numbers: Iterable[int], seconds: float) -> int:
    """Play scripts; print what differs, and how many there were.  Return the exit code."""
    return differing.compare(differ, script_of, seed, numbers, seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Generated accounts to nats-server and to us: ``python -m tests.server.account_differ``.

Every configuration is played several scripts.  Transcripts are compared client by client.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from headwater.base.errors import HeadwaterError
from headwater.config.load import from_text
from tests.fuzz.dice import Dice
from tests.server.account_scripts import Op, Script, make_config, make_ops
from tests.server.duel import Duel, Peer
from tests.server.test_sharing import MADE_UP, told
from tests.support import differing

_SCRIPTS = 25  # of one configuration
_FAILURES_MAX = 5

Transcripts = dict[str, list[bytes]]


class Client(Peer):
    """One user's connection."""

    def __init__(self, port: int, user: str) -> None:
        super().__init__(port)
        self.answered = 0
        self.send(
            b'CONNECT {"verbose":false,"headers":true,"no_responders":true,'
            b'"user":"%b","pass":"p"}\r\n' % user.encode()
        )
        self.say(b"")

    def say(self, data: bytes) -> None:
        """Say something, and wait until the server is through with it."""
        self.send(data + b"PING\r\n")
        self.read(b"PONG\r\n")

    def answer(self) -> bytes:
        """Return an answer to the last request, if there is a new one."""
        found = MADE_UP.findall(self.received)
        if len(found) == self.answered:
            return b""
        self.answered = len(found)
        return b"PUB %b 6\r\nanswer\r\n" % found[-1]


def play(port: int, ops: Sequence[Op]) -> Transcripts:
    """Return what each client has heard."""
    clients: dict[str, Client] = {}
    try:
        for op in ops:
            client = clients.get(op.peer)
            if client is None:
                client = clients[op.peer] = Client(port, op.peer)
            for other in clients.values():
                other.say(b"")
            client.say(client.answer() if op.answer else op.data)
        for _ in range(2):
            for client in clients.values():
                client.say(b"")
        return {name: heard(client.received) for name, client in clients.items()}
    finally:
        for client in clients.values():
            client.finish()


def heard(received: bytes) -> list[bytes]:
    """Return what a client has heard but for pongs, and for which of its subscriptions is told."""
    found = [one.replace(b"PONG\r\n", b"") for one in told(received)]
    told_of = [re.sub(rb"^(inbox\.\S+ )\d+ (.*503)", rb"\1? \2", one, flags=re.S) for one in found]
    return sorted(one for one in told_of if one)


class Accounts:
    """Both servers with one configuration."""

    def __init__(self, program: Path, folder: Path, config: str) -> None:
        self.config = config
        self._program = program
        self._folder = folder
        self._duel: Duel | None = None

    def start(self) -> bool:
        """Start both; tell whether nats-server takes the configuration this time as well."""
        duel = Duel(self._program, self._folder, self.config)
        try:
            self._duel = duel.__enter__()
        except AssertionError:
            if "forms a cycle" not in duel.theirs.log():
                raise
        return self._duel is not None

    def __enter__(self) -> "Accounts":
        return self

    def __exit__(self, *_: object) -> None:
        if self._duel is not None:
            self._duel.__exit__()

    def difference(self, ops: Sequence[Op]) -> str:
        """Return in what the servers differ, nothing when they agree."""
        assert self._duel is not None
        ours, theirs = (play(port, ops) for port in self._duel.ports())
        return "\n".join(
            f"  {name}, we:          {ours[name]}\n  {name}, nats-server: {theirs[name]}"
            for name in ours
            if ours[name] != theirs[name]
        )

    def confirmed(self, ops: Sequence[Op]) -> str:
        """Return the difference if there is one every time."""
        return differing.confirmed(self.difference, ops)

    def smallest(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """Return the smallest script found that differs as well."""
        return differing.smallest(ops, self.confirmed)


def verdict(program: Path, folder: Path, config: str) -> str:
    """Return how the verdicts on a configuration differ, "refused" when neither takes it.

    What nats-server calls a cycle depends on the order in which it happens to come to the accounts.
    """
    path = folder / "check.conf"
    path.write_text(config)
    line = [str(program), "-t", "-c", str(path)]
    theirs = subprocess.run(line, capture_output=True, text=True, check=False)
    try:
        from_text(config, {})
    except HeadwaterError as error:
        return "refused" if theirs.returncode else f"only nats-server takes it: {error}"
    if theirs.returncode == 0:
        return ""
    return "refused" if "forms a cycle" in theirs.stderr else f"only we take it: {theirs.stderr}"


def compare(program: Path, folder: Path, seed: int, numbers: Sequence[int], seconds: float) -> int:
    """Play scripts to as many configurations as there are numbers; return the exit code."""
    until = time.monotonic() + seconds
    played = failures = 0
    for number in numbers:
        if time.monotonic() > until or failures >= _FAILURES_MAX:
            break
        config = make_config(Dice(f"accounts {seed} {number}"))
        text = verdict(program, folder, config)
        if text not in ("", "refused"):
            failures += 1
            print(f"configuration {number} of seed {seed}: {text}\n{config}")
        if text:
            continue
        accounts = Accounts(program, folder / str(number), config)
        if not accounts.start():
            continue
        with accounts:
            for script in range(_SCRIPTS):
                played += 1
                ops = make_ops(Dice(f"accounts {seed} {number} {script}"))
                if accounts.difference(ops) and accounts.confirmed(ops):
                    failures += 1
                    small = Script(config, accounts.smallest(ops))
                    print(f"script {script} of {number} of seed {seed} differs:\n{small}")
                    print(accounts.confirmed(small.ops) or accounts.confirmed(ops), flush=True)
                    break
    print(f"{played} scripts, {failures} differ")
    return 1 if failures else 0


def main(arguments: list[str]) -> int:
    asked = differing.Asked("tests.server.account_differ", arguments, "configs", 400, 3600)
    with tempfile.TemporaryDirectory(prefix="headwater-accounts-") as folder:
        return compare(asked.program, Path(folder), asked.seed, asked.numbers, asked.seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

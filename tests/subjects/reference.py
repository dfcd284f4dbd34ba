"""What the real nats-server makes of sources and destinations: one account for each pair."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.nats_server import NatsServer
from tests.support.raw_client import RawClient

#: Source and destination.
Pair = tuple[str, str]
_SUBJECT = re.compile(rb"Nats-Subject: (.*)\r\n")


def quoted(text: str) -> str:
    """Return ``text`` as a string of a configuration."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", escaped) + '"'


def configuration(pairs: Sequence[Pair]) -> str:
    """Return accounts, a line for each, with users ``u0``, ``u1``, … of the password ``p``."""
    lines = [
        f"A{number} {{ users: [{{user: u{number}, password: p}}], "
        f"mappings {{ {quoted(source)}: {quoted(destination)} }} }}"
        for number, (source, destination) in enumerate(pairs)
    ]
    return "accounts {\n" + "\n".join(lines) + "\n}\n"


def judge(program: Path, path: Path) -> str:
    """Return what nats-server says about the configuration file at ``path``."""
    line = [str(program), "-t", "-c", str(path)]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", timeout=60, check=False)
    return done.stdout + done.stderr


def verdicts(program: Path, folder: Path, pairs: Sequence[Pair]) -> list[str | None]:
    """Return what is wrong with each pair, None when nothing is."""
    path = folder / "verdicts.conf"
    path.write_text(configuration(pairs), "utf-8")
    text = judge(program, path)
    parts = re.split(rf"{re.escape(str(path))}:(\d+):\d+: ", text)
    found: list[str | None] = [None] * len(pairs)
    for number, said in zip(parts[1::2], parts[2::2], strict=True):
        assert said.startswith("Error adding mapping for "), said
        found[int(number) - 2] = said.rpartition('" : ')[2].rstrip("\n")
    assert ("is valid" in text) == (found == [None] * len(pairs)), text
    return found


def outcomes(server: NatsServer, subjects: Sequence[Sequence[bytes]]) -> list[tuple[bytes, ...]]:
    """Return where messages on some subjects go in each of the accounts that ``server`` has.

    It is read from what a requester is told that nobody answers.
    """
    return [_asked(server, f"u{number}", asked) for number, asked in enumerate(subjects)]


def _asked(server: NatsServer, user: str, subjects: Sequence[bytes]) -> tuple[bytes, ...]:
    with RawClient(server.port()) as client:
        client.connect(user=user, **{"pass": "p"}, no_responders=True)
        requests = b"".join(b"PUB %s _I 0\r\n\r\n" % subject for subject in subjects)
        client.send(b"SUB _I 1\r\n" + requests)
        return tuple(match[1] for match in _SUBJECT.finditer(client.flush()))

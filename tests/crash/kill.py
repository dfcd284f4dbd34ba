"""Rounds of ``kill -9`` against a server under full publishing load.

The command is ``python -m headwater server``; the environment variable HEADWATER_CRASH_SERVER names
another one that takes the same flags.
"""

import json
import os
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.crash.link import Link
from tests.support.wait import wait_until

WINDOW = 1000  # messages that may be unacknowledged
_START_SECONDS = 60
_READ_BATCH = 5000
_KEY_CHANCE = 0.1
_UPDATE_CHANCE = 0.2
_SEQUENCE = re.compile(rb'"seq":\s*(\d+)')
_FILLER = bytes(range(33, 127)) * 12


def payload_of(number: int) -> bytes:
    """Return the payload of message ``number``; its size and content follow from the number."""
    size = (number * 2_654_435_761 >> 7) % 300
    start = number % 90
    return b"%d " % number + _FILLER[start : start + size]


def subject_of(number: int) -> bytes:
    """Return the subject of message ``number``."""
    return b"crash.%d" % (number % 7)


class EndedError(AssertionError):
    """A server has ended before it was ready."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the server has ended with {code}")
        self.code = code


class ServerProcess(Protocol):
    """What is asked of a process."""

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""

    def kill(self) -> None:
        """Send SIGKILL."""

    def wait(self) -> int:
        """Return the exit code once it has ended."""


Start = Callable[[list[str], Path], ServerProcess]


def start_plain(flags: list[str], log: Path) -> ServerProcess:
    """Start the server that the environment names, by default ours."""
    given = os.environ.get("HEADWATER_CRASH_SERVER")
    command = shlex.split(given) if given else [sys.executable, "-m", "headwater", "server"]
    with log.open("ab") as file:
        return subprocess.Popen([*command, *flags], stdout=file, stderr=file)


class Server:
    """A server process on ``folder``."""

    def __init__(
        self, folder: Path, start: Start | None = None, config: Path | None = None
    ) -> None:
        self.ended_itself = True
        self._ports = folder / "ports"
        self._ports.mkdir(exist_ok=True)
        for path in self._ports.iterdir():
            path.unlink()
        flags = ["-js", "-sd", str(folder / "store"), "-a", "127.0.0.1", "-p", "-1"]
        flags += ["--ports_file_dir", str(self._ports)]
        if config is not None:
            flags += ["-c", str(config)]
        self.process = (start or start_plain)(flags, folder / "log")
        try:
            self.port = wait_until(self._read_port, _START_SECONDS, "the server writes its ports")
        except BaseException:
            self.kill()
            raise

    def kill_now(self) -> None:
        """Send the signal; ``ended_itself`` tells whether it had gone before."""
        self.ended_itself = self.process.poll() is not None
        self.process.kill()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()

    def _read_port(self) -> int:
        code = self.process.poll()
        if code is not None:
            raise EndedError(code)
        for path in self._ports.glob("*.ports"):
            try:
                urls = json.loads(path.read_text())["nats"]
            except ValueError:
                continue  # it is being written
            return int(urls[0].rpartition(":")[2])
        return 0


class Campaign:
    """A stream that a server keeps through one kill after the other."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._rng = random.Random(seed)
        self._numbers: list[int] = []  # the message of each sequence that was found, from 1 on
        self._acknowledged: dict[int, int] = {}  # since the last start: sequence -> message
        self._keys = 0  # that the store has had; the stream is plain, and then encrypted
        self.kills = 0
        self.published = 0
        self.acknowledged = 0
        self.checked = 0
        self.extra = 0  # stored, though no acknowledgement had come

    def run(self, rounds: int, report: Callable[[str], None] = lambda text: None) -> None:
        """Kill a server ``rounds`` times, and check everything in the end.

        Raises:
            AssertionError: something acknowledged is not there.
        """
        for number in range(rounds + 1):
            server = Server(self._folder, config=self._config())
            try:
                self._check(server.port, first=len(self._numbers) + 1)
                if number == rounds:
                    self._numbers = []
                    self._check(server.port, first=1)
                else:
                    self._load(server)
            finally:
                server.kill()
            if number and number % 10 == 0:
                report(f"{number} rounds, {self.acknowledged} messages acknowledged")

    def _config(self) -> Path:
        """Return the configuration of the next start: at times there is a key, or another one."""
        if self.kills and self._rng.random() < _KEY_CHANCE:
            self._keys += 1
        given = f'key: "{self._keys}"' if self._keys else ""
        if self._keys > 1:
            given += f', prev_key: "{self._keys - 1}"'
        path = self._folder / "server.conf"
        path.write_text(f"jetstream {{ {given} }}")
        return path

    def _load(self, server: Server) -> None:
        """Publish as much as the server takes, until it is killed in the middle of it."""
        link = Link(server.port)
        if self.kills == 0 or self._rng.random() < _UPDATE_CHANCE:
            config = {"name": "CRASH", "subjects": ["crash.>"], "storage": "file"}
            config["compression"] = self._rng.choice(["none", "s2"])
            verb = "UPDATE" if self.kills else "CREATE"
            link.request(f"$JS.API.STREAM.{verb}.CRASH", {**config, "num_replicas": 1})
        seconds = self._rng.uniform(0.02, 0.4)
        killer = threading.Timer(seconds, server.process.kill)
        killer.start()
        try:
            self._publish(link)
        except ConnectionError:
            self._take_last_acks(link)
        finally:
            killer.join()
            link.close()
        self.kills += 1
        self.acknowledged += len(self._acknowledged)

    def _publish(self, link: Link) -> None:
        waiting = 0
        while True:
            while waiting <= WINDOW // 2:
                link.send(self._encode(WINDOW // 2))
                waiting += WINDOW // 2
            self._take_ack(*link.receive())
            waiting -= 1

    def _take_last_acks(self, link: Link) -> None:
        """Take what the server had sent before its end."""
        try:
            while True:
                self._take_ack(*link.receive())
        except ConnectionError:
            pass

    def _encode(self, count: int) -> bytes:
        first = self.published
        self.published += count
        parts = []
        for number in range(first, first + count):
            data = payload_of(number)
            head = b"PUB %s _INBOX.crash.%d %d\r\n" % (subject_of(number), number, len(data))
            parts += [head, data, b"\r\n"]
        return b"".join(parts)

    def _take_ack(self, subject: bytes, _reply: bytes, _headers: bytes, payload: bytes) -> None:
        found = _SEQUENCE.search(payload)
        assert found is not None, f"not an acknowledgement: {payload!r}"
        sequence = int(found[1])
        assert sequence > len(self._numbers), f"sequence {sequence} was given out before"
        assert sequence not in self._acknowledged, f"sequence {sequence} was given out twice"
        self._acknowledged[sequence] = int(subject.rpartition(b".")[2])

    def _check(self, port: int, first: int) -> None:
        """Read the stream from ``first`` on and compare it with what was acknowledged."""
        if self.kills == 0:
            return
        link = Link(port)
        try:
            last = link.request("$JS.API.STREAM.INFO.CRASH", {})["state"]["last_seq"]
            for sequence, message in self._read(link, first, last):
                self._check_message(sequence, message)
        finally:
            link.close()
        missing = sorted(seq for seq in self._acknowledged if seq > len(self._numbers))
        assert not missing, f"{len(missing)} acknowledged messages are lost, from {missing[0]} on"
        self.extra += max(0, last - first + 1 - len(self._acknowledged)) if first > 1 else 0
        self.checked += last - first + 1
        self._acknowledged = {}

    def _check_message(self, sequence: int, message: tuple[bytes, bytes]) -> None:
        subject, payload = message
        assert sequence == len(self._numbers) + 1, f"{sequence} follows {len(self._numbers)}"
        number = int(payload.partition(b" ")[0])
        assert payload == payload_of(number), f"sequence {sequence} has another content"
        assert subject == subject_of(number), f"sequence {sequence} has another subject"
        wanted = self._acknowledged.get(sequence, number)
        assert number == wanted, f"sequence {sequence} is message {number}, not {wanted}"
        self._numbers.append(number)

    def _read(self, link: Link, first: int, last: int):
        """Yield (sequence, (subject, payload)) from ``first`` to ``last``, through a consumer."""
        name = f"check{time.monotonic_ns()}"
        config = {
            "name": name,
            "ack_policy": "none",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": first,
            "inactive_threshold": 60_000_000_000,
            "mem_storage": True,
        }
        if first > last:
            return
        subject = f"$JS.API.CONSUMER.CREATE.CRASH.{name}"
        link.request(subject, {"stream_name": "CRASH", "config": config})
        ask = json.dumps({"batch": _READ_BATCH, "no_wait": True}).encode()
        sequence = first
        while sequence <= last:
            next_subject = b"$JS.API.CONSUMER.MSG.NEXT.CRASH." + name.encode()
            line = b"PUB %s _INBOX.crash.next %d\r\n%s\r\n" % (next_subject, len(ask), ask)
            link.send(line)
            for _ in range(min(_READ_BATCH, last - sequence + 1)):
                subject_, reply, headers, payload = link.receive()
                assert reply, f"the server says {headers!r} instead of sequence {sequence}"
                yield int(reply.split(b".")[5]), (subject_, payload)
                sequence += 1

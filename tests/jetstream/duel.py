"""The same script against our server and the real nats-server, and what each of them said.

    @on_both
    def test_something(play):
        play.stream("S", subjects=["s.>"])
        play.put("s.a", b"1")

runs the function once for either server on a fresh account of names and compares the two
transcripts.  A transcript has a line for each answer and each message, in the order in which the
script asked for them; what may differ (times, ids) is replaced.
"""

import json
import os
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.jetstream import error_plays
from tests.server.processes import ServerProcess
from tests.support.nats_server import NatsServer

SECONDS = float(os.environ.get("DUEL_SECONDS", "10"))
SECOND_NS = 10**9
MILLISECOND_NS = 10**6

# Of a consumer's info, what its creation has shown already.
_FIXED = ("type", "stream_name", "name", "created", "config", "ts")

_TIME = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_ACK = re.compile(rb"(\$JS\.ACK\.[^ .]+\.[^ .]+\.\d+\.\d+\.\d+)\.\d+\.(\d+)")
_FLOW = re.compile(rb"(\$JS\.FC\.[^ .]+\.[^ .]+)\.[^ .\"]+")
_SPANS = re.compile(rb'("(?:ack_time|pause_remaining)"): ?\d+')
_ID = re.compile(rb'"id": ?"[A-Za-z0-9]{22}"')
_ACCOUNT = re.compile(rb'"account": ?"[^"]*"')
_PIN = re.compile(r'(?:Nats-Pin-Id: |"pinned(?:_client)?_id": ?")([A-Za-z0-9]{22})')

_STUCK = "stuck: "
_TRIES = 3
_ACCOUNTS = 400  # at least as many as there are plays in a session


class Stuck(AssertionError):
    """Something did not come in time."""


Script = Callable[["Play"], None]


@dataclass
class Received:
    """One message; ``headers`` is the block without its first line, ``status`` what is on that."""

    subject: str
    reply: str
    status: str
    headers: list[str]
    payload: bytes

    def header(self, name: str) -> str:
        """Return the value of a header, empty when there is none."""
        found = [line.partition(": ")[2] for line in self.headers if line.startswith(f"{name}: ")]
        return found[0] if found else ""

    @property
    def code(self) -> int:
        """The number of the status, 0 for a message that has none."""
        return int(self.status[:3]) if self.status else 0


@dataclass
class _Inbox:
    subject: str
    waiting: deque[Received] = field(default_factory=deque)


class Play:
    """A client that writes down what it hears."""

    def __init__(self, server: "AnyServer", account: int) -> None:
        self.server = server
        self.user = f"p{account}"
        self.transcript: list[str] = []
        self._names: dict[str, str] = {}  # what is replaced in the transcript
        self._pins: dict[str, str] = {}  # as are the ids of pinned clients, in their order
        self._inboxes: dict[str, _Inbox] = {}
        self._sids: dict[str, str] = {}
        self._serial = 0
        self.restarted = False
        self._pulls = 0
        self._pongs = 0
        self._end = time.monotonic() + 3 * SECONDS  # of the whole play
        self._connect()

    # What is written down

    def note(self, text: str) -> None:
        """Add a line to the transcript."""
        for pin in _PIN.findall(text):
            self._pins.setdefault(pin, f"PIN {len(self._pins) + 1}")
        for name, shown in (self._names | self._pins).items():
            text = text.replace(name, shown)
        self.transcript.append(normal(text.encode()).decode())

    def hide(self, name: str, shown: str) -> None:
        """Show ``name``, which the server made up, as ``shown``."""
        self._names[name] = shown

    def _note_message(self, label: str, message: Received) -> None:
        shown = " | ".join(
            part
            for part in (
                message.subject if not message.subject.startswith("_INBOX") else "",
                f"reply {message.reply}" if message.reply else "",
                f"status {message.status}" if message.status else "",
                *message.headers,
                message.payload.decode("utf-8", "replace"),
            )
            if part
        )
        self.note(f"{label} <- {shown}")

    # The connection

    def _connect(self) -> None:
        port = int(self.server.client_url.rpartition(":")[2])
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        user = {"user": self.user, "pass": "p"}
        options = {"verbose": False, "headers": True, "no_responders": True, "protocol": 1, **user}
        self._send(b"CONNECT " + json.dumps(options).encode() + b"\r\n")
        for sid, inbox in self._inboxes.items():
            self._send(f"SUB {inbox.subject} {sid}\r\n".encode())
        self.flush()

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def become(self, user: str) -> None:
        """Leave, and come again as somebody else."""
        self.close()
        self.user = user
        self._connect()

    def restart(self, *, hard: bool = False) -> None:
        """Let the server end, by a signal or by killing it, and start again on the same store."""
        self.restarted = True
        self._socket.close()
        self.server.restart(hard=hard)
        self._come_back()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the server be down meanwhile."""
        self.restarted = True
        self._socket.close()
        self.server.stop()
        yield
        self.server.start()
        self._come_back()

    def _come_back(self) -> None:
        self._connect()
        # Recovery may go on for a moment.
        self.wait(lambda: b'"error"' not in self._request("$JS.API.INFO").payload, "JetStream")

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except ConnectionError:
            raise Stuck("the server has closed the connection") from None

    def _read(self, until: Callable[[], Any], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        if time.monotonic() > self._end:
            raise Stuck("the play takes too long")
        while not until():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                raise Stuck(f"not within {seconds} s: {what}")
            try:
                data = self._socket.recv(1 << 20)
            except ConnectionError:
                data = b""
            if not data:
                raise Stuck("the server has closed the connection")
            self._received += data
            self._parse()

    def _parse(self) -> None:
        while (end := self._received.find(b"\r\n")) >= 0:
            line = self._received[:end]
            verb, *arguments = line.decode().split(" ")
            size = int(arguments[-1]) if verb in ("MSG", "HMSG") else -2
            if len(self._received) < end + 2 + size + 2:
                return
            body = self._received[end + 2 : end + 2 + max(0, size)]
            self._received = self._received[end + 2 + size + 2 :]
            if verb == "PONG":
                self._pongs += 1
            elif verb == "PING":
                self._send(b"PONG\r\n")
            elif verb == "-ERR":
                self.note(line.decode())
            elif size >= 0:
                self._take(arguments, verb == "HMSG", body)

    def _take(self, arguments: list[str], with_headers: bool, body: bytes) -> None:
        fixed = 4 if with_headers else 3
        reply = arguments[2] if len(arguments) > fixed else ""
        status, lines = "", []
        if with_headers:
            block, body = body[: int(arguments[-2])], body[int(arguments[-2]) :]
            first, *lines = block.decode().rstrip("\r\n").split("\r\n")
            status = first.removeprefix("NATS/1.0").strip()
        inbox = self._inboxes.get(arguments[1])
        if inbox is not None:
            inbox.waiting.append(Received(arguments[0], reply, status, lines, body))

    def flush(self) -> None:
        """Wait until the server has read everything that was sent."""
        wanted = self._pongs + 1
        self._send(b"PING\r\n")
        self._read(lambda: self._pongs >= wanted, SECONDS, "PONG")

    # Plain messages

    def listen(self, subject: str, queue: str = "") -> str:
        """Subscribe; the name of the inbox, for ``hear``, is the subject."""
        self._serial += 1
        sid = str(self._serial)
        self._inboxes[sid] = _Inbox(subject)
        self._sids[subject] = sid
        self._send(f"SUB {subject} {queue} {sid}\r\n".encode())
        return subject

    def ignore(self, subject: str) -> None:
        """Unsubscribe."""
        sid = self._sids.pop(subject)
        self._send(f"UNSUB {sid}\r\n".encode())
        self.flush()
        del self._inboxes[sid]

    def send(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        reply: str = "",
        headers: Mapping[str, str] | bytes | None = None,
    ) -> None:
        """Publish; ``headers`` is a mapping or a whole block."""
        if headers is None:
            self._send(f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + b"\r\n")
            return
        block = headers
        if not isinstance(block, bytes):
            fields = "".join(f"{name}: {value}\r\n" for name, value in block.items())
            block = f"NATS/1.0\r\n{fields}\r\n".encode()
        sizes = f"{len(block)} {len(block) + len(payload)}"
        self._send(f"HPUB {subject} {reply} {sizes}\r\n".encode() + block + payload + b"\r\n")

    def waiting(self, inbox: str) -> int:
        """Return how many messages have come and were not heard."""
        return len(self._queue(inbox))

    def _queue(self, inbox: str) -> deque[Received]:
        return self._inboxes[self._sids[inbox]].waiting

    def hear(self, inbox: str, count: int = 1, *, note: bool = True) -> list[Received]:
        """Wait for so many messages; return them."""
        queue = self._queue(inbox)
        self._read(lambda: len(queue) >= count, SECONDS, f"{count} messages at {inbox}")
        found = [queue.popleft() for _ in range(count)]
        if note:
            for message in found:
                self._note_message(inbox, message)
        return found

    def hear_until(self, inbox: str, code: int) -> list[Received]:
        """Hear up to and with a status message of ``code``."""
        found: list[Received] = []
        while not found or found[-1].code != code:
            found += self.hear(inbox)
        return found

    def rest(self, inbox: str) -> int:
        """Note what has come without being heard; ask only when it is known to have come."""
        self.flush()
        return len(self.hear(inbox, self.waiting(inbox)))

    def quiet(self, inbox: str, milliseconds: int) -> None:
        """Note what comes within a time that is long enough for it."""
        try:
            self._read(lambda: self.waiting(inbox), milliseconds / 1000, "nothing")
        except Stuck:
            self.note(f"{inbox} is quiet")
        else:
            self.hear(inbox)

    def give_time(self, inbox: str, milliseconds: int) -> None:
        """Wait for so long, or until something has come, which is noted when it is heard."""
        deadline = time.monotonic() + milliseconds / 1000
        while not self.waiting(inbox):
            self.flush()
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return

    def settle(self, milliseconds: int) -> None:
        """Wait until nothing has come for so long."""
        self.flush()
        while select.select([self._socket], [], [], milliseconds / 1000)[0]:
            self.flush()

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Ask again until it is so."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise Stuck(f"not within {SECONDS} s: {what}")
            select.select([], [], [], 0.01)

    def wait_message(self, inbox: str, matches: Callable[[Received], bool]) -> Received:
        """Hear, and note nothing, up to a message that ``matches``."""
        while True:
            (message,) = self.hear(inbox, note=False)
            if matches(message):
                return message

    # JetStream

    def _request(self, subject: str, payload: bytes = b"", **options: Any) -> Received:
        self._serial += 1
        inbox = self.listen(f"_INBOX.request.{self._serial}")
        self.send(subject, payload, reply=inbox, **options)
        (answer,) = self.hear(inbox, note=False)
        sid = self._sids.pop(inbox)
        self._send(f"UNSUB {sid}\r\n".encode())
        del self._inboxes[sid]
        return answer

    def request(
        self, subject: str, payload: bytes = b"", *, note: bool = True, **options: Any
    ) -> Received:
        """Return the answer to a message."""
        answer = self._request(subject, payload, **options)
        if note:
            self._note_message(f"{subject} {payload[:80].decode('utf-8', 'replace')}", answer)
        return answer

    def ask(self, verb: str, body: Any = b"", *, note: bool = True, **options: Any) -> Any:
        """Return the answer of the API, as a value."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        subject = f"$JS.API.{verb}"
        answer = self.request(subject, data, **options) if note else self._request(subject, data)
        return json.loads(answer.payload) if answer.payload[:1] == b"{" else answer

    def stream(self, name: str, **config: Any) -> Any:
        """Create a stream."""
        return self.ask(f"STREAM.CREATE.{name}", {"name": name, **config})

    def update(self, name: str, **config: Any) -> Any:
        """Update a stream."""
        return self.ask(f"STREAM.UPDATE.{name}", {"name": name, **config})

    def state(self, name: str, **asked: Any) -> Any:
        """Note the state of a stream, and return it."""
        answer = self.ask(f"STREAM.INFO.{name}", asked or b"", note=False)
        state = answer.get("state", answer)
        self.note(f"state {name}: {json.dumps(state)}")
        return state

    def wait_state(self, name: str, **wanted: Any) -> None:
        """Wait for the state of a stream to have such fields, then note it."""

        def reached() -> bool:
            state = self.ask(f"STREAM.INFO.{name}", note=False)["state"]
            return all(state.get(key, 0) == value for key, value in wanted.items())

        self.wait(reached, f"state {wanted} of {name}")
        self.state(name)

    def put(
        self, subject: str, payload: bytes = b"", headers: Mapping[str, str] | bytes | None = None
    ) -> Received:
        """Publish into a stream, and note the acknowledgement."""
        return self.request(subject, payload, headers=headers)

    def fill(self, subject: str, count: int, size: int = 0) -> None:
        """Publish ``count`` messages, noting the last acknowledgement."""
        for number in range(count - 1):
            self.send(subject, b"%d" % number + bytes(size))
        self.put(subject, b"%d" % (count - 1) + bytes(size))

    def consumer(self, stream: str, name: str, /, *, action: str = "", **config: Any) -> Any:
        """Create or update a consumer; a durable one unless ``config`` names it otherwise."""
        if "name" not in config:
            config = {"durable_name": name, **config}
        body = {"stream_name": stream, "config": config, "action": action}
        return self.ask(f"CONSUMER.CREATE.{stream}.{name}", body)

    def info(self, stream: str, consumer: str, *, note: bool = True, times: bool = True) -> Any:
        """Note what a consumer has come to; with ``times``, when it last did something."""
        answer = self.ask(f"CONSUMER.INFO.{stream}.{consumer}", note=False)
        shown = {key: value for key, value in answer.items() if key not in _FIXED}
        if self.restarted or not times:
            # nats-server does not remember these times over a restart, we do.
            for part in ("delivered", "ack_floor"):
                shown.get(part, {}).pop("last_active", None)
        if note:
            self.note(f"info {consumer}: {json.dumps(shown)}")
        return answer

    def wait_info(self, stream: str, consumer: str, **wanted: Any) -> Any:
        """Wait for fields of a consumer's info, then note it."""

        def reached() -> bool:
            answer = self.info(stream, consumer, note=False)
            return all(answer.get(key, False) == value for key, value in wanted.items())

        self.wait(reached, f"info {wanted} of {consumer}")
        return self.info(stream, consumer)

    def pull(self, stream: str, consumer: str, **asked: Any) -> str:
        """Ask for messages; return the inbox that they come to.  ``raw`` is the body as it is."""
        self._pulls += 1
        inbox = self.listen(f"_INBOX.pull.{self._pulls}")
        body = asked["raw"] if "raw" in asked else json.dumps(asked).encode()
        self.send(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", body, reply=inbox)
        return inbox

    def fetch(self, stream: str, consumer: str, count: int = 1) -> list[Received]:
        """Ask for so many messages, which are there or will come, and hear them."""
        asked = {"batch": count, "expires": int(SECONDS * SECOND_NS)}
        return self.hear(self.pull(stream, consumer, **asked), count)

    def take(self, stream: str, consumer: str, count: int = 1) -> list[Received]:
        """Hear what is there, up to so many messages."""
        inbox = self.pull(stream, consumer, batch=count, no_wait=True)
        found = self.hear(inbox)
        while found[-1].code == 0 and len(found) < count:
            found += self.hear(inbox)
        return [message for message in found if message.code == 0]

    def ack(self, message: Received, verb: bytes = b"+ACK") -> None:
        """Acknowledge a message, and wait until the server has taken that."""
        self.request(message.reply, verb)


class AnyServer(Protocol):
    """What a play needs of a server."""

    @property
    def client_url(self) -> str: ...

    def restart(self, *, hard: bool) -> None: ...

    def start(self) -> Any: ...

    def stop(self) -> None: ...


class Ours:
    """Our server as a process, with its store below ``folder``."""

    def __init__(self, folder: Path, config: str) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._config = folder / "server.conf"
        self._config.write_text(config)
        self._process: ServerProcess | None = None
        self.client_url = ""
        self.start()

    def start(self) -> None:
        self._process = ServerProcess(self.folder, "-c", str(self._config))
        self.client_url = f"nats://127.0.0.1:{self._process.wait_ready()}"

    def stop(self, *, hard: bool = False) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if hard:
            process.process.kill()
        else:
            process.process.terminate()
        process.process.communicate(timeout=SECONDS)

    def restart(self, *, hard: bool) -> None:
        self.stop(hard=hard)
        self.start()

    def log(self) -> str:
        """Return what it has printed since it started last."""
        return (self.folder / "stderr.log").read_text()


class Theirs(NatsServer):
    """The real one."""

    def restart(self, *, hard: bool) -> None:
        self._end(hard=hard)
        self.start()


class Duel:
    """Both servers, with one configuration; ``limits`` are those of an account's JetStream."""

    def __init__(self, program: Path, folder: Path, config: str = "", limits: str = "") -> None:
        def text(name: str, more: str) -> str:
            store = json.dumps(str(folder / name / "store"))
            return (
                'server_name: "DUEL"\nhost: "127.0.0.1"\nport: -1\n'
                f"jetstream {{ store_dir: {store}\n{config} }}\n{more}"
            )

        # A stream that nats-server was told to delete may come back when it is made again at once:
        # each play has an account of its own there.
        enabled = f"{{ {limits} }}" if limits else "enabled"
        accounts = ", ".join(
            f"P{n}: {{ jetstream: {enabled}, users: [{{user: p{n}, password: p}}] }}"
            for n in range(_ACCOUNTS)
        )
        # Accounts without JetStream.
        others = (
            "NONE: {users: [{user: none, password: p}]}, $SYS: {users: [{user: sys, password: p}]}"
        )
        named = f"accounts {{ {accounts}, {others} }}\n"
        self._plays = 0
        self.ours = Ours(folder / "ours", text("ours", named if limits else ""))
        self.theirs = Theirs(program, folder / "theirs", config=text("theirs", named))
        self.theirs.start()

    def stop(self) -> None:
        """End both."""
        self.ours.stop()
        self.theirs.stop()

    def run(self, script: Script) -> tuple[list[str], list[str]]:
        """Return the transcripts of our server and of theirs."""
        self._plays += 1
        return play(self.ours, script, 0), play(self.theirs, script, self._plays)

    def compare(self, script: Script) -> None:
        """Let the test fail if the two say something else, or do not say what is waited for.

        nats-server counts some things a moment after it has answered, so a difference has to show
        every time.
        """
        for _ in range(_TRIES):
            ours, theirs = self.run(script)
            if ours == theirs:
                break
        else:
            pytest.fail(difference(ours, theirs), pytrace=False)
        assert not any(line.startswith(_STUCK) for line in ours), ours
        missing = error_plays.codes_of(script) - error_plays.codes_in(ours)
        assert not missing, f"error_plays.json says that this shows {sorted(missing)}"


def play(server: AnyServer, script: Script, account: int) -> list[str]:
    """Run a script, and take away the streams that it has left behind."""
    run = Play(server, account)
    try:
        try:
            script(run)
        except Stuck as error:
            run.note(f"{_STUCK}{error}")
        return list(run.transcript)
    finally:
        run.close()
        _clean(server, account)


def _clean(server: AnyServer, account: int) -> None:
    run = Play(server, account)
    try:
        for name in run.ask("STREAM.NAMES", note=False).get("streams") or []:
            run.ask(f"STREAM.DELETE.{name}", note=False)
    finally:
        run.close()


def on_both(script: Script) -> Callable[[Duel], None]:
    """Make a test of a script: its transcripts have to be the same."""

    @pytest.mark.hub
    def test(duel: Duel) -> None:
        duel.compare(script)

    test.__name__ = test.__qualname__ = script.__name__
    test.__doc__ = script.__doc__
    test.__module__ = script.__module__
    return test


def difference(ours: list[str], theirs: list[str]) -> str:
    """Return the lines that differ, each from a little before the first difference."""
    lines = []
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    for _, start, end, other_start, other_end in (block for block in blocks if block[0] != "equal"):
        pairs = zip_longest(ours[start:end], theirs[other_start:other_end], fillvalue="")
        for mine, other in pairs:
            same = next(
                (
                    place
                    for place, pair in enumerate(zip(mine, other, strict=False))
                    if pair[0] != pair[1]
                ),
                min(len(mine), len(other)),
            )
            first = max(0, same - 70) if same > 120 else 0
            lines += [
                f"at  {mine[:100]}" if first else "",
                f"  theirs {other[first : same + 200]}",
                f"  ours   {mine[first : same + 200]}",
            ]
    return "\n".join(lines)


def normal(text: bytes) -> bytes:
    """Return text with times and random ids replaced."""
    text = _TIME.sub(b"TIME", text)
    text = _ACK.sub(rb"\1.TIME.\2", text)
    text = _FLOW.sub(rb"\1.ID", text)
    text = _SPANS.sub(rb"\1:NS", text)
    text = _ACCOUNT.sub(b'"account":"ACCOUNT"', text)
    return _ID.sub(b'"id":"ID"', text)

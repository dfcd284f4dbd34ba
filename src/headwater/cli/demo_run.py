"""The supervisor of the demonstration: starts everything, breaks things, and keeps the books."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import nats.errors
from nats.js.errors import APIError

from headwater.base.errors import HeadwaterError
from headwater.cli.demo_app import Settings
from headwater.cli.demo_hub import Hub
from headwater.cli.demo_journal import Balance, Journal, balance, decode
from headwater.cli.demo_link import Link
from headwater.cli.demo_plan import Step, steps
from headwater.edge.node import guarded

DOMAIN = "edge-1"
STREAM = "EDGE"
_READY_S = 60.0
_CATCH_UP_S = 90.0
_RESTART_S = 45.0
CUTS_MIN = 3
KILLS_MIN = 3


class DemoError(HeadwaterError):
    """The demonstration could not be carried out; the text says at which point."""


@dataclass(frozen=True)
class DemoOptions:
    """What the command was asked for."""

    seconds: float
    source: str = ""
    model: str = ""
    node_command: str = ""


@dataclass
class Fault:
    """A fault of the machine, on the wall clock, and when the model noticed."""

    begun_ns: int
    noticed_ns: int = 0


@dataclass
class Picture:
    """What the view shows: the books as they stand."""

    journal: Journal = field(default_factory=Journal)
    at_hub: int = 0
    node_kills: int = 0
    app_kills: int = 0
    phase: str = "starting"
    hub_version: str = ""
    begun_s: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    balance: Balance | None = None
    link: Link | None = None

    @property
    def kills(self) -> int:
        return self.node_kills + self.app_kills

    @property
    def passed(self) -> bool:
        """Whether the demonstration shows what it promises."""
        return (
            self.balance is not None
            and self.balance.holds
            and self.link is not None
            and self.link.cuts >= CUTS_MIN
            and self.kills >= KILLS_MIN
        )


class Demo:
    """One demonstration in ``folder``; ``say`` is told what happens, ``picture`` shows it."""

    def __init__(self, options: DemoOptions, folder: Path, say: Callable[[str], None]) -> None:
        self.picture = Picture()
        self._options = options
        self._folder = folder
        self._say = say
        self._hub = Hub(folder / "hub")
        self._link: Link = Link(self._hub.leaf_port)
        self._machine: subprocess.Popen[bytes] | None = None
        self._app: subprocess.Popen[bytes] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._begun_ns = time.time_ns()

    async def run(self) -> Picture:
        """Carry it out; raises DemoError or HubError when something does not start."""
        poller: asyncio.Task[None] | None = None
        try:
            await self._start()
            poller = asyncio.create_task(self._poll_hub())
            self.picture.phase = "running"
            await self._carry_out(steps(self._options.seconds))
            await self._finish()
            return self.picture
        finally:
            if poller is not None:
                poller.cancel()
            await self._stop()

    # ---- starting and stopping

    async def _start(self) -> None:
        await self._hub.start()
        self.picture.hub_version = self._hub.version
        await self._link.start()
        self.picture.link = self._link
        self._start_machine()
        self._start_app()
        await self._wait_for(lambda: bool(self.picture.journal.acked), _READY_S, "the first event")
        await self._wait_for(lambda: self._link.connected, _READY_S, "the link")
        # Only now: a hub that cannot reach the node at once asks again after a long while.
        await self._hub.source(DOMAIN, STREAM)
        self._link.forget_outages()
        self.picture.begun_s = time.monotonic()

    def _start_machine(self) -> None:
        self._machine = subprocess.Popen(
            guarded([sys.executable, "-m", "headwater.cli.demo_machine"]),
            stdin=subprocess.PIPE,
            start_new_session=True,  # what interrupts us shall not interrupt it
        )

    def _start_app(self) -> None:
        read_end, write_end = os.pipe()
        with open(self._folder / "app.log", "ab") as output:
            self._app = subprocess.Popen(
                guarded([sys.executable, "-m", "headwater.cli.demo_app"]),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[write_end],
                start_new_session=True,
            )
        os.close(write_end)
        self.picture.journal.begin_run()
        _tell(self._app, msgspec.json.encode(self._settings(write_end)))
        self._reader = asyncio.create_task(self._read_journal(read_end))

    def _settings(self, journal: int) -> Settings:
        return Settings(
            store=str(self._folder / "edge"),
            hub_url=f"nats-leaf://127.0.0.1:{self._link.port}",
            hub_user=self._hub.user,
            hub_password=self._hub.password,
            machine_pid=self._machine.pid if self._machine is not None else 0,
            begun_ns=self._begun_ns,
            period_s=0.1,
            fit_on=20,
            journal=journal,
            source=self._options.source,
            model=self._options.model,
            node_command=self._options.node_command,
        )

    async def _stop(self) -> None:
        _close_input(self._app)
        _close_input(self._machine)
        for process in (self._app, self._machine):
            if process is not None:
                try:
                    await asyncio.to_thread(process.wait, 15.0)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._link.stop()
        await self._hub.stop()

    # ---- the books

    async def _read_journal(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        pipe = os.fdopen(descriptor, "rb")
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                notes = len(self.picture.journal.notes)
                self.picture.journal.take(decode(line))
                for note in self.picture.journal.notes[notes:]:
                    self._say(note)
                self._changed.set()
        finally:
            transport.close()

    async def _poll_hub(self) -> None:
        while True:
            with suppress(nats.errors.Error, APIError):  # the next one tells
                self.picture.at_hub = await self._hub.count()
                self._changed.set()
            await asyncio.sleep(0.25)

    async def _wait_for(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            if self._app is not None and self._app.poll() is not None:
                raise DemoError(f"the application ended before {what}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise DemoError(f"waited {within_s:.0f} s for {what}: {self._last_words()}")
            self._changed.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.5)

    def _last_words(self) -> str:
        lines = []
        for name in ("app.log", "edge/node.log"):
            path = self._folder / name
            if path.exists():
                lines += path.read_text(errors="replace").splitlines()[-2:]
        return " | ".join(lines) or "nothing was logged"

    # ---- breaking things

    async def _carry_out(self, planned: list[Step]) -> None:
        begun = time.monotonic()
        for step in planned:
            await asyncio.sleep(max(0.0, begun + step.at_s - time.monotonic()))
            await self._take(step.action)
        await asyncio.sleep(max(0.0, begun + self._options.seconds - time.monotonic()))

    async def _take(self, action: str) -> None:
        match action:
            case "cut":
                await self._link.cut()
                self._say("link cut: connections refused")
            case "cut_silent":
                await self._link.cut(silent=True)
                self._say("link cut: nothing arrives, nobody is told")
            case "restore":
                await self._link.restore()
                self._say("link restored")
            case "kill_node":
                await self._kill_node()
            case "kill_app":
                await self._kill_app()
            case "fault" | "well":
                self._tell_machine(action)

    async def _kill_node(self) -> None:
        journal = self.picture.journal
        await self._emission()
        starts = journal.node_starts
        with suppress(ProcessLookupError):
            os.kill(journal.node_pid, signal.SIGKILL)
        self.picture.node_kills += 1
        self._say(f"kill -9 of the node (pid {journal.node_pid})")
        await self._wait_for(lambda: journal.node_starts > starts, _RESTART_S, "a new node")

    async def _kill_app(self) -> None:
        if self._app is None or self._reader is None:
            raise DemoError("there is no application to kill")
        await self._emission()
        self._app.kill()
        self.picture.app_kills += 1
        self._say(f"kill -9 of the application (pid {self._app.pid}), its node dies with it")
        await asyncio.to_thread(self._app.wait)
        await self._reader  # what it still wrote counts
        _close_input(self._app)
        acked = len(self.picture.journal.acked)
        self._start_app()
        await self._wait_for(
            lambda: len(self.picture.journal.acked) > acked, _RESTART_S, "the restarted application"
        )

    async def _emission(self) -> None:
        """Wait until an event is on its way: the worst moment to be killed."""
        emitted = len(self.picture.journal.emitted)
        await self._wait_for(
            lambda: len(self.picture.journal.emitted) > emitted, _RESTART_S, "another event"
        )

    def _tell_machine(self, state: str) -> None:
        _tell(self._machine, state.encode())
        if state == "fault":
            self.picture.faults.append(Fault(time.time_ns()))
        self._say(
            "the machine is put into its fault" if state == "fault" else "the machine is well"
        )

    # ---- the end

    async def _finish(self) -> None:
        self.picture.phase = "catching up"
        _tell(self._app, b"finish")
        journal = self.picture.journal
        await self._wait_for(lambda: journal.finished, _CATCH_UP_S, "the last events to be kept")
        messages = await self._caught_up()
        self.picture.balance = balance(journal, (identifier for identifier, _, _ in messages))
        self.picture.at_hub = len(messages)
        for _, subject, body in messages:
            if subject.endswith(".anomaly") and body["state"] == "anomaly":
                self._notice(body["captured_ns"])
        self.picture.phase = "done"

    async def _caught_up(self) -> list[tuple[str, str, Any]]:
        """Return the hub's events once nothing waits at the node any more, or time is up."""
        deadline = time.monotonic() + _CATCH_UP_S
        while True:
            messages = await self._hub.messages()
            ids = {identifier for identifier, _, _ in messages}
            if self.picture.journal.acked <= ids and await self._hub.lag() == 0:
                return messages
            if time.monotonic() > deadline:
                self._say("the hub did not catch up in time")
                return messages
            await asyncio.sleep(0.25)

    def _notice(self, captured_ns: int) -> None:
        for fault in reversed(self.picture.faults):
            if fault.begun_ns <= captured_ns:
                fault.noticed_ns = fault.noticed_ns or captured_ns
                return


def _tell(process: subprocess.Popen[bytes] | None, line: bytes) -> None:
    if process is not None and process.stdin is not None:
        with suppress(OSError):  # it has ended: whoever waits for it says so
            process.stdin.write(line + b"\n")
            process.stdin.flush()


def _close_input(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()

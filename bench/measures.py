"""How one sample of each row is taken: a fresh server, one load, one figure.

Each row has a check as well, run once per side before the samples: the same kind of load, with
every delivered byte compared.  Streams have their measures in ``stream_measures``.
"""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Protocol

from bench import loadgen, machine
from bench.client import Client
from bench.errors import HarnessError
from bench.servers import JETSTREAM, Setup, Side, running

_QUICK_DIVISOR = 50
_CHECKED_MESSAGES = 50_000
_CHECKED_BYTES = 256 * 1024 * 1024
_WARMUP_ROUND_TRIPS = 500
_PACED_PER_S = 20_000
_PACED_SECONDS = 5
_PACE_SLACK = 1.5
_SETTLE_S = 1.0
_OWN_DESCRIPTORS = 200


@dataclass(frozen=True)
class Sample:
    """One figure in the unit of its row, and figures taken with it that are reported only."""

    value: float
    also: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Effort:
    """How much work a sample is; ``quick`` is for trying the harness, its figures mean little."""

    quick: bool = False

    def count(self, full: int) -> int:
        """Return how many messages to send instead of ``full``."""
        return max(1, full // _QUICK_DIVISOR) if self.quick else full

    def seconds(self, full: float) -> float:
        """Return how long to wait or to run instead of ``full``."""
        return full / 10 if self.quick else full


class Measure(Protocol):
    """What a row measures."""

    def check(self, side: Side, effort: Effort) -> None:
        """Raise HarnessError when the server does not do what is going to be measured."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return one figure, taken from a fresh server."""


@dataclass(frozen=True)
class PubSub:
    """Publishers to subscribers through the core; counts deliveries, or messages where nobody is.

    Every subscriber gets the messages of every publisher, or, with ``queue``, one of them gets
    each; ``messages`` are per publisher.  ``interests`` are subscriptions of the one subscriber,
    two of which meet each subject.
    """

    messages: int
    size: int
    pubs: int = 1
    subs: int = 1
    subjects: int = 1
    interests: int = 0
    queue: bool = False
    tls: bool = False
    accounts: str = ""  # a configuration in which "sub" subscribes, and anybody may publish

    def check(self, side: Side, effort: Effort) -> None:
        """Compare every delivered byte; one subscriber listens even if the samples have none."""
        count = effort.count(min(_CHECKED_MESSAGES, _CHECKED_BYTES // self.size))
        with running(side, self._setup()) as server:
            self._load(server.port, count, subs=max(1, self.subs), check=1, block=count)

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return deliveries (published messages without subscribers) per second."""
        with running(side, self._setup()) as server:
            done = self._load(server.port, effort.count(self.messages), subs=self.subs)
        return Sample((done["delivered"] if self.subs else done["published"]) / done["seconds"])

    def _load(self, port: int, messages: int, **options: int) -> dict[str, float]:
        return loadgen.run(
            "pubsub",
            port,
            pubs=self.pubs,
            size=self.size,
            subjects=self.subjects if self.interests else min(self.subjects, messages),
            interests=self.interests,
            queue=int(self.queue),
            tls=int(self.tls),
            login=int(bool(self.accounts)),
            messages=messages,
            **options,
        )

    def _setup(self) -> Setup:
        return Setup(tls=self.tls, config=self.accounts)


@dataclass(frozen=True)
class Requests:
    """Requests of one connection answered by another, at most ``window`` of them under way."""

    messages: int
    size: int
    window: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare every byte of the answers themselves."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return answered requests per second."""
        count = effort.count(self.messages)
        with running(side) as server:
            done = loadgen.run(
                "request", server.port, messages=count, size=self.size, window=self.window
            )
        return Sample(done["delivered"] / done["seconds"])


@dataclass(frozen=True)
class Latency:
    """Request and reply between two connections, one at a time; ``figure`` is p50 or p99."""

    round_trips: int
    size: int
    figure: str = "p50"

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare every byte themselves."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return the round trip in µs that ``figure`` names, with the other one."""
        count, warmup = effort.count(self.round_trips), effort.count(_WARMUP_ROUND_TRIPS)
        with running(side) as server:
            done = loadgen.run(
                "latency", server.port, messages=count, size=self.size, warmup=warmup
            )
        other = "p99" if self.figure == "p50" else "p50"
        return Sample(done[f"{self.figure}_us"], {f"{other}_us": done[f"{other}_us"]})


@dataclass(frozen=True)
class StartTime:
    """From the start of the process until a client has INFO and PONG; JetStream on, store empty."""

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: a server that does not answer gives no sample."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return milliseconds."""
        with running(side, JETSTREAM) as server:
            return Sample(server.start_ms)


@dataclass(frozen=True)
class Memory:
    """Resident memory after so many messages (one publisher, one subscriber) and a pause."""

    messages: int
    size: int = 128

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the load counts what is delivered."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return MB."""
        with running(side, JETSTREAM) as server:
            if self.messages:
                count = effort.count(self.messages)
                loadgen.run("pubsub", server.port, messages=count, size=self.size)
            time.sleep(effort.seconds(_SETTLE_S))
            return Sample(machine.resident_mb(server.pid))


@dataclass(frozen=True)
class IdleConnections:
    """Resident memory with so many connections that are open and do nothing."""

    connections: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: a connection that is not answered gives no sample."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return MB."""
        count = effort.count(self.connections)
        machine.allow_descriptors(count + _OWN_DESCRIPTORS)
        with running(side) as server, contextlib.ExitStack() as stack:
            for _ in range(count):
                stack.enter_context(Client(server.port))
            time.sleep(effort.seconds(_SETTLE_S))
            return Sample(machine.resident_mb(server.pid))


@dataclass(frozen=True)
class CpuPerMessage:
    """CPU time of the server while one publisher sends to one subscriber at a fixed rate."""

    size: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the load counts what is delivered."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return µs of user and system time per message."""
        count = int(effort.seconds(_PACED_SECONDS) * _PACED_PER_S)
        with running(side, JETSTREAM) as server:
            before_s = machine.cpu_seconds(server.pid)
            done = loadgen.run(
                "pubsub", server.port, messages=count, size=self.size, rate=_PACED_PER_S
            )
            used_s = machine.cpu_seconds(server.pid) - before_s
        if done["seconds"] > _PACE_SLACK * count / _PACED_PER_S:
            raise HarnessError(
                f"{count} messages took {done['seconds']:.1f} s: the rate is not kept"
            )
        return Sample(used_s / count * 1_000_000)

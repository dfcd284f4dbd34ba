"""How one sample of each row about streams is taken: a fresh server, one load, one figure.

Each row that stores has a check as well, run once per side before the samples: what was
acknowledged is read back and compared.
"""

import time
from dataclasses import dataclass, field

from bench import loadgen, machine
from bench.client import Client
from bench.errors import HarnessError
from bench.measures import Effort, Sample
from bench.servers import JETSTREAM, Running, Setup, Side, fresh_folder, running, running_in

STREAM, STREAM_SUBJECT = "BENCH", "bench.js"
_WINDOW = 1_000
_CHECKED_MESSAGES = 1_000
_SETTLE_S = 1.0
_RECOVERY_TIMEOUT_S = 60.0
_ATTEMPT_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Load:
    """One publisher, at most ``window`` messages without acknowledgement, to new streams.

    With ``streams`` beyond one it publishes to each in turn, else on ``subjects`` in turn.
    """

    messages: int
    window: int = _WINDOW
    size: int = 128
    subjects: int = 1
    streams: int = 1
    storage: str = "file"

    def run(self, port: int, messages: int, **options: int) -> dict[str, float]:
        """Create the streams, publish so many messages and compare what the streams say."""
        with Client(port) as client:
            for name, subject in self._streams().items():
                client.create_stream(name, [subject], self.storage)
        done = loadgen.run(
            "jspub",
            port,
            messages=messages,
            size=self.size,
            window=self.window,
            subjects=self.subjects,
            streams=self.streams,
            **options,
        )
        check_count(port, list(self._streams()), messages)
        return done

    def check(self, port: int, messages: int) -> None:
        """Run, then read back every message and compare its subject and payload.

        Raises HarnessError naming the first that is not what the load generator published.
        """
        block = max(messages, self.window, self.subjects)
        block += -block % self.streams
        self.run(port, messages, block=block)
        names = list(self._streams())
        with Client(port) as client:
            for number in range(messages):
                name, sequence = names[number % len(names)], number // len(names) + 1
                due = self._subject(number), loadgen.payload(number, self.size)
                if (stored := client.stored_message(name, sequence)) != due:
                    raise HarnessError(
                        f"message {sequence} of {name} is stored as {stored}, published as {due}"
                    )

    def _streams(self) -> dict[str, str]:
        """Return the subject of each stream by its name."""
        if self.streams > 1:
            return {f"{STREAM}{i}": self._subject(i) for i in range(self.streams)}
        return {STREAM: STREAM_SUBJECT if self.subjects == 1 else f"{STREAM_SUBJECT}.>"}

    def _subject(self, number: int) -> str:
        distinct = self.streams if self.streams > 1 else self.subjects
        return STREAM_SUBJECT if distinct == 1 else f"{STREAM_SUBJECT}.{number % distinct:08}"


@dataclass(frozen=True)
class JetStreamPublish:
    """The rate at which a load is acknowledged.

    ``their_sync_always`` makes nats-server sync each message before its acknowledgement;
    ``their_messages`` replaces the number of messages there, where that is orders of magnitude
    slower.
    """

    load: Load
    their_messages: int | None = None
    their_sync_always: bool = False

    def check(self, side: Side, effort: Effort) -> None:
        """Read back what was acknowledged."""
        with running(side, self._setup(side)) as server:
            self.load.check(server.port, effort.count(_CHECKED_MESSAGES))

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return acknowledged messages per second."""
        theirs = side.name == "theirs" and self.their_messages
        with running(side, self._setup(side)) as server:
            done = self.load.run(server.port, effort.count(theirs or self.load.messages))
        return Sample(done["acknowledged"] / done["seconds"])

    def _setup(self, side: Side) -> Setup:
        sync_always = self.their_sync_always and side.name == "theirs"
        return Setup(jetstream=True, sync_always=sync_always)


@dataclass(frozen=True)
class _Filled:
    """What is measured of a server that has so many messages of 128 B in one stream on files."""

    messages: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare the state of the stream."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Fill a stream and return the figure."""
        count = effort.count(self.messages)
        with running(side, JETSTREAM) as server:
            before_mb = self._before(server, effort)
            Load(count).run(server.port, count)
            return self._figure(server, effort, before_mb)

    def _before(self, server: Running, effort: Effort) -> float:
        """Return what the figure needs from before the load."""
        return 0

    def _figure(self, server: Running, effort: Effort, before_mb: float) -> Sample:
        raise NotImplementedError


class Purge(_Filled):
    """From the request to purge the whole stream until its answer, in ms."""

    def _figure(self, server: Running, effort: Effort, before_mb: float) -> Sample:
        with Client(server.port) as client:
            started_s = time.perf_counter()
            answer = client.request(f"$JS.API.STREAM.PURGE.{STREAM}")
            taken_ms = (time.perf_counter() - started_s) * 1000
        if answer.get("purged") != effort.count(self.messages):
            raise HarnessError(f"the purge of the whole stream says {answer}")
        return Sample(taken_ms)


class DiskBytes(_Filled):
    """The size of all files of the store, in MB, once what is under way has settled."""

    def _figure(self, server: Running, effort: Effort, before_mb: float) -> Sample:
        time.sleep(effort.seconds(_SETTLE_S))
        return Sample(machine.folder_mb(server.store))


@dataclass(frozen=True)
class StreamMemory(_Filled):
    """Resident memory in MB, a second after the load; what of it the load took is told beside.

    With ``growth`` it is the other way round.
    """

    growth: bool = field(default=False, kw_only=True)

    def _before(self, server: Running, effort: Effort) -> float:
        time.sleep(effort.seconds(_SETTLE_S))
        return machine.resident_mb(server.pid)

    def _figure(self, server: Running, effort: Effort, before_mb: float) -> Sample:
        time.sleep(effort.seconds(_SETTLE_S))
        after_mb = machine.resident_mb(server.pid)
        if self.growth:
            return Sample(after_mb - before_mb, {"resident_mb": after_mb})
        return Sample(after_mb, {"above_idle_mb": after_mb - before_mb})


@dataclass(frozen=True)
class Recovery:
    """From a start after a kill until the answer for a stream of so many messages of 128 B."""

    messages: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare the state of the stream."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return milliseconds."""
        count = effort.count(self.messages)
        with fresh_folder(side) as folder:
            with running_in(folder, side, JETSTREAM, killed=True) as server:
                Load(count).run(server.port, count)
            with running_in(folder, side, JETSTREAM) as server:
                _await_stream(server.port)
                taken_ms = (time.perf_counter() - server.started_s) * 1000
                check_count(server.port, [STREAM], count)
        return Sample(taken_ms)


def check_count(port: int, names: list[str], messages: int) -> None:
    """Compare how many messages the streams have with what they got in turn.

    Raises HarnessError naming the first that has another number.
    """
    with Client(port) as client:
        for number, name in enumerate(names):
            count = (messages - number + len(names) - 1) // len(names)
            state = client.stream_state(name)
            if (state.get("messages"), state.get("last_seq")) != (count, count):
                raise HarnessError(
                    f"{count} messages were acknowledged, the stream {name} says {state}"
                )


def _await_stream(port: int) -> None:
    deadline_s = time.perf_counter() + _RECOVERY_TIMEOUT_S
    while True:
        # An early request may be lost, or be told that there is no such stream yet.
        try:
            with Client(port, _ATTEMPT_TIMEOUT_S) as client:
                client.stream_state(STREAM)
                return
        except (TimeoutError, HarnessError) as error:
            if time.perf_counter() > deadline_s:
                raise HarnessError(f"the stream does not come back: {error}") from error

"""What the application of the demonstration tells its supervisor, and what that makes of it.

The records go through a pipe to the process that does the killing and is never killed: an
acknowledgement that was written to the pipe is known, whatever becomes of the writer.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from headwater.edge import Ack, Stats


class Emitted(msgspec.Struct, tag="emitted"):
    """The application is about to store this event."""

    id: str


class Acked(msgspec.Struct, tag="acked"):
    """The node has acknowledged this event."""

    id: str


class NodeStarted(msgspec.Struct, tag="node"):
    """A node process was started."""

    pid: int


class Counted(msgspec.Struct, tag="counted"):
    """The counters of this run of the application."""

    frames: int
    dropped: int
    raw_bytes: int
    failures: int
    resent: int


class Noted(msgspec.Struct, tag="noted"):
    """Something for the reader."""

    text: str


class Finished(msgspec.Struct, tag="finished"):
    """The sources have ended and everything they gave is stored."""


Entry = Emitted | Acked | NodeStarted | Counted | Noted | Finished


class JournalWriter:
    """The application's end of the pipe; also the Observer of its EdgeApp."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._encoder = msgspec.json.Encoder()

    def write(self, entry: Entry) -> None:
        """Write one line; whole, as it is shorter than what a pipe takes at once."""
        os.write(self._descriptor, self._encoder.encode(entry) + b"\n")

    def emitting(self, event_id: str) -> None:
        self.write(Emitted(event_id))

    def acknowledged(self, ack: Ack) -> None:
        self.write(Acked(ack.event_id))

    def count(self, stats: Stats) -> None:
        """Write the counters."""
        self.write(
            Counted(stats.frames, stats.dropped, stats.raw_bytes, stats.failures, stats.resent)
        )


@dataclass
class Journal:
    """All that has been told, over all runs of the application."""

    emitted: set[str] = field(default_factory=set)
    acked: set[str] = field(default_factory=set)
    node_pid: int = 0
    node_starts: int = 0
    finished: bool = False
    notes: list[str] = field(default_factory=list)
    runs: list[Counted] = field(default_factory=list)

    def begin_run(self) -> None:
        """A new process of the application counts from nought."""
        self.runs.append(Counted(0, 0, 0, 0, 0))
        self.finished = False

    def take(self, entry: Entry) -> None:
        """Add one record."""
        match entry:
            case Emitted(id=event_id):
                self.emitted.add(event_id)
            case Acked(id=event_id):
                self.acked.add(event_id)
            case NodeStarted(pid=pid):
                self.node_pid, self.node_starts = pid, self.node_starts + 1
            case Counted():
                self.runs[-1] = entry
            case Noted(text=text):
                self.notes.append(text)
            case Finished():
                self.finished = True

    @property
    def frames(self) -> int:
        return sum(run.frames for run in self.runs)

    @property
    def dropped(self) -> int:
        return sum(run.dropped for run in self.runs)

    @property
    def raw_bytes(self) -> int:
        return sum(run.raw_bytes for run in self.runs)

    @property
    def failures(self) -> int:
        return sum(run.failures for run in self.runs)

    @property
    def resent(self) -> int:
        return sum(run.resent for run in self.runs)


_DECODER = msgspec.json.Decoder(Entry)


def decode(line: bytes) -> Entry:
    """Return the record that a line of the pipe holds."""
    return _DECODER.decode(line)


@dataclass(frozen=True)
class Balance:
    """The outcome: what was emitted and acknowledged, and what the hub has of it."""

    emitted: int
    acked: int
    at_hub: int
    missing: tuple[str, ...]
    duplicated: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every acknowledged event is at the hub exactly once (and there were some)."""
        return self.acked > 0 and not self.missing and not self.duplicated


def balance(journal: Journal, hub_ids: Iterable[str]) -> Balance:
    """Compare the journal with the ids in the hub's stream."""
    counts = Counter(hub_ids)
    return Balance(
        emitted=len(journal.emitted),
        acked=len(journal.acked),
        at_hub=len(counts),
        missing=tuple(sorted(journal.acked - counts.keys())),
        duplicated=tuple(sorted(name for name, count in counts.items() if count > 1)),
    )

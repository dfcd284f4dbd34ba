"""What a stream must be after some records, worked out the slow and obvious way."""

from dataclasses import dataclass, field, replace
from typing import Any

from headwater.store.record import CONFIG, DELETE, MESSAGE, PURGE, SKIP, TRIM
from headwater.store.stream_work import Purge
from headwater.subjects.validate import matches

BASE_BYTES = 30
HEADER_BYTES = 4


@dataclass(frozen=True)
class Entry:
    """One record as it was proposed."""

    kind: int
    name: bytes
    payload: bytes
    sequence: int
    headers: bytes = b""


@dataclass(frozen=True)
class Limits:
    """What a CONFIG record sets."""

    messages_max: int = -1
    bytes_max: int = -1
    per_subject_max: int = -1
    discards_new: bool = False

    def encode(self) -> bytes:
        """Return the payload of the CONFIG record."""
        numbers = (self.messages_max, self.bytes_max, self.per_subject_max, int(self.discards_new))
        return b",".join(b"%d" % number for number in numbers)

    @classmethod
    def decode(cls, payload: bytes) -> "Limits":
        """Take the payload of a CONFIG record apart."""
        messages_max, bytes_max, per_subject_max, discards_new = map(int, payload.split(b","))
        return cls(messages_max, bytes_max, per_subject_max, bool(discards_new))


@dataclass(frozen=True)
class Picture:
    """Everything that can be seen of a stream: two that are alike compare equal."""

    messages: dict[int, tuple[bytes, bytes, bytes]]  # sequence -> subject, headers, payload
    bytes: int
    first: int
    last: int
    subjects: dict[bytes, int]  # how many messages each has
    limits: Limits
    applied: tuple[Any, ...]  # the owner's records: how many, and the last of each name


@dataclass
class Oracle:
    """A stream, as a dictionary."""

    messages: dict[int, tuple[bytes, bytes, bytes]] = field(default_factory=dict)
    last: int = 0
    limits: Limits = field(default_factory=Limits)
    owner_records: int = 0
    owner_state: dict[bytes, bytes] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Let a record have its effect."""
        if entry.kind == MESSAGE:
            self.last = entry.sequence
            self.messages[entry.sequence] = (entry.name, entry.headers, entry.payload)
            self._limit_subject(entry.name)
        elif entry.kind == DELETE:
            self.messages.pop(int.from_bytes(entry.payload, "little"), None)
        elif entry.kind == TRIM:
            self._remove_below(int.from_bytes(entry.payload, "little"))
        elif entry.kind == PURGE:
            self._purge(Purge.decode(entry.name, entry.payload))
        elif entry.kind == SKIP:
            self.last = max(self.last, entry.sequence)
        else:
            self._apply_owners(entry)
        self._limit()

    def copy(self) -> "Oracle":
        """Return one of the same state."""
        return replace(self, messages=dict(self.messages), owner_state=dict(self.owner_state))

    def bytes(self) -> int:
        """Return what the stream counts for."""
        return sum(map(message_bytes, self.messages.values()))

    def picture(self) -> Picture:
        """Return what should be seen of the stream."""
        subjects: dict[bytes, int] = {}
        for subject, _, _ in self.messages.values():
            subjects[subject] = subjects.get(subject, 0) + 1
        return Picture(
            dict(self.messages),
            self.bytes(),
            min(self.messages, default=self.last + 1),
            self.last,
            subjects,
            self.limits,
            (self.owner_records, tuple(sorted(self.owner_state.items()))),
        )

    def _apply_owners(self, entry: Entry) -> None:
        self.owner_records += 1
        if entry.kind == CONFIG:
            self.limits = Limits.decode(entry.payload)
            for subject in {subject for subject, _, _ in self.messages.values()}:
                self._limit_subject(subject)
        else:
            self.owner_state[entry.name] = entry.payload

    def _remove_below(self, bound: int) -> None:
        self.messages = {s: parts for s, parts in self.messages.items() if s >= bound}

    def _purge(self, purge: Purge) -> None:
        found = [
            sequence
            for sequence, (subject, _, _) in sorted(self.messages.items())
            if sequence < purge.bound and (not purge.pattern or matches(purge.pattern, subject))
        ]
        for sequence in found[: max(0, len(found) - purge.keep)]:
            del self.messages[sequence]

    def _limit_subject(self, subject: bytes) -> None:
        if self.limits.per_subject_max > 0:
            found = sorted(s for s, parts in self.messages.items() if parts[0] == subject)
            for sequence in found[: max(0, len(found) - self.limits.per_subject_max)]:
                del self.messages[sequence]

    def _limit(self) -> None:
        limits = self.limits
        if limits.discards_new:
            return
        while self.messages and (
            (limits.messages_max > 0 and len(self.messages) > limits.messages_max)
            or (limits.bytes_max > 0 and self.bytes() > limits.bytes_max)
        ):
            del self.messages[min(self.messages)]


def message_bytes(parts: tuple[bytes, bytes, bytes]) -> int:
    """Return what a message counts for in a file stream."""
    subject, headers, payload = parts
    size = BASE_BYTES + len(subject) + len(headers) + len(payload)
    return size + HEADER_BYTES if headers else size

"""What a client may expect of streams and consumers: plain lists and dictionaries, no store.

A stream's history is the list of its pictures, one for each operation that was sent, in order. What
was acknowledged is the lower bound of what a power cut may leave, what was sent is the upper one.
"""

from dataclasses import dataclass, field

from headwater.store.record import CONFIG
from tests.sim.oracle import Entry, Limits, Oracle

Parts = tuple[bytes, bytes, bytes]  # subject, headers, payload


@dataclass(frozen=True)
class Picture:
    """A stream as a client sees it; ``marks`` are the descriptions that tell versions apart."""

    messages: dict[int, Parts]
    last: int
    mark: str
    consumers: dict[str, str]  # name -> mark


@dataclass
class StreamModel:
    """One stream."""

    mark: str
    limits: Limits
    oracle: Oracle = field(default_factory=Oracle)
    consumers: dict[str, str] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Let a record have its effect."""
        self.oracle.apply(entry)

    def configure(self, mark: str, limits: Limits) -> None:
        """Let a configuration be in force."""
        self.mark, self.limits = mark, limits
        self.oracle.apply(Entry(CONFIG, b"", limits.encode(), 0))

    def copy(self) -> "StreamModel":
        """Return one of the same state."""
        return StreamModel(self.mark, self.limits, self.oracle.copy(), dict(self.consumers))

    def picture(self) -> Picture:
        """Return what should be seen of it."""
        oracle = self.oracle
        return Picture(dict(oracle.messages), oracle.last, self.mark, dict(self.consumers))


@dataclass(frozen=True)
class Step:
    """A stream after one operation; None for no stream."""

    number: int
    picture: Picture | None
    model: StreamModel | None


class History:
    """What became of one name.

    ``ghosts`` are operations that were answered with an error: they may come back with a power cut
    until something later is acknowledged.
    """

    def __init__(self, name: str, *, takes_away: bool = False, max_age_ns: int = 0) -> None:
        self.name = name
        self.takes_away = takes_away  # whether acknowledged messages leave the stream
        self.max_age_ns = max_age_ns
        self.count = 0  # of operations
        self.steps = [Step(0, None, None)]  # the first one is certain
        self.ghosts: list[Step] = []
        self.proposed_last = 0  # the last sequence that was given out
        self.times: dict[int, int] = {}  # when each message was published
        self.ends: dict[int, float] = {}  # when a message is to go that says so itself
        self.ids: dict[bytes, int] = {}  # ids for the duplicate window -> sequence
        self.acks: dict[str, Acks] = {}  # mark of a consumer -> its acknowledgements

    @property
    def model(self) -> StreamModel | None:
        """The stream after everything that was sent."""
        return self.steps[-1].model

    @property
    def certain(self) -> Picture | None:
        """The stream after everything that was acknowledged."""
        return self.steps[0].picture

    def add(self, model: StreamModel | None) -> int:
        """An operation was sent: ``model`` is the stream after it; return its number."""
        self.count += 1
        self.steps.append(Step(self.count, None if model is None else model.picture(), model))
        return self.count

    def acknowledge(self, number: int) -> None:
        """An operation was answered: it lasts, with everything before it.

        Raises:
            AssertionError: it had failed.
        """
        if number <= self.steps[0].number:
            return
        found = [at for at, step in enumerate(self.steps) if step.number == number]
        assert found, f"{self.name}: operation {number} is acknowledged, and had failed before"
        del self.steps[: found[0]]
        self.ghosts = [ghost for ghost in self.ghosts if ghost.number > number]

    def fail(self, number: int) -> None:
        """An operation failed, and with it what was sent behind it and not answered."""
        self.ghosts += [step for step in self.steps[1:] if step.number >= number]
        self.steps[1:] = [step for step in self.steps[1:] if step.number < number]

    def found(self, picture: Picture | None, model: StreamModel | None) -> None:
        """A start has shown this: nothing else may be seen any more."""
        if model is not None and picture is not None:
            model = model.copy()
            model.oracle.messages = dict(picture.messages)
        self.count += 1
        self.steps = [Step(self.count, picture, model)]
        self.ghosts = []
        self.proposed_last = 0 if picture is None else picture.last

    def moment(self, now_ns: int) -> "StreamMoment":
        """Return what a power cut may leave now."""
        views = {mark: acks.view() for mark, acks in self.acks.items()}
        return StreamMoment(self, (*self.steps, *self.ghosts), views, self._expired(now_ns))

    def _expired(self, now_ns: int) -> frozenset[int]:
        """Return the messages that are too old, and may be gone."""
        if not self.max_age_ns:
            return frozenset()
        return frozenset(
            number
            for number, time_ns in self.times.items()
            if self.ends.get(number, time_ns + self.max_age_ns) <= now_ns
        )


@dataclass
class Acks:
    """What one consumer was told: both lists only grow."""

    pattern: bytes
    sent: list[int] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)

    def view(self) -> "AckView":
        """Return what is known now."""
        return AckView(self, len(self.sent), len(self.confirmed))


@dataclass(frozen=True)
class AckView:
    """The acknowledgements of a consumer as they were at some moment."""

    acks: Acks
    sent_count: int
    confirmed_count: int

    @property
    def sent(self) -> set[int]:
        return set(self.acks.sent[: self.sent_count])

    @property
    def confirmed(self) -> set[int]:
        return set(self.acks.confirmed[: self.confirmed_count])


@dataclass(frozen=True)
class StreamMoment:
    """What may be found of one stream after a power cut at a moment."""

    history: History
    allowed: tuple[Step, ...]
    acks: dict[str, AckView]
    expired: frozenset[int]  # messages that may be gone for their age

    @property
    def key(self) -> tuple[int, ...]:
        """What tells apart moments at which something else is expected."""
        numbers = [step.number for step in self.allowed]
        for view in self.acks.values():
            numbers += (view.sent_count, view.confirmed_count)
        return tuple(numbers)

    def find(self, seen: Picture | None) -> Step | None:
        """Return the step that fits what was seen, None when none does."""
        return next((step for step in self.allowed if self._fits(step.picture, seen)), None)

    def _fits(self, picture: Picture | None, seen: Picture | None) -> bool:
        if picture is None or seen is None:
            return picture is seen
        if (picture.last, picture.mark, picture.consumers) != (
            seen.last,
            seen.mark,
            seen.consumers,
        ):
            return False
        if picture.messages == seen.messages:
            return True
        if not seen.messages.items() <= picture.messages.items():
            return False
        gone = picture.messages.keys() - seen.messages.keys()
        return gone <= self.expired | self.taken_away()

    def taken_away(self) -> set[int]:
        """Return the messages whose acknowledgement has or has not taken them out by now."""
        if not self.history.takes_away:
            return set()
        return set().union(*[view.sent for view in self.acks.values()])

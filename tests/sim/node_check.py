"""Judges what a start makes of a disk: nothing acknowledged missing, nothing undone or invented."""

from dataclasses import dataclass
from typing import Any

from headwater.subjects.validate import matches
from tests.sim.node_model import AckView, Picture, Step, StreamMoment
from tests.sim.node_world import World
from tests.sim.oracle import message_bytes

# All that may be said after a power cut: that the end of a write was cut, or its file left out, or
# that the making of a stream was interrupted.
_USUAL = ("of an unfinished write", "has no intact record and is left out")
_NEVER_MADE = ("was no whole stream", "has an intact head")


class CrashError(AssertionError):
    """A node that did not come back as it should."""


@dataclass(frozen=True)
class NodeMoment:
    """What may be found on a node after a power cut at a moment."""

    streams: dict[str, StreamMoment]
    elapsed_ns: int
    block_bytes: int
    encrypted: bool


def check_node(world: World, moment: NodeMoment) -> dict[str, Step]:
    """Check a node that has just read its disk; return the step that each stream is at.

    Raises:
        CrashError: it is not what it should be.
    """
    found = {}
    for name, expected in moment.streams.items():
        stream = world.streams.get(name)
        seen = None if stream is None else picture_of(stream)
        step = expected.find(seen)
        if step is None:
            raise CrashError(f"{name}: {_describe(seen, expected)}")
        if stream is not None and seen is not None:
            _check_counts(name, stream, seen)
            _check_consumers(name, stream, seen, expected)
        found[name] = step
    _check_reports(world, moment)
    return found


def check_kept(world: World) -> None:
    """Check that on a node that runs, no work queue keeps what its consumer has done with."""
    for name, stream in world.streams.items():
        for consumer in stream.consumers.values() if stream.config.retention == "workqueue" else ():
            for cached in stream.store.scan(0):
                sequence, subject = cached.record.sequence, cached.subject()
                kept = not consumer.delivery.wants(subject) or consumer.delivery.awaits(
                    sequence, subject
                )
                _need(kept, f"{name}: nobody waits for {sequence}, which is kept")


def picture_of(stream: Any) -> Picture:
    """Return what a recovered stream looks like."""
    messages = {}
    for cached in stream.store.scan(0):
        messages[cached.record.sequence] = (cached.subject(), cached.headers(), cached.payload())
    consumers = {name: consumer.config.description for name, consumer in stream.consumers.items()}
    last = stream.store.index.last_sequence
    return Picture(messages, last, stream.config.description, consumers)


def _check_counts(name: str, stream: Any, seen: Picture) -> None:
    index = stream.store.index
    sizes = sum(map(message_bytes, seen.messages.values()))
    _need((index.messages, index.bytes) == (len(seen.messages), sizes), f"{name} counts wrongly")
    counts: dict[bytes, int] = {}
    for subject, _, _ in seen.messages.values():
        counts[subject] = counts.get(subject, 0) + 1
    said = {subject: state.count for subject, state in index.subjects.matching(b">")}
    _need(said == counts, f"{name}: subjects {said}, found {counts}")
    first = min(seen.messages, default=seen.last + 1)
    _need(index.first_sequence == first, f"{name}: begins at {index.first_sequence}, not {first}")


def _check_consumers(name: str, stream: Any, seen: Picture, moment: StreamMoment) -> None:
    for consumer in stream.consumers.values():
        view = moment.acks.get(consumer.config.description)
        _need(view is not None, f"{name}: consumer {consumer.name} is invented")
        if view is not None:
            _check_acks(f"{name}.{consumer.name}", consumer.delivery, view, seen, moment)


def _check_acks(
    name: str, delivery: Any, view: AckView, seen: Picture, moment: StreamMoment
) -> None:
    sent, confirmed = view.sent, view.confirmed
    for sequence, (subject, _, _) in seen.messages.items():
        if view.acks.pattern and not matches(view.acks.pattern, subject):
            continue
        awaited = delivery.awaits(sequence, subject)
        if sequence in confirmed:
            _need(not awaited, f"{name}: the acknowledgement of {sequence} is undone")
            _need(
                not moment.history.takes_away, f"{name}: {sequence} is back, acknowledged as it is"
            )
        elif sequence not in sent:
            _need(awaited, f"{name}: {sequence} was never acknowledged and is not delivered again")


def _check_reports(world: World, moment: NodeMoment) -> None:
    absent = {
        name
        for name, expected in moment.streams.items()
        if any(step.picture is None for step in expected.allowed)
    }
    for text in world.warnings():
        never_made = any(f"/{name}" in text for name in absent)
        usual = _USUAL + _NEVER_MADE if never_made else _USUAL
        _need(any(words in text for words in usual), f"the log says: {text}")


def _describe(seen: Picture | None, moment: StreamMoment) -> str:
    certain = moment.allowed[0].picture
    newest = moment.allowed[-1].picture
    text = f"found {_short(seen)}; acknowledged {_short(certain)}; sent {_short(newest)}"
    if seen is not None and certain is not None:
        missing = sorted(certain.messages.keys() - seen.messages.keys())
        new = sorted(seen.messages.keys() - certain.messages.keys())
        text += f"; missing {missing[:10]}, more {new[:10]}; {len(moment.allowed)} allowed"
    return text


def _short(picture: Picture | None) -> str:
    if picture is None:
        return "no stream"
    consumers = " ".join(sorted(f"{name}={mark}" for name, mark in picture.consumers.items()))
    return f"({picture.mark}, {len(picture.messages)} to {picture.last}, {consumers})"


def _need(holds: bool, text: str) -> None:
    if not holds:
        raise CrashError(text)

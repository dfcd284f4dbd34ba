"""Sources and models on their threads, with the emitting replaced by a list."""

import threading
from collections.abc import Iterator

import pytest

from headwater.edge.errors import EventRejectedError, StoppedError
from headwater.edge.frames import Frame, Slot
from headwater.edge.pipeline import (
    EventHandler,
    ModelStage,
    SourceStage,
    as_events,
    run_model,
    run_source,
    takes_argument,
)


class Emitted:
    """Collects what a model stage emits; raises ``error`` for the body ``refuse``."""

    def __init__(self, refuse: object = None, error: Exception | None = None) -> None:
        self.events: list[tuple[object, str, int, object]] = []
        self._refuse = refuse
        self._error = error

    def __call__(self, frame: Frame, event: str, ordinal: int, body: object) -> None:
        if self._error is not None and body == self._refuse:
            raise self._error
        self.events.append((frame.data, event, ordinal, body))


def stage(model, *handlers, frames=(), batch=2) -> ModelStage:
    slot = Slot(100)
    for number in frames:
        slot.put(Frame(number))
    slot.close()
    made = ModelStage("m", model, (), batch, 0.0, slot)
    made.events += [EventHandler(f"e{index}", handler) for index, handler in enumerate(handlers)]
    return made


def run(model_stage: ModelStage, emitted: Emitted) -> Emitted:
    run_model(model_stage, emitted, threading.Event())
    return emitted


def test_each_event_of_a_frame_has_its_ordinal():
    doubled = stage(
        lambda frames: [frame.data * 2 for frame in frames],
        lambda _frame, answer: [answer, answer + 1],
        lambda _frame, answer: answer if answer > 2 else None,
        frames=[1, 2],
    )
    assert run(doubled, Emitted()).events == [
        (1, "e0", 0, 2),
        (1, "e0", 1, 3),
        (2, "e0", 0, 4),
        (2, "e0", 1, 5),
        (2, "e1", 0, 4),
    ]


def test_models_are_given_batches():
    sizes = []

    def model(frames):
        sizes.append(len(frames))
        return frames

    run(stage(model, frames=range(5), batch=2), Emitted())
    assert sizes == [2, 2, 1]


def test_a_batch_that_the_model_fails_on_is_lost_and_counted():
    def model(frames):
        if frames[0].data == 0:
            raise ValueError("blind")
        return [frame.data for frame in frames]

    failing = stage(model, lambda _frame, answer: answer, frames=range(4))
    assert [event[0] for event in run(failing, Emitted()).events] == [2, 3]
    assert failing.counts.failures == 1
    assert failing.counts.inferred == 2


def test_a_model_must_answer_every_frame():
    short = stage(lambda frames: frames[1:], lambda _frame, _answer: 1, frames=range(2))
    assert run(short, Emitted()).events == []
    assert short.counts.failures == 1


@pytest.mark.parametrize("error", [EventRejectedError("too large"), ValueError("bad")])
def test_an_event_that_fails_does_not_stop_the_others(error):
    stubborn = stage(
        lambda frames: [frame.data for frame in frames], lambda _f, answer: answer, frames=range(3)
    )
    emitted = run(stubborn, Emitted(refuse=1, error=error))
    assert [event[0] for event in emitted.events] == [0, 2]
    assert stubborn.counts.failures == 1


def test_a_stopping_application_ends_the_model():
    stopped = stage(
        lambda frames: [frame.data for frame in frames], lambda _f, answer: answer, frames=range(3)
    )
    emitted = run(stopped, Emitted(refuse=1, error=StoppedError("stop")))
    assert [event[0] for event in emitted.events] == [0]


def source(open_, *, lossless=False, capacity=100) -> SourceStage:
    made = SourceStage("s", open_, lossless)
    made.slots.append(Slot(capacity))
    return made


def taken(made: SourceStage) -> list[object]:
    made.slots[0].close()
    return [frame.data for frame in made.slots[0].take(1000)]


def test_a_source_is_read_to_its_end_and_counted():
    made = source(lambda: iter([b"one", b"three"]))
    run_source(made, "run", lambda: None, threading.Event())
    assert taken(made) == [b"one", b"three"]
    assert (made.counts.frames, made.counts.raw_bytes) == (2, 8)


def test_a_source_that_fails_is_opened_again(monkeypatch):
    monkeypatch.setattr("headwater.edge.pipeline._REOPEN_S", 0.0)
    opened: list[int] = []

    def flaky() -> Iterator[int]:
        opened.append(1)
        yield len(opened)
        if len(opened) < 3:
            raise OSError("unplugged")

    made = source(flaky)
    run_source(made, "run", lambda: None, threading.Event())
    assert taken(made) == [1, 2, 3]
    assert made.counts.failures == 2


def test_frames_of_a_reopened_source_are_new_ones(monkeypatch):
    monkeypatch.setattr("headwater.edge.pipeline._REOPEN_S", 0.0)
    opened: list[int] = []

    def flaky() -> Iterator[int]:
        opened.append(1)
        yield 0
        if len(opened) < 3:
            raise OSError("unplugged")

    made = source(flaky)
    run_source(made, "run", lambda: None, threading.Event())
    made.slots[0].close()
    assert len({frame.identity for frame in made.slots[0].take(9)}) == 3


def test_a_source_that_asks_is_told_where_to_resume():
    seen = []

    def reader(resume):
        seen.append(resume)
        return iter(())

    run_source(source(reader), "run", lambda: 42, threading.Event())
    assert seen == [42]


def test_a_source_is_closed_when_the_application_stops():
    closed = threading.Event()
    stop = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
                stop.set()
        finally:
            closed.set()

    run_source(source(endless, capacity=1), "run", lambda: None, stop)
    assert closed.is_set()


def test_slow_models_lose_old_frames_unless_the_source_is_lossless():
    made = source(lambda: iter(range(10)), capacity=2)
    run_source(made, "run", lambda: None, threading.Event())
    assert made.slots[0].dropped == 8
    assert taken(made) == [8, 9]


def test_what_handlers_return_becomes_events():
    assert list(as_events(None)) == []
    assert list(as_events({"a": 1})) == [{"a": 1}]
    assert list(as_events([1, None, 2])) == [1, 2]
    assert list(as_events(number for number in (1, 2))) == [1, 2]


def test_only_functions_of_one_parameter_are_told_where_to_resume():
    assert takes_argument(lambda resume: resume)
    assert not takes_argument(lambda: None)
    assert not takes_argument(print)

"""The threads of an application: one per source, one per model."""

import inspect
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from headwater.edge.errors import EdgeError, EventRejectedError, StoppedError
from headwater.edge.frames import Frame, Slot, frame_of

_REOPEN_S = 1.0  # before a source that failed is opened again

log = logging.getLogger("headwater.edge")


@dataclass
class Counts:
    """What has happened since the start; sizes in bytes."""

    frames: int = 0
    raw_bytes: int = 0
    inferred: int = 0
    failures: int = 0


@dataclass
class EventHandler:
    """Turns a model's answer to a frame into events."""

    name: str
    make: Callable[[Frame, Any], Any]


@dataclass
class ModelStage:
    """A model, its slot, and the events that come out of it."""

    name: str
    model: Any
    sources: tuple[str, ...]
    batch: int
    max_wait_s: float
    slot: Slot
    events: list[EventHandler] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


@dataclass
class SourceStage:
    """A source and the slots that its frames go to."""

    name: str
    open: Callable[..., Iterable[Any]]
    lossless: bool
    slots: list[Slot] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


def run_source(
    stage: SourceStage,
    run: str,
    resume: Callable[[], int | None],
    stop: threading.Event,
) -> None:
    """Read the source to its end into its slots; open it again when it fails."""
    numbers = iter(range(1 << 62))
    while not stop.is_set():
        try:
            _read(stage, run, resume, numbers, stop)
            return
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001 (whatever the user's code raises)
            stage.counts.failures += 1
            log.warning("source %s failed and is opened again: %r", stage.name, error)
            stop.wait(_REOPEN_S)


def _read(
    stage: SourceStage,
    run: str,
    resume: Callable[[], int | None],
    numbers: Iterator[int],
    stop: threading.Event,
) -> None:
    items = stage.open(resume()) if takes_argument(stage.open) else stage.open()
    try:
        for item in items:
            if stop.is_set():
                return
            frame = frame_of(item, stage.name, run, next(numbers))
            stage.counts.frames += 1
            stage.counts.raw_bytes += frame.size_bytes
            for slot in stage.slots:
                if stage.lossless:
                    slot.put_wait(frame)
                else:
                    slot.put(frame)
    finally:
        if callable(close := getattr(items, "close", None)):
            close()


def run_model(
    stage: ModelStage,
    emit: Callable[[Frame, str, int, Any], None],
    stop: threading.Event,
) -> None:
    """Answer the frames of the slot, batch by batch, until it is closed and empty."""
    while frames := stage.slot.take(stage.batch, stage.max_wait_s):
        try:
            answers = infer(stage, frames)
        except Exception as error:  # noqa: BLE001 (whatever the user's model raises)
            stage.counts.failures += 1
            log.warning("model %s failed on %d frames: %r", stage.name, len(frames), error)
            stop.wait(0.01)
            continue
        stage.counts.inferred += len(frames)
        for frame, answer in zip(frames, answers, strict=True):
            if not _emit_events(stage, frame, answer, emit):
                return


def load(model: Any) -> None:
    """Let a model that has ``load`` do what must happen on its own thread."""
    if callable(prepare := getattr(model, "load", None)):
        prepare()


def infer(stage: ModelStage, frames: list[Frame]) -> list[Any]:
    """Return one answer per frame."""
    predict = getattr(stage.model, "predict", stage.model)
    answers = list(predict(frames))
    if len(answers) != len(frames):
        raise EdgeError(f"{len(answers)} answers to {len(frames)} frames: expected one each")
    return answers


def _emit_events(
    stage: ModelStage, frame: Frame, answer: Any, emit: Callable[[Frame, str, int, Any], None]
) -> bool:
    """Return False once the application is stopping."""
    for handler in stage.events:
        try:
            for ordinal, body in enumerate(as_events(handler.make(frame, answer))):
                emit(frame, handler.name, ordinal, body)
        except StoppedError:
            return False
        except EventRejectedError as error:
            stage.counts.failures += 1
            log.error("event %s is lost: %s", handler.name, error)
        except Exception as error:  # noqa: BLE001 (whatever the user's handler raises)
            stage.counts.failures += 1
            log.warning("event %s failed on a frame of %s: %r", handler.name, frame.source, error)
    return True


def as_events(made: Any) -> Iterable[Any]:
    """Return what a handler made as events: nothing, one, or each of an iterable."""
    if made is None:
        return ()
    if isinstance(made, list | tuple | Iterator):
        return (body for body in made if body is not None)
    return (made,)


def takes_argument(function: Callable[..., Any]) -> bool:
    """Return whether a source wants to be told where to resume."""
    try:
        return len(inspect.signature(function).parameters) == 1
    except (TypeError, ValueError):
        return False

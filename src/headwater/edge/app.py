"""``EdgeApp``: sources, models and events, and everything between them and the node's disk.

app = EdgeApp("line-3", store="data", uplink=Uplink("nats-leaf://hub:7422"))

@app.source("cam1")
def camera():
    yield from frames()

@app.model("detector", batch=8)
def detect(frames):
    return [find(frame.data) for frame in frames]

@app.event("person", model="detector")
def person(frame, found):
    for box in found:
        yield {"box": box}

app.run()
"""

import logging
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from headwater.edge.errors import EdgeError, StoppedError
from headwater.edge.events import Observer, Outbox
from headwater.edge.frames import Frame, Slot
from headwater.edge.ids import Cursor, check_name, event_id
from headwater.edge.link import Ack, StreamSettings
from headwater.edge.node import ChildNode, InProcessNode, Node, NodeSettings, Uplink
from headwater.edge.pipeline import (
    EventHandler,
    ModelStage,
    SourceStage,
    load,
    run_model,
    run_source,
)

T = TypeVar("T", bound=Callable[..., Any])

_GRACE_S = 5.0  # for what is under way when the application is told to end

log = logging.getLogger("headwater.edge")


@dataclass(frozen=True)
class Stats:
    """Counters since the start of the application."""

    frames: int
    dropped: int
    inferred: int
    failures: int
    raw_bytes: int
    emitted: int
    acked: int
    resent: int
    node_restarts: int
    connected: bool


class EdgeApp:
    """An application at the edge.

    ``node`` names the device: it is the JetStream domain and the second token of every subject
    (``edge.<node>.<source>.<event>``).  ``store`` is the folder of the node's data.  ``uplink`` is
    the hub's leaf listener; without one the events stay here.  ``in_process`` runs the node in this
    process (for tests), ``command`` runs another server as the node (see ChildNode).
    """

    def __init__(
        self,
        node: str,
        store: str | Path,
        *,
        uplink: Uplink | None = None,
        stream: str = "EDGE",
        quota_bytes: int = 1 << 30,
        duplicate_window_s: float = 120.0,
        in_process: bool = False,
        command: str | list[str] | None = None,
        observer: Observer | None = None,
        on_node_start: Callable[[int], None] | None = None,
    ) -> None:
        self.name = check_name(node, "node")
        settings = NodeSettings(node, Path(store), uplink)
        self.node: Node = (
            InProcessNode(settings) if in_process else ChildNode(settings, command, on_node_start)
        )
        self.stream = StreamSettings(
            check_name(stream, "stream"), (f"edge.{node}.>",), quota_bytes, duplicate_window_s
        )
        self._outbox = Outbox(lambda: self.node.url, self.stream, observer)
        self._run_id = secrets.token_hex(6)
        self._sources: dict[str, SourceStage] = {}
        self._models: dict[str, ModelStage] = {}
        self._cursors: dict[str, Cursor | None] = {}
        self._stop = threading.Event()
        self._source_threads: list[threading.Thread] = []
        self._model_threads: list[threading.Thread] = []
        self._running = False
        self._failure: EdgeError | None = None

    # ---- what the application consists of

    def source(self, name: str, *, lossless: bool = False) -> Callable[[T], T]:
        """Declare a source: a function that yields Frames, or plain values, on its own thread.

        Frames that a model has no time for are dropped, the oldest first; a ``lossless`` source
        waits instead (files).  A function with one parameter is given the position from which to
        read again after a restart, or None.
        """

        def declare(function: T) -> T:
            self.add_source(name, function, lossless=lossless)
            return function

        return declare

    def add_source(
        self, name: str, function: Callable[..., Iterable[Any]], *, lossless: bool = False
    ) -> None:
        """Declare a source without a decorator; see ``source``."""
        _refuse_twice(name, self._sources, "source")
        self._sources[name] = SourceStage(name, function, lossless)

    def model(
        self,
        name: str,
        *,
        source: str | tuple[str, ...] | None = None,
        batch: int = 1,
        max_wait_s: float = 0.0,
    ) -> Callable[[T], T]:
        """Declare a model: given a list of up to ``batch`` frames, it returns an answer for each.

        A function, or a class (an object of it is made) with ``predict`` and perhaps ``load``.  It
        waits at most ``max_wait_s`` for a batch to fill.  Without ``source`` it sees all sources.
        """

        def declare(model: T) -> T:
            built = model() if isinstance(model, type) else model
            self.add_model(name, built, source=source, batch=batch, max_wait_s=max_wait_s)
            return model

        return declare

    def add_model(
        self,
        name: str,
        model: Any,
        *,
        source: str | tuple[str, ...] | None = None,
        batch: int = 1,
        max_wait_s: float = 0.0,
    ) -> None:
        """Declare a model without a decorator; see ``model``."""
        _refuse_twice(name, self._models, "model")
        sources = (source,) if isinstance(source, str) else source or ()
        self._models[name] = ModelStage(name, model, sources, batch, max_wait_s, Slot(batch))

    def event(self, name: str, *, model: str) -> Callable[[T], T]:
        """Declare an event: given a frame and the model's answer, return or yield its bodies.

        Bodies are dicts, dataclasses, msgspec Structs, or bytes.  Each is on the node's disk before
        the next is asked for.
        """

        def declare(function: T) -> T:
            self.add_event(name, function, model=model)
            return function

        return declare

    def add_event(self, name: str, function: Callable[[Frame, Any], Any], *, model: str) -> None:
        """Declare an event without a decorator; see ``event``."""
        names = {handler.name for stage in self._models.values() for handler in stage.events}
        _refuse_twice(name, names, "event")
        if model not in self._models:
            raise EdgeError(f"event {name!r}: no model is called {model!r}")
        self._models[model].events.append(EventHandler(name, function))

    # ---- running

    def start(self) -> None:
        """Start the node, the models and the sources; returns at once."""
        if self._running:
            raise EdgeError("the application is running already")
        self._running = True
        self._connect_stages()
        self.node.start()
        self._outbox.start()
        for model in self._models.values():
            self._model_threads.append(_thread(f"model-{model.name}", self._run_model, model))
        for source in self._sources.values():
            self._source_threads.append(_thread(f"source-{source.name}", self._run_source, source))
        for thread in (*self._model_threads, *self._source_threads):
            thread.start()

    def run(self) -> None:
        """Run until every source has ended, or SIGINT or SIGTERM comes; then stop.

        What the models have been given by then is answered and stored, if that is quickly done.

        Raises EdgeError when a model cannot be loaded.
        """
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGTERM, lambda *_: self._stop.set()) if main else None
        try:
            self.start()
            while not self._stop.is_set() and not self.join(0.2):
                pass
        except KeyboardInterrupt:
            pass
        finally:
            self.finish()
            self.join(_GRACE_S)
            self.stop()
            if main:
                signal.signal(signal.SIGTERM, before)
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """Close the sources and let the models answer what they have; the node stays up."""
        self._stop.set()
        for stage in self._models.values():
            stage.slot.close()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the sources have ended and all their events are stored; False on time-out."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        if not _all_ended(self._source_threads, deadline):
            return False
        for stage in self._models.values():
            stage.slot.close()
        return _all_ended(self._model_threads, deadline)

    def stop(self) -> None:
        """Stop everything, the node last; an event that is not stored yet stays unacknowledged."""
        self._stop.set()
        for stage in self._models.values():
            stage.slot.close(discard=True)
        self._outbox.stop()
        for thread in (*self._source_threads, *self._model_threads):
            thread.join(5.0)
        self.node.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def stats(self) -> Stats:
        """The counters as they stand."""
        sources = [stage.counts for stage in self._sources.values()]
        models = [stage.counts for stage in self._models.values()]
        return Stats(
            frames=sum(counts.frames for counts in sources),
            dropped=sum(stage.slot.dropped for stage in self._models.values()),
            inferred=sum(counts.inferred for counts in models),
            failures=sum(counts.failures for counts in (*sources, *models)),
            raw_bytes=sum(counts.raw_bytes for counts in sources),
            emitted=self._outbox.emitted,
            acked=self._outbox.acked,
            resent=self._outbox.resent,
            node_restarts=self.node.restarts,
            connected=self._outbox.connected,
        )

    # ---- emitting

    def emit(self, event: str, body: Any, frame: Frame, ordinal: int = 0) -> Ack:
        """Store one event about ``frame``; returns when it is on the node's disk.

        Waits through crashes and restarts of the node.  ``ordinal`` counts the events of this name
        about this frame.  Raises EventRejectedError for what the node will never take, StoppedError
        when the application stops first.
        """
        check_name(event, "event")
        identifier = event_id(self.name, frame.source, frame.identity, event, ordinal)
        subject = self._subject(frame.source, event)
        if frame.position is not None and self._is_stored(subject, frame.position, ordinal):
            return Ack(identifier, 0, duplicate=True)
        ack = self._outbox.publish(subject, body, identifier)
        if frame.position is not None:
            self._cursors[subject] = Cursor(frame.position, ordinal)
        return ack

    def wait_ready(self, timeout_s: float = 30.0) -> bool:
        """Return whether the node answered within ``timeout_s``."""
        return self._outbox.wait_connected(timeout_s)

    def _is_stored(self, subject: str, position: int, ordinal: int) -> bool:
        # The events of a subject are stored in the order of their frames: all up to the last one
        # are there, however long ago that was.
        cursor = self._cursor(subject)
        return cursor is not None and Cursor(position, ordinal) <= cursor

    def _subject(self, source: str, event: str) -> str:
        return f"edge.{self.name}.{source}.{event}"

    def _cursor(self, subject: str) -> Cursor | None:
        if subject not in self._cursors:
            self._cursors[subject] = self._outbox.cursor(subject)
        return self._cursors[subject]

    def _resume_position(self, source: SourceStage) -> int | None:
        """Return the frame to read again first: the last that all models of the source answered."""
        reached = []
        for model in self._models.values():
            if model.slot in source.slots and model.events:
                subjects = [
                    f"edge.{self.name}.{source.name}.{event.name}" for event in model.events
                ]
                cursors = [cursor for cursor in map(self._cursor, subjects) if cursor is not None]
                reached.append(max(cursors).position if cursors else None)
        positions = [position for position in reached if position is not None]
        return min(positions) if positions and len(positions) == len(reached) else None

    # ---- threads

    def _connect_stages(self) -> None:
        if not self._sources or not self._models:
            raise EdgeError("an application needs at least one source and one model")
        for model in self._models.values():
            for name in model.sources or tuple(self._sources):
                if name not in self._sources:
                    raise EdgeError(f"model {model.name!r}: no source is called {name!r}")
                self._sources[name].slots.append(model.slot)

    def _run_model(self, stage: ModelStage) -> None:
        try:
            load(stage.model)
        except Exception as error:  # noqa: BLE001 (whatever the user's model raises)
            self._failure = EdgeError(f"model {stage.name!r} cannot be loaded: {error!r}")
            self._stop.set()
            return
        run_model(stage, self._emit_for, self._stop)

    def _emit_for(self, frame: Frame, event: str, ordinal: int, body: Any) -> None:
        self.emit(event, body, frame, ordinal)

    def _run_source(self, stage: SourceStage) -> None:
        try:
            run_source(stage, self._run_id, lambda: self._resume_position(stage), self._stop)
        except StoppedError:
            pass


def _thread(name: str, target: Callable[..., None], *arguments: Any) -> threading.Thread:
    return threading.Thread(target=target, args=arguments, name=f"edge-{name}", daemon=True)


def _all_ended(threads: list[threading.Thread], deadline: float | None) -> bool:
    for thread in threads:
        thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def _refuse_twice(name: str, known: Iterable[str], what: str) -> None:
    check_name(name, what)
    if name in known:
        raise EdgeError(f"{what} {name!r} is declared twice")

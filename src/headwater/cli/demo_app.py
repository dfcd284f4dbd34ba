"""The application of the demonstration, in a process of its own: the one that gets killed.

Reads its settings (one line of JSON) and then commands from its input: ``finish`` ends the sources
and stores what they gave; the end of the input ends the application.
"""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from headwater.cli.demo_journal import Finished, JournalWriter, NodeStarted, Noted
from headwater.cli.demo_scene import belt_frames
from headwater.edge import EdgeApp, Frame, Uplink
from headwater.edge.anomaly import AnomalyModel, Verdict
from headwater.edge.camera import Camera
from headwater.edge.onnx import OnnxModel, top_class
from headwater.edge.telemetry import Usage, process_usage
from headwater.edge.vision import Found, MarkerModel, MotionModel

_COUNT_EVERY_S = 0.25
_SEEN_FOR_S = 1.0  # a thing that was not seen for so long is a new one


class Settings(msgspec.Struct):
    """What the supervisor tells the application."""

    store: str
    hub_url: str
    hub_user: str
    hub_password: str
    machine_pid: int
    begun_ns: int
    period_s: float
    fit_on: int
    journal: int  # file descriptor
    source: str = ""
    model: str = ""
    node_command: str = ""


class Reading(msgspec.Struct):
    """What the machine used over one period."""

    cpu: float
    resident_bytes: int
    score: float


class Anomaly(msgspec.Struct):
    """The machine has become unusual (``state`` anomaly) or usual again (normal)."""

    state: str
    feature: str
    score: float
    captured_ns: int


class Sighting(msgspec.Struct):
    """Something came into the picture."""

    label: str
    box: tuple[int, int, int, int]
    score: float


class Newcomers:
    """Lets each label through once while it stays in sight."""

    def __init__(self) -> None:
        self._seen_s: dict[str, float] = {}

    def of(self, found: list[Found], now_s: float) -> list[Found]:
        """Return what was not in sight a moment ago."""
        fresh = [
            thing
            for thing in found
            if now_s - self._seen_s.get(thing.label, -_SEEN_FOR_S) >= _SEEN_FOR_S
        ]
        self._seen_s.update((thing.label, now_s) for thing in found)
        return fresh


def add_machine(app: EdgeApp, settings: Settings, journal: JournalWriter) -> None:
    """Watch the machine's process and report what is unusual about it."""
    learnt = Path(settings.store) / "usual.json"
    app.add_source("machine", lambda: process_usage(settings.machine_pid, settings.period_s))
    model = AnomalyModel(fit_on=settings.fit_on, path=learnt)
    app.add_model("anomaly", model, source="machine", batch=32)

    @app.event("reading", model="anomaly")
    def reading(frame: Frame, verdict: Verdict) -> Reading:
        usage: Usage = frame.data
        return Reading(round(usage.cpu, 4), usage.resident_bytes, verdict.score)

    @app.event("anomaly", model="anomaly")
    def anomaly(frame: Frame, verdict: Verdict) -> Anomaly | None:
        if not verdict.changed:
            return None
        journal.write(Noted(f"machine: {verdict.state} {verdict.feature} {verdict.score}"))
        return Anomaly(verdict.state, verdict.feature, verdict.score, frame.captured_ns)


def add_camera(app: EdgeApp, settings: Settings) -> None:
    """Look at the camera: the drawn belt, or the address that was given."""
    if settings.source:
        camera = Camera(settings.source, loop=True)
        app.add_source("camera", camera.frames)
    else:
        app.add_source("camera", lambda: belt_frames(settings.begun_ns))
    app.add_model("vision", vision_model(settings), source="camera", batch=2)
    newcomers = Newcomers()

    @app.event("sighting", model="vision")
    def sighting(_frame: Frame, found: list[Found]) -> Iterator[Sighting]:
        for thing in newcomers.of(found, time.monotonic()):
            yield Sighting(thing.label, thing.box, round(thing.score, 3))


def vision_model(settings: Settings) -> Any:
    """Return the ONNX file's model, or one that needs no weights."""
    if settings.model:
        return _Classes(OnnxModel(settings.model))
    return MotionModel() if settings.source else MarkerModel()


class _Classes:
    """Takes an ONNX model's outputs for classes of the whole picture."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model

    def load(self) -> None:
        self._model.load()

    def predict(self, frames: list[Frame]) -> list[list[Found]]:
        answers = []
        for frame, outputs in zip(frames, self._model.predict(frames), strict=True):
            number, score = top_class(outputs)
            height, width = frame.data.shape[:2]
            answers.append([Found(f"class-{number}", (0, 0, width, height), score)])
        return answers


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    settings = msgspec.json.decode(sys.stdin.readline(), type=Settings)
    journal = JournalWriter(settings.journal)
    app = EdgeApp(
        "edge-1",
        settings.store,
        uplink=Uplink(settings.hub_url, settings.hub_user, settings.hub_password),
        command=settings.node_command or None,
        observer=journal,
        on_node_start=lambda pid: journal.write(NodeStarted(pid)),
    )
    add_machine(app, settings, journal)
    add_camera(app, settings)
    app.start()
    ended = threading.Event()
    threading.Thread(target=_count, args=(app, journal, ended), daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "finish":
            app.finish()
            app.join()
            journal.count(app.stats)
            journal.write(Finished())
    ended.set()
    app.stop()


def _count(app: EdgeApp, journal: JournalWriter, ended: threading.Event) -> None:
    while not ended.wait(_COUNT_EVERY_S):
        journal.count(app.stats)


if __name__ == "__main__":
    main()

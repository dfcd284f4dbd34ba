"""Applications with real nodes: ours as a child, ours in process, a nats-server in its place."""

import os
import signal
import threading
import time

import pytest

from headwater.edge import EdgeApp, EdgeError, Frame
from tests.edge.counting import WINDOW_S, Acks, counting, ids_in, wanted
from tests.support.wait import wait_until

KINDS = ["child", "in_process", pytest.param("nats_server", marks=pytest.mark.hub)]


@pytest.fixture(params=KINDS)
def kind(request):
    """Which node the application has."""
    return request.param


@pytest.fixture
def make_app(kind, request, tmp_path):
    """A function that makes the same application again, on the same store."""
    made: list[EdgeApp] = []
    settings = {"in_process": kind == "in_process"}
    if kind == "nats_server":
        settings["command"] = f"{request.getfixturevalue('nats_server_path')} -c {{config}}"

    def make(**options) -> EdgeApp:
        store = tmp_path / "edge"
        app = EdgeApp("line-3", store, duplicate_window_s=WINDOW_S, **settings, **options)
        made.append(app)
        return app

    yield make
    for app in made:
        app.stop()


def test_events_are_stored_in_order_with_their_ids(make_app):
    app = counting(make_app(observer=(acks := Acks())), 30)
    app.start()
    assert app.join(30)
    assert ids_in(app.node.url, "EDGE") == wanted(30) == acks.ids
    assert (app.stats.emitted, app.stats.acked, app.stats.dropped) == (20, 20, 0)


def test_a_node_killed_again_and_again_makes_neither_gap_nor_duplicate(make_app):
    app = make_app()
    counting(app, 60, at={12: app.node.kill, 30: app.node.kill, 31: app.node.kill})
    app.start()
    assert app.join(60)
    assert ids_in(app.node.url, "EDGE") == wanted(60)
    assert app.node.restarts >= 2


def test_a_second_run_stores_nothing_again_however_late(make_app):
    first = counting(make_app(), 20)
    first.start()
    assert first.join(30)
    first.stop()
    until = time.monotonic() + 5 * WINDOW_S
    wait_until(lambda: time.monotonic() > until)
    second = counting(make_app(), 40)
    second.start()
    assert second.join(30)
    assert second.stats.frames <= 40 - 18  # it went on where the stored events end
    assert ids_in(second.node.url, "EDGE") == wanted(40)


def test_a_run_that_stopped_between_two_events_of_a_frame_is_completed(make_app):
    first = counting(make_app(), 10)
    first.start()
    assert first.join(30)
    frame = Frame(12, position=12, source="numbers", identity="p12")
    first.emit("third", {"n": 12, "half": 0}, frame, 0)
    first.stop()
    second = counting(make_app(), 13)
    second.start()
    assert second.join(30)
    assert ids_in(second.node.url, "EDGE") == wanted(13)


def test_frames_are_dropped_while_the_model_is_slow(make_app):
    app = make_app()
    go = threading.Event()
    seen = []

    @app.source("fast")
    def fast():
        for number in range(100):
            yield number
            if number == 0:
                wait_until(lambda: seen)

    @app.model("slow", batch=2)
    def slow(frames):
        seen.append([frame.data for frame in frames])
        assert go.wait(10)
        return frames

    app.start()
    wait_until(lambda: app.stats.frames == 100)
    go.set()
    assert app.join(20)
    assert seen == [[0], [98, 99]]
    assert app.stats.dropped == 97


def test_run_returns_when_the_sources_have_ended(make_app):
    app = counting(make_app(observer=(acks := Acks())), 9)
    app.run()
    assert acks.ids == wanted(9)
    assert app.node.pid is None


def test_sigterm_ends_a_run_and_keeps_what_was_under_way(make_app):
    app = make_app(observer=(acks := Acks()))

    @app.source("endless")
    def endless():
        while True:
            yield 1
            wait_until(lambda: app.stats.acked > 0 or app.stats.inferred == 0)

    @app.model("same")
    def same(frames):
        return frames

    @app.event("only", model="same")
    def only(_frame, _answer):
        if not acks.ids:
            os.kill(os.getpid(), signal.SIGTERM)
        return {"last": True}

    app.run()
    assert len(acks.ids) >= 1
    assert app.stats.emitted == app.stats.acked


def test_a_model_that_cannot_be_loaded_ends_the_run_with_the_reason(make_app):
    class Model:
        def load(self):
            raise OSError("no weights")

        def predict(self, frames):
            return frames

    app = make_app()
    app.add_source("s", lambda: iter(range(3)))
    app.add_model("m", Model())
    with pytest.raises(EdgeError, match=r"'m' cannot be loaded.*no weights"):
        app.run()


def test_a_running_application_is_not_started_again(make_app):
    app = counting(make_app(), 3)
    with app, pytest.raises(EdgeError, match="running already"):
        app.start()

"""An application, its node and a hub, all as real as can be: exactly once whatever is killed."""

import asyncio
import threading
import time
from collections import Counter

import nats
import pytest
from nats.js import api

from headwater.edge import EdgeApp, Frame, Uplink
from headwater.edge.node import free_port
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

HUB = """\
jetstream { domain: hub }
leafnodes { listen: "127.0.0.1:%d", authorization { user: edge, password: s3cret } }
"""
WINDOW_S = 0.1


class Acks:
    """Observes an application."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def emitting(self, event_id: str) -> None:
        pass

    def acknowledged(self, ack) -> None:
        self.ids.append(ack.event_id)


@pytest.fixture
def make_app(nats_server_path, tmp_path):
    """A function that makes the same application again, on the same store."""
    made: list[EdgeApp] = []

    def make(**options) -> EdgeApp:
        app = EdgeApp(
            "line-3",
            tmp_path / "edge",
            command=f"{nats_server_path} -c {{config}}",
            duplicate_window_s=WINDOW_S,
            **options,
        )
        made.append(app)
        return app

    yield make
    for app in made:
        app.stop()


def counting(app: EdgeApp, total: int, batch: int = 4, **hooks) -> EdgeApp:
    """Give ``app`` a source of ``total`` numbers; two events come of each third one."""
    at = hooks.get("at", {})

    @app.source("numbers", lossless=True)
    def numbers(resume):
        for number in range(resume or 0, total):
            yield Frame(number, position=number)

    @app.model("same", batch=batch)
    def same(frames):
        return [frame.data for frame in frames]

    @app.event("third", model="same")
    def third(_frame, number):
        if action := at.get(number):
            action()
        return [{"n": number, "half": half} for half in range(2)] if number % 3 == 0 else None

    return app


def wanted(total: int) -> list[str]:
    return [f"line-3/numbers/p{n}/third/{half}" for n in range(0, total, 3) for half in range(2)]


def ids_in(url: str, stream: str) -> list[str]:
    """Return the ids in a stream, in its order."""

    async def read() -> list[str]:
        client = await nats.connect(url)
        try:
            js = client.jetstream()
            last = (await js.stream_info(stream)).state.last_seq
            messages = [await js.get_msg(stream, number) for number in range(1, last + 1)]
            return [message.headers["Nats-Msg-Id"] for message in messages]
        finally:
            await client.close()

    return asyncio.run(read())


def source_at_hub(url: str) -> None:
    """Make the hub's stream that sources the node's."""

    async def make() -> None:
        client = await nats.connect(url)
        external = api.ExternalStream(api="$JS.line-3.API")
        source = api.StreamSource(name="EDGE", external=external)
        await client.jetstream().add_stream(api.StreamConfig(name="EVENTS", sources=[source]))
        await client.close()

    asyncio.run(make())


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


@pytest.mark.slow
def test_every_event_is_at_the_hub_exactly_once(make_app, nats_server):
    leaf_port = free_port()
    hub = nats_server(config=HUB % leaf_port, jetstream=True)
    app = make_app(uplink=Uplink(f"nats-leaf://127.0.0.1:{leaf_port}", "edge", "s3cret"))
    reached = threading.Event()
    sourced = threading.Event()

    def wait_for_hub() -> None:
        reached.set()
        assert sourced.wait(60)

    counting(
        app,
        60,
        batch=1,
        at={6: wait_for_hub, 12: app.node.kill, 15: app.node.kill},
    )
    app.start()
    assert reached.wait(30)
    wait_until(lambda: "Leafnode connection created" in hub.log())
    source_at_hub(hub.client_url)
    sourced.set()
    assert app.join(60)
    wait_until(lambda: set(ids_in(hub.client_url, "EVENTS")) >= set(wanted(60)), 90)
    counts = Counter(ids_in(hub.client_url, "EVENTS"))
    assert set(counts) == set(wanted(60))
    assert set(counts.values()) == {1}

"""The outbox against a real nats-server as its node: what is lost, repeated, refused."""

import asyncio
import threading
import time

import nats
import pytest

from headwater.edge.errors import EventRejectedError
from headwater.edge.events import Outbox
from headwater.edge.ids import Cursor
from headwater.edge.link import StreamSettings
from tests.edge.lossy_proxy import LossyProxy
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

WINDOW_S = 0.1
SUBJECT = "edge.n.s.e"


@pytest.fixture
def server(nats_server):
    return nats_server(jetstream=True)


@pytest.fixture
def proxy(server):
    made = LossyProxy(server.port())
    yield made
    made.close()


@pytest.fixture
def outbox(proxy):
    made = Outbox(
        lambda: f"nats://127.0.0.1:{proxy.port}", StreamSettings(duplicate_window_s=WINDOW_S)
    )
    made.start()
    assert made.wait_connected(10)
    yield made
    made.stop()


def stored_ids(server) -> list[str]:
    """Return the ids in the stream EDGE, in its order."""

    async def read() -> list[str]:
        client = await nats.connect(server.client_url)
        try:
            js = client.jetstream()
            last = (await js.stream_info("EDGE")).state.last_seq
            messages = [await js.get_msg("EDGE", number) for number in range(1, last + 1)]
            return [message.headers["Nats-Msg-Id"] for message in messages]
        finally:
            await client.close()

    return asyncio.run(read())


def test_a_publish_returns_the_nodes_word(outbox, server):
    assert [outbox.publish(SUBJECT, {"n": n}, f"id-{n}").sequence for n in (1, 2)] == [1, 2]
    again = outbox.publish(SUBJECT, {"n": 2}, "id-2")
    assert (again.sequence, again.duplicate) == (2, True)
    assert stored_ids(server) == ["id-1", "id-2"]


def test_an_answer_lost_for_longer_than_the_window_makes_no_duplicate(outbox, proxy, server):
    outbox.publish(SUBJECT, {}, "before")
    proxy.lose_next_ack()
    acks = []
    sender = threading.Thread(target=lambda: acks.append(outbox.publish(SUBJECT, {}, "unsure")))
    sender.start()
    assert proxy.lost.wait(10)
    until = time.monotonic() + 5 * WINDOW_S
    wait_until(lambda: time.monotonic() > until)
    assert not acks
    proxy.heal()
    sender.join(20)
    assert [(ack.event_id, ack.sequence, ack.duplicate) for ack in acks] == [("unsure", 2, True)]
    assert stored_ids(server) == ["before", "unsure"]
    assert outbox.resent >= 1


def test_the_window_alone_would_have_made_one(outbox, server):
    outbox.publish(SUBJECT, {}, "unsure")
    until = time.monotonic() + 5 * WINDOW_S
    wait_until(lambda: time.monotonic() > until)
    outbox.publish(SUBJECT, {}, "unsure")
    assert stored_ids(server) == ["unsure", "unsure"]


def test_an_event_that_never_arrived_is_sent_again(outbox, proxy, server):
    outbox.publish(SUBJECT, {}, "first")
    server.kill()
    acks = []
    sender = threading.Thread(target=lambda: acks.append(outbox.publish(SUBJECT, {}, "second")))
    sender.start()
    wait_until(lambda: not outbox.connected)
    assert not acks
    server._line[server._line.index("-p") + 1] = str(proxy._target_port)
    server.start()
    sender.join(20)
    assert [ack.event_id for ack in acks] == ["second"]
    assert stored_ids(server) == ["first", "second"]


def test_too_large_an_event_is_refused_for_good(outbox):
    with pytest.raises(EventRejectedError, match="too large"):
        outbox.publish(SUBJECT, b"x" * (2 << 20), "huge")
    assert outbox.publish(SUBJECT, b"small", "small").sequence == 1


def test_the_cursor_is_that_of_the_last_event_of_a_subject(outbox):
    assert outbox.cursor(SUBJECT) is None
    outbox.publish(SUBJECT, {}, "n/s/p7/e/0")
    outbox.publish(SUBJECT, {}, "n/s/p9/e/2")
    outbox.publish("edge.n.s.other", {}, "n/s/p11/other/0")
    assert outbox.cursor(SUBJECT) == Cursor(9, 2)

"""Encoding of events, and an outbox that nobody answers."""

import threading
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from headwater.edge.errors import EventRejectedError, StoppedError
from headwater.edge.events import Outbox, encode
from headwater.edge.link import StreamSettings
from headwater.edge.node import free_port
from tests.support.wait import wait_until


@dataclass
class Person:
    score: float
    box: tuple[int, int]


class Sighting(msgspec.Struct):
    label: str


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"a": 1}, b'{"a":1}'),
        (Person(0.5, (1, 2)), b'{"score":0.5,"box":[1,2]}'),
        (Sighting("cat"), b'{"label":"cat"}'),
        (b"raw", b"raw"),
        ({"n": np.float32(0.5), "a": np.array([1, 2])}, b'{"n":0.5,"a":[1,2]}'),
    ],
)
def test_events_are_written_as_json(body, text):
    assert encode(body) == text


def test_what_is_no_json_is_refused():
    with pytest.raises(EventRejectedError, match="lock"):
        encode(threading.Lock())


def test_callers_get_an_error_when_the_outbox_stops():
    outbox = Outbox(lambda: f"nats://127.0.0.1:{free_port()}", StreamSettings())
    outbox.start()
    errors: list[BaseException] = []

    def publish() -> None:
        try:
            outbox.publish("edge.n.s.e", {}, "id")
        except StoppedError as error:
            errors.append(error)

    caller = threading.Thread(target=publish)
    caller.start()
    wait_until(lambda: outbox.emitted == 1)
    outbox.stop()
    caller.join(10)
    assert len(errors) == 1
    assert not outbox.connected


def test_stopped_outbox_refuses():
    outbox = Outbox(lambda: "nats://127.0.0.1:1", StreamSettings())
    outbox.start()
    outbox.stop()
    with pytest.raises(StoppedError):
        outbox.publish("edge.n.s.e", {}, "id")


def test_waiting_for_a_node_that_is_not_there_ends():
    outbox = Outbox(lambda: f"nats://127.0.0.1:{free_port()}", StreamSettings())
    outbox.start()
    try:
        assert not outbox.wait_connected(0.05)
    finally:
        outbox.stop()

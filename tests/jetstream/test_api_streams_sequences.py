"""Sequences that clients ask for are numbers of 64 bits; ours have 63, and room behind them."""

import json

import pytest

from headwater.base.limits import NEXT_SEQUENCE_MAX
from tests.monitor.streams import World

HUGE = (2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def answered(world: World, subject: str, **body: object) -> dict:
    """Return the answer to a request of the API."""
    world.client.say(b"SUB inbox 1\r\n")
    data = json.dumps(body).encode()
    said = world.client.say(b"PUB %b inbox %d\r\n%b\r\n" % (subject.encode(), len(data), data))
    world.jobs.run()
    said += world.client.take()
    return json.loads(said.split(b"\r\n")[1])


@pytest.mark.parametrize("sequence", HUGE)
def test_a_purge_may_skip_to_the_end_of_all_sequences(sequence):
    world = World()
    world.stream("S")
    world.publish("S.a", 3)
    assert answered(world, "$JS.API.STREAM.PURGE.S", seq=sequence)["purged"] == 3
    world.publish("S.a", 2)
    state = answered(world, "$JS.API.STREAM.INFO.S")["state"]
    assert state["first_seq"] == min(sequence, NEXT_SEQUENCE_MAX)
    assert state["messages"] == 2


@pytest.mark.parametrize("sequence", HUGE)
def test_a_stream_may_begin_there(sequence):
    world = World()
    world.stream("S", first_seq=sequence)
    world.publish("S.a", 2)
    state = answered(world, "$JS.API.STREAM.INFO.S")["state"]
    assert state["first_seq"] == min(sequence, NEXT_SEQUENCE_MAX)
    assert state["last_seq"] == state["first_seq"] + 1


@pytest.mark.parametrize("sequence", HUGE)
def test_what_is_asked_for_there_is_not_there(sequence):
    world = World()
    world.stream("S", allow_direct=True)
    world.publish("S.a")
    for body in ({"seq": sequence}, {"seq": sequence, "next_by_subj": "S.a"}):
        found = answered(world, "$JS.API.STREAM.MSG.GET.S", **body)
        assert found["error"]["err_code"] == 10037


@pytest.mark.parametrize("sequence", HUGE)
def test_a_consumer_may_begin_there(sequence):
    world = World()
    world.stream("S")
    config = {"deliver_policy": "by_start_sequence", "opt_start_seq": sequence}
    world.consumer("S", "C", **config)
    world.publish("S.a")
    info = answered(world, "$JS.API.CONSUMER.INFO.S.C")
    assert info["num_pending"] == 0

"""Direct reads: what is written for each message, and what asks for more while it is sent."""

import re

import pytest

from tests.jetstream.duel import Play, on_both
from tests.monitor.streams import World


@on_both
def test_plain_and_other_requests_for_a_sequence(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_direct=True)
    play.put("s.a", b"1")
    play.put("s.b", b"2", {"A": "b", "Nats-Msg-Id": "i"})
    play.put("s.a", b"")
    bodies = [
        *(b'{"seq":%d}' % sequence for sequence in (0, 1, 2, 3, 4, 999999999, 10**18, 10**19)),
        b'{"seq": 2}', b'{"seq":2 }', b'{"seq":02}', b'{"seq":-1}', b'{"seq":}', b'{"seq":1.0}',
        b'{"seq":"1"}', b'{"seq":1', b'{"seq":1}}', b'{"seq":1,"no_hdr":true}', b'{"seq":1e0}',
    ]  # fmt: skip
    for body in bodies:
        _stored(play, "$JS.API.DIRECT.GET.S", body)
    for subject in ("s.a", "s.b", "s.c", "s.*", ">"):
        _stored(play, f"$JS.API.DIRECT.GET.S.{subject}", b"")
    _stored(play, "$JS.API.DIRECT.GET.S", b'{"seq":1}', {"Nats-Required-Api-Level": "99"})
    _stored(play, "$JS.API.DIRECT.GET.S.s.a", b"", {"Nats-Required-Api-Level": "99"})


def _stored(play: Play, subject: str, body: bytes, headers: dict[str, str] | None = None) -> None:
    answer = play.request(subject, body, note=False, headers=headers)
    lines = [line for line in answer.headers if not line.startswith("Nats-Time-Stamp")]
    play.note(f"{subject} {body!r}: {answer.status} {lines} {answer.payload!r}")


def read(world, body, reply=b"inbox"):
    request = b"PUB $JS.API.DIRECT.GET.S %b %d\r\n%b\r\n" % (reply, len(body), body)
    said = world.client.say(request)
    world.jobs.run()
    return said + world.client.take()


@pytest.mark.parametrize("nanoseconds", [0, 1, 10, 120_000_000, 999_999_999, 500_000_000])
def test_times_end_without_zeros(nanoseconds):
    world = World()
    world.node.clock.now_ns = 1_767_225_600 * 10**9 + nanoseconds
    world.stream("S", allow_direct=True)
    world.publish("S.a")
    world.client.say(b"SUB inbox 1\r\n")
    shown = re.search(rb"Nats-Time-Stamp: (\S+)", read(world, b'{"seq":1}'))[1]
    fraction = f".{nanoseconds:09}".rstrip("0").rstrip(".")
    assert shown.decode() == f"2026-01-01T00:00:00{fraction}Z"


def test_an_answer_may_be_a_request():
    world = World()
    world.stream("S", allow_direct=True)
    world.publish("S.a", 2)
    world.client.say(b"SUB $JS.API.DIRECT.GET.> 1\r\n")
    # Its answer is asked of the stream again, and has no reply to be answered at.
    said = read(world, b'{"seq":2}', reply=b"$JS.API.DIRECT.GET.S.S.a")
    assert said.count(b"Nats-Sequence: 2") == 1
    world.client.say(b"SUB inbox 2\r\n")
    assert b"Nats-Sequence: 1" in read(world, b'{"seq":1}')


def test_a_large_batch_takes_turns_with_others():
    world = World()
    world.stream("S", allow_direct=True)
    body = b"x" * 1000
    world.client.say(b"PUB S.a 1000\r\n%b\r\n" % body * 500)
    world.jobs.run()
    world.client.say(b"SUB inbox 1\r\n")
    said = read(world, b'{"seq":1,"batch":1000}')
    first = said.count(b"Nats-Sequence: ")
    assert 20 < first < 60
    for _ in range(40):
        world.node.timers.run_due()
        said += world.client.take()
    found = [int(number) for number in re.findall(rb"Nats-Sequence: (\d+)", said)]
    left = [int(number) for number in re.findall(rb"Nats-Num-Pending: (\d+)", said)]
    assert found == list(range(1, 501))
    assert left == [*range(499, -1, -1), 0]

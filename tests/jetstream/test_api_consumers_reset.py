"""Consumers that begin anew (ADR-60), compared with nats-server."""

from typing import Any

import pytest

from tests.jetstream.duel import MILLISECOND_NS, SECOND_NS, Duel, Play, on_both

_BODIES = (
    b"",
    b"{}",
    b'{"seq":0}',
    b'{"seq":1}',
    b'{"seq":4}',
    b'{"seq":11}',
    b'{"seq":20}',
    b'{"seq":2,"unknown":1}',
    b'{"seq":-1}',
    b'{"seq":"1"}',
    b'{"seq":1.5}',
    b"junk",
    b"[]",
    b"1",
    b" ",
    b"null",
    b'{"seq":1',
)
_PAST, _FUTURE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
_STARTS: dict[str, dict[str, Any]] = {
    "last": {"deliver_policy": "last"},
    "new": {"deliver_policy": "new"},
    "last_per_subject": {"deliver_policy": "last_per_subject", "filter_subject": "s.>"},
    "by_start_sequence": {"deliver_policy": "by_start_sequence", "opt_start_seq": 5},
    "by_past_time": {"deliver_policy": "by_start_time", "opt_start_time": _PAST},
    "by_future_time": {"deliver_policy": "by_start_time", "opt_start_time": _FUTURE},
}


def _start(play: Play, count: int = 10, **config: Any) -> None:
    play.stream("S", subjects=["s.>"])
    play.fill("s.a", count)
    play.consumer("S", "C", **{"ack_policy": "explicit", **config})


def _reset(play: Play, sequence: int = 0) -> None:
    play.ask("CONSUMER.RESET.S.C", {"seq": sequence} if sequence else b"")
    play.info("S", "C")


@on_both
def test_requests(play: Play) -> None:
    _start(play)
    messages = play.fetch("S", "C", 5)
    for number in (0, 1, 3):
        play.ack(messages[number])
    for body in _BODIES:
        play.ask("CONSUMER.RESET.S.C", body)
        play.info("S", "C")


@on_both
def test_what_was_not_acknowledged_is_delivered_for_the_first_time(play: Play) -> None:
    _start(play)
    messages = play.fetch("S", "C", 5)
    for number in (0, 1, 3):
        play.ack(messages[number])
    play.ack(messages[2], b"-NAK")
    _reset(play)
    play.fetch("S", "C", 3)
    # An acknowledgement from before it counts.
    play.ack(messages[2])
    play.info("S", "C")


@pytest.mark.hub
@pytest.mark.parametrize("start", _STARTS)
def test_starts(duel: Duel, start: str) -> None:
    def script(play: Play) -> None:
        for policy in ("explicit", "all", "none"):
            _start(play, **_STARTS[start], ack_policy=policy)
            for sequence in (0, 3, 5, 7, 30):
                _reset(play, sequence)
            play.ask("CONSUMER.DELETE.S.C")
            play.ask("STREAM.PURGE.S")

    duel.compare(script)


@on_both
def test_waiting_requests_get_what_is_delivered_again(play: Play) -> None:
    _start(play, 3)
    inbox = play.pull("S", "C", batch=10, expires=5 * SECOND_NS)
    play.hear(inbox, 3)
    _ask_and_hear(play, inbox)


@on_both
def test_listeners_get_what_is_delivered_again(play: Play) -> None:
    play.listen("d")
    _start(
        play,
        3,
        deliver_subject="d",
        idle_heartbeat=5000 * MILLISECOND_NS,
        flow_control=True,
    )
    play.hear("d", 3)
    _ask_and_hear(play, "d")


def _ask_and_hear(play: Play, inbox: str) -> None:
    play.ask("CONSUMER.RESET.S.C", {"seq": 2})
    play.hear(inbox, 2)
    play.info("S", "C")


@on_both
def test_without_acknowledgements(play: Play) -> None:
    _start(play, 5, ack_policy="none")
    play.take("S", "C", 3)
    _reset(play)
    _reset(play, 2)
    play.take("S", "C", 2)


@pytest.mark.hub
@pytest.mark.parametrize("retention", ["workqueue", "interest"])
def test_retention(duel: Duel, retention: str) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"], retention=retention)
        play.consumer("S", "C", ack_policy="explicit")
        play.fill("s.a", 5)
        play.ack(play.fetch("S", "C", 3)[1])
        left = 2 if retention == "interest" else 4  # what is passed by is not kept for anybody
        for sequence, messages in ((0, 4), (4, left), (1, left)):
            _reset(play, sequence)
            play.wait_state("S", messages=messages)
        play.fetch("S", "C", 2)

    duel.compare(script)


@on_both
def test_what_is_gone_is_not_delivered(play: Play) -> None:
    _start(play)
    for sequence in (4, 5):
        play.ask("STREAM.MSG.DELETE.S", {"seq": sequence})
    play.ask("STREAM.PURGE.S", {"seq": 3})
    for sequence in (4, 1):
        _reset(play, sequence)
        play.fetch("S", "C")
        play.info("S", "C")


@on_both
def test_filters(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(10):
        play.put(f"s.{'ba'[number % 2]}")
    play.consumer("S", "C", ack_policy="explicit", filter_subjects=["s.a", "s.c"])
    play.ack(play.fetch("S", "C", 3)[0])
    for sequence in (1, 2, 3, 9, 10, 11, 30, 0, 4):
        _reset(play, sequence)
    play.fetch("S", "C")


@on_both
def test_restart(play: Play) -> None:
    _start(play, 5)
    play.fetch("S", "C", 4)
    _reset(play, 3)
    play.restart()
    play.info("S", "C")
    play.fetch("S", "C", 3)


@on_both
def test_crash(play: Play) -> None:
    _start(play, 5)
    play.fetch("S", "C", 4)
    _reset(play, 3)
    play.restart(hard=True)
    play.fetch("S", "C", 3)

"""Acknowledgements, samples, pauses and restarts of consumers, compared with nats-server."""

import re
from pathlib import Path
from typing import Any

import pytest

from headwater.base.ids import name_hash
from tests.jetstream.duel import MILLISECOND_NS, SECOND_NS, Duel, Play, on_both

_EVENTS = "$JS.EVENT.METRIC.>"
_LATE = "2100-01-01T00:00:00Z"
_TIMES = re.compile(r"\b\d{19}\b|(?<=\.)\w{4}(?= )")
_V2 = "}\nfeature_flags { js_ack_fc_v2: true "


def _start(play: Play, count: int = 8, **config: Any) -> None:
    play.stream("S", subjects=["s.>"])
    if count:
        play.fill("s.a", count)
    play.consumer("S", "C", **{"ack_policy": "explicit", **config})
    play.listen(_EVENTS)


@on_both
def test_samples(play: Play) -> None:
    _start(play, sample_freq="100%")
    found = play.fetch("S", "C", 6)
    play.ack(found[0])
    play.hear(_EVENTS)
    for verb in (b"-NAK", b"+WPI", b"+TERM"):
        play.ack(found[1 if verb != b"+TERM" else 2], verb)
    play.ack(found[2])
    (again,) = play.fetch("S", "C")
    play.ack(again)
    play.hear(_EVENTS)
    play.ack(found[4], b"+NXT")
    play.hear(_EVENTS)
    play.send(found[5].reply)
    play.hear(_EVENTS)
    play.ack(found[5])
    play.quiet(_EVENTS, 50)


@pytest.mark.hub
@pytest.mark.parametrize("frequency", ["", "0", "0%", "200%", "1000"])
def test_how_often_is_sampled(duel: Duel, frequency: str) -> None:
    def script(play: Play) -> None:
        _start(play, 2, sample_freq=frequency)
        for message in play.fetch("S", "C", 2):
            play.ack(message)
        play.flush()
        play.quiet(_EVENTS, 50)
        play.rest(_EVENTS)

    duel.compare(script)


@on_both
def test_what_covers_others_is_not_sampled(play: Play) -> None:
    _start(play, 6, ack_policy="all", sample_freq="100%")
    found = play.fetch("S", "C", 6)
    play.ack(found[2])
    play.ack(found[5], b"+TERM")
    play.quiet(_EVENTS, 50)
    play.info("S", "C")


@on_both
def test_sampling_begins_with_an_update(play: Play) -> None:
    _start(play, 2)
    play.ack(*play.fetch("S", "C"))
    play.consumer("S", "C", ack_policy="explicit", sample_freq="100%")
    play.ack(*play.fetch("S", "C"))
    play.hear(_EVENTS)


@on_both
def test_verbs_where_an_acknowledgement_covers_others(play: Play) -> None:
    _start(play, 7, ack_policy="all")
    found = play.fetch("S", "C", 6)
    for number, verb in ((2, b"+TERM"), (3, b"-NAK"), (5, b"+WPI"), (5, b"+NXT")):
        play.ack(found[number], verb)
        play.info("S", "C")


@on_both
def test_a_pause_survives_a_restart(play: Play) -> None:
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.PAUSE.>")
    play.listen("d")
    _start(play, 3, pause_until=_LATE)
    push = {"deliver_subject": "d", "idle_heartbeat": 200 * MILLISECOND_NS}
    play.consumer("S", "P", ack_policy="explicit", pause_until=_LATE, **push)
    play.hear(advisories, 2)
    play.hear("d")
    for _ in range(2):
        play.hear(play.pull("S", "C", batch=3, expires=100 * MILLISECOND_NS))
        play.info("S", "C")
        play.info("S", "P")
        play.restart()
    play.ask("CONSUMER.PAUSE.S.C", {"pause_until": "0001-01-01T00:00:00Z"})
    play.fetch("S", "C", 3)
    play.hear(advisories)


@on_both
def test_what_is_acknowledged_survives(play: Play) -> None:
    """If the server is not killed: what then remains is told by the campaigns of crashes."""
    _start(play, 5, ack_wait=60 * SECOND_NS)
    found = play.fetch("S", "C", 4)
    play.ack(found[0])
    play.ack(found[2])
    play.restart()
    play.info("S", "C")
    play.fetch("S", "C")


@on_both
def test_mem_storage(play: Play) -> None:
    _start(play, 5)
    play.consumer("S", "M", ack_policy="explicit", mem_storage=True)
    for name in ("M", "C"):
        found = play.fetch("S", name, 3)
        play.ack(found[0])
        play.ack(found[2])
    play.consumer("S", "M", ack_policy="explicit", mem_storage=False)
    play.restart()
    play.ask("CONSUMER.NAMES.S")
    play.info("S", "M")
    play.info("S", "C")


@on_both
def test_consumers_that_do_not_last(play: Play) -> None:
    _start(play, 1)
    for name, config in (
        ("PUSH", {"deliver_subject": "d"}),
        ("PULL", {"inactive_threshold": 900 * MILLISECOND_NS}),
    ):
        play.consumer("S", name, name=name, ack_policy="explicit", **config)
    play.restart()
    play.info("S", "PUSH")
    play.info("S", "PULL")
    play.wait(
        lambda: play.ask("CONSUMER.NAMES.S", note=False)["consumers"] == ["C", "PUSH"], "its end"
    )


@on_both
def test_who_waits_when_the_server_stops(play: Play) -> None:
    _start(play, 0)
    for asked in ({"expires": SECOND_NS}, {}):
        play.pull("S", "C", batch=1, **asked)
    play.wait_info("S", "C", num_waiting=2)
    play.restart()
    play.info("S", "C")


@on_both
def test_limits_of_the_stream(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_msgs=3)
    filters = {"C": {}, "F": {"filter_subjects": ["s.a", "s.b"]}}
    for name, config in filters.items():
        play.consumer("S", name, ack_policy="explicit", **config)
    play.fill("s.a", 3)
    found = play.fetch("S", "C", 2)
    play.fetch("S", "F")
    for subject in ("s.c", "s.b"):
        play.fill(subject, 2)
        for name in filters:
            play.info("S", name)
    play.ack(found[1])
    for name in filters:
        play.take("S", name, 9)
        play.info("S", name)


@on_both
def test_what_is_taken_away(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(12):
        play.put(f"s.{'abc'[number % 3]}")
    filters = {"C": {}, "F": {"filter_subjects": ["s.a", "s.b"]}}
    for name, config in filters.items():
        play.consumer("S", name, ack_policy="explicit", **config)
    play.fetch("S", "C", 4)
    found = play.fetch("S", "F", 3)
    for verb, body in (
        ("MSG.DELETE", {"seq": 2}),
        ("MSG.DELETE", {"seq": 5}),
        ("MSG.DELETE", {"seq": 8}),
        ("PURGE", {"seq": 9}),
        ("PURGE", {"keep": 1}),
        ("PURGE", {}),
    ):
        play.ask(f"STREAM.{verb}.S", body)
        for name in filters:
            play.info("S", name)
        if verb == "PURGE":
            play.put("s.a")
    play.ack(found[2])
    for name in filters:
        play.take("S", name, 9)
        play.info("S", name)


@pytest.mark.hub
def test_acknowledgements_that_name_domain_and_account(
    nats_server_path: Path, tmp_path: Path
) -> None:
    both = Duel(nats_server_path, tmp_path, f"domain: D {_V2}")
    try:
        ours, theirs = both.run(_acknowledge_in_many_ways)
    finally:
        both.stop()
    # They play in different accounts.
    hashes = name_hash(b"$G").decode(), name_hash(b"P1").decode()
    said = [
        [_TIMES.sub("TIME", line.replace(own, "HASH")) for line in lines]
        for own, lines in zip(hashes, (ours, theirs), strict=True)
    ]
    assert said[0] == said[1]
    assert any("$JS.ACK.D.HASH.S.C.1.1.1.TIME" in line for line in said[1])


def _acknowledge_in_many_ways(play: Play) -> None:
    _start(play, 6)
    for number, message in enumerate(play.fetch("S", "C", 4)):
        tail = message.reply.split(".", 4)[4]
        ways = (message.reply, f"{message.reply}.more", f"$JS.ACK.{tail}", f"{message.reply}.a.b")
        play.ask("CONSUMER.INFO.S.C", note=False)
        play.request(ways[number], b"+ACK")
        play.info("S", "C")
    play.listen("d")
    play.consumer("S", "F", ack_policy="flow_control", deliver_subject="d", max_ack_pending=4)
    asked = play.hear("d", 5)[-1].reply
    play.send(asked, headers={"Nats-Last-Stream": "2", "Nats-Last-Consumer": "2"})
    play.hear("d", 2)
    play.info("S", "F")


@on_both
def test_limits_that_a_stream_sets_for_its_consumers(play: Play) -> None:
    _start(play, 1, max_ack_pending=50)
    for limits in ({"max_ack_pending": 20}, {"max_ack_pending": 60, "inactive_threshold": 10**9}):
        play.update("S", subjects=["s.>"], consumer_limits=limits)
    play.consumer("S", "D", ack_policy="explicit")
    play.consumer("S", "E", ack_policy="explicit", max_ack_pending=70)
    play.consumer("S", "F", ack_policy="explicit", inactive_threshold=2 * 10**9)


@on_both
def test_a_message_that_goes_tells_how_often_it_was_delivered_again(play: Play) -> None:
    told = play.listen("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>")
    for times in (1, 2, 3):
        name = f"T{times}"
        play.stream(name, subjects=[name])
        play.consumer(name, "C", ack_policy="explicit")
        play.put(name)
        for _ in range(times):
            (found,) = play.fetch(name, "C")
            play.ack(found, b"-NAK")
        play.ask(f"STREAM.MSG.DELETE.{name}", {"seq": 1})
        play.hear(told)

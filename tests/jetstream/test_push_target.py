"""Push consumers: interest, groups, flow control, heartbeats, as nats-server does them."""

from typing import Any

import pytest

from tests.jetstream.duel import MILLISECOND_NS, Duel, Play, on_both

_BY_FLOW = {"ack_policy": "flow_control", "deliver_subject": "d", "max_ack_pending": 4}
_WINDOWS = {"answered": True, "unanswered": False}


def _stream(play: Play, count: int = 0, size: int = 0) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(count):
        play.put("s.a", b"%d" % number + bytes(size))


@on_both
def test_delivery_begins_with_interest(play: Play) -> None:
    _stream(play, 3)
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="d")
    play.info("S", "C")
    inbox = play.listen("d")
    found = play.hear(inbox, 3)
    play.info("S", "C")
    for message in found[:2]:
        play.ack(message)
    play.put("s.b")
    play.hear(inbox)
    play.wait_info("S", "C", num_ack_pending=2)
    play.ignore(inbox)
    play.put("s.b")
    play.wait_info("S", "C", push_bound=False)
    inbox = play.listen("d")
    play.hear(inbox)
    play.wait_info("S", "C", push_bound=True, num_ack_pending=3)


@on_both
def test_without_acknowledgements(play: Play) -> None:
    _stream(play, 3)
    inbox = play.listen("d.x")
    play.consumer("S", "C", ack_policy="none", deliver_subject="d.x")
    play.hear(inbox, 3)
    play.put("s.b", b"payload", {"Header": "value"})
    play.hear(inbox)
    play.wait_info("S", "C", num_pending=0)


@on_both
def test_group(play: Play) -> None:
    _stream(play)
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="d", deliver_group="g")
    plain = play.listen("d")
    play.put("s.a")
    play.info("S", "C")
    play.ignore(plain)
    inbox = play.listen("d", "g")
    play.hear(inbox)
    play.info("S", "C")
    play.put("s.a")
    play.hear(inbox)
    play.info("S", "C")


@on_both
def test_redelivery(play: Play) -> None:
    _stream(play, 2)
    inbox = play.listen("d")
    play.consumer(
        "S",
        "C",
        ack_policy="explicit",
        deliver_subject="d",
        ack_wait=100 * MILLISECOND_NS,
        max_deliver=3,
    )
    found = play.hear(inbox, 2)
    play.ack(found[1])
    play.hear(inbox, 2)
    play.put("s.b")
    play.ack(play.wait_message(inbox, lambda message: message.subject == "s.b"))


@on_both
def test_naks(play: Play) -> None:
    _stream(play, 4)
    inbox = play.listen("d")
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="d", max_ack_pending=2)
    found = play.hear(inbox, 2)
    play.ack(found[1], b"-NAK")
    play.ack(*play.hear(inbox))
    play.ack(*play.hear(inbox))
    play.ack(found[0], b"+TERM")
    play.ack(*play.hear(inbox))
    play.info("S", "C")


@on_both
def test_heartbeats(play: Play) -> None:
    _stream(play, 1)
    inbox = play.listen("d")
    play.consumer(
        "S", "C", ack_policy="none", deliver_subject="d", idle_heartbeat=100 * MILLISECOND_NS
    )
    play.hear(inbox)
    play.hear(inbox, 2)
    play.put("s.b")
    play.wait_message(inbox, lambda message: not message.code)
    play.hear(inbox, 1)


@on_both
def test_flow_control(play: Play) -> None:
    _stream(play, 25, 200_000)
    inbox = play.listen("d")
    play.consumer(
        "S",
        "C",
        ack_policy="none",
        deliver_subject="d",
        flow_control=True,
        idle_heartbeat=5000 * MILLISECOND_NS,
    )
    count = 0
    statuses = set()
    while count < 25:
        (message,) = play.hear(inbox, note=False)
        if message.code:
            statuses.add((message.status, message.subject))
            play.send(message.reply)
        else:
            count += 1
    play.note(str(statuses))
    play.wait_info("S", "C", num_pending=0)


@on_both
def test_flow_control_is_waited_for(play: Play) -> None:
    _stream(play, 25, 200_000)
    inbox = play.listen("d")
    play.consumer(
        "S",
        "C",
        ack_policy="none",
        deliver_subject="d",
        flow_control=True,
        idle_heartbeat=100 * MILLISECOND_NS,
    )
    asked = play.wait_message(inbox, lambda message: "FlowControl" in message.status)
    beat = play.wait_message(inbox, lambda message: "Idle" in message.status)
    play.note(str(beat.header("Nats-Consumer-Stalled") == asked.reply))
    answer = play.info("S", "C", note=False)
    play.note(str(0 < answer["num_pending"] < 25))
    play.send(asked.reply)
    play.wait_message(inbox, lambda message: message.code == 0)


@on_both
def test_ordered_consumer(play: Play) -> None:
    """The configuration that clients use for one, and what they do about a gap."""
    _stream(play, 5)
    inbox = play.listen("_INBOX.ordered")
    config = {
        "name": "ORDERED",
        "ack_policy": "none",
        "max_deliver": 1,
        "deliver_subject": inbox,
        "flow_control": True,
        "idle_heartbeat": 5000 * MILLISECOND_NS,
        "ack_wait": 22 * 3600 * 10**9,
        "mem_storage": True,
        "num_replicas": 1,
    }
    play.consumer("S", "ORDERED", **config)
    play.hear(inbox, 5)
    play.ask("CONSUMER.DELETE.S.ORDERED")
    play.consumer("S", "ORDERED", **config, deliver_policy="by_start_sequence", opt_start_seq=3)
    play.hear(inbox, 3)
    play.info("S", "ORDERED")


@on_both
def test_consumer_deleted(play: Play) -> None:
    _stream(play, 1)
    inbox = play.listen("d")
    play.consumer("S", "C", ack_policy="none", deliver_subject="d")
    play.hear(inbox)
    play.ask("CONSUMER.DELETE.S.C")
    play.put("s.a")
    play.quiet(inbox, 50)
    play.consumer("S", "C", ack_policy="none", deliver_subject="d", deliver_policy="new")
    play.ask("STREAM.DELETE.S")
    play.quiet(inbox, 50)


@on_both
def test_deliver_subject_is_changed(play: Play) -> None:
    _stream(play, 1)
    one, two = play.listen("one"), play.listen("two")
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="one")
    play.hear(one)
    config = {"durable_name": "C", "ack_policy": "explicit", "deliver_subject": "two"}
    play.ask("CONSUMER.CREATE.S.C", {"stream_name": "S", "config": config})
    play.ignore(one)
    play.wait_info("S", "C", push_bound=False)
    play.ask("CONSUMER.CREATE.S.C", {"stream_name": "S", "config": config}, note=False)
    play.put("s.b")
    play.hear(two, 2)
    play.info("S", "C")


@on_both
def test_headers_only(play: Play) -> None:
    _stream(play)
    inbox = play.listen("d")
    play.consumer("S", "C", ack_policy="none", deliver_subject="d", headers_only=True)
    for payload, headers in (
        (b"12345", None),
        (b"12345", {"Name": "value", "Other": "x"}),
        (b"", None),
    ):
        play.put("s.a", payload, headers)
        play.hear(inbox)  # one at a time: a reply tells how many the stream holds beyond
    play.consumer("S", "P", ack_policy="none", headers_only=True)
    play.take("S", "P", 3)


@pytest.mark.hub
@pytest.mark.parametrize("answers", _WINDOWS)
def test_flow_control_windows(duel: Duel, answers: str) -> None:
    """Where requests stand in what is delivered, and where that ends without an answer."""
    count, size = 1000, 10_000

    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"], storage="memory")
        play.fill("s.a", count, size)
        play.listen("d")
        play.consumer(
            "S",
            "C",
            ack_policy="none",
            deliver_subject="d",
            flow_control=True,
            idle_heartbeat=500 * MILLISECOND_NS,
        )
        heard = beats = 0
        while heard < count and beats < 2:
            (message,) = play.hear("d", note=False)
            if not message.code:
                heard += 1
                continue
            play.note(f"behind {heard} messages: {message.status} {message.headers}")
            beats += "Idle" in message.status
            if _WINDOWS[answers]:
                play.send(message.reply)

    duel.compare(script)


@on_both
def test_heartbeats_tell_of_a_request_that_is_not_answered(play: Play) -> None:
    play.stream("S", subjects=["s.>"], storage="memory")
    play.fill("s.a", 150, 10_000)
    play.consumer(
        "S",
        "C",
        ack_policy="none",
        deliver_subject="d",
        flow_control=True,
        idle_heartbeat=200 * MILLISECOND_NS,
    )
    play.listen("d")
    found = play.hear("d", 151, note=False)
    asked = [message.reply for message in found if message.code]
    (beat,) = play.hear("d")
    play.note(str(asked == [beat.header("Nats-Consumer-Stalled")]))
    # What is on its way stays so when somebody else listens.
    play.ignore("d")
    play.listen("d")
    play.hear("d")
    play.send(beat.header("Nats-Consumer-Stalled"))
    play.flush()
    play.hear("d")


def _stream_by_flow(play: Play, count: int, **config: Any) -> None:
    play.stream("S", subjects=["s.>"], **config)
    play.fill("s.a", count)
    play.listen("d")
    play.consumer("S", "C", **_BY_FLOW)


def _answer(play: Play, subject: str, stream: int, consumer: int) -> None:
    fields = {"Nats-Last-Stream": stream, "Nats-Last-Consumer": consumer}
    play.send(subject, headers={name: str(value) for name, value in fields.items() if value})
    play.flush()
    play.info("S", "C")


@on_both
def test_answers_to_flow_control_acknowledge(play: Play) -> None:
    _stream_by_flow(play, 8)
    found = play.hear("d", 5)
    play.request(found[1].reply, b"+ACK")
    play.info("S", "C")
    _answer(play, f"{found[-1].reply}x", 2, 2)
    _answer(play, found[-1].reply, 2, 2)
    play.hear("d", 3)
    play.info("S", "C")


@on_both
def test_idle_consumers_ask_for_acknowledgements(play: Play) -> None:
    _stream_by_flow(play, 3)
    asked = play.hear("d", 5)[-1].reply
    _answer(play, asked, 0, 0)
    asked = play.hear("d", 2)[-1].reply
    _answer(play, asked, 3, 3)
    play.hear("d")


@pytest.mark.hub
@pytest.mark.parametrize("fields", [(1, 0), (0, 1)], ids=str)
def test_half_an_answer_acknowledges_nothing(duel: Duel, fields: tuple[int, int]) -> None:
    def script(play: Play) -> None:
        _stream_by_flow(play, 4)
        _answer(play, play.hear("d", 5)[-1].reply, *fields)

    duel.compare(script)


@on_both
def test_flow_control_takes_from_a_work_queue(play: Play) -> None:
    _stream_by_flow(play, 6, retention="workqueue")
    _answer(play, play.hear("d", 5)[-1].reply, 3, 3)
    play.hear("d", 3)
    play.wait_state("S", messages=3)


@on_both
def test_what_was_sent_by_flow_is_sent_again_after_a_reset_only(play: Play) -> None:
    _stream_by_flow(play, 6)
    play.hear("d", 5)
    play.ignore("d")
    play.wait_info("S", "C", push_bound=False)
    play.listen("d")
    beat = play.wait_message("d", lambda message: "Idle" in message.status)
    _answer(play, beat.header("Nats-Consumer-Stalled"), 3, 3)
    play.hear("d", 2)
    play.ask("CONSUMER.RESET.S.C")
    play.hear("d", 3)
    play.info("S", "C")


@on_both
def test_a_group_that_loses_its_members(play: Play) -> None:
    _stream(play)
    play.consumer(
        "S",
        "C",
        ack_policy="explicit",
        deliver_subject="d",
        deliver_group="g",
        ack_wait=300 * MILLISECOND_NS,
    )
    play.fill("s.a", 3)
    play.listen("d", "g")
    play.hear("d", 3)
    play.ignore("d")
    play.put("s.a")
    play.wait_info("S", "C", push_bound=False)
    # Members of another group get nothing.
    play.listen("d", "h")
    play.quiet("d", 400)
    play.info("S", "C")
    play.ignore("d")
    play.listen("d", "g")
    play.hear("d", 4)
    play.info("S", "C")


@on_both
def test_members_of_a_group_share(play: Play) -> None:
    _stream(play)
    play.consumer("S", "C", ack_policy="none", deliver_subject="d.x", deliver_group="g")
    inboxes = [play.listen(subject, "g") for subject in ("d.x", "d.*", "d.>")]
    play.fill("s.a", 300)
    play.wait(
        lambda: sum(play.waiting(inbox) for inbox in inboxes) >= 300 or play.flush(),
        "all messages",
    )
    counts = [play.waiting(inbox) for inbox in inboxes]
    numbers = [message.reply for inbox in inboxes for message in play.hear(inbox, note=False)]
    play.note(f"{sum(counts)} {min(counts) > 40} {len(set(numbers))}")


@on_both
def test_nobody_listens_for_too_long(play: Play) -> None:
    play.listen("d")
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.>")
    _stream(play, 1)
    play.consumer(
        "S",
        "C",
        ack_policy="explicit",
        inactive_threshold=300 * MILLISECOND_NS,
        deliver_subject="d",
    )
    play.hear("d")
    play.quiet("d", 500)
    play.info("S", "C")
    play.ignore("d")
    play.listen("d")
    play.quiet("d", 400)
    play.ignore("d")
    play.hear(advisories, 2)
    play.ask("CONSUMER.INFO.S.C")


@on_both
def test_nobody_ever_listens(play: Play) -> None:
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.>")
    _stream(play, 1)
    play.consumer(
        "S",
        "C",
        ack_policy="explicit",
        inactive_threshold=200 * MILLISECOND_NS,
        deliver_subject="d",
    )
    play.hear(advisories, 2)

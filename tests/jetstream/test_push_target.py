"""Push consumers: interest, groups, flow control, heartbeats, as nats-server does them."""

from tests.jetstream.duel import MILLISECOND_NS, Play, on_both


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
    play.put("s.a", b"12345")
    play.put("s.a", b"12345", {"Name": "value", "Other": "x"})
    play.put("s.a")
    play.hear(inbox, 3)
    play.consumer("S", "P", ack_policy="none", headers_only=True)
    play.take("S", "P", 3)

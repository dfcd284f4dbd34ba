"""Delivery: which messages, in which order, to whom, as nats-server does it."""

from tests.jetstream.duel import SECOND_NS, Play, on_both


def _fill(play: Play, count: int, **config: object) -> None:
    play.stream("S", subjects=["s.>"], **config)
    for number in range(count):
        play.send(f"s.{number % 5}.{number % 3}", b"%d" % number)
    play.put("s.end")


@on_both
def test_several_filters_keep_the_order_of_the_stream(play: Play) -> None:
    _fill(play, 60)
    for number, filters in enumerate(
        [["s.1.*", "s.3.2"], ["s.*.0"], ["s.4.>", "s.end", "s.0.1"], ["s.none", "s.2.2"]]
    ):
        name = f"C{number}"
        play.consumer("S", name, ack_policy="explicit", filter_subjects=filters)
        play.take("S", name, 7)
        play.info("S", name)
    for sequence in (2, 9, 30, 31, 47):
        play.ask("STREAM.MSG.DELETE.S", {"seq": sequence}, note=False)
    play.put("s.1.1")
    for number in range(4):
        play.take("S", f"C{number}", 99)
        play.info("S", f"C{number}")


@on_both
def test_limits_that_overtake_a_consumer(play: Play) -> None:
    _fill(play, 20, max_msgs=10)
    play.consumer("S", "ALL", ack_policy="explicit")
    play.consumer("S", "SOME", ack_policy="explicit", filter_subject="s.*.1")
    play.take("S", "ALL", 3)
    play.take("S", "SOME", 1)
    for number in range(8):
        play.put(f"s.{number % 5}.1", b"new")
    for name in ("ALL", "SOME"):
        play.info("S", name)
        play.take("S", name, 50)
        play.info("S", name)


@on_both
def test_one_message_for_a_subject(play: Play) -> None:
    _fill(play, 20, max_msgs_per_subject=1)
    play.consumer("S", "C", ack_policy="explicit", filter_subject="s.*.1")
    play.take("S", "C", 2)
    for number in range(5):
        play.put(f"s.{number}.1", b"new")
    play.info("S", "C")
    play.take("S", "C", 50)
    play.info("S", "C")


@on_both
def test_what_is_given_back_goes_first(play: Play) -> None:
    _fill(play, 6)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 3)
    for place in (2, 0):
        play.ack(found[place], b"-NAK")
    found = play.take("S", "C", 4)
    play.ack(found[0], b"-NAK")
    play.ack(found[1])
    play.take("S", "C", 9)
    play.info("S", "C")


@on_both
def test_a_large_backlog_is_delivered_whole(play: Play) -> None:
    _fill(play, 3000)
    play.consumer("S", "C", ack_policy="none")
    inbox = play.pull("S", "C", batch=3001, expires=5 * SECOND_NS)
    found = play.hear(inbox, 3001, note=False)
    play.note(
        str([message.payload for message in found] == [b"%d" % n for n in range(3000)] + [b""])
    )
    play.wait_info("S", "C", num_pending=0)

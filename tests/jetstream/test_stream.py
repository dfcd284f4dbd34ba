"""Retention by interest and as a work queue: what goes, and when, as on nats-server."""

from tests.jetstream.duel import MILLISECOND_NS, Play, on_both


def _fill(play: Play, retention: str, count: int = 4, **config: object) -> None:
    play.stream("S", subjects=["s.>"], retention=retention, **config)
    for number in range(count):
        play.put(f"s.{number % 2}")


@on_both
def test_work_queue(play: Play) -> None:
    _fill(play, "workqueue")
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 4)
    play.state("S")
    play.ack(found[1])
    play.wait_state("S", messages=3)
    play.ack(found[0])
    play.wait_state("S", messages=2)
    play.ack(found[2], b"+TERM")
    play.wait_state("S", messages=1)
    play.ack(found[3], b"-NAK")
    play.ack(*play.fetch("S", "C", 1))
    play.wait_state("S", messages=0)
    play.info("S", "C")
    play.put("s.0")
    play.info("S", "C")


@on_both
def test_work_queue_rules(play: Play) -> None:
    _fill(play, "workqueue")
    play.consumer("S", "A", ack_policy="none")
    play.consumer("S", "A", ack_policy="explicit", deliver_policy="new")
    play.consumer("S", "A", ack_policy="explicit", filter_subject="s.0")
    play.consumer("S", "B", ack_policy="explicit")
    play.consumer("S", "B", ack_policy="explicit", filter_subject="s.*")
    play.consumer("S", "B", ack_policy="explicit", filter_subject="s.1")
    for message in play.take("S", "A", 2):
        play.ack(message)
    play.wait_state("S", messages=2)
    for message in play.take("S", "B", 2):
        play.ack(message)
    play.wait_state("S", messages=0)
    play.put("s.other")
    play.state("S")


@on_both
def test_work_queue_with_ack_all(play: Play) -> None:
    _fill(play, "workqueue", 5)
    play.consumer("S", "C", ack_policy="all")


@on_both
def test_work_queue_gives_up(play: Play) -> None:
    _fill(play, "workqueue", 1)
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>")
    play.consumer("S", "C", ack_policy="explicit", max_deliver=1, ack_wait=50 * MILLISECOND_NS)
    play.take("S", "C", 1)
    play.pull("S", "C", batch=1, expires=5000 * MILLISECOND_NS)
    play.hear(advisories)
    play.state("S")
    play.info("S", "C")


@on_both
def test_interest_of_nobody(play: Play) -> None:
    _fill(play, "interest")
    play.consumer("S", "C", ack_policy="explicit")
    play.info("S", "C")
    play.put("s.0")
    play.put("s.1", b"", {"Nats-Msg-Id": "x"})
    play.put("s.1", b"", {"Nats-Msg-Id": "x"})
    play.state("S")
    play.info("S", "C")


@on_both
def test_interest(play: Play) -> None:
    _fill(play, "interest", 0)
    play.consumer("S", "A", ack_policy="explicit")
    play.consumer("S", "B", ack_policy="explicit", filter_subject="s.1")
    for number in range(6):
        play.put(f"s.{number % 3}")
    play.state("S")
    for message in play.take("S", "A", 9):
        play.ack(message)
    play.wait_state("S", messages=2)
    found = play.take("S", "B", 9)
    play.ack(found[1])
    play.wait_state("S", messages=1)
    play.ack(found[0])
    play.wait_state("S", messages=0)
    play.info("S", "A")
    play.info("S", "B")


@on_both
def test_interest_with_ack_none(play: Play) -> None:
    _fill(play, "interest", 0)
    play.consumer("S", "A", ack_policy="none")
    play.consumer("S", "B", ack_policy="all")
    for _ in range(4):
        play.put("s.0")
    play.take("S", "A", 4)
    play.state("S")
    found = play.take("S", "B", 3)
    play.ack(found[2])
    play.wait_state("S", messages=1)


@on_both
def test_interest_ends_with_a_consumer(play: Play) -> None:
    """What only a deleted consumer was waiting for goes away with it."""
    _fill(play, "interest", 0)
    play.consumer("S", "A", ack_policy="explicit")
    play.consumer("S", "B", ack_policy="explicit", filter_subject="s.1")
    for number in range(8):
        play.put(f"s.{number % 2}")
    for message in play.take("S", "A", 4):
        play.ack(message)
    play.wait_state("S", messages=6)
    found = play.take("S", "B", 1)
    play.ask("CONSUMER.DELETE.S.A")
    play.wait_state("S", messages=4)
    play.ack(found[0])
    play.wait_state("S", messages=3)
    play.ask("CONSUMER.DELETE.S.B")
    play.wait_state("S", messages=0)


@on_both
def test_interest_narrowed_by_an_update(play: Play) -> None:
    _fill(play, "interest", 0)
    play.consumer("S", "A", ack_policy="explicit")
    play.put("s.0")
    play.put("s.1")
    play.consumer("S", "A", ack_policy="explicit", filter_subject="s.1")
    play.put("s.0")
    play.put("s.1")
    play.info("S", "A")
    for message in play.take("S", "A", 9):
        play.ack(message)
    play.info("S", "A")


@on_both
def test_limits_retention_keeps(play: Play) -> None:
    _fill(play, "limits")
    play.consumer("S", "C", ack_policy="explicit")
    for message in play.take("S", "C", 4):
        play.ack(message)
    play.ask("CONSUMER.DELETE.S.C")
    play.state("S")


@on_both
def test_limits_of_a_work_queue(play: Play) -> None:
    _fill(play, "workqueue", 6, max_msgs=3)
    play.state("S")
    play.consumer("S", "C", ack_policy="explicit")
    play.take("S", "C", 2)
    play.put("s.0")
    play.put("s.0")
    play.state("S")
    play.info("S", "C")


@on_both
def test_messages_that_expire_while_they_are_pending(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_age=300 * MILLISECOND_NS, duplicate_window=10**8)
    play.put("s.0")
    play.put("s.1")
    play.consumer("S", "C", ack_policy="explicit", ack_wait=100 * MILLISECOND_NS)
    found = play.take("S", "C", 1)
    play.info("S", "C")
    play.wait_state("S", messages=0)
    play.wait_info("S", "C", num_ack_pending=0, num_pending=0)
    play.ack(found[0])
    play.info("S", "C")


@on_both
def test_retention_changes(play: Play) -> None:
    _fill(play, "limits", 0)
    play.consumer("S", "A", ack_policy="explicit")
    play.consumer("S", "B", ack_policy="explicit", filter_subject="s.1")
    for number in range(6):
        play.put(f"s.{number % 2}")
    for message in play.fetch("S", "A", 6):
        play.ack(message)
    changed = {"name": "S", "subjects": ["s.>"], "retention": "interest"}
    play.ask("STREAM.UPDATE.S", changed, note=False)
    play.wait_state("S", messages=3)
    for message in play.fetch("S", "B", 3):
        play.ack(message)
    play.wait_state("S", messages=0)
    play.update("S", subjects=["s.>"], retention="limits")
    play.put("s.0")
    for message in play.fetch("S", "A", 1):
        play.ack(message)
    play.state("S")
    play.update("S", subjects=["s.>"], retention="workqueue")


@on_both
def test_filters_of_an_interest_consumer_are_narrowed(play: Play) -> None:
    _fill(play, "interest", 0)
    play.consumer("S", "A", ack_policy="explicit")
    for number in range(6):
        play.put(f"s.{number % 2}")
    play.state("S")
    play.ask("STREAM.MSG.DELETE.S", {"seq": 2})
    play.ask("STREAM.PURGE.S", {"filter": "s.0"})
    play.state("S")
    play.info("S", "A")

"""CONSUMER.* of the API: the answers are nats-server's."""

import datetime

from tests.jetstream.duel import MILLISECOND_NS, SECOND_NS, Play, on_both


@on_both
def test_life_of_a_consumer(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a")
    play.ask("CONSUMER.INFO.S.C")
    play.ask("CONSUMER.DELETE.S.C")
    play.ask("CONSUMER.INFO.NONE.C")
    play.consumer("NONE", "C")
    play.consumer("S", "C", ack_policy="explicit")
    play.consumer("S", "C", ack_policy="explicit")
    play.consumer("S", "C", ack_policy="explicit", action="create")
    play.consumer("S", "C", ack_policy="explicit", description="d", action="create")
    play.consumer("S", "C", ack_policy="explicit", description="d", action="update")
    play.consumer("S", "D", ack_policy="explicit", action="update")
    play.consumer("S", "C", ack_policy="none")
    play.ask("CONSUMER.INFO.S.C")
    play.ask("CONSUMER.INFO.S.C", b"{}")
    play.ask("CONSUMER.INFO.S.C", {"a": 1})
    play.ask("CONSUMER.DELETE.S.C", {"a": 1})
    play.ask("CONSUMER.DELETE.S.C")
    play.ask("CONSUMER.DELETE.S.C")
    play.state("S")


@on_both
def test_forms_of_creation(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    config = {"ack_policy": "explicit"}

    def create(verb: str, stream: str = "S", **more: object) -> None:
        play.ask(verb, {"stream_name": stream, "config": config | more})

    create("CONSUMER.DURABLE.CREATE.S.A", durable_name="A")
    create("CONSUMER.DURABLE.CREATE.S.B", durable_name="A")
    create("CONSUMER.DURABLE.CREATE.S.B")
    create("CONSUMER.DURABLE.CREATE.S.B", name="B")
    create("CONSUMER.CREATE.S.C", name="C")
    create("CONSUMER.CREATE.S.C", name="D")
    create("CONSUMER.CREATE.S.C", durable_name="C")
    create("CONSUMER.CREATE.S.E", name="E", durable_name="F")
    create("CONSUMER.CREATE.S.G.s.a", name="G", filter_subject="s.a")
    create("CONSUMER.CREATE.S.H.s.a", name="H", filter_subject="s.b")
    create("CONSUMER.CREATE.S.I.s.a", name="I")
    create("CONSUMER.CREATE.S.J", "T", name="J")
    create("CONSUMER.CREATE.S", durable_name="K")
    play.ask("CONSUMER.CREATE.S.L", b"junk")
    play.ask("CONSUMER.CREATE.S.L", b"")
    play.ask("CONSUMER.NAMES.S")
    answer = play.ask("CONSUMER.CREATE.S", {"stream_name": "S", "config": config}, note=False)
    play.note(str((len(answer["name"]), answer["config"].get("durable_name"))))
    play.ask(f"CONSUMER.DELETE.S.{answer['name']}", note=False)


@on_both
def test_names_and_lists(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.ask("CONSUMER.NAMES.S")
    play.ask("CONSUMER.LIST.S")
    for name in ("B", "A", "C"):
        play.consumer("S", name, ack_policy="explicit")
    for body in (b"", {"offset": 1}, {"offset": 9}, {"offset": -1}, b"junk"):
        play.ask("CONSUMER.NAMES.S", body)
        play.ask("CONSUMER.LIST.S", body)
    play.ask("CONSUMER.NAMES.NONE")
    play.ask("CONSUMER.LIST.NONE")


@on_both
def test_updates(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(6):
        play.put(f"s.{number % 2}")
    play.consumer("S", "C", ack_policy="explicit")
    play.take("S", "C", 2)
    play.consumer("S", "C", ack_policy="explicit", filter_subject="s.1")
    play.info("S", "C")
    play.take("S", "C", 9)
    play.info("S", "C")
    play.consumer("S", "C", ack_policy="explicit", filter_subjects=["s.0", "s.2"])
    play.info("S", "C")
    play.put("s.2")
    play.take("S", "C", 9)
    play.info("S", "C")
    play.consumer("S", "C", ack_policy="explicit", max_ack_pending=1, ack_wait=SECOND_NS)
    play.consumer("S", "C", ack_policy="all")
    play.consumer("S", "C", ack_policy="explicit", deliver_policy="last")
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="d")
    play.consumer("S", "C", ack_policy="explicit", max_waiting=3)
    play.consumer("S", "C", ack_policy="explicit", replay_policy="original")
    play.info("S", "C")


@on_both
def test_pause(play: Play) -> None:
    def pause(body: object) -> None:
        answer = play.ask("CONSUMER.PAUSE.S.C", body, note=False)
        play.note(str({key: value for key, value in answer.items() if key != "pause_remaining"}))
        play.note(str(answer.get("pause_remaining", 0) > 0))

    play.stream("S", subjects=["s.>"])
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.PAUSE.>")
    play.consumer("S", "C", ack_policy="explicit")
    inbox = play.pull("S", "C", batch=1, expires=5 * SECOND_NS)
    play.flush()
    pause({"pause_until": "2101-01-01T00:00:00Z"})
    play.put("s.a")
    play.wait(lambda: play.info("S", "C", note=False)["num_pending"], "the message")
    answer = play.info("S", "C", note=False)
    play.note(str((answer["paused"], answer["pause_remaining"] > 0, answer["num_pending"])))
    play.note(str(answer["config"].get("pause_until")))
    play.quiet(inbox, 50)
    play.hear(advisories)
    pause({})
    play.hear(advisories)
    # nats-server looks at the request that waits only when another one comes.
    play.pull("S", "C", batch=1, expires=5 * SECOND_NS)
    play.hear(inbox)
    play.wait_info("S", "C", num_waiting=1)
    pause({"pause_until": "2001-01-01T00:00:00Z"})
    pause({"pause_until": "1970-01-01T00:00:00Z"})
    play.note(str(play.info("S", "C", note=False)["config"].get("pause_until")))
    pause({"pause_until": "0001-01-01T00:00:00Z"})
    play.note(str(play.info("S", "C", note=False)["config"].get("pause_until")))
    pause(b"")
    play.rest(advisories)
    play.ask("CONSUMER.PAUSE.S.NONE", {"pause_until": "2101-01-01T00:00:00Z"})


@on_both
def test_a_pause_ends(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.PAUSE.>")
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(milliseconds=300)
    config = {"ack_policy": "explicit", "durable_name": "C", "pause_until": until.isoformat()}
    play.ask("CONSUMER.CREATE.S.C", {"stream_name": "S", "config": config}, note=False)
    play.put("s.a")
    play.hear(advisories)
    inbox = play.pull("S", "C", batch=1, expires=5 * SECOND_NS)
    play.hear(inbox)
    play.hear(advisories)


@on_both
def test_inactive_consumers_go_away(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    inbox = play.listen("$JS.EVENT.ADVISORY.CONSUMER.>")
    play.ask(
        "CONSUMER.CREATE.S.C",
        {
            "stream_name": "S",
            "config": {"name": "C", "inactive_threshold": 150 * MILLISECOND_NS},
        },
    )
    play.hear(inbox)
    play.hear(inbox)
    play.ask("CONSUMER.INFO.S.C")
    play.consumer("S", "D", inactive_threshold=150 * MILLISECOND_NS)
    play.hear(inbox, 2)
    play.wait_state("S", consumer_count=0)


@on_both
def test_a_request_keeps_a_consumer(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    inbox = play.listen("$JS.EVENT.ADVISORY.CONSUMER.DELETED.>")
    config = {"name": "C", "inactive_threshold": 200 * MILLISECOND_NS}
    play.ask("CONSUMER.CREATE.S.C", {"stream_name": "S", "config": config})
    pull = play.pull("S", "C", batch=1, expires=500 * MILLISECOND_NS)
    play.hear(pull)
    play.info("S", "C")
    play.hear(inbox)


@on_both
def test_advisories(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    inbox = play.listen("$JS.EVENT.ADVISORY.CONSUMER.>")
    play.consumer("S", "C", ack_policy="explicit")
    play.hear(inbox)
    play.put("s.a")
    (found,) = play.fetch("S", "C", 1)
    play.ack(found, b"-NAK")
    play.hear(inbox)
    (found,) = play.fetch("S", "C", 1)
    play.ack(found, b"+TERM for a reason")
    play.hear(inbox)
    play.ask("CONSUMER.DELETE.S.C")
    play.hear(inbox)


@on_both
def test_consumer_limits_of_a_stream(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_consumers=1)
    play.consumer("S", "A")
    play.consumer("S", "B")
    play.ask("CONSUMER.DELETE.S.A")
    play.consumer("S", "B")
    limits = {"inactive_threshold": SECOND_NS, "max_ack_pending": 5}
    play.stream("T", subjects=["t.>"], consumer_limits=limits)
    play.consumer("T", "A")
    play.consumer("T", "B", ack_policy="explicit", max_ack_pending=6)
    play.consumer("T", "C", inactive_threshold=2 * SECOND_NS)

"""What is there again after a restart: streams, consumers, pending messages, message ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import MILLISECOND_NS, SECOND_NS, Duel, Play, Script, play

pytestmark = pytest.mark.hub

both_ends = pytest.mark.parametrize("hard", [False, True], ids=["stopped", "killed"])


@both_ends
def test_streams_and_message_ids(duel: Duel, hard: bool) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"], max_msgs=5, allow_direct=True)
        play.stream("M", subjects=["m.>"], storage="memory")
        play.put("m.a")
        for number in range(8):
            play.put(f"s.{number % 3}", b"%d" % number, {"Nats-Msg-Id": f"id{number}"})
        play.ask("STREAM.MSG.DELETE.S", {"seq": 6})
        play.update("S", subjects=["s.>", "t"], max_msgs=4, allow_direct=True)
        play.put("t", b"", {"Nats-Msg-Id": "last"})
        before = play.state("S", subjects_filter=">", deleted_details=True)
        play.restart(hard=hard)
        after = play.state("S", subjects_filter=">", deleted_details=True)
        play.note(str(before == after))
        play.ask("STREAM.INFO.S")
        play.put("s.0", b"", {"Nats-Msg-Id": "id7"})
        play.put("s.0", b"", {"Nats-Msg-Id": "last"})
        play.put("s.0", b"", {"Nats-Expected-Last-Msg-Id": "last"})
        play.ask("DIRECT.GET.S", {"last_by_subj": "s.1"})
        play.ask("STREAM.NAMES")

    duel.compare(script)


def _consumers(*, hard: bool) -> Script:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"])
        for number in range(12):
            play.put(f"s.{number % 2}", b"%d" % number)
        play.consumer("S", "A", ack_policy="explicit", ack_wait=SECOND_NS)
        play.consumer("S", "F", ack_policy="explicit", filter_subject="s.1")
        play.consumer("S", "N", ack_policy="explicit", deliver_policy="new")
        play.consumer("S", "GONE", ack_policy="explicit")
        found = play.take("S", "A", 5)
        for place in (0, 1, 3):
            play.ack(found[place])
        for message in play.take("S", "F", 2):
            play.ack(message)
        play.ask("CONSUMER.DELETE.S.GONE")
        play.consumer("S", "F", ack_policy="explicit", filter_subject="s.1", description="d")
        names = ("A", "F", "N")
        for name in names:
            play.info("S", name)
        play.restart(hard=hard)
        for name in names:
            play.wait_info("S", name)
        play.ask("CONSUMER.NAMES.S")
        # What was delivered and not acknowledged comes again, before or behind the others.
        inbox = play.pull("S", "A", batch=9, expires=9 * SECOND_NS)
        again = play.hear(inbox, 9, note=False)
        numbers = sorted(message.payload for message in again)
        play.note(str(numbers))
        play.take("S", "F", 9)
        play.take("S", "N", 9)
        play.put("s.1")
        play.fetch("S", "N", 1)

    return script


def test_consumers(duel: Duel) -> None:
    duel.compare(_consumers(hard=False))


def test_acknowledgements_that_were_answered_outlive_a_crash(duel: Duel) -> None:
    # nats-server forgets them: ours is compared with itself.
    stopped = play(duel.ours, _consumers(hard=False), 0)
    assert play(duel.ours, _consumers(hard=True), 0) == stopped


@both_ends
def test_work_queue(duel: Duel, hard: bool) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"], retention="workqueue")
        for number in range(6):
            play.put("s.a", b"%d" % number)
        play.consumer("S", "C", ack_policy="explicit")
        for message in play.take("S", "C", 3):
            play.ack(message)
        play.wait_state("S", messages=3)
        play.restart(hard=hard)
        play.wait_state("S", messages=3)
        play.info("S", "C")
        for message in play.take("S", "C", 9):
            play.ack(message)
        play.wait_state("S", messages=0)

    duel.compare(script)


def test_last_of_each_subject_goes_on(duel: Duel) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"])
        for number in range(8):
            play.put(f"s.{number % 4}")
        play.consumer(
            "S",
            "C",
            ack_policy="explicit",
            deliver_policy="last_per_subject",
            filter_subject="s.>",
        )
        for message in play.take("S", "C", 2):
            play.ack(message)
        play.restart()
        play.info("S", "C")
        play.take("S", "C", 9)
        play.info("S", "C")

    duel.compare(script)


def test_purged_and_deleted_streams(duel: Duel) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"])
        play.stream("T", subjects=["t.>"])
        for number in range(6):
            play.put(f"s.{number % 2}")
            play.put("t.a")
        play.ask("STREAM.PURGE.S")
        play.ask("STREAM.DELETE.T")
        play.restart()
        play.state("S")
        play.put("s.a")
        play.state("S")
        play.ask("STREAM.INFO.T")
        play.restart(hard=True)
        play.state("S")

    duel.compare(script)


def test_push_consumer_goes_on(duel: Duel) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"])
        play.put("s.a")
        inbox = play.listen("d")
        play.consumer(
            "S",
            "C",
            ack_policy="explicit",
            deliver_subject="d",
            ack_wait=500 * MILLISECOND_NS,
        )
        play.hear(inbox)
        play.restart()
        play.put("s.b")
        found = play.hear(inbox, 2, note=False)
        play.note(str(sorted(message.subject for message in found)))
        for message in found:
            play.send(message.reply)
        play.wait_info("S", "C", num_ack_pending=0)

    duel.compare(script)


@pytest.fixture(scope="module")
def small(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers with a domain and little room."""
    config = "domain: hub, max_file: 20KB, max_mem: 10KB"
    both = Duel(nats_server_path, tmp_path_factory.mktemp("small"), config)
    yield both
    both.stop()


def test_domain(small: Duel) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"], allow_direct=True)
        play.put("s.a")
        play.ask("STREAM.INFO.S")
        for verb in ("STREAM.NAMES", "STREAM.INFO.S", "DIRECT.GET.S.s.a", "CONSUMER.NAMES.S"):
            play.request(f"$JS.hub.API.{verb}")
        play.request("$JS.hub.API.DIRECT.GET.S", b'{"seq": 1}')
        play.consumer("S", "C", ack_policy="explicit")
        found = play.request("$JS.hub.API.CONSUMER.MSG.NEXT.S.C", b"1")
        play.ack(found)
        play.request("$JS.other.API.STREAM.NAMES")

    small.compare(script)


def test_reservations(small: Duel) -> None:
    def script(play: Play) -> None:
        play.stream("S", subjects=["s.>"], max_bytes=15_000)
        play.stream("T", subjects=["t.>"], max_bytes=15_000)
        play.stream("T", subjects=["t.>"], max_bytes=5_000)
        play.update("T", subjects=["t.>"], max_bytes=9_000)
        play.stream("M", subjects=["m.>"], max_bytes=15_000, storage="memory")
        play.stream("M", subjects=["m.>"], max_bytes=5_000, storage="memory")
        play.ask("STREAM.DELETE.S")
        play.update("T", subjects=["t.>"], max_bytes=9_000)

    small.compare(script)


def test_no_room_left(small: Duel) -> None:
    def script(play: Play) -> None:
        for subject, storage in (("m.a", "memory"), ("s.a", "file")):
            play.stream("S", subjects=[subject], storage=storage)
            # nats-server takes one message more than there is room for.
            for _ in range(8):
                answer = play.request(subject, bytes(4000), note=False)
                if b"error" in answer.payload:
                    break
            play.note(answer.payload.decode())
            play.ask("STREAM.PURGE.S", note=False)
            play.note(str(b"error" in play.request(subject, bytes(4000), note=False).payload))
            play.ask("STREAM.DELETE.S")

    small.compare(script)

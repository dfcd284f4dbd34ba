"""STREAM.SNAPSHOT and STREAM.RESTORE: the answers are nats-server's, so are the advisories."""

import json
import random

import pytest

from tests.jetstream import moving
from tests.jetstream.duel import Play, on_both


@on_both
def test_snapshots_that_are_refused(play: Play) -> None:
    play.ask("STREAM.SNAPSHOT.NONE", {"deliver_subject": "x"})
    play.ask("STREAM.SNAPSHOT.NONE")
    play.stream("S", subjects=["s"])
    for body in (
        b"",
        {},
        {"deliver_subject": ""},
        {"deliver_subject": "a b"},
        {"deliver_subject": "a.*"},
        {"deliver_subject": "a..b"},
        {"deliver_subject": "a", "unknown": 1},
        {"deliver_subject": 1},
        {"no_consumers": True},
        b"junk",
    ):
        play.ask("STREAM.SNAPSHOT.S", body)


@on_both
def test_restores_that_are_refused(play: Play) -> None:
    play.stream("S", subjects=["s"])
    for body in (
        b"",
        {},
        {"config": {"name": "T"}},
        {"config": {"name": "S"}},
        {"state": {}},
        {"config": {"name": "S"}, "unknown": 1},
        {"config": {"unknown": 1}},
        {"config": {"name": "S", "max_msg_size": -7}},
        b"junk",
    ):
        play.ask("STREAM.RESTORE.S", body)
    play.ask("STREAM.RESTORE.T", {"config": {"subjects": ["t", "t"]}})


@on_both
def test_a_snapshot_in_chunks(play: Play) -> None:
    play.stream("S", subjects=["s"])
    for number in range(40):
        play.send("s", random.Random(number).randbytes(100))
    play.wait_state("S", messages=40)
    play.consumer("S", "C", ack_policy="explicit")
    inbox = play.listen("chunks")
    answer = play.ask("STREAM.SNAPSHOT.S", {"deliver_subject": inbox, "chunk_size": 1024})
    play.note(str(sorted(answer)))
    received = play.hear(inbox, note=False)
    while received[-1].payload:
        if received[-1].reply:
            play.send(received[-1].reply)
        received += play.hear(inbox, note=False)
    first = received[0].reply.split(".")
    play.note(f"{first[:4]} {first[5:]}")
    play.note(f"{received[-1].status} {received[-1].reply}")


@on_both
def test_a_snapshot_in_one_chunk(play: Play) -> None:
    play.stream("S", subjects=["s"])
    inbox = play.listen("chunks")
    play.ask("STREAM.SNAPSHOT.S", {"deliver_subject": inbox})
    chunk, end = play.hear(inbox, 2, note=False)
    play.note(f"{chunk.reply} {chunk.status} {len(chunk.payload) > 0}")
    play.note(f"{end.reply} {end.status} {len(end.payload)}")


@on_both
def test_a_stream_that_comes_back(play: Play) -> None:
    made = play.stream("S", subjects=["s"])
    play.fill("s", 10)
    play.ask("STREAM.MSG.DELETE.S", {"seq": 4})
    told, data = moving.snapshot(play, "S")
    play.ask("STREAM.DELETE.S")
    answer = play.ask("STREAM.RESTORE.S", {"config": {**told["config"], "max_msgs": 5}}, note=False)
    play.note(str(sorted(answer)))
    subject = answer["deliver_subject"]
    play.hide(subject.rpartition(".")[2], "ID")
    play.note(" ".join(subject.split(".")[:4]))
    play.request(subject, data[:100], note=False)
    play.note(str(play.request(subject, data[100:], note=False)))
    play.request(subject)
    play.state("S", deleted_details=True)
    play.put("s", b"next")
    play.note(str(made["config"]["name"]))


@on_both
def test_a_stream_that_is_no_archive(play: Play) -> None:
    play.stream("S", subjects=["s"])
    told, data = moving.snapshot(play, "S")
    play.ask("STREAM.DELETE.S")
    for bad in (b"", b"garbage" * 30, data[:-1], data[:60], data[:30] + b"?" + data[31:]):
        answer = play.ask("STREAM.RESTORE.S", {"config": told["config"]}, note=False)
        if bad:
            play.request(answer["deliver_subject"], bad, note=False)
        end = play.request(answer["deliver_subject"], note=False)
        play.note(str(b'"err_code":10062' in end.payload))
        play.ask("STREAM.NAMES")
        play.ask("STREAM.DELETE.S")


@on_both
def test_advisories(play: Play) -> None:
    heard = play.listen("$JS.EVENT.ADVISORY.STREAM.*.S")
    play.stream("S", subjects=["s"])
    play.fill("s", 3)
    told, data = moving.snapshot(play, "S")
    play.ask("STREAM.DELETE.S")
    moving.restore(play, "S", told, data)
    # nats-server tells of a stream that is restored when it begins, or when it is through.
    for subject in sorted(message.subject for message in play.hear(heard, 7, note=False)):
        play.note(subject)


@pytest.mark.hub
def test_the_fields_of_advisories(duel) -> None:
    def fields(server, account: int) -> list[list[object]]:
        play = Play(server, account)
        try:
            heard = play.listen("$JS.EVENT.ADVISORY.STREAM.*.ADV")
            play.stream("ADV", subjects=["adv"])
            told, data = moving.snapshot(play, "ADV")
            play.ask("STREAM.DELETE.ADV")
            moving.restore(play, "ADV", told, data)
            found = []
            for message in play.hear(heard, 7, note=False):
                body = json.loads(message.payload)
                client = body.get("client", {})
                client.pop("rtt", None)  # known or not, by when it was asked for
                found.append([message.subject, list(body), list(client)])
            return sorted(found)
        finally:
            play.ask("STREAM.DELETE.ADV")
            play.close()

    assert fields(duel.ours, 0) == fields(duel.theirs, 98)

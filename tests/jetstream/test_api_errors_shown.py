"""Errors that need something special: the same plays here and on nats-server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream import moving
from tests.jetstream.duel import Duel, Play, on_both

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers with little memory and accounts, one of which has no JetStream."""
    folder = tmp_path_factory.mktemp("shown")
    both = Duel(nats_server_path, folder, "max_mem: 10KB", "max_streams: 100")
    yield both
    both.stop()


@on_both
def test_an_account_without_jetstream(play: Play) -> None:
    play.become("none")
    for verb, body in (
        ("INFO", b""),
        ("STREAM.CREATE.S", {"name": "S"}),
        ("STREAM.INFO.S", b""),
        ("STREAM.NAMES", b""),
        ("STREAM.LIST", b""),
        ("STREAM.DELETE.S", b""),
        ("STREAM.MSG.GET.S", {"seq": 1}),
        ("STREAM.LEADER.STEPDOWN.S", b""),
        ("CONSUMER.CREATE.S.C", {"stream_name": "S", "config": {"name": "C"}}),
        ("CONSUMER.INFO.S.C", b""),
        ("DIRECT.GET.S", {"seq": 1}),
        ("CONSUMER.MSG.NEXT.S.C", b""),
    ):
        play.ask(verb, body)


@on_both
def test_what_only_servers_of_a_cluster_answer(play: Play) -> None:
    for user in ("sys", "none"):
        play.become(user)
        for verb, body in (
            ("ACCOUNT.STREAM.MOVE.P0.S", b"{}"),
            ("ACCOUNT.STREAM.CANCEL_MOVE.P0.S", b"{}"),
            ("META.LEADER.STEPDOWN", b""),
            ("META.RESCUE", b"{}"),
            ("SERVER.REMOVE", b'{"peer":"x"}'),
            ("SERVER.EVACUATE", b'{"server":"x"}'),
        ):
            inbox = play.listen(f"_INBOX.{user}.{verb}")
            play.send(f"$JS.API.{verb}", body, reply=inbox)
            play.quiet(inbox, 50)


@on_both
def test_names_that_are_refused(play: Play) -> None:
    for name in ("a/b", "a\\b", "a*", "a>", "x" * 256):
        play.ask(f"STREAM.CREATE.{name}", {"name": name})
    play.stream("S", subjects=["s.>"])
    long = "x" * 256
    for config in ({"durable_name": long}, {"durable_name": long, "deliver_subject": "d"}):
        play.ask(f"CONSUMER.DURABLE.CREATE.S.{long}", {"stream_name": "S", "config": config})
    play.consumer("S", "C", direct=True, deliver_subject="d")


@on_both
def test_what_is_no_archive(play: Play) -> None:
    body = {"config": {"name": "R", "subjects": ["r.>"]}, "state": {}}
    subject = play.ask("STREAM.RESTORE.R", body, note=False)["deliver_subject"]
    play.request(subject, b"no archive", note=False)
    answer = json.loads(play.request(subject, note=False).payload)
    play.note(json.dumps(answer))
    play.ask("STREAM.INFO.R")


@on_both
def test_messages_that_are_no_counters(play: Play) -> None:
    """A stream that counts now, and did not when they came."""
    play.stream("S", subjects=["s.>"])
    play.put("s.a", b"no number")
    play.put("s.b", b'{"val":"5"}')
    told, data = moving.snapshot(play, "S")
    play.ask("STREAM.DELETE.S")
    told["config"]["allow_msg_counter"] = True
    play.note(str("error" in moving.restore(play, "S", told, data)))
    for subject in ("s.a", "s.b", "s.c"):
        play.put(subject, b"", {"Nats-Incr": "1"})


@on_both
def test_memory_that_is_full(play: Play) -> None:
    play.stream("S", subjects=["s.>"], storage="memory")
    for _ in range(8):  # nats-server takes one message more than there is room for
        answer = play.request("s.a", bytes(4000), note=False)
        if b"error" in answer.payload:
            break
    play.note(answer.payload.decode())


@on_both
def test_resets_that_are_refused(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.fill("s.a", 9)
    for config in ({"deliver_policy": "last"}, {"deliver_policy": "new"}):
        play.consumer("S", "C", ack_policy="explicit", **config)
        for sequence in (1, 5, 99):
            play.ask("CONSUMER.RESET.S.C", {"seq": sequence})
        play.ask("CONSUMER.DELETE.S.C")

"""Requests of the API beside those about one kind of thing: the same plays here and there."""

import json

import pytest

from tests.jetstream.duel import Play, on_both

pytestmark = pytest.mark.hub

_OF_A_CLUSTER = (
    "STREAM.LEADER.STEPDOWN.%s",
    "STREAM.PEER.REMOVE.%s",
    "STREAM.PEER.EVACUATE.%s",
    "STREAM.CANCEL_MOVE.%s",
    "CONSUMER.LEADER.STEPDOWN.%s.C",
    "CONSUMER.PEER.REMOVE.%s.C",
    "CONSUMER.PEER.EVACUATE.%s.C",
)


@on_both
def test_what_only_a_cluster_does(play: Play) -> None:
    play.stream("S")
    for verb in _OF_A_CLUSTER:
        play.ask(verb % "S")
        play.ask(verb % "S", {"peer": "x"})
        play.ask(verb % "NONE", {"x": 1})


@on_both
def test_every_answer_is_told_to_who_listens(play: Play) -> None:
    """But for messages that were found, and for what is no request."""
    heard = play.listen("$JS.EVENT.ADVISORY.API")
    play.stream("S")
    play.put("S", b"1")
    for verb, body in (
        ("INFO", b""),
        ("STREAM.INFO.S", b""),
        ("STREAM.INFO.NONE", b"{}"),
        ("STREAM.NAMES", b""),
        ("STREAM.MSG.GET.S", b'{"seq": 1}'),
        ("STREAM.MSG.GET.S", b'{"seq": 2}'),
        ("STREAM.UPDATE.S", b'{"name": "S", "<&>": "\\u00fc"}'),
        ("STREAM.LEADER.STEPDOWN.%s", b"{}"),
        ("STREAM.PURGE.S", b""),
        ("STREAM.DELETE.S", b""),
    ):
        play.ask(verb, body, note=False)
    play.flush()
    for message in play.hear(heard, play.waiting(heard), note=False):
        told = json.loads(message.payload)
        client = told.pop("client")
        play.note(f"client {sorted(client)}")
        if '"api":' in told["response"]:
            told["response"] = told["response"].partition('"api":')[0]
        play.note(json.dumps(told))

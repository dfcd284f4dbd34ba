"""Consumers that feed the streams of other servers: the answers are nats-server's."""

import json
from typing import Any

from tests.jetstream.duel import SECOND_NS, Play, on_both

_DIRECT = {"deliver_subject": "d", "direct": True}
_NAMED = {**_DIRECT, "sourcing": True, "name": "E"}
_OTHERS: list[dict[str, Any]] = [
    {"direct": True},
    {**_DIRECT, "durable_name": "X"},
    {**_DIRECT, "deliver_subject": "d.*"},
    {"deliver_subject": "d", "sourcing": True},
    {},
]
_FLOW = {"flow_control": True, "idle_heartbeat": SECOND_NS}


def _ask(play: Play, stream: str, config: dict[str, Any], identity: str | None = None) -> str:
    """Note how a consumer is made; return the identity that its stream tells of."""
    body = json.dumps({"stream_name": stream, "config": config}).encode()
    headers = None if identity is None else {"Nats-Stream-Identity": identity}
    answer = play.request(f"$JS.API.CONSUMER.CREATE.{stream}", body, headers=headers, note=False)
    told = answer.header("Nats-Stream-Identity")
    if told:
        play.hide(told, f"IDENTITY of {stream}")
    found = json.loads(answer.payload)
    if "name" in found:
        play.hide(found["name"], "NAME")
    play.note(f"{config} {identity} {answer.headers} {json.dumps(found)}")
    return told


@on_both
def test_which_stream_of_a_name_it_is(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    identity = _ask(play, "S", _DIRECT)
    for asked in (identity, "x", ""):
        for config in (_DIRECT, _NAMED, *_OTHERS):
            _ask(play, "S", config, asked)
    play.update("S", subjects=["s.>", "t"])
    _ask(play, "S", _DIRECT, identity)
    play.restart()
    _ask(play, "S", _DIRECT, identity)
    play.ask("STREAM.DELETE.S")
    play.stream("S", subjects=["s.>"])
    play.note(str(_ask(play, "S", _DIRECT) == identity))
    _ask(play, "S", _DIRECT, identity)


@on_both
def test_they_are_not_listed(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.listen("d")
    for config in (_DIRECT, _NAMED):
        _ask(play, "S", config)
    play.ask("CONSUMER.NAMES.S")
    play.ask("CONSUMER.LIST.S")
    play.state("S")


@on_both
def test_one_for_a_stream_that_forgets(play: Play) -> None:
    """It outlives the connection, so that nothing is forgotten that it has not brought."""
    play.stream("S", subjects=["s.>"], retention="interest")
    identity = _ask(play, "S", {**_NAMED, **_FLOW})
    for asked in (identity, "x"):
        _ask(play, "S", {**_NAMED, **_FLOW}, asked)
    _ask(play, "S", _NAMED)
    play.ask("CONSUMER.NAMES.S")


@on_both
def test_who_has_no_name_is_told_of_none(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for config in ({"inactive_threshold": 60 * SECOND_NS}, {"deliver_subject": "d"}, _DIRECT):
        body = {"stream_name": "S", "config": config}
        name = play.ask("CONSUMER.CREATE.S", body, note=False)["name"]
        play.hide(name, "NAME")
        play.ask(f"CONSUMER.INFO.S.{name}")
        named = {**config, "name": name, "description": "x"}
        if config is not _DIRECT:
            asked = {"stream_name": "S", "config": named}
            play.note(json.dumps(play.ask(f"CONSUMER.CREATE.S.{name}", asked, note=False)))
        play.ask(f"CONSUMER.INFO.S.{name}")
    body = {"stream_name": "S", "config": {"inactive_threshold": 60 * SECOND_NS}}
    name = play.ask("CONSUMER.CREATE.S", body, note=False)["name"]
    play.hide(name, "NAME")
    play.restart()
    play.note(json.dumps(play.ask(f"CONSUMER.INFO.S.{name}", note=False)["config"]))

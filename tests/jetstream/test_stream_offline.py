"""Streams and consumers of a newer version: they stay as they are, and nobody is served."""

from pathlib import Path

import pytest

from headwater.jetstream import stream_config
from tests.jetstream import newer_assets
from tests.jetstream.disk_world import World
from tests.jetstream.duel import SECOND_NS, Play, on_both


@on_both
def test_what_needs_a_newer_version_is_offline(play: Play) -> None:
    """And stays as it is, until somebody deletes it, or a newer version runs it."""
    play.stream("S", subjects=["s.>"], allow_direct=True)
    play.put("s.a", b"1")
    play.stream("K", subjects=["k.>"])
    play.consumer("K", "C")
    with play.stopped():
        newer_assets.make_newer(play.server, play.user, "S")
        newer_assets.make_newer(play.server, play.user, "K", "C")
    for verb, body in (
        ("STREAM.INFO.S", b""),
        ("STREAM.NAMES", b""),
        ("STREAM.LIST", b""),
        ("STREAM.UPDATE.S", {"name": "S", "subjects": ["s.>"], "allow_direct": True}),
        ("STREAM.CREATE.S", {"name": "S", "subjects": ["s.>"]}),
        ("STREAM.CREATE.X", {"name": "X", "subjects": ["s.>"]}),
        ("CONSUMER.CREATE.S.N", {"stream_name": "S", "config": {"name": "N"}}),
        ("CONSUMER.NAMES.S", b""),
        ("CONSUMER.LIST.S", b""),
        ("CONSUMER.INFO.S.N", b""),
        ("DIRECT.GET.S", {"seq": 1}),
        ("STREAM.INFO.K", b""),
        ("CONSUMER.INFO.K.C", b""),
        ("CONSUMER.NAMES.K", b""),
        ("CONSUMER.LIST.K", b""),
        ("CONSUMER.CREATE.K.C", {"stream_name": "K", "config": {"durable_name": "C"}}),
        ("CONSUMER.MSG.NEXT.K.C", b""),
    ):
        play.ask(verb, body)
    play.put("s.a", b"2")
    play.restart()
    play.ask("STREAM.INFO.S")
    for name in "SK":
        play.ask(f"STREAM.DELETE.{name}")
    play.ask("STREAM.LIST")
    play.stream("S", subjects=["s.>"])


def _world(folder: Path) -> World:
    world = World(folder)
    config = {"name": "S", "subjects": ["s.>"], "max_age": 10 * SECOND_NS}
    assert "error" not in world.ask("STREAM.CREATE.S", config)
    consumer = {"durable_name": "C", "inactive_threshold": 5 * SECOND_NS}
    body = {"stream_name": "S", "config": consumer}
    assert "error" not in world.ask("CONSUMER.CREATE.S.C", body)
    world.send("s.a", b"1")
    return world


@pytest.mark.parametrize("consumer", ["", "C"])
def test_time_changes_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consumer: str
) -> None:
    world = _world(tmp_path / "store")
    newer_assets.propose_newer(world, "S", consumer, known=True)
    for _ in range(2):
        world = world.restarted()
        world.pass_time(30)
        assert world.ask("STREAM.INFO.S")["error"]["err_code"] == 10194
        assert world.ask("INFO")["streams"] == 1
        world.node.jetstream.stop(lambda: None)
        world.settle()
    monkeypatch.setattr(stream_config, "API_LEVEL", newer_assets.LEVEL)
    world = world.restarted()
    assert world.ask("STREAM.INFO.S")["state"]["messages"] == 1
    assert world.ask("CONSUMER.INFO.S.C")["num_pending"] == 1


def test_what_is_not_understood_is_damage_unless_it_is_newer(tmp_path: Path) -> None:
    with pytest.raises(stream_config.JetStreamError):
        stream_config.read_stored(stream_config.StreamConfig, b'{"name":"S","of_the_future":1}')
    newer = b'{"name":"S","of_the_future":1,"metadata":{"_nats.req.level":"6"}}'
    config = stream_config.read_stored(stream_config.StreamConfig, newer)
    assert stream_config.unsupported(config.metadata).startswith("unsupported")
    for level in ("", "x", "-1", "5", "²"):
        assert not stream_config.unsupported({"_nats.req.level": level})
    assert stream_config.unsupported({"_nats.req.level": "9" * 5000})


def test_it_is_deleted_when_that_is_wanted(tmp_path: Path) -> None:
    world = _world(tmp_path / "store")
    newer_assets.propose_newer(world, "S")
    world = world.restarted()
    assert world.ask("STREAM.DELETE.S")["success"]
    assert world.ask("STREAM.NAMES")["streams"] is None
    assert "error" not in world.ask("STREAM.CREATE.S", {"name": "S", "subjects": ["s.>"]})

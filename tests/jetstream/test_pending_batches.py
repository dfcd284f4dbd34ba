"""Batches without messages are given up, at once when a stream goes, else in time."""

import json

from headwater.base.clock import SECOND
from headwater.config.options import BatchOptions, JetStreamLimits, JetStreamOptions
from tests.jetstream.disk_world import World

ABANDONED = "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.S"


def world_of(tmp_path, **batch: int) -> World:
    limits = JetStreamLimits(batch=BatchOptions(**batch))
    world = World(tmp_path / "store", JetStreamOptions(limits=limits))
    config = {"name": "S", "subjects": ["s.>"], "allow_atomic": True, "allow_batched": True}
    assert "error" not in world.ask("STREAM.CREATE.S", config)
    world.client.say(f"SUB {ABANDONED} 2\r\n".encode())
    return world


def part(world: World, batch: str, sequence: int) -> bytes:
    block = (
        f"NATS/1.0\r\nNats-Batch-Id: {batch}\r\nNats-Batch-Sequence: {sequence}\r\n\r\n".encode()
    )
    sizes = (len(block), len(block) + 1)
    heard = world.client.say(b"HPUB s.a r.0 %d %d\r\n%bx\r\n" % (*sizes, block))
    world.settle()
    return heard + world.client.take()


def reasons(world: World) -> list[tuple[str, str]]:
    """Return batch and reason of each advisory that has come."""
    bodies = [line for line in world.client.take().split(b"\r\n") if line.startswith(b"{")]
    advisories = [json.loads(body) for body in bodies]
    return [(advisory["batch"], advisory["reason"]) for advisory in advisories]


def test_batches_that_nobody_goes_on_with(tmp_path):
    world = world_of(tmp_path)
    part(world, "a", 1)
    world.pass_time(5)
    part(world, "b", 1)
    world.pass_time(4)
    assert reasons(world) == []
    world.pass_time(1)
    assert reasons(world) == [("a", "timeout")]
    part(world, "b", 2)
    world.pass_time(9)
    assert reasons(world) == []
    world.pass_time(1)
    assert reasons(world) == [("b", "timeout")]
    assert b"10176" in part(world, "a", 2)


def test_the_time_is_configured(tmp_path):
    world = world_of(tmp_path, timeout_ns=2 * SECOND)
    part(world, "a", 1)
    world.pass_time(2)
    assert reasons(world) == [("a", "timeout")]


def test_fast_batches_just_end(tmp_path):
    world = world_of(tmp_path)
    assert b'"msgs":10' in world.client.say(b"PUB s.a r.f.10.ok.1.0.$FI 1\r\nx\r\n")
    world.pass_time(10)
    assert b"MSG" not in world.client.take()
    assert b"10208" in world.client.say(b"PUB s.a r.f.10.ok.2.1.$FI 1\r\nx\r\n")


def test_places_are_given_back(tmp_path):
    world = world_of(tmp_path, total_max=1)
    part(world, "a", 1)
    assert b"10210" in part(world, "b", 1)
    world.ask("STREAM.DELETE.S")
    assert world.node.jetstream.atomic_limits.total == 0
    config = {"name": "T", "subjects": ["s.>"], "allow_atomic": True}
    world.ask("STREAM.CREATE.T", config)
    assert b"10210" not in part(world, "b", 1)
    world.ask("STREAM.UPDATE.T", {**config, "allow_atomic": False})
    assert world.node.jetstream.atomic_limits.total == 0

"""Requests that wait are bounded; what is dropped beyond that is told to the system account."""

import json

from headwater.config.options import JetStreamOptions
from tests.broker.fakes import Client
from tests.jetstream.disk_world import World

ADVISORY = b"$JS.EVENT.ADVISORY.API.LIMIT_REACHED"


def overseen(tmp_path, **options: int) -> tuple[World, Client]:
    """Return a world and a client of its system account that hears of dropped requests."""
    world = World(tmp_path / "store", JetStreamOptions(**options))
    watcher = Client(world.node)
    watcher.session.account = world.node.accounts.system
    watcher.say(b"SUB %b 1\r\n" % ADVISORY)
    return world, watcher


def create(world: World, name: str) -> None:
    world.send(f"$JS.API.STREAM.CREATE.{name}", json.dumps({"name": name}).encode(), settle=False)


def test_what_is_beyond_the_bound_is_dropped(tmp_path):
    world, watcher = overseen(tmp_path, requests_max=3)
    for number in range(5):
        create(world, f"S{number}")
    world.settle()
    world.client.take()
    assert len(world.ask("STREAM.NAMES")["streams"]) == 3
    heard = watcher.take()
    advisory = json.loads(heard.partition(b"\r\n")[2].rpartition(b"\r\n")[0])
    assert heard.startswith(b"MSG %b 1" % ADVISORY)
    assert advisory["type"] == "io.nats.jetstream.advisory.v1.api_limit_reached"
    assert advisory["server"] == world.node.name
    assert advisory["dropped"] == 2
    create(world, "S5")
    world.settle()
    world.client.take()
    assert len(world.ask("STREAM.NAMES")["streams"]) == 4


def test_looking_is_counted_by_itself(tmp_path):
    world, watcher = overseen(tmp_path, requests_max=1, info_requests_max=1)
    create(world, "A")
    assert b"MSG" in world.send("$JS.API.INFO", b"", settle=False)
    world.settle()
    assert watcher.take() == b""


def test_nothing_is_dropped_by_default(tmp_path):
    world, watcher = overseen(tmp_path)
    for number in range(50):
        create(world, f"S{number}")
    world.settle()
    world.client.take()
    assert world.ask("STREAM.NAMES")["total"] == 50
    assert watcher.take() == b""

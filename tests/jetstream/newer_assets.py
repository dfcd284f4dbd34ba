"""Stores in which a stream or consumer needs a newer version, as that would have left them."""

import json
import re
from pathlib import Path

import msgspec

from headwater.natsstore.highway import Hasher
from headwater.store.record import CONFIG, CONSUMER
from tests.jetstream import disk_world
from tests.jetstream.duel import AnyServer, Ours, Theirs

LEVEL = 99


def make_newer(server: AnyServer, user: str, stream: str, consumer: str = "") -> None:
    """Let a stream, or one of its consumers, need a newer version; the server does not run."""
    if isinstance(server, Theirs):
        change_files(server.folder / "store" / "jetstream" / user.upper(), stream, consumer)
    elif isinstance(server, Ours):
        # It ends as in a crash: what was recorded last counts.
        world = disk_world.World(server.folder / "store" / "headwater")
        propose_newer(world, stream, consumer)


def propose_newer(
    world: disk_world.World, stream: str, consumer: str = "", *, known: bool = False
) -> None:
    """Change a configuration to a newer version's; unless it is ``known`` it has a new field."""
    running = world.node.jetstream.accounts[0].streams[stream]
    found = running.consumers[consumer] if consumer else running
    config = json.loads(msgspec.json.encode(found.config))
    config["metadata"]["_nats.req.level"] = str(LEVEL)
    if not known:
        config["of_the_future"] = True
    record = {"created_ns": found.created_ns, "next_sequence": 1, "config": config}
    running.store.propose(
        CONSUMER if consumer else CONFIG, consumer.encode(), json.dumps(record).encode()
    )
    running.ingest.due()
    world.settle()


def change_files(account: Path, stream: str, consumer: str = "") -> None:
    """Change a configuration in the folder that a nats-server has for an account."""
    folder = account / "streams" / stream
    if consumer:
        folder = folder / "obs" / consumer
    meta = folder / "meta.inf"
    level = f'"_nats.req.level":"{LEVEL}"'
    text = re.sub(r'"_nats\.req\.level":"\d+"', level, meta.read_text()).encode()
    meta.write_bytes(text)
    key = f"{stream}/{consumer}" if consumer else stream
    checksum = Hasher(key.encode()).digest(memoryview(text), 0, len(text))
    meta.with_name("meta.sum").write_text(checksum.hex())

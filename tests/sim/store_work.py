"""A little of everything that a store asks of its disk."""

import json
from collections.abc import Callable
from typing import Any

from headwater.config.options import JetStreamOptions
from headwater.jetstream.engine import JetStream
from headwater.jetstream.stream_repair import StreamRepair
from headwater.natsstore.archive import MAGIC, put_end, put_entry
from headwater.store.jobs import ImmediateJobs
from headwater.store.record import PURGE
from headwater.store.stream_work import Purge
from headwater.wire.s2_stream import HEAD, plain_chunks
from tests.broker.fakes import new_node
from tests.sim.node_world import Bare, World, encoded, pub
from tests.sim.stream import FOLDER, Stream

_BLOCK_BYTES = 1000
_PLAIN = "$G/streams/PLAIN"


def work(disk: Any) -> None:
    """Fill blocks, write checkpoints, remove blocks, start again."""
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=300)
    for _ in range(5):
        stream.put(b"subject", bytes(100))
    stream.files.checkpoint()
    stream.store.propose(PURGE, b"", Purge(b"", 6, 0).encode())
    stream.commit()
    for _ in range(3):
        stream.files.checkpoint()
    stream.store.log.close()
    other = Stream(disk, block_bytes=300)
    other.recover()
    other.put(b"subject", b"")
    other.store.log.close()


def work_on_node(disk: Any, spoil: Callable[[str, int], None]) -> None:
    """Let a node do all that touches its disk; ``spoil(path, offset)`` damages a file.

    Streams, plain and compressed, are made, filled, thinned out and written anew, restored and
    deleted; they are stopped, repaired and recovered.
    """
    world = World(disk, 0, block_bytes=_BLOCK_BYTES, bare=Bare(1))
    world.recover()
    world.start()
    _make(world, "PLAIN", "none")
    _make(world, "PACKED", "s2")
    _ask(world, "CONSUMER.DURABLE.CREATE.PLAIN.C", _CONSUMER)
    for name in ("PLAIN", "PACKED"):
        _fill(world, name, 40)
        for sequence in range(1, 38):
            if sequence % 9:
                _ask(world, f"STREAM.MSG.DELETE.{name}", {"seq": sequence})
        _write_anew(world, name)
    _restore(world)
    _ask(world, "STREAM.DELETE.PACKED", None)
    world.engine.stop(lambda: None)
    world.settle()
    block = next(name for name in disk.names(_PLAIN) if name.endswith(".blk"))
    spoil(f"{_PLAIN}/{block}", 90)
    _repair(disk)
    again = World(disk, 0, block_bytes=_BLOCK_BYTES, bare=Bare(2))
    again.recover()
    again.start()
    _fill(again, "PLAIN", 3)
    again.engine.stop(lambda: None)
    again.settle()


_CONSUMER = {"stream_name": "PLAIN", "config": {"durable_name": "C", "ack_policy": "explicit"}}


def _ask(world: World, verb: str, body: Any) -> dict[str, Any]:
    data = b"" if body is None else encoded(body)
    heard = world.say(pub(f"$JS.API.{verb}".encode(), b"r.0", data))
    world.settle()
    answer = json.loads([*heard, *world.take()][-1].payload)
    assert "error" not in answer, answer
    return answer


def _make(world: World, name: str, compression: str) -> None:
    config = {"name": name, "subjects": [f"{name.lower()}.*"], "compression": compression}
    _ask(world, f"STREAM.CREATE.{name}", {**config, "storage": "file"})


def _fill(world: World, name: str, count: int) -> None:
    for number in range(count):
        subject = b"%b.%d" % (name.lower().encode(), number % 5)
        world.say(pub(subject, b"r.1", b"%d " % number + bytes(100)))
        if number % 3 == 0:
            world.settle()
    world.settle()


def _write_anew(world: World, name: str) -> None:
    files = world.streams[name].files
    for _ in range(6):
        files.checkpoint()
        world.settle()
        files.give_back(1 << 20)
        world.settle()


def _restore(world: World) -> None:
    archive = bytearray(MAGIC)
    state = {"first_seq": 1, "last_seq": 9, "consumer_count": 0}
    put_entry(archive, b"state.json", 1, 0, b"", json.dumps(state).encode())
    for sequence in (1, 3, 8):
        put_entry(archive, b"back.a", 1000 + sequence, sequence, b"", b"restored")
    put_end(archive)
    config = {"name": "BACK", "subjects": ["back.>"], "storage": "file"}
    begun = _ask(world, "STREAM.RESTORE.BACK", {"config": config})
    subject = begun["deliver_subject"].encode()
    for chunk in (HEAD + plain_chunks(bytes(archive)), b""):
        world.say(pub(subject, b"r.2", chunk))
        world.settle()


def _repair(disk: Any) -> None:
    node = new_node()
    engine = JetStream(node, JetStreamOptions(), disk, ImmediateJobs())
    engine.recover()
    for stream in engine.accounts[0].streams.values():
        StreamRepair(node, stream).run()
        stream.store.log.close()

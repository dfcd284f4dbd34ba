"""A snapshot on its way: how many chunks at a time, and how it ends when nobody takes them."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.broker.subscription import InternalSubscription
from headwater.wire import s2_stream
from tests.jetstream.disk_world import CONFIG, World


class Receiver:
    """Takes the chunks of a snapshot."""

    def __init__(self, world: World, subject: str = "chunks") -> None:
        self.chunks: list[tuple[bytes, bytes, bytes]] = []  # payload, reply, headers
        self.subscription = InternalSubscription(subject.encode(), self._take)
        self.account = world.node.accounts.globals
        self.account.subscribe(self.subscription)

    def _take(self, message, _origin) -> None:
        self.chunks.append((message.payload(), message.reply(), message.headers()))

    def leave(self) -> None:
        self.account.unsubscribe(self.subscription)


def noise(number: int) -> bytes:
    """Return a payload that cannot be compressed."""
    return random.Random(number).randbytes(200)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A stream of a hundred messages, some 20 kB in all."""
    world = World(tmp_path / "store")
    assert world.ask("STREAM.CREATE.S", CONFIG)["did_create"]
    for number in range(100):
        world.send("s.a", noise(number))
    return world


def begin(world: World, **options: object) -> None:
    asked = {"deliver_subject": "chunks", "chunk_size": 1024, **options}
    answer = world.ask("STREAM.SNAPSHOT.S", asked)
    assert answer["state"]["messages"] == 100, answer


def test_no_more_chunks_than_the_window_holds(world: World) -> None:
    receiver = Receiver(world)
    begin(world, window_size=4096)
    assert len(receiver.chunks) == 4
    _, reply, _ = receiver.chunks[0]
    world.send(reply.decode(), b"")
    assert len(receiver.chunks) == 5
    assert [reply.split(b".")[5:] for _, reply, _ in receiver.chunks] == [
        [b"1024", b"%d" % number] for number in range(1, 6)
    ]


def test_the_whole_of_it(world: World) -> None:
    receiver = Receiver(world)
    begin(world)
    last, end = receiver.chunks[-2:]
    assert last[1:] == (b"", b"")
    assert end == (b"", b"", b"NATS/1.0 204\r\n\r\n")
    data = s2_stream.decode(b"".join(payload for payload, _, _ in receiver.chunks))
    assert data.startswith(b"NATSARC1")
    assert data.endswith(noise(99) + bytes(5))


def test_a_receiver_that_acknowledges_nothing(world: World) -> None:
    receiver = Receiver(world)
    begin(world, window_size=1)
    assert len(receiver.chunks) == 1
    world.pass_time(6)
    assert receiver.chunks[1:] == [(b"", b"", b"NATS/1.0 408 No Flow Response\r\n\r\n")]


def test_a_receiver_that_goes(world: World) -> None:
    receiver = Receiver(world)
    advisories = Receiver(world, "$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.S")
    begin(world, window_size=1)
    receiver.leave()
    world.settle()
    assert len(receiver.chunks) == 1
    ((told, _, _),) = advisories.chunks
    assert json.loads(told)["error"] == "no interest"


def test_a_receiver_that_comes_a_little_later(world: World) -> None:
    begin(world)
    world.pass_time(1)
    receiver = Receiver(world)
    world.settle()
    assert receiver.chunks[-1][2] == b"NATS/1.0 204\r\n\r\n"


def test_messages_that_cannot_be_read_end_it(world: World) -> None:
    stream = world.node.jetstream.accounts[0].streams["S"]
    stream.files.checkpoint()  # until then the journal has what is not in the file
    world.settle()
    stream.store.drop_cache()
    for block in stream.store.index.blocks:
        block.cached = None
    (path,) = (world.folder / "$G" / "streams" / "S").glob("*.blk")
    data = bytearray(path.read_bytes())
    data[-300] ^= 1
    path.write_bytes(data)
    receiver = Receiver(world)
    begin(world)
    assert receiver.chunks[-1][2].startswith(b"NATS/1.0 500 couldn't load next message after seq")

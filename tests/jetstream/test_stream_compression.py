"""Streams that are compressed on the disk: nobody but the disk sees a difference."""

import base64
from pathlib import Path
from typing import Any

from tests.jetstream.disk_world import CONFIG, World

EVENT = b'{"camera":"cam-%d","label":"person","confidence":0.9,"box":[1,2,3,4],"n":%d}'
BLOCK_BYTES = 20_000


def ask(world: World, verb: str, **config: Any) -> dict[str, Any]:
    answer = world.ask(f"STREAM.{verb}.S", {**CONFIG, **config})
    assert "error" not in answer, answer
    world.node.jetstream.accounts[0].streams["S"].store.log.block_bytes = BLOCK_BYTES
    return answer["config"]


def fill(world: World, count: int) -> None:
    for number in range(count):
        world.send(f"s.{number % 4}", EVENT % (number % 4, number))


def messages(world: World, count: int) -> list[bytes]:
    found = [world.ask("STREAM.MSG.GET.S", {"seq": seq + 1})["message"] for seq in range(count)]
    return [base64.b64decode(message["data"]) for message in found]


def events(count: int) -> list[bytes]:
    return [EVENT % (number % 4, number) for number in range(count)]


def disk_bytes(world: World) -> int:
    world.node.jetstream.accounts[0].streams["S"].files.checkpoint()
    world.settle()  # so that nothing is in the journal alone
    folder = world.folder / "$G/streams/S"
    return sum(path.stat().st_size for path in folder.glob("*.blk"))


def in_one_write(world: World, count: int) -> None:
    """Publish so that all of it comes in one batch."""
    for number in range(count):
        world.send(f"s.{number % 4}", EVENT % (number % 4, number), settle=False)
    world.settle()
    world.client.take()


def test_a_stream_is_compressed(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert ask(world, "CREATE", compression="s2")["compression"] == "s2"
    assert world.ask("STREAM.INFO.S")["config"]["compression"] == "s2"
    in_one_write(world, 500)
    assert disk_bytes(world) < sum(map(len, events(500))) / 3
    assert messages(world, 500) == events(500)
    again = world.restarted()
    assert again.ask("STREAM.INFO.S")["config"]["compression"] == "s2"
    assert messages(again, 500) == events(500)
    in_one_write(again, 1)
    assert messages(again, 501)[500] == EVENT % (0, 0)


def test_a_stream_in_memory_may_say_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert ask(world, "CREATE", compression="s2", storage="memory")["compression"] == "s2"
    fill(world, 10)
    assert messages(world, 10) == events(10)


def give_back(world: World) -> None:
    """Let checkpoints be written and blocks be looked after, as in a while."""
    stream = world.node.jetstream.accounts[0].streams["S"]
    for _ in range(3):
        stream.files.checkpoint()
        world.pass_time(10)
    world.client.say(b"PONG\r\n")  # somebody may have been asked


def test_what_was_written_before_is_compressed_in_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    ask(world, "CREATE")
    fill(world, 500)
    before = disk_bytes(world)
    give_back(world)
    assert disk_bytes(world) == before
    assert ask(world, "UPDATE", compression="s2")["compression"] == "s2"
    fill(world, 500)
    give_back(world)
    assert disk_bytes(world) < before
    again = world.restarted()
    assert messages(again, 1000) == events(500) * 2
    # And what is written after that is not compressed any more, if that is wanted.
    ask(again, "UPDATE", compression="none")
    before = disk_bytes(again)
    in_one_write(again, 100)
    assert disk_bytes(again) > before + sum(map(len, events(100)))
    assert messages(again, 1100)[1000:] == events(100)

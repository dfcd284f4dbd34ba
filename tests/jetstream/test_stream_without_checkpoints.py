"""A stream whose checkpoints are both gone: configuration and consumers are in what is left."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.jetstream.disk_world import World


class Small(World):
    """A world whose stream has small blocks."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.random = random.Random(0)
        self._inboxes = 0

    @property
    def stream(self) -> Any:
        return self.node.jetstream.accounts[0].streams["S"]

    def begin_stream(self, **config: Any) -> None:
        self.ask("STREAM.CREATE.S", {"name": "S", "subjects": ["s.>"], **config})
        self.stream.store.log.block_bytes = 600

    def put(self, count: int) -> None:
        for _ in range(count):
            subject = b"s.%d" % self.random.randrange(3)
            self.client.say(b"PUB %b 20\r\n%b\r\n" % (subject, b"x" * 20))
            self.settle()

    def consumer(self, name: str, **config: Any) -> None:
        config = {"durable_name": name, "ack_policy": "explicit", **config}
        answer = self.ask(f"CONSUMER.CREATE.S.{name}", {"stream_name": "S", "config": config})
        assert "error" not in answer, answer

    def take(self, name: str, count: int) -> None:
        """Take messages and acknowledge all but every third one."""
        heard = self.send(
            f"$JS.API.CONSUMER.MSG.NEXT.S.{name}", b'{"batch":%d,"no_wait":true}' % count
        )
        replies = [word for word in heard.split() if word.startswith(b"$JS.ACK.S.")]
        for number, reply in enumerate(replies):
            if number % 3:
                self.client.say(b"PUB %b 0\r\n\r\n" % reply)
        self.pass_time(1)

    def give_back(self) -> None:
        for _ in range(6):
            self.stream.files.give_back(1 << 20)
            self.stream.files.checkpoint()
            self.settle()

    def found(self) -> Any:
        """Return all that there is to say of configuration and consumers."""
        config = self.ask("STREAM.INFO.S")["config"]
        names = sorted(self.ask("CONSUMER.NAMES.S")["consumers"] or [])
        consumers = []
        for name in names:
            info = self.ask(f"CONSUMER.INFO.S.{name}")
            keys = ("config", "created", "delivered", "ack_floor", "num_ack_pending")
            told = {key: info[key] for key in keys}
            for key in ("delivered", "ack_floor"):
                told[key].pop("last_active", None)
            consumers.append(told)
        return config, consumers

    def sequences(self) -> set[int]:
        store = self.stream.store
        found = set()
        store.walk(1, 1 << 40, lambda cached: found.add(cached.record.sequence), lambda _: None)
        self.settle()
        return found

    def without_checkpoints(self, folder: Path) -> "Small":
        """Return what opens when the files of now are all but the checkpoints."""
        self.stream.consumers.record_all()
        self.settle()
        shutil.copytree(self.folder, folder)
        for path in folder.rglob("checkpoint.*"):
            path.unlink()
        again = Small(folder)
        again.settle()
        return again


def test_after_the_first_block_is_gone(tmp_path):
    world = Small(tmp_path / "a")
    world.begin_stream(max_msgs=10, duplicate_window=10**9 * 5, description="what it is for")
    world.consumer("C", filter_subject="s.1")
    world.consumer("D")
    world.put(20)
    world.take("D", 12)
    world.ask("CONSUMER.DELETE.S.C")
    world.put(60)
    world.give_back()
    assert min(block.number for block in world.stream.store.index.blocks) > 5
    again = world.without_checkpoints(tmp_path / "b")
    assert again.found() == world.found()
    assert again.sequences() == world.sequences()


def test_after_a_purge(tmp_path):
    world = Small(tmp_path / "a")
    world.begin_stream()
    world.consumer("C")
    world.put(40)
    world.ask("STREAM.PURGE.S")
    world.give_back()
    assert len(list((tmp_path / "a").rglob("*.blk"))) < 4
    again = world.without_checkpoints(tmp_path / "b")
    assert again.found() == world.found()
    assert again.stream.store.index.last_sequence == 40


def test_a_change_that_is_under_way_is_not_undone(tmp_path):
    world = Small(tmp_path / "a")
    world.begin_stream(max_msgs=5)
    world.put(30)
    body = b'{"name":"S","subjects":["s.>"],"max_msgs":7}'
    world.send("$JS.API.STREAM.UPDATE.S", body, settle=False)
    world.stream.files.checkpoint()
    world.settle()
    world.put(30)
    world.give_back()
    again = world.without_checkpoints(tmp_path / "b")
    assert again.found()[0]["max_msgs"] == 7


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 14))]
)
@pytest.mark.parametrize("retention", ["limits", "workqueue"])
def test_any_history(tmp_path, seed, retention):
    world = Small(tmp_path / "a")
    world.random.seed(seed)
    world.begin_stream(retention=retention, max_msgs=25)
    names: list[str] = []
    for step in range(40):
        choice = world.random.randrange(9)
        if choice < 3:
            world.put(world.random.randrange(12))
        elif choice == 3 and len(names) < (1 if retention == "workqueue" else 3):
            names.append(f"C{step}")
            world.consumer(names[-1])
        elif choice == 4 and names:
            world.take(world.random.choice(names), world.random.randrange(1, 9))
        elif choice == 5 and names and world.random.random() < 0.4:
            world.ask(f"CONSUMER.DELETE.S.{names.pop()}")
        elif choice == 6:
            limit = world.random.randrange(10, 40)
            config = {"name": "S", "subjects": ["s.>"], "max_msgs": limit, "retention": retention}
            world.ask("STREAM.UPDATE.S", config)
        elif choice == 7:
            world.give_back()
        elif world.stream.store.index.messages:
            first = world.stream.store.index.first_sequence
            world.ask("STREAM.MSG.DELETE.S", {"seq": first + world.random.randrange(4)})
    again = world.without_checkpoints(tmp_path / "b")
    assert again.found() == world.found()
    assert again.sequences() == world.sequences()
    assert _counts(again) == _counts(world)


def _counts(world: Small) -> Any:
    state = world.ask("STREAM.INFO.S", {"subjects_filter": ">"})["state"]
    return {name: value for name, value in state.items() if not name.endswith("_ts")}

"""A disk that fails while a stream is deleted: it is gone, or there as before."""

import errno
from pathlib import Path

import pytest

from tests.jetstream import newer_assets
from tests.jetstream.disk_world import CONFIG, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.ask("STREAM.CREATE.S", CONFIG | {"max_bytes": 10_000})
    world.send("s.a", b"one")
    return world


def test_a_stream_whose_folder_cannot_be_renamed_is_still_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr(world.disk, "rename", refuse)
        assert world.ask("STREAM.DELETE.S", {})["error"]["err_code"] == 10050
    info = world.ask("STREAM.INFO.S", {})
    assert info["state"]["messages"] == 1
    assert world.answer(world.send("s.b", b"two"))["seq"] == 2
    assert world.node.jetstream.file.reserved == 10_000
    assert world.ask("STREAM.DELETE.S", {})["success"]
    assert world.node.jetstream.file.reserved == 0
    assert world.ask("STREAM.INFO.S", {})["error"]["err_code"] == 10059


def test_a_stream_whose_folder_was_renamed_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(world.disk, "remove_tree", refuse)
        assert world.ask("STREAM.DELETE.S", {})["error"]["err_code"] == 10050
    assert world.ask("STREAM.INFO.S", {})["error"]["err_code"] == 10059
    assert world.ask("STREAM.CREATE.S", CONFIG)["did_create"]


def test_a_stream_that_is_offline_stays_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    newer_assets.propose_newer(world, "S")
    later = world.restarted()
    assert later.ask("STREAM.INFO.S", {})["error"]["err_code"] == 10194

    def refuse(*_: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr(later.disk, "rename", refuse)
        assert later.ask("STREAM.DELETE.S", {})["error"]["err_code"] == 10050
    assert later.ask("STREAM.INFO.S", {})["error"]["err_code"] == 10194

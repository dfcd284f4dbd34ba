"""Archives of older servers: the files lie on the disk for a while, and are gone in the end."""

import io
import tarfile
from pathlib import Path

import pytest

from headwater.jetstream import tar_restore
from headwater.natsstore.consumer_state import ConsumerState, Pending, SequencePair
from headwater.wire.s2_stream import HEAD, plain_chunks
from tests.jetstream.disk_world import World
from tests.natsstore.files import TOMBSTONE, record, write_consumer, write_stream


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a stream with a deleted message and a consumer."""
    found = tmp_path / "files"
    messages = [
        record("S-1", sequence, 1000 + sequence, b"s.a", payload=bytes(size))
        for sequence, size in ((1, 10), (2, 100_000), (3, 100_000), (4, 10))
    ]
    later = record("S-2", 5, 2000, b"s.b") + record("S-2", 2 | TOMBSTONE, 3000)
    write_stream(found, "S", {1: b"".join(messages), 2: later}, subjects=["s.>"])
    state = ConsumerState(
        SequencePair(3, 3), SequencePair(0, 0), {1: Pending(1, 5), 2: Pending(2, 5)}
    )
    write_consumer(found, "S", "C", state, ack_policy="explicit")
    return found


def archive(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as found:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found.add(path, path.relative_to(folder).as_posix())
    return out.getvalue()


@pytest.mark.parametrize("size", [10_000, 1 << 20])
@pytest.mark.parametrize("staged_max", [100, 1 << 20])
def test_a_stream_with_its_consumer(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, size: int, staged_max: int
) -> None:
    monkeypatch.setattr(tar_restore, "_STAGED_BYTES_MAX", staged_max)
    answer = world.restore(archive(folder), size)
    assert answer["created"] == "2026-11-27T21:06:40.086766428Z"
    state = world.ask("STREAM.INFO.S", {"deleted_details": True})["state"]
    assert (state["first_seq"], state["last_seq"], state["deleted"]) == (1, 5, [2])
    info = world.ask("CONSUMER.INFO.S.C")
    # What is pending and was deleted is not waited for.
    assert (info["num_ack_pending"], info["num_pending"]) == (1, 2)
    assert world.leftovers() == ["S"]


def test_files_that_would_lie_elsewhere_are_refused(world: World) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as found:
        found.addfile(tarfile.TarInfo("msgs/../../../elsewhere"))
    answer = world.restore(out.getvalue())
    assert answer["error"]["description"] == "restore failed: unexpected content"
    world.settle()
    assert world.leftovers() == []


def test_an_archive_that_is_cut_off_leaves_nothing(world: World, folder: Path) -> None:
    subject = world.begin()
    world.send(subject, HEAD + plain_chunks(archive(folder)[:100_000]))
    assert len(world.leftovers()) == 2
    assert world.restarted().leftovers() == []
    answer = world.answer(world.send(subject, b""))
    assert answer["error"]["description"] == "restore failed: unexpected EOF"
    world.settle()
    assert world.leftovers() == []


def test_damage_leaves_nothing(world: World, folder: Path) -> None:
    (folder / "meta.sum").write_text("0" * 16)
    answer = world.restore(archive(folder))
    assert answer["error"]["description"] == "restore failed: the checksum of meta.inf is wrong"
    world.settle()
    assert world.leftovers() == []


def test_silence_leaves_nothing(world: World, folder: Path) -> None:
    subject = world.begin()
    world.send(subject, HEAD + plain_chunks(archive(folder)[:100_000]))
    world.pass_time(6)
    assert world.leftovers() == []

"""Streams imported one by one: whole or not at all."""

from pathlib import Path

import pytest

from headwater.base.errors import FormatError
from headwater.base.log import Log
from headwater.server.store_import import StoreImport
from tests.natsstore.files import compressed, record, write_stream

COUNT = 3000


def message(sequence: int) -> bytes:
    number = 1 + sequence // 1000
    headers = b"NATS/1.0\r\nNumber: 1\r\n\r\n" if sequence % 3 else b""
    subject = b"s.%d" % (sequence % 50)
    return record(f"S-{number}", sequence, 1000 + sequence, subject, headers, b"%d" % sequence)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A stream of four blocks."""
    blocks: dict[int, bytes] = {}
    for sequence in range(1, COUNT + 1):
        number = 1 + sequence // 1000
        blocks[number] = blocks.get(number, b"") + message(sequence)
    blocks[2] = compressed(blocks[2])
    folder = tmp_path / "nats" / "jetstream" / "$G" / "streams" / "S"
    write_stream(folder, "S", blocks, subjects=["s.>"], max_msgs=2500)
    return tmp_path / "nats"


def opened(source: Path, tmp_path: Path) -> StoreImport:
    return StoreImport(source, tmp_path / "ours", ["$G"], Log())


def streams(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "ours" / "headwater" / "$G" / "streams").iterdir()]


def test_a_stream_of_several_blocks(source: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    work = opened(source, tmp_path)
    done = work.run("$G", "S", lambda *far: told.append(far))
    work.close()
    assert (done.messages, done.consumers, done.notes) == (2500, 0, [])
    # How far it is rises, up to all that was read.
    assert told == sorted(told)
    assert told[-1][0] == COUNT
    again = opened(source, tmp_path)
    assert again.has("$G", "S")
    again.close()
    assert streams(tmp_path) == ["S"]


def test_an_import_that_is_interrupted_leaves_nothing(source: Path, tmp_path: Path) -> None:
    def interrupt(messages: int, _size: int) -> None:
        if messages > COUNT // 2:
            raise KeyboardInterrupt

    work = opened(source, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        work.run("$G", "S", interrupt)
    assert not work.has("$G", "S")
    assert streams(tmp_path) == []
    assert work.run("$G", "S", lambda *_: None).messages == 2500
    work.close()


def test_a_folder_of_another_name_is_refused(source: Path, tmp_path: Path) -> None:
    parent = source / "jetstream" / "$G" / "streams"
    (parent / "S").rename(parent / "OTHER")
    work = opened(source, tmp_path)
    with pytest.raises(FormatError, match="that of a stream S"):
        work.run("$G", "OTHER", lambda *_: None)
    work.close()

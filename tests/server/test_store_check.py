"""``headwater store check`` on stores of a real server, whole and damaged."""

from pathlib import Path

import pytest

import headwater
from headwater.cli.main import main
from tests.jetstream.disk_world import World
from tests.server.stores import block_of, fingerprint


def test_a_whole_store(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = fingerprint(store)
    assert main(["store", "check", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("$G > A: well: 49 messages, ")
    assert lines[1].startswith("$G > B: well: 1 message, ")
    assert lines[2] == "Checked 2 streams: none damaged"
    assert fingerprint(store) == before


def test_a_flipped_bit(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = block_of(store)
    data = bytearray(path.read_bytes())
    at = data.index(b"30" + bytes(200))
    data[at + 50] ^= 4
    path.write_bytes(data)
    before = fingerprint(store)
    assert main(["store", "check", str(store)]) == 1
    out = capsys.readouterr().out
    assert "$G > A: damaged: 49 messages" in out
    assert "1 message cannot be read: 31\n" in out
    assert "$G > B: well" in out
    assert fingerprint(store) == before


def test_a_file_that_is_missing(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block_of(store).unlink()
    assert main(["store", "check", str(store)]) == 1
    out = capsys.readouterr().out
    assert "0000000001.blk is missing; the messages in it are lost" in out
    assert "49 messages cannot be read: 1-6, 8-50" in out


def crashed(tmp_path: Path) -> Path:
    """Return the journal of a store whose stream has ten messages, most of them only there."""
    world = World(tmp_path / "headwater")
    world.ask("STREAM.CREATE.A", {"name": "A", "subjects": ["a"]})
    for number in range(10):
        world.send("a", b"number %d" % number)
    (tmp_path / "headwater" / "lock").touch()
    return tmp_path / "headwater" / "journal.0"


def test_what_only_the_journal_has_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = crashed(tmp_path)
    assert b"number 9" in journal.read_bytes()
    before = fingerprint(tmp_path)
    assert main(["store", "check", str(tmp_path)]) == 0
    assert "$G > A: well: 10 messages" in capsys.readouterr().out
    assert fingerprint(tmp_path) == before


def test_a_damaged_journal_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = crashed(tmp_path)
    data = bytearray(journal.read_bytes())
    data[data.index(b"number 5")] ^= 1
    journal.write_bytes(data)
    before = fingerprint(tmp_path)
    assert main(["store", "check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "journal: 1 of the last" in out
    assert "A: damaged: 9 messages" in out
    assert fingerprint(tmp_path) == before
    # A repair takes over what there is; then nothing is left to say of the journal.
    assert main(["store", "repair", str(tmp_path)]) == 0
    assert "journal: 1 of the last" in capsys.readouterr().out
    assert main(["store", "check", str(tmp_path)]) == 0


def test_a_store_that_is_in_use(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with headwater.Server(store_dir=store):
        assert main(["store", "check", str(store)]) == 1
    assert "another server uses the store directory" in capsys.readouterr().err


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "check", str(tmp_path)]) == 1
    assert "there is no store here" in capsys.readouterr().err

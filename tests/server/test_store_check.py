"""``headwater store check`` on stores of a real server, whole and damaged."""

import asyncio
import hashlib
import shutil
from pathlib import Path

import nats
import pytest

import headwater
from headwater.cli.main import main


def _fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two streams."""
    folder = tmp_path_factory.mktemp("store")

    async def fill(url: str) -> None:
        client = await nats.connect(url)
        js = client.jetstream()
        await js.add_stream(name="A", subjects=["a.>"])
        await js.add_stream(name="B", subjects=["b"])
        for number in range(50):
            await js.publish(f"a.{number % 7}", b"%d" % number + bytes(200))
        await js.publish("b", b"only")
        await js.delete_msg("A", 7)
        await client.close()

    with headwater.Server(store_dir=folder) as server:
        asyncio.run(fill(server.client_url))
    return folder


@pytest.fixture
def store(original: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    shutil.copytree(original, tmp_path / "store")
    return tmp_path / "store"


def _block(store: Path) -> Path:
    return next((store / "headwater" / "$G" / "streams" / "A").glob("*.blk"))


def test_a_whole_store(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _fingerprint(store)
    assert main(["store", "check", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("$G > A: well: 49 messages, ")
    assert lines[1].startswith("$G > B: well: 1 message, ")
    assert lines[2] == "Checked 2 streams: none damaged"
    assert _fingerprint(store) == before


def test_a_flipped_bit(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _block(store)
    data = bytearray(path.read_bytes())
    at = data.index(b"30" + bytes(200))
    data[at + 50] ^= 4
    path.write_bytes(data)
    before = _fingerprint(store)
    assert main(["store", "check", str(store)]) == 1
    out = capsys.readouterr().out
    assert "$G > A: damaged: 49 messages" in out
    assert "1 message cannot be read: 31\n" in out
    assert "$G > B: well" in out
    assert _fingerprint(store) == before


def test_a_file_that_is_missing(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _block(store).unlink()
    assert main(["store", "check", str(store)]) == 1
    out = capsys.readouterr().out
    assert "0000000001.blk is missing; the messages in it are lost" in out
    assert "49 messages cannot be read: 1-6, 8-50" in out


def test_a_store_that_is_in_use(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with headwater.Server(store_dir=store):
        assert main(["store", "check", str(store)]) == 1
    assert "another server uses the store directory" in capsys.readouterr().err


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "check", str(tmp_path)]) == 1
    assert "there is no store here" in capsys.readouterr().err

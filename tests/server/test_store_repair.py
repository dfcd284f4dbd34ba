"""``headwater store repair`` on stores of a real server."""

import asyncio
from pathlib import Path

import nats
import nats.js.errors
import pytest

import headwater
from headwater.cli.main import main
from tests.server.stores import block_of, fingerprint

Captured = pytest.CaptureFixture[str]


def _damage(store: Path, wanted: bytes) -> None:
    path = block_of(store)
    data = bytearray(path.read_bytes())
    data[data.index(wanted) + 50] ^= 4
    path.write_bytes(data)


def _is_well(store: Path, captured: Captured) -> bool:
    captured.readouterr()
    return main(["store", "check", str(store)]) == 0


async def _use(url: str) -> tuple[int, int, int]:
    """Return messages of A, the sequence of a new one, and how many a subject has."""
    client = await nats.connect(url)
    js = client.jetstream()
    before = await js.stream_info("A", subjects_filter="a.2")
    with pytest.raises(nats.js.errors.NotFoundError):
        await js.get_msg("A", 31)
    published = await js.publish("a.new", b"")
    await client.close()
    subjects = before.state.subjects or {}
    return before.state.messages, published.seq, subjects["a.2"]


def test_a_whole_store_is_left_as_it_is(store: Path, capsys: Captured) -> None:
    before = fingerprint(store)
    assert main(["store", "repair", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "$G > A: well: 49 messages"
    assert lines[2] == "Looked at 2 streams: none mended"
    assert fingerprint(store) == before


def test_a_damaged_message_is_gone_for_good(store: Path, capsys: Captured) -> None:
    _damage(store, b"30" + bytes(200))
    damaged = block_of(store).read_bytes()
    assert main(["store", "repair", str(store)]) == 0
    out = capsys.readouterr().out
    assert "$G > A: mended: 48 messages; 1 message lost: 31; kept aside: 0000000001.blk" in out
    assert "$G > B: well" in out
    kept = block_of(store).parent / "damaged" / "0000000001.blk"
    assert kept.read_bytes() == damaged
    assert _is_well(store, capsys)
    before = fingerprint(store)
    assert main(["store", "repair", str(store)]) == 0
    assert "none mended" in capsys.readouterr().out
    assert fingerprint(store) == before
    with headwater.Server(store_dir=store) as server:
        assert asyncio.run(_use(server.client_url)) == (48, 51, 6)


@pytest.mark.parametrize("name", ["0000000001.blk", "checkpoint.0", "checkpoint.1"])
def test_a_file_is_missing(store: Path, capsys: Captured, name: str) -> None:
    (block_of(store).parent / name).unlink(missing_ok=True)
    assert main(["store", "repair", str(store)]) == 0
    assert _is_well(store, capsys)


def test_a_stream_that_was_set_aside(store: Path, capsys: Captured) -> None:
    folder = block_of(store).parent
    for checkpoint in folder.glob("checkpoint.*"):
        checkpoint.unlink()
    path = block_of(store)
    data = bytearray(path.read_bytes())
    data[data.index(b"created_ns") + 2] ^= 1
    path.write_bytes(data)
    with headwater.Server(store_dir=store):
        pass
    assert not folder.exists()
    assert main(["store", "repair", str(store)]) == 0
    out = capsys.readouterr().out
    assert "$G > A: mended: 49 messages; kept aside: 0000000001.blk" in out
    assert "  taken back without its configuration, which is lost" in out
    assert _is_well(store, capsys)


def test_what_nothing_is_left_of(store: Path, capsys: Captured) -> None:
    aside = block_of(store).parent.parent / ".aside-A.1"
    aside.mkdir()
    (aside / "0000000001.blk").write_bytes(bytes(100))
    assert main(["store", "repair", str(store)]) == 1
    out = capsys.readouterr().out
    assert "$G > .aside-A.1: not mended: nothing in it can be understood" in out
    assert out.endswith("Looked at 3 streams: none mended, 1 could not be\n")


def test_a_store_that_is_in_use(store: Path, capsys: Captured) -> None:
    with headwater.Server(store_dir=store):
        assert main(["store", "repair", str(store)]) == 1
    assert "another server uses the store directory" in capsys.readouterr().err


def test_a_stray_file_among_the_streams_keeps_no_server_from_starting(
    store: Path, capsys: Captured
) -> None:
    (block_of(store).parent.parent / "stray").write_bytes(b"x")
    (block_of(store).parent / "0000000090.blk").mkdir()
    with headwater.Server(store_dir=store) as server:
        assert asyncio.run(_messages(server.client_url)) == 49
    assert main(["store", "repair", str(store)]) == 0
    assert "kept aside: 0000000090.blk" in capsys.readouterr().out
    assert (block_of(store).parent / "damaged" / "0000000090.blk").is_dir()
    assert _is_well(store, capsys)


async def _messages(url: str) -> int:
    client = await nats.connect(url)
    found = await client.jetstream().stream_info("A")
    await client.close()
    return found.state.messages

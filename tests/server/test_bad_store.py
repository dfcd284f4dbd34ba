"""Stores that cannot be used, or not in full: what the server says, and what it leaves alone."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import nats
from nats.js.errors import APIError

from tests.server.processes import LOCAL, ServerProcess

JETSTREAM = ("-js", "-sd")


def run_client(port: int, work: Any) -> Any:
    async def connected() -> Any:
        client = await nats.connect(f"nats://127.0.0.1:{port}")
        try:
            return await work(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(connected())


async def fill(js: Any) -> None:
    await js.add_stream(name="S", subjects=["s"])
    for number in range(100):
        await js.publish("s", b"%d" % number)


def test_a_store_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with ServerProcess(tmp_path, *LOCAL, *JETSTREAM, str(store)) as server:
        run_client(server.wait_ready(), fill)
    marker = store / "headwater" / "FORMAT"
    marker.write_text(json.dumps({"format": 3, "journal": None}))
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    with ServerProcess(tmp_path, *LOCAL, *JETSTREAM, str(store)) as server:
        assert server.wait() == 1
        fatal = [line for line in server.log().splitlines() if "[FTL]" in line]
    assert len(fatal) == 1
    assert '"format": 3' in fatal[0]
    assert "use the version of the server that wrote it, or another store_dir" in fatal[0]
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before


def test_damage_costs_the_damaged_message_only_and_is_told(tmp_path: Path) -> None:
    store = tmp_path / "store"

    async def nothing(js: Any) -> None:
        await js.stream_info("S")

    for work in (fill, nothing):  # the second start brings all to the blocks that the journal has
        with ServerProcess(tmp_path, *LOCAL, *JETSTREAM, str(store)) as server:
            run_client(server.wait_ready(), work)
            server.signal(signal.SIGKILL)
            server.wait()
    (folder,) = store.glob("headwater/*/streams/S")
    for checkpoint in folder.glob("checkpoint.*"):
        checkpoint.unlink()
    (block,) = folder.glob("*.blk")
    data = bytearray(block.read_bytes())
    data[len(data) // 2] ^= 1
    block.write_bytes(data)

    async def read(js: Any) -> list[bytes]:
        state = (await js.stream_info("S")).state
        found = []
        for sequence in range(1, state.last_seq + 1):
            try:
                found.append((await js.get_msg("S", sequence)).data)
            except APIError:
                found.append(b"")
        return found

    with ServerProcess(tmp_path, *LOCAL, *JETSTREAM, str(store)) as server:
        found = run_client(server.wait_ready(), read)
        log = server.log()
    lost = [number for number, data in enumerate(found) if data != b"%d" % number]
    assert len(found) == 100
    assert len(lost) == 1
    assert "damaged" in log


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all that can be seen of a folder: when each part was changed, and what is in it."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def test_an_encrypted_store_is_opened_by_its_key_and_by_no_other(tmp_path: Path) -> None:
    store = tmp_path / "store"
    config = tmp_path / "server.conf"
    key_file = tmp_path / "the.key"
    key_file.write_text("open sesame\n")

    def serve(keys: str) -> ServerProcess:
        config.write_text(f"http: 127.0.0.1:-1, jetstream {{ store_dir: '{store}', {keys} }}")
        return ServerProcess(tmp_path, *LOCAL, "-c", str(config), "-DV")

    with serve("key: 'open sesame'") as server:
        run_client(server.wait_ready(), fill)
        server.signal(signal.SIGTERM)
        server.wait()
        log = server.log()
    before = everything(store)
    assert any(name.endswith("KEYS.copy") for name in before)
    for keys, text in (
        ("", "the store is encrypted and no key is given"),
        ("key: 'open barley'", "another key than the one that is given"),
        ("key_command: ['false']", "key_command: false ended with 1"),
    ):
        with serve(keys) as server:
            assert server.wait() == 1
            said = server.log()
        assert text in said, said
        log += said
        assert everything(store) == before
    with serve(f"key_file: '{key_file}'") as server:

        async def count(js: Any) -> int:
            return int((await js.stream_info("S")).state.messages)

        assert run_client(server.wait_ready(), count) == 100
        log += server.log()
    assert "Encryption:" in log
    assert "sesame" not in log
    assert "barley" not in log

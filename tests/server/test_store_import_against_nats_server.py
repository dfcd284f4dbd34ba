"""The store of a nats-server imported: everything is there as that server itself has it again."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.cli.main import main
from tests.jetstream import moving, newer_assets
from tests.jetstream.duel import Ours, Play
from tests.support.nats_server import NatsServer

pytestmark = pytest.mark.hub

makers = pytest.mark.parametrize(
    "make",
    [make for make in moving.STREAMS if make is not moving.in_memory],
    ids=lambda make: make.__name__,
)
both_ends = pytest.mark.parametrize("end", ["stop", "kill"])


class Stores:
    """A nats-server, and what we make of a copy of its files."""

    def __init__(self, theirs: NatsServer, folder: Path) -> None:
        self.theirs = theirs
        self.folder = folder
        self.copy = folder / "copy"
        self.store = folder / "imported"
        self.ours: Ours | None = None

    def end(self, how: str) -> None:
        """End the nats-server, and copy what it leaves."""
        getattr(self.theirs, how)()
        shutil.copytree(self.theirs.folder / "store", self.copy)

    def import_streams(self, *options: str) -> int:
        return main(["store", "import", str(self.copy), "--store-dir", str(self.store), *options])

    def start_ours(self) -> Play:
        where = json.dumps(str(self.store))
        text = f'port: -1\nhost: "127.0.0.1"\njetstream {{ store_dir: {where} }}\n'
        self.ours = Ours(self.folder / "ours", text)
        return Play(self.ours, 0)

    def close(self) -> None:
        if self.ours is not None:
            self.ours.stop()


@pytest.fixture
def stores(nats_server: Callable[..., NatsServer], tmp_path: Path) -> Iterator[Stores]:
    found = Stores(nats_server(jetstream=True), tmp_path)
    yield found
    found.close()


def described(run: Play, name: str) -> dict[str, Any]:
    info = run.ask(f"STREAM.INFO.{name}", note=False)
    return {
        "messages": moving.messages(run, name),
        "state": info["state"],
        "consumers": moving.consumers(run, name),
        "config": info["config"],
        "created": info["created"],
    }


@makers
@both_ends
def test_a_stream_is_imported(stores: Stores, make: Callable[[Play], str], end: str) -> None:
    run = Play(stores.theirs, 0)
    name = make(run)
    run.close()
    stores.end(end)
    assert stores.import_streams() == 0
    ours = stores.start_ours()
    found = described(ours, name)
    ours.close()
    stores.theirs.start()
    run = Play(stores.theirs, 0)
    wanted = described(run, name)
    run.close()
    if wanted["state"]["last_ts"].startswith("0001"):
        # After a crash nats-server does not know when the last message came if that was erased.
        found["state"]["last_ts"] = wanted["state"]["last_ts"]
    if end == "kill":
        # What was acknowledged last a killed nats-server may wait for again, though it is gone.
        for one, other in zip(found["consumers"], wanted["consumers"], strict=True):
            assert one.pop("num_ack_pending") <= other.pop("num_ack_pending")
    for part in wanted:
        assert found[part] == wanted[part], part


def test_many_blocks_with_headers_and_deletions(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stream of some 20 MB, imported beside the nats-server's own files, twice."""
    run = Play(stores.theirs, 0)
    run.stream("BIG", subjects=["b.>"], max_bytes=64_000_000, compression="s2")
    for number in range(2500):
        headers = {"Number": str(number)} if number % 2 else None
        run.send(f"b.{number % 500}", b"%d" % number * 2000, headers=headers)
    run.put("b.last")
    for sequence in range(10, 2400, 37):
        run.ask(
            "STREAM.MSG.DELETE.BIG", {"seq": sequence, "no_erase": sequence % 2 == 0}, note=False
        )
    wanted = moving.state(run, "BIG")
    run.close()
    stores.theirs.kill()
    stores.copy = stores.store = stores.theirs.folder / "store"
    before = sorted(path.stat().st_mtime_ns for path in (stores.copy / "jetstream").rglob("*"))
    assert stores.import_streams() == 0
    assert "$G > BIG: " in capsys.readouterr().out
    assert stores.import_streams() == 0
    assert "there already" in capsys.readouterr().out
    after = sorted(path.stat().st_mtime_ns for path in (stores.copy / "jetstream").rglob("*"))
    assert after == before
    ours = stores.start_ours()
    assert moving.state(ours, "BIG") == wanted
    ours.close()


def test_what_needs_a_newer_version_is_left_where_it_is(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Play(stores.theirs, 0)
    for name in "AB":
        run.stream(name, subjects=[name])
        run.put(name, b"1")
    run.close()
    stores.end("stop")
    newer_assets.change_files(stores.copy / "jetstream" / "$G", "A")
    assert stores.import_streams() == 1
    assert "A: not imported: it is of a newer version" in "".join(capsys.readouterr())
    run = stores.start_ours()
    assert run.ask("STREAM.NAMES", note=False)["streams"] == ["B"]
    run.close()

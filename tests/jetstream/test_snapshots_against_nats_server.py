"""Streams move between a nats-server and us by snapshot, in both directions, and to themselves."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from headwater.natsstore import blocks
from headwater.natsstore.archive import CONSUMER_PREFIX, MAGIC, ArchiveReader, Entry
from headwater.wire import s2_stream
from tests.jetstream import moving
from tests.jetstream.duel import Duel, Play
from tests.support.nats_server import NatsServer

pytestmark = pytest.mark.hub

Maker = Callable[[Play], str]
makers = pytest.mark.parametrize("make", moving.STREAMS, ids=lambda make: make.__name__)


_accounts = count(200)


@pytest.fixture
def runs(duel: Duel) -> Iterator[dict[str, Play]]:
    """A client of each server; there it has an account to itself (see Duel)."""
    account = next(_accounts)
    found = {"ours": Play(duel.ours, 0), "theirs": Play(duel.theirs, account)}
    yield found
    for run in found.values():
        for name in run.ask("STREAM.NAMES", note=False).get("streams") or []:
            run.ask(f"STREAM.DELETE.{name}", note=False)
        run.close()


def described(run: Play, name: str) -> dict[str, Any]:
    return {
        "messages": moving.messages(run, name),
        "state": moving.state(run, name),
        "consumers": moving.consumers(run, name),
        "config": run.ask(f"STREAM.INFO.{name}", note=False)["config"],
    }


@pytest.mark.parametrize(
    ("source", "target"),
    [("theirs", "ours"), ("ours", "theirs"), ("ours", "ours")],
)
@makers
def test_a_stream_moves(runs: dict[str, Play], make: Maker, source: str, target: str) -> None:
    name = make(runs[source])
    before = described(runs[source], name)
    told, data = moving.snapshot(runs[source], name, chunk_size=1024 if len(source) == 4 else 0)
    assert told["type"] == "io.nats.jetstream.api.v1.stream_snapshot_response"
    if source == target:
        runs[source].ask(f"STREAM.DELETE.{name}")
    answer = moving.restore(runs[target], name, told, data)
    assert "error" not in answer, answer
    assert answer["type"] == "io.nats.jetstream.api.v1.stream_create_response"
    after = described(runs[target], name)
    for part in before:
        assert after[part] == before[part], part


@pytest.mark.parametrize(("source", "target"), [("theirs", "ours"), ("ours", "theirs")])
def test_work_goes_on_where_it_was(runs: dict[str, Play], source: str, target: str) -> None:
    """What was pending comes again with its count, the rest follows, sequences go on."""
    run = runs[source]
    name = moving.gaps_and_consumers(run)
    run.consumer(name, "SHORT", ack_policy="explicit", ack_wait=100_000_000)
    first = run.fetch(name, "SHORT", 4)
    run.ack(first[1])
    for message in (first[0], *first[2:]):
        run.ack(message, b"-NAK")
    again = run.fetch(name, "SHORT", 3)
    told, data = moving.snapshot(run, name)
    moving.restore(runs[target], name, told, data)
    run = runs[target]
    wanted = {(b"payload 299", "1"), *((message.payload, "3") for message in again)}
    got: set[tuple[bytes, str]] = set()
    while not wanted <= got:
        for message in run.fetch(name, "SHORT", 100):
            got.add((message.payload, message.reply.split(".")[4]))
    assert first[1].payload not in {payload for payload, _ in got}
    answer = json.loads(run.request("m.new", b"new", note=False).payload)
    assert answer["seq"] == told["state"]["last_seq"] + 1


def entries(data: bytes) -> list[Entry]:
    """Return the entries of a snapshot."""
    whole = s2_stream.decode(data)
    assert whole.startswith(MAGIC)
    reader = ArchiveReader()
    reader.feed(whole[len(MAGIC) :])
    found = []
    while (entry := reader.next()) is not None:
        found.append(entry)
    return found


@makers
def test_archives_hold_the_same(runs: dict[str, Play], make: Maker) -> None:
    """What was moved and not touched gives the same archive, times of making apart."""
    name = make(runs["theirs"])
    told, data = moving.snapshot(runs["theirs"], name)
    moving.restore(runs["ours"], name, told, data)
    _, copy = moving.snapshot(runs["ours"], name)
    theirs, ours = entries(data), entries(copy)
    assert [entry.name for entry in ours] == [entry.name for entry in theirs]
    for one, other in zip(ours, theirs, strict=True):
        if one.sequence or one.is_end:
            assert one == other
        elif one.name.startswith(CONSUMER_PREFIX.encode()):
            assert json.loads(one.body) == json.loads(other.body)


def test_without_consumers(runs: dict[str, Play]) -> None:
    name = moving.work_queue(runs["ours"])
    told, data = moving.snapshot(runs["ours"], name, no_consumers=True)
    moving.restore(runs["theirs"], name, told, data)
    assert moving.consumers(runs["theirs"], name) == []
    assert len(moving.messages(runs["theirs"], name)) == 20


# Archives of servers before 2.15: tar files, which a newer nats-server still takes.


def old_archive(folder: Path, without: str = "") -> bytes:
    """Return the archive that an older nats-server would have made of the files in ``folder``."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        for path in sorted(paths, key=lambda path: path.parts[len(folder.parts)] == "obs"):
            name = path.relative_to(folder).as_posix()
            if name == without:
                continue
            content = path.read_bytes()
            if path.suffix == ".blk":
                content = blocks.records_of(content)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return s2_stream.HEAD + s2_stream.plain_chunks(out.getvalue())


@pytest.fixture
def old_stream(
    nats_server: Callable[..., NatsServer],
) -> Callable[[Maker], tuple[dict[str, Any], Path]]:
    """Make a stream on a nats-server of its own; return its description and its files."""

    def make(maker: Maker) -> tuple[dict[str, Any], Path]:
        server = nats_server(jetstream=True)
        run = Play(server, 0)
        name = maker(run)
        told = run.ask(f"STREAM.INFO.{name}", note=False)
        run.close()
        server.stop()
        return told, server.folder / "store" / "jetstream" / "$G" / "streams" / name

    return make


@pytest.mark.parametrize(
    "make", [moving.gaps_and_consumers, moving.several_blocks, moving.work_queue, moving.purged]
)
def test_an_old_archive(runs: dict[str, Play], old_stream: Any, make: Maker) -> None:
    told, folder = old_stream(make)
    found = {}
    for name, run in runs.items():
        answer = moving.restore(run, "MOVED", told, old_archive(folder))
        assert "error" not in answer, answer
        found[name] = {**described(run, "MOVED"), "created": answer["created"]}
    for part in found["theirs"]:
        assert found["ours"][part] == found["theirs"][part], part


def test_old_archives_that_are_no_stream(runs: dict[str, Play], old_stream: Any) -> None:
    told, folder = old_stream(moving.work_queue)
    renamed = {**told, "config": {**told["config"], "name": "OTHER"}}
    whole = old_archive(folder)
    for name, asked, data in (
        ("OTHER", renamed, whole),
        ("MOVED", told, old_archive(folder, without="meta.inf")),
        ("MOVED", told, s2_stream.HEAD + s2_stream.plain_chunks(b"no tar at all" * 100)),
    ):
        for run in runs.values():
            answer = moving.restore(run, name, asked, data)
            assert answer["error"]["err_code"] == 10062, answer
            assert run.ask("STREAM.NAMES", note=False)["streams"] is None

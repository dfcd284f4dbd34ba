"""A store directory that a nats-server has used: it is recognised, and left alone."""

import json
from pathlib import Path

from headwater.cli.main import main
from headwater.server.nats_files import find_streams
from tests.jetstream.duel import Ours, Play
from tests.natsstore.files import record, write_stream


def make_store(folder: Path) -> Path:
    message = record("S-1", 1, 1000, b"s", payload=b"hello")
    write_stream(folder / "jetstream" / "$G" / "streams" / "S", "S", {1: message}, subjects=["s"])
    (folder / "jetstream" / "$SYS" / "_js_" / "_meta_").mkdir(parents=True)
    return folder


def test_streams_are_found(tmp_path: Path) -> None:
    assert find_streams(tmp_path) == []
    assert find_streams(make_store(tmp_path)) == [("$G", "S")]


def test_a_start_says_what_is_there_and_how_to_import_it(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")
    files = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    where = json.dumps(str(store))
    config = f'port: -1\nhost: "127.0.0.1"\njetstream {{ store_dir: {where} }}\n'
    ours = Ours(tmp_path / "ours", config)
    try:
        text = ours.log()
        assert f'"{store}/jetstream" holds streams of a nats-server, 1 of them not here' in text
        assert f'headwater store import "{store}"' in text
        ours.stop()
        assert files == {path: path.read_bytes() for path in files}
        assert main(["store", "import", str(store)]) == 0
        ours.restart(hard=False)
        play = Play(ours, 0)
        assert play.ask("STREAM.INFO.S")["state"]["messages"] == 1
        play.close()
        # All of it is here now: there is nothing to say.
        assert ours.log().rpartition("Starting headwater")[2].count("streams of a nats-server") == 0
    finally:
        ours.stop()

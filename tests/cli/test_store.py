"""``headwater store import`` on files made for the purpose."""

from pathlib import Path

import pytest

from headwater.cli.main import main
from headwater.natsstore.consumer_state import ConsumerState, Pending, SequencePair
from headwater.server.jetstream_host import STORE_FOLDER, locked_disk
from tests.natsstore.files import record, write_consumer, write_stream

LIMITS = {"subjects": ["s.>"], "retention": "limits", "storage": "file", "num_replicas": 1}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The store_dir of a nats-server with two accounts."""
    folder = tmp_path / "nats" / "jetstream"
    messages = b"".join(
        record("S-1", sequence, 1000 + sequence, b"s.a", payload=b"12345") for sequence in (2, 3, 5)
    )
    stream = folder / "$G" / "streams" / "S"
    write_stream(stream, "S", {1: messages}, **LIMITS)
    state = ConsumerState(
        SequencePair(2, 3), SequencePair(1, 2), {3: Pending(2, 1), 4: Pending(3, 1)}
    )
    write_consumer(stream, "S", "C", state, ack_policy="explicit")
    write_consumer(stream, "S", "D", state, ack_policy="sometimes")
    other = folder / "OTHER" / "streams" / "T"
    write_stream(other, "T", {}, **{**LIMITS, "subjects": ["t"], "num_replicas": 3})
    return tmp_path / "nats"


def run(*words: object) -> int:
    return main(["store", "import", *map(str, words)])


def test_streams_and_consumers(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(source) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "$G > S: 3 messages, 114 B, 1 consumer",
        "  consumer D was left out: "
        + next(line for line in lines if "consumer D" in line).partition("out: ")[2],
        "OTHER > T: 0 messages, 0 B, 0 consumers",
        "  it had 3 replicas and will have one",
        "Imported 2 streams: 3 messages, 114 B, 1 consumer",
    ]
    assert sorted(path.name for path in (source / STORE_FOLDER / "$G" / "streams").iterdir()) == [
        "S"
    ]


def test_a_second_run_leaves_everything_as_it_is(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(source)
    capsys.readouterr()
    files = {
        path: path.read_bytes() for path in (source / "jetstream").rglob("*") if path.is_file()
    }
    assert run(source) == 0
    assert capsys.readouterr().out.splitlines() == [
        "$G > S: is there already, left as it is",
        "OTHER > T: is there already, left as it is",
        "Imported 0 streams: 0 messages, 0 B, 0 consumers; 2 streams there already",
    ]
    assert files == {path: path.read_bytes() for path in files}


def test_one_account_into_another_place(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "place"
    assert run(source / "jetstream", "--store-dir", target, "--account", "OTHER") == 0
    assert "$G" not in capsys.readouterr().out
    assert [path.name for path in (target / STORE_FOLDER / "OTHER" / "streams").iterdir()] == ["T"]
    assert not (source / STORE_FOLDER).exists()


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"storage": "memory"}, "it was in memory"),
        ({"mirror": {"name": "X"}, "subjects": []}, "not supported"),
        ({"subjects": ["s.b"]}, "subjects overlap with an existing stream"),
    ],
)
def test_what_cannot_be_imported_is_told(
    source: Path, capsys: pytest.CaptureFixture[str], config: dict, reason: str
) -> None:
    write_stream(source / "jetstream" / "$G" / "streams" / "U", "U", {}, **{**LIMITS, **config})
    assert run(source) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("$G > U: not imported: ") and reason in line]
    assert lines[-1].endswith("; 1 stream not imported")
    # The others are there, and of this one nothing.
    names = [path.name for path in (source / STORE_FOLDER / "$G" / "streams").iterdir()]
    assert names == ["S"]


def test_an_encrypted_stream_is_told_of(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source / "jetstream" / "$G" / "streams" / "S" / "meta.key").write_bytes(b"key")
    assert run(source) == 1
    assert "$G > S: not imported: it is encrypted" in capsys.readouterr().out


def test_damaged_blocks_are_told_of(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = source / "jetstream" / "$G" / "streams" / "S" / "msgs" / "1.blk"
    path.write_bytes(path.read_bytes()[:-3])
    assert run(source) == 0
    text = capsys.readouterr().out
    assert "$G > S: 2 messages" in text
    assert "block 1: the last 35 bytes were left out: a record makes no sense" in text


def test_a_store_that_is_in_use(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disk = locked_disk(source / STORE_FOLDER)
    assert run(source) == 1
    assert "another server uses the store directory" in capsys.readouterr().err
    disk.unlock()


def test_nothing_to_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 1
    assert "no streams of a nats-server here" in capsys.readouterr().err
    assert run(tmp_path / "none") == 2
    assert list(tmp_path.iterdir()) == []


def test_an_encrypted_store_is_checked_and_mended(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, target = tmp_path / "key", tmp_path / "target"
    config = tmp_path / "server.conf"
    key.write_text("secret\n")
    config.write_text("jetstream { key: secret }")
    import_to = [source, "--store-dir", target]
    assert run(*import_to, "--account", "$G") == 0
    capsys.readouterr()
    with_key = [str(target), "--key-file", str(key)]
    assert main(["store", "check", *with_key]) == 0
    assert "are not encrypted yet" in capsys.readouterr().out
    assert not (target / "headwater" / "KEYS").exists()
    # To mend it, the server's key has to be known, and then it is used.
    assert main(["store", "repair", *with_key]) == 0
    assert (target / "headwater" / "KEYS").exists()
    assert main(["store", "check", str(target)]) == 1
    assert "no key is given" in capsys.readouterr().err
    assert main(["store", "check", str(target), "-c", str(config)]) == 0
    assert run(*import_to, "-c", str(config)) == 0
    key.write_text("other")
    assert main(["store", "check", *with_key]) == 1
    assert "another key" in capsys.readouterr().err

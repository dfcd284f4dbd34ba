"""The folder of a stream: what is read of it, and what is passed over."""

from pathlib import Path

import msgspec
import pytest

from headwater.base.errors import FormatError
from headwater.natsstore.blocks import Record
from headwater.natsstore.consumer_state import ConsumerState, SequencePair
from headwater.natsstore.stream_folder import StreamFolder
from headwater.store.disk import Disk
from tests.natsstore.files import (
    CREATED,
    ERASED,
    TOMBSTONE,
    compressed,
    record,
    write_consumer,
    write_stream,
)


def message(number: int, sequence: int) -> bytes:
    return record(f"S-{number}", sequence, 1000 + sequence, b"a", payload=b"%d" % sequence)


def wanted(*sequences: int) -> list[Record]:
    return [Record(n, 1000 + n, b"a", b"", b"%d" % n) for n in sequences]


def opened(tmp_path: Path) -> StreamFolder:
    return StreamFolder(Disk(str(tmp_path)), "S")


def messages(folder: StreamFolder) -> tuple[list[Record], Record]:
    *found, end = folder.messages()
    return found, end


def test_a_stream_of_several_blocks(tmp_path: Path) -> None:
    first = message(1, 1) + message(1, 2) + message(1, 3)
    second = message(2, 6) + record("S-2", 2 | TOMBSTONE, 1) + record("S-2", 9 | ERASED, 0)
    write_stream(tmp_path / "S", "S", {2: second, 1: compressed(first)}, subjects=["a"])
    folder = opened(tmp_path)
    assert folder.meta.name == "S"
    assert msgspec.json.decode(folder.meta.config) == {"name": "S", "subjects": ["a"]}
    assert messages(folder) == (wanted(1, 3, 6), Record(9, 1006, erased=True))
    assert folder.reports == []


def test_blocks_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {10: message(10, 2), 9: message(9, 1)})
    (tmp_path / "S" / "msgs" / "11.blk.tmp").write_bytes(message(11, 3))
    assert messages(opened(tmp_path))[0] == wanted(1, 2)


def test_sequences_that_stand_still_are_passed_over(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {1: message(1, 5) + message(1, 5) + message(1, 4)})
    assert messages(opened(tmp_path)) == (wanted(5), Record(5, 1005, erased=True))


def test_a_purged_stream_knows_its_last_sequence(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {2: record("S-2", 20 | TOMBSTONE, 77)})
    assert messages(opened(tmp_path)) == ([], Record(20, 77, erased=True))


def test_a_purge_that_was_about_to_be_finished_counts(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {1: message(1, 1)})
    (tmp_path / "S" / "__new_msgs__").mkdir()
    assert messages(opened(tmp_path))[0] == wanted(1)
    (tmp_path / "S" / "__new_msgs__" / "2.blk").write_bytes(record("S-2", 1 | TOMBSTONE, 5))
    assert messages(opened(tmp_path)) == ([], Record(1, 5, erased=True))


def test_damage_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    blocks = {1: message(1, 1) + b"noise", 2: b"cmp\x01\x05noise and more", 3: message(3, 7)}
    write_stream(tmp_path / "S", "S", blocks)
    folder = opened(tmp_path)
    assert messages(folder)[0] == wanted(1, 7)
    assert len(folder.reports) == 2
    assert "block 1: the last 5 bytes were left out" in folder.reports[0]
    assert "block 2 was left out" in folder.reports[1]


def test_consumers(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {})
    state = ConsumerState(SequencePair(4, 5), SequencePair(2, 3))
    write_consumer(tmp_path / "S", "S", "C", state, ack_policy="explicit")
    write_consumer(tmp_path / "S", "S", "D", state)
    (tmp_path / "S" / "obs" / "D" / "o.dat").write_bytes(b"noise")
    (tmp_path / "S" / "obs" / "E").mkdir()
    folder = opened(tmp_path)
    (found,) = folder.consumers()
    assert (found.name, found.state) == ("C", state)
    assert msgspec.json.decode(found.config) == {
        "name": "C",
        "durable_name": "C",
        "ack_policy": "explicit",
    }
    assert [text.split(" was")[0] for text in folder.reports] == ["consumer D", "consumer E"]


def test_a_configuration_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {})
    (tmp_path / "S" / "meta.sum").write_text("0" * 16)
    with pytest.raises(FormatError, match="checksum"):
        opened(tmp_path)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"name": 1}', b'{"name": "S", "Created": "x"}'])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: bytes) -> None:
    write_stream(tmp_path / "S", "S", {})
    (tmp_path / "S" / "meta.inf").write_bytes(text)
    with pytest.raises(FormatError):
        opened(tmp_path)


def test_an_encrypted_stream_is_refused(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {})
    (tmp_path / "S" / "meta.key").write_bytes(b"key")
    with pytest.raises(FormatError, match="encrypted"):
        opened(tmp_path)


def test_the_times_are_nanoseconds(tmp_path: Path) -> None:
    write_stream(tmp_path / "S", "S", {})
    assert CREATED.endswith(".086766428Z")
    assert opened(tmp_path).meta.created_ns % 1_000_000_000 == 86_766_428

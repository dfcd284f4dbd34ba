"""Messages that go for their age or by their own word, and the markers that they leave."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from headwater.base.clock import SECOND
from headwater.jetstream.stream import Stream
from tests.jetstream.disk_world import World

MARKER = b"NATS/1.0\r\nNats-Marker-Reason: MaxAge\r\nNats-TTL: %b\r\nNats-Rollup: sub\r\n\r\n"
DAY = 86400
YEAR = 365 * DAY


class Expiring(World):
    """A world with a stream that allows TTLs."""

    def __init__(self, folder: Path, *, now_ns: int = 0, **config: Any) -> None:
        super().__init__(folder, now_ns=now_ns)
        if config:
            config = {"name": "S", "subjects": ["s.>"], "allow_msg_ttl": True, **config}
            answer = self.ask("STREAM.CREATE.S", config)
            assert "error" not in answer, answer

    @property
    def stream(self) -> Stream:
        return self.node.jetstream.accounts[0].streams["S"]

    def put(self, subject: str, **fields: str) -> dict[str, Any]:
        """Publish; underscores in names of headers stand for dashes."""
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
        block = f"NATS/1.0\r\n{''.join(lines)}\r\n".encode() if fields else b""
        self._replies += 1
        place = (subject.encode(), self._replies, len(block), len(block) + 1, block)
        heard = self.client.say(b"HPUB %b r.%d %d %d\r\n%bx\r\n" % place)
        self.settle()
        heard += self.client.take()
        return self.answer(heard)

    def left(self) -> list[tuple[int, bytes]]:
        """Return sequence and subject of each message."""
        store = self.stream.store
        found = []
        store.walk(1, 1 << 40, lambda c: found.append((c.record.sequence, c.subject())), _ignore)
        self.settle()
        return found

    def sequences(self) -> list[int]:
        return [sequence for sequence, _ in self.left()]

    def headers(self, sequence: int) -> bytes:
        found = []
        self.stream.store.read(sequence, lambda cached, _: found.append(cached.headers()))
        self.settle()
        return found[0]

    def restart(self) -> "Expiring":
        """Return what a crash leaves, opened again; clocks go on."""
        again = Expiring(self.folder, now_ns=self.node.clock.now_ns)
        again.settle()
        return again


def _ignore(_error: Any) -> None:
    pass


@pytest.fixture(params=["file", "memory"])
def storage(request) -> str:
    return request.param


def test_messages_go_by_their_own_word(tmp_path, storage):
    world = Expiring(tmp_path, storage=storage)
    world.put("s.a", Nats_TTL="3")
    world.put("s.b", Nats_TTL="1s")
    world.put("s.c")
    world.put("s.d", Nats_TTL="never")
    world.pass_time(1)
    assert world.sequences() == [1, 3, 4]
    world.put("s.e", Nats_TTL="1")  # sooner than all that was known
    world.pass_time(1)
    assert world.sequences() == [1, 3, 4]
    world.pass_time(1)
    assert world.sequences() == [3, 4]
    world.node.clock.advance(YEAR * SECOND)
    world.settle()
    assert world.sequences() == [3, 4]
    assert world.stream.store.index.messages == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Nats_TTL": "0"}, 10165),
        ({"Nats_TTL": "abc"}, 10165),
        ({"Nats_TTL": "abc", "Nats_Expected_Last_Sequence": "9"}, 10071),
        ({"Nats_TTL": "abc", "Nats_Expected_Stream": "X"}, 10060),
        ({"Nats_TTL": "abc", "Nats_Rollup": "sub"}, 10111),
        ({"Nats_TTL": "abc", "Nats_Expected_Last_Msg_Id": "x"}, 10070),
    ],
)
def test_invalid_ones(tmp_path, fields, code):
    world = Expiring(tmp_path, storage="memory")
    assert world.put("s.a", **fields)["error"]["err_code"] == code


def test_where_they_are_not_allowed(tmp_path):
    world = Expiring(tmp_path, allow_msg_ttl=False)
    assert world.put("s.a", Nats_TTL="1")["error"]["err_code"] == 10166
    assert (
        world.put("s.a", Nats_TTL="1", Nats_Expected_Last_Sequence="9")["error"]["err_code"]
        == 10166
    )
    assert world.put("s.a", Nats_TTL="0")["error"]["err_code"] == 10165
    config = {"name": "S", "subjects": ["s.>"], "allow_msg_ttl": True}
    assert "error" not in world.ask("STREAM.UPDATE.S", config)
    assert world.put("s.a", Nats_TTL="1")["seq"] == 1
    world.pass_time(2)
    assert world.sequences() == []


def test_what_never_goes_survives_the_age_limit(tmp_path, storage):
    world = Expiring(tmp_path, storage=storage, max_age=2 * SECOND)
    world.put("s.a")
    world.put("s.b", Nats_TTL="never")
    world.put("s.c", Nats_TTL="9")
    world.put("s.d")
    world.pass_time(1)
    world.put("s.e")
    world.pass_time(1)
    assert world.sequences() == [2, 5]
    world.pass_time(1)
    assert world.sequences() == [2]
    assert world.stream.store.index.aged_to == 6
    assert world.put("s.b")["seq"] == 6
    world.pass_time(3)
    assert world.sequences() == [2]


def test_markers(tmp_path, storage):
    world = Expiring(
        tmp_path, storage=storage, max_age=4 * SECOND, subject_delete_marker_ttl=2 * SECOND
    )
    for subject, fields in (
        ("ttl", {"Nats_TTL": "1"}),
        ("none", {}),
        ("none", {}),
        ("never", {"Nats_TTL": "never"}),
        ("mixed", {}),
        ("mixed", {"Nats_TTL": "1"}),
        ("purged", {"KV_Operation": "PURGE"}),
    ):
        world.put(f"s.{subject}", **fields)
    assert world.headers(1) == b"NATS/1.0\r\nNats-TTL: 2\r\n\r\n"  # raised
    world.pass_time(2)
    assert world.left()[-1] == (8, b"s.ttl")
    assert world.headers(8) == MARKER % b"2s"
    assert world.sequences() == [2, 3, 4, 5, 7, 8]
    world.pass_time(2)
    assert world.left() == [(4, b"s.never"), (9, b"s.none"), (10, b"s.mixed")]
    world.pass_time(3)
    assert world.sequences() == [4]
    assert world.stream.store.index.last_sequence == 10


def test_no_marker_for_a_subject_that_has_a_new_message(tmp_path):
    world = Expiring(tmp_path, subject_delete_marker_ttl=1 * SECOND, max_msgs_per_subject=1)
    world.put("s.a", Nats_TTL="1")
    world.put("s.b", Nats_TTL="1")
    assert world.headers(1) == b"NATS/1.0\r\nNats-TTL: 1\r\n\r\n"
    world.node.clock.advance(SECOND)
    # It is proposed, and not on disk when the others are looked at.
    world.client.say(b"PUB s.a 1\r\nx\r\n")
    world.node.timers.run_due()
    world.settle()
    assert [subject for _, subject in world.left()] == [b"s.a", b"s.b"]
    assert world.headers(3) == b""
    assert world.headers(4) == MARKER % b"1s"


def test_many_at_once(tmp_path):
    world = Expiring(tmp_path, subject_delete_marker_ttl=60 * SECOND, max_age=60 * SECOND)
    block = b"NATS/1.0\r\nNats-TTL: 60\r\n\r\n"
    for number in range(1200):
        world.client.say(
            b"HPUB s.%d %d %d\r\n%bx\r\n" % (number, len(block), len(block) + 1, block)
        )
        world.client.say(b"PUB s.aged.%d 1\r\nx\r\n" % number)
    world.settle()
    world.pass_time(60)
    left = world.left()
    assert len(left) == 2400
    assert min(left)[0] == 2401
    assert len({subject for _, subject in left}) == 2400
    world.pass_time(61)
    assert world.left() == []


@pytest.mark.parametrize("checkpoint", [False, True])
def test_after_a_crash(tmp_path, checkpoint):
    world = Expiring(tmp_path, max_age=20 * SECOND)
    world.put("s.a", Nats_TTL="5")
    world.put("s.b", Nats_TTL="never")
    world.put("s.c", Nats_TTL="1")
    world.pass_time(1)
    world.put("s.d")
    if checkpoint:
        world.stream.files.checkpoint()
        world.settle()
    world.put("s.e", Nats_TTL="7")
    world.pass_time(1)
    world = world.restart()
    assert world.sequences() == [1, 2, 4, 5]
    world.pass_time(3)
    assert world.sequences() == [2, 4, 5]
    world.pass_time(4)
    assert world.sequences() == [2, 4]
    world = world.restart()
    world.pass_time(15)
    assert world.sequences() == [2]
    assert world.restart().sequences() == [2]


def test_what_had_its_time_while_the_server_was_down(tmp_path):
    world = Expiring(tmp_path, subject_delete_marker_ttl=5 * SECOND)
    world.put("s.a", Nats_TTL="5")
    world.put("s.b", Nats_TTL="500")
    world.node.clock.now_ns += 100 * SECOND
    world = world.restart()
    world.pass_time(1)
    assert world.left() == [(2, b"s.b"), (3, b"s.a")]


def test_a_clock_that_goes_back_removes_nothing_and_is_not_asked_all_the_time(tmp_path):
    world = Expiring(tmp_path, max_age=10 * SECOND)
    world.put("s.a", Nats_TTL="5")
    world.put("s.b")
    world.node.clock.now_ns -= YEAR * SECOND
    world.put("s.c", Nats_TTL="5")
    for _ in range(20):
        world.node.clock.advance(60 * SECOND)
        assert world.node.timers.run_due() < 6  # there are pings as well
        world.settle()
    assert world.sequences() == [1, 2, 3]


def test_each_block_is_read_once_at_most(tmp_path):
    world = Expiring(tmp_path, max_age=100 * SECOND)
    store = world.stream.store
    store.log.block_bytes = 300
    for number in range(30):
        world.put(f"s.{number}")
        world.pass_time(1)
    blocks = list(store.index.blocks)
    assert len(blocks) > 3
    store.drop_cache()
    reads = Counter()
    read = world.disk.read

    def counted(path: str, *arguments: int) -> bytearray:
        reads[path] += 1
        return read(path, *arguments)

    world.disk.read = counted
    world.node.clock.advance(85 * SECOND)
    world.settle()
    assert store.index.first_sequence == 17
    assert max(reads.values()) == 1
    assert len(reads) == sum(0 < block.first_sequence < 17 for block in blocks)


def test_update_of_the_age_limit(tmp_path):
    world = Expiring(tmp_path, max_msgs=100)
    for _ in range(3):
        world.put("s.a")
        world.pass_time(1)
    config = {"name": "S", "subjects": ["s.>"], "allow_msg_ttl": True, "max_age": 2 * SECOND}
    config["duplicate_window"] = SECOND
    assert "error" not in world.ask("STREAM.UPDATE.S", config)
    assert world.sequences() == [3]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_goes_years_ahead_takes_nothing_before_its_time(tmp_path, restarts):
    world = Expiring(tmp_path, max_age=100 * SECOND)
    world.put("s.a", Nats_TTL="50")
    world.put("s.b")
    world.pass_time(10)
    world.node.clock.now_ns += 50 * YEAR * SECOND
    world.put("s.c", Nats_TTL="50")
    world.put("s.d")
    world.pass_time(1)
    assert world.sequences() == [1, 2, 3, 4]
    if restarts:
        world = world.restart()
    world.pass_time(38)
    assert world.sequences() == [1, 2, 3, 4]
    world.pass_time(2)
    assert world.sequences() == [2, 3, 4]
    world.pass_time(10)
    assert world.sequences() == [2, 4]
    world.pass_time(37)
    assert world.sequences() == [2, 4]
    world.pass_time(4)
    assert world.sequences() == [4]
    world.pass_time(10)
    assert world.sequences() == []

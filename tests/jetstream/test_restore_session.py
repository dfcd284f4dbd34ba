"""A restore that goes wrong leaves nothing; one that goes well is acknowledged when it is there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.config.options import JetStreamOptions
from headwater.natsstore.archive import MAGIC, put_end, put_entry
from headwater.wire.s2_stream import HEAD, plain_chunks
from tests.jetstream.disk_world import CONFIG, World

CONSUMER = {
    "config": {"durable_name": "C", "name": "C", "ack_policy": "explicit", "max_ack_pending": 9},
    "state": {
        "delivered": {"consumer_seq": 4, "stream_seq": 5},
        "ack_floor": {"consumer_seq": 1, "stream_seq": 2},
        "pending": {"3": {"Sequence": 2, "Timestamp": 5}, "5": {"Sequence": 3, "Timestamp": 6}},
        "redelivered": {"3": 1},
    },
}


def archive(
    *,
    first: int = 1,
    last: int = 9,
    sequences: tuple[int, ...] = (1, 3, 5, 8),
    consumers: tuple[Any, ...] = (CONSUMER,),
    end: bool = True,
) -> bytes:
    """Return what is in a snapshot."""
    out = bytearray(MAGIC)
    state = {"first_seq": first, "last_seq": last, "consumer_count": len(consumers)}
    put_entry(out, b"state.json", 1, 0, b"", json.dumps(state).encode())
    for consumer in consumers:
        put_entry(out, b"consumers/C", 1, 0, b"", json.dumps(consumer).encode())
    for sequence in sequences:
        put_entry(out, b"s.a", 1000 + sequence, sequence, b"", b"payload %d" % sequence)
    if end:
        put_end(out)
    return bytes(out)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    return World(tmp_path / "store")


def check_stream(world: World) -> None:
    """The stream is the one of ``archive()``."""
    state = world.ask("STREAM.INFO.S", {"deleted_details": True})["state"]
    assert (state["messages"], state["first_seq"], state["last_seq"]) == (4, 1, 9)
    assert state["deleted"] == [2, 4, 6, 7, 9]
    info = world.ask("CONSUMER.INFO.S.C")
    assert info["delivered"]["stream_seq"] == 5
    assert info["ack_floor"] == {"consumer_seq": 1, "stream_seq": 2}
    assert (info["num_ack_pending"], info["num_redelivered"], info["num_pending"]) == (2, 1, 1)


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_a_stream_in_chunks_of_any_size(world: World, size: int) -> None:
    answer = world.restore(archive(), size)
    assert answer["state"]["messages"] == 4
    check_stream(world)
    assert world.leftovers() == ["S"]
    check_stream(world.restarted())


def test_a_chunk_is_acknowledged_when_it_is_on_the_disk(world: World) -> None:
    subject = world.begin()
    data = HEAD + plain_chunks(archive())
    assert world.send(subject, data, settle=False) == b""
    world.settle()
    assert world.client.take() == b"MSG r.2 1 0\r\n\r\n"


def test_nobody_sees_a_stream_before_it_is_whole(world: World) -> None:
    subject = world.begin()
    world.send(subject, HEAD + plain_chunks(archive()))
    assert world.ask("STREAM.NAMES")["streams"] is None
    assert world.ask("STREAM.INFO.S")["error"]["err_code"] == 10059
    assert world.ask("STREAM.CREATE.S", CONFIG)["error"]["err_code"] == 10058
    assert world.ask("STREAM.RESTORE.S", {"config": CONFIG})["error"]["err_code"] == 10130
    assert world.ask("STREAM.CREATE.T", {"name": "T", "subjects": ["s.x"]})["error"]
    # A crash now leaves nothing of it.
    again = world.restarted()
    assert again.ask("STREAM.NAMES")["streams"] is None
    assert again.leftovers() == []
    world.send(subject, b"")
    check_stream(world)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "EOF"),
        (MAGIC[:4], "unexpected EOF"),
        (b"some other thing", "unexpected EOF"),
        (b"some other thing" * 40, "archive/tar: invalid tar header"),
        (archive(end=False), "backup was truncated"),
        (archive()[:-30], "backup was truncated"),
        (archive() + b"\x01", "backup was truncated"),
        (archive(sequences=(3, 3)), "message sequence 3 out of order"),
        (archive(sequences=(5, 3)), "message sequence 3 out of order"),
        (archive(first=4), "message sequence 1 out of order"),
        (archive(consumers=({"config": CONSUMER["config"]},)), 'consumer "C" is missing state'),
        (archive(consumers=({"state": CONSUMER["state"]},)), 'consumer "C" is missing config'),
        (MAGIC + b"\x01\x00\x00\x00\x00x", "expected state.json first"),
        (MAGIC + b"\xff" * 12, "a number has more than 64 bits"),
    ],
)
def test_what_is_no_archive_is_refused(world: World, raw: bytes, reason: str) -> None:
    data = HEAD + plain_chunks(raw)
    answer = world.send_stream(data if raw else b"")
    assert answer["type"] == "io.nats.jetstream.api.v1.stream_create_response"
    error = {"code": 500, "err_code": 10062, "description": f"restore failed: {reason}"}
    assert answer["error"] == error
    check_nothing_left(world)


def check_nothing_left(world: World) -> None:
    """Nothing of a restore is left, and the next one succeeds."""
    world.settle()
    assert world.leftovers() == []
    assert world.ask("INFO")["storage"] == 0
    world.restore(archive())
    check_stream(world)


def test_a_broken_s2_stream_is_refused(world: World) -> None:
    data = bytearray(HEAD + plain_chunks(archive()))
    data[40] ^= 1
    answer = world.send_stream(bytes(data))
    assert answer["error"]["description"] == "restore failed: s2: corrupt input, crc mismatch"
    check_nothing_left(world)


def test_a_consumer_that_cannot_be_is_refused(world: World) -> None:
    bad = {**CONSUMER, "config": {**CONSUMER["config"], "ack_policy": "sometimes"}}
    assert "error" in world.restore(archive(consumers=(bad,)))
    check_nothing_left(world)


@pytest.mark.parametrize(
    ("subject", "size", "reason"),
    [
        (b"", 1, "has no valid subject"),
        (b"s.a b", 1, "has no valid subject"),
        (b"s.a\r\nPING", 1, "has no valid subject"),
        (b"s..a", 1, "has no valid subject"),
        (b"s." + b"a" * 65534, 1, "has no valid subject"),
        (b"s.a", 1 << 20 | 1, "exceeds maximum payload size"),
        (b"s.a", 501, "exceeds maximum message size"),
    ],
)
def test_what_no_client_could_have_sent_is_refused(
    world: World, subject: bytes, size: int, reason: str
) -> None:
    raw = bytearray(archive(sequences=(), consumers=(), end=False))
    put_entry(raw, subject, 1000, 1, b"", bytes(size))
    put_end(raw)
    answer = world.restore(bytes(raw), 500_000, max_msg_size=500)
    error = f"restore failed: message sequence 1 {reason}"
    assert answer["error"]["description"] == error
    world.settle()
    assert world.leftovers() == []


def test_the_quota_holds(tmp_path: Path) -> None:
    world = World(tmp_path / "store", JetStreamOptions(file_max=100))
    assert world.restore(archive())["error"]["err_code"] == 10047
    world.settle()
    assert world.leftovers() == []


def test_a_chunk_without_a_reply_ends_it(world: World) -> None:
    subject = world.begin()
    world.client.say(b"PUB %b 1\r\nx\r\n" % subject.encode())
    check_nothing_left(world)


def test_silence_ends_it(world: World) -> None:
    subject = world.begin()
    world.pass_time(4)
    world.send(subject, HEAD)
    world.pass_time(4)
    world.send(subject, plain_chunks(archive())[:50])
    world.pass_time(6)
    check_nothing_left(world)


def test_a_disk_that_fails_ends_it(world: World) -> None:
    subject = world.begin()
    world.disk.full = True
    answer = world.answer(world.send(subject, HEAD + plain_chunks(archive())))
    assert answer["error"]["err_code"] == 10062
    world.disk.full = False
    # Whether there is room again is looked at every now and then.
    world.pass_time(3)
    world.client.take()
    check_nothing_left(world)


def test_a_stop_ends_it(world: World) -> None:
    subject = world.begin()
    world.send(subject, HEAD + plain_chunks(archive()))
    done: list[bool] = []
    world.node.jetstream.stop(lambda: done.append(True))
    world.node.router.flush()
    world.settle()
    assert done == [True]
    assert world.leftovers() == []


def test_a_stream_in_memory(world: World) -> None:
    world.restore(archive(), storage="memory")
    check_stream(world)
    assert world.leftovers() == []


def test_limits_hold_for_what_comes(world: World) -> None:
    answer = world.restore(archive(), max_msgs=2)
    assert answer["state"]["messages"] == 2
    assert answer["state"]["first_seq"] == 5


def test_a_long_gap_begins_a_new_block(world: World) -> None:
    """Or else the block would have a bit for each of the sequences in between."""
    far = 1 << 50
    answer = world.restore(archive(last=far, sequences=(1, 2, far - 5, far), consumers=()))
    assert answer["state"]["num_deleted"] == far - 4
    blocks = world.node.jetstream.accounts[0].streams["S"].store.index.blocks
    assert [(block.first_sequence, block.last_sequence) for block in blocks if block.live] == [
        (1, 2),
        (far - 5, far),
    ]
    assert world.restarted().ask("STREAM.INFO.S")["state"]["last_seq"] == far


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_damage_anywhere_is_refused_or_harmless(tmp_path_factory: Any, data: Any) -> None:
    """Whatever the bytes, there is a whole stream or none, and never an unexpected error."""
    raw = bytearray(archive())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    world = World(tmp_path_factory.mktemp("damage") / "store")
    answer = world.restore(bytes(raw))
    if "error" in answer:
        assert answer["error"]["err_code"] // 1000 == 10
        assert world.leftovers() == []
    else:
        assert world.leftovers() == ["S"]
        world.restarted().ask("STREAM.INFO.S")


def test_chunks_that_come_together(world: World) -> None:
    """Those that come while others are being written are acknowledged for themselves."""
    subject = world.begin().encode()
    data = HEAD + plain_chunks(archive())
    rest = data[40:]
    heard = world.client.say(b"PUB %b r.a 40\r\n%b\r\n" % (subject, data[:40]))
    heard += world.client.say(b"PUB %b r.b %d\r\n%b\r\n" % (subject, len(rest), rest))
    heard += world.client.say(b"PUB %b r.c 0\r\n\r\n" % subject)
    world.settle()
    heard += world.client.take()
    places = [heard.index(b"MSG r.%b " % name) for name in (b"a", b"b", b"c")]
    assert places == sorted(places)
    check_stream(world)


def test_the_time_of_the_last_message_stays_known(world: World) -> None:
    """Also if that message is gone, and after a restart."""
    raw = bytearray(MAGIC)
    state = {"first_seq": 10, "last_seq": 9, "last_ts": "2026-11-27T21:06:40.5Z"}
    put_entry(raw, b"state.json", 1, 0, b"", json.dumps(state).encode())
    put_end(raw)
    answer = world.restore(bytes(raw))
    wanted = (9, 10, "2026-11-27T21:06:40.5Z")
    for found in (answer["state"], world.restarted().ask("STREAM.INFO.S")["state"]):
        assert (found["last_seq"], found["first_seq"], found["last_ts"]) == wanted

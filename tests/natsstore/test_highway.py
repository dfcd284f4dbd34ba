"""HighwayHash: answers that nats-server has given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.natsstore.highway import Hasher

CONFIG = (
    b'{"Created":"2026-11-27T21:06:40.095563182Z","Name":"C","durable_name":"C","name":"C",'
    b'"deliver_policy":"all","ack_policy":"explicit","ack_wait":1000000000,"max_deliver":-1,'
    b'"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"num_replicas":0,'
    b'"metadata":{"_nats.req.level":"0"}}'
)


def digest(key: bytes, data: bytes) -> str:
    view = memoryview(b"<" + data + b">")
    return Hasher(key).digest(view, 1, len(data) + 1).hex()


def test_the_checksum_of_a_configuration() -> None:
    assert digest(b"A/C", CONFIG) == "f62c043b8590c01a"


@pytest.mark.parametrize(
    ("record", "checksum"),
    [
        # From the first block of a stream A: a message, one with headers, a tombstone.
        ("0200000000000000e51c1a64f402ec18" + b"a.1hello 1".hex(), "3f9dcdec9f23a95a"),
        (
            "010000000000000017da1464f402ec18" + b"a.0NATS/1.0\r\nX: y\r\n\r\nhello 0".hex(),
            "a6bb411dc81cfe13",
        ),
        ("05000000000000408dd52464f402ec18", "afc0576826 27845c".replace(" ", "")),
    ],
)
def test_the_checksum_of_a_record(record: str, checksum: str) -> None:
    assert digest(b"A-1", bytes.fromhex(record)) == checksum


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_hasher_can_be_used_again(first: bytes, second: bytes) -> None:
    hasher = Hasher(b"key")
    answers = [hasher.digest(memoryview(data), 0, len(data)) for data in (first, second, first)]
    assert answers[0] == answers[2]
    assert (answers[0] == answers[1]) == (first == second)


def test_a_range_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError):
        Hasher(b"key").digest(memoryview(bytes(40)), 0, 41)

"""Message blocks: records, compressed or not, whole or damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.natsstore import blocks
from headwater.natsstore.blocks import Cut, Record
from headwater.natsstore.highway import Hasher
from tests.natsstore.files import ERASED, TOMBSTONE, compressed, record

KEY = "S-1"

messages = st.builds(
    Record,
    st.integers(1, 2**62 - 1),
    st.integers(0, 2**62),
    st.binary(min_size=1, max_size=30),
    st.sampled_from((b"", b"NATS/1.0\r\nA: b\r\n\r\n")),
    st.binary(max_size=100),
)


def block_of(found: list[Record]) -> bytes:
    return b"".join(
        record(KEY, item.sequence, item.time_ns, item.subject, item.headers, item.payload)
        for item in found
    )


def read(data: bytes) -> tuple[list[Record], Cut]:
    cut = Cut()
    found = blocks.read_records(blocks.records_of(data), Hasher(KEY.encode()), cut)
    return list(found), cut


@given(st.lists(messages, min_size=1, max_size=5))
def test_records_are_read_as_they_were_written(wanted: list[Record]) -> None:
    data = block_of(wanted)
    assert read(data) == (wanted, Cut())
    assert read(compressed(data)) == (wanted, Cut())


def test_the_marks_of_a_sequence() -> None:
    data = record(KEY, 5 | ERASED, 0, payload=b"noise") + record(KEY, 7 | TOMBSTONE, 9)
    found, cut = read(data)
    assert found == [Record(5, 0, erased=True), Record(7, 9, tombstone=True)]
    assert not cut.reason
    assert list(blocks.tombstones(data, Hasher(KEY.encode()))) == [7]


@given(st.lists(messages, min_size=1, max_size=4), st.data())
def test_a_block_that_is_cut_off_gives_what_is_whole(wanted: list[Record], data) -> None:
    whole = block_of(wanted)
    size = data.draw(st.integers(0, len(whole) - 1))
    found, cut = read(whole[:size])
    assert found == wanted[: len(found)]
    assert cut.offset == len(block_of(found)) or cut == Cut()
    assert bool(cut.reason) == (len(block_of(found)) < size)


@given(st.lists(messages, min_size=2, max_size=4), st.data())
def test_reading_ends_at_damage(wanted: list[Record], data) -> None:
    whole = bytearray(block_of(wanted))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    found, cut = read(bytes(whole))
    # Four bytes of a size of headers are not under the checksum; what they say is checked.
    if len(found) == len(wanted):
        assert sum(a != b for a, b in zip(found, wanted, strict=True)) <= 1
    else:
        assert cut.reason
        assert cut.offset <= at
    list(blocks.tombstones(bytes(whole), Hasher(KEY.encode())))


@given(st.binary(max_size=200))
def test_any_bytes_give_records_or_an_error(data: bytes) -> None:
    for file in (data, b"cmp\x01" + data, b"cmp\x00" + data):
        try:
            read(file)
        except FormatError:
            pass
        list(blocks.tombstones(file, Hasher(KEY.encode())))


def test_a_compressed_block_of_another_size_is_refused() -> None:
    data = bytearray(compressed(record(KEY, 1, 1, b"a")))
    data[4] += 1
    with pytest.raises(FormatError):
        blocks.records_of(bytes(data))

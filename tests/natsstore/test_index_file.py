"""``index.db``, as a nats-server has written it, and damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.natsstore import index_file
from headwater.natsstore.highway import Hasher
from headwater.natsstore.index_file import BlockState

# Of a stream A: sequences 3 to 20 of which 5 and 7 were deleted, three subjects, one block.
BEGINNING = bytes.fromhex(
    "0b0410cc0503ea9eebc18cbd81ec3114aee8a2c58cbd81ec31"
    "0303612e3105010103612e3005010103612e32060101"
    "0101cc0503 0014c4c9b703020000".replace(" ", "")
)
SET = bytes.fromhex("1602" + "01000000" + "02000000" + "0000000000000000" + "a0") + bytes(255)
END = bytes.fromhex("0100" + "01" + "20ea8604f8f9edf8")
CHECKSUM = bytes.fromhex("223ead9795f11633")


def decode(data: bytes, key: bytes = b"A") -> index_file.IndexFile:
    return index_file.decode(data, Hasher(key))


def signed(data: bytes) -> bytes:
    return data + Hasher(b"A").digest(memoryview(data), 0, len(data))


def test_the_file_of_a_nats_server() -> None:
    data = BEGINNING + SET + END + CHECKSUM
    index = decode(data)
    assert (index.first, index.last, index.last_block) == (3, 20, 1)
    assert index.last_time_ns == 1795813600092510743
    assert index.blocks == {1: BlockState(1, 3, 20, {5, 7})}
    assert index.last_checksum == END[-8:]
    block = index.blocks[1]
    assert [sequence for sequence in range(25) if block.has(sequence)] == [
        3,
        4,
        6,
        *range(8, 21),
    ]


def test_the_key_is_the_name_of_the_stream() -> None:
    with pytest.raises(FormatError):
        decode(BEGINNING + SET + END + CHECKSUM, b"B")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x0b",
        b"\x0c\x04" + BEGINNING[2:] + SET + END,
        b"\x0b\x05" + BEGINNING[2:] + SET + END,
        BEGINNING + SET,
        BEGINNING + SET[:-10],
        BEGINNING + b"\x17" + SET[1:] + END,
        BEGINNING + SET + END[:-1],
    ],
)
def test_what_makes_no_sense_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(signed(data))


@given(st.binary(max_size=100))
def test_any_bytes_give_an_index_or_an_error(data: bytes) -> None:
    for file in (data, b"\x0b\x04" + data, BEGINNING + data):
        try:
            decode(signed(file))
        except FormatError:
            pass

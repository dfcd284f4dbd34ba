"""Blocks of Snappy and S2: elements and what they stand for."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.wire import s2_block

SIZE_MAX = 4 * 1024 * 1024


def number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes((value,)))


def literal(data: bytes) -> bytes:
    size = len(data) - 1
    if size < 60:
        return bytes((size << 2,)) + data
    count = (size.bit_length() + 7) // 8
    return bytes((59 + count << 2,)) + size.to_bytes(count, "little") + data


def copy(offset: int, length: int) -> bytes:
    if length in range(4, 12) and offset < 2048:
        return bytes((offset >> 8 << 5 | length - 4 << 2 | 1, offset & 255))
    if offset < 65536:
        return bytes((length - 1 << 2 | 2,)) + offset.to_bytes(2, "little")
    return bytes((length - 1 << 2 | 3,)) + offset.to_bytes(4, "little")


def again(length: int) -> bytes:
    """Return a copy from where the last one was taken."""
    for code, base, count in ((7, 65540, 3), (6, 260, 2), (5, 8, 1)):
        if length >= base:
            return bytes((code << 2 | 1, 0)) + (length - base).to_bytes(count, "little")
    return bytes((length - 4 << 2 | 1, 0))


@st.composite
def blocks(draw) -> tuple[bytes, bytes]:
    """A block, and the data that it stands for."""
    data = bytearray(draw(st.binary(min_size=1, max_size=80)))
    elements = literal(bytes(data))
    offset = 0
    for kind in draw(st.lists(st.sampled_from("lcr"), max_size=8)):
        if kind == "l":
            more = draw(st.binary(min_size=1, max_size=300))
            elements += literal(more)
            data += more
            continue
        if kind == "c":
            offset = draw(st.integers(1, len(data)))
            length = draw(st.integers(1, 64))
            elements += copy(offset, length)
        elif offset:
            length = draw(st.sampled_from((4, 7, 8, 9, 200, 260, 1000, 65540, 70000)))
            elements += again(length)
        else:
            continue
        for _ in range(length):
            data.append(data[len(data) - offset])
    return number(len(data)) + elements, bytes(data)


def decode(block: bytes, size_max: int = SIZE_MAX) -> bytes:
    framed = memoryview(b"<" + block + b">")
    return bytes(s2_block.decode(framed, 1, len(block) + 1, size_max))


@given(blocks())
def test_elements_give_the_data_that_they_stand_for(pair: tuple[bytes, bytes]) -> None:
    block, data = pair
    assert decode(block) == data


@pytest.mark.parametrize("size", [1, 60, 61, 256, 257, 65536, 65537])
def test_literals_of_every_size(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    assert decode(number(size) + literal(data[:size])) == data[:size]


def test_a_far_copy() -> None:
    data = bytes(range(250)) * 300
    assert decode(number(75060) + literal(data) + copy(70000, 60))[75000:] == data[5000:5060]


@pytest.mark.parametrize(
    "block",
    [
        b"",
        number(3),
        number(3) + literal(b"ab"),
        number(3) + literal(b"abcd"),
        number(2) + literal(b"ab")[:2],
        number(6) + literal(b"ab") + copy(3, 4),
        number(6) + again(6),
        number(6) + literal(b"ab") + again(4),
        number(6) + literal(b"ab") + b"\x0e\x00\x00",
        number(6) + literal(b"ab") + copy(1, 4)[:1],
        number(300) + literal(b"ab") + copy(1, 4) + again(294)[:3],
        b"\xff" * 6,
    ],
)
def test_what_is_no_block_is_refused(block: bytes) -> None:
    with pytest.raises(FormatError):
        decode(block)


def test_more_than_is_allowed_is_refused_before_it_is_made() -> None:
    with pytest.raises(FormatError):
        decode(number(1 << 34) + literal(b"a"))
    with pytest.raises(FormatError):
        decode(number(4) + literal(b"abcd"), 3)


@given(st.binary(max_size=200))
def test_any_bytes_give_data_or_an_error(block: bytes) -> None:
    try:
        decode(block, 100_000)
    except FormatError:
        pass


@given(blocks(), st.data())
def test_a_damaged_block_gives_data_or_an_error(pair: tuple[bytes, bytes], data) -> None:
    block = bytearray(pair[0])
    block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(block), 200_000)
    except FormatError:
        pass


# What is encoded

texts = st.builds(
    lambda words, picks: b"".join(words[pick % len(words)] for pick in picks),
    st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5),
    st.lists(st.integers(0, 100), max_size=200),
)


def encode(data: bytes) -> bytes:
    return s2_block.encode(memoryview(b"<" + data + b">"), 1, len(data) + 1)


@given(st.one_of(st.binary(max_size=300), texts))
def test_what_was_encoded_is_decoded(data: bytes) -> None:
    assert decode(encode(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a" * 65536,
        bytes(range(256)) * 256,
        b"".join(b"%d" % number for number in range(14000))[:65536],
        random.Random(1).randbytes(65536),
        random.Random(1).randbytes(3000) * 20,
    ],
    ids=["empty", "one byte", "all bytes", "numbers", "noise", "far copies"],
)
def test_large_blocks(data: bytes) -> None:
    block = encode(data)
    assert decode(block) == data
    assert len(block) <= len(data) + len(data) // 200 + 8


def test_what_repeats_becomes_small() -> None:
    assert len(encode(b"what repeats becomes small. " * 1000)) < 2000

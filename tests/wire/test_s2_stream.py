"""Streams of Snappy and S2, in pieces."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.wire import s2_stream
from headwater.wire.crc32c import masked_checksum
from headwater.wire.s2_stream import HEAD, SNAPPY_HEAD, StreamReader, chunks, plain_chunks


def chunk(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "little") + body


def compressed(data: bytes, block: bytes) -> bytes:
    checksum = masked_checksum(memoryview(data), 0, len(data))
    return chunk(0, checksum.to_bytes(4, "little") + block)


def read(pieces: list[bytes]) -> bytes:
    reader = StreamReader()
    found = b""
    for piece in pieces:
        reader.feed(piece)
        while (data := reader.next()) is not None:
            found += data
    reader.finish()
    return found


@given(st.binary(max_size=200), st.integers(1, 50), st.sampled_from((HEAD, SNAPPY_HEAD)))
def test_what_is_written_is_read_however_it_is_cut(data: bytes, size: int, head: bytes) -> None:
    stream = head + plain_chunks(data) + chunk(0xFE, b"padding") + plain_chunks(data[::-1])
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert read(pieces) == data + data[::-1]


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 200_000])
@pytest.mark.parametrize("write", [plain_chunks, chunks])
def test_long_data_are_several_chunks(size: int, write: Callable[[bytes], bytes]) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert s2_stream.decode(HEAD + write(data)) == data


def test_chunks_are_compressed_where_that_pays() -> None:
    noise = random.Random(1).randbytes(65536)
    stream = chunks((b"text " * 13108)[:65536] + noise)
    assert stream[0] == 0
    assert len(stream) < 75_000
    assert stream[-len(noise) - 8] == 1


def test_compressed_chunks_and_a_second_head() -> None:
    data = b"a" * 10
    block = b"\x0a\x00a\x22\x01\x00"
    stream = (
        HEAD + compressed(data, block) + SNAPPY_HEAD + chunk(0x99, b"index") + plain_chunks(b"b")
    )
    assert s2_stream.decode(stream) == data + b"b"


@pytest.mark.parametrize(
    "stream",
    [
        b"garbage",
        plain_chunks(b"without a head"),
        chunk(0xFF, b"S2sTwo"),
        HEAD[:-1],
        HEAD + chunk(0x02, b"not to be skipped"),
        HEAD + chunk(0x01, b"abc"),
        HEAD + plain_chunks(b"cut off")[:-1],
        HEAD + b"\x00\xff\xff\xff",
    ],
)
def test_what_is_no_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(FormatError, match="s2: corrupt input"):
        s2_stream.decode(stream)


def test_a_wrong_checksum_is_told_of() -> None:
    stream = bytearray(HEAD + plain_chunks(b"data"))
    stream[-1] ^= 1
    with pytest.raises(FormatError, match="s2: corrupt input, crc mismatch"):
        s2_stream.decode(bytes(stream))


@given(st.binary(max_size=300))
def test_any_bytes_give_data_or_an_error(data: bytes) -> None:
    for stream in (data, HEAD + data):
        try:
            s2_stream.decode(stream)
        except FormatError:
            pass

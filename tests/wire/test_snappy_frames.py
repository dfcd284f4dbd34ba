"""Data framed as a Snappy stream."""

import pytest

from headwater.wire.crc32c import masked_checksum
from headwater.wire.snappy_frames import frame


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 200_000])
def test_what_is_framed_can_be_read_back(size: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    stream = frame(data)
    assert stream[:10] == b"\xff\x06\x00\x00sNaPpY"
    at, read = 10, b""
    while at < len(stream):
        assert stream[at] == 1  # a chunk that is not compressed
        length = int.from_bytes(stream[at + 1 : at + 4], "little")
        chunk = stream[at + 8 : at + 4 + length]
        assert int.from_bytes(stream[at + 4 : at + 8], "little") == masked_checksum(
            memoryview(chunk), 0, len(chunk)
        )
        assert 0 < len(chunk) <= 65536
        read += chunk
        at += 4 + length
    assert read == data

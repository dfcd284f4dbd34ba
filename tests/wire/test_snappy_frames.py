"""Data framed as a Snappy stream."""

import pytest

from headwater.wire.snappy_frames import frame, masked_checksum


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0x00000000),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
    ],
)
def test_checksums_are_masked_crc32c(data: bytes, checksum: int) -> None:
    # The sums are the known answers of CRC-32C (RFC 3720 B.4); Snappy turns and shifts them.
    turned = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    assert masked_checksum(data) == (turned + 0xA282EAD8) & 0xFFFFFFFF


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
        assert int.from_bytes(stream[at + 4 : at + 8], "little") == masked_checksum(chunk)
        assert 0 < len(chunk) <= 65536
        read += chunk
        at += 4 + length
    assert read == data

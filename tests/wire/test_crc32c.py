"""CRC-32C as Snappy streams carry it."""

import pytest

from headwater.wire.crc32c import masked_checksum


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
    framed = memoryview(b"<" + data + b">")
    assert masked_checksum(framed, 1, len(data) + 1) == (turned + 0xA282EAD8) & 0xFFFFFFFF


def test_a_range_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError):
        masked_checksum(memoryview(b"abc"), 0, 4)

"""The framing format of Snappy, without its compression: chunks that hold the data as it is.

Every reader of Snappy or S2 streams takes them.  What is sent this way is short and rare, so that
a codec would be more than it is worth.
"""

_STREAM_HEAD = b"\xff\x06\x00\x00sNaPpY"
_PLAIN_CHUNK = b"\x01"
_CHUNK_BYTES_MAX = 65536
_POLYNOMIAL = 0x82F63B78  # CRC-32C, bits reversed


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        entries.append(byte)
    return tuple(entries)


_TABLE = _table()


def frame(data: bytes) -> bytes:
    """Return ``data`` as a Snappy stream."""
    parts = [_STREAM_HEAD]
    for start in range(0, len(data), _CHUNK_BYTES_MAX):
        chunk = data[start : start + _CHUNK_BYTES_MAX]
        parts += [
            _PLAIN_CHUNK,
            (len(chunk) + 4).to_bytes(3, "little"),
            masked_checksum(chunk).to_bytes(4, "little"),
            chunk,
        ]
    return b"".join(parts)


def masked_checksum(data: bytes) -> int:
    """Return the CRC-32C of ``data`` in the form in which Snappy writes it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF

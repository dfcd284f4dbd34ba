"""CRC-32C in the form in which Snappy and S2 streams carry it."""

from array import array

_POLYNOMIAL = 0x82F63B78  # bits reversed


def _make_table():
    table = array("I")
    for start in range(256):
        entry = start
        for _ in range(8):
            entry = entry >> 1 ^ (_POLYNOMIAL if entry & 1 else 0)
        table.append(entry)
    return table


_table = memoryview(_make_table())


def masked_checksum(view, start, end):
    """Return the masked CRC-32C of ``view[start:end]``."""
    table = _table
    crc = 0xFFFFFFFF
    for at in range(start, end):
        crc = table[(crc ^ view[at]) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF

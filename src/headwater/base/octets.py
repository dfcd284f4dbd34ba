"""Byte primitives of the hot path, in their uncompiled form.

Compiled modules call the C form in ``octets.pxd``; this file is what the same modules call when
nothing is compiled, and the two must agree on results and on error types.  Every primitive checks
its bounds: a bug is an ``IndexError``, never a stray read or write.  Offsets are never negative.
"""

from zlib import crc32

SIZE_DIGITS_MAX = 9
_BLANKS = b" \t\r\n"


def _check(source, start, end):
    if start < 0 or end < start or end > len(source):
        raise IndexError("octets out of range")


def copy_into(target, at, source, start, end):
    """Copy ``source[start:end]`` to ``target[at:]``; return the offset behind the copy."""
    _check(source, start, end)
    _check(target, at, at + end - start)
    target[at : at + end - start] = source[start:end]
    return at + end - start


def put_bytes(target, at, data):
    """Copy all of ``data`` (bytes) to ``target[at:]``; return the offset behind the copy."""
    _check(target, at, at + len(data))
    target[at : at + len(data)] = data
    return at + len(data)


def put_byte(target, at, value):
    """Write one byte; return the offset behind it."""
    _check(target, at, at + 1)
    target[at] = value
    return at + 1


def put_decimal(target, at, value):
    """Write a non-negative number as ASCII digits; return the offset behind them."""
    if value < 0:
        raise IndexError("octets out of range")
    return put_bytes(target, at, b"%d" % value)


def put_u16(target, at, value):
    """Write 2 bytes, little endian; return the offset behind them."""
    return put_bytes(target, at, (value & 0xFFFF).to_bytes(2, "little"))


def put_u32(target, at, value):
    """Write 4 bytes, little endian; return the offset behind them."""
    return put_bytes(target, at, (value & 0xFFFFFFFF).to_bytes(4, "little"))


def put_u64(target, at, value):
    """Write 8 bytes, little endian; return the offset behind them."""
    return put_bytes(target, at, (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little"))


def get_u16(source, at):
    """Read 2 bytes, little endian."""
    _check(source, at, at + 2)
    return int.from_bytes(source[at : at + 2], "little")


def get_u32(source, at):
    """Read 4 bytes, little endian."""
    _check(source, at, at + 4)
    return int.from_bytes(source[at : at + 4], "little")


def get_i64(source, at):
    """Read 8 bytes, little endian, signed."""
    _check(source, at, at + 8)
    return int.from_bytes(source[at : at + 8], "little", signed=True)


def find(source, byte, start, end):
    """Return the offset of the first ``byte`` in ``source[start:end]``, or -1."""
    if start < 0 or end > len(source):
        raise IndexError("octets out of range")
    if start >= end:
        return -1
    at = bytes(source[start:end]).find(byte)
    return at if at < 0 else at + start


def token_end(source, start, end):
    """Return the offset of the first space, tab, CR or LF in ``source[start:end]``, or ``end``."""
    if start < 0 or end > len(source):
        raise IndexError("octets out of range")
    while start < end and source[start] not in _BLANKS:
        start += 1
    return start


def skip_blanks(source, start, end):
    """Return the offset of the first byte that is neither space nor tab, or ``end``."""
    if start < 0 or end > len(source):
        raise IndexError("octets out of range")
    while start < end and (source[start] == 32 or source[start] == 9):
        start += 1
    return start


def parse_size(source, start, end):
    """Return the number written in ``source[start:end]``, or -1 unless it is 1 to 9 digits."""
    if start < 0 or end > len(source):
        raise IndexError("octets out of range")
    text = bytes(source[start:end])
    return int(text) if 0 < len(text) <= SIZE_DIGITS_MAX and text.isdigit() else -1


def slice_bytes(source, start, end):
    """Return ``source[start:end]`` as bytes."""
    _check(source, start, end)
    return bytes(source[start:end])


def equals(source, start, end, data):
    """Tell whether ``source[start:end]`` is ``data``."""
    _check(source, start, end)
    return bytes(source[start:end]) == data


def starts_with(source, start, end, data):
    """Tell whether ``source[start:end]`` begins with ``data``."""
    _check(source, start, end)
    return end - start >= len(data) and bytes(source[start : start + len(data)]) == data


def checksum(source, start, end, seed):
    """Return the CRC-32 (the one of zlib) of ``source[start:end]``, continued from ``seed``."""
    _check(source, start, end)
    return crc32(source[start:end], seed)

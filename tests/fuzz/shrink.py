"""From an input that fails to the smallest one like it."""

from collections.abc import Callable

_SIMPLE = b"a0 "


def shrunk(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Return the smallest part of ``data`` found that ``fails``, its bytes as simple as can be."""
    size = max(1, len(data) // 2)
    while size:
        smaller = _without_parts(data, size, fails)
        # What has become smaller may lose parts of the same size again.
        if len(smaller) == len(data):
            size //= 2
        data = smaller
    return _simplified(data, fails)


def _without_parts(data: bytes, size: int, fails: Callable[[bytes], bool]) -> bytes:
    at = 0
    while at < len(data):
        part = data[:at] + data[at + size :]
        if part and fails(part):
            data = part
        else:
            at += size
    return data


def _simplified(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    for at in range(len(data)):
        for byte in _SIMPLE:
            if data[at] == byte:
                break
            part = data[:at] + bytes([byte]) + data[at + 1 :]
            if fails(part):
                data = part
                break
    return data

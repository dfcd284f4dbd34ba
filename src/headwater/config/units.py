"""Durations, sizes and addresses as they are written in strings."""

import re
from fractions import Fraction

_DURATION_MAX = 2**63 - 1
_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # the micro sign, and the letter mu that looks like it
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION_PART = re.compile(
    "([0-9]{1,19}(?:\\.[0-9]{0,19})?|\\.[0-9]{1,19})(ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
)
_SIZE = re.compile(r"(-?[0-9]{1,19})([KMGT])")
_SIZE_SHIFTS = {"K": 10, "M": 20, "G": 30, "T": 40}
_PORT = re.compile(r"[+-]?[0-9]{1,9}")


def duration_ns(text: str) -> int:
    """Return the nanoseconds of ``"1h30m"``, ``"2s"``, ``"1.5ms"`` or ``"0"``.

    Raises:
        ValueError: ``text`` is none of these, or too long for 64 bits.
    """
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0
    position = 0
    total = Fraction(0)
    while position < len(body):
        part = _DURATION_PART.match(body, position)
        if part is None:
            break
        total += Fraction(part[1].rstrip(".")) * _UNITS_NS[part[2]]
        position = part.end()
    if not body or position < len(body):
        raise ValueError(f"a duration such as 2s, 1m30s or 500ms is expected, not {_shown(text)}")
    if total > _DURATION_MAX:
        raise ValueError(f"the duration {_shown(text)} is longer than 292 years")
    return -int(total) if text[0] == "-" else int(total)


def size_bytes(text: str) -> int:
    """Return the bytes of ``"10G"``; K, M, G and T are powers of 1024 here.

    Raises:
        ValueError: ``text`` is not such a size.
    """
    if not text:
        return 0
    size = _SIZE.fullmatch(text)
    if size is None:
        raise ValueError("a size in a string ends in K, M, G or T, such as 10G")
    return int(size[1]) << _SIZE_SHIFTS[size[2]]


def host_and_port(text: str) -> tuple[str, int]:
    """Return the parts of ``host:port``, ``:port`` or ``[::1]:port``.

    Raises:
        ValueError: ``text`` is not such an address.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or "[" in host or "]" in host:
        raise ValueError(f"an address such as 127.0.0.1:4222 is expected, not {_shown(text)}")
    if _PORT.fullmatch(port) is None:
        raise ValueError(f"the port of {_shown(text)} is not a number")
    return host, int(port)


def advertised(text: str) -> tuple[str, int]:
    """Return host and port that clients are to be told; the port is 0 where it is the real one.

    Raises:
        ValueError: ``text`` is neither ``host:port`` nor ``host``.
    """
    if not text:
        return "", 0
    bare = text.removeprefix("[").removesuffix("]")
    if ":" not in text or len(bare) == len(text) - 2:
        return bare, 0
    host, port = host_and_port(text)
    return host, max(0, port)


def _shown(text: str) -> str:
    """Return ``text`` for an error, cut where it is longer than a sane one."""
    return repr(text if len(text) <= 60 else text[:60] + "...")

"""JSON as nats-server prints it: Go escapes, and times in RFC 3339 with nanoseconds.

Structures are msgspec ones; field order and the omission of empty fields are theirs to declare.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from headwater.base.clock import SECOND

_encoder = msgspec.json.Encoder()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
ZERO_TIME = "0001-01-01T00:00:00Z"
ZERO_TIME_NS = -62_135_596_800 * SECOND


def encode(value) -> bytes:
    """Return the JSON of ``value`` with ``<``, ``>`` and ``&`` escaped, as Go does."""
    text = _encoder.encode(value)
    # The three only occur inside strings, so that the replacement needs no parser.
    if b">" in text or b"<" in text or b"&" in text:
        text = text.replace(b">", b"\\u003e").replace(b"<", b"\\u003c").replace(b"&", b"\\u0026")
    return text


def time_text(time_ns: int) -> str:
    """Return nanoseconds since 1970 as RFC 3339 in UTC, without trailing zeros."""
    seconds, nanos = divmod(time_ns, 1_000_000_000)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{text:0>19}{fraction}Z"


def parse_time(text: str) -> int:
    """Return the nanoseconds since 1970 of an RFC 3339 time; finer digits are cut, as Go does.

    Raises:
        ValueError: ``text`` is not one.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    day, clock, digits, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper()}") - _EPOCH
    seconds = moment.days * 86_400 + moment.seconds
    return seconds * 1_000_000_000 + int((digits or "0")[:9].ljust(9, "0"))

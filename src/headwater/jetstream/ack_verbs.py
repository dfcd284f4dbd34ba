"""What a client says about a message that was delivered to it (J149)."""

import enum
import re

import msgspec


class AckVerb(enum.Enum):
    """The kinds of acknowledgement."""

    ACK = enum.auto()
    NAK = enum.auto()
    PROGRESS = enum.auto()
    TERM = enum.auto()
    NEXT = enum.auto()


class _Delay(msgspec.Struct):
    delay: int = 0


_INT64 = 2**63
_DELAY_NS_MAX = 2**61  # 73 years

_decoder = msgspec.json.Decoder(_Delay)
_DURATION = re.compile(rb"(\d+(?:\.\d+)?)(ns|us|\xc2\xb5s|ms|s|m|h)")
_UNITS_NS = {
    b"ns": 1,
    b"us": 1_000,
    b"\xc2\xb5s": 1_000,
    b"ms": 1_000_000,
    b"s": 1_000_000_000,
    b"m": 60_000_000_000,
    b"h": 3_600_000_000_000,
}


def parse_ack(payload):
    """Return the AckVerb of a payload and its argument; (None, None) for what is none.

    The argument of NAK is a delay in nanoseconds, that of NEXT the request behind it, that of TERM
    the reason; it is None otherwise.
    """
    if payload in (b"", b"+ACK", b"+OK"):
        return AckVerb.ACK, None
    if payload.startswith(b"-NAK"):
        return AckVerb.NAK, _delay_ns(payload[4:].strip())
    if payload == b"+WPI":
        return AckVerb.PROGRESS, None
    if payload.startswith(b"+NXT"):
        return AckVerb.NEXT, payload[4:].strip()
    if payload.startswith(b"+TERM"):
        return AckVerb.TERM, payload[5:].strip()
    return None, None


def _delay_ns(text):
    """Return the delay that a NAK asks for; a bad one is none at all."""
    if not text:
        return 0
    if text[:1] == b"{":
        try:
            return _bounded(_decoder.decode(text).delay)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return 0
    parts = _DURATION.findall(text)
    if not parts or b"".join(number + unit for number, unit in parts) != text:
        return 0
    return _bounded(sum(float(number) * _UNITS_NS[unit] for number, unit in parts))


def _bounded(delay_ns):
    """Return a delay that can be added to a time; what Go's durations cannot hold is none."""
    return int(min(delay_ns, _DELAY_NS_MAX)) if 0 < delay_ns < _INT64 else 0

"""How long a message is to live by its own word: the header ``Nats-TTL``."""

from headwater.base.clock import SECOND
from headwater.config.units import duration_ns

HEADER = b"Nats-TTL"
NEVER = -1  # it is not removed for its age
INVALID = -2

_SECONDS_MAX = (1 << 63) // SECOND
_DIGITS_MAX = len(str(_SECONDS_MAX))


def ttl_seconds(value: bytes) -> int:
    """Return the whole seconds that a value stands for, NEVER or INVALID."""
    if value.isdigit():
        digits = value.lstrip(b"0")
        seconds = _SECONDS_MAX if len(digits) > _DIGITS_MAX else int(digits or b"0")
    elif value.lower() == b"never":
        return NEVER
    else:
        try:
            seconds = duration_ns(value.decode("utf-8", "replace")) // SECOND
        except ValueError:
            return INVALID
    return min(seconds, _SECONDS_MAX) if seconds > 0 else INVALID


def expiry_ns(time_ns: int, seconds: int) -> int:
    """Return when a message of a time is to go, as a number of 63 bits."""
    return max(0, min(time_ns + seconds * SECOND, (1 << 63) - 1))

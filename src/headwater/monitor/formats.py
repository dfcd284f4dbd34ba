"""How monitoring prints durations, numbers and names."""

from headwater.base.clock import DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND


def text(data: bytes) -> str:
    """Return bytes of the protocol as text; what is no UTF-8 is escaped."""
    return data.decode("utf-8", "backslashreplace")


def uptime_text(duration_ns: int) -> str:
    """Return a duration as nats-server prints it, ``1d2h0m3s``: units from the first not 0."""
    printed = ""
    for unit, letter in ((365 * DAY, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        count, duration_ns = divmod(duration_ns, unit)
        if count or printed:
            printed += f"{count}{letter}"
    return f"{printed}{duration_ns // SECOND}s"


def duration_text(duration_ns: int) -> str:
    """Return a duration as Go prints it: ``1.5ms``, ``20µs``, ``3.25s``, ``1m0.5s``, ``0s``."""
    if duration_ns >= MINUTE:
        minutes, rest_ns = divmod(duration_ns, MINUTE)
        hours, minutes = divmod(minutes, 60)
        return f"{f'{hours}h' if hours else ''}{minutes}m{_in_units(rest_ns, SECOND)}s"
    for unit_ns, name in ((SECOND, "s"), (MILLISECOND, "ms"), (MICROSECOND, "µs")):
        if duration_ns >= unit_ns:
            return _in_units(duration_ns, unit_ns) + name
    return f"{duration_ns}ns" if duration_ns else "0s"


def number(value: float) -> float:
    """Return a number without a fraction as an integer, as Go prints it."""
    return int(value) if value == int(value) else value


def _in_units(duration_ns: int, unit_ns: int) -> str:
    whole, rest = divmod(duration_ns, unit_ns)
    digits = len(str(unit_ns)) - 1
    fraction = f".{rest:0{digits}d}".rstrip("0") if rest else ""
    return f"{whole}{fraction}"

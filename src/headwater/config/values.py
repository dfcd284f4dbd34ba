"""Reading one value: of which type it must be, and what to say when it is another."""

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from headwater.base.clock import SECOND
from headwater.base.errors import ConfigError
from headwater.config import units
from headwater.config.report import Fields, Handlers, Report, read_entries
from headwater.config.tree import Entries, Entry, Node, describe, fail

T = TypeVar("T")

PORT_MAX = 65535
_PERCENT = re.compile(r"(?a:\+?([0-9]{1,19})%?)")
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1


def wrong(entry: Entry, expected: str) -> NoReturn:
    """Raise the ConfigError that the value of ``entry`` is not what is ``expected``."""
    fail(entry.place, f"{entry.name}: expected {expected}, got {describe(entry.node.value)}")


def text(_report: Report, entry: Entry) -> str:
    """Return a string."""
    value = entry.node.value
    if not isinstance(value, str):
        wrong(entry, "a string (put numbers into quotes)")
    return _unicode(entry, value)


def boolean(_report: Report, entry: Entry) -> bool:
    """Return true or false."""
    value = entry.node.value
    if not isinstance(value, bool):
        wrong(entry, "true or false")
    return value


def integer(_report: Report, entry: Entry) -> int:
    """Return an integer; the language has turned ``1mb`` into one already."""
    value = entry.node.value
    if not isinstance(value, int) or isinstance(value, bool):
        wrong(entry, "an integer")
    return value


def between(low: int, high: int) -> Callable[[Report, Entry], int]:
    """Return a reader of integers from ``low`` to ``high``."""

    def read(report: Report, entry: Entry) -> int:
        value = integer(report, entry)
        if not low <= value <= high:
            fail(entry.place, f"{entry.name}: {value} is not between {low} and {high}")
        return value

    return read


port = between(-1, PORT_MAX)


def percentage(_report: Report, entry: Entry) -> int:
    """Return a number from 1 to 100, written as ``20`` or ``"20%"``."""
    value = entry.node.value
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value)
        if match is None:
            wrong(entry, "a percentage such as 20 or 20%")
        value = int(match[1])
    if not isinstance(value, int) or isinstance(value, bool):
        wrong(entry, "a percentage such as 20 or 20%")
    if not 0 < value <= 100:
        fail(entry.place, f"{entry.name}: {value} is not between 1 and 100")
    return value


def unlimited_below_one(report: Report, entry: Entry) -> int:
    """Return an integer, and -1 for all that are less than 1."""
    value = integer(report, entry)
    return value if value > 0 else -1


def duration(report: Report, entry: Entry) -> int:
    """Return the nanoseconds of a duration, not negative; an integer counts seconds."""
    value = entry.node.value
    if isinstance(value, int) and not isinstance(value, bool):
        report.warn(entry.place, f"{entry.name} should be a duration such as {value}s")
        result = value * SECOND
    elif isinstance(value, str):
        result = _converted(entry, value, units.duration_ns)
    else:
        wrong(entry, "a duration such as 2s")
    if not 0 <= result < 2**63:
        fail(entry.place, f"{entry.name}: a duration of at least 0s and less than 292 years")
    return result


def duration_text(report: Report, entry: Entry) -> int:
    """Return the nanoseconds of a duration that must be written as one."""
    text(report, entry)
    return duration(report, entry)


def signed_duration_text(report: Report, entry: Entry) -> int:
    """Return the nanoseconds of a duration that is written as one, and may be negative."""
    return _converted(entry, text(report, entry), units.duration_ns)


def seconds(report: Report, entry: Entry) -> int:
    """Return the nanoseconds of a duration, or of a number, which counts seconds here."""
    value = entry.node.value
    if isinstance(value, str):
        return duration(report, entry)
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong(entry, "seconds, or a duration such as 2s")
    if not 0 <= value <= INT32_MAX:
        fail(entry.place, f"{entry.name}: {value} seconds are out of range")
    return int(value * SECOND)


def size(_report: Report, entry: Entry) -> int:
    """Return bytes: an integer, or a string such as ``"10G"``."""
    value = entry.node.value
    if isinstance(value, str):
        return _converted(entry, value, units.size_bytes)
    if not isinstance(value, int) or isinstance(value, bool):
        wrong(entry, "a size such as 10G")
    return value


def address(report: Report, entry: Entry) -> tuple[str, int]:
    """Return host and port of ``"host:port"``, ``":port"`` or a bare port (the host is empty)."""
    value = entry.node.value
    if isinstance(value, str):
        host, number = _converted(entry, value, units.host_and_port)
        if not -1 <= number <= PORT_MAX:
            fail(entry.place, f"{entry.name}: {number} is not between -1 and {PORT_MAX}")
        return host, number
    if not isinstance(value, int) or isinstance(value, bool):
        wrong(entry, "a port or host:port")
    return "", port(report, entry)


def advertised(report: Report, entry: Entry) -> str:
    """Return an address for others, ``host:port`` or ``host``, as it stands there."""
    value = text(report, entry)
    _converted(entry, value, units.advertised)
    return value


def entries_of(entry: Entry, expected: str = "a map { ... }") -> Entries:
    """Return the keys of a map."""
    value = entry.node.value
    if not isinstance(value, dict):
        wrong(entry, expected)
    return value


def block(handlers: Handlers) -> Callable[[Report, Entry], Fields]:
    """Return a reader of a map whose keys are for ``handlers``."""

    def read(report: Report, entry: Entry) -> Fields:
        fields: Fields = {}
        read_entries(report, entries_of(entry), handlers, fields)
        return fields

    return read


def blocks(handlers: Handlers) -> Callable[[Report, Entry], tuple[Fields, ...]]:
    """Return a reader of a list of such maps."""

    def read(report: Report, entry: Entry) -> tuple[Fields, ...]:
        return items_of(report, entry, block(handlers))

    return read


def nodes_of(entry: Entry, expected: str = "a list [ ... ]") -> list[Node]:
    """Return the values of a list."""
    value = entry.node.value
    if not isinstance(value, list):
        wrong(entry, expected)
    return value


def texts(_report: Report, entry: Entry) -> tuple[str, ...]:
    """Return a list of strings; one string stands for a list of one."""
    value = entry.node.value
    if isinstance(value, str):
        return (_unicode(entry, value),)
    found = []
    for node in nodes_of(entry, "a string or a list of strings"):
        if not isinstance(node.value, str):
            fail(node.place, f"{entry.name}: expected a string, got {describe(node.value)}")
        found.append(_unicode(entry, node.value))
    return tuple(found)


def items_of(report: Report, entry: Entry, read: Callable[[Report, Entry], T]) -> tuple[T, ...]:
    """Return what ``read`` makes of each value of a list; all errors in it are reported."""
    found = []
    for node in nodes_of(entry):
        try:
            found.append(read(report, Entry(entry.name, node.place, node)))
        except ConfigError as error:
            report.errors.append(str(error))
    return tuple(found)


def one_of(*words: str) -> Callable[[Report, Entry], str]:
    """Return a reader of one of ``words``."""

    def read(report: Report, entry: Entry) -> str:
        word = text(report, entry)
        if word not in words:
            expected = f"{', '.join(words[:-1])} or {words[-1]}"
            fail(entry.place, f"{entry.name}: expected {expected}, not {word!r}")
        return word

    return read


write_policy = one_of("default", "close", "retry")


def map_of(
    read: Callable[[Report, Entry], T],
) -> Callable[[Report, Entry], tuple[tuple[str, T], ...]]:
    """Return a reader of a map whose keys are free and whose values are for ``read``."""

    def read_map(report: Report, entry: Entry) -> tuple[tuple[str, T], ...]:
        items = entries_of(entry).values()
        return tuple((item.name, read(report, item)) for item in items)

    return read_map


def _unicode(entry: Entry, value: str) -> str:
    """Return ``value``; names and passwords travel in JSON, which has no place for other bytes."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            fail(entry.place, f"{entry.name}: the string is not valid UTF-8")
    return value


def _converted(entry: Entry, value: str, convert: Callable[[str], T]) -> T:
    try:
        return convert(value)
    except ValueError as error:
        fail(entry.place, f"{entry.name}: {error}")

"""What the configuration language yields: values that know where they were written."""

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, TypeAlias

from headwater.base.errors import ConfigError
from headwater.base.quoting import printable

# Errors show what somebody has written, of which there may be much: so much from either end.
_SHOWN_CHARACTERS = 250

# Python strings may hold lone surrogates: bytes of a file that are not UTF-8 ("surrogateescape").
Scalar: TypeAlias = str | bool | int | float | datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a configuration; lines and columns count from 1, columns in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Node:
    """A value.  ``weight`` counts the values in it, ``depth`` the levels of lists and maps."""

    value: "Scalar | list[Node] | dict[str, Entry]"
    place: Place
    weight: int = 1
    depth: int = 0


@dataclass(slots=True)
class Entry:
    """A key with its value; ``used`` tells that a variable referred to it."""

    name: str
    place: Place
    node: Node
    used: bool = False


Entries: TypeAlias = dict[str, Entry]


def fail(place: Place, what: str) -> NoReturn:
    """Raise the ConfigError that ``what`` is wrong at ``place``."""
    raise ConfigError(line(f"{place}: {what}"))


def line(text: str) -> str:
    """Return ``text`` as one line: what is not printable is escaped, what is too long is cut."""
    if len(text) > 2 * _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]} ... {text[-_SHOWN_CHARACTERS:]}"
    return printable(text.encode("utf-8", "surrogateescape"))


def describe(value: object) -> str:
    """Return the kind of a value and, where it helps and is no secret, the value itself.

    Strings are named only: the one that stands in the wrong place may well be a password.
    """
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int):
        return f"the integer {value}"
    if isinstance(value, float):
        return f"the number {value}"
    if isinstance(value, datetime):
        return "a date"
    if isinstance(value, str):
        return "a string"
    return "a map" if isinstance(value, dict) else "a list"

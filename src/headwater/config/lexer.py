"""The words of the configuration language: keys, strings, numbers, dates, and where they stand.

What a character means depends on whether a key or a value is being read, so that there is no
stream of tokens: the parser asks the scanner for the thing that it expects next.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import NoReturn

from headwater.config.tree import Place, Scalar, fail

BLANKS = " \t"
LINE_ENDS = "\n\r"
SEPARATORS = "=:"

_INTEGER_MAX = 2**63 - 1
# More digits cannot be an int64; the bound keeps the conversion cheap.
_DIGITS_MAX = 19
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}

_UNQUOTED_PART = re.compile(r"[^\\\n\r;,\]} \t']*")
_QUOTED_PART = re.compile(r'[^\\"]*')
_INCLUDE_PART = re.compile(r"[^\n\r;} \t']*")
_DIGITS = re.compile(r"-?[0-9]+")
_SUFFIX = re.compile(r"([kmgtpe])([bi]*)", re.IGNORECASE)
_FRACTION = re.compile(r"\.[0-9]+")
_ADDRESS_REST = re.compile(r"[0-9.:-]*")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_BLOCK_END = re.compile(r"\n\)(?=\n|\Z)")
_HEX_PAIR = re.compile(r"[0-9a-fA-F]{2}")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference ``$name``; a bcrypt hash without quotes looks like one."""

    name: str


class Scanner:
    """Reads one text from left to right; errors are ConfigErrors that name the place."""

    __slots__ = ("_line_starts", "name", "position", "text")

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.position = 0
        self._line_starts = [0]
        self._line_starts.extend(match.end() for match in re.finditer("\n", text))
        if "\0" in text:
            self.fail("a NUL byte; a text file is expected", text.index("\0"))

    def place(self, position: int | None = None) -> Place:
        """Return the place of ``position`` (an index of the text), or of the next character."""
        if position is None:
            position = self.position
        line = bisect_right(self._line_starts, position)
        return Place(self.name, line, position - self._line_starts[line - 1] + 1)

    def fail(self, what: str, position: int | None = None) -> NoReturn:
        """Raise the ConfigError that ``what`` is wrong at ``position``, or right here."""
        fail(self.place(position), f"Parse error: {what}")

    def peek(self) -> str:
        """Return the next character, or nothing at the end."""
        return self.text[self.position : self.position + 1]

    def found(self) -> str:
        """Return words for the next character, for the end of an error text."""
        char = self.peek()
        if not char:
            return "the end of the text"
        return "the end of the line" if char in LINE_ENDS else f"{char!r}"

    def take(self, count: int = 1) -> str:
        """Return the next ``count`` characters, or what is left of them, and go on behind them."""
        taken = self.text[self.position : self.position + count]
        self.position += len(taken)
        return taken

    def skip_blanks(self) -> None:
        """Go past blanks and tabs."""
        while (char := self.peek()) and char in BLANKS:
            self.position += 1

    def skip_spaces(self) -> None:
        """Go past all white space, ends of lines among it."""
        while self.peek().isspace():
            self.position += 1

    def skip_comment(self) -> bool:
        """Go to the end of the line if a comment starts here; tell whether one did."""
        if self.peek() != "#" and not self.text.startswith("//", self.position):
            return False
        while (char := self.peek()) and char not in LINE_ENDS:
            self.position += 1
        return True

    def skip_void(self) -> None:
        """Go past white space and comments to what counts next."""
        self.skip_spaces()
        while self.skip_comment():
            self.skip_spaces()

    def key(self) -> str:
        """Return a key, with or without quotes; in quotes there are no escapes."""
        start = self.position
        char = self.peek()
        if char in ('"', "'"):
            return self._until_quote(char)
        if not char or char in "=:,;{}[]/":
            self.fail(f"a key is expected, not {self.found()}")
        while (char := self.peek()) and char not in SEPARATORS and not char.isspace():
            self.position += 1
        return self.text[start : self.position]

    def include_path(self) -> str:
        """Return the path behind ``include``, with or without quotes."""
        self.skip_blanks()
        start = self.position
        char = self.peek()
        if char in ('"', "'"):
            path = self._until_quote(char)
        else:
            if char.isdigit() or (char and char in "[{(-\\"):
                self.fail(f"include expects the path of a file, not {self.found()}")
            path = self._matched(_INCLUDE_PART)
            if self.peek() == "'":
                self.position += 1
        if not path:
            self.fail("include expects the path of a file", start)
        return path

    def quoted(self) -> str:
        """Return a string in quotes; only the double ones know escapes."""
        if self.peek() == "'":
            return self._until_quote("'")
        start = self.position
        self.position += 1
        parts = []
        while True:
            parts.append(self._matched(_QUOTED_PART))
            char = self.take()
            if char == '"':
                return _joined(parts)
            if not char:
                self.fail("this string has no closing quote", start)
            parts.append(self._escape())

    def block(self) -> str:
        """Return the text from behind ``(`` to a ``)`` that has a line for itself."""
        start = self.position
        end = _BLOCK_END.search(self.text, start + 1)
        if end is None:
            self.fail("this block has no end: a ) on a line of its own is expected", start)
        self.position = end.end()
        return self.text[start + 1 : end.end() - 1]

    def unquoted(self, literal: int = 0) -> Scalar | Variable:
        """Return a word without quotes: a string, a boolean or a reference.

        The first ``literal`` characters belong to it, whatever they are.
        """
        start = self.position
        self.position += literal
        parts = [self.text[start : self.position] + self._matched(_UNQUOTED_PART)]
        while self.peek() == "\\":
            self.position += 1
            parts.append(self._escape())
            parts.append(self._matched(_UNQUOTED_PART))
        if self.peek() == "'":  # it ends the word and belongs to nothing, as in nats-server
            self.position += 1
            return _joined(parts)
        if len(parts) > 1:
            return _joined(parts)
        word = parts[0]
        if word.startswith("$"):
            return Variable(word[1:])
        return _BOOLEANS.get(word.lower(), word)

    def number(self) -> Scalar | Variable:
        """Return what starts with a digit or ``-``: a number, date, address or other string."""
        start = self.position
        digits = _DIGITS.match(self.text, start)
        if digits is None:
            self.fail("a digit is expected after '-'; put a string into quotes", start + 1)
        after = self.text[digits.end() : digits.end() + 1]
        if after == ".":
            return self._fraction(digits.end())
        if after == "-" and digits[0][0] != "-":
            return self._date()
        return self._integer(digits[0], digits.end())

    def _integer(self, digits: str, end: int) -> Scalar | Variable:
        suffix = _SUFFIX.match(self.text, end)
        if suffix is not None:
            after = self.text[suffix.end() : suffix.end() + 1]
            # A list's end makes it a string, for that is what nats-server takes it for.
            if after and after not in "\n\r}; ,\t0123456789":
                return self.unquoted()
            return self._sized(digits, suffix)
        after = self.text[end : end + 1]
        if digits[0] != "-" and after and after not in "\n\r}; ,\t]":
            # Like nats-server, take what follows the digits as it is, even a backslash or quote.
            return self.unquoted(len(digits) + 1)
        value = self._bounded(int(digits) if len(digits) <= _DIGITS_MAX + 1 else _INTEGER_MAX + 1)
        self.position = end
        return value

    def _sized(self, digits: str, suffix: re.Match[str]) -> int:
        unit = suffix[2].lower()
        if unit not in ("", "b", "i", "ib"):
            self.fail(f"unknown unit {suffix[0]!r}; k, kb, ki, kib and so on are expected")
        factor = (1024 if unit else 1000) ** _POWERS[suffix[1].lower()]
        if len(digits) > _DIGITS_MAX + 1:
            return self._bounded(_INTEGER_MAX + 1)
        value = self._bounded(int(digits) * factor)
        self.position = suffix.end()
        return value

    def _bounded(self, value: int) -> int:
        if not -_INTEGER_MAX - 1 <= value <= _INTEGER_MAX:
            self.fail("this integer does not fit into 64 bits")
        return value

    def _fraction(self, point: int) -> float | str:
        start = self.position
        fraction = _FRACTION.match(self.text, point)
        if fraction is None:
            self.fail("a digit is expected after '.'; put a string into quotes", point + 1)
        self.position = fraction.end()
        if self.peek() == ".":
            self._matched(_ADDRESS_REST)
            return self.text[start : self.position]
        value = float(self.text[start : self.position])
        if not isfinite(value):
            self.fail("this number is too large", start)
        return value

    def _date(self) -> datetime:
        date = _DATE.match(self.text, self.position)
        if date is None:
            self.fail("a date is written as 2006-01-02T15:04:05Z; put other text into quotes")
        try:
            moment = datetime(*(int(part) for part in date.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
        except ValueError:
            self.fail(f"there is no such date as {date[0]}")
        self.position = date.end()
        return moment

    def _escape(self) -> str:
        start = self.position - 1
        char = self.take()
        if char == "x":
            pair = _HEX_PAIR.match(self.text, self.position)
            if pair is None:
                self.fail(r"two hexadecimal digits are expected after \x", start)
            self.position = pair.end()
            return bytes([int(pair[0], 16)]).decode("utf-8", "surrogateescape")
        if char not in _ESCAPES:
            self.fail(r"unknown escape; \xXX, \t, \n, \r, \" and \\ are known", start)
        return _ESCAPES[char]

    def _until_quote(self, quote: str) -> str:
        end = self.text.find(quote, self.position + 1)
        if end < 0:
            self.fail(f"this has no closing {quote}")
        inner = self.text[self.position + 1 : end]
        self.position = end + 1
        return inner

    def _matched(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        text = match[0] if match else ""
        self.position += len(text)
        return text


def _joined(parts: list[str]) -> str:
    """Join, and let neighbouring ``\\x`` escapes become the character that they spell."""
    text = "".join(parts)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")

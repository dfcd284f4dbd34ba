"""The parameters of a URL, read as nats-server reads them, with its texts for what is wrong."""

from urllib.parse import unquote_to_bytes

import msgspec

from headwater.base.errors import HeadwaterError

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_INT_MAX = (1 << 63) - 1
_UNSIGNED_MAX = (1 << 64) - 1
# Longer ones are out of range, and not worth converting.
_DIGITS_MAX = 20
_HEX = frozenset("0123456789abcdefABCDEF")


class BadRequestError(HeadwaterError):
    """A request makes no sense; the text is for who sent it."""


class Parameters:
    """What stands behind the question mark, by name; of one given twice the first counts."""

    def __init__(self, query: str = "") -> None:
        """``query`` is a part of a URL, still encoded; what is badly encoded in it is ignored."""
        self._values: dict[str, str] = {}
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if ";" not in pair and is_encoded_well(name) and is_encoded_well(value):
                self._values.setdefault(_decoded(name), _decoded(value))

    def text(self, name: str) -> str:
        """Return a value as it is, empty when it is not there."""
        return self._values.get(name, "")

    def boolean(self, name: str) -> bool:
        """Return a value that says yes or no; it is no when it is not there.

        Raises:
            BadRequestError: it says neither.
        """
        text = self.text(name)
        if text and text not in _TRUE and text not in _FALSE:
            raise _undecodable("boolean", name, "ParseBool", text)
        return text in _TRUE

    def integer(self, name: str) -> int:
        """Return a whole number, 0 when it is not there.

        Raises:
            BadRequestError: it is none of 64 bits.
        """
        text = self.text(name)
        if not text:
            return 0
        digits = text[1:] if text[0] in "+-" else text
        number = _number(digits, "int", name, "Atoi", text)
        limit = _INT_MAX + (text[0] == "-")
        if number > limit:
            raise _undecodable("int", name, "Atoi", text, "value out of range")
        return -number if text[0] == "-" else number

    def unsigned(self, name: str) -> int:
        """Return a whole number that is not negative, 0 when it is not there.

        Raises:
            BadRequestError: it is none of 64 bits.
        """
        text = self.text(name)
        if not text:
            return 0
        number = _number(text, "uint64", name, "ParseUint", text)
        if number > _UNSIGNED_MAX:
            raise _undecodable("uint64", name, "ParseUint", text, "value out of range")
        return number

    def detail(self, name: str) -> tuple[bool, bool]:
        """Return whether a list is wanted, and whether in detail: yes, no, or the word "detail".

        Raises:
            BadRequestError: it is none of these.
        """
        if self.text(name).lower() == "detail":
            return True, True
        return self.boolean(name), False


def is_encoded_well(text: str) -> bool:
    """Tell whether two hexadecimal digits follow every percent sign."""
    return all(len(part) > 1 and _HEX.issuperset(part[:2]) for part in text.split("%")[1:])


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")


def _number(digits: str, kind: str, name: str, function: str, text: str) -> int:
    if not (digits.isascii() and digits.isdecimal()):
        raise _undecodable(kind, name, function, text)
    if len(digits.lstrip("0")) > _DIGITS_MAX:
        raise _undecodable(kind, name, function, text, "value out of range")
    return int(digits)


def _undecodable(
    kind: str, name: str, function: str, text: str, why: str = "invalid syntax"
) -> BadRequestError:
    quoted = msgspec.json.encode(text).decode()
    return BadRequestError(
        f"Error decoding {kind} for '{name}': strconv.{function}: parsing {quoted}: {why}"
    )

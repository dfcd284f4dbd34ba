"""Bytes of a peer as they may stand in a log: in quotes and with escapes, as Go writes them."""

_NAMES = {
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}
_ESCAPED_BYTE_MIN = 0xDC80  # a byte that is no UTF-8, as "surrogateescape" passes it on


def quoted(data: bytes) -> str:
    """Return ``data`` in double quotes; what cannot be printed is escaped."""
    return f'"{_escaped(data, _NAMES)}"'


def printable(data: bytes) -> str:
    """Return ``data`` as one line of text; only what cannot be printed is escaped."""
    return _escaped(data, {})


def _escaped(data: bytes, names: dict[str, str]) -> str:
    text = data.decode("utf-8", "surrogateescape")
    if text.isprintable() and not names.keys() & set(text):
        return text
    return "".join([names.get(char) or _shown(char) for char in text])


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if _ESCAPED_BYTE_MIN <= code < _ESCAPED_BYTE_MIN + 0x80:
        code -= 0xDC00
    if code < 0x80 or _ESCAPED_BYTE_MIN <= ord(char) < _ESCAPED_BYTE_MIN + 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

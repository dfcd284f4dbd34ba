"""The digest of a configuration: equal to nats-server's for equal values.

It is the SHA-256 of the values as JSON, keys sorted, strings escaped as Go does it.
"""

import hashlib
import json
import re
from datetime import datetime
from typing import Any

from headwater.config.tree import Entries, Node

_SURROGATES = re.compile("[\ud800-\udfff]")
_GO_ESCAPES = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)


def digest(entries: Entries) -> str:
    """Return ``sha256:`` and 64 hexadecimal digits, which two equal configurations share."""
    text = _json({name: entry.node for name, entry in entries.items()}) + "\n"
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _json(value: Any) -> str:
    if isinstance(value, dict):
        # nats-server sorts the bytes of UTF-8; code points sort the same way.
        parts = [f"{_string(name)}:{_json(value[name])}" for name in sorted(value)]
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_json(node) for node in value]) + "]"
    if isinstance(value, Node):
        inner = value.value
        if isinstance(inner, dict):
            return _json({name: entry.node for name, entry in inner.items()})
        return _json(inner)
    if isinstance(value, datetime):
        return f'"{value.isoformat()[:19]}Z"'
    if isinstance(value, float):
        return _number(value)
    return _string(value) if isinstance(value, str) else json.dumps(value)


def _string(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False).translate(_GO_ESCAPES)
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", quoted)


def _number(value: float) -> str:
    """Return the shortest digits that give ``value`` back, with an exponent where Go uses one."""
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return f"{value:.0f}" if value.is_integer() else _plain(repr(value))
    mantissa, _, exponent = f"{value!r}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0') or '0'}"


def _plain(text: str) -> str:
    """Return ``1.5e-05`` as ``0.000015``."""
    mantissa, exponent, power = text.partition("e-")
    if not exponent:
        return text
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    return f"{sign}0.{'0' * (int(power) - 1)}{digits}"

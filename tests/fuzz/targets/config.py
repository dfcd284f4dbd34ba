"""Configurations: texts of the corpus, of every known key, and made-up ones; most are broken."""

import re

from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from tests.config import corpus, corpus_blocks, keys
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require

# Fifty errors are told at most, each in a line that is cut before its escapes are written out.
_ERROR_LINES_MAX = 51
_ERROR_LINE_CHARACTERS_MAX = 2600
_PLACE = re.compile(r"[^:\n]+:\d+:\d+: .|and \d+ more errors$")


def _texts() -> tuple[bytes, ...]:
    texts = [*corpus.SAME, *corpus.STRICTER, *corpus.UNSUPPORTED, *corpus.WARNINGS]
    texts += [*corpus_blocks.SAME, *corpus_blocks.STRICTER, *corpus_blocks.UNSUPPORTED]
    for template, lines in keys.BLOCKS.values():
        texts += [template % entry for entry in _entries(lines)]
    return tuple(text.encode("utf-8", "surrogateescape") for text in texts)


def _entries(lines: str) -> list[str]:
    found = []
    for line in lines.strip("\n").split("\n"):
        names, *values = [part.strip() for part in line.split(" | ")]
        found += [f"{name}: {value}" for name in names.split() for value in values]
    return found


def _words() -> tuple[bytes, ...]:
    names = set(re.findall(rb"[A-Za-z_]{3,}", b"\n".join(_GOOD)))
    return (*sorted(names), *_SIGNS, *NUMBERS)


_SIGNS = (
    *(b" { ", b" } ", b" [ ", b" ] ", b": ", b" = ", b"\n", b", ", b"; ", b" # c\n", b" // c\n"),
    *(b'"', b"'", b"\\", b"\\x4", b"\\xff", b"(\n", b"\n)\n", b"$", b"$x", b"$SIZE", b"$LOOP"),
    *(
        b"include ",
        b"include sub.conf\n",
        b"1k",
        b"1.5",
        b"10GiB",
        b"2016-05-04T18:53:41Z",
        b"$2a$",
    ),
    *(
        b"x: 5\n",
        b"y: $x\n",
        b"true",
        b"off",
        b'"1h30m"',
        b"127.0.0.1:0",
        b"[::1]:1",
        b"nats://h:1",
    ),
)
_GOOD = _texts()
_WORDS = _words()
_SEPARATORS = (b"\n",) * 6 + (b", ", b"; ", b" ", b" # c\n", b"\r\n")


class ConfigTarget(Target):
    """Any text is options, or a ConfigError that names places."""

    name = "config"
    share = 10

    def make(self, dice: Dice) -> bytes:
        if dice.chance(0.15):
            data = _block(dice, 0)
        else:
            data = dice.pick(_GOOD)
            while dice.chance(0.4):
                data += dice.pick(_SEPARATORS) + dice.pick(_GOOD)
        return mutate(dice, data, _WORDS, _GOOD) if dice.chance(0.7) else data

    def play(self, data: bytes) -> object:
        text = data.decode("utf-8", "surrogateescape")
        try:
            options = from_text(text, corpus.ENVIRONMENT, "f.conf")
        except ConfigError as error:
            said = str(error)
        else:
            return options.config_digest, len(options.warnings), options.not_honoured
        lines = said.split("\n")
        require(len(lines) <= _ERROR_LINES_MAX, f"{len(lines)} lines of errors")
        for line in lines:
            require(len(line) <= _ERROR_LINE_CHARACTERS_MAX, f"an error of {len(line)} characters")
            require(_PLACE.match(line), f"an error without a place: {line!r}")
        return said


def _block(dice: Dice, depth: int) -> bytes:
    parts = []
    for _ in range(1 + dice.below(4)):
        key = dice.pick(_WORDS)
        parts.append(key + dice.pick((b": ", b" = ", b" ", b"\n")) + _value(dice, depth))
    return dice.pick(_SEPARATORS).join(parts)


def _value(dice: Dice, depth: int) -> bytes:
    kind = dice.below(6) if depth < 4 else 5
    if kind == 0:
        return b"{" + _block(dice, depth + 1) + b"}"
    if kind == 1:
        items = [_value(dice, depth + 1) for _ in range(dice.below(4))]
        return b"[" + dice.pick((b", ", b"\n")).join(items) + b"]"
    if kind == 2:
        return b'"' + dice.pick(_WORDS) + b'"'
    return dice.pick(_WORDS)

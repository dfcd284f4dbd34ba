"""Damage to good inputs: flips, cuts, splices, words of the language, huge numbers, repetition."""

import re
from collections.abc import Sequence

from tests.fuzz.dice import Dice

_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
_NUMBER = re.compile(rb"-?[0-9]+")
NUMBERS = (
    *(b"0", b"-0", b"-1", b"1", b"00", b"+1", b"1.5", b"1e9", b"0x10", b"NaN", b"\xd9\xa3"),
    *(b"255", b"256", b"4096", b"65535", b"65536", b"1048576", b"1048577"),
    *(b"999999999", b"1000000000", b"2147483647", b"2147483648", b"4294967296"),
    *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"9" * 40),
)
PIECES = (
    *(b" ", b"\t", b"\r", b"\n", b"\r\n", b"\n\r", b"\0", b"\x0b", b"\x0c", b"\x85", b"\xa0"),
    *(b"\xff", b"\xc3", b"\xc3\xa9", b"\xed\xa0\x80", b"\xe2\x80\xa8", b'"', b"'", b"\\", b"%s"),
    *(b"    " * 8, b".", b"*", b">", b"$", b"{", b"}", b"[", b"]", b",", b":", b"=", b"#", b"/"),
)
_COUNTS = (1, 1, 1, 2, 2, 3, 6)
# How often a part is repeated when something that grows with its size is looked for.
_REPEATS = (2, 3, 16, 70, 1000)
_LONG = 1 / 300
# No input grows beyond this by damage.
BYTES_MAX = 64 * 1024


def mutate(dice: Dice, data: bytes, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Return ``data`` with some damage; ``words`` are put in, parts of ``others`` spliced in."""
    out = bytearray(data)
    for _ in range(dice.pick(_COUNTS)):
        _ACTIONS[dice.below(len(_ACTIONS))](dice, out, words, others)
    if dice.chance(_LONG):
        _repeat(dice, out)
    return bytes(out[:BYTES_MAX])


def _flip(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    if out:
        out[dice.below(len(out))] ^= 1 << dice.below(8)


def _overwrite(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    at = dice.below(len(out) + 1)
    out[at : at + 1] = dice.pick(PIECES)


def _insert(dice: Dice, out: bytearray, words: Sequence[bytes], _others: object) -> None:
    at = dice.below(len(out) + 1)
    out[at:at] = dice.pick(words)


def _insert_piece(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    at = dice.below(len(out) + 1)
    out[at:at] = dice.pick(PIECES)


def _delete(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    at = dice.below(len(out) + 1)
    del out[at : at + 1 + dice.below(6)]


def _double(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    at = dice.below(len(out) + 1)
    out[at:at] = out[at : at + 1 + dice.below(24)]


def _renumber(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    found = _NUMBER.search(out, dice.below(len(out) + 1))
    if found is not None:
        out[found.start() : found.end()] = dice.pick(NUMBERS)


def _reword(dice: Dice, out: bytearray, words: Sequence[bytes], _others: object) -> None:
    found = _WORD.search(out, dice.below(len(out) + 1))
    if found is not None:
        out[found.start() : found.end()] = dice.pick(words)


def _splice(dice: Dice, out: bytearray, _words: object, others: Sequence[bytes]) -> None:
    other = dice.pick(others)
    start = dice.below(len(other) + 1)
    at = dice.below(len(out) + 1)
    out[at:at] = other[start : start + 1 + dice.below(40)]


def _cross(dice: Dice, out: bytearray, _words: object, others: Sequence[bytes]) -> None:
    other = dice.pick(others)
    out[dice.below(len(out) + 1) :] = other[dice.below(len(other) + 1) :]


def _truncate(dice: Dice, out: bytearray, _words: object, _others: object) -> None:
    if dice.chance(0.3):
        del out[dice.below(len(out) + 1) :]


def _repeat(dice: Dice, out: bytearray) -> None:
    at = dice.below(len(out) + 1)
    part = out[at : at + 1 + dice.below(24)]
    out[at:at] = part * min(dice.pick(_REPEATS), BYTES_MAX // (len(part) + 1))


_ACTIONS = (
    *(_flip, _overwrite, _insert, _insert_piece, _delete, _double),
    *(_renumber, _renumber, _reword, _reword, _reword, _splice, _cross, _truncate),
)

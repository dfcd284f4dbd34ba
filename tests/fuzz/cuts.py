"""One stream of bytes for a Receiver: at once, byte by byte, or cut anywhere."""

from typing import Any
from zlib import crc32

from tests.fuzz.target import Failure, require

# So much of a difference is shown.
_CHARACTERS = 300


def ways(data: bytes, first: int) -> tuple[list[int], bool]:
    """Return where ``data`` is cut behind ``first``, and whether ``wanted`` is waited for.

    Both depend on the bytes alone.  One in eight is cut behind every byte.
    """
    size = len(data)
    luck = crc32(data)
    if luck & 7 == 0 and first < size < 1000:
        return list(range(first + 1, size + 1)), luck & 8 == 0
    ends = set()
    for _ in range(1 + (luck >> 4) % 4):
        luck = (luck * 1103515245 + 12345) & 0x7FFFFFFF
        ends.add(first + (luck >> 8) % (size - first + 1))
    ends.discard(first)
    return [*sorted(ends - {size}), size], luck & 8 == 0


def feed(receiver: Any, view: memoryview, at: int, ends: list[int], *, waits: bool) -> int:
    """Let ``receiver`` have ``view[at:]`` up to one end after the other; return what it consumed.

    It sees nothing behind the end, and gets what it left again with more behind it.  With ``waits``
    it is not called before the bytes are there that it ``wanted``, as connections do.
    """
    last = ends[len(ends) - 1]
    for end in ends:
        if waits and end < last and end - at < receiver.wanted:
            continue
        consumed = receiver.receive(view[:end], at, end)
        require(at <= consumed <= end, f"consumed {consumed} of {at} to {end}")
        at = consumed
        if not receiver.open:
            break
        require(at == end or receiver.wanted == 0 or receiver.wanted > end - at, "wants too little")
    return at


def same(whole: tuple, pieces: tuple, ends: list[int]) -> None:
    """Check that what came of an input at once is what came of its pieces."""
    if whole == pieces:
        return
    place = next(
        at for at, (one, other) in enumerate(zip(whole, pieces, strict=True)) if one != other
    )
    one, other = repr(whole[place]), repr(pieces[place])
    place_inside = next(
        (i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0
    )
    start = max(0, place_inside - _CHARACTERS // 3)
    raise Failure(
        f"place {place} of what came of it differs\n"
        f"  whole:  {one[start : start + _CHARACTERS]}\n"
        f"  pieces: {other[start : start + _CHARACTERS]}\n"
        f"  cut at {ends[:20]}"
    )

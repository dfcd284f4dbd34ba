"""Header blocks: what is found in place is what is found line by line, in any block."""

from headwater.wire import headers
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import mutate
from tests.fuzz.target import Target, require

_NAMES = (b"Nats-Msg-Id", b"A", b"nats-msg-id", b"Nats-Rollup", b"", b"A B", b"\xff", b"Status")
_VALUES = (b"1", b"", b" x", b"x ", b"\ty\t", b"a:b", b"\xc3\xa9", b"\r", b"sub", b"9" * 30)
_LINE_ENDS = (b"\r\n",) * 8 + (b"\n", b"\r", b"\r\r\n", b"")


class HeadersTarget(Target):
    """The first value of a name is the same, however it is looked for."""

    name = "headers"

    def make(self, dice: Dice) -> bytes:
        lines = [dice.pick((b"NATS/1.0", b"NATS/1.0 503", b"NATS/1.0 100 Idle", b"", b"NATS"))]
        for _ in range(dice.below(6)):
            colon = dice.pick((b": ", b":", b" : ", b"", b":  "))
            lines.append(dice.pick(_NAMES) + colon + dice.pick(_VALUES))
        end = dice.pick(_LINE_ENDS)
        data = end.join([*lines, b"", b""])
        return mutate(dice, data, (*_NAMES, *_VALUES), _GOOD) if dice.chance(0.6) else data

    def play(self, data: bytes) -> object:
        fields = headers.fields_of(data)
        # The block lies in the middle of a message, whose bytes are not its own.
        view = memoryview(b"A: 0\n" + data + b"\nA: 9\r\n")
        start, end = 5, 5 + len(data)
        found = []
        for name in _NAMES[:4]:
            value = headers.find_value(view, start, end, name)
            wanted = _first(data, name)
            require(value == wanted, f"{name!r} is {value!r} in place, {wanted!r} line by line")
            mentioned = headers.mentions(view, start, end, name)
            require(mentioned == (name in data), f"{name!r} is mentioned: {mentioned}")
            found.append(value)
        require(all(all(values) for values in fields.values()), "an empty value is a field")
        return found, sorted(fields)


def _first(block: bytes, name: bytes) -> bytes | None:
    """Return the first value of a name, found in the plain way."""
    for line in block.split(b"\n")[1:]:
        if line.startswith(name + b":"):
            return line.removeprefix(name + b":").lstrip(b" ").removesuffix(b"\r")
    return None


_GOOD = (
    b"NATS/1.0\r\nNats-Msg-Id: 7\r\nA: 1\r\nA: 2\r\n\r\n",
    b"NATS/1.0 503\r\n\r\n",
    b"NATS/1.0\r\nA:1\r\nB: \r\n\r\n",
)

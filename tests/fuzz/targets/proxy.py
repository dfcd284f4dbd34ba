"""PROXY headers, versions 1 and 2, through the gate that takes them off a connection."""

from typing import Any
from zlib import crc32

from headwater.net.proxy_gate import ProxyGate
from tests.fuzz import cuts
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require

_V2 = b"\r\n\r\n\0\r\nQUIT\n"
# A header of version 2 names its size in 16 bits.
_HEADER_BYTES_MAX = 16 + 65535


class _Connection:
    """As much of a connection as a gate sees; the receiver of the addresses is it as well."""

    def __init__(self) -> None:
        self.receiver = self
        self.gate: ProxyGate | None = ProxyGate(self, self._then, self._warn)  # type: ignore[arg-type]
        self.seen: list[object] = []
        self.fed = b""
        self.refused = False

    def later(self, _seconds: float, _call: object) -> "_Timer":
        return _Timer()

    def relocated(self, address: str, port: int) -> None:
        self.seen.append((address, port))

    def set_gate(self, gate: Any) -> None:
        self.gate = gate

    def is_open(self) -> bool:
        return not self.refused

    def feed(self, data: bytes) -> None:
        self.fed += data

    def give_up(self, reason: str) -> None:
        self.seen.append(reason)
        self.refused = True

    def take(self, data: bytes) -> None:
        if self.refused:
            return
        if self.gate is None:
            self.feed(data)
        else:
            self.gate.take(data)

    def _then(self) -> None:
        self.seen.append("then")

    def _warn(self, text: str) -> None:
        require(len(text) < 600, f"a warning of {len(text)} characters")
        self.seen.append(text)


class _Timer:
    def cancel(self) -> None:
        pass


class ProxyTarget(Target):
    """The address of a header, or a refusal; whatever follows the header gets through untouched."""

    name = "proxy"

    def make(self, dice: Dice) -> bytes:
        data = _version_1(dice) if dice.chance(0.5) else _version_2(dice)
        data += dice.pick(_FOLLOWING)
        return mutate(dice, data, _WORDS, _GOOD) if dice.chance(0.6) else data

    def play(self, data: bytes) -> object:
        whole = self._outcome(data, [len(data)])
        ends, _ = cuts.ways(data, 0)
        pieces = self._outcome(data, ends)
        cuts.same(whole, pieces, ends)
        return whole

    @staticmethod
    def _outcome(data: bytes, ends: list[int]) -> tuple:
        connection = _Connection()
        at = 0
        for end in ends:
            connection.take(data[at:end])
            at = end
        require(data.endswith(connection.fed), "what follows the header has changed")
        if connection.gate is not None and not connection.refused:
            require(len(data) <= _HEADER_BYTES_MAX, f"keeps {len(data)} bytes")
        return connection.seen, crc32(connection.fed), len(connection.fed)


def _version_1(dice: Dice) -> bytes:
    words = [b"PROXY", dice.pick((b"TCP4", b"TCP6", b"UNKNOWN", b"UDP4"))]
    six = words[1] == b"TCP6"
    words += [dice.pick(_SIX if six != dice.chance(0.1) else _FOUR) for _ in range(2)]
    words += [dice.pick(_PORTS), dice.pick(_PORTS)]
    return b" ".join(words) + dice.pick((b"\r\n",) * 8 + (b"\n", b"\r", b""))


def _version_2(dice: Dice) -> bytes:
    family = dice.pick((0x11, 0x21, 0x11, 0x21, 0x12, 0x31, 0x00, dice.below(256)))
    sizes = {0x11: 12, 0x21: 36}
    body = bytes([dice.below(256)]) * sizes.get(family, dice.below(60))
    body += dice.pick((b"", b"", b"\x03\0\x04abcd", b"\x20\xff"))
    size = len(body) if dice.chance(0.9) else dice.pick((0, 3, 11, 12, 35, 36, 1000, 65535))
    command = dice.pick((0x21, 0x21, 0x21, 0x20, 0x11, 0x22, dice.below(256)))
    return _V2 + bytes([command, family]) + size.to_bytes(2, "big") + body


_FOUR = (b"127.0.0.1", b"255.255.255.255", b"0.0.0.0", b"1.2.3", b"01.2.3.4", b"256.1.1.1", b"x")
_SIX = (b"::1", b"2001:db8::1", b"::ffff:1.2.3.4", b"fe80::1%eth0", b":::", b"1:2:3:4:5:6:7:8:9")
_PORTS = (b"0", b"1", b"4222", b"65535", b"65536", b"-1", b"00001", b"+5", b"x", b"\xc2\xb2")
_FOLLOWING = (b"", b"CONNECT {}\r\nPING\r\n", b"PING\r\n", b"PROXY TCP4", _V2, b"\r\n\r\n")
_WORDS = (b"PROXY ", b"UNKNOWN", b"TCP4", b"TCP6", _V2, *NUMBERS, *_FOUR, *_SIX, *_PORTS)
_GOOD = (
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nPING\r\n",
    b"PROXY UNKNOWN\r\n",
    _V2 + b"\x21\x11\0\x0c" + bytes(12),
    _V2 + b"\x20\0\0\0",
    b"CONNECT {}\r\n",
)

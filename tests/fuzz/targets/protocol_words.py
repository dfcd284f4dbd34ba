"""The NATS protocol in pieces: what clients and servers write, well and badly."""

from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS

SUBJECTS = (
    *(b"a", b"a.b", b"a.b.c", b"a.*", b"a.>", b">", b"*", b"b.x", b"ok.a", b"ok.no", b"m.1", b"w"),
    *(b"_INBOX.1", b"_INBOX.*", b"_R_.x", b"$GR.x", b"_GR_.x", b"$NRG.x", b"$JS.API.INFO"),
    *(b"$JS.ACK.S.C.1.2.3.4.0", b"$SYS.x", b"_sys_", b"a..b", b".a", b"a.", b"a.>.b", b"\xc3\xa9"),
    *(b"a\xff", b"a*b", b"a.b.c.d.e.f", b"x" * 40, b"secret", b"m.2.3", b"{}", b"+", b"|", b"1"),
)
BLANKS = (b" ",) * 12 + (b"\t", b"  ", b" \t ", b"", b" " * 30)
LINE_ENDS = (b"\r\n",) * 12 + (b"\n", b" \r\n", b"\r\r\n", b"\r", b"")
SIDS = (b"1", b"2", b"3", b"4", b"99", b"x", b"-1", b"a.b", b"1" * 30)
QUEUES = (b"q", b"g", b"_sys_", b"q.*", b">")
PAYLOADS = (
    *(b"", b"x", b"hello", b"\r\n", b"PUB a 1\r\nx\r\n", b"0" * 31, b"1" * 33, b"\0\xff" * 8),
    *(b"NATS/1.0\r\nA: 1\r\n\r\n", b"z" * 200),
)
BLOCKS = (
    *(b"NATS/1.0\r\n\r\n", b"NATS/1.0\r\nA: 1\r\n\r\n", b"NATS/1.0 503\r\n\r\n", b"", b"x"),
    *(b"NATS/1.0\r\nNats-Msg-Id: 7\r\nB:\r\n\r\n", b"NATS/1.0\r\nA: 1", b"\r\n"),
)


def join(dice: Dice, words: list[bytes]) -> bytes:
    """Return one line of ``words``, with blanks between them."""
    if dice.chance(0.95):
        return b" ".join(words) + b"\r\n"
    line = words[0]
    for word in words[1:]:
        line += dice.pick(BLANKS) + word
    return line + dice.pick(LINE_ENDS)


def cased(dice: Dice, verb: bytes) -> bytes:
    """Return ``verb``, rarely in another case."""
    return verb if dice.chance(0.9) else dice.pick((verb.lower(), verb.title(), verb.swapcase()))


def size(dice: Dice, value: int) -> bytes:
    """Return a size, rarely a wrong one."""
    if dice.chance(0.98):
        return b"%d" % value
    return dice.pick((b"%d" % (value + 1), b"%d" % max(0, value - 1), dice.pick(NUMBERS)))


def body(dice: Dice, *, headers: bool) -> tuple[list[bytes], bytes]:
    """Return the sizes that a message's line ends with, and what follows the line."""
    payload = dice.pick(PAYLOADS)
    sizes = []
    if headers:
        block = dice.pick(BLOCKS)
        sizes.append(size(dice, len(block)))
        payload = block + payload
    sizes.append(size(dice, len(payload)))
    return sizes, payload + (b"\r\n" if dice.chance(0.99) else dice.pick(LINE_ENDS))

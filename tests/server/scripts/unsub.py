"""UNSUB: at once, after some messages, while one is being delivered (P027)."""

from tests.server.duel import Script, closes, connect, say, stays

_SUB = b"SUB u 1\r\n"


def _pub(*payloads: bytes) -> bytes:
    return b"".join(b"PUB u %d\r\n%s\r\n" % (len(payload), payload) for payload in payloads)


_NUMBERS = {
    "letters": b"x",
    "negative": b"-1",
    "zero": b"0",
    "sign": b"+2",
    "fraction": b"2.5",
    "hexadecimal": b"0x2",
    "leading zeros": b"002",
    "nine digits": b"000000002",
    "ten digits": b"0000000002",
    "beyond 32 bits": b"4294967297",
    "beyond 64 bits": b"99999999999999999999",
}

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{
            f"maximum: {name}": stays(_SUB + b"UNSUB 1 %s\r\n" % number + _pub(b"1", b"2", b"3"))
            for name, number in _NUMBERS.items()
        },
        "no arguments": closes(b"UNSUB\r\n"),
        "blank": closes(b"UNSUB \r\n"),
        "three arguments": closes(b"UNSUB 1 2 3\r\n"),
        "unknown sid": stays(b"UNSUB 77\r\nUNSUB 77 5\r\n"),
        "unknown sid, verbose": stays(b"UNSUB 77\r\nUNSUB 77 5\r\n", verbose=True),
        "at once": stays(_SUB + _pub(b"1") + b"UNSUB 1\r\n" + _pub(b"2")),
        "twice": stays(_SUB + b"UNSUB 1\r\nUNSUB 1\r\n" + _pub(b"1")),
        "after some": stays(_SUB + b"UNSUB 1 2\r\n" + _pub(b"1", b"2", b"3")),
        "counts what came before": stays(
            _SUB + _pub(b"1", b"2") + b"UNSUB 1 3\r\n" + _pub(b"3", b"4")
        ),
        "reached already": stays(_SUB + _pub(b"1", b"2") + b"UNSUB 1 2\r\n" + _pub(b"3")),
        "passed already": stays(_SUB + _pub(b"1", b"2") + b"UNSUB 1 1\r\n" + _pub(b"3")),
        "after some, then at once": stays(
            _SUB + b"UNSUB 1 5\r\n" + _pub(b"1") + b"UNSUB 1\r\n" + _pub(b"2")
        ),
        "after some, then after more": stays(
            _SUB + b"UNSUB 1 1\r\nUNSUB 1 3\r\n" + _pub(b"1", b"2", b"3", b"4")
        ),
        "after some, then after fewer": stays(
            _SUB + b"UNSUB 1 3\r\n" + _pub(b"1") + b"UNSUB 1 2\r\n" + _pub(b"2", b"3")
        ),
        "after some, then a bad number": stays(
            _SUB + b"UNSUB 1 3\r\nUNSUB 1 x\r\n" + _pub(b"1", b"2")
        ),
        "sid used again": stays(_SUB + b"UNSUB 1 1\r\n" + _pub(b"1") + _SUB + _pub(b"2", b"3")),
        "a duplicate sid does not count anew": stays(
            _SUB + b"UNSUB 1 2\r\n" + _pub(b"1") + _SUB + _pub(b"2", b"3")
        ),
        "in a group": stays(b"SUB u g 1\r\nUNSUB 1 2\r\n" + _pub(b"1", b"2", b"3")),
        "one of two in a group": [
            connect("b"),
            say(b"SUB u g 1\r\nUNSUB 1 1\r\n", "b"),
            connect(),
            say(b"SUB v 1\r\n"),
            say(_pub(b"1", b"2", b"3")),
            say(b"", "b"),
        ],
        "another's sid": [
            connect("b"),
            say(b"SUB u 5\r\n", "b"),
            connect(),
            say(b"SUB u 1\r\nUNSUB 5\r\n" + _pub(b"1")),
            say(b"", "b"),
        ],
        "verbose": stays(_SUB + b"UNSUB 1 1\r\n" + _pub(b"1", b"2") + b"UNSUB 1\r\n", verbose=True),
        "before SUB": stays(b"UNSUB 1 1\r\n" + _SUB + _pub(b"1", b"2")),
        "without echo": stays(_SUB + b"UNSUB 1 1\r\n" + _pub(b"1", b"2"), echo=False),
        "by a message of the same batch": stays(
            b"SUB u 1\r\nSUB u 2\r\nUNSUB 1 1\r\nUNSUB 2 1\r\n"[:-11]
            + b"UNSUB 2\r\n"
            + _pub(b"1", b"2")
        ),
    },
}

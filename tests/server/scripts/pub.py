"""PUB: its arguments, its payload, and what ends it (P024, P035)."""

from tests.server.duel import Difference, Script, apart, closes, connect, last, say, stays

_SUB = b"SUB p 1\r\n"
_BAD = {
    "no arguments": b"PUB\r\n",
    "blank": b"PUB \r\n",
    "subject only": b"PUB p\r\n",
    "size only": b"PUB 1\r\n",
    "four arguments": b"PUB p b c 1\r\n",
    "five arguments": b"PUB p b c d 1\r\n",
    "letter for a size": b"PUB p x\r\n",
    "letter behind a size": b"PUB p 1x\r\n",
    "letter for the second size": b"PUB p r x\r\n",
    "negative size": b"PUB p -1\r\n",
    "minus nothing": b"PUB p -0\r\n",
    "sign": b"PUB p +1\r\n",
    "fraction": b"PUB p 1.0\r\n",
    "exponent": b"PUB p 1e0\r\n",
    "hexadecimal": b"PUB p 0x1\r\n",
    "underscore": b"PUB p 1_0\r\n",
    "comma": b"PUB p 1,0\r\n",
    "other digits": "PUB p \u0661\r\n".encode(),
    "ten digits": b"PUB p 1000000000\r\n",
    "ten digits, nine of them 0": b"PUB p 0000000001\r\n",
    "beyond 64 bits": b"PUB p 99999999999999999999\r\n",
    "size behind a form feed": b"PUB p 1\x0c\r\n",
    "two carriage returns": b"PUB p 1\r\r\n",
}
_BROKEN = {
    "one byte too many": b"PUB p 2\r\nxyz",
    "many bytes too many": b"PUB p 2\r\nhello\r\nPING\r\n",
    "next line behind": b"PUB p 2\r\nhiPING\r\n",
    "empty, then a byte": b"PUB p 0\r\nx",
    "empty without its own line": b"PUB p 0\r\nPING\r\n",
    "line feed only": b"PUB p 2\r\nhi\n",
    "empty, line feed only": b"PUB p 0\r\n\n",
    "carriage return, then another": b"PUB p 2\r\nhi\r\r",
    "carriage return, then a byte": b"PUB p 2\r\nhi\rx",
    "empty line before": b"PUB p 2\r\n\r\nhi\r\n",
}

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{name: closes(b"PING\r\n" + line + b"x\r\nPING\r\n") for name, line in _BAD.items()},
        **{f"payload: {name}": closes(_SUB + data) for name, data in _BROKEN.items()},
        "reply": stays(_SUB + b"PUB p inbox.1 2\r\nhi\r\nPUB p 0\r\n\r\nPUB p r 0\r\n\r\n"),
        "reply that looks like a size": stays(_SUB + b"PUB p 17 1\r\nx\r\nPUB p 0 0\r\n\r\n"),
        "subject that looks like a size": stays(b"SUB 5 1\r\nPUB 5 1\r\nx\r\n"),
        "size with a leading zero": Difference(
            [connect(), say(_SUB + b"PUB p 01\r\nx\r\n")],
            b"PONG\r\nMSG p 1 1\r\nx\r\nPONG\r\n",
            "sizes are written anew, not as the publisher wrote them",
        ),
        "wildcards": stays(b"SUB p.> 1\r\nPUB p.* 1\r\nx\r\nPUB p.> 1\r\ny\r\nPUB * 1\r\nz\r\n"),
        "wildcards reach who has the same": stays(b"SUB p.* 1\r\nSUB p.x 2\r\nPUB p.* 1\r\nx\r\n"),
        "empty tokens": stays(
            b"SUB > 1\r\nPUB .p 1\r\na\r\nPUB p. 1\r\nb\r\nPUB p..q 1\r\nc\r\nPUB . 1\r\nd\r\n"
        ),
        "other bytes in a subject": stays(
            b"SUB > 1\r\nPUB \x01\x7f 1\r\na\r\nPUB \xff\xfe 1\r\nb\r\nPUB \x00 1\r\nc\r\n"
        ),
        "form feed in a subject": stays(b"SUB > 1\r\nPUB p\x0cq 1\r\na\r\n"),
        "umlauts": stays("SUB ü.* 1\r\nPUB ü.ß 3\r\nöä\r\n".encode()[:-6] + b"abc\r\n"),
        "quotes in a subject": stays(b"SUB > 1\r\nPUB 'p\"q\\ 1\r\na\r\n"),
        "payload that looks like lines": stays(_SUB + b"PUB p 14\r\nPUB p 1\r\nx\r\n\r\n\r\n"[:-2]),
        "payload of every byte": stays(_SUB + b"PUB p 256\r\n" + bytes(range(256)) + b"\r\n"),
        "nobody is interested": stays(b"PUB nobody 5\r\nhello\r\n"),
        "without CONNECT": [say(_SUB + b"PUB p 1\r\nx\r\n")],
        "in pieces": [
            connect(),
            *apart(_SUB + b"PUB", b" p", b" 1", b"1\r", b"\nhello", b" world", b"\r", b"\n"),
            say(b""),
        ],
        "line end in pieces, then wrong": [connect(), *apart(b"PUB p 2\r\nhi"), last(b"x")],
        "second half of a line end wrong": [connect(), *apart(b"PUB p 2\r\nhi\r"), last(b"\r")],
        "large in pieces": [
            connect(),
            *apart(_SUB + b"PUB p 200000\r\n" + bytes(70_000), bytes(70_000), bytes(60_000)),
            say(b"\r\n"),
        ],
        "many at once": stays(_SUB + b"".join(b"PUB p 3\r\n%03d\r\n" % n for n in range(1000))),
        "wrong in the middle of many": closes(
            _SUB + b"PUB p 1\r\n1\r\nPUB p 1\r\n2\r\nPUB p x\r\n3\r\nPUB p 1\r\n4\r\n"
        ),
        "payload of the limit": stays(_SUB + b"PUB p 1048576\r\n" + bytes(1 << 20) + b"\r\n"),
        "payload over the limit": closes(b"PUB p 1048577\r\n"),
        "payload far over the limit": closes(b"PUB p 999999999\r\n"),
        "payload over the limit, with a reply": closes(b"PUB p r 1048577\r\n"),
    },
}

"""HPUB and HMSG: sizes, blocks, clients and servers without headers (P025, P029)."""

from tests.server.duel import Difference, Script, Step, apart, closes, connect, last, say, stays

_BLOCK = b"NATS/1.0\r\nA: 1\r\n\r\n"
_EMPTY = b"NATS/1.0\r\n\r\n"
_SUB = b"SUB h 1\r\n"


def _hpub(block: bytes = _BLOCK, payload: bytes = b"body", reply: bytes = b"") -> bytes:
    reply = b" " + reply if reply else b""
    size = len(block)
    line = b"HPUB h%s %d %d\r\n" % (reply, size, size + len(payload))
    return line + block + payload + b"\r\n"


def _off(**options: object) -> dict[str, object]:
    return {"headers": False, "no_responders": False, **options}


_BAD = {
    "no arguments": b"HPUB\r\n",
    "blank": b"HPUB \r\n",
    "subject only": b"HPUB h\r\n",
    "one size": b"HPUB h 12\r\n",
    "five arguments": b"HPUB h b c 12 12\r\n",
    "letter for the headers": b"HPUB h x 12\r\n",
    "letter for the total": b"HPUB h 12 x\r\n",
    "negative headers": b"HPUB h -1 12\r\n",
    "negative total": b"HPUB h 12 -1\r\n",
    "headers larger than the total": b"HPUB h 13 12\r\n",
    "ten digits for the headers": b"HPUB h 0000000012 12\r\n",
    "ten digits for the total": b"HPUB h 12 0000000012\r\n",
    "carriage return between sizes": b"HPUB h\r12 12\r\n",
}
_BLOCKS = {
    "odd version": b"NATS/9 odd\r\naB :  x \r\naB: y\r\n\r\n",
    "no version": b"A: 1\r\n\r\n",
    "no end": b"NATS/1.0\r\nA: 1",
    "no line": b"x",
    "line feeds only": b"NATS/1.0\nA: 1\n\n",
    "status": b"NATS/1.0 503\r\n\r\n",
    "status with a text": b"NATS/1.0 100 Idle Heartbeat\r\nB: 2\r\n\r\n",
    "names in any case": b"NATS/1.0\r\nnats-msg-id: 1\r\nNATS-MSG-ID: 2\r\n\r\n",
    "no colon": b"NATS/1.0\r\nA\r\n\r\n",
    "bytes of all sorts": b"NATS/1.0\r\n\x00\xff: \x01\xfe\r\n\r\n",
    "looks like lines": b"PUB h 1\r\nx\r\n",
    "large": b"NATS/1.0\r\nA: " + b"x" * 60_000 + b"\r\n\r\n",
}

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{name: closes(b"PING\r\n" + line + _EMPTY + b"\r\n") for name, line in _BAD.items()},
        **{f"block: {name}": stays(_SUB + _hpub(block)) for name, block in _BLOCKS.items()},
        "with a payload": stays(_SUB + _hpub()),
        "with a reply": stays(_SUB + _hpub(reply=b"re")),
        "without a payload": stays(_SUB + _hpub(payload=b"")),
        "of size 0": stays(_SUB + b"HPUB h 0 5\r\nhello\r\nHPUB h r 0 0\r\n\r\n"),
        "size 0 is no HMSG": stays(_SUB + _hpub(b"", b"") + _hpub(b"", b"x")),
        "sizes with leading zeros": Difference(
            [connect(), say(_SUB + b"HPUB h 001 002\r\nxy\r\n")],
            b"PONG\r\nHMSG h 1 1 2\r\nxy\r\nPONG\r\n",
            "sizes are written anew, not as the publisher wrote them",
        ),
        "line feed only behind the line": stays(_SUB + b"HPUB h 1 2\nxy\r\n"),
        "broken payload": closes(_SUB + b"HPUB h 1 2\r\nxyz"),
        "broken payload, line feed only": closes(_SUB + b"HPUB h 1 2\r\nxy\n"),
        "payload over the limit": closes(b"HPUB h 4 1048577\r\n"),
        "payload of the limit": stays(_SUB + _hpub(payload=bytes((1 << 20) - len(_BLOCK)))),
        "in pieces": [
            connect(),
            *apart(
                _SUB + b"HPU", b"B h", b" 18 ", b"22\r", b"\nNATS", b"/1.0\r\nA: 1\r", b"\n\r\nbo"
            ),
            *apart(b"dy", b"\r"),
            say(b"\n"),
        ],
        "before CONNECT": [last(b"PING\r\n" + _hpub())],
        "of size 0 before CONNECT": [last(b"PING\r\nHPUB h 0 0\r\n\r\n")],
        "CONNECT that does not mention them": [last(b"CONNECT {}\r\n" + _hpub())],
        "off": closes(b"PING\r\n" + _hpub(), **_off()),
        "off, of size 0": closes(b"HPUB h 0 1\r\nx\r\n", **_off()),
        "off, line alone": closes(b"HPUB h 12 12\r\n", **_off()),
        "off, and too large": closes(b"HPUB h 12 9999999\r\n", **_off()),
        "off, and wrong": closes(b"HPUB h 13 12\r\n", **_off()),
        "off, and too long": closes(b"HPUB " + b"h" * 5000, **_off()),
        "off, an unfinished line": [connect(**_off()), *apart(b"HPUB h 1"), last(b" 1\n")],
        "stripped": [
            connect("b", **_off()),
            say(_SUB, "b"),
            connect(),
            say(_SUB + _hpub() + _hpub(payload=b"") + _hpub(reply=b"r")),
            say(b"", "b"),
        ],
        "stripped for one of two": [
            connect("b", **_off()),
            say(_SUB, "b"),
            connect("c"),
            say(_SUB, "c"),
            connect(),
            say(_hpub() + b"PUB h 1\r\nx\r\n" + _hpub()),
            say(b"", "b"),
            say(b"", "c"),
        ],
        "stripped of what has no end": [
            connect("b", **_off()),
            say(_SUB, "b"),
            connect(),
            say(_hpub(b"x", b"y")),
            say(b"", "b"),
        ],
        "stripped for who has not connected": [
            say(_SUB, "b"),
            connect(),
            say(_hpub()),
            say(b"", "b"),
        ],
        "switched off by a second CONNECT": [
            connect("b"),
            say(b'CONNECT {"headers":false,"no_responders":false}\r\n' + _SUB, "b"),
            connect(),
            say(_hpub()),
            say(b"", "b"),
        ],
    },
    "no_header_support: true": {
        "none here": closes(_hpub(), no_responders=False),
        "none here, of size 0": closes(b"HPUB h 0 0\r\n\r\n", no_responders=False),
        "none here, no responders": [
            Step("a", b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n'),
            last(b""),
        ],
        "none here, messages": stays(_SUB + b"PUB h 1\r\nx\r\n", no_responders=False),
    },
}

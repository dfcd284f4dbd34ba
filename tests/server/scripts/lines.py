"""Lines: blanks, tabs, ends of lines, what is not one, and how long they may be (P030, P036)."""

from tests.server.duel import Difference, Script, apart, closes, connect, last, say, stays

_X = b"PUB l 1\r\nx\r\n"
_LONG = b"l" * 1000


def _of(size: int, verb: bytes, rest: bytes) -> bytes:
    """Return a line with ``size`` bytes of arguments, without its end."""
    return verb + b" " + b"l" * (size - len(rest)) + rest


_LIMIT: dict[str, Script] = {}
for _verb, _rest, _body in (
    (b"SUB", b" 1", b""),
    (b"UNSUB", b"", b""),
    (b"PUB", b" 0", b"\r\n"),
    (b"HPUB", b" 0 0", b"\r\n"),
):
    _name = _verb.decode()
    _fits, _over = (_of(size, _verb, _rest) for size in (1024, 1025))
    _LIMIT |= {
        f"{_name} of the limit": stays(_fits + b"\r\n" + _body),
        f"{_name} of the limit, line feed only": stays(_fits + b"\n" + _body),
        f"{_name} of the limit in pieces": [
            connect(),
            *apart(_fits[:500], _fits[500:], b"\r", b"\n" + _body),
            say(b""),
        ],
        f"{_name} over the limit": closes(_over + b"\r\n" + _body),
        f"{_name} over the limit, without end": closes(_over),
        f"{_name} over the limit, carriage return": closes(_over + b"\r"),
        f"{_name} over the limit in pieces": [connect(), *apart(_fits), last(b"x")],
    }

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        "runs of blanks and tabs": stays(b"SUB \t l  \t 1 \t \r\nPUB \t\t l \t 1  \r\nx\r\n"),
        "tabs": stays(b"SUB\tl\t1\r\nPUB\tl\tr\t1\t\r\nx\r\nUNSUB\t1\t\r\n" + _X),
        "blanks behind": stays(b"SUB l 1  \r\nPUB l 1 \nx\r\nUNSUB 1 1 \r\n"),
        "blank before a line": closes(b" SUB l 1\r\n"),
        "line feeds only": stays(b"SUB l 1\nPUB l 1\nx\r\nHPUB l 1 1\ny\r\nUNSUB 1\nPING\n"),
        "carriage return only": closes(b"SUB l 1\rFOO\r\n\r\n\r\n"),
        "carriage returns twice": stays(b"SUB l 1\r\r\nUNSUB 1 1\r\r\n" + _X + _X),
        "vertical tab is no blank": closes(b"SUB l\x0b1\r\n"),
        "form feed is no blank": stays(b"SUB l\x0cm 1\r\nPUB l\x0cm 1\r\nx\r\n"),
        "zero byte is no blank": closes(b"SUB l\x001\r\n"),
        "no-break space is no blank": closes("SUB l\xa01\r\n".encode()),
        "carriage return is a blank in SUB": stays(b"SUB l\r1\r\n" + _X),
        "carriage return is a blank in UNSUB": stays(b"SUB l 1\r\nUNSUB 1\r1\r\n" + _X + _X),
        "line feed before the subject of SUB": stays(b"SUB \nl 1\r\n" + _X),
        "line feed before the sid of UNSUB": stays(b"SUB l 1\r\nUNSUB \n1\r\n" + _X),
        "line feed for the arguments of SUB": closes(b"SUB \n\n"),
        "line feed for the arguments of UNSUB": closes(b"UNSUB \n\n"),
        "line feed for the arguments of PUB": closes(b"PUB \n\n"),
        "line feed for the arguments of HPUB": closes(b"HPUB \n\n"),
        "carriage return in the subject of PUB": Difference(
            [connect(), last(b"SUB > 1\r\nPUB l\r 1\r\nx\r\nFOO\r\n")],
            b"PONG\r\n",
            "subscribers would be shown a line that is broken in two",
        ),
        "line feed in the subject of PUB": Difference(
            [connect(), last(b"SUB > 1\r\nPUB \nl 1\r\nx\r\nFOO\r\n")],
            b"PONG\r\n",
            "subscribers would be shown a line that is broken in two",
        ),
        "carriage return inside the last word": Difference(
            [connect(), say(b"SUB l 12\r3\n" + _X)],
            b"PONG\r\nMSG l 3 1\r\nx\r\nPONG\r\n",
            "there the last byte of the line is lost, whatever it is",
        ),
        "any number of blanks before an argument": Difference(
            [connect(), last(b"SUB " + b" " * 5000 + b"l 1\r\n" + _X + b"FOO\r\n")],
            b"PONG\r\n-ERR 'maximum control line exceeded'\r\n",
            "they are kept until the line is complete, so that they are limited as well",
        ),
        "any number of bytes behind PING": Difference(
            [connect(), last(b"PING " + b"l" * 5000 + b"\r\nFOO\r\n")],
            b"PONG\r\n-ERR 'maximum control line exceeded'\r\n",
            "they are kept until the line is complete, so that they are limited as well",
        ),
        "the usual limit": stays(b"SUB " + b"l" * 4094 + b" 1\r\n"),
        "over the usual limit": closes(b"SUB " + b"l" * 4095 + b" 1\r\n"),
        "far over the usual limit": closes(b"PUB " + b"l" * 9000 + b" 1\r\nx\r\n"),
        "far over the usual limit, without end": closes(b"PUB " + b"l" * 9000),
        "CONNECT over the usual limit": [last(b'CONNECT {"name":"' + b"n" * 4096 + b'"}\r\n')],
        "many pieces over the limit": [
            connect(),
            *apart(b"PUB ", *[b"l" * 1000] * 4),
            last(b"l" * 97),
        ],
    },
    "max_control_line: 1024": {
        **_LIMIT,
        "blanks count between arguments": closes(b"SUB l" + b" " * 1024 + b"1\r\n"),
        "blanks count between arguments of PUB": closes(b"PUB l" + b" " * 1024 + b"0\r\n\r\n"),
        "blanks count behind arguments": closes(b"PUB l 0" + b" " * 1024 + b"\r\n\r\n"),
        "blanks do not count before arguments": stays(b"SUB " + b" " * 900 + _LONG + b" 1\r\n"),
        "wrong and too long": closes(b"PUB a b c d " + _LONG + b"\r\n"),
        "wrong, and not yet too long": [
            connect(),
            *apart(b"PUB a b c d " + _LONG),
            last(b"l" * 17),
        ],
        "wrong, and then over": [connect(), *apart(b"PUB a b c d"), last(b"\r\n")],
        "INFO too long": closes(b'INFO {"a":"' + b"l" * 1024 + b'"}\r\n'),
        "-ERR too long": closes(b"-ERR " + b"l" * 1025),
        "CONNECT of the limit": [say(b'CONNECT {"name":"' + b"n" * 1013 + b'"}\r\n')],
        "CONNECT over the limit": [last(b'CONNECT {"name":"' + b"n" * 1014 + b'"}\r\n')],
        "CONNECT over the limit, without end": [last(b'CONNECT {"name":"' + b"n" * 1016)],
    },
    "max_control_line: 16384": {
        "SUB of 16384": stays(_of(16384, b"SUB", b" 1") + b"\r\n"),
        "SUB of 16385": closes(_of(16385, b"SUB", b" 1") + b"\r\n"),
        "CONNECT of 16384": [say(b'CONNECT {"name":"' + b"n" * 16373 + b'"}\r\n')],
        "CONNECT of 16385": [last(b'CONNECT {"name":"' + b"n" * 16374 + b'"}\r\n')],
    },
}

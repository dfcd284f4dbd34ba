"""+OK, pedantic publishing, echo, and all of them together (P031 to P033)."""

from tests.server.duel import Script, closes, connect, last, say, stays

_WRONG = (b"v.*", b"v.>", b"*", b">", b".v", b"v.", b"v..w", b".")
_RIGHT = (b"v", b"v.w", b"v*", b"v.w>", b"v.*w", b"\xff", b"\x00")
_ALL = b"".join(b"PUB %s 0\r\n\r\n" % subject for subject in (*_WRONG, *_RIGHT))
_USE = b"SUB v 1\r\nPUB v 1\r\nx\r\nPUB v r 0\r\n\r\nHPUB v 1 1\r\ny\r\nUNSUB 1\r\n"

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        "defaults before CONNECT": [say(_USE.replace(b"HPUB v 1 1", b"PUB v 1"))],
        "defaults of an empty CONNECT": [
            say(b"CONNECT {}\r\nSUB v 1\r\nPUB v 1\r\nx\r\nUNSUB 1\r\n")
        ],
        "verbose": stays(_USE, verbose=True),
        "verbose, but not PING and PONG": stays(b"PING\r\nPONG\r\nPING\r\n", verbose=True),
        "verbose, nobody interested": stays(b"PUB v 0\r\n\r\nPUB v r 0\r\n\r\n", verbose=True),
        "verbose, no responders": stays(b"SUB r 1\r\nPUB v r 0\r\n\r\n", verbose=True),
        "verbose, bad subject": stays(b"SUB a..b 1\r\nSUB v 2\r\n", verbose=True),
        "verbose, duplicate sid": stays(b"SUB v 1\r\nSUB w 1\r\n", verbose=True),
        "verbose, before the message": [
            connect("b", verbose=True),
            say(b"SUB v 1\r\n", "b"),
            connect(verbose=True),
            say(b"SUB v 1\r\nPUB v 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "verbose, and then an error": closes(b"SUB v 1\r\nFOO\r\n", verbose=True),
        "verbose, and then a silent error": closes(b"SUB v 1\r\nSUB v\r\n", verbose=True),
        "verbose, switched off": stays(
            b'SUB v 1\r\nCONNECT {"verbose":false}\r\nSUB v 1\r\nPUB v 0\r\n\r\n', verbose=True
        ),
        "verbose, switched on": stays(b'SUB v 1\r\nCONNECT {"verbose":true}\r\nSUB v 1\r\n'),
        "verbose, wrong CONNECT": [last(b'CONNECT {"verbose":true,"protocol":7}\r\n')],
        "verbose, INFO and +OK": stays(b"INFO {}\r\n+OK\r\n", verbose=True),
        "pedantic": stays(b"SUB > 1\r\n" + _ALL, pedantic=True),
        "pedantic and verbose": stays(b"SUB > 1\r\n" + _ALL, pedantic=True, verbose=True),
        "neither": stays(b"SUB > 1\r\n" + _ALL),
        "verbose only": stays(b"SUB > 1\r\n" + _ALL, verbose=True),
        "pedantic by default": [say(b'CONNECT {"verbose":false}\r\nSUB > 1\r\n' + _ALL)],
        "pedantic before CONNECT": [say(b"SUB > 1\r\n" + _ALL)],
        "pedantic, form feed": stays(b"SUB > 1\r\nPUB v\x0cw 0\r\n\r\n", pedantic=True),
        "pedantic, headers": stays(b"SUB > 1\r\nHPUB v.* 1 1\r\nx\r\n", pedantic=True),
        "pedantic, reply with wildcards": stays(
            b"SUB > 1\r\nPUB v r.* 0\r\n\r\nPUB v r..s 0\r\n\r\n", pedantic=True
        ),
        "pedantic, subscriptions": stays(
            b"SUB v.* 1\r\nSUB a..b 2\r\nSUB v 3 4\r\n", pedantic=True
        ),
        "pedantic, UNSUB of the unknown": stays(b"UNSUB 5\r\n", pedantic=True),
        "echo off": stays(b"SUB v 1\r\nSUB v g 2\r\nSUB v.> 3\r\nPUB v 0\r\n\r\n", echo=False),
        "echo off, others hear": [
            connect("b"),
            say(b"SUB v 5\r\n", "b"),
            connect(echo=False),
            say(b"SUB v 1\r\nPUB v 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "echo off, others in the group": [
            connect("b"),
            say(b"SUB v g 5\r\n", "b"),
            connect(echo=False),
            say(b"SUB v g 1\r\nPUB v 1\r\nx\r\nPUB v 1\r\ny\r\nPUB v 1\r\nz\r\n"),
            say(b"", "b"),
        ],
        "echo off, from others": [
            connect("b"),
            connect(echo=False),
            say(b"SUB v 1\r\n"),
            say(b"PUB v 1\r\nx\r\n", "b"),
            say(b""),
        ],
        "echo off, verbose": stays(b"SUB v 1\r\nPUB v 0\r\n\r\n", echo=False, verbose=True),
        "echo off, then on": stays(
            b'SUB v 1\r\nPUB v 0\r\n\r\nCONNECT {"echo":true}\r\nSUB v 2\r\nPUB v 0\r\n\r\n',
            echo=False,
        ),
        "echo off, counts nothing": stays(
            b"SUB v 1\r\nUNSUB 1 1\r\nPUB v 0\r\n\r\nUNSUB 1 1\r\n", echo=False
        ),
    },
}

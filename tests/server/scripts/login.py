"""Who has to say who it is first: passwords, tokens, users for nobody (P003, P015, P046)."""

from tests.server.duel import Script, Step, apart, connect, last, say

_PASSWORD = 'authorization { user: u, password: "p word", timeout: 0.4 }'
_TOKEN = "authorization { token: s3cret }"
_NOBODY = """
authorization { timeout: 5, users: [
  { user: u, password: p }
  { user: n, password: p, permissions: { publish: "n.>", subscribe: ["n.>", "i.>"] } } ] }
no_auth_user: n
"""
_ACCOUNTS = """
accounts {
  A { users: [ { user: a, password: p } ] }
  B { users: [ { user: b, password: p }, { user: b2, password: p } ] }
}
"""
_REFUSED_FIRST = {
    "PING": b"PING\r\n",
    "half of PING": b"P",
    "PONG": b"PONG\r\nPING\r\n",
    "SUB": b"SUB a 1\r\n",
    "UNSUB": b"UNSUB 1\r\n",
    "PUB": b"PUB a 1\r\nx\r\n",
    "PUB, incomplete": b"PUB a 5\r\nx",
    "PUB, bad": b"PUB a x\r\n",
    "HPUB": b"HPUB a 1 1\r\nx\r\n",
    "INFO": b"INFO {}\r\n",
    "+OK": b"+OK\r\n",
    "-ERR": b"-ERR 'x'\r\n",
    "unknown operation": b"FOO\r\n",
    "empty line": b"\r\n",
    "blank": b" ",
    "zero byte": b"\x00",
    "GET": b"GET / HTTP/1.1\r\n\r\n",
    "a megabyte": b"x" * 1_000_000,
}
_WRONG = {
    "wrong password": b'{"user":"u","pass":"x"}',
    "no password": b'{"user":"u"}',
    "empty password": b'{"user":"u","pass":""}',
    "password of null": b'{"user":"u","pass":null}',
    "longer password": b'{"user":"u","pass":"p wordx"}',
    "zero behind the password": b'{"user":"u","pass":"p word\\u0000"}',
    "unknown user": b'{"user":"v","pass":"p word"}',
    "user in capitals": b'{"user":"U","pass":"p word"}',
    "no user": b'{"pass":"p word"}',
    "nothing": b"{}",
    "null": b"null",
    "token instead": b'{"auth_token":"p word"}',
    "nkey instead": b'{"nkey":"UABC","sig":"abc"}',
    "JWT instead": b'{"jwt":"x.y.z"}',
    "wrong password and protocol": b'{"user":"u","pass":"x","protocol":7}',
    "wrong password, no responders": b'{"user":"u","pass":"x","no_responders":true}',
    "account": b'{"user":"u","pass":"p word","account":"$G"}',
    "wrong protocol": b'{"user":"u","pass":"p word","protocol":7}',
    "no responders without headers": b'{"user":"u","pass":"p word","no_responders":true}',
    "bad JSON": b"{bad",
    "list": b"[]",
}
_RIGHT = {"user": "u", "pass": "p word"}
_LINE = b'CONNECT {"verbose":false,"user":"u","pass":"p word"}\r\n'


def _as(user: str, password: str = "p", peer: str = "a", **options: object) -> Step:
    return connect(peer, user=user, **{"pass": password, **options})


SCRIPTS: dict[str, dict[str, Script]] = {
    _PASSWORD: {
        **{f"first {name}": [last(data)] for name, data in _REFUSED_FIRST.items()},
        **{name: [last(b"CONNECT " + json + b"\r\nPING\r\n")] for name, json in _WRONG.items()},
        "right": [connect(**_RIGHT), say(b"SUB l 1\r\nPUB l 1\r\nx\r\n")],
        "right, with other keys": [connect(**_RIGHT, auth_token="x", nkey="x", jwt="x")],
        "right, key in capitals": [say(b'CONNECT {"USER":"u","Pass":"p word"}\r\n')],
        "right, greeting": [
            Step("a", _LINE.replace(b"{", b'{"protocol":1,') + b"PING\r\n", b'"remote_account"'),
            say(b""),
        ],
        "right, and more at once": [say(_LINE + b"SUB l 1\r\nPUB l 1\r\nx\r\n")],
        "right, in pieces": [*apart(_LINE[:1], _LINE[1:9], _LINE[9:30], _LINE[30:-1]), say(b"\n")],
        "wrong verb in pieces": [*apart(b"C", b"ON"), last(b"X")],
        "wrong verb at once": [last(b"Cx")],
        "CONNECT too long": [last(b"CONNECT " + b"x" * 5000)],
        "verb alone": [last(b"CONNECT\r\n")],
        "silence": [last(b"")],
        "silence after half a line": [last(b"CONN")],
        "silence after half a CONNECT": [last(_LINE[:-1])],
        "login again": [
            connect(**_RIGHT),
            connect(**_RIGHT),
            last(b'CONNECT {"user":"u","pass":"wrong","verbose":false}\r\n'),
        ],
        "again without a password": [
            connect(**_RIGHT),
            say(b"SUB l 1\r\nCONNECT {}\r\nPUB l 1\r\nx\r\n"),
        ],
        "again with another user": [connect(**_RIGHT), last(b'CONNECT {"user":"x"}\r\n')],
        "again with an empty password": [connect(**_RIGHT), last(b'CONNECT {"pass":""}\r\n')],
        "lasts longer than the time to log in": [
            connect(**_RIGHT),
            last(b"", "b"),  # connects later, and is closed when its time is over
            say(b""),
        ],
    },
    _TOKEN: {
        "right token": [connect(auth_token="s3cret")],
        "right token and a user": [connect(auth_token="s3cret", user="x", **{"pass": "y"})],
        "wrong token": [last(b'CONNECT {"auth_token":"x"}\r\n')],
        "empty token": [last(b'CONNECT {"auth_token":""}\r\n')],
        "no token": [last(b"CONNECT {}\r\n")],
        "user instead of a token": [last(b'CONNECT {"user":"s3cret","pass":"s3cret"}\r\n')],
        "PING before a token": [last(b"PING\r\n")],
    },
    _NOBODY: {
        "nobody, PING": [say(b"")],
        "nobody, half a verb": [*apart(b"P"), say(b"ING\r\n", pongs=2)],
        "nobody, unknown operation": [last(b"FOO\r\n")],
        "nobody, half an unknown operation": [last(b"X")],
        "nobody, empty line": [last(b"\r\n")],
        "nobody, messages": [say(b"SUB n.a 1\r\nSUB a 2\r\nPUB n.a 1\r\nx\r\nPUB a 1\r\ny\r\n")],
        "nobody, INFO and +OK": [say(b"INFO {}\r\n+OK\r\n")],
        "nobody, empty CONNECT": [say(b"CONNECT {}\r\nPUB a 1\r\nx\r\nPUB n.a 1\r\ny\r\n")],
        "nobody, empty user": [connect(user=""), say(b"PUB a 1\r\nx\r\n")],
        "nobody, greeting": [
            Step("a", b'PONG\r\nCONNECT {"protocol":1}\r\nPING\r\n', b'"remote_account"'),
            say(b""),
        ],
        "nobody, no greeting after a ping": [say(b""), say(b'CONNECT {"protocol":1}\r\n')],
        "nobody, then somebody": [
            say(b"SUB n.a 1\r\nPUB n.a 1\r\nx\r\n"),
            _as("u"),
            say(b"PUB n.a 1\r\ny\r\nSUB a 1\r\nPUB a 1\r\nz\r\n"),
        ],
        "nobody, then a wrong password": [say(b""), last(b'CONNECT {"user":"u","pass":"x"}\r\n')],
        "nobody, CONNECT keeps nothing": [
            say(b"SUB n.a 1\r\n"),
            connect(),
            say(b"PUB n.a 1\r\nx\r\n"),
        ],
        "nobody, no responders": [
            connect(),
            say(b"SUB i.1 1\r\nPUB n.nobody i.1 0\r\n\r\nPUB nobody i.1 0\r\n\r\n"),
        ],
        "somebody": [_as("u"), say(b"SUB a 1\r\nPUB a 1\r\nx\r\n")],
        "somebody, then nobody": [_as("u"), last(b'CONNECT {"user":"","pass":"x"}\r\n')],
        "somebody, then nobody at all": [
            _as("u"),
            say(b'CONNECT {"user":"","pass":""}\r\nPUB a 0\r\n\r\n'),
        ],
        "unknown user": [last(b'CONNECT {"user":"zz"}\r\n')],
        "user without a password": [last(b'CONNECT {"user":"u"}\r\n')],
        "password without a user": [last(b'CONNECT {"pass":"p"}\r\n')],
        "token nobody knows": [last(b'CONNECT {"auth_token":"zz"}\r\n')],
    },
    _ACCOUNTS: {
        "accounts are apart": [
            _as("a", peer="b"),
            say(b"SUB l 1\r\n", "b"),
            _as("b"),
            say(b"SUB l 1\r\nPUB l 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "the same account": [
            _as("b2", peer="b"),
            say(b"SUB l 1\r\n", "b"),
            _as("b"),
            say(b"PUB l 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "no responders of another account": [
            _as("a", peer="b"),
            say(b"SUB svc 1\r\n", "b"),
            _as("b"),
            say(b"SUB i.1 1\r\nPUB svc i.1 0\r\n\r\n"),
            say(b"", "b"),
        ],
        "into another account": [
            _as("a"),
            say(b"SUB l 1\r\n"),
            _as("b"),
            say(b"PUB l 1\r\nx\r\nSUB l 1\r\nPUB l 1\r\ny\r\n"),
            _as("a"),
            say(b"PUB l 1\r\nz\r\n"),
        ],
        "greeting names the account": [
            Step(
                "a",
                b'CONNECT {"verbose":false,"protocol":1,"user":"b","pass":"p"}\r\nPING\r\n',
                b'"remote_account"',
            ),
            say(b""),
        ],
        "nobody's account": [last(b"CONNECT {}\r\n")],
    },
}

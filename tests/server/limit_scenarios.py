"""What clients say to servers with a configuration of their own: configuration, then by name."""

from tests.server.duel import Step, connect, hear, last, say

_PASSWORD = 'authorization { user: u, password: "p word", timeout: 0.4 }'
_TOKEN = "authorization { token: s3cret }"
_PERMISSIONS = """
authorization {
  users: [
    { user: pub, password: p, permissions: {
        publish: { allow: ["ok.>", "both"], deny: ["ok.no", "ok.bad.*"] },
        subscribe: ["sub.>", "ok.>", "both", "q"] } }
    { user: sub, password: p, permissions: {
        subscribe: { allow: [">"], deny: ["secret.>", "x.*.y"] } } }
    { user: mute, password: p, permissions: { publish: { deny: ">" } } }
  ]
}
"""


def _login(user: str, peer: str = "a", **options: object) -> Step:
    return connect(peer, user=user, **{"pass": "p", **options})


GROUPS: dict[str, dict[str, list[Step]]] = {
    _PASSWORD: {
        "right password": [connect(user="u", **{"pass": "p word"}), say(b"SUB a 1\r\n")],
        "wrong password": [last(b'CONNECT {"user":"u","pass":"x"}\r\n')],
        "unknown user": [last(b'CONNECT {"user":"v","pass":"p word"}\r\n')],
        "no password": [last(b"CONNECT {}\r\n")],
        "token instead of a password": [last(b'CONNECT {"auth_token":"p word"}\r\n')],
        "ping first": [last(b"PING\r\n")],
        "pong first": [last(b"PONG\r\nPING\r\n")],
        "sub first": [last(b"SUB a 1\r\n")],
        "unsub first": [last(b"UNSUB 1\r\n")],
        "pub first": [last(b"PUB a 1\r\nx\r\n")],
        "pub first, incomplete": [last(b"PUB a 5\r\nx")],
        "unknown operation first": [last(b"FOO\r\n")],
        "silence": [last(b"")],
        "silence after half a line": [last(b"CONN")],
        "info and then silence": [last(b"INFO {}\r\n")],
        "login again": [
            connect(user="u", **{"pass": "p word"}),
            connect(user="u", **{"pass": "p word"}),
            last(b'CONNECT {"user":"u","pass":"wrong","verbose":false}\r\n'),
        ],
        "lasts longer than the time to log in": [
            connect(user="u", **{"pass": "p word"}),
            last(b"", "b"),  # connects later, and is closed when its time is over
            say(b""),
        ],
    },
    _TOKEN: {
        "right token": [connect(auth_token="s3cret")],
        "wrong token": [last(b'CONNECT {"auth_token":"x"}\r\n')],
        "user instead of a token": [last(b'CONNECT {"user":"s3cret","pass":"s3cret"}\r\n')],
    },
    _PERMISSIONS: {
        "publish allowed": [_login("pub"), say(b"SUB ok.> 1\r\nPUB ok.a 1\r\nx\r\n")],
        "publish not allowed": [_login("pub"), say(b"PUB no 1\r\nx\r\nPUB ok 1\r\nx\r\n")],
        "publish denied": [
            _login("pub"),
            say(b"SUB ok.> 1\r\nPUB ok.no 1\r\nx\r\nPUB ok.bad.x 1\r\nx\r\nPUB ok.bad 1\r\ny\r\n"),
        ],
        "publish denied, verbose": [
            _login("pub", verbose=True),
            say(b"PUB no 1\r\nx\r\nPUB ok.a 1\r\nx\r\nSUB no 1\r\nSUB both 2\r\n"),
        ],
        "publish denied, pedantic": [_login("pub", pedantic=True), say(b"PUB a.* 1\r\nx\r\n")],
        "publish a wildcard": [_login("pub"), say(b"PUB ok.* 1\r\nx\r\nPUB * 1\r\nx\r\n")],
        "publish nothing": [_login("mute"), say(b"SUB a 1\r\nPUB a 1\r\nx\r\n")],
        "headers denied": [_login("pub"), say(b"HPUB no 12 13\r\nNATS/1.0\r\n\r\nx\r\n")],
        "subscribe allowed": [_login("pub"), say(b"SUB sub.a 1\r\nSUB sub.* 2\r\nSUB sub.> 3\r\n")],
        "subscribe not allowed": [
            _login("pub"),
            say(b"SUB no 1\r\nSUB > 2\r\nSUB sub 3\r\nSUB * 4\r\nSUB no g 5\r\nSUB q g 6\r\n"),
        ],
        "subscribe denied": [
            _login("sub"),
            say(
                b"SUB secret.a 1\r\nSUB secret.> 2\r\nSUB secret.a g 5\r\n"
                b"SUB x.1.y 3\r\nSUB x.*.y 4\r\n"
            ),
        ],
        "subscribe around what is denied": [
            _login("sub"),
            say(b"SUB > 1\r\n"),
            _login("pub", "b"),
            say(b"PUB ok.1 1\r\nx\r\n", "b"),
            say(
                b"PUB secret.a 1\r\nx\r\nPUB secret 1\r\ns\r\n"
                b"PUB x.1.y 1\r\ny\r\nPUB x.1.z 1\r\nz\r\n"
            ),
        ],
        "denied in a queue group": [
            _login("sub"),
            say(b"SUB x.*.* g 1\r\nPUB x.1.y 1\r\ny\r\nPUB x.1.z 1\r\nz\r\n"),
        ],
        "no responders under permissions": [
            _login("sub"),
            say(b"SUB inbox.* 1\r\nPUB nobody inbox.1 0\r\n\r\n"),
        ],
    },
    "max_payload: 10, max_control_line: 64, max_subscriptions: 2": {
        "payload at the limit": [connect(), say(b"SUB a 1\r\nPUB a 10\r\n0123456789\r\n")],
        "payload over the limit": [connect(), last(b"PUB a 11\r\n01234567890\r\n")],
        "payload far over the limit": [connect(), last(b"PUB a 1000000\r\n" + bytes(100_000))],
        "headers over the limit": [connect(), last(b"HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n")],
        "control line over the limit": [connect(), last(b"SUB " + b"s" * 100 + b" 1\r\n")],
        "pub line over the limit": [connect(), last(b"PUB " + b"s" * 100 + b" 1\r\nx\r\n")],
        "too many subscriptions": [
            connect(),
            say(b"SUB a 1\r\nSUB b 2\r\nSUB c 3\r\nPUB c 1\r\nx\r\n"),
        ],
        "subscriptions freed": [
            connect(),
            say(b"SUB a 1\r\nSUB b 2\r\nUNSUB 1\r\nSUB c 3\r\nPUB c 1\r\nx\r\n"),
        ],
        "connect longer than the control line": [connect(name="n" * 200)],
    },
    "no_header_support: true": {
        "no headers here": [
            connect(no_responders=False),
            last(b"HPUB h 12 13\r\nNATS/1.0\r\n\r\nx\r\n"),
        ],
        "no responders without headers": [
            last(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
        ],
    },
    "max_connections: 2": {
        "one too many": [connect("a"), connect("b"), last(b"", "c"), say(b"", "a")],
        "one leaves": [connect("a"), connect("b"), say(b"", "a")],
    },
    'ping_interval: "100ms", ping_max: 1': {
        "stale": [connect("a"), last(b"", "a")],
        "answered": [
            connect("a"),
            hear(b"PING\r\n"),
            Step("a", b"PONG\r\n"),
            hear(b"PING\r\n"),
            Step("a", b"PONG\r\n"),
        ],
    },
}

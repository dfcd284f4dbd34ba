"""Limits: payload, subscriptions, tokens, connections (P016, P035, P051, P052)."""

from tests.server.duel import Script, apart, closes, connect, last, say, stays

_TOKENS = b"SUB a.b.c 1\r\nSUB a.b 2\r\nSUB a 3\r\n"

SCRIPTS: dict[str, dict[str, Script]] = {
    "max_payload: 10, max_control_line: 64, max_subscriptions: 2": {
        "payload of the limit": stays(b"SUB a 1\r\nPUB a 10\r\n0123456789\r\n"),
        "payload over the limit": closes(b"PUB a 11\r\n01234567890\r\n"),
        "payload over the limit, line alone": closes(b"PUB a 11\r\n"),
        "payload over the limit, line in pieces": [connect(), *apart(b"PUB a 1"), last(b"1\r\n")],
        "payload far over the limit": closes(b"PUB a 1000000\r\n" + bytes(100_000)),
        "payload over the limit, after others": closes(
            b"SUB a 1\r\nPUB a 1\r\nx\r\nPUB a 11\r\n01234567890\r\nPUB a 1\r\ny\r\n"
        ),
        "headers count": closes(b"HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n"),
        "headers of the limit": stays(b"SUB a 1\r\nHPUB a 5 10\r\n0123456789\r\n"),
        "payload and bad arguments": closes(b"PUB a b c 11\r\n"),
        "payload and reply": closes(b"PUB a r 11\r\n"),
        "payload, verbose": closes(b"PUB a 11\r\n", verbose=True),
        "control line": closes(b"SUB " + b"s" * 100 + b" 1\r\n"),
        "control line of PUB": closes(b"PUB " + b"s" * 100 + b" 1\r\nx\r\n"),
        "control line before payload": closes(b"PUB " + b"s" * 100 + b" 11\r\nx\r\n"),
        "control line of CONNECT": [connect(name="n" * 200)],
        "too many subscriptions": stays(
            b"SUB a 1\r\nSUB b 2\r\nSUB c 3\r\nSUB c g 3\r\nPUB c 1\r\nx\r\n"
        ),
        "too many subscriptions, verbose": stays(
            b"SUB a 1\r\nSUB b 2\r\nSUB c 3\r\n", verbose=True
        ),
        "subscriptions, duplicate sid": stays(b"SUB a 1\r\nSUB b 2\r\nSUB c 2\r\nSUB d 3\r\n"),
        "subscriptions freed": stays(
            b"SUB a 1\r\nSUB b 2\r\nUNSUB 1\r\nSUB c 3\r\nPUB c 1\r\nx\r\n"
        ),
        "subscriptions freed by a message": stays(
            b"SUB a 1\r\nSUB b 2\r\nUNSUB 1 1\r\nPUB a 1\r\nx\r\nSUB c 3\r\nPUB c 1\r\ny\r\n"
        ),
        "subscriptions not freed yet": stays(b"SUB a 1\r\nSUB b 2\r\nUNSUB 1 1\r\nSUB c 3\r\n"),
        "subscriptions, wrong subject first": stays(
            b"SUB a..b 1\r\nSUB a 2\r\nSUB b 3\r\nSUB c..d 4\r\nSUB a _sys_ 5\r\n"
        ),
        "subscriptions freed by CONNECT": stays(
            b"SUB a 1\r\nSUB b 2\r\nCONNECT {}\r\nSUB c 3\r\nSUB d 4\r\nSUB e 5\r\n"
        ),
        "subscriptions of two clients": [
            connect("b"),
            say(b"SUB a 1\r\nSUB b 2\r\n", "b"),
            *stays(b"SUB a 1\r\nSUB b 2\r\n"),
        ],
    },
    "max_sub_tokens: 3": {
        "tokens of the limit": stays(_TOKENS + b"SUB a.*.> 4\r\n"),
        "too many tokens": stays(b"SUB a.b.c.d 1\r\nPUB a.b.c.d 0\r\n\r\n"),
        "too many wildcards": stays(b"SUB *.*.*.* 1\r\nSUB a.b.c.> 2\r\nSUB a.b.c.d g 3\r\n"),
        "too many tokens, verbose": stays(b"SUB a.b.c.d 1\r\nSUB a 1\r\n", verbose=True),
        "too many empty tokens": stays(b"SUB a...b 1\r\nSUB ... 2\r\nSUB a..b 3\r\n"),
        "too many tokens, duplicate sid": stays(b"SUB a 1\r\nSUB a.b.c.d 1\r\n"),
        "too many tokens, reserved group": stays(b"SUB a.b.c.d _sys_ 1\r\n"),
        "publish with more": stays(b"SUB > 1\r\nPUB a.b.c.d.e 0\r\n\r\n"),
    },
    "max_payload: 2097152": {
        "payload of two megabytes": stays(
            b"SUB a 1\r\nPUB a 2097152\r\n" + bytes(2 << 20) + b"\r\n"
        ),
        "payload over two megabytes": closes(b"PUB a 2097153\r\n"),
    },
    "max_connections: 2": {
        "one too many": [connect("a"), connect("b"), last(b"", "c"), say(b"", "a")],
        "one too many, says something": [connect("a"), connect("b"), last(b"PING\r\n", "c")],
        "one leaves": [connect("a"), connect("b"), say(b"", "a")],
    },
}

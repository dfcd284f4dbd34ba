"""PING and PONG, and in which order answers come (P023, P042)."""

from tests.server.duel import Script, Step, apart, connect, hear, last, say, stays

_NUMBERED = [b"PUB p 3\r\n%03d\r\n" % number for number in range(300)]

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        "before CONNECT": [say(b"")],
        "several before CONNECT": [say(b"PING\r\nPING\r\n")],
        "PONG before CONNECT": [say(b"PONG\r\n")],
        "unasked PONG": stays(b"PONG\r\nPONG\r\n"),
        "behind what was asked before": stays(
            b"SUB p 1\r\nPUB p 1\r\n1\r\nPING\r\nPUB p 1\r\n2\r\nPING\r\nPUB p 1\r\n3\r\n"
        ),
        "behind +OK": stays(b"SUB p 1\r\nPING\r\nPUB p 0\r\n\r\nPING\r\n", verbose=True),
        "behind errors": stays(b"SUB a..b 1\r\nPING\r\nSUB a. 1\r\nPING\r\n"),
        "in pieces": [connect(), *apart(b"PI", b"NG\r\nP", b"ING", b"\r"), say(b"\n", pongs=3)],
        "many": [connect(), say(b"PING\r\n" * 200)],
        "order of a publisher": [
            connect("b"),
            say(b"SUB p 1\r\n", "b"),
            connect(),
            say(b"SUB p 1\r\n" + b"".join(_NUMBERED)),
            hear(b"299\r\n", "b"),
        ],
        "order among subjects": [
            connect("b"),
            say(b"SUB p.> 1\r\n", "b"),
            connect(),
            say(b"".join(b"PUB p.%d 0\r\n\r\n" % number for number in range(100))),
            hear(b"MSG p.99 1 0\r\n", "b"),
        ],
        "order with and without headers": [
            connect("b"),
            say(b"SUB p 1\r\n", "b"),
            connect(),
            say(b"PUB p 1\r\n1\r\nHPUB p 1 1\r\n2\r\nPUB p 1\r\n3\r\nHPUB p 0 1\r\n4\r\n"),
            hear(b"4\r\n", "b"),
        ],
        "order of small and large": [
            connect("b"),
            say(b"SUB p 1\r\n", "b"),
            connect(),
            say(b"PUB p 1\r\n1\r\nPUB p 300000\r\n" + bytes(300_000) + b"\r\nPUB p 1\r\n3\r\n"),
            hear(b"3\r\n", "b"),
        ],
    },
    'ping_interval: "100ms", ping_max: 1': {
        "stale": [connect(), last(b"")],
        "answered": [
            connect(),
            *([hear(b"PING\r\n"), Step("a", b"PONG\r\n")] * 2),
        ],
    },
}

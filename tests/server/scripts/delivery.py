"""Who gets which message, and in what form (P028, P042, P049)."""

from tests.server.duel import Script, connect, say, stays

_PATTERNS = (b"a.*.c", b"a.>", b">", b"a.b.c", b"*.b.*", b"*", b"a.*", b"*.*.*.>", b"a.b.*.>")
_SUBJECTS = (b"a.b.c", b"a", b"a.b", b"a.x.c.d", b"x", b"x.b.y", b"a.b.c.d.e")


def _listeners() -> list:
    # One connection for each: the order among subscriptions of one is not promised.
    steps = []
    for peer, subject in enumerate(_PATTERNS):
        steps += [connect(str(peer)), say(b"SUB %s 1\r\n" % subject, str(peer))]
    return steps


SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        "wildcards": [
            *_listeners(),
            connect(),
            say(b"".join(b"PUB %s 0\r\n\r\n" % subject for subject in _SUBJECTS)),
            *(say(b"", str(peer)) for peer in range(len(_PATTERNS))),
        ],
        "wildcards inside tokens": stays(
            b"SUB foo* 1\r\nSUB a.b> 2\r\nSUB a.*b 3\r\n"
            b"PUB foo* 1\r\nw\r\nPUB foobar 1\r\nx\r\nPUB a.b> 1\r\ny\r\nPUB a.*b 1\r\nz\r\n"
        ),
        "no reply, no blank too many": stays(b"SUB d 1\r\nPUB d 1\r\nx\r\nPUB  d  1 \r\ny\r\n"),
        "reply": stays(b"SUB d 1\r\nPUB d r 1\r\nx\r\n"),
        "subject as published": stays(b"SUB d.* 1\r\nPUB d.x 0\r\n\r\n"),
        "case matters": stays(b"SUB d 1\r\nPUB D 1\r\nx\r\nPUB d 1\r\ny\r\n"),
        "each once": [
            connect("b"),
            say(b"SUB d 1\r\nSUB e 2\r\n", "b"),
            connect("c"),
            say(b"SUB d 7\r\n", "c"),
            connect(),
            say(b"PUB d 1\r\n1\r\nPUB e 1\r\n2\r\nPUB d 1\r\n3\r\n"),
            say(b"", "b"),
            say(b"", "c"),
        ],
        "to who is not connected yet": [
            say(b"SUB d 1\r\n", "b"),
            connect(),
            say(b"PUB d 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "empty and large": stays(
            b"SUB d 1\r\nPUB d 0\r\n\r\nPUB d 70000\r\n" + bytes(70_000) + b"\r\nPUB d 0\r\n\r\n"
        ),
        "a thousand subjects": stays(
            b"SUB d.* 1\r\n" + b"".join(b"PUB d.%d 0\r\n\r\n" % number for number in range(1000))
        ),
        "long subject": stays(b"SUB > 1\r\nPUB " + b"d." * 1500 + b"d 0\r\n\r\n"),
    },
    'mappings { "d.old.*": "d.new.$1" }': {
        "mapped": stays(b"SUB d.> 1\r\nPUB d.old.x 1\r\ny\r\nPUB d.new.x 1\r\nz\r\n"),
        "mapped, reply is not": stays(b"SUB d.> 1\r\nPUB d.old.x d.old.y 0\r\n\r\n"),
        "mapped, headers": stays(b"SUB d.> 1\r\nHPUB d.old.x 1 2\r\nyz\r\n"),
        "mapped, pedantic": stays(b"SUB d.> 1\r\nPUB d.old.* 0\r\n\r\n", pedantic=True),
        "mapped, verbose": stays(b"SUB d.> 1\r\nPUB d.old.x 0\r\n\r\n", verbose=True),
    },
}

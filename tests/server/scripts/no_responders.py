"""No responders: who is told so, and who counts as a responder (P034)."""

from tests.server.duel import Script, closes, connect, last, say, stays

_ASK = b"PUB nobody.here i.1 2\r\nhi\r\n"
_USERS = """
authorization { users: [
  { user: asks, password: p, permissions: {
      publish: { allow: ["svc.>", "nobody.>"], deny: "nobody.secret" }, subscribe: ["i.>"] } }
  { user: deaf, password: p, permissions: { publish: ">", subscribe: { deny: "i.>" } } }
  { user: half, password: p, permissions: { subscribe: { allow: "i.>", deny: "i.no" } } }
] }
"""


def _as(user: str, peer: str = "a", **options: object):
    return connect(peer, user=user, **{"pass": "p", **options})


SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        "told": stays(b"SUB i.1 1\r\n" + _ASK),
        "told by a wildcard": stays(b"SUB i.* 1\r\nSUB > 2\r\n"[:11] + _ASK),
        "told to each of one's subscriptions": stays(b"SUB i.1 1\r\n" + _ASK + b"SUB i.1 2\r\n"),
        "told in a group": stays(b"SUB i.1 g 1\r\n" + _ASK),
        "told in no group": stays(b"SUB i.1 g 1\r\nSUB i.* h 2\r\n" + _ASK),
        "told beside a group": stays(b"SUB i.1 g 1\r\nSUB i.1 2\r\n" + _ASK),
        "empty request": stays(b"SUB i.1 1\r\nPUB nobody.here i.1 0\r\n\r\n"),
        "request with headers": stays(b"SUB i.1 1\r\nHPUB nobody.here i.1 1 1\r\nx\r\n"),
        "without a reply": stays(b"SUB i.1 1\r\nPUB nobody.here 0\r\n\r\n"),
        "without a listener": stays(_ASK),
        "told to the asker only": [
            connect("b"),
            say(b"SUB i.> 9\r\n", "b"),
            connect(),
            say(b"SUB i.* 1\r\n" + _ASK),
            say(b"", "b"),
        ],
        "listener is somebody else": [
            connect("b"),
            say(b"SUB i.> 9\r\n", "b"),
            connect(),
            say(_ASK),
            say(b"", "b"),
        ],
        "does not count for UNSUB": stays(
            b"SUB i.1 1\r\nUNSUB 1 1\r\n" + _ASK + b"PUB i.1 1\r\nx\r\nPUB i.1 1\r\ny\r\n"
        ),
        "not asked for": stays(b"SUB i.1 1\r\n" + _ASK, no_responders=False),
        "not asked for, protocol 0": [say(b'CONNECT {"verbose":false}\r\nSUB i.1 1\r\n' + _ASK)],
        "not asked for before CONNECT": [say(b"SUB i.1 1\r\n" + _ASK)],
        "switched off": stays(b'CONNECT {"no_responders":false}\r\nSUB i.1 1\r\n' + _ASK),
        "switched on": stays(
            b'CONNECT {"no_responders":true}\r\nSUB i.1 1\r\n' + _ASK, no_responders=False
        ),
        "responder": [
            connect("b"),
            say(b"SUB svc.1 9\r\n", "b"),
            connect(),
            say(b"SUB i.1 1\r\nPUB svc.1 i.1 2\r\nhi\r\n"),
            say(b"PUB i.1 2\r\nyo\r\n", "b"),
            say(b""),
        ],
        "responder in a group": [
            connect("b"),
            say(b"SUB svc.1 g 9\r\n", "b"),
            connect(),
            say(b"SUB i.1 1\r\nPUB svc.1 i.1 2\r\nhi\r\n"),
            say(b"PUB i.1 2\r\nyo\r\n", "b"),
            say(b""),
        ],
        "responder by a wildcard": [
            connect("b"),
            say(b"SUB svc.> 9\r\n", "b"),
            connect(),
            say(b"SUB i.1 1\r\nPUB svc.2 i.1 2\r\nhi\r\n"),
            say(b"", "b"),
        ],
        "responder without headers": [
            connect("b", headers=False, no_responders=False),
            say(b"SUB svc.3 9\r\n", "b"),
            connect(),
            say(b"SUB i.1 1\r\nHPUB svc.3 i.1 1 2\r\nxy\r\n"),
            say(b"", "b"),
        ],
        "responder that has left": [
            connect("b"),
            say(b"SUB svc.4 9\r\nUNSUB 9\r\n", "b"),
            connect(),
            say(b"SUB i.1 1\r\nPUB svc.4 i.1 0\r\n\r\n"),
        ],
        "responder after its last message": [
            connect("b"),
            say(b"SUB svc.5 9\r\nUNSUB 9 1\r\n", "b"),
            connect(),
            say(b"SUB i.1 1\r\nPUB svc.5 i.1 0\r\n\r\nPUB svc.5 i.1 0\r\n\r\n"),
            say(b"", "b"),
        ],
        "the asker is the responder": stays(b"SUB svc.6 2\r\nSUB i.1 1\r\nPUB svc.6 i.1 0\r\n\r\n"),
        "the asker is the responder, without echo": stays(
            b"SUB svc.6 2\r\nSUB i.1 1\r\nPUB svc.6 i.1 0\r\n\r\n", echo=False
        ),
        "without echo": stays(b"SUB i.1 1\r\n" + _ASK, echo=False),
        "wildcards in the subject": stays(b"SUB i.1 1\r\nPUB nobody.* i.1 0\r\n\r\n"),
        "wildcards in the reply": stays(b"SUB i.* 1\r\nPUB nobody.here i.* 0\r\n\r\n"),
        "empty tokens in the reply": stays(b"SUB i.> 1\r\nPUB nobody.here i..1 0\r\n\r\n"),
        "reply and subject are one": stays(b"SUB > 1\r\nUNSUB 1\r\nPUB i.1 i.1 0\r\n\r\n"),
        "pedantic": stays(b"SUB i.1 1\r\n" + _ASK, pedantic=True),
        "needs headers": [last(b'CONNECT {"no_responders":true,"headers":false}\r\n')],
        "needs headers, later": closes(b'CONNECT {"headers":false}\r\n'),
    },
    'mappings { "m.gone": "nobody.there", "m.svc": "svc.mapped" }': {
        "mapped to nobody": stays(b"SUB i.1 1\r\nPUB m.gone i.1 0\r\n\r\n"),
        "mapped to a responder": stays(
            b"SUB svc.mapped 2\r\nSUB i.1 1\r\nPUB m.svc i.1 1\r\nx\r\n"
        ),
        "interest in what is mapped away": stays(
            b"SUB m.gone 2\r\nSUB i.1 1\r\nPUB m.gone i.1 0\r\n\r\n"
        ),
    },
    _USERS: {
        "permitted": [_as("asks"), say(b"SUB i.1 1\r\n" + _ASK)],
        "not permitted to ask": [
            _as("asks"),
            say(b"SUB i.1 1\r\nPUB other i.1 0\r\n\r\nPUB nobody.secret i.1 0\r\n\r\n"),
        ],
        "not permitted to listen": [_as("deaf"), say(b"SUB i.1 1\r\nSUB > 2\r\n" + _ASK)],
        "not permitted to hear that one": [
            _as("half"),
            say(b"SUB i.> 1\r\nPUB nobody.here i.no 0\r\n\r\n" + _ASK),
        ],
    },
}

"""What clients of accounts that share with one another see: by configuration, then by name."""

from tests.server.duel import Step, connect, say

CONFIG = """
accounts {
  A {
    users: [ { user: a, password: p } ]
    mappings { "m.in": "m.out" }
    exports: [
      { stream: "s.>" }, { stream: "r.*.*" }, { stream: "q" }, { stream: "b.only", accounts: [B] }
      { service: "svc.*" }, { service: "str.*", response: stream, response_threshold: "300ms" }
      { service: "chunk", response: chunked }, { service: "brief", response_threshold: "300ms" }
      { service: "m.in" }, { service: "sw.*.*" }, { service: "tok.*", account_token_position: 2 }
      { service: "shared" }, { service: "deep.>" }
    ]
  }
  B {
    users: [
      { user: b, password: p }
      { user: bd, password: p, permissions: {
          publish: { deny: ["my.no"] }, subscribe: { deny: ["p.s.no", "inbox.no"] } } }
    ]
    mappings { "near": "my.near" }
    imports: [
      { stream: { account: A, subject: "s.>" }, prefix: p }
      { stream: { account: A, subject: "r.*.*" }, to: "r.$2.$1" }
      { stream: { account: A, subject: q } }, { stream: { account: A, subject: b.only }, to: only }
      { service: { account: A, subject: "svc.*" }, to: "my.*" }
      { service: { account: A, subject: "str.*" } }, { service: { account: A, subject: chunk } }
      { service: { account: A, subject: brief } }, { service: { account: A, subject: m.in } }
      { service: { account: A, subject: "sw.*.*" }, to: "ws.$2.$1" }
      { service: { account: A, subject: "tok.B" } }
      { service: { account: A, subject: shared }, share: true }
      { service: { account: A, subject: "deep.>" }, to: "deeper.>" }
    ]
    exports: [ { stream: "p.s.>" }, { service: "my.*" } ]
  }
  C {
    users: [ { user: c, password: p } ]
    imports: [
      { stream: { account: B, subject: "p.s.>" } }, { service: { account: B, subject: "my.*" } }
    ]
  }
}
"""


def _in(user: str, peer: str = "") -> Step:
    return connect(
        peer or user, user=user, name=f"name of {user}", lang="test", version="1", **{"pass": "p"}
    )


def _pub(subject: bytes, payload: bytes = b"x", reply: bytes = b"") -> bytes:
    return b"PUB %b %b %d\r\n%b\r\n" % (subject, reply, len(payload), payload)


A, B, C = _in("a"), _in("b"), _in("c")
_ECHO = b"echo"  # answered by the player with the reply subject of the last request


def _asks(
    subject: bytes, answers: int = 1, peer: str = "b", listens: bytes = b"inbox.>"
) -> list[Step]:
    """A request of ``b`` that is answered by ``a``, so many times."""
    ask = say(b"SUB %b 90\r\n" % listens + _pub(subject, b"request", b"inbox.1"), peer)
    return [ask, say(b"", "a"), *[Step("a", _ECHO)] * answers, say(b"", "a"), say(b"", peer)]


def _listens(*subjects: bytes, peer: str) -> Step:
    lines = [b"SUB %b %d\r\n" % (subject, number) for number, subject in enumerate(subjects, 1)]
    return say(b"".join(lines), peer)


SCENARIOS: dict[str, list[Step]] = {
    "stream with a prefix": [
        A,
        B,
        _listens(b"p.s.x", peer="b"),
        say(_pub(b"s.x"), "a"),
        say(b"", "b"),
    ],
    "stream with wildcards": [
        *(A, B, _listens(b"p.>", b"*.s.*", b"p.*.y", peer="b")),
        *(say(_pub(b"s.x") + _pub(b"s.y", b"1", b"reply") + _pub(b"s.z.z"), "a"), say(b"", "b")),
    ],
    "stream with tokens in another order": [
        *(A, B, _listens(b"r.1.*", b"r.*.1", b"r.>", peer="b")),
        *(say(_pub(b"r.1.2") + _pub(b"r.2.1") + _pub(b"r.2.2"), "a"), say(b"", "b")),
    ],
    "stream by everything": [
        *(A, B, _listens(b">", peer="b"), say(_pub(b"q") + _pub(b"s.a") + _pub(b"no"), "a")),
        say(b"", "b"),
    ],
    "stream for some": [
        A,
        B,
        _listens(b"only", peer="b"),
        say(_pub(b"b.only"), "a"),
        say(b"", "b"),
    ],
    "streams do not go on to a third account": [
        *(A, B, C, _listens(b"p.s.>", peer="c"), say(_pub(b"s.x"), "a"), say(b"", "c")),
        *(say(_pub(b"p.s.x"), "b"), say(b"", "c"), say(b"", "a")),
    ],
    "what is published by the importer stays there": [
        *(A, B, _listens(b">", peer="a"), say(_pub(b"p.s.x") + _pub(b"q"), "b"), say(b"", "a")),
    ],
    "denied subjects of an import": [
        *(A, _in("bd"), _listens(b"p.s.>", b"p.s.no", peer="bd")),
        *(say(_pub(b"s.no") + _pub(b"s.yes"), "a"), say(b"", "bd")),
    ],
    "unsubscribing": [
        *(A, B, say(b"SUB p.s.x 1\r\nSUB p.s.x 2\r\n", "b")),
        *(say(_pub(b"s.x") + _pub(b"s.x"), "a"), say(b"UNSUB 1\r\n", "b")),
        *(say(_pub(b"s.x"), "a"), say(b"", "b")),
    ],
    "groups": [
        *(A, B, say(b"SUB p.s.x g 1\r\nSUB p.s.x h 2\r\nSUB p.s.x 3\r\n", "b")),
        *(say(_pub(b"s.x") + _pub(b"s.x"), "a"), say(b"", "b")),
    ],
    "nobody answers across accounts": [
        *(A, B, say(b"SUB inbox.> 1\r\n" + _pub(b"my.1", b"x", b"inbox.1"), "b"), say(b"", "b")),
    ],
    "nobody answers at the end of a chain": [
        *(A, B, C, say(b"SUB inbox.> 1\r\n" + _pub(b"my.1", b"x", b"inbox.1"), "c"), say(b"", "c")),
    ],
    "a message without a reply": [
        A,
        B,
        _listens(b"svc.*", peer="a"),
        say(_pub(b"my.1"), "b"),
        say(b"", "a"),
    ],
    "one answer": [A, B, _listens(b"svc.*", peer="a"), *_asks(b"my.1")],
    "one answer and no more": [A, B, _listens(b"svc.*", peer="a"), *_asks(b"my.1", answers=3)],
    "several answers": [A, B, _listens(b"str.*", peer="a"), *_asks(b"str.1", answers=3)],
    "chunks": [A, B, _listens(b"chunk", peer="a"), *_asks(b"chunk", answers=3)],
    "a service with tokens in another order": [
        A,
        B,
        _listens(b"sw.>", peer="a"),
        *_asks(b"ws.1.2"),
    ],
    "a service with a rest": [A, B, _listens(b"deep.>", peer="a"), *_asks(b"deeper.1.2.3")],
    "a service with its account in the subject": [
        A,
        B,
        _listens(b"tok.*", peer="a"),
        *_asks(b"tok.B"),
    ],
    "somebody else's subject": [
        A,
        B,
        _listens(b"tok.*", peer="a"),
        say(_pub(b"tok.C"), "b"),
        say(b"", "a"),
    ],
    "mapped by the importer": [A, B, _listens(b"svc.*", peer="a"), *_asks(b"near")],
    "mapped by the exporter": [A, B, _listens(b"m.>", peer="a"), *_asks(b"m.in")],
    "told who asks": [A, B, _listens(b"shared", peer="a"), *_asks(b"shared")],
    "through three accounts": [A, B, C, _listens(b"svc.*", peer="a"), *_asks(b"my.1", peer="c")],
    "through three accounts, asked twice": [
        *(
            A,
            B,
            C,
            _listens(b"svc.*", peer="a"),
            *_asks(b"my.1", 2, peer="c"),
            *_asks(b"my.2", 2, "c"),
        ),
    ],
    "both the service and local listeners": [
        *(A, B, _in("b", "other"), _listens(b"my.*", peer="other"), _listens(b"svc.*", peer="a")),
        *(*_asks(b"my.1"), say(b"", "other")),
    ],
    "several who answer": [
        *(A, B, _listens(b"svc.*", b"svc.1", b">", peer="a"), *_asks(b"my.1", answers=2)),
    ],
    "nobody may publish a service's request": [
        *(A, _in("bd"), _listens(b"svc.*", peer="a"), say(_pub(b"my.no", b"x", b"inbox.1"), "bd")),
        say(b"", "a"),
    ],
    "the one who asks has gone": [
        *(
            A,
            B,
            _listens(b"svc.*", peer="a"),
            say(b"SUB inbox.1 1\r\n" + _pub(b"my.1", b"x", b"inbox.1"), "b"),
        ),
        *(
            say(b"", "a"),
            say(b"UNSUB 1\r\n", "b"),
            _in("b", "next"),
            _listens(b"inbox.1", peer="next"),
        ),
        *(Step("a", _ECHO), say(b"", "a"), say(b"", "next"), say(b"", "b")),
    ],
    "who asks listens late": [
        *(
            A,
            B,
            _listens(b"svc.*", peer="a"),
            say(_pub(b"my.1", b"x", b"inbox.1"), "b"),
            say(b"", "a"),
        ),
        *(say(b"SUB inbox.1 1\r\n", "b"), Step("a", _ECHO), say(b"", "a"), say(b"", "b")),
    ],
    "made-up reply subjects": [A, B, say(_pub(b"my.1", b"x", b"_R_.made.up"), "b")],
}

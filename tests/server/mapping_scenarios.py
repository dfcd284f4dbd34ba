"""What clients see of mapped subjects: configuration, then by name."""

from tests.server.duel import Step, connect, last, say

_MAPPINGS = """
mappings {
  a: b
  "foo.*": "bar.$1"
  "swap.*.*": "swapped.{{wildcard(2)}}.{{wildcard(1)}}"
  "tail.>": "x.>"
  "deep.*.>": "deeper.$1.>"
  one: two, two: three
  there: back, back: there
  same: same
  gone: [ { destination: gone, weight: 0 } ]
  gone.too.*: [ { destination: "gone.too.$1", weight: 100% } ]
  "lost.>": [ { destination: "lost.>", weight: 0 } ]
  zero: [ { destination: never, weight: 0 } ]
  none: []
  all: [ { destination: all.of.it, weight: 100 }, { destination: never, weight: 0 } ]
  far: [ { destination: away, weight: 100, cluster: AWAY } ]
  away: [ { destination: away, weight: 100, cluster: AWAY } ]
  svc: svc.v2
  "part.*": "part.{{partition(10,1)}}.$1"
  "parts.*.*": "parts.{{partition(1000,2,1)}}.{{partition(1000)}}"
  "split.*": "pieces.{{split(1,-)}}"
  "cut.*": "{{left(1,2)}}.{{right(1,2)}}.{{sliceFromLeft(1,2)}}.{{SplitFromRight(1,1)}}"
  "number.*": "number.{{random(1)}}.$1"
  "stars.*": "stars.{{partition(1,1)}}"
  "worse.*": "w*.$1"
  _INBOX.moved: moved
  "$SYS.some": some
  some.sys: "$SYS.some.where"
  "$NRG.a": raft.a
  raft: "$NRG.raft"
  "_GR_.x": gateway
  reply: "_R_.reply"
  long: LONG
}
"""
_BASE = _MAPPINGS.replace("LONG", "l." * 3000 + "l")

_PERMITTED = """
mappings {
  open: closed.a
  closed.b: open.b
  open.c: open.d
  closed.e: closed.f
  gone: [ { destination: gone, weight: 0 } ]
}
authorization {
  users: [
    { user: allow, password: p, permissions: {
        publish: { allow: ["open", "open.>", "gone"] }, subscribe: ">" } }
    { user: deny, password: p, permissions: { publish: { deny: ["closed.>"] } } }
    { user: hear, password: p, permissions: {
        subscribe: { allow: [">"], deny: ["open.d", "open.c"] } } }
  ]
}
"""


def _login(user: str, peer: str = "a", **options: object) -> Step:
    return connect(peer, user=user, **{"pass": "p", **options})


def _publish(*subjects: bytes, reply: bytes = b"") -> bytes:
    return b"".join(b"PUB %b %b 1\r\nx\r\n" % (subject, reply) for subject in subjects)


def _seen(*subjects: bytes) -> list[Step]:
    """Publish, and see where it goes."""
    return [connect(), say(b"SUB > 1\r\n" + _publish(*subjects))]


def _asked(*subjects: bytes, **options: object) -> list[Step]:
    """Ask where nobody answers: what the server says shows the exact subject."""
    return [connect(**options), say(b"SUB _I 1\r\n" + _publish(*subjects, reply=b"_I"))]


def _hpub(subject: bytes, reply: bytes = b"") -> bytes:
    return b"HPUB %b %b 22 23\r\nNATS/1.0\r\nAb: cdef\r\n\r\nx\r\n" % (subject, reply)


_SEEN: dict[str, list[Step]] = {
    "a word": _seen(b"a", b"b", b"a.a", b"A"),
    "a wildcard": _seen(b"foo.1", b"foo.2", b"foo", b"foo.1.2", b"bar.1"),
    "wildcards swapped": _seen(b"swap.1.2", b"swap.1", b"swap.1.2.3"),
    "a tail": _seen(b"tail.1", b"tail.1.2.3", b"tail"),
    "a wildcard and a tail": _seen(b"deep.1.2", b"deep.1.2.3", b"deep.1"),
    "never twice": _seen(b"one", b"two", b"three"),
    "there and back": _seen(b"there", b"back"),
    "to itself": _seen(b"same"),
    "weight of nothing": _seen(b"zero"),
    "no destination": _seen(b"none"),
    "all and nothing": _seen(b"all"),
    "of another cluster": _seen(b"far"),
    "partitions": _seen(*(b"part.%d" % number for number in range(40))),
    "partitions of tokens and of all": _seen(
        *(b"parts.%d.%s" % (n, w) for n in range(5) for w in (b"a", b"\xc3\xa9", b"\xff\x00"))
    ),
    "splits": _seen(b"split.a-b-c", b"split.abc", b"split.-a", b"split.a--b-"),
    "cuts": _seen(b"cut.abcde", b"cut.ab", b"cut.a", b"cut.\xc3\xa9\xc3\xa9"),
    "a random number": _seen(b"number.one"),
    "wildcards published on": _seen(b"foo.*", b"foo.>", b"tail.*", b"tail.>", b"swap.*.*", b"*"),
    "stars inside": _seen(b"worse.a", b"foo.a*b"),
    "empty tokens": _seen(b"foo.", b"tail..", b"tail.a..b", b"swap..1", b".foo.1"),
    "an inbox": _seen(b"_INBOX.moved", b"_INBOX.moved.1"),
    "from and to the system's": _seen(b"$SYS.some", b"some.sys"),
    "from what is reserved": _seen(b"$NRG.a", b"_GR_.x", b"$NRG.b"),
    "to what is reserved": _seen(b"raft", b"reply"),
    "a subject longer than a control line": _seen(b"long"),
    "many, one after another": _seen(*(b"foo.1", b"none", b"foo.1", b"b", b"foo.2") * 200),
    "ever new ones": _seen(*(b"foo.%d" % number for number in range(9000))),
}

_ASKED: dict[str, list[Step]] = {
    "nobody answers": _asked(b"a", b"foo.1", b"zzz"),
    "nobody answers what is dropped": _asked(b"gone", b"lost.1"),
    "nobody answers what is dropped for another cluster": _asked(b"away"),
    "nobody answers what is cut to nothing": _asked(b"split.-", b"split.--a", b"cut.-"),
    "nobody answers wildcards": _asked(b"foo.*", b"foo.>", b"tail.>", b"deep.*.>", b"none"),
    "nobody answers empty tokens": _asked(b"foo.", b"swap..1", b"tail..", b"part.", b"tail.a."),
    "dropped without a word": _asked(b"gone", no_responders=False),
    "dropped, verbose": _asked(b"gone", b"a", verbose=True),
    "dropped, pedantic": _asked(b"gone", b"lost.*", pedantic=True),
    "verbose": [connect(verbose=True), say(b"SUB > 1\r\n" + _publish(b"a", b"foo.1", b"zero"))],
    "pedantic": [
        connect(pedantic=True),
        say(b"SUB > 1\r\n" + _publish(b"foo.*", b"stars.*", b"a", b"worse.a", b"foo.a*b")),
    ],
    "pedantic and verbose": [
        connect(pedantic=True, verbose=True),
        say(b"SUB > 1\r\n" + _publish(b"foo.*", b"foo.1")),
    ],
}

_BETWEEN: dict[str, list[Step]] = {
    "subscribers of both subjects": [
        connect("b"),
        say(b"SUB a 1\r\n", "b"),
        connect("c"),
        say(b"SUB b 1\r\n", "c"),
        connect(),
        say(_publish(b"a", b"b")),
        say(b"", "b"),
        say(b"", "c"),
    ],
    "queue groups": [
        connect("b"),
        say(b"SUB bar.* g 1\r\n", "b"),
        connect("c"),
        say(b"SUB foo.* g 1\r\n", "c"),
        connect(),
        say(_publish(b"foo.1", b"foo.2")),
        say(b"", "b"),
        say(b"", "c"),
    ],
    "two queue groups": [
        connect("b"),
        say(b"SUB bar.1 g 1\r\n", "b"),
        connect("c"),
        say(b"SUB bar.* h 1\r\n", "c"),
        connect(),
        say(_publish(b"foo.1")),
        say(b"", "b"),
        say(b"", "c"),
    ],
    "a request": [
        connect("b"),
        say(b"SUB svc.v2 g 9\r\n", "b"),
        connect(),
        say(b"SUB _INBOX.1 1\r\n" + _publish(b"svc", reply=b"_INBOX.1")),
        say(b"PUB _INBOX.1 2\r\nyo\r\n", "b"),
        say(b""),
    ],
    "a reply is not mapped, an answer is": [
        connect("b"),
        say(b"SUB svc.v2 9\r\nSUB moved 8\r\n", "b"),
        connect(),
        say(_publish(b"svc", reply=b"_INBOX.moved")),
        say(b"", "b"),
        say(b"PUB _INBOX.moved 2\r\nyo\r\n", "b"),
    ],
    "echo off": [
        connect("b"),
        say(b"SUB b 5\r\n", "b"),
        connect(echo=False),
        say(b"SUB b 1\r\nSUB a 2\r\n" + _publish(b"a", reply=b"r")),
        say(b"", "b"),
    ],
    "headers": [
        connect(),
        say(b"SUB > 1\r\n" + _hpub(b"a") + _hpub(b"foo.1", b"re") + _hpub(b"b")),
    ],
    "headers stripped": [
        connect("b", headers=False, no_responders=False),
        say(b"SUB b 5\r\n", "b"),
        connect(),
        say(_hpub(b"a")),
        say(b"", "b"),
    ],
    "auto-unsubscribe": [
        connect(),
        say(b"SUB b 1\r\nUNSUB 1 2\r\n" + _publish(b"a", b"a", b"a")),
    ],
    "reserved reply": [connect(), say(b"SUB b 1\r\n" + _publish(b"a", reply=b"_R_.x"))],
    "too large a message": [connect(), say(b"SUB b 1\r\n"), last(b"PUB a 1048577\r\n")],
    "largest message": [
        connect(),
        say(b"SUB bar.1 1\r\nPUB foo.1 1048576\r\n" + bytes(1 << 20) + b"\r\n"),
    ],
    "without connect": [say(b"SUB > 1\r\n" + _publish(b"a", b"foo.1"))],
    "in pieces": [
        connect(),
        say(b"SUB > 1\r\n"),
        *(Step("a", bytes([byte])) for byte in _publish(b"foo.12", b"a", reply=b"re")),
        say(b""),
    ],
}

_RIGHTS: dict[str, list[Step]] = {
    "allowed there, and not allowed": [
        _login("allow"),
        say(b"SUB > 1\r\n" + _publish(b"open", b"closed.b", b"open.c", b"closed.e", b"other")),
    ],
    "denied there, and not denied": [
        _login("deny"),
        say(b"SUB > 1\r\n" + _publish(b"open", b"closed.b", b"open.c", b"closed.e", b"closed.x")),
    ],
    "permissions, verbose": [
        _login("deny", verbose=True),
        say(b"SUB > 1\r\n" + _publish(b"open", b"closed.b")),
    ],
    "dropped under permissions to publish": [
        _login("allow"),
        say(b"SUB _I 1\r\n" + _publish(b"gone", reply=b"_I")),
    ],
    "dropped under what is denied": [
        _login("deny"),
        say(b"SUB _I 1\r\n" + _publish(b"gone", reply=b"_I")),
    ],
    "not to be heard": [
        _login("hear"),
        say(b"SUB > 1\r\n" + _publish(b"open.c", b"open.d", b"closed.b")),
    ],
}

GROUPS: dict[str, dict[str, list[Step]]] = {
    _BASE: _SEEN | _ASKED | _BETWEEN,
    _PERMITTED: _RIGHTS,
    'mappings { ">": "all.>" }': {
        "everything": _seen(b"a", b"all.a", b"$SYS.x", b"_INBOX.1", b"a.*", b">", b"a..b"),
        "everything asked": _asked(b"a", b"a.b", b"a..b", b"."),
    },
    'maps { "*.*": "pair.$2.$1" }': {
        "the other name of the block": _seen(b"a.b", b"a", b"a.b.c", b"pair.1"),
    },
}

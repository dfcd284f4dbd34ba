"""Permissions of users: what may be published and subscribed to, and what is said (P044)."""

from tests.server.duel import Difference, Script, Step, connect, say

_USERS = """
authorization { timeout: 5, users: [
  { user: pub, password: p, permissions: {
      publish: { allow: ["ok.>", "both", "*.any"], deny: ["ok.no", "ok.bad.*", "ok.*.x"] },
      subscribe: ["sub.>", "ok.>", "both", "q", "one.*"] } }
  { user: sub, password: p, permissions: {
      subscribe: { allow: [">"], deny: ["secret.>", "x.*.y", "z", "one.*"] } } }
  { user: mute, password: p, permissions: { publish: { deny: ">" } } }
  { user: deaf, password: p, permissions: { subscribe: { deny: ">" } } }
  { user: denies, password: p, permissions: { publish: { deny: ["d.*", "e.>"] } } }
  { user: free, password: p }
] }
"""

_DEFAULTS = """
authorization { timeout: 5,
  default_permissions: { publish: "d.>", subscribe: ["d.>", "_INBOX.>"] }
  users: [ { user: default, password: p }
           { user: own, password: p, permissions: { publish: "o.>" } }
           { user: short, password: p, permissions: { pub: ["o.>", "p"], sub: "o.*" } }
           { user: open, password: p, permissions: { sub: { deny: "o.no" } } } ] }
"""

# What a user may subscribe to, and SUBs of all sorts; ``a.>`` within ``a.*`` is left out.
_GROUPS = {
    "a group": 'allow: ["g v1"]',
    "any group": 'allow: ["g"]',
    "plain and a group": 'allow: ["g", "g v1"]',
    "groups": 'allow: ["g v1", "g v2"]',
    "groups below": 'allow: ["g v1.>"]',
    "groups that end so": 'allow: ["g *.dev"]',
    "subjects with a wildcard": 'allow: ["g.* v1", "g.a v2"]',
    "but a group": 'deny: ["g v1"]',
    "but a group and plain": 'deny: ["g", "g v1"]',
    "a group of what is denied": 'allow: ["g v1"], deny: ["g"]',
    "all groups but one": 'allow: ["g"], deny: ["g v1"]',
    "named groups but one": 'allow: ["g >"], deny: ["g v1"]',
    "only in groups": 'allow: ["> *"]',
    "never in groups": 'deny: ["> *"]',
    "all but a group": 'allow: [">"], deny: ["g v1"]',
    "many blanks": 'allow: ["g  v1", "h\tv1 "]',
}
_GROUP_USERS = "\n".join(
    [
        "authorization { timeout: 5, users: [",
        *(
            f"{{ user: u{number}, password: p, permissions: {{ subscribe: {{ {rule} }} }} }}"
            for number, rule in enumerate(_GROUPS.values())
        ),
        "] }",
    ]
)
_IN_GROUPS = (
    *(b"g", b"g v1", b"g v2", b"g v1.a", b"g a.dev", b"g v1.>", b"g *", b"g.a", b"g.a v1"),
    *(b"g.a v2", b"g.*", b"g.* v1", b"g.* v2", b"h", b"h v1", b"> v1", b">"),
)


def _as(user: str, data: bytes, peer: str = "a", **options: object) -> list[Step]:
    return [connect(peer, user=user, **{"pass": "p", **options}), say(data, peer)]


def _pub(*subjects: bytes) -> bytes:
    return b"".join(b"PUB %s 1\r\nx\r\n" % subject for subject in subjects)


def _sub(*subjects: bytes) -> bytes:
    return b"".join(b"SUB %s %d\r\n" % (subject, sid) for sid, subject in enumerate(subjects))


SCRIPTS: dict[str, dict[str, Script]] = {
    _USERS: {
        "publish allowed": _as("pub", b"SUB ok.> 1\r\n" + _pub(b"ok.a", b"ok.a.b", b"both")),
        "publish not allowed": _as("pub", _pub(b"no", b"ok", b"bothx", b"BOTH", b"okk.a")),
        "publish allowed by a token": _as("pub", _pub(b"my.any", b"a.b.any", b"any", b".any")),
        "publish denied": _as(
            "pub", b"SUB ok.> 1\r\n" + _pub(b"ok.no", b"ok.bad.x", b"ok.bad", b"ok.a.x", b"ok.a.y")
        ),
        "publish denied, the same again": _as("pub", _pub(b"no", b"no", b"ok.a", b"no")),
        "publish denied, verbose": _as("pub", _pub(b"no", b"ok.a") + _sub(b"no"), verbose=True),
        "publish denied, pedantic": _as("pub", _pub(b"a.*", b"ok.*"), pedantic=True),
        "publish denied, both": _as("pub", _pub(b"a.*", b"ok"), pedantic=True, verbose=True),
        "publish wildcards": _as("pub", _pub(b"ok.*", b"ok.>", b"*", b">", b"*.any", b"ok.bad.*")),
        "publish empty tokens": _as("pub", _pub(b"ok.", b"ok..a", b".ok", b".")),
        "publish odd bytes": _as("pub", _pub(b"\xff", b"no'\"", b"n\\o", b"\x01", b"ok.\xff")),
        "publish denied, with a reply": _as("pub", b"PUB no ok.r 0\r\n\r\nPUB ok.a no 0\r\n\r\n"),
        "publish denied, large": _as("pub", b"PUB no 70000\r\n" + bytes(70_000) + b"\r\n"),
        "publish denied, headers": _as("pub", b"HPUB no 1 1\r\nx\r\nHPUB ok.a 1 1\r\nx\r\n"),
        "publish nothing": _as("mute", _sub(b"a", b">") + _pub(b"a", b"a.b", b"")[:-8]),
        "publish, deny only": _as("denies", _pub(b"d", b"d.a", b"d.a.b", b"e", b"e.a", b"f")),
        "publish reserved": _as("pub", _pub(b"_GR_.x", b"$GR.x") + b"PUB ok.a _R_.x 0\r\n\r\n"),
        "publish and nobody there": _as("pub", _sub(b"ok.r") + b"PUB ok.q ok.r 0\r\n\r\n"),
        "subscribe allowed": _as("pub", _sub(b"sub.a", b"sub.*", b"sub.>", b"q", b"q g", b"one.1")),
        "subscribe not allowed": _as(
            "pub", _sub(b"no", b">", b"sub", b"*", b"no g", b"*.a", b"sub.", b"one.1.2")
        ),
        "subscribe to more than one token allows": Difference(
            _as("pub", b"SUB one.> 1\r\n"),
            b"PONG\r\n-ERR 'Permissions Violation for Subscription to \"one.>\"'\r\nPONG\r\n",
            "there > is one token more, and lets the client hear what it may not",
        ),
        "subscribe to more than one token denies": Difference(
            _as("sub", _sub(b"one.>") + _pub(b"one.1", b"one.1.2")),
            b"PONG\r\nMSG one.1.2 0 1\r\nx\r\nPONG\r\n",
            "there > is one token more; here the messages that are denied are left out",
        ),
        "publish nothing, empty tokens": Difference(
            _as("mute", _pub(b"a..b", b".a")),
            b"PONG\r\n-ERR 'Permissions Violation for Publish to \"a..b\"'\r\n"
            b"-ERR 'Permissions Violation for Publish to \".a\"'\r\nPONG\r\n",
            "who may publish nothing may not publish that either",
        ),
        "subscribe nothing, empty tokens": _as("deaf", _sub(b"a..b", b".", b".a", b"a.")),
        "subscribe not allowed, verbose": _as("pub", _sub(b"no", b"q", b"no"), verbose=True),
        "subscribe not allowed, sid is free": _as("pub", b"SUB no 1\r\nSUB q 1\r\nUNSUB 1\r\n"),
        "subscribe not allowed, sid is taken": _as("pub", b"SUB q 1\r\nSUB no 1\r\n"),
        "subscribe denied": _as(
            "sub", _sub(b"secret.a", b"secret.>", b"secret.* g", b"x.1.y", b"x.*.y", b"z", b"z g")
        ),
        "subscribe around what is denied": _as("sub", _sub(b"secret", b"x.*", b"x.>", b"*.*.*")),
        "subscribe nothing": _as("deaf", _sub(b"a", b">", b"a g", b"_INBOX.x") + _pub(b"a")),
        "subscribe odd bytes": _as("pub", _sub(b"\xff", b"no'\"", b"n\\o \xfe", b"\x01")),
        "subscribe wrongly and not allowed": _as("pub", _sub(b"no..x", b"sub..x")),
        "subscribe reserved group": _as("pub", _sub(b"q _sys_", b"no _sys_")),
        "messages of denied subjects": [
            *_as("sub", _sub(b">")),
            *_as("free", _pub(b"secret.a", b"secret", b"x.1.y", b"x.1.z", b"z", b"zz"), "b"),
            say(b""),
        ],
        "messages of denied subjects, own": _as("sub", _sub(b"x.*.*") + _pub(b"x.1.y", b"x.1.z")),
        "messages of denied subjects, in a group": _as(
            "sub", _sub(b"x.*.* g") + _pub(b"x.1.y", b"x.1.z")
        ),
        "messages of denied subjects do not count": _as(
            "sub", b"SUB x.*.* 1\r\nUNSUB 1 1\r\n" + _pub(b"x.1.y", b"x.1.z", b"x.1.w")
        ),
        "other user with the same name of a subject": [
            *_as("free", _sub(b"no", b"secret.a")),
            *_as("pub", _pub(b"no", b"both"), "b"),
            say(b""),
        ],
    },
    _DEFAULTS: {
        "defaults": _as("default", _pub(b"d.a", b"o.a") + _sub(b"d.a", b"o.a", b"_INBOX.x", b">")),
        "own ones instead": _as("own", _pub(b"d.a", b"o.a") + _sub(b"d.a", b"o.a", b"_INBOX.x")),
        "short keys": _as("short", _pub(b"d.a", b"o.a", b"p") + _sub(b"d.a", b"o.a", b"p")),
        "short keys, deny": _as("open", _pub(b"d.a") + _sub(b"d.a", b"o.no", b"o.>")),
        "replies are not looked at": _as(
            "own", b"PUB o.a other 0\r\n\r\nPUB o.a d.* 0\r\n\r\nPUB o.a _INBOX.x 0\r\n\r\n"
        ),
    },
    _GROUP_USERS: {
        **{
            f"groups: {name}": _as(f"u{number}", _sub(*_IN_GROUPS))
            for number, name in enumerate(_GROUPS)
        },
        "groups: messages": _as("u6", b"SUB g.* v1 1\r\n" + _pub(b"g.a", b"g.b", b"g")),
    },
}

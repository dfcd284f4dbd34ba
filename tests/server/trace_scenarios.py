"""What is traced: plays by configuration and name."""

from typing import Any

from tests.server.trace_plays import DESTINATION, ONLY, PARENT, Peer, Play, hpub, published

_HEAR = {"a": Peer(["foo", "foo q", "*"])}


def _only(value: str) -> bytes:
    return hpub("foo", DESTINATION, f"Nats-Trace-Only: {value}")


def _block(block: bytes) -> Play:
    return Play(published("foo", block), {"a": Peer(["foo"])})


def _to(destination: str) -> Play:
    return Play(hpub("foo", f"Nats-Trace-Dest: {destination}"), {"a": Peer(["foo"])})


def _accept(*values: str) -> Play:
    return Play(hpub("foo", DESTINATION, *(f"Accept-Encoding: {value}" for value in values)))


_PLAIN: dict[str, Play] = {
    "subscribers": Play(hpub("foo", DESTINATION, "A: b", "a:  c", "A: d"), _HEAR),
    "several clients": Play(
        hpub("foo", DESTINATION), {"a": Peer(["foo", ">"]), "b": Peer(["foo h", "> i", "f*"])}
    ),
    "nobody": Play(hpub("foo", DESTINATION)),
    "nobody answers": Play(hpub("foo", DESTINATION, reply="_I"), publisher=Peer(["_I"])),
    "nobody answers what is only traced": Play(
        hpub("foo", DESTINATION, ONLY, reply="_I"), publisher=Peer(["_I"])
    ),
    "somebody might have answered": Play(
        hpub("foo", DESTINATION, ONLY, reply="_I"), {"a": Peer(["foo"])}, Peer(["_I"])
    ),
    "a request": Play(hpub("foo", DESTINATION, reply="_I"), {"a": Peer(["foo", "foo q"])}),
    "only traced": Play(hpub("foo", DESTINATION, ONLY), _HEAR),
    "only traced, or not": Play(
        b"".join(
            _only(value)
            for value in ("1", "on", "TRUE", "On", "\t true ", "yes", "", "0", "false", "2")
        ),
        _HEAR,
    ),
    "only traced, said twice": Play(
        hpub("foo", DESTINATION, "Nats-Trace-Only: 0", ONLY)
        + hpub("foo", DESTINATION, "Nats-Trace-Only: ", ONLY),
        _HEAR,
    ),
    "no echo": Play(hpub("foo", DESTINATION), _HEAR, Peer(["foo", "foo q2"], {"echo": False})),
    "no echo, only traced": Play(
        hpub("foo", DESTINATION, ONLY), _HEAR, Peer(["foo", "foo q2"], {"echo": False})
    ),
    "a queue group in which only one hears it": Play(
        hpub("foo", DESTINATION) * 3, {"a": Peer(["foo q"])}, Peer(["bar q"], {"echo": False})
    ),
    "echo": Play(hpub("foo", DESTINATION), publisher=Peer(["foo"])),
    "verbose": Play(
        hpub("foo", DESTINATION, reply="r") + hpub("bar", DESTINATION, ONLY),
        _HEAR,
        Peer(connect={"verbose": True}),
    ),
    "pedantic": Play(
        hpub("foo.*", DESTINATION) + hpub("foo", DESTINATION),
        _HEAR,
        Peer(connect={"pedantic": True}),
    ),
    "subjects that are none": Play(hpub("foo.*", DESTINATION) + hpub("foo..a", DESTINATION)),
    "clients without headers": Play(
        hpub("foo", DESTINATION, "Accept-Encoding: gzip"),
        {"a": Peer(["foo", "tr.x"], {"headers": False})},
    ),
    "the last of an auto-unsubscribe": Play(
        b"SUB foo 7\r\nUNSUB 7 1\r\n" + hpub("foo", DESTINATION) * 2, publisher=Peer()
    ),
    "the trace goes where the message went": Play(
        hpub("foo", "Nats-Trace-Dest: foo"), {"a": Peer(["foo", ">"])}
    ),
    "reserved subjects": Play(
        hpub("$NRG.x", DESTINATION)
        + hpub("foo", DESTINATION, reply="_R_.x")
        + hpub("_R_.x", DESTINATION, reply="x")
        + hpub("$GR.x", DESTINATION, ONLY)
        + hpub("foo", DESTINATION, reply="$JS.ACK.a.b")
    ),
    "another name of the program": Play(hpub("foo", DESTINATION), {"": Peer(["foo"])}),
}

_DESTINATIONS: dict[str, Play] = {
    f"destination {destination!r}": _to(destination)
    for destination in (
        "tr.*",
        "tr.>",
        "",
        "tr..x",
        ".tr",
        "tr.",
        "tr.x y",
        " tr.x ",
        "tr.x\t",
        "tr.a*",
        "trace disabled",
        "$NRG.tr",
        "_GR_.x",
        "_R_.x",
        "$SYS.tr",
    )
} | {
    "disabled before": Play(
        hpub("foo", "Nats-Trace-Dest: trace disabled", ONLY)
        + hpub("foo", "Nats-Trace-Dest: trace disabled", PARENT, "Nats-Trace-Origin-Account: X")
        + hpub("foo", "Nats-Trace-Dest: trace disabled.x", ONLY),
        _HEAR,
    ),
    "only traced, without a place for it": Play(
        hpub("foo", "Nats-Trace-Dest: tr.*", ONLY, reply="_I")
        + hpub("foo", DESTINATION, "Nats-Trace-Origin-Account: X", ONLY, reply="_I")
        + hpub("nobody", "Nats-Trace-Dest: tr.*", ONLY, reply="_I"),
        _HEAR,
        Peer(["_I"], {"verbose": True}),
    ),
    "small letters": Play(hpub("foo", "nats-trace-dest: tr.x"), _HEAR),
    "no blank": Play(hpub("foo", "Nats-Trace-Dest:tr.x"), _HEAR),
    "two destinations": Play(hpub("foo", DESTINATION, "Nats-Trace-Dest: tr.y"), _HEAR),
    "first an empty one": Play(hpub("foo", "Nats-Trace-Dest: ", DESTINATION), _HEAR),
    "in a value": Play(hpub("foo", f"X: {DESTINATION}"), _HEAR),
    "hops that a client claims": Play(hpub("foo", DESTINATION, "Nats-Trace-Hop: 3"), _HEAR),
    "an origin that a client claims": Play(
        hpub("foo", DESTINATION, "A: b", "Nats-Trace-Origin-Account: $G")
        + hpub("foo", "Nats-Trace-Dest: tr.*", "Nats-Trace-Origin-Account: X")
        + hpub("foo", "Nats-Trace-Origin-Account: X", "A: b")
        + hpub("foo", "Nats-Trace-Origin-Account: ", DESTINATION)
        + hpub("foo", PARENT, "Nats-Trace-Origin-Account: X")
        + hpub("foo", PARENT.replace("-01", "-00"), "Nats-Trace-Origin-Account: X"),
        _HEAR,
    ),
    "traceparent without an account that asks for it": Play(hpub("foo", PARENT, ONLY), _HEAR),
}

_DEST = DESTINATION.encode()
_BLOCKS: dict[str, Play] = {
    f"block {block!r}": _block(block)
    for block in (
        b"NATS/1.0\r\n" + _DEST,
        b"NATS/1.0\r\n" + _DEST + b"\r\n",
        b"NATS/1.0\r\n\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\nA: b\r\n\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0 503 hi\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\n" + _DEST + b"\n\n",
        b"NATS/1.0\r\n" + _DEST + b"\n\r\n",
        b"NATS/1.0\r\nfoo\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\n" + _DEST + b"\r\nfoo\r\n\r\n",
        b"NATS/1.0\r\n" + _DEST + b"\r\n\r\nfoo",
        b"NATS/1.0\r\n" + _DEST + b"\r\nfoo: bar",
        b"NATS/1.0\r\n: x\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\na:\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\n b: c\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\n " + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\na:b: c\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\na: \xc3\xa9<&>\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\na:b\nc:d\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\na :b\r\n" + _DEST + b"\r\n\r\n",
        b"NATS/1.0\r\na: \tb\t \r\n" + _DEST + b"\r\n\r\n",
        b"nats/1.0\r\n" + _DEST + b"\r\n\r\n",
        b"XXXX\r\n" + _DEST + b"\r\n\r\n",
    )
}

_ENCODINGS: dict[str, Play] = {
    f"accepts {values}": _accept(*values)
    for values in (
        ("gzip",),
        ("GZIP",),
        ("snappy",),
        ("s2",),
        ("gzip, S2",),
        ("s2,gzip",),
        ("br, gzip;q=0.5",),
        ("identity",),
        ("zstd",),
        ("",),
        ("br", "gzip"),
        ("gzip", "br"),
    )
} | {"accepts, in small letters": Play(hpub("foo", DESTINATION, "accept-encoding: gzip"))}

_SERVICES: dict[str, Play] = {
    "asking the server": Play(
        hpub("$SYS.REQ.USER.INFO", DESTINATION, ONLY, reply="_I")
        + hpub("$SYS.REQ.ACCOUNT.PING.CONNZ", DESTINATION, ONLY, reply="_I")
        + hpub("$SYS.REQ.ACCOUNT.PING.STATZ", DESTINATION, ONLY, reply="_I")
        + hpub("$SYS.REQ.SERVER.PING.CONNZ", DESTINATION, ONLY, reply="_I"),
        publisher=Peer(["_I"]),
    ),
}

_MAPPED: dict[str, Play] = {
    "mapped": Play(hpub("m", DESTINATION), {"a": Peer(["m", "mapped"])}),
    "mapped, only traced": Play(hpub("m", DESTINATION, ONLY), {"a": Peer(["m", "mapped"])}),
    "mapped by a wildcard": Play(hpub("w.5", DESTINATION), {"a": Peer([">"])}),
    "mapped to nowhere": Play(hpub("gone", DESTINATION, reply="_I"), publisher=Peer(["_I"])),
    "the destination is not mapped": Play(
        hpub("foo", "Nats-Trace-Dest: m"), {"a": Peer(["m", "mapped"])}
    ),
    "disabled, and mapped": Play(
        hpub("m", DESTINATION, "Nats-Trace-Origin-Account: X") + hpub("foo", "A: b"),
        {"a": Peer([">"])},
    ),
}

_MAPPINGS = """
mappings {
  m: mapped, "w.*": "z.$1"
  gone: [ { destination: gone, weight: 0 } ]
}
"""

RIGHTS = """
mappings { den: denied, ok2: ok }
authorization {
  users: [
    { user: a, password: p }
    { user: r, password: p, permissions: {
        publish: { allow: ["foo", "foo.>", "tr.ok", "den", "ok2"] }
        subscribe: { allow: [">"], deny: ["foo.denied", "tr.no"] } } }
  ]
}
"""


def _user(name: str, *subscriptions: str, **connect: Any) -> Peer:
    return Peer(subscriptions, {"user": name, "pass": "p", **connect})


_OK = "Nats-Trace-Dest: tr.ok"
WATCHER = _user("a", "tr.>")
_LISTENER = {"watcher": WATCHER, "b": _user("a", ">")}
_RIGHTS: dict[str, Play] = {
    "may not be heard": Play(
        hpub("foo.denied", DESTINATION) + hpub("foo.ok", DESTINATION),
        {"r": _user("r", "foo.*", "foo.* q")},
        _user("a"),
    ),
    "a group whose members may not hear it": Play(
        hpub("foo.denied", DESTINATION) + hpub("foo.denied", DESTINATION, ONLY),
        {"r": _user("r", "foo.* q", "foo.> q"), "b": _user("a", "foo.* h")},
        _user("a"),
    ),
    "a trace that may not be heard": Play(
        hpub("foo", "Nats-Trace-Dest: tr.no"), {"r": _user("r", "tr.*", "foo")}, _user("a")
    ),
    "may not trace": Play(
        hpub("foo", DESTINATION) + hpub("foo", DESTINATION, ONLY), _LISTENER, _user("r")
    ),
    "may not trace, verbose": Play(hpub("foo", DESTINATION), _LISTENER, _user("r", verbose=True)),
    "may neither trace nor publish": Play(hpub("bar", DESTINATION), _LISTENER, _user("r")),
    "may trace, may not publish": Play(
        hpub("bar", _OK) + hpub("bar", _OK, ONLY), _LISTENER, _user("r")
    ),
    "may not publish, verbose": Play(hpub("bar", _OK), _LISTENER, _user("r", verbose=True)),
    "may trace and publish": Play(hpub("foo", _OK), _LISTENER, _user("r")),
    "may not trace, but it is no destination": Play(
        hpub("foo", "Nats-Trace-Dest: tr.*"), _LISTENER, _user("r")
    ),
    "may not trace, and claims an origin": Play(
        hpub("foo", DESTINATION, "Nats-Trace-Origin-Account: X"), _LISTENER, _user("r")
    ),
    "mapped to what is denied": Play(hpub("den", _OK) + hpub("ok2", _OK), _LISTENER, _user("r")),
    "may not trace, and asks": Play(
        hpub("foo", DESTINATION, reply="_I"), _LISTENER, _user("r", "_I")
    ),
}

_ACCOUNTS_CONFIG = """
accounts {
  A: { msg_trace: tr.acc, users: [
    { user: a, password: p }
    { user: r, password: p, permissions: { publish: { deny: "tr.>" } } }
  ] }
  B: { users: [ { user: b, password: p } ] }
}
"""


def _parent(*fields: str) -> Play:
    return Play(hpub("foo", *fields), {"watcher": _user("a", "tr.>"), "l": _user("a", "foo")}, _A)


_A = _user("a")
_ACCOUNTS: dict[str, Play] = {
    f"{name}: {context}": _parent(f"{name}: {context}", "A: b")
    for name, context in (
        *(
            (name, "a-b-c-01")
            for name in ("traceparent", "Traceparent", "TRACEPARENT", "tRAcepArent")
        ),
        *(
            ("traceparent", f"a-b-c-{flags}")
            for flags in ("00", "03", "09", "10", "11", "1a", "b1")
        ),
        *(
            ("traceparent", f"a-b-c-{flags}")
            for flags in ("+1", " 1", "1", "001", "zz", "FF", "1_")
        ),
        *(("traceparent", text) for text in ("01", "a-b-01", "a-b-c-d-01", "---01", "a-b-c-01 ")),
        ("traceparent ", "a-b-c-01"),
        (" traceparent", "a-b-c-01"),
        ("X: traceparent", "a-b-c-01"),
        ("traceparents", "a-b-c-01"),
    )
} | {
    "sampled": _parent(PARENT, "a: b"),
    "sampled, to be only traced": _parent(PARENT, ONLY),
    "sampled, with a destination": _parent(PARENT, DESTINATION, ONLY),
    "sampled, with an empty destination": _parent("Nats-Trace-Dest: ", PARENT),
    "sampled, with what is no destination": _parent(PARENT, "Nats-Trace-Dest: tr.*"),
    "one of two sampled": _parent("traceparent: a-b-c-00", PARENT),
    "the other of two sampled": _parent(PARENT, "traceparent: a-b-c-00"),
    "one of two spellings sampled": _parent("traceparent: a-b-c-00", "Traceparent: a-b-c-01"),
    "sampled, with an encoding": _parent(PARENT, "Accept-Encoding: gzip"),
    "sampled, of a user who may not trace": Play(
        hpub("foo", PARENT) + hpub("foo", PARENT.replace("-01", "-00")),
        {"watcher": _user("a", "tr.>"), "l": _user("a", "foo")},
        _user("r"),
    ),
    "sampled, in an account that does not ask": Play(
        hpub("foo", PARENT) + hpub("foo", DESTINATION), {"l": _user("b", "foo")}, _user("b")
    ),
}

_SHARING = """
accounts {
  A { users: [ { user: a, password: p } ]
      exports: [ { stream: "s.>" }, { stream: "t.>" }, { service: svc }
                 { service: open, allow_trace: true }, { service: "sys.>" } ] }
  B { users: [ { user: b, password: p } ]
      imports: [ { stream: { account: A, subject: "s.>" }, prefix: p }
                 { stream: { account: A, subject: "t.>" }, prefix: p, allow_trace: true }
                 { service: { account: A, subject: svc }, to: my }
                 { service: { account: A, subject: open } } ] }
}
"""
_A = {"user": "a", "pass": "p"}
_B = {"user": "b", "pass": "p"}


def _from_a(subject: str, *fields: str) -> Play:
    """A message of A, which B listens to."""
    return Play(
        hpub(subject, DESTINATION, *fields),
        {
            "watcher": Peer(["tr.x"], _A),
            "b": Peer(["p.>", "p.> q", "tr.x"], _B),
            "a": Peer([">"], _A),
        },
        Peer([], _A),
    )


def _from_b(subject: str, *fields: str, reply: str = "") -> Play:
    """A message of B to a service of A."""
    return Play(
        hpub(subject, DESTINATION, *fields, reply=reply),
        {
            "watcher": Peer(["tr.x"], _B),
            "a": Peer([subject, "svc", "tr.x"], {**_A, "headers": False}),
        },
        Peer([], _B),
    )


_BETWEEN_ACCOUNTS: dict[str, Play] = {
    "an imported stream": _from_a("s.1"),
    "an imported stream, only traced": _from_a("s.1", ONLY),
    "an imported stream that may be followed": _from_a("t.1"),
    "an imported stream that may be followed, only traced": _from_a("t.1", ONLY),
    "a service of another account": _from_b("my"),
    "a service of another account, only traced": _from_b("my", ONLY),
    "a service that may be followed": _from_b("open"),
    "a service that may be followed, only traced": _from_b("open", ONLY),
}

GROUPS: dict[str, dict[str, Play]] = {
    "": _PLAIN | _DESTINATIONS | _BLOCKS | _ENCODINGS | _SERVICES,
    _MAPPINGS: _MAPPED,
    RIGHTS: _RIGHTS,
    _ACCOUNTS_CONFIG: _ACCOUNTS,
    _SHARING: _BETWEEN_ACCOUNTS,
}

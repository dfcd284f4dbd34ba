"""What clients say to a server without any special configuration, by name."""

from tests.server.duel import Step, connect, hear, last, say

_HEADERS = b"NATS/1.0\r\nA: 1\r\n\r\n"
_HPUB = b"HPUB h %d %d\r\n%s%s\r\n"


def _hpub(subject: bytes, block: bytes, payload: bytes, reply: bytes = b"") -> bytes:
    sizes = b"%d %d" % (len(block), len(block) + len(payload))
    return (
        b" ".join(filter(None, (b"HPUB", subject, reply, sizes)))
        + b"\r\n"
        + block
        + payload
        + b"\r\n"
    )


SCENARIOS: dict[str, list[Step]] = {
    "ping before connect": [say(b"")],
    "greeting after first ping": [
        Step("a", b'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n', b'"remote_account"'),
        hear(b"\r\n"),
        say(b""),
    ],
    "no greeting for protocol 0": [connect(protocol=0), say(b"")],
    "empty connect is verbose": [say(b"CONNECT {}\r\nSUB v 1\r\nPUB v 1\r\nx\r\nUNSUB 1\r\n")],
    "verbose": [
        say(b'CONNECT {"verbose":true,"pedantic":false}\r\n'),
        say(b"SUB v 1\r\nPUB v 2\r\nhi\r\nPUB nobody 0\r\n\r\nUNSUB 1\r\nUNSUB 99\r\n"),
    ],
    "verbose bad subject": [connect(verbose=True), say(b"SUB a..b 1\r\n"), say(b"SUB ok 2\r\n")],
    "pedantic": [
        connect(pedantic=True),
        say(
            b"SUB a.* 1\r\nPUB a.* 1\r\nx\r\nPUB a. 1\r\ny\r\nPUB .a 1\r\ny\r\nPUB a..b 1\r\nz\r\n"
        ),
    ],
    "pedantic and verbose": [
        connect(pedantic=True, verbose=True),
        say(b"PUB a.* 1\r\nx\r\nSUB a..b 1\r\n"),
    ],
    "not pedantic": [connect(), say(b"SUB a.* 1\r\nPUB a.* 1\r\nx\r\nPUB a. 1\r\ny\r\n")],
    "duplicate sid keeps the first": [
        connect(),
        say(b"SUB one 1\r\nSUB two 1\r\nPUB one 1\r\na\r\nPUB two 1\r\nb\r\n"),
    ],
    "wildcards": [
        # One connection for each: the order among subscriptions of one is not promised.
        *(
            step
            for peer, subject in enumerate((b"a.*.c", b"a.>", b">", b"a.b.c", b"*.b.*", b"*"))
            for step in (connect(str(peer)), say(b"SUB " + subject + b" 1\r\n", str(peer)))
        ),
        connect(),
        say(b"PUB a.b.c 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a.b 1\r\n3\r\nPUB a.x.c.d 1\r\n4\r\n"),
        *(say(b"", str(peer)) for peer in range(6)),
    ],
    "wildcards inside tokens are literal": [
        connect(),
        say(
            b"SUB foo* 1\r\nSUB a.b> 2\r\n"
            b"PUB foo* 1\r\nx\r\nPUB foobar 1\r\ny\r\nPUB a.b> 1\r\nz\r\n"
        ),
    ],
    "reply": [connect(), say(b"SUB r 1\r\nPUB r inbox.1 2\r\nhi\r\nPUB r 0\r\n\r\n")],
    "invalid subjects": [
        connect(),
        *(
            say(b"SUB " + subject + b" 1\r\n")
            for subject in (
                b".",
                b".a",
                b"a.",
                b"a..b",
                b">.a",
                b"a.>.b",
                b"*.>",
                b"a.*b",
                b"\x00\xff",
            )
        ),
    ],
    "sub argument counts": [connect(), last(b"SUB a\r\n")],
    "sub too many arguments": [connect(), last(b"SUB a b c d\r\n")],
    "sub without arguments": [connect(), last(b"SUB\r\n")],
    "unsub without arguments": [connect(), last(b"UNSUB\r\n")],
    "unsub too many arguments": [connect(), last(b"UNSUB 1 2 3\r\n")],
    "unsub not a number": [connect(), say(b"SUB u 1\r\nUNSUB 1 x\r\nPUB u 1\r\na\r\n")],
    "unsub negative": [connect(), say(b"SUB u 1\r\nUNSUB 1 -1\r\nPUB u 1\r\na\r\n")],
    "unsub unknown": [connect(), say(b"UNSUB 77\r\n")],
    "unsub max": [
        connect(),
        say(
            b"SUB u 1\r\nPUB u 1\r\n1\r\nPUB u 1\r\n2\r\n"
            b"UNSUB 1 3\r\nPUB u 1\r\n3\r\nPUB u 1\r\n4\r\n"
        ),
    ],
    "unsub max reached already": [
        connect(),
        say(b"SUB u 1\r\nPUB u 1\r\n1\r\nPUB u 1\r\n2\r\nUNSUB 1 2\r\nPUB u 1\r\n3\r\n"),
    ],
    "unsub max then none": [
        connect(),
        say(b"SUB u 1\r\nUNSUB 1 5\r\nPUB u 1\r\n1\r\nUNSUB 1\r\nPUB u 1\r\n2\r\n"),
    ],
    "unsub max zero": [connect(), say(b"SUB u 1\r\nUNSUB 1 0\r\nPUB u 1\r\n1\r\n")],
    "sid used again": [
        connect(),
        say(b"SUB u 1\r\nUNSUB 1 1\r\nPUB u 1\r\n1\r\nSUB u 1\r\nPUB u 1\r\n2\r\n"),
    ],
    "lower case and blanks": [
        connect(),
        say(
            b"sub   lc \t 1\r\npub\tlc\t 2 \r\nhi\r\nPub  lc  re  2\r\nho\r\nunsub  1 \r\nping\r\n"
        ),
    ],
    "lone line feeds": [
        connect(),
        say(b"SUB lf 1\nPUB lf 2\nhi\r\n"),
        Step("a", b"PING\n", b"PONG"),
    ],
    "empty line": [connect(), last(b"\r\n")],
    "unknown operation": [connect(), last(b"FOO bar\r\n")],
    "unknown operation at once": [last(b"GET / HTTP/1.1\r\n\r\n")],
    "half known verb": [connect(), last(b"PUX a 1\r\n")],
    "message verb of servers": [connect(), last(b"MSG a 1 1\r\nx\r\n")],
    "route verb": [connect(), last(b"RMSG a b 1\r\nx\r\n")],
    "leaf verb": [connect(), last(b"LMSG a 1\r\nx\r\n")],
    "account verb": [connect(), last(b"A+ x\r\n")],
    "info from a client": [connect(), say(b"INFO {}\r\n")],
    "ok from a client": [connect(), say(b"+OK\r\n")],
    "err from a client": [connect(), last(b"-ERR 'x'\r\n")],
    "pong unasked": [connect(), say(b"PONG\r\n")],
    "ping with arguments": [connect(), say(b"PING hello\r\n")],
    "pub without arguments": [connect(), last(b"PUB\r\n")],
    "pub with a blank only": [connect(), last(b"PUB \r\n")],
    "pub one argument": [connect(), last(b"PUB a\r\n")],
    "pub four arguments": [connect(), last(b"PUB a b c 1\r\nx\r\n")],
    "pub bad size": [connect(), last(b"PUB a x\r\n")],
    "pub negative size": [connect(), last(b"PUB a -1\r\n")],
    "pub huge size": [connect(), last(b"PUB a 99999999999999999999\r\n")],
    "pub size too small": [connect(), last(b"PUB a 1\r\nxyz\r\n")],
    "pub size one too small": [connect(), last(b"PUB a 2\r\nxyz\r\nPING\r\n")],
    "payload ends with a line feed only": [connect(), last(b"PUB a 2\r\nhi\nPING\r\n")],
    "max payload": [connect(), last(b"PUB a 1048577\r\n")],
    "max payload reached": [
        connect(),
        say(b"SUB m 1\r\nPUB m 1048576\r\n" + bytes(1 << 20) + b"\r\n"),
    ],
    "control line too long": [connect(), last(b"SUB " + b"a" * 5000 + b" 1\r\n")],
    "control line too long without an end": [connect(), last(b"PUB " + b"a" * 9000)],
    "control line as long as allowed": [connect(), say(b"SUB " + b"a" * 4000 + b" 1\r\n")],
    "queue group of one": [connect(), say(b"SUB q g 1\r\nPUB q 1\r\nx\r\n")],
    "queue group and plain": [
        connect("b"),
        say(b"SUB q 1\r\n", "b"),
        connect(),
        say(b"SUB q g 2\r\nPUB q 1\r\nx\r\n"),
        say(b"", "b"),
    ],
    "two queue groups": [
        connect("b"),
        say(b"SUB q g 1\r\n", "b"),
        connect(),
        say(b"SUB q h 2\r\nPUB q 1\r\nx\r\n"),
        say(b"", "b"),
    ],
    "no responders": [connect(), say(b"SUB inbox 1\r\nPUB nobody.here inbox 2\r\nhi\r\n")],
    "no responders with wildcard inbox": [
        connect(),
        say(b"SUB inbox.* 1\r\nPUB nobody inbox.7 0\r\n\r\n"),
    ],
    "no responders without a listener": [connect(), say(b"PUB nobody inbox.7 0\r\n\r\n")],
    "no responders goes to the asker only": [
        connect("b"),
        say(b"SUB inbox.> 9\r\n", "b"),
        connect(),
        say(b"SUB inbox.* 1\r\nPUB nobody inbox.7 0\r\n\r\n"),
        say(b"", "b"),
    ],
    "no responders ends an auto-unsubscribe": [
        connect(),
        say(b"SUB inbox 1\r\nUNSUB 1 1\r\nPUB nobody inbox 0\r\n\r\nPUB inbox 1\r\nx\r\n"),
    ],
    "no responders in a group": [
        connect(),
        say(b"SUB inbox.1 g 1\r\nSUB inbox.* h 2\r\nPUB nobody inbox.1 0\r\n\r\n"),
    ],
    "no responders in a group and beside it": [
        connect(),
        say(b"SUB inbox g 1\r\nSUB inbox 2\r\nPUB nobody inbox 0\r\n\r\n"),
    ],
    "no responders not asked for": [
        connect(no_responders=False),
        say(b"SUB inbox 1\r\nPUB nobody inbox 2\r\nhi\r\n"),
    ],
    "no responders needs headers": [
        last(b'CONNECT {"verbose":false,"no_responders":true,"headers":false}\r\n')
    ],
    "responder in a queue group": [
        connect("b"),
        say(b"SUB svc g 9\r\n", "b"),
        connect(),
        say(b"SUB inbox 1\r\nPUB svc inbox 2\r\nhi\r\n"),
        say(b"PUB inbox 2\r\nyo\r\n", "b"),
        say(b""),
    ],
    "only the asker is interested, without echo": [
        connect(echo=False),
        say(b"SUB svc 1\r\nSUB inbox 2\r\nPUB svc inbox 2\r\nhi\r\n"),
    ],
    "echo off": [
        connect("b"),
        say(b"SUB e 5\r\n", "b"),
        connect(echo=False),
        say(b"SUB e 1\r\nSUB e g 2\r\nPUB e 1\r\nx\r\n"),
        say(b"", "b"),
    ],
    "headers": [connect(), say(b"SUB h 1\r\n" + _hpub(b"h", _HEADERS, b"body"))],
    "headers with reply": [connect(), say(b"SUB h 1\r\n" + _hpub(b"h", _HEADERS, b"body", b"re"))],
    "headers without payload": [connect(), say(b"SUB h 1\r\n" + _hpub(b"h", _HEADERS, b""))],
    "headers pass untouched": [
        connect(),
        say(b"SUB h 1\r\n" + _hpub(b"h", b"NATS/9 odd\r\naB :  x \r\naB: y\r\n\r\n", b"p")),
    ],
    "headers stripped": [
        connect("b", headers=False, no_responders=False),
        say(b"SUB h 5\r\n", "b"),
        connect(),
        say(b"SUB h 1\r\n" + _hpub(b"h", _HEADERS, b"body")),
        say(b"", "b"),
    ],
    "headers not agreed on": [
        connect(headers=False, no_responders=False),
        last(_hpub(b"h", _HEADERS, b"body")),
    ],
    "headers larger than the message": [connect(), last(b"HPUB h 10 5\r\nhello\r\n")],
    "headers with one size": [connect(), last(b"HPUB h 5\r\nhello\r\n")],
    "headers of bad size": [connect(), last(b"HPUB h x 5\r\nhello\r\n")],
    "headers too many arguments": [connect(), last(b"HPUB h r x 1 5\r\nhello\r\n")],
    "headers of size zero": [connect(), say(b"SUB h 1\r\nHPUB h 0 5\r\nhello\r\n")],
    "headers too large": [connect(), last(b"HPUB h 4 1048577\r\n")],
    "bad json": [last(b"CONNECT {bad\r\n")],
    "connect without arguments": [last(b"CONNECT\r\n")],
    "connect with another type": [last(b'CONNECT {"verbose":"yes"}\r\n')],
    "connect with unknown keys": [connect(something=[1, {"a": None}], tls_required=False)],
    "connect twice": [connect(), connect(verbose=True), say(b"SUB c 1\r\n")],
    "protocol 2": [last(b'CONNECT {"verbose":false,"protocol":2}\r\n')],
    "protocol negative": [last(b'CONNECT {"verbose":false,"protocol":-1}\r\n')],
    "account asked for": [last(b'CONNECT {"verbose":false,"account":"x"}\r\n')],
    "new account asked for": [
        last(b'CONNECT {"verbose":false,"account":"x","new_account":true}\r\n')
    ],
    "publish without connect": [say(b"SUB w 1\r\nPUB w 1\r\nx\r\n")],
    "reserved queue": [connect(), say(b"SUB a _sys_ 1\r\nPUB a 1\r\nx\r\n")],
    "reserved publish": [
        connect(),
        say(b"PUB $GR.x 1\r\nx\r\nPUB _GR_.x 1\r\nx\r\nPUB $NRG.x 1\r\nx\r\n"),
    ],
    "reserved replies": [
        connect(),
        say(b"SUB t 1\r\nPUB t _R_.abc 1\r\nx\r\nPUB t $JS.ACK.a.b.1 1\r\nx\r\n"),
        say(b"PUB t _GR_.abc 1\r\nx\r\nPUB t $GR.a 1\r\nx\r\nPUB t $NRG.a 1\r\nx\r\n"),
        say(b"PUB t _R_ 1\r\nx\r\nPUB t _INBOX.1 1\r\nx\r\nPUB t $JS.API 1\r\nx\r\n"),
    ],
    "reserved, verbose": [
        connect(verbose=True),
        say(b"SUB a _sys_ 1\r\nPUB _GR_.x 1\r\nx\r\nPUB t _R_.abc 1\r\nx\r\n"),
    ],
    "reply with wildcards": [
        connect(),
        say(b"SUB t 1\r\nPUB t a.* 1\r\nx\r\nPUB t a..b 1\r\nx\r\n"),
    ],
    "many at once": [
        connect(),
        say(b"SUB m 1\r\n" + b"".join(b"PUB m 3\r\n%03d\r\n" % number for number in range(1000))),
    ],
}

# Bytes that are split at every place: the same answer whatever the pieces.
SPLIT = (
    b'CONNECT {"verbose":true,"headers":true}\r\nSUB s.* g 1\r\nPUB s.1 re 5\r\nhello\r\n'
    + _hpub(b"s.2", _HEADERS, b"body")
    + b"UNSUB 1 9\r\n"
)

"""Clients: whole sessions on a node without sockets, under several configurations."""

import re
from collections.abc import Callable
from random import Random

from headwater.base.clock import ManualClock
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.client_session import ClientSession
from headwater.broker.node import Node
from headwater.config.load import from_text
from headwater.server.build import build_node
from tests.broker.fakes import FakeLink
from tests.fuzz import cuts
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require
from tests.fuzz.targets.protocol_words import (
    LINE_ENDS,
    QUEUES,
    SIDS,
    SUBJECTS,
    body,
    cased,
    join,
)

# Each is a configuration; the first byte of an input says which.
PROFILES = (
    "",
    "max_control_line: 64, max_payload: 32, max_subscriptions: 3, max_subscription_tokens: 3",
    'authorization { users: [ { user: u, password: p, permissions: { publish: { allow: ["ok.>", '
    '"a", "a.*", "_INBOX.>"], deny: "ok.no" }, subscribe: { allow: [">"], deny: ["secret", '
    '"a.b"] } } } ] }',
    'mappings { a: b.x, "m.*": "a.$1", "m.*.*": "m.$2.$1", w: [{ destination: x, weight: 50 }] }',
    "no_header_support: true, max_subscription_tokens: 4",
    "max_control_line: 200, trace: true",
)
_TRACED = 5
_CONNECTS = (
    b'{"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"user":"u","pass":"p"}',
    b'{"verbose":true,"pedantic":true,"echo":false,"protocol":1,"user":"u","pass":"p"}',
    b'{"verbose":false,"headers":true,"protocol":1,"user":"u","pass":"p","lang":"go","name":"n"}',
    b"{}",
    b'{"verbose":false,"user":"u","pass":"wrong"}',
    b'{"no_responders":true,"headers":false}',
    b'{"protocol":2}',
    b'{"account":"x","new_account":true}',
    b'{"verbose":"yes"}',
    b'{"user":"u","pass":"p","version":"\\u0000\\r\\n","lang":"\xc3\xa9"}',
    b"{",
    b"[]",
    b"null",
)
# Blanks behind a verb may be as many as what follows them, and the verb comes on top.
_LINES = 2
_VERB_BYTES_MAX = 16
_ERROR = re.compile(rb"-ERR '[^\r\n]*'\r\n")
_INFO = re.compile(rb"INFO \{[^\r\n]*\} \r\n")
_HEAD = re.compile(rb"(?:MSG|HMSG) (?:[^ \r\n]+ ){2,4}([0-9]+)\r\n")


class Bench:
    """A node with a listener to everything, and a place for one client after the other."""

    def __init__(self, profile: int) -> None:
        log = Log(self._logged, debug=True, trace=profile == _TRACED)
        clock = ManualClock()
        options = from_text(PROFILES[profile], {})
        self.node: Node = build_node(options, clock, Timers(clock), Random(1), log)
        self.log_bytes_max = 6 * self.node.control_line_bytes_max + 2048
        self.listener = self._connect()
        self._say(self.listener, b'CONNECT {"verbose":false,"headers":true,"user":"u","pass":"p"}')
        self._say(self.listener, b"SUB > 1\r\nSUB > q 2\r\nSUB a q 3\r\nSUB a g 4")
        account = self.listener.account
        self._idle = (account.interest.count, account.sessions, len(self.node.sessions))
        self.listener.link.sent = b""

    def _logged(self, _level: str, text: str) -> None:
        require(len(text) <= self.log_bytes_max, f"a log line of {len(text)} characters")
        require("\n" not in text, f"a log line of several lines: {text!r}")

    def _connect(self) -> ClientSession:
        session = ClientSession(self.node)
        session.address = "127.0.0.1"
        session.port = 4000
        session.link = FakeLink(session)
        session.connected()
        return session

    @staticmethod
    def _say(session: ClientSession, line: bytes) -> None:
        data = line + b"\r\n"
        session.receive(memoryview(data), 0, len(data))

    def play(self, data: bytes, first: int, ends: list[int], *, waits: bool) -> tuple:
        """Let a client say ``data[first:]``; return what everybody saw, and how it ended."""
        session = self._connect()
        link = session.link
        consumed = cuts.feed(session, memoryview(data), first, ends, waits=waits)
        if session.open:
            self._check_rest(session, len(data) - consumed)
        sent = link.sent
        heard = self.listener.link.sent
        self.listener.link.sent = b""
        outcome = (
            *(sent, heard, link.closed, link.aborted, session.reason, session.admitted),
            *(session.in_msgs, session.in_bytes, session.out_msgs, session.out_bytes),
            sorted(subscription.state() for subscription in session.subscriptions.values()),
            consumed if session.open else -1,
            session.label() + repr(session.described()),
        )
        session.closed("")
        self._check_left()
        return outcome

    def _check_rest(self, session: ClientSession, rest: int) -> None:
        line_max = _LINES * session.control_line_bytes_max + _VERB_BYTES_MAX
        if session.wanted:
            wanted_max = session.payload_bytes_max + line_max
            require(session.wanted <= wanted_max, f"waits for {session.wanted} bytes")
        else:
            require(rest <= line_max, f"keeps {rest} bytes of a line")

    def _check_left(self) -> None:
        """Nothing of a client that is gone is left."""
        account = self.listener.account
        left = (account.interest.count, account.sessions, len(self.node.sessions))
        require(left == self._idle, f"left behind: {left}, not {self._idle}")


class ClientTarget(Target):
    """What clients send: whole and in pieces it must lead to the same answers."""

    name = "client"
    share = 10

    def begin(self) -> None:
        self._benches: dict[int, tuple[Bench, Bench]] = {}

    def make(self, dice: Dice) -> bytes:
        parts = [bytes([dice.below(len(PROFILES))])]
        if dice.chance(0.9):
            parts.append(b"CONNECT " + dice.pick(_CONNECTS[: dice.pick((3, 3, 20))]) + b"\r\n")
        parts += [dice.pick(_OPERATIONS)(dice) for _ in range(1 + dice.below(7))]
        data = b"".join(parts)
        return mutate(dice, data, WORDS, GOOD) if dice.chance(0.5) else data

    def play(self, data: bytes) -> object:
        if not data:
            return None
        profile = data[0] % len(PROFILES)
        benches = self._benches.get(profile)
        if benches is None:
            benches = self._benches[profile] = (Bench(profile), Bench(profile))
        whole = benches[0].play(data, 1, [len(data)], waits=False)
        ends, waits = cuts.ways(data, 1)
        pieces = benches[1].play(data, 1, ends, waits=waits)
        cuts.same(whole, pieces, ends)
        check_stream(whole[0])
        check_stream(whole[1])
        return whole


def check_stream(sent: bytes) -> None:
    """Check that what was sent is the protocol: nothing of a peer's text passes for a line."""
    at = 0
    size = len(sent)
    while at < size:
        head = sent[at : at + 3]
        if head in (b"+OK", b"PIN", b"PON"):
            end = sent.find(b"\r\n", at) + 2
            require(sent[at:end] in (b"+OK\r\n", b"PING\r\n", b"PONG\r\n"), f"sent {sent[at:]!r}")
            at = end
            continue
        pattern = _ERROR if head == b"-ER" else _INFO if head == b"INF" else _HEAD
        found = pattern.match(sent, at)
        require(found is not None, f"sent {sent[at : at + 100]!r}")
        at = found.end()
        if pattern is _HEAD:
            at += int(found[1]) + 2
            require(sent[at - 2 : at] == b"\r\n", f"sent no line end before {sent[at:]!r}")


def _publish(dice: Dice) -> bytes:
    headers = dice.chance(0.35)
    words = [cased(dice, b"HPUB" if headers else b"PUB"), dice.pick(SUBJECTS)]
    if dice.chance(0.35):
        words.append(dice.pick(SUBJECTS))
    sizes, rest = body(dice, headers=headers)
    return join(dice, words + sizes) + rest


def _subscribe(dice: Dice) -> bytes:
    words = [cased(dice, b"SUB"), dice.pick(SUBJECTS)]
    if dice.chance(0.3):
        words.append(dice.pick(QUEUES))
    words.append(dice.pick(SIDS))
    return join(dice, words)


def _unsubscribe(dice: Dice) -> bytes:
    words = [cased(dice, b"UNSUB"), dice.pick(SIDS)]
    if dice.chance(0.5):
        words.append(dice.pick(NUMBERS) if dice.chance(0.2) else b"%d" % dice.below(5))
    return join(dice, words)


def _connect(dice: Dice) -> bytes:
    return join(dice, [cased(dice, b"CONNECT"), dice.pick(_CONNECTS)])


def _harmless(dice: Dice) -> bytes:
    return cased(dice, dice.pick(_HARMLESS)) + b"\r\n"


def _other(dice: Dice) -> bytes:
    return dice.pick(_OTHERS) + dice.pick(LINE_ENDS)


_HARMLESS = (b"PING", b"PONG", b"PING x", b"INFO {}", b"+OK", b"SUB a 1", b"SUB > 2", b"UNSUB 1")
_OTHERS = (
    *(b"PING", b"PONG", b"-ERR 'x'", b"FOO", b"SUB", b""),
    *(b"PUB", b"UNSUB", b"CONNECT", b"MSG a 1 1\r\nx", b"LS+ a", b"A+ x", b"HPUB", b"PUB a"),
)
_OPERATIONS: tuple[Callable[[Dice], bytes], ...] = (
    *(_publish,) * 5,
    *(_subscribe,) * 3,
    *(_unsubscribe, _unsubscribe, _connect, _harmless, _harmless, _other),
)
WORDS = (
    *(b"PUB ", b"HPUB ", b"SUB ", b"UNSUB ", b"PING\r\n", b"PONG\r\n", b"CONNECT {}\r\n", b"INFO "),
    *(b"-ERR ", b"+OK\r\n", b"MSG ", b"LMSG ", b"RMSG ", b"HMSG ", b"LS+ ", b"RS- ", b"A+ "),
    *(b"\r\nPUB a 1\r\nx\r\n", b"\r\nSUB a 1\r\n", b'"verbose":true', b'"headers":', b'"echo":1'),
    *NUMBERS,
    *SUBJECTS,
)
GOOD = (
    b'\x00CONNECT {"verbose":true}\r\nSUB a.* q 1\r\nPUB a.b r 5\r\nhello\r\nUNSUB 1 2\r\nPING\r\n',
    b'\x01CONNECT {"headers":true,"verbose":false}\r\nHPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
    b'\x02CONNECT {"user":"u","pass":"p"}\r\nSUB secret 1\r\nPUB ok.no 0\r\n\r\n',
    b"\x03SUB > 1\r\nPUB m.1.2 0\r\n\r\nPUB w 1\r\nx\r\nUNSUB 1\r\n",
)

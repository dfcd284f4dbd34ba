"""Leaf links: a hub that says anything to our end, before, during and after the handshake."""

import json
from collections.abc import Callable
from random import Random

from headwater.base.clock import ManualClock
from headwater.base.log import Log
from headwater.broker.client_session import ClientSession
from headwater.broker.node import Node
from headwater.cluster.leaf_session import LeafSession
from headwater.config.options import LeafRemote, LeafUrl
from headwater.subjects.mapping import SubjectMappings, compile_mapping
from tests.broker.fakes import FakeLink
from tests.cluster.fakes import info_line
from tests.fuzz import cuts
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require
from tests.fuzz.targets.protocol_words import QUEUES, SUBJECTS, body, cased, join

_URL = LeafUrl("hub.example", 7422, "lf", "pw")
# The first byte of an input says which remote it is about.
_REMOTES = (
    LeafRemote(urls=(_URL,)),
    LeafRemote(urls=(_URL,), deny_imports=("a.b", "b.>"), deny_exports=("a.*",)),
    LeafRemote(urls=(_URL,), hub=True),
)
_LOOP = b"$LDS.loop"
_LINE_BYTES = 256  # of a client; links may have sixteen times as much
_PAYLOAD_BYTES = 64
_LOG_CHARACTERS_MAX = 6 * 16 * _LINE_BYTES + 2048


class Bench:
    """A node with two clients, one of them with interest, and a link after the other."""

    def __init__(self) -> None:
        self.node = Node(ManualClock(), Random(1), Log(self._logged, debug=True), name="EDGE")
        self.node.control_line_bytes_max = _LINE_BYTES
        self.node.payload_bytes_max = _PAYLOAD_BYTES
        account = self.node.accounts.globals
        mapping = compile_mapping(b"m.*", [(b"a.$1", 100, b"")])
        account.remap(SubjectMappings([mapping], self.node.router.random_below))
        self.client = self._client(b"SUB > 1\r\nSUB a.* q 2\r\nSUB w 3\r\n")
        self.account = account
        self._idle = (account.interest.count, len(account.listeners))

    def _logged(self, _level: str, text: str) -> None:
        require(len(text) <= _LOG_CHARACTERS_MAX, f"a log line of {len(text)} characters")
        require("\n" not in text, f"a log line of several lines: {text!r}")

    def _client(self, lines: bytes) -> ClientSession:
        session = ClientSession(self.node)
        session.link = FakeLink(session)
        session.connected()
        data = b'CONNECT {"verbose":false,"headers":true}\r\n' + lines
        session.receive(memoryview(data), 0, len(data))
        session.link.sent = b""
        return session

    def play(self, data: bytes, ends: list[int], *, waits: bool) -> tuple:
        """Let a hub say ``data[1:]``, then a client publish; return what everybody saw."""
        owner = _Owner()
        session = LeafSession(self.node, owner, _REMOTES[data[0] % len(_REMOTES)], _URL, _LOOP)
        link = session.link = FakeLink(session)
        session.connected()
        consumed = cuts.feed(session, memoryview(data), 1, ends, waits=waits)
        if session.open:
            self._check_rest(session, len(data) - consumed)
            lines = b"PUB a.b r 1\r\nx\r\nPUB w 0\r\n\r\nSUB b.x 9\r\nUNSUB 9\r\n"
            self.client.receive(memoryview(lines), 0, len(lines))
        outcome = (
            *(link.sent, self.client.link.sent, link.closed, session.reason, session.hub_error),
            *(session.in_msgs, session.in_bytes, session.out_msgs, session.out_bytes),
            *(session.stage, owner.heard, sorted(session.subscriptions)),
            consumed if session.open else -1,
        )
        self.client.link.sent = b""
        session.closed("")
        left = (self.account.interest.count, len(self.account.listeners))
        require(left == self._idle, f"left behind: {left}, not {self._idle}")
        return outcome

    def _check_rest(self, session: LeafSession, rest: int) -> None:
        line_max = 2 * session.control_line_bytes_max + 64
        if session.wanted:
            require(session.wanted <= _PAYLOAD_BYTES + line_max, f"waits for {session.wanted}")
        else:
            require(rest <= line_max, f"keeps {rest} bytes of a line")


class _Owner:
    """What the session tells of itself."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def link_up(self, _session: LeafSession) -> None:
        self.heard.append("up")

    def link_down(self, _session: LeafSession) -> None:
        self.heard.append("down")

    def discovered(self, urls: list[str]) -> None:
        self.heard.append(urls)


class LeafTarget(Target):
    """What hubs send: whole and in pieces it must lead to the same answers."""

    name = "leaf"

    def begin(self) -> None:
        self._benches = (Bench(), Bench())

    def make(self, dice: Dice) -> bytes:
        parts = [bytes([dice.below(len(_REMOTES))])]
        if dice.chance(0.9):
            parts.append(dice.pick(_GREETINGS))
            if dice.chance(0.9):
                parts.append(dice.pick(_WELCOMES))
        parts += [dice.pick(_OPERATIONS)(dice) for _ in range(1 + dice.below(6))]
        data = b"".join(parts)
        return mutate(dice, data, _WORDS, _GOOD) if dice.chance(0.5) else data

    def play(self, data: bytes) -> object:
        if not data:
            return None
        whole = self._benches[0].play(data, [len(data)], waits=False)
        ends, waits = cuts.ways(data, 1)
        pieces = self._benches[1].play(data, ends, waits=waits)
        cuts.same(whole, pieces, ends)
        return whole


def _routed(dice: Dice) -> bytes:
    headers = dice.chance(0.4)
    words = [cased(dice, b"HMSG" if headers else b"LMSG"), dice.pick(SUBJECTS)]
    kind = dice.below(5)
    if kind == 1:
        words.append(dice.pick(_REPLIES))
    elif kind == 2:
        words += [b"+", dice.pick(_REPLIES), *dice.some(QUEUES, 3)]
    elif kind == 3:
        words += [b"|", *dice.some(QUEUES, 3)]
    sizes, rest = body(dice, headers=headers)
    return join(dice, words + sizes) + rest


def _interest(dice: Dice) -> bytes:
    gone = dice.chance(0.3)
    words = [cased(dice, b"LS-" if gone else b"LS+"), dice.pick(_INTERESTS)]
    if dice.chance(0.4):
        words.append(dice.pick(QUEUES))
        if not gone:
            words.append(dice.pick(NUMBERS) if dice.chance(0.1) else b"%d" % dice.below(4))
    return join(dice, words)


def _info(dice: Dice) -> bytes:
    return dice.pick(_NEWS)


def _other(dice: Dice) -> bytes:
    return dice.pick(_OTHERS) + b"\r\n"


def _welcome(**fields: object) -> bytes:
    return info_line(connect_info=True, remote_account="A", **fields)


_RULES = {"import": {"allow": ["a.>"], "deny": ["a.b"]}, "export": {"allow": None, "deny": ["w"]}}
_GREETINGS = (
    info_line(),
    info_line(),
    info_line(headers=False, max_payload=5),
    info_line(info_on_connect=None, **_RULES),
    info_line(client_id=None),
    info_line(client_ip="127.0.0.1"),
    info_line(tls_required=True),
    info_line(jetstream=True, domain="hub"),
)
_WELCOMES = (
    _welcome(),
    _welcome(**_RULES),
    _welcome(leafnode_urls=["a:1", "b:2"] * 200),
    info_line(),
)
_NEWS = (
    *(info_line(ldm=True), _welcome(**_RULES), info_line(leafnode_urls=[]), b"INFO {}\r\n"),
    b'INFO {"import":{"allow":[">",""],"deny":["a..b"]}}\r\n',
    b'INFO {"import":{"allow":[]},"export":{"deny":[]}}\r\n',
    b'INFO {"leafnode_urls":[' + b",".join([json.dumps("h:1").encode()] * 300) + b"]}\r\n",
    *(b"INFO {\r\n", b"INFO []\r\n", b'INFO {"max_payload":-1}\r\n', b"INFO\r\n"),
)
_REPLIES = (
    *(b"r", b"_INBOX.1", b"$JS.ACK.S.C.1.2.3.4.0", b"$JS.ACK.S.C.1.2.3.4.0@a.b", b"$JS.ACK.@x"),
    *(b"$JS.ACK.D.A.S.C.1.2.3.4.0@", b"$JS.ACK........@.", b"+", b"|", b"@"),
)
_INTERESTS = (*SUBJECTS, _LOOP, b"$LDS.other", b"$SYS.>", b"$JS.API.>")
_OTHERS = (
    *(b"PING", b"PONG", b"-ERR 'Loop Detected'", b"-ERR 'x\xff\x01'", b"-ERR", b"+OK", b"LS+"),
    *(b"LS-", b"LMSG", b"CONNECT {}", b"PUB a 0\r\n", b"LS+ a b", b"LS+ a b c d", b"LMSG a +", b""),
)
_OPERATIONS: tuple[Callable[[Dice], bytes], ...] = (
    *(_routed,) * 4,
    *(_interest,) * 4,
    *(_info, _other),
)
_WORDS = (
    *(
        b"LMSG ",
        b"HMSG ",
        b"LS+ ",
        b"LS- ",
        b"INFO ",
        b"PING\r\n",
        b"PONG\r\n",
        b"-ERR ",
        b"+OK\r\n",
    ),
    *(b" + ", b" | ", b"@", b'"import":', b'"export":', b'"allow":', b'"deny":', b"null", b"true"),
    *(b'"info_on_connect":', b'"client_id":', b'"ldm":true', *NUMBERS, *SUBJECTS, *_REPLIES),
)
_GOOD = (
    b"\0" + info_line() + _welcome() + b"LS+ a.* q 2\r\nLMSG a.b + r q g 1\r\nx\r\nLS- a.* q\r\n",
    b"\1" + info_line() + _welcome() + b"HMSG a | q 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPING\r\n",
)

"""HTTP requests to the monitoring port: any bytes are answered, refused or waited for."""

import re

from headwater.base.clock import ManualClock
from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.http_session import Answer, HttpSession
from headwater.monitor.server import Monitor
from tests.broker.fakes import Client, FakeLink, new_node
from tests.fuzz import cuts
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require

# The first byte of an input says whether requests are answered by a whole Monitor, or by an echo.
_WHOLE = 16
# What is incomplete may have 16 KiB, what comes at once may be larger: no difference worth knowing.
_BYTES_MAX = 12 * 1024
# What tells of the machine and of the moment is not the same twice.
_MOMENT = re.compile(rb"/(?:varz|stacksz|debug|metrics|healthz)", re.IGNORECASE)


class HttpTarget(Target):
    """Whole and in pieces a connection gets the same answers."""

    name = "http"

    def begin(self) -> None:
        node = new_node()
        client = Client(node)
        client.say(b"SUB a.* q 1\r\nSUB b 2\r\nPUB b 0\r\n\r\n")
        self._monitor = Monitor(About(node, Options()))
        self._timers = node.timers
        self._node = node
        self._clock = ManualClock()

    def make(self, dice: Dice) -> bytes:
        parts = [bytes([dice.below(256)])]
        parts += [_request(dice) for _ in range(1 + dice.below(3))]
        data = b"".join(parts)
        return mutate(dice, data, _WORDS, _GOOD) if dice.chance(0.5) else data

    def play(self, data: bytes) -> object:
        if not data:
            return None
        data = data[:_BYTES_MAX]
        whole = self._outcome(data, [len(data)])
        ends, _ = cuts.ways(data, 1)
        pieces = self._outcome(data, ends)
        cuts.same(whole, pieces, ends)
        return whole

    def _outcome(self, data: bytes, ends: list[int]) -> tuple:
        asked: list[tuple[str, str]] = []
        gone: list[HttpSession] = []

        def respond(method, target, done) -> None:
            asked.append((method, target))
            if data[0] % _WHOLE or _MOMENT.search(target.encode()):
                done(Answer(200, target.encode()))
                return
            answers: list[Answer] = []
            self._monitor.respond(method, target, answers.append)
            while not answers:
                require(self._timers.run_due(), "an answer waits for nothing")
            done(answers[0])

        session = HttpSession(
            self._node.router.pool, self._timers, respond, self._clock.now, gone.append
        )
        link = session.link = FakeLink(session)
        session.connected()
        at = 1
        for end in ends:
            piece = data[at:end]
            require(session.receive(memoryview(piece), 0, len(piece)) == len(piece), "left over")
            at = end
            if link.closed or link.aborted:
                break
        sent = link.sent
        require(sent.startswith(b"HTTP/1.1 ") or not sent, f"sent {sent[:100]!r}")
        session.closed("")
        require(len(gone) == 1, f"gone {len(gone)} times")
        return sent, asked, link.closed, link.aborted


def _request(dice: Dice) -> bytes:
    line = b" ".join((dice.pick(_METHODS), _target(dice), dice.pick(_VERSIONS)))
    fields = dice.some(_FIELDS, 4)
    if dice.chance(0.9):
        fields.insert(0, b"Host: x")
    end = dice.pick((b"\r\n",) * 9 + (b"\n",))
    return end.join([line, *fields, b"", b""]) + dice.pick(_BODIES)


def _target(dice: Dice) -> bytes:
    pairs = [dice.pick(_KEYS) + b"=" + dice.pick(_VALUES) for _ in range(dice.below(4))]
    return dice.pick(_PATHS) + (b"?" + b"&".join(pairs) if pairs else b"")


_METHODS = (b"GET",) * 8 + (b"POST", b"HEAD", b"get", b"OPTIONS", b"", b"G T")
_VERSIONS = (b"HTTP/1.1",) * 10 + (b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1x", b"")
_PATHS = (
    *(b"/", b"/connz", b"/subsz", b"/routez", b"/leafz", b"/gatewayz", b"/accountz", b"/accstatz"),
    *(b"/jsz", b"/healthz", b"/varz", b"/ipqueuesz", b"/raftz", b"/subscriptionsz", b"//connz"),
    *(b"/../connz", b"/%63onnz", b"/%zz", b"/none", b"*", b"http://h/connz", b"/connz/", b"x"),
)
_KEYS = (
    *(b"subs", b"limit", b"offset", b"sort", b"auth", b"state", b"cid", b"acc", b"user", b"test"),
    *(b"filter_subject", b"accounts", b"streams", b"consumers", b"config", b"js-enabled-only", b""),
)
_VALUES = (
    *(
        b"1",
        b"0",
        b"true",
        b"detail",
        b"-1",
        b"bytes_to",
        b"closed",
        b"any",
        b"a.*",
        b"$G",
        b"%24G",
    ),
    *(b"%ff", b"%", b"a;b", b"", b"\xff", b"uptime", b"stop", *NUMBERS),
)
_FIELDS = (
    *(b"Content-Length: 3", b"Content-Length: 0", b"Content-Length: -1", b"Connection: close"),
    *(
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"Host: y",
        b" folded: 1",
        b"A",
        b":",
    ),
    *(
        b"Accept: */*",
        b"X: " + b"y" * 300,
        b"Connection: keep-alive",
        b"Upgrade: websocket",
        b"A:\0",
    ),
)
_BODIES = (b"",) * 12 + (b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"ffffffff\r\n", b"\r\n", b"GET ")
_WORDS = (*_METHODS, *_VERSIONS, *_PATHS, *_KEYS, *_VALUES, *_FIELDS, b"\r\n\r\n", b"&", b"?", b"=")
_GOOD = (
    b"\0GET /connz?subs=1&sort=bytes_to HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\0GET /subsz?test=a.b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"\0POST /varz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
)

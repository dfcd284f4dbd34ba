"""Scripts of several clients, made up from a seed: what they say, in which order, how damaged.

What nats-server leaves to chance is left out: a queue group has one member.  So is what we know to
differ: a client that says ``-ERR`` is closed at once by us, while nats-server still does what else
it has read of it; and a carriage return inside a line makes nats-server drop the line's last byte.
"""

import json
import re
from dataclasses import dataclass

from tests.fuzz.dice import Dice
from tests.fuzz.mutate import mutate
from tests.fuzz.targets.client import GOOD, WORDS

PEERS = "abc"
_UNLIKE = re.compile(rb"-ERR|\r(?!\n)", re.IGNORECASE)
CONFIGS = (
    "",
    "max_control_line: 128, max_payload: 40, max_subscriptions: 4, max_subscription_tokens: 3",
    'authorization { users: [ { user: u, password: p, permissions: { publish: { allow: ["ok.>", '
    '"a", "a.*", "in.>"], deny: ["ok.no", "in.b"] }, subscribe: { allow: [">"], deny: ["secret", '
    '"a.b", "ok.*.x"] } } }, { user: v, password: p } ] }',
    'mappings { a: b.x, "m.*": "a.$1", "m.*.*": "{{wildcard(2)}}.$1", ok.no: ok.yes }',
    "no_header_support: true",
)


@dataclass(frozen=True)
class Op:
    """What one client says at a time; ``last`` that it says nothing after it."""

    peer: str
    data: bytes
    last: bool = False


@dataclass(frozen=True)
class Script:
    """What is said to a server with one of the configurations."""

    config: int
    ops: tuple[Op, ...]

    def __str__(self) -> str:
        lines = [f"configuration: {CONFIGS[self.config] or 'none'}"]
        lines += [f"  {op.peer}{' (last)' if op.last else ''}: {op.data!r}" for op in self.ops]
        return "\n".join(lines)


def make(dice: Dice, config: int) -> Script:
    """Return a script; it depends on ``dice`` alone."""
    return _Writer(dice, config).script()


class _Writer:
    """Writes one script."""

    def __init__(self, dice: Dice, config: int) -> None:
        self._dice = dice
        self._config = config
        self._groups = 0

    def script(self) -> Script:
        dice = self._dice
        peers = PEERS[: 1 + dice.below(len(PEERS))]
        ops = [Op(peer, self._connect()) for peer in peers if dice.chance(0.95)]
        ops += [Op(dice.pick(peers), self._operation()) for _ in range(2 + dice.below(9))]
        if dice.chance(0.6):
            ops += self._endings(peers)
        return Script(self._config, tuple(ops))

    def _endings(self, peers: str) -> list[Op]:
        """Let one or several clients say something that may be wrong, as their last words."""
        dice = self._dice
        ops = []
        for peer in peers:
            if dice.chance(0.6):
                data = b"".join(self._operation() for _ in range(1 + dice.below(3)))
                data = mutate(dice, data, WORDS, _OTHERS)[:_BYTES_MAX]
                ops.append(Op(peer, _UNLIKE.sub(b"", data), last=True))
        return ops

    def _operation(self) -> bytes:
        kind = self._dice.below(20)
        if kind < 9:
            return self._publish()
        if kind < 15:
            return self._subscribe()
        if kind < 18:
            return self._unsubscribe()
        return self._connect() if kind == 18 else self._dice.pick(_RARE)

    def _connect(self) -> bytes:
        dice = self._dice
        fields: dict[str, object] = {
            "verbose": dice.chance(0.2),
            "pedantic": dice.chance(0.2),
            "headers": dice.chance(0.8),
            "no_responders": dice.chance(0.4),
            "echo": dice.chance(0.8),
            "protocol": dice.below(2),
            "user": dice.pick(("u", "u", "v")),
            "pass": "p" if dice.chance(0.97) else "q",
        }
        for name in list(fields):
            if dice.chance(0.08):
                del fields[name]
        return b"CONNECT " + json.dumps(fields).encode() + b"\r\n"

    def _publish(self) -> bytes:
        dice = self._dice
        words = [dice.pick(_SUBJECTS)]
        if dice.chance(0.4):
            words.append(dice.pick(_REPLIES))
        payload = dice.pick(_PAYLOADS)
        verb = b"PUB"
        if dice.chance(0.3):
            verb = b"HPUB"
            block = dice.pick(_BLOCKS)
            words.append(b"%d" % len(block))
            payload = block + payload
        words.append(b"%d" % len(payload))
        return self._line(verb, words) + payload + b"\r\n"

    def _subscribe(self) -> bytes:
        dice = self._dice
        words = [dice.pick(_INTERESTS)]
        if dice.chance(0.25):
            # A group of several members would leave it to chance who gets a message.
            self._groups += 1
            words.append(b"q%d" % self._groups)
        words.append(b"%d" % (1 + dice.below(5)))
        return self._line(b"SUB", words)

    def _unsubscribe(self) -> bytes:
        dice = self._dice
        words = [b"%d" % (1 + dice.below(6))]
        if dice.chance(0.5):
            words.append(b"%d" % dice.below(4))
        return self._line(b"UNSUB", words)

    def _line(self, verb: bytes, words: list[bytes]) -> bytes:
        dice = self._dice
        if dice.chance(0.9):
            return b" ".join([verb, *words]) + b"\r\n"
        blank = dice.pick((b"  ", b"\t", b" \t "))
        return blank.join([dice.pick((verb.lower(), verb.title())), *words]) + b" \r\n"


_SUBJECTS = (
    *(b"a", b"a.b", b"a.b.c", b"ok.a", b"ok.no", b"ok.a.x", b"m.b", b"m.1.2", b"in.a", b"in.b"),
    *(b"secret", b"b.x", b"a.*", b"a.>", b"a..b", b".a", b"a.", b">", b"*", b"\xc3\xa9", b"none"),
    *(b"$GR.x", b"_GR_.x", b"$SYS.x", b"a.b.c.d.e"),
)
_REPLIES = (*(b"in.a", b"in.b", b"in.c", b"in.none") * 3, b"_R_.x", b"$JS.ACK.x", b"in.*", b"a..b")
_INTERESTS = (
    *(b"a", b"a.b", b"a.*", b"a.>", b">", b"*", b"ok.>", b"ok.*.x", b"m.*", b"in.a", b"in.b"),
    *(b"in.*", b"secret", b"b.x", b"*.b", b"a..b", b"a.", b"a.>.b", b"a*", b"\xc3\xa9", b"a.b.c.d"),
)
_PAYLOADS = (b"", b"x", b"hello", b"\r\n", b"\0\xff", b"PUB a 1\r\nx\r\n", b"y" * 41, b"0" * 12)
_BLOCKS = (
    *(b"NATS/1.0\r\n\r\n", b"NATS/1.0\r\nA: 1\r\n\r\n", b"NATS/1.0 503\r\n\r\n", b"", b"x"),
    *(b"NATS/1.0\r\nB:\r\na: 2 \r\n\r\n", b"\r\n", b"NATS/1.0\r\nA: 1"),
)
_RARE = (
    b"PONG\r\n",
    b"INFO {}\r\n",
    b"+OK\r\n",
    b"PUB a\r\n",
    b"SUB a\r\n",
    b"X\r\n",
)
_OTHERS = tuple(data[1:] for data in GOOD)
_BYTES_MAX = 4000

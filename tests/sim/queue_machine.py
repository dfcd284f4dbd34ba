"""Work queues, and streams that keep what somebody waits for, beside sets.

What was published and acknowledged to its publisher comes to each consumer that wants it until that
has acknowledged it; what all of them have acknowledged is gone.
"""

import json
from dataclasses import dataclass, field

from tests.sim.choices import FLIP, Between, OneOf, beginning, move
from tests.sim.node_machine import NodeMachine
from tests.sim.node_world import Heard, pub

_ACK_WAIT_MS = 2_000
_FILTERS = {
    "workqueue": {"A": "s.a", "B": "s.b"},
    "interest": {"A": "s.a", "C": "s.>", "B": "s.b"},
}
_NAMES = OneOf(("A", "B", "C"))
_WHICH = Between(0, 30)


@dataclass
class _Side:
    """What one consumer still has to do."""

    pattern: str
    left: set[int] = field(default_factory=set)  # without what is known to be acknowledged
    asked: set[int] = field(default_factory=set)  # acknowledged, and that was not confirmed
    out: dict[int, bytes] = field(default_factory=dict)  # delivered in this life, and where to ack

    def wants(self, subject: str) -> bool:
        return self.pattern in (subject, "s.>")

    def surely_left(self) -> set[int]:
        return self.left - self.asked


class QueueMachine(NodeMachine):
    """One stream and its consumers."""

    @beginning(
        block_bytes=OneOf((300, 900, 2500, 100_000)),
        encrypted=FLIP,
        retention=OneOf(tuple(_FILTERS)),
    )
    def begin(self, block_bytes: int, encrypted: bool, retention: str) -> None:
        self.start_with(block_bytes, encrypted)
        self.sides = {name: _Side(pattern) for name, pattern in _FILTERS[retention].items()}
        self.published: set[int] = set()  # and told so
        self.unsure: set[int] = set()  # and not told so yet
        self.dying: set[int] = set()  # whose deletion was asked for
        self.last = 0
        config = {"name": "S", "subjects": ["s.*"], "retention": retention}
        assert "error" not in self.ask("STREAM.CREATE.S", config)
        for name, side in self.sides.items():
            consumer = {
                "durable_name": name,
                "ack_policy": "explicit",
                "ack_wait": _ACK_WAIT_MS * 10**6,
                "filter_subject": side.pattern,
                "max_ack_pending": 100_000,
            }
            body = {"stream_name": "S", "config": consumer}
            assert "error" not in self.ask(f"CONSUMER.CREATE.S.{name}", body)

    # What clients do

    @move(subject=OneOf(("s.a", "s.b")), size=Between(0, 200))
    def publish(self, subject: str, size: int) -> None:
        self.last += 1
        sequence = self.last
        self.unsure.add(sequence)
        for side in self.sides.values():
            if side.wants(subject):
                side.left.add(sequence)

        def answered(message: Heard) -> None:
            assert json.loads(message.payload).get("seq") == sequence, message
            self.unsure.discard(sequence)
            self.published.add(sequence)

        self.request(subject, bytes(size), answered)

    @move(name=_NAMES, count=Between(1, 5))
    def fetch(self, name: str, count: int) -> None:
        if name in self.sides:
            body = b'{"batch":%d,"no_wait":true}' % count
            self.tell(f"$JS.API.CONSUMER.MSG.NEXT.S.{name}", body, reply=b"p.next")

    @move(name=_NAMES, which=_WHICH, double=FLIP)
    def acknowledge(self, name: str, which: int, double: bool) -> None:
        side, sequence = self.pick(name, which)
        if side is None:
            return
        subject = side.out.pop(sequence).decode()
        side.asked.add(sequence)

        def answered(message: Heard) -> None:
            side.asked.discard(sequence)
            side.left.discard(sequence)

        if double:
            self.request(subject, b"+ACK", answered)
        else:
            self.tell(subject, b"+ACK")

    @move(name=_NAMES, which=_WHICH)
    def refuse(self, name: str, which: int) -> None:
        side, sequence = self.pick(name, which)
        if side is not None:
            self.tell(side.out[sequence].decode(), b"-NAK")

    @move(which=_WHICH)
    def delete(self, which: int) -> None:
        there = sorted(self.published - self.dying - self.surely_done())
        if not there:
            return
        sequence = there[which % len(there)]
        self.dying.add(sequence)

        def answered(message: Heard) -> None:
            done = json.loads(message.payload)
            assert done.get("success") or sequence in self.maybe_done(), done
            self.gone(sequence)

        self.request("$JS.API.STREAM.MSG.DELETE.S", b'{"seq":%d}' % sequence, answered)

    @move()
    def wait_long(self) -> None:
        """Let what was delivered and not acknowledged come again."""
        self.pass_time(2 * _ACK_WAIT_MS)

    # What is looked at

    def look(self) -> None:
        assert not self.unsure
        assert not self.dying
        there = self.published - self.maybe_done()
        state = self.ask("STREAM.INFO.S")["state"]
        assert (state["messages"], state["last_seq"]) == (len(there), self.last), (state, there)
        for name, side in self.sides.items():
            info = self.ask(f"CONSUMER.INFO.S.{name}")
            counted = info["num_pending"] + info["num_ack_pending"]
            assert counted == len(side.surely_left()), (name, counted, side)

    def check_life(self) -> None:
        for side in self.sides.values():
            side.out.clear()
        state = self.ask("STREAM.INFO.S", {"deleted_details": True})["state"]
        there = set(range(max(1, state["first_seq"]), state["last_seq"] + 1))
        there -= set(state.get("deleted") or ())
        surely = (self.published - self.maybe_done()) - self.dying
        possibly = (self.published | self.unsure) - self.surely_done()
        assert surely <= there <= possibly, f"there {there}, surely {surely}, at most {possibly}"
        assert state["last_seq"] >= max(self.published, default=0)
        self.last = state["last_seq"]
        for name, side in self.sides.items():
            self.check_side(name, side, there)
        waited_for = set().union(*(side.left for side in self.sides.values()))
        assert there == waited_for, f"there {there}, waited for {waited_for}"
        self.published, self.unsure, self.dying = there, set(), set()

    def check_side(self, name: str, side: _Side, there: set[int]) -> None:
        """Let everything come that is left for a consumer, and judge that."""
        surely, possibly = side.surely_left() & there, side.left & there
        side.left, side.asked = possibly, set()
        self.pass_time(2 * _ACK_WAIT_MS)
        self.settle()
        body = b'{"batch":1000,"no_wait":true}'
        self.tell(f"$JS.API.CONSUMER.MSG.NEXT.S.{name}", body, reply=b"p.next")
        self.settle()
        assert surely <= set(side.out), f"{name}: {set(side.out)} came, {surely} had to"
        side.left = set(side.out)

    def delivered(self, message: Heard) -> None:
        if not message.reply:
            return  # a status
        tokens = message.reply.split(b".")
        side = self.sides[tokens[3].decode()]
        sequence = int(tokens[5])
        assert sequence in side.surely_left(), (message, side)
        side.out[sequence] = message.reply

    # How

    def tell(self, subject: str, body: bytes, reply: bytes = b"") -> None:
        """Send what nothing, or messages, come of."""
        self.carefully(lambda: self.take(self.world.say(pub(subject.encode(), reply, body))))

    def pick(self, name: str, which: int) -> tuple[_Side | None, int]:
        side = self.sides.get(name)
        if side is None or not side.out:
            return None, 0
        out = sorted(side.out)
        return side, out[which % len(out)]

    def surely_done(self) -> set[int]:
        """Return what nobody waits for, as all know."""
        return self.published - set().union(*(side.left for side in self.sides.values()))

    def maybe_done(self) -> set[int]:
        """Return what nobody waits for if all acknowledgements count."""
        return self.published - set().union(*(side.surely_left() for side in self.sides.values()))

    def gone(self, sequence: int) -> None:
        """A message is deleted."""
        self.published.discard(sequence)
        self.dying.discard(sequence)
        for side in self.sides.values():
            side.left.discard(sequence)
            side.asked.discard(sequence)
            side.out.pop(sequence, None)

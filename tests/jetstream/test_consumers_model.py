"""Consumers beside plain sets, driven by Hypothesis: crashes and restarts are among the steps.

What a double acknowledgement has confirmed stays acknowledged; deliveries may go back in a crash.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from headwater.base.clock import SECOND
from tests.jetstream.disk_world import World

_MESSAGE = re.compile(rb"H?MSG \S+ 1 (\$JS\.ACK\.S\.(\w)\.(\d+)\.(\d+)\.\S+) ")
_ACK_WAIT_S = 5
_FILTERS = {"C": None, "D": "s.a"}
_SUBJECTS = st.sampled_from(["s.a", "s.b"])
_NAMES = st.sampled_from(sorted(_FILTERS))


class _Side:
    """What one consumer has to do, as far as its client knows."""

    def __init__(self) -> None:
        self.left: set[int] = set()  # not acknowledged, in the stream, and wanted
        self.out: dict[int, tuple[bytes, int]] = {}  # what was delivered: ack subject, how often
        self.fresh_after = 0  # what was delivered for the first time in this life, at most


class ConsumerMachine(RuleBasedStateMachine):
    """A stream with two consumers, of which one takes a part."""

    @initialize(retention=st.sampled_from(["limits", "workqueue", "interest"]))
    def begin(self, retention: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="headwater-model-"))
        self.lives = 0
        self.world = World(self.folder / "0")
        self.retention = retention
        self.messages: dict[int, str] = {}
        self.last = 0
        config = {"name": "S", "subjects": ["s.>"], "retention": retention}
        self._ask("STREAM.CREATE.S", config)
        # A work queue gives each message to one of them.
        names = ["C"] if retention == "workqueue" else list(_FILTERS)
        self.sides = {name: _Side() for name in names}
        for name in names:
            consumer = {
                "durable_name": name,
                "ack_policy": "explicit",
                "ack_wait": _ACK_WAIT_S * SECOND,
                "filter_subject": _FILTERS[name] or "",
            }
            self._ask(f"CONSUMER.CREATE.S.{name}", {"stream_name": "S", "config": consumer})

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self._drain()
            shutil.rmtree(self.folder)

    @rule(subject=_SUBJECTS)
    def publish(self, subject: str) -> None:
        answer = self.world.answer(self.world.send(subject, b"x"))
        self.last += 1
        assert answer["seq"] == self.last
        takers = [side for name, side in self.sides.items() if _wants(name, subject)]
        if takers or self.retention != "interest":
            self.messages[self.last] = subject
            for side in takers:
                side.left.add(self.last)

    @rule(name=_NAMES, count=st.integers(1, 4))
    def fetch(self, name: str, count: int) -> None:
        if name in self.sides:
            self._fetch(name, count)

    @rule(name=_NAMES, which=st.integers(0, 9))
    def acknowledge(self, name: str, which: int) -> None:
        found = self._pick(name, which)
        if found:
            self.world.send(self.sides[name].out[found][0].decode(), b"+ACK")
            self._done_with(name, found)

    @rule(name=_NAMES, which=st.integers(0, 9))
    def refuse(self, name: str, which: int) -> None:
        found = self._pick(name, which)
        if found:
            self.world.send(self.sides[name].out[found][0].decode(), b"-NAK")

    @rule(seconds=st.sampled_from([1, _ACK_WAIT_S + 1]))
    def pass_time(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @precondition(lambda self: self.messages)
    @rule(which=st.integers(0, 9))
    def delete(self, which: int) -> None:
        sequence = sorted(self.messages)[which % len(self.messages)]
        self._ask("STREAM.MSG.DELETE.S", {"seq": sequence})
        self._gone(sequence)

    @rule(subject=_SUBJECTS)
    def purge(self, subject: str) -> None:
        self._ask("STREAM.PURGE.S", {"filter": subject})
        for sequence, name in list(self.messages.items()):
            if name == subject:
                self._gone(sequence)

    @precondition(lambda self: self.retention == "limits")
    @rule(name=_NAMES)
    def reset(self, name: str) -> None:
        answer = self._ask(f"CONSUMER.RESET.S.{name}", {"seq": 1})
        side = self.sides[name]
        side.left = {seq for seq, subject in self.messages.items() if _wants(name, subject)}
        side.out.clear()
        side.fresh_after = 0
        assert (answer["num_pending"], answer["num_ack_pending"]) == (len(side.left), 0)

    @rule()
    def crash(self) -> None:
        """Go on with what is on the disk right now."""
        self.lives += 1
        folder = self.folder / str(self.lives)
        shutil.copytree(self.world.folder, folder)
        self.world = World(folder)
        self.world.settle()
        for side in self.sides.values():
            side.out.clear()
            side.fresh_after = 0

    @invariant()
    def counts_are_right(self) -> None:
        if not hasattr(self, "sides"):
            return
        state = self._ask("STREAM.INFO.S")["state"]
        assert (state["messages"], state["last_seq"]) == (len(self.messages), self.last)
        for name, side in self.sides.items():
            info = self._ask(f"CONSUMER.INFO.S.{name}")
            assert info["num_pending"] + info["num_ack_pending"] == len(side.left), (name, info)
            assert info["num_ack_pending"] >= len(side.out)

    def _ask(self, verb: str, body: Any = None) -> Any:
        answer = self.world.ask(verb, body)
        assert "error" not in answer, answer
        return answer

    def _fetch(self, name: str, count: int) -> int:
        side = self.sides[name]
        body = b'{"batch":%d,"no_wait":true}' % count
        heard = self.world.send(f"$JS.API.CONSUMER.MSG.NEXT.S.{name}", body)
        found = _MESSAGE.findall(heard)
        for reply, _, deliveries, number in found:
            sequence, times = int(number), int(deliveries)
            assert sequence in side.left, (name, sequence, side.left)
            if times == 1:
                # New ones come in the order of the stream, and none is left out.
                between = {one for one in side.left if side.fresh_after < one < sequence}
                assert between <= self._before_crash(side, between), (name, sequence, between)
                side.fresh_after = sequence
            side.out[sequence] = reply, times
        return len(found)

    def _before_crash(self, side: _Side, between: set[int]) -> set[int]:
        """Return which of them may wait for acknowledgements since an earlier life."""
        return between if self.lives else between & set(side.out)

    def _pick(self, name: str, which: int) -> int:
        side = self.sides.get(name)
        out = sorted(side.out) if side is not None else []
        return out[which % len(out)] if out else 0

    def _done_with(self, name: str, sequence: int) -> None:
        side = self.sides[name]
        side.left.discard(sequence)
        side.out.pop(sequence, None)
        if self.retention != "limits" and not any(
            sequence in other.left for other in self.sides.values()
        ):
            del self.messages[sequence]

    def _gone(self, sequence: int) -> None:
        del self.messages[sequence]
        for side in self.sides.values():
            side.left.discard(sequence)
            side.out.pop(sequence, None)

    def _drain(self) -> None:
        """Everything that is left comes, and is done with then."""
        for name, side in self.sides.items():
            for _ in range(4 + 2 * len(side.left)):
                self.world.pass_time(_ACK_WAIT_S + 1)
                self._fetch(name, len(side.left) + 1)
                for sequence in sorted(side.out):
                    self.acknowledge(name, sorted(side.out).index(sequence))
                if not side.left:
                    break
            assert not side.left, name
        if self.retention == "workqueue":
            assert self._ask("STREAM.INFO.S")["state"]["messages"] == 0
        self.counts_are_right()


def _wants(name: str, subject: str) -> bool:
    return _FILTERS[name] in (None, subject)


TestConsumers = ConsumerMachine.TestCase
TestConsumers.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)

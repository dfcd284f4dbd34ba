"""Messages that are held back: in the original tempo, or by a rate."""

import time
from types import SimpleNamespace
from typing import Any

from headwater.base.clock import SECOND, ManualClock
from headwater.base.timers import Timers
from headwater.jetstream.pace import Pace
from tests.jetstream.duel import Play, on_both

_SIZE = 1000  # of each message
_BURST = 1024 * 1024


@on_both
def test_original_tempo(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a", b"1")
    inbox = play.listen("nothing")
    play.quiet(inbox, 200)
    play.put("s.a", b"2")
    play.put("s.a", b"3")
    play.consumer("S", "C", ack_policy="none", replay_policy="original")
    started = time.monotonic()
    play.fetch("S", "C", 2)
    play.note(str(time.monotonic() - started > 0.18))
    play.fetch("S", "C", 1)
    play.note(str(time.monotonic() - started < 1.0))
    push = play.listen("d")
    started = time.monotonic()
    play.consumer("S", "P", ack_policy="explicit", replay_policy="original", deliver_subject="d")
    for message in play.hear(push, 3):
        play.ack(message)
    play.note(str(0.18 < time.monotonic() - started < 1.0))


class _Store:
    """Messages by sequence, with the times at which they were stored."""

    def __init__(self, times_ns: dict[int, int]) -> None:
        self.times_ns = times_ns

    def find(self, sequence: int) -> Any:
        record = SimpleNamespace(time_ns=self.times_ns[sequence], subject_start=0, end=_SIZE)
        return SimpleNamespace(record=record)


class _Consumer:
    """What a Pace needs of a consumer."""

    def __init__(self, replay: str, times_ns: dict[int, int]) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        self.config = SimpleNamespace(replay_policy=replay)
        self.delivery = SimpleNamespace(store=_Store(times_ns))
        self.woken = 0

    def monotonic(self) -> int:
        return self.clock.monotonic()

    def wake(self) -> None:
        self.woken += 1

    def pass_time(self, duration_ns: int) -> None:
        self.clock.advance(duration_ns)
        self.timers.run_due()


def test_a_rate_holds_back_what_follows_a_burst() -> None:
    consumer = _Consumer("instant", dict.fromkeys(range(4), 1))
    pace = Pace(consumer, 8000)  # 1000 bytes a second
    assert pace.may_leave(1)
    pace.left(1, _BURST - 500)
    assert not pace.may_leave(2)
    consumer.pass_time(SECOND // 2 - 1)
    assert consumer.woken == 0
    assert not pace.may_leave(2)
    consumer.pass_time(1)
    assert consumer.woken == 1
    assert pace.may_leave(2)


def test_no_more_than_a_burst_piles_up_while_nothing_leaves() -> None:
    consumer = _Consumer("instant", dict.fromkeys(range(4), 1))
    pace = Pace(consumer, 8000)
    pace.left(1, 1000)
    consumer.pass_time(5000 * SECOND)
    assert pace.may_leave(2)
    pace.left(2, _BURST)
    assert not pace.may_leave(3)


@on_both
def test_rates(play: Play) -> None:
    play.stream("S", subjects=["s.>"], storage="memory")
    play.fill("s.a", 30, 50_000)
    play.listen("d")
    play.consumer("S", "C", ack_policy="none", deliver_subject="d", rate_limit_bps=8_000_000)
    began = time.monotonic()
    for burst, behind in ((20, 0), (10, 0.4)):
        play.hear("d", burst, note=False)
        play.note(str(time.monotonic() - began > behind))


def test_the_original_tempo_is_that_of_the_messages_that_are_delivered() -> None:
    consumer = _Consumer("original", {1: 5 * SECOND, 2: 6 * SECOND, 7: 15 * SECOND})
    pace = Pace(consumer, 0)
    assert pace.may_leave(1)
    pace.left(5 * SECOND, 10)
    assert not pace.may_leave(7)
    consumer.pass_time(9 * SECOND)
    assert not pace.may_leave(7)
    consumer.pass_time(SECOND)
    assert consumer.woken == 1
    assert pace.may_leave(7)
    # Redelivery of an older one is not held back.
    pace.left(15 * SECOND, 10)
    assert pace.may_leave(2)

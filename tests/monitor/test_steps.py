"""Answers that take their time."""

from collections.abc import Callable
from typing import Any

from headwater.base.clock import ManualClock
from headwater.base.timers import Timers
from headwater.monitor.steps import Steps, pause, run


class Asker:
    """Who waits for an answer."""

    def __init__(self, answer: Any) -> None:
        self.answers: list[Any] = []
        self.errors: list[Exception] = []
        run(answer, self.answers.append, self.errors.append)


def test_an_answer_that_is_there() -> None:
    assert Asker({"a": 1}).answers == [{"a": 1}]


def test_steps_go_on_with_what_they_waited_for() -> None:
    waiting: list[Callable[[Any], Any]] = []

    def steps() -> Steps:
        first = yield waiting.append
        second = yield waiting.append
        return first, second

    asker = Asker(steps())
    waiting.pop()("a")
    assert asker.answers == []
    waiting.pop()("b")
    assert asker.answers == [("a", "b")]


def test_what_is_there_at_once_does_not_pile_up() -> None:
    def steps() -> Steps:
        total = 0
        for number in range(10_000):
            total += yield lambda resume, number=number: resume(number)
        return total

    assert Asker(steps()).answers == [sum(range(10_000))]


def test_others_have_their_turn() -> None:
    timers = Timers(ManualClock())
    order: list[str] = []

    def steps(name: str) -> Steps:
        for number in range(2):
            order.append(f"{name}{number}")
            yield pause(timers)
        return name

    first, second = Asker(steps("a")), Asker(steps("b"))
    assert order == ["a0", "b0"]
    timers.run_due()
    assert order == ["a0", "b0", "a1", "b1"]
    assert (first.answers, second.answers) == (["a"], ["b"])


def test_an_error_on_the_way_is_told_to_who_asked() -> None:
    timers = Timers(ManualClock())

    def steps() -> Steps:
        yield pause(timers)
        raise ValueError("no")

    asker = Asker(steps())
    timers.run_due()
    assert [str(error) for error in asker.errors] == ["no"]
    assert asker.answers == []

"""Answers that take long: a generator yields where others may go on, or where it has to wait.

What it yields is a function that takes a callback; the generator goes on, with what the callback
was given, once that is called.  What it returns is the answer.
"""

from collections.abc import Callable, Generator
from typing import Any

from headwater.base.timers import Timers

Resume = Callable[[Any], None]
Steps = Generator[Callable[[Resume], object], Any, Any]


def run(answer: Any, done: Callable[[Any], object], failed: Callable[[Exception], object]) -> None:
    """Call ``done`` with an answer; when that is one of Steps, with what they lead to.

    What they raise on the way is given to ``failed``.
    """
    if isinstance(answer, Generator):
        _Run(answer, done, failed).go()
    else:
        done(answer)


def pause(timers: Timers) -> Callable[[Resume], object]:
    """Return what to yield so that others have their turn."""
    return lambda resume: timers.after(0, lambda: resume(None))


class _Run:
    """One generator on its way."""

    def __init__(
        self, steps: Steps, done: Callable[[Any], object], failed: Callable[[Exception], object]
    ) -> None:
        self._steps = steps
        self._done = done
        self._failed = failed
        self._going = False  # whether ``go`` is at work further up the stack
        self._values: list[Any] = [None]  # what to go on with; none while it waits

    def go(self) -> None:
        self._going = True
        try:
            while self._values:
                wait = self._steps.send(self._values.pop())
                wait(self._resume)
        except StopIteration as end:
            self._done(end.value)
        except Exception as error:  # noqa: BLE001 (whoever asked has to be told)
            self._failed(error)
        finally:
            self._going = False

    def _resume(self, value: Any) -> None:
        # A callback that is called at once goes on in the loop above, not ever deeper.
        self._values.append(value)
        if not self._going:
            self.go()

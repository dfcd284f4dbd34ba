"""State machines for two players: Hypothesis, which finds what is smallest, and a plain one.

The plain player draws at random, a hundred times as fast.  What it finds it makes shorter by
leaving out step after step.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule


class Choice(Protocol):
    """What an argument of a rule may be."""

    def strategy(self) -> st.SearchStrategy[Any]: ...

    def draw(self, rng: random.Random) -> Any: ...


@dataclass(frozen=True)
class OneOf:
    values: tuple[Any, ...]

    def strategy(self) -> st.SearchStrategy[Any]:
        return st.sampled_from(self.values)

    def draw(self, rng: random.Random) -> Any:
        return rng.choice(self.values)


@dataclass(frozen=True)
class Between:
    """A whole number; both ends are possible."""

    lowest: int
    highest: int

    def strategy(self) -> st.SearchStrategy[int]:
        return st.integers(self.lowest, self.highest)

    def draw(self, rng: random.Random) -> int:
        return rng.randint(self.lowest, self.highest)


FLIP = OneOf((False, True))


@dataclass(frozen=True)
class _Move:
    """A method of a machine that players may call."""

    act: Callable[..., None]
    choices: dict[str, Choice]
    allowed: Callable[[Any], bool] | None
    first: bool  # whether it begins a play


def _strategies(choices: dict[str, Choice]) -> dict[str, Any]:
    return {name: choice.strategy() for name, choice in choices.items()}


def beginning(**choices: Choice) -> Callable[[Callable[..., None]], Any]:
    """Mark the method that begins a play."""

    def decorate(function: Callable[..., None]) -> Any:
        made = initialize(**_strategies(choices))(function)
        made.move = _Move(function, choices, None, first=True)
        return made

    return decorate


def move(
    allowed: Callable[[Any], bool] | None = None, **choices: Choice
) -> Callable[[Callable[..., None]], Any]:
    """Mark a method as a step, possible where ``allowed(machine)``."""

    def decorate(function: Callable[..., None]) -> Any:
        made = rule(**_strategies(choices))(function)
        if allowed is not None:
            made = precondition(allowed)(made)
        made.move = _Move(function, choices, allowed, first=False)
        return made

    return decorate


Script = list[tuple[_Move, dict[str, Any]]]


class Player:
    """Plays machines of one kind, whose ``after_step`` looks at them after each step."""

    def __init__(self, machine: type[RuleBasedStateMachine]) -> None:
        self._machine = machine
        marked = [getattr(getattr(machine, name), "move", None) for name in dir(machine)]
        moves = [found for found in marked if isinstance(found, _Move)]
        (self._first,) = (found for found in moves if found.first)
        self._moves = [found for found in moves if not found.first]

    def play(self, seed: int, steps: int) -> None:
        """Play at random.

        Raises:
            AssertionError: something is wrong; it tells the shortest script that shows it.
        """
        rng = random.Random(seed)
        script: Script = []
        try:
            self._play(script, rng, steps)
        except Exception as error:
            short = self.shortened(script)
            raise AssertionError(f"seed {seed}: {error}\n{self.told(short)}") from error

    def fails(self, script: Script) -> bool:
        """Tell whether a script shows something wrong."""
        machine = self._machine()
        try:
            for made, arguments in script:
                self._step(machine, made, arguments)
        except Exception:  # noqa: BLE001 (whatever a machine raises is what is looked for)
            return True
        return False

    def shortened(self, script: Script) -> Script:
        """Leave out of a script what it fails without."""
        again = True
        while again:
            again = False
            for place in range(len(script) - 1, 0, -1):
                shorter = script[:place] + script[place + 1 :]
                if self.fails(shorter):
                    script = shorter
                    again = True
        return script

    @staticmethod
    def told(script: Script) -> str:
        """Return a script as lines."""
        return "\n".join(f"  {made.act.__name__} {arguments}" for made, arguments in script)

    def _play(self, script: Script, rng: random.Random, steps: int) -> None:
        machine = self._machine()
        made = self._first
        for _ in range(steps + 1):
            arguments = {name: choice.draw(rng) for name, choice in made.choices.items()}
            script.append((made, arguments))
            self._step(machine, made, arguments)
            made = rng.choice(self._moves)

    def _step(self, machine: Any, made: _Move, arguments: dict[str, Any]) -> None:
        if made.allowed is None or made.allowed(machine):
            made.act(machine, **arguments)
            machine.after_step()

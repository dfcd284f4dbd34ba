"""Seeded chance, in the few forms that making inputs by the million can afford."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


class Dice:
    """The same seed throws the same numbers."""

    __slots__ = ("_random",)

    def __init__(self, seed: str) -> None:
        self._random = Random(seed).random

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound`` - 1."""
        return int(self._random() * bound)

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def pick(self, options: Sequence[_T]) -> _T:
        return options[int(self._random() * len(options))]

    def some(self, options: Sequence[_T], count_max: int) -> list[_T]:
        """Return up to ``count_max`` of the options, each as often as it comes."""
        return [self.pick(options) for _ in range(self.below(count_max + 1))]

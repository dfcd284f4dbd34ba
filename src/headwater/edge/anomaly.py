"""A model that is fitted on the spot: what is usual, learnt from the first readings.

Each figure is compared with its median, in units of its usual spread (the median distance from the
median, which single outliers cannot move).
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

import msgspec

from headwater.edge.frames import Frame

_TO_SIGMA = 1.4826  # from the median distance to the standard deviation of a normal distribution
_SPREAD_MIN = 0.2  # of the median: what is nearly constant must not alarm by a trifle
_TINY = 1e-3


class Features(Protocol):
    """What the model takes as a frame's data."""

    def features(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class Verdict:
    """The model's answer: ``score`` in spreads, of the ``feature`` that is most unusual."""

    state: str  # "fitting", "normal" or "anomaly"
    score: float = 0.0
    feature: str = ""
    changed: bool = False  # whether the state before was another


class Usual(msgspec.Struct):
    """What was learnt of one figure."""

    middle: float
    spread: float


class AnomalyModel:
    """Learns from ``fit_on`` readings, then answers; ``confirm`` readings in a row change its mind.

    With ``path`` what was learnt is kept in a file, and a restart goes on with it.
    """

    def __init__(
        self,
        *,
        fit_on: int = 30,
        threshold: float = 8.0,
        confirm: int = 3,
        path: Path | None = None,
    ) -> None:
        self._fit_on = fit_on
        self._threshold = threshold
        self._confirm = confirm
        self._path = path
        self._samples: list[dict[str, float]] = []
        self._usual: dict[str, Usual] = {}
        self._state = "fitting"
        self._against = 0  # readings in a row that contradict the state

    def load(self) -> None:
        """Take up what an earlier run learnt."""
        if self._path is None or not self._path.exists():
            return
        try:
            self._usual = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Usual])
            self._state = "normal"
        except msgspec.DecodeError:
            self._usual = {}  # written while the power went: learn again

    def predict(self, frames: list[Frame]) -> list[Verdict]:
        """Return a Verdict for each frame, whose data has ``features()``."""
        return [self._answer(frame.data.features()) for frame in frames]

    def _answer(self, figures: dict[str, float]) -> Verdict:
        if not self._usual:
            self._samples.append(figures)
            if len(self._samples) < self._fit_on:
                return Verdict("fitting")
            self._fit()
            return Verdict("normal", changed=True)
        feature, score = self._score(figures)
        seen = "anomaly" if score > self._threshold else "normal"
        self._against = self._against + 1 if seen != self._state else 0
        changed = self._against >= self._confirm
        if changed:
            self._state, self._against = seen, 0
        return Verdict(self._state, round(score, 2), feature, changed)

    def _fit(self) -> None:
        for name in self._samples[0]:
            values = [sample[name] for sample in self._samples]
            middle = median(values)
            spread = _TO_SIGMA * median(abs(value - middle) for value in values)
            spread = max(spread, _SPREAD_MIN * abs(middle), _TINY)
            # Nothing seen while learning may alarm later.
            furthest = max(abs(value - middle) for value in values)
            self._usual[name] = Usual(middle, max(spread, furthest / self._threshold))
        self._samples.clear()
        self._state = "normal"
        if self._path is not None:
            self._path.write_bytes(msgspec.json.encode(self._usual))

    def _score(self, figures: dict[str, float]) -> tuple[str, float]:
        worst, score = "", 0.0
        for name, usual in self._usual.items():
            distance = abs(figures.get(name, usual.middle) - usual.middle) / usual.spread
            if distance > score:
                worst, score = name, distance
        return worst, score

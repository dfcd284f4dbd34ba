"""The model that is fitted on the spot."""

import random
from pathlib import Path

import pytest

from headwater.edge.anomaly import AnomalyModel
from headwater.edge.frames import Frame


class Sample:
    def __init__(self, **figures: float) -> None:
        self._figures = figures

    def features(self) -> dict[str, float]:
        return self._figures


def even(count: int, seed: int = 1) -> list[Frame]:
    rng = random.Random(seed)
    return [Frame(Sample(cpu=0.1 + rng.gauss(0, 0.01), threads=4.0)) for _ in range(count)]


def faulty(count: int) -> list[Frame]:
    return [Frame(Sample(cpu=0.9, threads=4.0))] * count


def model(path: Path | None = None) -> AnomalyModel:
    fresh = AnomalyModel(fit_on=20, threshold=8.0, confirm=3, path=path)
    fresh.load()
    return fresh


def test_it_learns_first_and_then_says_normal():
    states = [verdict.state for verdict in model().predict(even(25))]
    assert states == ["fitting"] * 19 + ["normal"] * 6


def test_a_fault_is_noticed_after_the_readings_that_confirm_it():
    watching = model()
    watching.predict(even(40))
    verdicts = watching.predict(faulty(4))
    assert [verdict.state for verdict in verdicts] == ["normal", "normal", "anomaly", "anomaly"]
    assert [verdict.changed for verdict in verdicts] == [False, False, True, False]
    assert verdicts[2].feature == "cpu"
    assert verdicts[2].score > 8


def test_the_end_of_a_fault_is_noticed_as_well():
    watching = model()
    watching.predict(even(40) + faulty(5))
    verdicts = watching.predict(even(5, seed=2))
    assert [verdict.state for verdict in verdicts][-1] == "normal"
    assert sum(verdict.changed for verdict in verdicts) == 1


@pytest.mark.parametrize("seed", range(5))
def test_even_figures_raise_no_alarm(seed):
    verdicts = model().predict(even(1000, seed))
    assert {verdict.state for verdict in verdicts} == {"fitting", "normal"}


def test_single_outliers_do_not_change_its_mind():
    watching = model()
    watching.predict(even(40))
    frames = [frame for _ in range(20) for frame in (*faulty(1), *even(1))]
    assert {verdict.state for verdict in watching.predict(frames)} == {"normal"}


def test_what_was_learnt_survives_a_restart(tmp_path):
    path = tmp_path / "usual.json"
    model(path).predict(even(30))
    verdicts = model(path).predict(faulty(3))
    assert [verdict.state for verdict in verdicts] == ["normal", "normal", "anomaly"]


def test_a_torn_file_means_learning_again(tmp_path):
    path = tmp_path / "usual.json"
    path.write_bytes(b'{"cpu":{"mid')
    assert model(path).predict(even(1))[0].state == "fitting"

"""The order of samples, and that a row that fails does not end the run."""

import sys
from dataclasses import dataclass, field

import pytest

from bench import runner, servers
from bench.errors import HarnessError
from bench.measures import Effort, Sample
from bench.rows import Row
from bench.servers import Side
from headwater import _build

SIDES = Side("ours", ("ours",)), Side("theirs", ("theirs",))


@dataclass
class Scripted:
    """Gives each side its samples in turn and notes the calls; an exception is raised."""

    ours: list
    theirs: list
    fails: str = ""
    calls: list[str] = field(default_factory=list)

    def check(self, side, effort):
        self.calls.append(f"check {side.name}")
        if self.fails == side.name:
            raise HarnessError("message 7 lost")

    def sample(self, side, effort):
        self.calls.append(side.name)
        value = getattr(self, side.name).pop(0)
        if isinstance(value, Exception):
            raise value
        return Sample(value)


def run(*measures, pairs=2):
    rows = [Row(f"row.{i}", "what", "msgs/s", measure) for i, measure in enumerate(measures)]
    said = []
    return runner.run(rows, SIDES, pairs, Effort(), said.append), said


def test_sides_are_checked_and_then_sampled_in_turn():
    measure = Scripted([2, 6, 4], [1, 2, 2])
    (entry,), said = run(measure, pairs=3)
    assert measure.calls == ["check ours", "check theirs", *["ours", "theirs"] * 3]
    assert (entry["ratio"], entry["min_ratio"], entry["max_ratio"]) == (2, 2, 3)
    assert entry["samples"] == {"ours": [2, 6, 4], "theirs": [1, 2, 2]}
    assert said == ["row.0: what"] + [
        f"  {pair} of 3: {figures} msgs/s, ratio {ratio}"
        for pair, figures, ratio in [
            (1, "2 / 1", "2.00"),
            (2, "6 / 2", "3.00"),
            (3, "4 / 2", "2.00"),
        ]
    ]


def test_steal_is_measured_over_the_samples():
    (entry,), _ = run(Scripted([1, 1], [1, 1]))
    assert 0 <= entry["steal_percent"] <= 100


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_side_that_fails_its_check_is_not_measured(side):
    broken, whole = Scripted([1, 1], [1, 1], fails=side), Scripted([1, 1], [1, 1])
    (failed, measured), _ = run(broken, whole)
    assert failed["error"] == f"{side}: message 7 lost"
    assert failed["ratio"] is None
    assert "ours" not in broken.calls
    assert measured["ratio"] == 1


@pytest.mark.parametrize("error", [HarnessError("stalled"), ConnectionResetError("reset")])
def test_a_sample_that_fails_fails_its_row_only(error):
    (failed, measured), _ = run(Scripted([1, error], [1]), Scripted([1, 1], [1, 1]))
    assert str(error) in failed["error"]
    assert measured["ratio"] == 1


def test_environment_says_how_ours_runs():
    ours = Side("ours", (sys.executable, "-m", "headwater", "server"))
    theirs = Side("theirs", (sys.executable, "-c", "print('nats-server: v2')"))
    found = runner.environment((ours, theirs), 5, Effort(quick=True))
    assert found["ours"].startswith("headwater ")
    assert found["ours_compiled"].startswith(("compiled", "pure Python", "in part only"))
    assert (found["theirs"], found["pairs"], found["quick"]) == ("nats-server: v2", 5, True)
    assert found["cpu"]
    assert found["cores"] >= 1


@pytest.mark.parametrize(
    ("extensions", "pure", "form"),
    [
        ({"a", "b"}, False, "as described"),
        (set(), False, "as described"),
        ({"a"}, True, "as described"),
        ({"a"}, False, "in part only: 1 of 2 hot modules; build it anew"),
    ],
)
def test_a_half_made_build_is_told_apart(monkeypatch, extensions, pure, form):
    monkeypatch.setattr(_build, "hot_modules", lambda: ["a", "b"])
    monkeypatch.setattr(_build, "extension_of", lambda module: module in extensions or None)
    monkeypatch.setattr(_build, "pure_wanted", lambda: pure)
    monkeypatch.setattr(_build, "description", lambda: "as described")
    ours = Side("ours", (sys.executable, "-m", "headwater", "server"))
    found = runner.environment((ours, Side("theirs", ("/none",))), 5, Effort())
    assert found["ours_compiled"] == form


def test_environment_asks_another_server_for_its_version():
    other = Side("ours", (sys.executable, "-c", "print('other: v3')"))
    found = runner.environment((other, other), 5, Effort())
    assert (found["ours"], found["ours_compiled"]) == ("other: v3", None)


def test_the_default_command_is_known_as_headwater(monkeypatch):
    monkeypatch.delenv(servers.OURS_VARIABLE, raising=False)
    side = servers.our_side()
    assert runner.environment((side, Side("theirs", ("/none",))), 5, Effort())["ours_compiled"]

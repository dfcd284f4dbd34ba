"""Tests of the generated scripts of consumers, and a sample of them played to both servers."""

import pytest

from tests.fuzz.dice import Dice
from tests.jetstream import consumer_differ
from tests.jetstream.consumer_scripts import Script, Step, make

_SAMPLE = range(20)


def test_a_seed_makes_one_script():
    assert make(Dice("one")) == make(Dice("one"))
    assert make(Dice("one")) != make(Dice("two"))


def test_scripts_do_everything():
    scripts = [make(Dice(f"all {number}")) for number in range(300)]
    verbs = {step.verb for script in scripts for step in script.steps}
    assert verbs == {
        "ack",
        "again",
        "listen",
        "pause",
        "pull",
        "put",
        "reset",
        "take_away",
        "unpin",
        "update",
    }
    policies = {script.consumer.get("priority_policy") for script in scripts}
    assert policies == {None, "overflow", "pinned_client", "prioritized"}


class _Fake(consumer_differ.Differ):
    """Finds a difference where it is told to."""

    def __init__(self, verb: str) -> None:
        self._verb = verb

    def difference(self, script: Script) -> str:
        return "differs" if any(step.verb == self._verb for step in script.steps) else ""


def test_scripts_are_made_small():
    steps = tuple(Step(verb) for verb in ("put", "put", "again", "reset", "put"))
    small = _Fake("again").smallest(Script({}, {}, steps))
    assert small.steps == (Step("again"),)


def test_differences_are_counted_and_printed(capsys):
    assert consumer_differ.compare(_Fake("put"), 1, range(20), seconds=60) == 1
    said = capsys.readouterr().out
    assert "the smallest like it" in said
    assert "5 differ" in said
    assert consumer_differ.compare(_Fake("nothing"), 1, range(20), seconds=60) == 0


@pytest.mark.hub
def test_sample(nats_server_path, tmp_path, capsys):
    with consumer_differ.Differ(nats_server_path, tmp_path) as both:
        failed = consumer_differ.compare(both, seed=1, numbers=_SAMPLE, seconds=300)
    assert not failed, capsys.readouterr().out

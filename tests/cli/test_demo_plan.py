"""The plan of the demonstration holds what its last line promises."""

import pytest

from headwater.cli.demo_plan import Step, steps
from headwater.cli.demo_run import CUTS_MIN, KILLS_MIN


def actions(seconds: float) -> list[str]:
    return [step.action for step in steps(seconds)]


def test_there_are_enough_cuts_and_kills():
    planned = actions(80)
    assert planned.count("cut") + planned.count("cut_silent") >= CUTS_MIN
    assert planned.count("kill_node") >= KILLS_MIN
    assert planned.count("kill_app") == 1
    assert "fault" in planned


@pytest.mark.parametrize("seconds", [12, 80, 3600])
def test_everything_is_undone_in_order_and_in_time(seconds):
    planned = steps(seconds)
    assert planned == sorted(planned)
    assert planned[-1].at_s <= seconds
    cut = fault = False
    for step in planned:
        if step.action in {"cut", "cut_silent"}:
            assert not cut
            cut = True
        elif step.action == "restore":
            assert cut
            cut = False
        elif step.action in {"fault", "well"}:
            assert fault == (step.action == "well")
            fault = not fault
    assert not cut
    assert not fault


def test_the_node_is_killed_with_the_link_up_and_with_it_cut():
    cut = False
    kills = set()
    for step in steps(80):
        if step.action in {"cut", "cut_silent", "restore"}:
            cut = step.action != "restore"
        if step.action == "kill_node":
            kills.add(cut)
    assert kills == {True, False}


def test_steps_scale_with_the_length():
    assert steps(40)[0] == Step(steps(80)[0].at_s / 2, steps(80)[0].action)

"""Recovery from every kind of power cut; ``make crash`` does the same with many more of them."""

import pytest

from headwater import _build
from tests.sim.campaign import Result, run_seed
from tests.sim.workload import Workload

# The plain form is several times slower; both together check over two thousand states.
SEEDS = 40 if _build.compiled() else 12
STATES = 50


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_was_acknowledged_survives_any_power_cut(seed):
    result = Result()
    run_seed(seed, STATES, result)
    assert result.states == STATES


def test_the_campaign_sees_what_it_should():
    result = Result()
    for seed in range(4):
        run_seed(1000 + seed, 60, result)
    assert result.states > 200
    assert result.cuts > 20
    assert result.acknowledged > result.states
    assert {"write", "sync", "create", "mkdir"} <= set(result.kinds)


@pytest.mark.parametrize("seed", range(30))
def test_a_stream_is_what_its_records_say(seed):
    # Longer scripts, with restarts and evictions, against the slow and obvious model.
    Workload(5000 + seed, steps=120).run()

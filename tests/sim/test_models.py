"""A few thousand steps of a node beside a dict and beside sets; ``make model`` does far more."""

import pytest

from headwater import _build
from tests.sim.models import check, check_at_random

STEPS = 4000 if _build.compiled() else 1000


@pytest.mark.parametrize("name", ["keys", "queues"])
def test_a_node_is_what_its_model_is(name):
    assert check(name, STEPS // 4, first_seed=20_001) >= STEPS // 8


@pytest.mark.parametrize("name", ["keys", "queues"])
def test_so_it_is_at_random(name):
    assert check_at_random(name, STEPS, first_seed=7) >= STEPS // 2

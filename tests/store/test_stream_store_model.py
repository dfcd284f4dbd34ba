"""A few thousand steps of a store beside a plain list; ``make model`` does millions."""

from headwater import _build
from tests.sim.models import check, check_at_random

STEPS = 6000 if _build.compiled() else 2000


def test_a_store_is_what_a_plain_list_is():
    assert check("store", STEPS, first_seed=20_001) >= STEPS // 2


def test_so_it_is_at_random():
    assert check_at_random("store", 5 * STEPS, first_seed=7) >= 4 * STEPS

"""A sample of the rounds that ``make corrupt`` does ten thousand of."""

from headwater import _build
from tests.corrupt.campaign import Figures, run

# Uncompiled each takes five times as long.
_ROUNDS = 100 if _build.compiled() else 30
_SEED = 100_000


def test_damaged_stores_serve_what_is_healthy_and_can_be_repaired() -> None:
    figures = Figures()
    run(_ROUNDS, _SEED, figures)
    assert not figures.failures
    assert figures.rounds == _ROUNDS
    assert figures.lost > 0
    assert figures.mended > 0


def test_a_block_that_is_read_on_the_way_is_read_again_when_more_of_it_counts() -> None:
    # Both checkpoints are lost, and messages lie behind the one that the log itself has.
    figures = Figures()
    run(1, 45, figures)
    assert not figures.failures

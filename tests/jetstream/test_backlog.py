"""A backlog against a sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream.backlog import Backlog

STEPS = st.lists(st.one_of(st.just(0), st.integers(1, 40)))


@given(st.sets(st.integers(1, 40)), STEPS)
def test_like_a_sorted_list(sequences: set[int], steps: list[int]) -> None:
    backlog = Backlog(sequences)
    model = sorted(sequences)
    for sequence in steps:
        if sequence:
            assert backlog.remove(sequence) is (sequence in model)
            model = [other for other in model if other != sequence]
        elif model:
            backlog.drop_first()
            del model[0]
        assert backlog.first() == (model[0] if model else 0)
        assert backlog.sequences() == model
        assert len(backlog) == len(model)
        assert [other for other in range(42) if other in backlog] == model

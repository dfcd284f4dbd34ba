"""The heap of times at which messages are to go."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.store.block import Block
from headwater.store.expiries import Expiries

TIMES = st.lists(st.integers(0, 50), max_size=60)


def filled(times: list[int]) -> Expiries:
    expiries = Expiries()
    for sequence, time_ns in enumerate(times, 1):
        expiries.add(time_ns, sequence)
    return expiries


@given(TIMES)
def test_they_come_in_order(times):
    expiries = filled(times)
    other = Expiries()
    other.unpack(expiries.pack())
    found = []
    while len(other):
        found.append((other.first_time(), other.first_sequence()))
        other.drop_first()
    assert [time_ns for time_ns, _ in found] == sorted(times)
    assert sorted(found) == sorted((time_ns, n) for n, time_ns in enumerate(times, 1))


@given(TIMES, st.integers(0, 50), st.integers(1, 70))
def test_those_that_are_due(times, now_ns, count_max):
    expiries = filled(times)
    due = sorted((time_ns, n) for n, time_ns in enumerate(times, 1) if time_ns <= now_ns)
    found = expiries.due(now_ns, count_max)
    assert len(expiries) == len(times)
    assert len(found) == min(len(due), count_max)
    assert set(found) <= set(due)
    if found:
        assert min(found)[0] == due[0][0]


@given(TIMES, st.sets(st.integers(1, 60)))
def test_what_is_gone_is_left_out(times, gone):
    block = Block(b"12345678", 1)
    for sequence in range(1, len(times) + 1):
        block.note(sequence, 5)
        block.expire(sequence, times[sequence - 1])
    for sequence in gone:
        block.delete(sequence)
    left = [time for sequence, time in enumerate(times, 1) if sequence not in gone]
    assert block.next_expiry() == min(left, default=0)
    block.tidy()
    assert (0 if block.expiries is None else len(block.expiries)) == len(left)
    assert block.next_expiry() == min(left, default=0)


def test_some_are_kept_whatever_their_age():
    block = Block(b"12345678", 1)
    for sequence in range(10, 40):
        block.note(sequence, 5)
    block.keep(12)
    block.keep(38)
    assert [sequence for sequence in range(10, 40) if block.keeps(sequence)] == [12, 38]
    block.clear()
    assert (block.kept, block.expiries) == (None, None)

"""Timers against a naive model: order, cancelling, and no leak of cancelled ones."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.base.clock import ManualClock
from headwater.base.timers import Timers

actions = st.lists(
    st.one_of(
        st.tuples(st.just("after"), st.integers(-2, 6)),
        st.tuples(st.just("cancel"), st.integers(0, 30)),
        st.tuples(st.just("advance"), st.integers(0, 4)),
    ),
    max_size=60,
)


@given(actions)
def test_timers_do_what_a_sorted_list_does(script):
    clock = ManualClock()
    timers = Timers(clock)
    ran, made, model = [], [], []
    for action, value in script:
        if action == "after":
            name = len(made)
            model.append((clock.monotonic() + max(0, value), name))
            made.append(timers.after(value, lambda name=name: ran.append(name)))
        elif action == "cancel" and value < len(made):
            made[value].cancel()
            model = [entry for entry in model if entry[1] != value]
        elif action == "advance":
            clock.advance(value)
            due = sorted(entry for entry in model if entry[0] <= clock.monotonic())
            model = [entry for entry in model if entry not in due]
            ran.clear()
            assert timers.run_due() == len(due)
            assert ran == [name for _, name in due]
        assert timers.next_deadline() == (min(model)[0] if model else None)
        waiting = {name for _, name in model}
        assert [timer.active for timer in made] == [n in waiting for n in range(len(made))]


def test_a_callback_may_set_another_timer():
    clock = ManualClock()
    timers = Timers(clock)
    ran = []

    def again():
        ran.append(clock.monotonic())
        if len(ran) < 3:
            timers.after(10, again)

    timers.after(10, again)
    for _ in range(4):
        clock.advance(10)
        timers.run_due()
    assert ran == [10, 20, 30]


def test_a_callback_may_cancel_the_next():
    clock = ManualClock()
    timers = Timers(clock)
    ran = []
    timers.after(1, lambda: second.cancel())
    second = timers.after(1, lambda: ran.append("second"))
    clock.advance(1)
    assert timers.run_due() == 1
    assert ran == []
    assert timers.next_deadline() is None


def test_the_driver_hears_of_an_earlier_deadline_only():
    clock = ManualClock()
    heard = []
    timers = Timers(clock, heard.append)
    for delay in (30, 40, 10, 20):
        timers.after(delay, lambda: None)
    assert heard == [30, 10]


def test_the_driver_hears_again_once_the_first_is_gone():
    clock = ManualClock()
    heard = []
    timers = Timers(clock, heard.append)
    timers.after(10, lambda: None).cancel()
    timers.after(20, lambda: None)
    assert heard[-1] == 20 or timers.next_deadline() == 20


def test_cancelled_timers_do_not_pile_up():
    clock = ManualClock()
    timers = Timers(clock)
    keep = timers.after(10**9, lambda: None)
    for _ in range(10_000):
        timers.after(10**6, lambda: None).cancel()
    assert len(timers._heap) < 200
    assert timers.next_deadline() == keep.deadline_ns


def test_an_error_in_a_callback_leaves_the_others():
    clock = ManualClock()
    timers = Timers(clock)
    ran = []
    timers.after(1, lambda: 1 // 0)
    timers.after(2, lambda: ran.append(2))
    clock.advance(5)
    try:
        timers.run_due()
    except ZeroDivisionError:
        timers.run_due()
    assert ran == [2]

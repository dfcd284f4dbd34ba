"""Which consumers a message concerns, and how those find it among the others."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream.consumer_interest import ConsumerInterest
from headwater.jetstream.delivery import Delivery, Target
from headwater.subjects.validate import matches
from tests.broker.fakes import new_node
from tests.jetstream.duel import Play, on_both

_TOKENS = st.sampled_from([b"a", b"b", b"c"])
_SUBJECTS = st.lists(_TOKENS, min_size=1, max_size=3).map(b".".join)
_PATTERNS = st.tuples(
    st.lists(st.sampled_from([b"a", b"b", b"*"]), min_size=1, max_size=3), st.booleans()
).map(lambda drawn: b".".join([*drawn[0], b">"] if drawn[1] else drawn[0]))


def _delivery(filters: list[bytes]) -> Delivery:
    node = new_node()
    delivery = Delivery(None, None, node.router, node.accounts.globals, node.clock, None, 1)
    delivery.filters = filters
    return delivery


@given(st.lists(_PATTERNS | st.just(b""), max_size=6), st.lists(_SUBJECTS, max_size=20), st.data())
def test_those_that_want_a_subject_hear_of_it(patterns, subjects, data) -> None:
    interest = ConsumerInterest()
    there = {_delivery([pattern] if pattern else []): pattern for pattern in patterns}
    for delivery in there:
        interest.add(delivery)
    for sequence, subject in enumerate(subjects, 1):
        if there and data.draw(st.booleans()):
            changed = data.draw(st.sampled_from(list(there)))
            if data.draw(st.booleans()):
                interest.remove(changed)
                del there[changed]
            else:
                there[changed] = data.draw(_PATTERNS)
                changed.filters = [there[changed]]
                interest.add(changed)
        wanted = {
            delivery
            for delivery, pattern in there.items()
            if not pattern or matches(pattern, subject)
        }
        before = {delivery: delivery.num_pending for delivery in there}
        assert set(interest.takers(subject)) == wanted
        assert interest.wanted(subject) == bool(wanted)
        interest.stored(sequence, subject)
        for delivery in there:
            assert delivery.num_pending == before[delivery] + (delivery in wanted)


def test_one_with_two_filters_is_there_once() -> None:
    interest = ConsumerInterest()
    both = _delivery([b"a.*", b"*.a"])
    interest.add(both)
    assert interest.takers(b"a.a") == [both]


class _Mouth(Target):
    """Somebody who asks, or nobody."""

    def __init__(self) -> None:
        self.asks = False

    def subject(self, size: int) -> bytes | None:
        return b"inbox" if self.asks else None


def test_only_those_whom_somebody_asks_are_woken() -> None:
    interest = ConsumerInterest()
    delivery = _delivery([b"a"])
    delivery.target = mouth = _Mouth()
    interest.add(delivery)
    interest.stored(1, b"a")
    interest.wake_due()
    assert not delivery.router.ending
    interest.stored(2, b"a")
    mouth.asks = True
    interest.wake_due()
    assert delivery.router.ending == [delivery]


@on_both
def test_filtered_consumers_find_what_is_theirs(play: Play) -> None:
    play.stream("S", subjects=["s.*"])
    for number in range(9):
        play.put(f"s.{number % 3}", b"old")
    play.consumer("S", "ONE", ack_policy="explicit", filter_subject="s.1")
    play.consumer("S", "TWO", ack_policy="explicit", filter_subjects=["s.0", "s.2"])
    play.consumer("S", "NEW", ack_policy="explicit", filter_subject="s.1", deliver_policy="new")
    # More than is remembered of what comes, a part of which is taken away again.
    for number in range(500):
        play.send(f"s.{number % 3}", b"%d" % number)
    play.put("s.0")
    for sequence in (11, 14, 17, 20, 200, 407, 408, 409):
        play.ask("STREAM.MSG.DELETE.S", {"seq": sequence}, note=False)
    for name in ("ONE", "TWO", "NEW"):
        play.take("S", name, 5)
        play.info("S", name)
    for number in range(6):
        play.put(f"s.{number % 3}", b"more")
    for name in ("ONE", "TWO", "NEW"):
        play.take("S", name, 1000)
        play.info("S", name)
    for number in range(6):
        play.put(f"s.{number % 3}", b"last")
        play.take("S", "ONE", 1)
    play.ask("CONSUMER.RESET.S.ONE", {"seq": 5})
    play.consumer("S", "TWO", ack_policy="explicit", filter_subjects=["s.1"])
    for name in ("ONE", "TWO", "NEW"):
        play.take("S", name, 5)
        play.info("S", name)

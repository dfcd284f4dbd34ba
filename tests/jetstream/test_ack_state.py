"""Acknowledgements and the floors: as nats-server counts them."""

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from headwater.jetstream.ack_state import AckState
from tests.jetstream.duel import MILLISECOND_NS, Duel, Play, on_both


def _stream(play: Play, count: int = 6, **config: object) -> None:
    play.stream("S", subjects=["s.>"], **config)
    for number in range(count - 1):
        play.send(f"s.{number % 2}", b"%d" % number)
    play.put("s.last")


@on_both
def test_explicit(play: Play) -> None:
    _stream(play)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 6)
    for place in (1, 0, 5, 3, 2, 2, 4):
        play.ack(found[place])
        play.info("S", "C")
    play.put("s.0")
    play.info("S", "C")


@on_both
def test_all(play: Play) -> None:
    _stream(play)
    play.consumer("S", "C", ack_policy="all")
    found = play.take("S", "C", 5)
    for place in (1, 0, 3):
        play.ack(found[place])
        play.info("S", "C")
    found = play.take("S", "C", 5)
    play.info("S", "C")
    play.ack(found[0])
    play.info("S", "C")


@on_both
def test_none(play: Play) -> None:
    _stream(play)
    play.consumer("S", "C", ack_policy="none")
    play.take("S", "C", 2)
    play.info("S", "C")
    found = play.take("S", "C", 9)
    play.info("S", "C")
    play.request(found[0].reply, b"+ACK")
    play.info("S", "C")


@on_both
def test_filtered(play: Play) -> None:
    _stream(play, 9)
    play.consumer("S", "C", ack_policy="explicit", filter_subject="s.1")
    found = play.take("S", "C", 9)
    play.info("S", "C")
    play.ack(found[0])
    play.info("S", "C")
    for message in found[1:]:
        play.ack(message)
    play.info("S", "C")
    play.put("s.0")
    play.info("S", "C")
    play.put("s.1")
    play.info("S", "C")
    play.take("S", "C", 9)
    play.info("S", "C")


@on_both
def test_redelivery_of_naks(play: Play) -> None:
    _stream(play)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 4)
    play.ack(found[2], b"-NAK")
    play.info("S", "C")
    play.ack(found[0], b"-NAK")
    play.info("S", "C")
    again = play.fetch("S", "C", 4)
    play.info("S", "C")
    for message in again:
        play.ack(message)
        play.info("S", "C")
    play.ack(found[1], b"+TERM")
    play.ack(found[3], b"+TERM because")
    play.info("S", "C")


@on_both
def test_nak_with_delay(play: Play) -> None:
    _stream(play, 3)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 3)
    play.ack(found[0], b'-NAK {"delay": 50000000}')
    play.ack(found[1], b"-NAK 20ms")
    play.info("S", "C")
    play.take("S", "C", 3)
    play.fetch("S", "C", 1)
    play.fetch("S", "C", 1)
    play.info("S", "C")
    play.ack(found[2], b"-NAK junk")
    play.fetch("S", "C", 1)
    play.ack(found[2], b"-NAK {junk")
    play.fetch("S", "C", 1)
    play.ack(found[2], b'-NAK {"delay": "x"}')
    play.fetch("S", "C", 1)
    play.info("S", "C")


@on_both
def test_odd_acknowledgements(play: Play) -> None:
    _stream(play, 3)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 3)
    for verb in (b"+WPI", b"+OK", b"", b"+ACK"):
        play.ack(found[0], verb)
        play.info("S", "C")
    play.ack(found[0])
    inbox = play.listen("answers")
    for verb in (b"+ACK ", b"+ack", b"junk", b" ", b"+WPI ", b"+TERMINATE", b"+OKAY", b"-NAKED"):
        play.note(verb.decode())
        play.send(found[1].reply, verb, reply=inbox)
        play.hear(inbox)
        play.info("S", "C")
    tokens = found[2].reply.split(".")
    for place, value in ((5, "99"), (5, "x"), (6, "99"), (4, "7"), (7, "0"), (8, "5")):
        changed = [*tokens]
        changed[place] = value
        play.note(f"{place} {value}")
        play.send(".".join(changed), b"+ACK", reply=inbox)
        play.quiet(inbox, 50)
        play.info("S", "C")
    play.ack(found[2])
    play.info("S", "C")


@pytest.mark.hub
@pytest.mark.parametrize("policy", ["explicit", "all"])
def test_what_was_never_delivered_can_be_terminated_only(duel: Duel, policy: str) -> None:
    def script(play: Play) -> None:
        _stream(play, 3)
        config = {"ack_policy": policy, "sample_freq": "100%"}
        play.consumer("S", "C", **config)
        (found,) = play.take("S", "C", 1)
        play.ask("CONSUMER.DELETE.S.C")
        play.consumer("S", "C", **config)
        told = play.listen("$JS.EVENT.ADVISORY.CONSUMER.>")
        inbox = play.listen("answers")
        for verb, answers in (
            (b"+ACK", False),
            (b"+TERM", False),
            (b"+TERM why", False),
            (b"-NAK", True),
            (b"+WPI", True),
            (b"junk", True),
            (b"+NXT", True),
        ):
            play.note(verb.decode())
            play.send(found.reply, verb, reply=inbox)
            if answers:
                play.hear(inbox)
            elif verb != b"+ACK":
                play.hear(told)
            play.info("S", "C")
        play.rest(inbox)
        play.rest(told)

    duel.compare(script)


@on_both
def test_floors_move_with_the_first_one_only(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for token in "aabab":
        play.put(f"s.{token}")
    play.consumer("S", "C", ack_policy="explicit", filter_subject="s.b")
    found = play.take("S", "C", 2)
    for message in reversed(found):
        play.ack(message)
        play.info("S", "C")


@on_both
def test_what_covers_others_says_where_the_floors_are(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for token in "aabaabab":
        play.put(f"s.{token}")
    play.consumer("S", "C", ack_policy="all", filter_subject="s.b")
    found = play.take("S", "C", 3)
    play.ack(found[0])
    play.info("S", "C")
    play.ack(found[2], b"-NAK")
    play.take("S", "C", 1)
    for message in found[1:]:
        play.ack(message)
        play.info("S", "C")


@on_both
def test_an_old_acknowledgement_is_taken_for_one_after_a_reset(play: Play) -> None:
    _stream(play, 3)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 3)
    play.ask("CONSUMER.RESET.S.C", {"seq": 4})
    play.ack(found[1])
    play.info("S", "C")


@on_both
def test_next_of_a_push_consumer(play: Play) -> None:
    play.listen("d")
    _stream(play, 2)
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="d")
    found = play.hear("d", 2)
    inbox = play.listen("answers")
    for body in (b"+NXT", b"+NXT 1", b"+NXT junk"):
        play.send(found[0].reply, body, reply=inbox)
        play.hear(inbox)
    play.send(found[1].reply, b"+NXT")
    play.wait_info("S", "C", num_ack_pending=0)


@on_both
def test_next(play: Play) -> None:
    _stream(play, 6)
    play.consumer("S", "C", ack_policy="explicit")
    (found,) = play.take("S", "C", 1)
    found = play.request(found.reply, b"+NXT")
    play.info("S", "C")
    found = play.request(found.reply, b"+NXT 1")
    inbox = play.listen("_INBOX.next")
    play.send(found.reply, b'+NXT {"batch": 2, "no_wait": true}', reply=inbox)
    found = play.hear(inbox, 2)[1]
    play.send(found.reply, b'+NXT {"batch": 9, "no_wait": true}', reply=inbox)
    play.hear_until(inbox, 404)
    play.send(found.reply, b"+NXT junk", reply=inbox)
    play.quiet(inbox, 100)
    play.info("S", "C")


@on_both
def test_ack_wait(play: Play) -> None:
    _stream(play, 3)
    play.consumer("S", "C", ack_policy="explicit", ack_wait=150 * MILLISECOND_NS)
    found = play.take("S", "C", 3)
    play.ack(found[1])
    again = play.fetch("S", "C", 2)
    for message in again:
        play.ack(message)
    play.info("S", "C")


@on_both
def test_progress_prolongs(play: Play) -> None:
    _stream(play, 2)
    play.consumer("S", "C", ack_policy="explicit", ack_wait=400 * MILLISECOND_NS)
    found = play.take("S", "C", 2)
    inbox = play.listen("_INBOX.beats")
    play.quiet(inbox, 250)
    play.ack(found[0], b"+WPI")
    # The other one is the first that comes again, though it was delivered later.
    again = play.fetch("S", "C", 2)
    for message in again:
        play.ack(message)
    play.info("S", "C")


@on_both
def test_max_deliver(play: Play) -> None:
    _stream(play, 3)
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>")
    play.consumer("S", "C", ack_policy="explicit", max_deliver=2, ack_wait=100 * MILLISECOND_NS)
    found = play.take("S", "C", 3)
    play.ack(found[1])
    play.fetch("S", "C", 2)
    play.info("S", "C")
    # It needs somebody who asks for messages to find out that there are no more deliveries.
    inbox = play.pull("S", "C", batch=1, expires=3000 * MILLISECOND_NS)
    play.hear(advisories, 2)
    play.info("S", "C")
    play.put("s.0")
    (found,) = play.hear(inbox)
    play.info("S", "C")
    play.ack(found)
    play.info("S", "C")


@on_both
def test_max_deliver_by_naks(play: Play) -> None:
    _stream(play, 2)
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>")
    play.consumer("S", "C", ack_policy="explicit", max_deliver=2)
    (found,) = play.take("S", "C", 1)
    play.ack(found, b"-NAK")
    (found,) = play.fetch("S", "C", 1)
    play.info("S", "C")
    play.ack(found, b"-NAK")
    found = play.take("S", "C", 2)
    play.hear(advisories)
    play.info("S", "C")
    play.ack(found[0])
    play.info("S", "C")


@on_both
def test_backoff(play: Play) -> None:
    _stream(play, 1)
    play.consumer(
        "S",
        "C",
        ack_policy="explicit",
        max_deliver=4,
        backoff=[50 * MILLISECOND_NS, 100 * MILLISECOND_NS],
    )
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>")
    for _ in range(4):
        play.fetch("S", "C", 1)
    play.info("S", "C")
    inbox = play.pull("S", "C", batch=1, expires=3000 * MILLISECOND_NS)
    play.hear(advisories)
    play.info("S", "C")
    play.put("s.0")
    play.hear(inbox)
    play.info("S", "C")


@on_both
def test_max_ack_pending(play: Play) -> None:
    _stream(play, 6)
    play.consumer("S", "C", ack_policy="explicit", max_ack_pending=2)
    inbox = play.pull("S", "C", batch=5, expires=5000 * MILLISECOND_NS)
    found = play.hear(inbox, 2)
    play.info("S", "C")
    play.ack(found[0], b"-NAK")
    found = [found[1], *play.hear(inbox, 1)]
    play.ack(found[0])
    found = [found[1], *play.hear(inbox, 1)]
    play.info("S", "C")
    for message in found:
        play.ack(message, b"+TERM")
    play.hear(inbox, 1)
    play.info("S", "C")


@on_both
def test_messages_that_go_away(play: Play) -> None:
    _stream(play, 8)
    play.consumer("S", "C", ack_policy="explicit")
    found = play.take("S", "C", 4)
    play.ask("STREAM.MSG.DELETE.S", {"seq": 2})
    play.info("S", "C")
    play.ask("STREAM.MSG.DELETE.S", {"seq": 6})
    play.info("S", "C")
    play.ack(found[0])
    play.info("S", "C")
    play.ask("STREAM.PURGE.S", {"filter": "s.0"})
    play.info("S", "C")
    play.ask("STREAM.PURGE.S", {"keep": 1})
    play.info("S", "C")
    play.take("S", "C", 9)
    play.info("S", "C")
    play.ask("STREAM.PURGE.S")
    play.info("S", "C")
    play.put("s.0")
    play.info("S", "C")
    play.take("S", "C", 9)
    play.info("S", "C")


@on_both
def test_purge_before_and_behind_the_consumer(play: Play) -> None:
    for number, asked in enumerate([{}, {"seq": 3}, {"seq": 8}, {"keep": 1}, {"filter": "s.1"}]):
        name = f"S{number}"
        play.stream(name, subjects=["s.>"])
        for place in range(9):
            play.send(f"s.{place % 2}")
        play.put("s.0")
        play.consumer(name, "NONE", ack_policy="explicit")
        # nats-server moves one of its two floors and not the other when a filter takes some away.
        some = [] if "filter" in asked else ["SOME"]
        if some:
            play.consumer(name, "SOME", ack_policy="explicit")
            play.take(name, "SOME", 5)
        play.consumer(name, "ACKED", ack_policy="explicit")
        play.consumer(name, "FILTERED", ack_policy="explicit", filter_subject="s.1")
        play.take(name, "FILTERED", 2)
        for message in play.take(name, "ACKED", 5):
            play.ack(message)
        play.ask(f"STREAM.PURGE.{name}", asked)
        for consumer in ("NONE", *some, "ACKED", "FILTERED"):
            play.info(name, consumer)
            play.take(name, consumer, 20)
            play.info(name, consumer)
        play.put("s.1")
        for consumer in ("NONE", *some, "ACKED", "FILTERED"):
            play.take(name, consumer, 1)
            play.info(name, consumer)
        play.ask(f"STREAM.DELETE.{name}")


class _Model:
    """The same by definition: what was delivered, and what of it is settled."""

    def __init__(self) -> None:
        self.first_delivery: dict[int, int] = {}  # sequence -> of the consumer
        self.counts: dict[int, int] = {}
        self.settled: set[int] = set()
        self.delivered = 0
        self.floors = (0, 0)  # what is acknowledged without a gap: of the consumer, of the stream

    def deliver(self, sequence: int) -> None:
        self.delivered += 1
        self.first_delivery.setdefault(sequence, self.delivered)
        self.counts[sequence] = self.counts.get(sequence, 0) + 1

    @property
    def pending(self) -> list[int]:
        return [sequence for sequence in self.first_delivery if sequence not in self.settled]

    def settle(self, sequences: list[int]) -> None:
        """Nothing of these is waited for any more; only then the floors move."""
        if not sequences:
            return
        self.settled.update(sequences)
        if self.pending:
            first = min(self.pending)
            floor = self.first_delivery[first] - 1
            if floor > self.floors[0]:  # what is left out by filters is no step by itself
                self.floors = floor, first - 1
        else:
            self.floors = self.delivered, max(self.first_delivery)

    def settle_up_to(self, covered: list[int], sequence: int, consumer_sequence: int) -> None:
        """Nothing up to a sequence is waited for; floors are where the acknowledgement says."""
        if covered:
            self.settled.update(covered)
            consumer_floor, stream_floor = self.floors
            self.floors = max(consumer_floor, consumer_sequence), max(stream_floor, sequence)


class AckStateMachine(RuleBasedStateMachine):
    """AckState beside the model, recorded and recovered at any point."""

    def __init__(self) -> None:
        super().__init__()
        self.state = AckState(1)
        self.model = _Model()
        self.last = 0
        self.base = self.state.snapshot()
        self.records: list[bytes] = []

    def pick(self, place: int) -> int | None:
        pending = self.model.pending
        return pending[place % len(pending)] if pending else None

    @rule(gap=st.integers(1, 3))
    def deliver(self, gap: int) -> None:
        self.last += gap
        self.model.deliver(self.last)
        assert self.state.delivered(self.last, 100 + self.last, 7, True) == 1
        self.state.next_sequence = self.last + 1

    @rule(place=st.integers(0, 20))
    def deliver_again(self, place: int) -> None:
        sequence = self.pick(place)
        if sequence is not None:
            self.model.deliver(sequence)
            count = self.state.delivered(sequence, 500, 9, True)
            assert count == self.model.counts[sequence]

    @rule(sequence=st.integers(0, 60))
    def acknowledge(self, sequence: int) -> None:
        wanted = sequence in self.model.pending
        self.model.settle([sequence] if wanted else [])
        assert self.state.acknowledge(sequence, 1000) == wanted

    @rule(sequence=st.integers(0, 60))
    def acknowledge_all(self, sequence: int) -> None:
        sequence = min(sequence, self.last)
        covered = [pending for pending in self.model.pending if pending <= sequence]
        consumer_sequence = max((self.model.first_delivery[one] for one in covered), default=0)
        self.model.settle_up_to(covered, sequence, consumer_sequence)
        assert self.state.acknowledge_all(sequence, consumer_sequence, 1000) == covered

    @rule(place=st.integers(0, 20))
    def forget(self, place: int) -> None:
        sequence = self.pick(place)
        if sequence is not None:
            self.model.settle([sequence])
            self.state.forget(sequence, 1000)

    @rule()
    def record(self) -> None:
        self.records.append(self.state.record())

    @rule()
    def snapshot(self) -> None:
        self.base = self.state.snapshot()
        self.records = []

    @rule()
    def recover(self) -> None:
        self.records.append(self.state.record())
        recovered = AckState(1)
        for data in (self.base, *self.records):
            recovered.apply(data)
        assert recovered.snapshot() == self.state.snapshot()
        self.state = recovered

    @invariant()
    def agrees(self) -> None:
        state, model = self.state, self.model
        assert list(state.pending) == sorted(model.pending)
        state.settle()
        assert (state.consumer_floor, state.stream_floor) == model.floors
        assert state.delivered_consumer == model.delivered
        again = sum(model.counts[sequence] > 1 for sequence in model.pending)
        assert state.redelivered_count() == again


TestAckState = AckStateMachine.TestCase
TestAckState.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_abandoned_messages_hold_the_floor_until_the_next_acknowledgement() -> None:
    state = AckState(1)
    for sequence in (1, 1, 2):
        state.delivered(sequence, 1, 1, True)
    state.abandon(1)
    assert (state.stream_floor, state.redelivered_count(), list(state.pending)) == (0, 1, [2])
    state.acknowledge(2, 5)
    state.settle()
    assert (state.stream_floor, state.consumer_floor) == (2, 3)
    assert not state.acknowledge(1, 6)
    assert state.redelivered_count() == 0


def test_a_delivery_that_reached_nobody_is_taken_back() -> None:
    state = AckState(1)
    state.delivered(1, 1, 1, True)
    state.undelivered(1, True, 0)
    assert (state.delivered_consumer, state.delivered_stream, dict(state.pending)) == (0, 0, {})
    state.delivered(1, 1, 1, True)
    state.delivered(1, 1, 1, True)
    state.undelivered(1, False, 1)
    assert (state.delivered_consumer, state.pending[1].count) == (1, 1)


def test_skipping_moves_both_positions_and_never_back() -> None:
    state = AckState(1)
    state.skip_to(10)
    assert (state.delivered_stream, state.stream_floor) == (9, 9)
    state.skip_to(3)
    assert (state.delivered_stream, state.stream_floor) == (9, 9)


@pytest.mark.parametrize("data", [b"", b"C", b"W\x93\x01\x02\x03", b"C\xff", b"Cjunk"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        AckState(1).apply(data)

"""The slot between sources and a model, and what makes a Frame."""

import threading

from headwater.edge.frames import Frame, Slot, frame_of, size_of
from tests.support.wait import wait_until


def numbers(frames: list[Frame]) -> list[int]:
    return [frame.data for frame in frames]


def test_slot_keeps_the_newest_and_counts_the_rest():
    slot = Slot(3)
    for number in range(10):
        slot.put(Frame(number))
    assert numbers(slot.take(3)) == [7, 8, 9]
    assert slot.dropped == 7


def test_slot_gives_no_more_than_the_batch_in_order():
    slot = Slot(5)
    for number in range(5):
        slot.put(Frame(number))
    assert numbers(slot.take(2)) == [0, 1]
    assert numbers(slot.take(2)) == [2, 3]
    assert numbers(slot.take(2)) == [4]
    assert slot.dropped == 0


def test_slot_waits_for_a_batch_to_fill_but_not_for_ever():
    slot = Slot(4)
    slot.put(Frame(1))
    assert numbers(slot.take(4, max_wait_s=0.01)) == [1]


def test_slot_takes_what_comes_while_the_batch_fills():
    slot = Slot(2)
    taken: list[list[Frame]] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(2, max_wait_s=30)))
    taker.start()
    slot.put(Frame(1))
    slot.put(Frame(2))
    taker.join(10)
    assert [numbers(frames) for frames in taken] == [[1, 2]]


def test_slot_wakes_its_taker_when_it_is_closed():
    slot = Slot(1)
    taken: list[list[Frame]] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(1)))
    taker.start()
    slot.close()
    taker.join(10)
    assert taken == [[]]


def test_closed_slot_gives_what_it_has_and_takes_nothing():
    slot = Slot(2)
    slot.put(Frame(1))
    slot.close()
    slot.put(Frame(2))
    assert numbers(slot.take(2)) == [1]
    assert slot.take(2) == []


def test_discarding_counts_what_nobody_will_see():
    slot = Slot(2)
    slot.put(Frame(1))
    slot.close(discard=True)
    assert slot.take(1) == []
    assert slot.dropped == 1


def test_lossless_put_waits_for_room():
    slot = Slot(1)
    slot.put_wait(Frame(1))
    second = threading.Thread(target=slot.put_wait, args=(Frame(2),))
    second.start()
    assert numbers(slot.take(1)) == [1]
    assert numbers(slot.take(1)) == [2]
    second.join(10)
    assert slot.dropped == 0


def test_lossless_put_ends_when_the_slot_is_closed():
    slot = Slot(1)
    slot.put_wait(Frame(1))
    second = threading.Thread(target=slot.put_wait, args=(Frame(2),))
    second.start()
    slot.close()
    wait_until(lambda: not second.is_alive(), what="the waiting source")
    assert numbers(slot.take(5)) == [1]


def test_frames_with_a_position_are_identified_by_it():
    first = frame_of(Frame(b"x", position=184), "cam", run="aaaa", count=0)
    again = frame_of(Frame(b"x", position=184), "cam", run="bbbb", count=9)
    assert first.identity == again.identity == "p184"


def test_frames_without_a_position_are_never_taken_for_another():
    names = {
        frame_of(b"x", "cam", run=run, count=count).identity
        for run in ("aaaa", "bbbb")
        for count in range(3)
    }
    assert len(names) == 6


def test_plain_values_become_frames_that_know_their_source_and_size():
    frame = frame_of(b"12345", "cam", run="r", count=0)
    assert (frame.data, frame.source, frame.size_bytes) == (b"12345", "cam", 5)


def test_a_size_that_the_source_gave_stands():
    assert frame_of(Frame({}, size_bytes=77), "cam", "r", 0).size_bytes == 77


def test_sizes_of_what_has_none_are_nought():
    assert size_of({"a": 1}) == 0
    assert size_of("abc") == 3
    assert size_of(memoryview(b"1234")) == 4

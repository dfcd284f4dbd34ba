"""Message ids within the duplicate window."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream.dedupe import Dedupe
from tests.monitor.streams import World
from tests.sim.simdisk import SimDisk


def test_an_id_is_known_for_the_window() -> None:
    dedupe = Dedupe(10)
    dedupe.add(b"a", 1, 100)
    assert dedupe.find(b"a", 110) == 1
    assert dedupe.find(b"b", 110) == 0
    assert dedupe.find(b"a", 111) == 0
    assert len(dedupe) == 0


def test_without_a_window_nothing_is_kept() -> None:
    dedupe = Dedupe(0)
    dedupe.add(b"a", 1, 100)
    assert dedupe.find(b"a", 100) == 0
    assert len(dedupe) == 0


def test_an_id_that_came_again_is_known_as_long_as_the_later_one() -> None:
    dedupe = Dedupe(10)
    dedupe.add(b"a", 1, 100)
    dedupe.find(b"a", 115)
    dedupe.add(b"a", 2, 115)
    assert dedupe.find(b"a", 120) == 2
    dedupe.add(b"a", 3, 120)
    assert dedupe.find(b"a", 127) == 3


def test_what_was_not_stored_is_forgotten() -> None:
    dedupe = Dedupe(10)
    for sequence in range(1, 6):
        dedupe.add(b"%d" % sequence, sequence, 100)
    dedupe.withdraw(2, 4)
    assert [dedupe.find(b"%d" % number, 100) for number in range(1, 6)] == [1, 0, 0, 0, 5]
    dedupe.find(b"", 200)
    assert len(dedupe) == 0


def test_clear() -> None:
    dedupe = Dedupe(10)
    dedupe.add(b"a", 1, 100)
    dedupe.clear()
    assert dedupe.find(b"a", 100) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=60))
def test_like_a_list_of_everything(steps: list[tuple[int, int]]) -> None:
    window_ns = 12
    dedupe = Dedupe(window_ns)
    seen: list[tuple[int, bytes, int]] = []
    now_ns = 0
    for sequence, (name, passed) in enumerate(steps, 1):
        now_ns += passed
        message_id = b"%d" % name
        known = [entry for entry in seen if entry[1] == message_id]
        wanted = known[-1][2] if known and known[-1][0] >= now_ns - window_ns else 0
        assert dedupe.find(message_id, now_ns) == wanted
        if not wanted:
            dedupe.add(message_id, sequence, now_ns)
            seen.append((now_ns, message_id, sequence))


def test_ids_of_messages_are_known_after_a_start() -> None:
    disk = SimDisk()
    before = World(disk)
    before.stream("S")
    before.client.say(b"HPUB S.a 28 30\r\nNATS/1.0\r\nNats-Msg-Id: x\r\n\r\nhi\r\n")
    before.jobs.run()
    known = _dedupe(World(SimDisk(disk.files(), disk.medium.folders)))
    assert (known.last_id, len(known)) == (b"x", 1)
    before.publish("S.a")
    known = _dedupe(World(SimDisk(disk.files(), disk.medium.folders)))
    assert (known.last_id, len(known)) == (b"", 1)


def _dedupe(world: World) -> Dedupe:
    return world.node.jetstream.accounts[0].streams["S"].dedupe

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


def test_a_snapshot_has_no_ids_of_what_is_only_proposed() -> None:
    dedupe = Dedupe(10)
    for sequence in (1, 2, 4):
        dedupe.add(b"%d" % sequence, sequence, 100)
    dedupe.last_id = b"4"
    assert _restored(dedupe, 2) == (b"2", [1, 2, 0])
    assert _restored(dedupe, 3) == (b"", [1, 2, 0])
    assert _restored(dedupe, 4) == (b"4", [1, 2, 4])


def _restored(dedupe: Dedupe, last_sequence: int) -> tuple[bytes, list[int]]:
    other = Dedupe(10)
    other.restore(*dedupe.snapshot(last_sequence, 100), 0)
    return other.last_id, [other.find(b"%d" % number, 100) for number in (1, 2, 4)]


def test_a_snapshot_of_many_pages() -> None:
    dedupe = Dedupe(1000)
    count = 6000  # of 40 bytes each, in pages of 64 KiB
    for sequence in range(1, count + 1):
        dedupe.add(b"id-%017d" % sequence, sequence, sequence)
    dedupe.find(b"", 1500)
    for last in (1, 500, 1638, 1639, 3000, count):
        pages, _ = dedupe.snapshot(last, 1500)
        other = Dedupe(10_000)
        other.restore(pages, b"", 600)
        assert len(other) == max(0, last - 599)
        assert other.find(b"id-%017d" % last, 1500) == (last if last >= 600 else 0)
    dedupe.withdraw(2000, count)
    assert len(dedupe) == 1500
    assert dedupe.last_id == b"id-%017d" % 1999
    dedupe.find(b"", 10_000)
    assert len(dedupe) == 0


def test_ids_are_in_the_checkpoint_and_in_the_log_behind_it() -> None:
    disk = SimDisk()
    before = World(disk)
    before.stream("S")
    publish_with_id(before, b"a")
    publish_with_id(before, b"b")
    streams = before.node.jetstream.accounts[0].streams
    streams["S"].files.checkpoint()
    before.jobs.run()
    publish_with_id(before, b"c")
    before.ask("STREAM.PURGE.S", filter="S.none")
    before.ask("STREAM.MSG.DELETE.S", seq=1)
    again = World(SimDisk(disk.files(), disk.medium.folders))
    known = _dedupe(again)
    assert (known.last_id, len(known)) == (b"c", 3)
    assert b'"duplicate": true' in publish_with_id(again, b"a")
    assert b'"seq":4' in publish_with_id(again, b"d")


def publish_with_id(world: World, message_id: bytes) -> bytes:
    block = b"NATS/1.0\r\nNats-Msg-Id: %b\r\n\r\n" % message_id
    world.client.say(b"SUB answers 9\r\n")
    heard = world.client.say(
        b"HPUB S.a answers %d %d\r\n%bhi\r\n" % (len(block), len(block) + 2, block)
    )
    world.jobs.run()
    return heard + world.client.take()

"""The store of one stream: order, what is seen when, limits, purges, walks."""

import pytest

from headwater.base.timers import Timers
from headwater.store.cache import BlockCache
from headwater.store.jobs import ImmediateJobs
from headwater.store.record import CONFIG, CONSUMER, DELETE, HEAD_BYTES, PURGE, SKIP, TRIM
from headwater.store.stream_store import StreamOwner, StreamStore
from headwater.store.stream_work import Purge
from headwater.wire.message import Message
from tests.sim.oracle import Limits
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, Owner, SteppingJobs, Stream


def new_stream(block_bytes: int = 400, jobs: SteppingJobs | None = None) -> Stream:
    disk = SimDisk()
    disk.make_directory(FOLDER)
    return Stream(disk, block_bytes=block_bytes, jobs=jobs)


def filled(count: int = 9) -> Stream:
    """Return a stream of messages on s.0, s.1 and s.2, two to a block."""
    stream = new_stream()
    for number in range(1, count + 1):
        stream.put(b"s.%d" % (number % 3), b"%d" % number + bytes(100))
    return stream


def propose(stream: Stream, kind: int, payload: bytes, name: bytes = b"") -> None:
    stream.store.propose(kind, name, payload)
    stream.commit()


def purge(stream: Stream, pattern: bytes, bound: int, keep: int = 0) -> None:
    propose(stream, PURGE, Purge(pattern, bound, keep).encode(), pattern)


# Commit and apply


def test_nothing_is_seen_before_it_is_synced():
    stream = new_stream(jobs=SteppingJobs())
    stream.store.watched = True
    settled = []
    stream.owner.settle = lambda attachment, error: settled.append((attachment, error))
    stream.owner.attach = lambda: "acks"
    stream.publish(b"a", b"1")
    stream.store.commit()
    stream.jobs.work()
    assert stream.disk.medium.inodes[1].durable  # on the disk, but nobody knows yet
    assert stream.store.find(1) is None
    assert stream.owner.stored_ == settled == []
    stream.jobs.finish()
    assert stream.get(1) == (b"a", b"", b"1")
    assert stream.owner.stored_ == [(1, b"a")]
    assert settled == [("acks", None)]


def test_what_comes_while_a_batch_is_written_is_the_next_batch():
    stream = new_stream(100_000, jobs=SteppingJobs())
    for number in range(10):
        stream.publish(b"a", b"%d" % number)
        stream.store.commit()
    stream.settle()
    assert stream.store.log.syncs == 2
    assert sorted(stream.read_all()) == list(range(1, 11))


def test_messages_under_way_are_known():
    stream = new_stream(jobs=SteppingJobs())
    stream.publish(b"a", b"1")
    stream.store.commit()
    stream.publish(b"b", b"2")
    stream.store.propose(CONSUMER, b"c", b"")
    noted = []
    stream.store.in_flight(lambda sequence, subject: noted.append((sequence, subject)))
    assert noted == [(1, b"a"), (2, b"b")]
    assert stream.store.staged_messages == 2
    stream.settle()
    noted.clear()
    stream.store.in_flight(lambda *what: noted.append(what))
    assert (noted, stream.store.staged_messages, stream.store.staged_bytes) == ([], 0, 0)


def test_idle_is_when_everything_is_applied():
    stream = new_stream(jobs=SteppingJobs())
    calls = []
    stream.store.when_idle(lambda: calls.append("at once"))
    assert calls == ["at once"]
    stream.publish(b"a", b"1")
    stream.store.when_idle(lambda: calls.append(stream.store.index.messages))
    assert calls == ["at once"]
    stream.settle()
    assert calls == ["at once", 1]


def test_time_does_not_go_back():
    stream = new_stream()
    stream.put(b"a", b"1")
    first = stream.store.index.last_time_ns
    stream.clock.now_ns -= 1000
    stream.put(b"a", b"2")
    assert stream.store.index.last_time_ns == first


def test_a_block_that_waits_for_its_turn_does_not_hide_the_one_before_it():
    stream = filled(6)
    stream.evict()
    jobs = SteppingJobs()
    stream.store.use_jobs(jobs)
    stream.store.propose(DELETE, b"", (1).to_bytes(8, "little"))
    for _ in range(2):
        stream.publish(b"a", bytes(100))
    stream.store.commit()
    jobs.work()
    jobs.finish()
    # The first batch waits for block 1; a batch of other records goes to a new block meanwhile.
    stream.store.propose(CONSUMER, b"c", bytes(400))
    stream.store.commit()
    jobs.work(1)
    jobs.finish()
    jobs.run()
    stream.jobs = jobs
    assert sorted(stream.read_all()) == [2, 3, 4, 5, 6, 7, 8]
    stream.check_index()


# Removing


def test_a_purge_of_everything_leaves_nothing_to_be_read_later():
    stream = filled()
    stream.store.watched = True
    purge(stream, b"", 10)
    assert stream.owner.removed_ == [0]
    assert stream.picture().messages == {}
    assert stream.put(b"a", b"next") == 10
    assert [stream.get(sequence) for sequence in range(1, 10)] == [None] * 9
    assert sorted(stream.read_all()) == [10]
    stream.check_index()


@pytest.mark.parametrize(
    ("pattern", "bound", "keep", "left"),
    [
        (b"", 5, 0, [5, 6, 7, 8, 9]),
        (b"", 10, 2, [8, 9]),
        (b"s.1", 10, 0, [2, 3, 5, 6, 8, 9]),
        (b"s.1", 5, 0, [2, 3, 5, 6, 7, 8, 9]),
        (b"s.*", 10, 1, [9]),
        (b"s.2", 10, 1, [1, 3, 4, 6, 7, 8, 9]),
        (b"none", 10, 0, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (b"", 10, 99, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
@pytest.mark.parametrize("evicted", [False, True])
def test_purges(pattern, bound, keep, left, evicted):
    stream = filled()
    if evicted:
        stream.evict()
    purge(stream, pattern, bound, keep)
    assert sorted(stream.read_all()) == left
    stream.check_index()


def test_the_last_message_of_a_subject_is_known_after_it_is_deleted():
    stream = filled()
    stream.evict()
    propose(stream, DELETE, (9).to_bytes(8, "little"))
    assert stream.store.index.subjects.last_matching(b"s.0") == 6
    stream.check_index()


def test_trims_and_skips():
    stream = filled()
    stream.evict()
    propose(stream, TRIM, (4).to_bytes(8, "little"))
    assert stream.store.index.first_sequence == 4
    stream.store.propose(SKIP, b"", b"", 20)
    assert stream.put(b"a", b"") == 21
    assert sorted(stream.read_all()) == [4, 5, 6, 7, 8, 9, 21]
    stream.store.propose(SKIP, b"", b"", 3)
    assert stream.put(b"a", b"") == 22
    stream.check_index()


# Limits


def test_lower_limits_hold_at_once():
    stream = filled()
    stream.evict()
    stream.store.use_jobs(jobs := SteppingJobs())
    stream.jobs = jobs
    stream.owner.set_limits(Limits(messages_max=3))
    stream.store.enforce_limits()
    stream.settle()
    assert sorted(stream.read_all()) == [7, 8, 9]
    stream.owner.set_limits(Limits(bytes_max=stream.store.index.bytes - 1))
    stream.store.enforce_limits()
    stream.settle()
    assert sorted(stream.read_all()) == [8, 9]


@pytest.mark.parametrize("path", [(2,), (1,), (2, 1), (1, 2), (2, -1, 1), (2, -1, 2), (5, 2, 1)])
def test_limits_per_subject_may_change(path):
    stream = filled()
    for limit in path:
        stream.evict()
        stream.owner.set_limits(Limits(per_subject_max=limit))
        stream.store.enforce_limits()
        stream.settle()
        stream.put(b"s.1", bytes(100))
        stream.check_index()
    last = path[-1]
    assert stream.store.index.subjects.state_of(b"s.1").count == last
    least = min(limit for limit in path if limit > 0)
    assert stream.store.index.subjects.state_of(b"s.2").count == least


@pytest.mark.parametrize("evicted", [False, True])
def test_limits_per_subject_come_before_those_of_the_stream(evicted):
    # And whether a block has to be fetched makes no difference to what is left.
    stream = new_stream()
    stream.put(b"once", bytes(100))
    for _ in range(8):
        stream.put(b"often", bytes(100))
    if evicted:
        stream.evict()
    propose(stream, CONFIG, Limits(messages_max=4, per_subject_max=2).encode())
    assert sorted(stream.read_all()) == [1, 8, 9]
    again = Stream(stream.disk.copy(), block_bytes=400)
    again.recover()
    assert again.picture() == stream.picture()


def test_a_stream_that_discards_new_messages_removes_none():
    stream = filled()
    stream.owner.set_limits(Limits(messages_max=3, discards_new=True))
    stream.store.enforce_limits()
    stream.put(b"a", b"")
    assert stream.store.index.messages == 10


def test_long_work_takes_turns_with_everything_else():
    stream = new_stream(1 << 20)
    for number in range(300):
        stream.publish(b"s.%d" % (number % 3), b"")
    stream.commit()
    stream.store.work_max = 50
    settled = []
    stream.owner.settle = lambda _, error: settled.append(stream.store.index.messages)
    stream.store.propose(TRIM, b"", (101).to_bytes(8, "little"))
    stream.store.commit()
    assert (settled, stream.store.index.messages) == ([], 250)
    stream.settle()
    assert (settled, stream.store.index.messages) == ([200], 200)
    for work in (
        lambda: stream.store.propose(PURGE, b"s.1", Purge(b"s.1", 999, 3).encode()),
        lambda: stream.store.propose(CONFIG, b"", Limits(messages_max=20).encode()),
        lambda: stream.store.propose(CONFIG, b"", Limits(per_subject_max=5).encode()),
    ):
        stream.owner.set_limits(Limits())
        for number in range(200):
            stream.publish(b"s.%d" % (number % 3), b"")
        work()
        stream.store.commit()
        assert not stream.store.is_idle()
        stream.settle()
        assert stream.store.is_idle()
        stream.check_index()


# Reads


def test_reads_fetch_what_is_not_in_memory():
    stream = filled()
    wanted = stream.read_all()
    stream.evict()
    before = stream.disk.reads
    assert {sequence: stream.get(sequence) for sequence in wanted} == wanted
    blocks = len(stream.store.index.blocks)
    assert stream.disk.reads - before == blocks
    assert stream.get(0) is stream.get(10) is None


def test_one_read_serves_all_who_wait():
    stream = filled()
    stream.evict()
    stream.store.use_jobs(jobs := SteppingJobs())
    answers = []
    for sequence in (1, 2, 1):
        stream.store.read(sequence, lambda cached, _: answers.append(cached.record.sequence))
    assert jobs.pending() == 1
    jobs.run()
    assert answers == [1, 2, 1]


def test_a_block_that_grows_while_it_is_read_is_read_again():
    stream = new_stream(100_000, jobs=SteppingJobs())
    stream.put(b"a", b"1")
    stream.evict()
    answers = []
    stream.store.read(1, lambda cached, _: answers.append(cached.payload()))
    stream.jobs.work()
    stream.publish(b"a", b"2")
    stream.store.commit()
    stream.jobs.work()
    # The write is done before the read is handed back.
    stream.jobs._results.reverse()
    stream.settle()
    assert answers == [b"1"]
    assert stream.get(2) == (b"a", b"", b"2")
    assert len(stream.store.index.blocks[0].cached.data.contents()) == 2 * (HEAD_BYTES + 2)


def test_walks_stop_where_they_are_told():
    stream = filled()
    stream.evict()
    assert sorted(stream.read_all(3, 5)) == [3, 4, 5]
    assert stream.read_all(10) == {}
    seen, ended = [], []

    def visit(cached):
        seen.append(cached.record.sequence)
        return len(seen) == 4

    stream.store.walk(2, 99, visit, ended.append)
    stream.settle()
    assert (seen, ended) == ([2, 3, 4, 5], [None])
    assert [cached.record.sequence for cached in stream.store.scan(7)] == [7, 8, 9]


def test_long_walks_take_turns_with_everything_else():
    stream = new_stream(1 << 20)
    for _ in range(2500):
        stream.publish(b"a", b"")
    stream.commit()
    seen, ended = [], []
    stream.store.walk(1, 1 << 40, lambda cached: seen.append(1) and False, ended.append)
    assert 0 < len(seen) < 2500
    assert ended == []
    stream.settle()
    assert (len(seen), ended) == (2500, [None])


def test_a_walk_ends_with_the_stream():
    stream = filled()
    stream.store.closed = True
    assert stream.read_all() == {}
    stream.store.drop_cache()
    assert len(stream.cache) == 0


# Memory


def test_a_memory_stream_works_without_a_disk_and_lets_go_of_what_is_gone():
    stream = filled(0)
    owner = Owner()
    store = StreamStore(
        owner,
        None,
        "",
        b"identity",
        BlockCache(0),
        ImmediateJobs(),
        Timers(stream.clock),
        stream.clock,
    )
    owner.store = store
    store.log.block_bytes = 500
    store.messages_max = 10
    message = Message()
    for number in range(300):
        message.compose(b"a", b"", b"", b"%d" % number)
        store.propose_message(message, 5)
        store.commit()
    assert (store.index.messages, store.index.first_sequence) == (10, 291)
    assert len(store.index.blocks) < 5
    assert store.find(300).payload() == b"299"
    assert store.index.bytes == 10 * (16 + 1 + 3)


def test_the_interface_of_owners():
    owner = StreamOwner()
    calls = [
        ("take_attachment", 0),
        ("apply", 5),
        ("stored", 2),
        ("removed", 2),
        ("settled", 2),
        ("report", 1),
        ("snapshot", 0),
        ("restore", 1),
    ]
    for name, count in calls:
        with pytest.raises(NotImplementedError):
            getattr(owner, name)(*[None] * count)


# The last message of a subject


def test_a_last_message_that_goes_while_it_is_read_is_another_one_then():
    jobs = SteppingJobs()
    stream = new_stream(jobs=jobs)
    stream.owner.set_limits(Limits(per_subject_max=1))
    for subject in (b"a", b"b", b"c"):
        stream.put(subject, bytes(200))
    stream.evict()
    found = []
    stream.store.read_last(b"none", lambda cached, _: found.append(cached))
    assert found == [None]
    stream.store.read_last(b"a", lambda cached, _: found.append(cached.record.sequence))
    stream.publish(b"a", b"new")
    stream.store.commit()
    jobs.work(1)
    jobs.finish()
    assert not stream.store.has(1)
    stream.settle()
    assert found == [None, 4]


def test_a_last_message_is_waited_for_while_it_is_looked_for():
    jobs = SteppingJobs()
    stream = new_stream(jobs=jobs)
    for subject in (b"a", b"b", b"c", b"a"):
        stream.put(subject, bytes(200))
    stream.evict()
    found = []
    stream.store.propose(DELETE, b"", (4).to_bytes(8, "little"))
    stream.store.commit()
    for _ in range(8):
        stream.store.read_last(b"a", lambda cached, _: found.append(cached.record.sequence))
        jobs.work()
        jobs.finish()
    stream.settle()
    assert len(found) == 8
    assert set(found) == {1, 4}

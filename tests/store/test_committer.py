"""Batches of many streams: what goes through the journal, and how its files come free again."""

import errno
from itertools import pairwise

import pytest

from headwater.store.block import file_name
from headwater.store.committer import DIRECT_BYTES, TAIL_BYTES_MAX
from headwater.store.writes import JOURNAL, LOG
from tests.sim.power import durable
from tests.sim.shared import Shared
from tests.sim.simdisk import SimDisk
from tests.sim.stream import SteppingJobs

BLOCK = file_name(1)


@pytest.fixture
def shared() -> Shared:
    """Two streams, whose first blocks are there, and a journal."""
    shared = Shared(SimDisk())
    shared.publish("ab")  # begins blocks
    shared.publish("a")  # lets the first file of the journal be made
    shared.disk.trace.clear()
    return shared


def block_sizes(shared: Shared) -> list[int]:
    return [shared.disk.size(f"{name}/{BLOCK}") for name in shared.streams]


def test_what_streams_commit_together_is_one_write_and_one_sync(shared):
    before, counted = block_sizes(shared), shared.writes.bytes[JOURNAL]
    shared.publish("ab")
    kinds = [(op.kind, op.path) for op in shared.disk.trace]
    assert kinds == [("write", "journal.0"), ("sync", "journal.0")]
    assert block_sizes(shared) == before
    assert [len(shared.payloads(name)) for name in "ab"] == [3, 2]
    assert shared.writes.bytes[JOURNAL] == counted + len(shared.disk.trace[0].data)


def test_what_gathers_while_an_entry_is_written_is_the_next_one():
    jobs = SteppingJobs()
    shared = Shared(SimDisk(), "abc", jobs=jobs)
    shared.publish("abc")
    shared.publish("a")
    shared.disk.trace.clear()
    for name in "abc":
        shared[name].publish(b"subject", b"payload")
        shared[name].store.commit()
        while shared.woken:
            shared.woken.pop().end_of_batch()
    assert jobs.pending() == 1  # the first one's
    shared.wake()
    assert len(shared.journal_writes()) == 2
    assert [len(shared.payloads(name)) for name in "abc"] == [3, 2, 2]


def test_large_batches_go_to_their_block_with_what_it_lacks(shared):
    shared.publish("a", b"small")
    shared.disk.trace.clear()
    shared.publish("a", bytes(DIRECT_BYTES))
    assert [(op.kind, op.path) for op in shared.disk.trace] == [
        ("write", f"a/{BLOCK}"),
        ("write", f"a/{BLOCK}"),
        ("sync", f"a/{BLOCK}"),
    ]
    again = Shared(durable(shared.disk))
    assert again.payloads("a") == shared.payloads("a")
    assert len(again.payloads("a")) == 4


def test_a_new_block_completes_the_one_before(shared):
    log = shared["a"].store.log
    shared.publish("a", b"small")
    log.block_bytes = log.active.size
    shared.publish("a", b"next")
    assert log.active.number == 2
    assert shared.disk.size(f"a/{BLOCK}") == log.block_bytes
    assert log.tails == []
    assert Shared(durable(shared.disk)).payloads("a") == shared.payloads("a")


def test_a_tail_that_is_long_enough_is_written():
    shared = Shared(SimDisk(), file_bytes=1 << 20)
    shared.publish("a")
    shared.disk.trace.clear()
    log = shared["a"].store.log
    log.written_bytes = 0
    while log.written_bytes < TAIL_BYTES_MAX:
        shared.publish("a", bytes(1000))
    assert shared.disk.size(f"a/{BLOCK}") == log.active.size
    assert [op.kind for op in shared.disk.trace if op.path == f"a/{BLOCK}"] == ["write", "sync"]


def test_a_power_cut_loses_nothing_that_was_acknowledged():
    shared = Shared(SimDisk(), "abc")
    for number in range(120):
        shared.publish("abc"[: 1 + number % 3], b"%d" % number)
        if number % 7 == 0:
            again = Shared(durable(shared.disk), "abc")
            for name in "abc":
                assert again.payloads(name) == shared.payloads(name)
            assert (again.replay.damage, again.replay.cuts) == ([], [])
    assert len({op.path for op in shared.journal_writes()}) > 2


def test_files_are_used_in_turn_and_made_when_they_are_needed(shared):
    assert not shared.disk.exists("journal.1")
    shared.fill("ab", 200)
    paths = [op.path for op in shared.journal_writes()]
    assert len(set(paths)) > 1
    turns = sum(one != other for one, other in pairwise(paths))
    assert turns > 10
    # Blocks were written now and then, and not each time.
    flushes = [op for op in shared.disk.trace if op.kind == "sync" and op.path == f"b/{BLOCK}"]
    assert 0 < len(flushes) < len(paths) / 4
    assert shared.writes.bytes[LOG] > 0


def test_a_journal_without_room_stops_nobody():
    jobs = SteppingJobs()
    shared = Shared(SimDisk(), "ab", jobs=jobs)
    shared.publish("ab")
    shared.publish("ab")
    submit = jobs.submit
    held = []

    def hold_tails(key, work, done):
        if work.func.__name__ == "write_tails":
            held.append((key, work, done))
        else:
            submit(key, work, done)

    jobs.submit = hold_tails
    shared.fill("a", 300)
    assert held
    assert shared["a"].store.is_idle()
    # All its files are full of what is still needed, for ``b`` has not been written.
    before = len(shared.journal_writes())
    shared.publish("b")
    assert len(shared.journal_writes()) >= before
    jobs.submit = submit
    for work in held:
        submit(*work)
    shared.fill("ab", 100)
    assert len(shared.journal_writes()) > before + 50
    again = Shared(durable(shared.disk))
    assert again.payloads("a") == shared.payloads("a")
    assert again.payloads("b") == shared.payloads("b")


@pytest.mark.parametrize("kind", ["write", "sync"])
def test_when_the_journal_cannot_be_written_blocks_are(shared, kind):
    shared.publish("ab")
    shared.disk.fail(kind)
    shared.publish("ab", b"twice")
    assert [name for name, _ in shared.failures] == ["journal"]
    assert shared["a"].owner.errors == []
    assert [shared.payloads(name)[-1] for name in "ab"] == [b"twice", b"twice"]
    for disk in (durable(shared.disk), shared.disk.copy()):
        again = Shared(disk)
        assert [again.payloads(name) for name in "ab"] == [shared.payloads(name) for name in "ab"]
    shared.fill("ab", 20)
    assert len({op.path for op in shared.journal_writes()}) > 1
    assert Shared(durable(shared.disk)).payloads("b") == shared.payloads("b")


@pytest.mark.parametrize("times", [1, 2, 6])
@pytest.mark.parametrize("kind", ["write", "sync", "rename"])
def test_tails_that_cannot_be_written_stay_and_are_tried_again(shared, kind, times):
    shared.publish("a", b"kept")
    shared.disk.fail(kind, times=times)
    shared.committer.flush(shared["a"].store.log, lambda: None)
    shared.disk.heal()
    assert shared.payloads("a")[-1] == b"kept"
    assert Shared(durable(shared.disk)).payloads("a")[-1] == b"kept"
    shared.publish("a", b"more")
    shared.committer.check()
    shared.committer.flush(shared["a"].store.log, lambda: None)
    assert shared["a"].store.log.tails == []
    shared["a"].evict()
    assert shared.payloads("a")[-2:] == [b"kept", b"more"]
    assert shared["a"].owner.errors == []
    assert shared.stop()
    again = Shared(durable(shared.disk))
    assert again.payloads("a") == [b"payload", b"payload", b"kept", b"more"]
    assert again["a"].reports == []


@pytest.mark.parametrize("times", [1, 3, 9])
@pytest.mark.parametrize("size", [DIRECT_BYTES, 10])
def test_a_block_is_left_when_what_it_lacks_cannot_be_written(shared, size, times):
    shared.publish("a", b"kept")
    if size == 10:
        shared["a"].store.log.begin_block()
    shared.disk.fail("sync", times=times)
    shared.publish("a", bytes(size))
    shared.disk.heal()
    shared.publish("a", b"after")
    shared.committer.check()
    shared.committer.flush(shared["a"].store.log, lambda: None)
    assert shared["a"].store.log.tails == []
    for again in (Shared(durable(shared.disk)), shared.restarted()):
        assert again.payloads("a") == shared.payloads("a")
        assert again.payloads("a")[2] == b"kept"
        assert again["a"].reports == []


def test_no_room_for_the_journal():
    shared = Shared(SimDisk())
    shared.disk.capacity_bytes = 30_000  # there would have to be more left than that
    shared.fill("ab", 20)
    assert not shared.disk.exists("journal.0")
    assert shared.failures == []
    shared.disk.capacity_bytes = None
    shared.committer.check()
    shared.fill("ab", 3)
    assert shared.disk.exists("journal.0")


def test_a_file_that_cannot_be_made_is_tried_later():
    shared = Shared(SimDisk())
    shared.publish("ab")
    shared.disk.fail("write", after=1, code=errno.EIO)  # after the batch itself
    shared.publish("a")
    assert [name for name, _ in shared.failures] in ([], ["journal"])
    shared.disk.heal()
    shared.committer.check()
    shared.fill("ab", 3)
    assert shared.journal_writes()


def test_a_stop_leaves_a_journal_in_which_nothing_counts(shared):
    shared.fill("ab", 5)
    before = shared.payloads("a")
    assert shared.stop()
    assert shared.disk.open_files == 0
    again = Shared(durable(shared.disk))
    assert again.payloads("a") == before
    assert {op.kind for op in again.disk.trace if op.path.startswith("journal.")} == {"sync"}


def test_a_stop_waits_for_what_is_under_way():
    jobs = SteppingJobs()
    shared = Shared(SimDisk(), jobs=jobs)
    shared.publish("ab")
    shared.publish("ab")
    shared["a"].publish(b"subject", b"last")
    shared["a"].store.commit()
    while shared.woken:
        shared.woken.pop().end_of_batch()
    ended = []
    shared.committer.stop(lambda: ended.append(True))
    assert ended == []
    shared.wake()
    assert ended == [True]
    assert shared.restarted().payloads("a")[-1] == b"last"


def test_what_a_stream_has_in_the_journal_alone_is_known(shared):
    assert not shared.committer.holds("a")
    shared.publish("a")
    log = shared["a"].store.log
    log.folder = "account/streams/a"
    assert shared.committer.holds("account")
    assert not shared.committer.holds("acc")
    log.folder = "a"
    log.tails.clear()
    shared.committer.forget(log)
    assert not shared.committer.holds("")


def test_blocks_that_are_read_again_have_what_their_files_lack(shared):
    shared.fill("a", 3)
    shared["a"].evict()
    assert shared.payloads("a")[-3:] == [b"%0100d" % number for number in range(3)]
    shared.publish("a", b"more")
    assert shared.payloads("a")[-1] == b"more"


def test_a_stream_that_fails_keeps_no_other_from_its_batch(shared):
    def fail(attachment, error):
        raise ValueError("ours")

    shared["a"].owner.settle = fail
    with pytest.raises(ValueError, match="ours"):
        shared.publish("ab")
    assert len(shared.payloads("b")) == 2

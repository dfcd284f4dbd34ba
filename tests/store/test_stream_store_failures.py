"""A disk that fails while the store is at work: nothing acknowledged is lost, and work goes on."""

import errno
import random

import pytest

from headwater.store.block import HEAD_BYTES, file_name
from headwater.store.record import CONSUMER_STATE, DELETE, PURGE, TRIM
from headwater.store.stream_work import Purge
from tests.sim.oracle import Limits
from tests.sim.power import cuts
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, SteppingJobs, Stream

BIG = 100_000


def new_stream(block_bytes: int = BIG) -> Stream:
    disk = SimDisk()
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=block_bytes)
    stream.outcomes = []
    stream.owner.settle = lambda _, error: stream.outcomes.append(error)
    return stream


def recovered(disk: SimDisk, block_bytes: int = BIG) -> Stream:
    stream = Stream(disk, block_bytes=block_bytes)
    assert stream.recover()
    return stream


def path(number: int) -> str:
    return f"{FOLDER}/{file_name(number)}"


def check_power_cuts(stream: Stream, wanted: dict, maybe: dict | None = None) -> int:
    """Cut the power in every way: all of ``wanted`` must come back, and no more than ``maybe``."""
    count = 0
    for state in cuts(stream.disk.medium, 0, random.Random(1), 20):
        again = Stream(state.disk(), block_bytes=BIG)
        again.recover()
        found = again.read_all()
        assert found.items() >= wanted.items(), (state.label, again.reports)
        assert found.items() <= {**wanted, **(maybe or {})}.items(), state.label
        again.check_index()
        count += 1
    return count


# One failure


@pytest.mark.parametrize("kind", ["sync", "write"])
@pytest.mark.parametrize("part", [0, 0.5, 1])
def test_a_batch_that_could_not_be_written_is_acknowledged_from_a_new_block(kind, part):
    stream = new_stream()
    stream.put(b"a", b"one")
    stream.disk.fail(kind, part=part)
    assert stream.put(b"a", b"two") == 2
    assert stream.outcomes == [None, None]
    assert [block.number for block in stream.store.index.blocks] == [1, 2]
    wanted = stream.read_all()
    assert wanted == {1: (b"a", b"", b"one"), 2: (b"a", b"", b"two")}
    check_power_cuts(stream, wanted)
    stream.put(b"a", b"three")
    check_power_cuts(stream, stream.read_all())
    stream.evict()
    assert sorted(stream.read_all()) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["create", "write", "sync", "sync_directory"])
def test_a_new_block_that_could_not_be_made_is_made_again(kind):
    stream = new_stream()
    stream.disk.fail(kind)
    stream.put(b"a", b"one")
    assert stream.outcomes == [None]
    check_power_cuts(stream, {1: (b"a", b"", b"one")})
    stream.put(b"a", b"two")
    check_power_cuts(stream, stream.read_all())


def test_the_tail_that_failed_does_not_come_back():
    stream = new_stream()
    stream.put(b"a", b"one")
    # The write reached the disk, its sync failed, and the tail could not be cut.
    stream.disk.fail("sync")
    stream.disk.fail("truncate")
    stream.put(b"a", b"two")
    assert stream.outcomes == [None, None]
    stream.put(b"a", b"three")
    assert stream.disk.size(path(1)) > stream.store.index.blocks[0].size
    assert check_power_cuts(stream, stream.read_all()) > 1
    again = recovered(stream.disk.copy())
    assert again.picture() == stream.picture()
    assert again.reports == []


# Two failures


def test_a_batch_that_fails_twice_is_an_error_and_its_sequences_are_not_used():
    stream = new_stream()
    stream.put(b"a", b"one")
    stream.disk.fail("sync", times=2)
    assert stream.put(b"a", b"lost") == 2
    assert [type(error) for error in stream.outcomes] == [type(None), OSError]
    assert stream.read_all() == {1: (b"a", b"", b"one")}
    assert stream.store.staged_messages == stream.store.staged_bytes == 0
    assert stream.store.is_idle()
    # A power cut now may leave it or not: nobody was told anything.
    lost = {2: (b"a", b"", b"lost")}
    check_power_cuts(stream, {1: (b"a", b"", b"one")}, lost)
    assert stream.put(b"a", b"three") == 3
    assert stream.outcomes[2:] == [None]
    # Once the next one is acknowledged, it must be gone for good.
    wanted = {1: (b"a", b"", b"one"), 3: (b"a", b"", b"three")}
    assert stream.read_all() == wanted
    check_power_cuts(stream, wanted)
    stream.check_index()
    again = recovered(stream.disk.copy())
    assert again.read_all() == wanted
    assert again.put(b"a", b"four") == 4


def test_records_of_a_failed_batch_never_overtake_later_ones():
    stream = new_stream()
    stream.put(b"a", b"one")
    stream.disk.fail("sync", times=2)
    stream.disk.fail("remove", times=2)
    stream.disk.fail("truncate", times=2)
    stream.store.propose(CONSUMER_STATE, b"c", b"failed")
    stream.commit()
    stream.store.propose(CONSUMER_STATE, b"c", b"acknowledged")
    stream.commit()
    assert [error is None for error in stream.outcomes] == [True, False, True]
    for state in cuts(stream.disk.medium, 0, random.Random(1), 20):
        again = recovered(state.disk())
        assert again.owner.state == {b"c": b"acknowledged"}, state.label


def test_failures_again_and_again():
    # Whatever fails whenever: what was settled without an error is there after a restart.
    for seed in range(60):
        rng = random.Random(seed)
        stream = new_stream(rng.choice([300, 1000, BIG]))
        wanted = {}
        for _ in range(25):
            if rng.random() < 0.5:
                kind = rng.choice(["", "write", "sync", "create", "remove", "sync_directory"])
                after = rng.randrange(3)
                stream.disk.fail(kind, after=after, times=rng.randrange(1, 4), part=rng.random())
            payloads = [rng.randbytes(rng.randrange(80)) for _ in range(rng.randrange(1, 4))]
            entries = {stream.publish(b"a", data): (b"a", b"", data) for data in payloads}
            stream.commit()
            if stream.outcomes[-1] is None:
                wanted.update(entries)
            stream.disk.heal()
            assert stream.read_all() == wanted, seed
        stream.put(b"a", b"end")
        wanted[stream.store.last_proposed] = (b"a", b"", b"end")
        stream.check_index()
        assert recovered(stream.disk.copy()).read_all() == wanted, seed
        for state in cuts(stream.disk.medium, 0, rng, 10):
            assert recovered(state.disk()).read_all() == wanted, (seed, state.label)
        assert stream.disk.open_files <= 1, seed


# A full disk


def test_a_full_disk_refuses_and_recovers():
    stream = new_stream()
    stream.put(b"a", bytes(100))
    stream.disk.capacity_bytes = sum(map(len, stream.disk.files().values())) + 150
    for _ in range(5):
        stream.put(b"a", bytes(500))
    assert [getattr(error, "errno", None) for error in stream.outcomes] == [None] + [
        errno.ENOSPC
    ] * 5
    # Failed attempts leave nothing that would fill the disk further.
    assert len(stream.disk.names(FOLDER)) == 1
    stream.disk.heal()
    assert stream.put(b"a", b"room") == 7
    assert sorted(stream.read_all()) == [1, 7]
    assert sorted(recovered(stream.disk.copy()).read_all()) == [1, 7]


def test_a_checkpoint_that_cannot_be_written_is_reported_and_done_again():
    stream = new_stream(500)
    for _ in range(12):
        stream.put(b"a", bytes(100))
    stream.store.propose(PURGE, b"", Purge(b"", 9, 0).encode())
    stream.commit()
    outcomes = []
    stream.disk.fail("rename")
    stream.files.checkpoint(outcomes.append)
    stream.settle()
    assert [type(error) for error in outcomes] == [OSError]
    assert "no checkpoint could be written" in stream.owner.reports[0]
    assert stream.disk.exists(path(1))
    for _ in range(3):
        stream.files.checkpoint(outcomes.append)
    stream.settle()
    assert outcomes[1:] == [None] * 3
    assert not stream.disk.exists(path(1))
    assert recovered(stream.disk.copy()).picture() == stream.picture()


# Reads that fail


def two_blocks(jobs: SteppingJobs | None = None) -> Stream:
    stream = new_stream(400)
    for number in range(6):
        stream.put(b"s.%d" % (number % 2), b"%d" % number + bytes(100))
    assert [block.live for block in stream.store.index.blocks] == [2, 2, 2]
    stream.evict()
    return stream


def test_a_read_that_fails_says_so_and_may_be_tried_again():
    stream = two_blocks()
    answers = []
    stream.disk.fail("read")
    stream.store.read(1, lambda cached, error: answers.append((cached, type(error))))
    assert answers == [(None, OSError)]
    assert stream.get(1)[0] == b"s.0"


def test_a_walk_passes_over_what_cannot_be_read():
    stream = two_blocks()
    stream.disk.fail("read")
    assert sorted(stream.read_all()) == [3, 4, 5, 6]
    assert sorted(stream.read_all()) == [1, 2, 3, 4, 5, 6]


def test_removing_from_a_block_that_cannot_be_read_costs_nothing_else():
    stream = two_blocks()
    stream.disk.fail("read")
    stream.store.propose(TRIM, b"", (2).to_bytes(8, "little"))
    stream.commit()
    assert stream.outcomes[-1] is None
    assert "could not be read" in stream.owner.reports[0]
    assert stream.store.index.messages == 5
    assert sorted(stream.read_all()) == [2, 3, 4, 5, 6]
    stream.store.propose(TRIM, b"", (6).to_bytes(8, "little"))
    stream.commit()
    assert sorted(stream.read_all()) == [6]
    stream.store.propose(DELETE, b"", (6).to_bytes(8, "little"))
    stream.commit()
    assert (stream.store.index.messages, stream.store.index.bytes) == (0, 0)
    assert len(stream.store.index.subjects) == 0


@pytest.mark.parametrize("per_subject_max", [1, 2])
def test_limits_per_subject_get_over_messages_that_were_lost(per_subject_max):
    stream = new_stream(400)
    stream.owner.set_limits(Limits(per_subject_max=per_subject_max))
    for number in range(4):
        stream.put(b"s.%d" % (number % 2), bytes(100))
    stream.evict()
    stream.disk.fail("read", times=9)
    stream.store.propose(PURGE, b"", Purge(b"", 3, 0).encode())
    stream.commit()
    stream.disk.heal()
    for number in range(6):
        stream.put(b"s.%d" % (number % 2), bytes(100))
    assert stream.store.index.messages == 2 * per_subject_max
    assert {state.count for _, state in stream.store.index.subjects.matching(b">")} == {
        per_subject_max
    }


def test_a_failed_read_that_several_batches_wait_for_counts_once():
    stream = two_blocks()
    jobs = SteppingJobs()
    stream.store.use_jobs(jobs)
    stream.store.propose(DELETE, b"", (1).to_bytes(8, "little"))
    stream.store.commit()
    jobs.work()
    jobs.finish()
    stream.disk.fail("read")
    stream.store.propose(DELETE, b"", (3).to_bytes(8, "little"))
    stream.store.commit()
    for _ in range(3):
        stream.publish(b"s.1", b"x")
        stream.store.commit()
        jobs.work(1)
        jobs.finish()
    jobs.run()
    stream.jobs = jobs
    assert stream.store.is_idle()
    assert len(stream.owner.reports) == 1
    assert sorted(stream.read_all())[:4] == [2, 4, 5, 6]


def test_nothing_is_left_open():
    stream = new_stream(300)
    for _ in range(10):
        stream.put(b"a", bytes(100))
    assert stream.disk.open_files == 1
    stream.store.log.close()
    stream.store.log.close()
    assert stream.disk.open_files == 0
    assert stream.disk.size(path(1)) > HEAD_BYTES

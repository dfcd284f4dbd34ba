"""What leaves a stream with its acknowledgement: written together, and once more if need be."""

from headwater.jetstream.deletions import Deletions
from headwater.store.record import DELETE, Record
from headwater.store.stream_store import StreamStore
from tests.monitor.streams import World


def filled(count: int) -> tuple[World, StreamStore, Deletions]:
    world = World()
    world.stream("S")
    world.publish("S.a", count)
    stream = world.node.jetstream.accounts[0].streams["S"]
    return world, stream.store, stream.consumers.deletions


def staged(store: StreamStore) -> list[list[int]]:
    """Return the sequences in each record that is proposed and not being written."""
    data = memoryview(store.log.staged.contents())
    record, found, at = Record(), [], 0
    while at < len(data) and record.read(data, at, len(data)):
        assert record.kind == DELETE
        payload = record.payload(data)
        places = range(0, len(payload), 8)
        found.append([int.from_bytes(payload[at : at + 8], "little") for at in places])
        at = record.end
    return found


def end_batch(world: World) -> None:
    world.node.router.flush()
    world.jobs.run()


def test_those_of_a_batch_are_written_together():
    world, store, deletions = filled(3)
    for sequence in (1, 3, 1, 4):
        deletions.add(sequence)
    assert staged(store) == []
    deletions.propose()
    assert staged(store) == [[1, 3]]
    assert deletions.sequences == {1, 3}
    end_batch(world)
    assert [sequence for sequence in (1, 2, 3) if store.has(sequence)] == [2]
    assert deletions.sequences == set()
    deletions.add(2)
    end_batch(world)
    assert store.index.messages == 0


def test_a_record_holds_so_many():
    world, store, deletions = filled(1100)
    for sequence in range(1, 1101):
        deletions.add(sequence)
    deletions.propose()
    assert [len(sequences) for sequences in staged(store)] == [512, 512, 76]
    end_batch(world)
    assert store.index.messages == 0


def test_what_did_not_reach_the_disk_is_proposed_again():
    _, store, deletions = filled(3)
    deletions.add(2)
    deletions.propose()
    deletions.add(1)
    deletions.propose_again()
    assert staged(store) == [[2], [1, 2]]


def test_acknowledgements_of_one_batch_are_one_record():
    world = World()
    world.stream("S", retention="workqueue")
    world.consumer("S", "C")
    world.publish("S.a", 3)
    stream = world.node.jetstream.accounts[0].streams["S"]
    world.client.say(b"SUB inbox 1\r\nPUB $JS.API.CONSUMER.MSG.NEXT.S.C inbox 1\r\n3\r\n")
    world.jobs.run()
    said = world.client.take()
    replies = [line.split()[3] for line in said.splitlines() if line.startswith(b"MSG S.a 1 ")]
    assert len(replies) == 3
    world.client.say(b"".join([b"PUB %b 4\r\n+ACK\r\n" % reply for reply in replies]))
    assert stream.consumers.deletions.sequences == {1, 2, 3}
    world.jobs.run()
    assert stream.store.index.messages == 0
    assert stream.consumers.deletions.sequences == set()

"""What streams cost the disk: nothing that is written or synced goes uncounted."""

from headwater.base.clock import SECOND
from headwater.store.journal_files import FILE_BYTES
from headwater.store.writes import CHECKPOINT, COMPACTION, JOURNAL, LOG, Writes
from tests.monitor.streams import World
from tests.sim.simdisk import SimDisk

EVENT_BYTES = 200


class Measured:
    """A node on a simulated disk, and what the disk has seen since the stream ``S`` was made."""

    def __init__(self, **config):
        self.disk = SimDisk()
        self.world = World(self.disk)
        self.world.stream("S", **config)
        self.writes = self.world.node.jetstream.writes
        self.stream = self.world.node.jetstream.accounts[0].streams["S"]
        self.begin()

    def begin(self):
        self.disk.trace.clear()
        self._bytes_before = sum(self.writes.bytes.values())
        self._syncs_before = self.writes.syncs

    def publish(self, size=EVENT_BYTES):
        self.world.client.say(b"PUB S.a %d\r\n%b\r\n" % (size, bytes(size)))
        self.world.jobs.run()

    def seconds(self, count):
        """Publish one event each second."""
        for _ in range(count):
            self.publish()
            self.world.node.clock.advance(SECOND)
            self.world.node.timers.run_due()
            self.world.jobs.run()

    def pages(self):
        """Return how many pages of 4 KiB the disk was given, each write counted on its own."""
        writes = [op for op in self.disk.trace if op.kind == "write"]
        return sum((op.offset + len(op.data) - 1) // 4096 - op.offset // 4096 + 1 for op in writes)

    def compare(self):
        """Return the bytes and syncs that were counted, which are those that the disk saw."""
        counted = sum(self.writes.bytes.values()) - self._bytes_before
        syncs = self.writes.syncs - self._syncs_before
        assert counted == sum(len(op.data) for op in self.disk.trace if op.kind == "write")
        seen = [op for op in self.disk.trace if op.kind in ("sync", "sync_directory")]
        assert syncs == len(seen)
        return counted, syncs


def test_nothing_is_written_at_first():
    writes = Writes()
    kinds = (LOG, JOURNAL, CHECKPOINT, COMPACTION)
    assert (writes.bytes, writes.syncs) == (dict.fromkeys(kinds, 0), 0)


def test_the_first_block_and_a_checkpoint_are_counted_as_the_disk_sees_them():
    measured = Measured()
    measured.stream.store.log.begin_block()
    measured.publish()
    measured.stream.files.checkpoint()
    measured.world.jobs.run()
    _, syncs = measured.compare()
    # Of a block and its folder, a checkpoint and its folder, and what the log says of the block
    # that is to go: in the journal, whose first file is made.
    assert syncs == 7
    assert measured.writes.bytes[CHECKPOINT] > 0


def test_messages_in_memory_cost_the_disk_nothing():
    measured = Measured(storage="memory")
    measured.publish()
    assert measured.compare() == (0, 0)
    assert measured.writes.accepted_bytes == 0


def test_blocks_that_are_removed_and_written_anew_are_counted():
    measured = Measured(max_msgs_per_subject=1)
    measured.stream.store.log.block_bytes = 100_000
    for number in range(2_000):
        # One of ten stays: its subject does not come again.
        subject = b"S.%d" % (number if number % 10 == 0 else 1)
        measured.world.client.say(b"PUB %b 200\r\n%b\r\n" % (subject, bytes(200)))
        measured.world.jobs.run()
    for _ in range(10):
        measured.stream.files.give_back(1 << 30)
        measured.world.jobs.run()
        measured.stream.files.checkpoint()
        measured.world.jobs.run()
    assert measured.writes.bytes[COMPACTION] > 0
    measured.compare()


def test_accepted_are_headers_and_payloads_of_what_was_stored():
    measured = Measured(max_msg_size=EVENT_BYTES)
    measured.publish()
    measured.publish(EVENT_BYTES + 1)
    measured.world.client.say(b"HPUB S.a 19 21\r\nNATS/1.0\r\na: bc\r\n\r\nhi\r\n")
    measured.world.jobs.run()
    assert measured.writes.accepted_bytes == EVENT_BYTES + 21


def test_one_event_a_second_is_one_sync_and_little_more_than_a_page():
    measured = Measured()
    measured.seconds(1_000)  # in the middle of the first file of the journal the next one is made
    measured.begin()
    logged = measured.writes.bytes[LOG]
    events = 3_000
    measured.seconds(events)
    written, syncs = measured.compare()
    # Each goes to the journal, and much later to its block together with hundreds of others.
    assert measured.writes.bytes[LOG] - logged <= 1.3 * EVENT_BYTES * events
    assert written <= 2.9 * EVENT_BYTES * events
    assert syncs <= 1.01 * events
    assert measured.pages() <= 1.2 * events
    names = {op.path for op in measured.disk.trace}
    assert names == {"journal.0", "journal.1", "$G/streams/S/0000000001.blk"}


def test_checkpoints_and_new_blocks_of_a_slow_stream_add_next_to_nothing():
    measured = Measured()
    measured.stream.store.unsaved_bytes = 8 * 1024 * 1024 - 100 * EVENT_BYTES
    measured.stream.store.log.block_bytes = 200_000
    measured.begin()
    events = 3_600
    measured.seconds(events)
    written, syncs = measured.compare()
    assert measured.writes.bytes[CHECKPOINT] > 0
    made = FILE_BYTES * len({op.path for op in measured.disk.trace if "journal" in op.path})
    assert written <= 3 * EVENT_BYTES * events + made
    assert syncs <= 1.03 * events

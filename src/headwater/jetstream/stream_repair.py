"""Mending one stream whose files are damaged, while no server uses the store; all of it blocks."""

from headwater.jetstream.stream_config import StreamConfig
from headwater.jetstream.stream_import import run_until_done
from headwater.store import repair
from headwater.store.record import CONSUMER, CONSUMER_STATE, SKIP


class Repaired:
    """What was done to a stream; ``lost`` are the sequences of messages that are gone."""

    def __init__(self, kept, lost):
        self.kept = kept  # names of the files that were put aside
        self.lost = lost


class StreamRepair:
    """Mends a stream that was recovered and does not run."""

    def __init__(self, node, stream):
        self._node = node
        self._stream = stream
        self._store = stream.store

    def run(self, *, force=False):
        """Mend the stream; return what was done, or None when nothing is wrong with it.

        With ``force`` it gets new checkpoints in any case.

        A crash in the middle leaves what there was before, or part of it mended.

        Raises:
            StoreError: it could not be written.
            OSError: something could not be read, or not be written.
        """
        blocks = repair.BlockRepair(self._store)
        lost = repair.unreadable(self._store)
        kept = blocks.damaged()
        if not (force or kept or lost or self._stream.damage or self._stream.is_cut):
            return None
        blocks.keep()
        repair.take_out(self._store, lost)
        self._stream.consumers.forget_missing()
        self._begin_block()
        # Both are without what is lost, and begin behind the blocks that are written anew.
        for _ in range(2):
            run_until_done(self._node, self._stream.files.checkpoint)
        blocks.mend()
        return Repaired(kept, lost)

    def _begin_block(self):
        """Let the log go on in a new file, which says all that a damaged one may have said."""
        stream, store = self._stream, self._store
        store.log.begin_block()
        index = store.index
        last_time = index.last_time_ns.to_bytes(8, "little")
        store.propose(SKIP, b"", last_time, index.last_sequence)
        for name, record, state in stream.consumers.snapshot():
            store.propose(CONSUMER, name.encode(), record)
            store.propose(CONSUMER_STATE, name.encode(), state)
        run_until_done(self._node, lambda done: stream.propose_config(stream.config, done))


class AsideRepair:
    """Takes streams of an AccountStreams back that could not be understood and were set aside."""

    def __init__(self, streams):
        self._streams = streams

    def run(self):
        """Try each; return (folder, stream or None, what there is to say) for each."""
        return [(name, *self._try(name)) for name in self._streams.aside()]

    def _try(self, name):
        streams = self._streams
        stream = streams.reopen(name)
        if stream is None:
            return None, "nothing in it can be understood"
        note = "taken back"
        if stream.config is None:
            wanted = streams.name_aside(name)
            if not wanted:
                return None, "its messages are intact, and not how the stream was called"
            # It must get in nobody's way: what it listened to, and its limits, are not known.
            stream.assume(StreamConfig(name=wanted))
            note = (
                "taken back without its configuration, which is lost: it has no subjects and no "
                "limits until it is updated"
            )
        if stream.name in streams.streams:
            return None, f"there is another stream {stream.name} now"
        streams.take_back(name, stream)
        return stream, note

"""The files of one stream beside its log: checkpoints, sparse blocks, blocks that are due to go.

One thing is done at a time: a checkpoint that is asked for meanwhile comes next.
"""

from functools import partial

from headwater.store import checkpoint as checkpoints
from headwater.store import compaction
from headwater.store.record import CHECKPOINT as CHECKPOINT_RECORD
from headwater.store.writes import CHECKPOINT, COMPACTION

# What is saved by writing blocks anew, for each byte of the checkpoints that this needs.
_WORTH = 2


class StreamFiles:
    """Writes checkpoints when they are due and removes the blocks that they make needless."""

    def __init__(self, store, jobs, generation=0, checkpoint_bytes=0, dead=()):
        self._store = store
        self._jobs = jobs
        self._generation = generation
        self._checkpoint_bytes = checkpoint_bytes
        store.due_bytes = checkpoints.due_bytes(checkpoint_bytes)
        self._dead = list(dead)  # blocks that the last checkpoint does without
        self._checkpoints = 0  # written since the start
        self._choices = []  # sparse blocks that are to be written anew
        self._given_up = set()  # numbers of those that could not be
        self._ripe = 0  # after so many checkpoints
        self._busy = False
        self._closing = False
        self._recorded_bytes = 0  # of the checkpoint that was put into the log last
        self._wanted = False  # whether a checkpoint is to be written next
        self._waiters = []  # of the checkpoint that is being written, or is written next
        self._idle_waiters = []

    def checkpoint_if_due(self):
        """Write a checkpoint if enough has happened since the last one."""
        if not self._busy and self._store.unsaved_bytes > self._store.due_bytes:
            self.checkpoint()

    def close(self, done):
        """Write the last checkpoint of what is applied now; ``done(error)`` follows."""
        self._closing = True
        self.checkpoint(done)

    def checkpoint(self, done=None):
        """Write a checkpoint of what is applied now; ``done(error)`` follows."""
        if done is not None:
            self._waiters.append(done)
        self._wanted = True
        self._go_on()

    def give_back(self, limit_bytes):
        """Go on with giving back the room of deleted messages, reading about so many bytes.

        Return how many are read, 0 when there is nothing to read yet.
        """
        if self._busy:
            return 0
        if any(map(self._may_go, self._dead)) or self._has_much_to_remove():
            # Files go with the second checkpoint that does without them.
            self.checkpoint()
            return 0
        if not self._choices:
            self._choose(limit_bytes)
        if not self._choices or self._checkpoints < self._ripe:
            return 0
        if not self._may_go(self._choices[len(self._choices) - 1].block):
            self._store.when_settled(self._record_settled)
            return 0
        choice = self._choices.pop()
        if not choice.block.live:
            return 0
        self._busy = True
        self._jobs.submit(
            (self._store.log.folder, "files"),
            partial(compaction.rewrite, self._store.log, choice),
            partial(self._compacted, choice),
        )
        return choice.block.size

    def _has_much_to_remove(self):
        index = self._store.index
        if not index.emptied:
            return False
        empty = sum(block.size for block in index.blocks if not block.live)
        return empty > _WORTH * 2 * self._checkpoint_bytes

    def _choose(self, limit_bytes):
        store = self._store
        if not (store.index.thinned or store.log.packable):
            return
        self._choices = compaction.choose(store, limit_bytes, self._given_up)
        self._ripe = self._checkpoints + 2
        if not self._choices:
            store.index.thinned = store.log.packable = False
        elif self._is_worth_checkpoints():
            # Worth two checkpoints before their time.
            self.checkpoint(lambda _: self.checkpoint())

    def _is_worth_checkpoints(self):
        choices = self._choices
        gain = sum(choice.gain for choice in choices)
        return gain > _WORTH * 2 * self._checkpoint_bytes or any(one.is_due for one in choices)

    def when_written(self, done):
        """Call ``done()`` once nothing is being written."""
        if self._busy or self._wanted:
            self._idle_waiters.append(done)
        else:
            done()

    def _go_on(self):
        if self._busy:
            return
        if self._wanted:
            self._busy = True
            self._wanted = False
            self._store.when_settled(self._begin)
            return
        waiters = self._idle_waiters
        self._idle_waiters = []
        for done in waiters:
            done()

    def _begin(self):
        store = self._store
        dying = store.index.take_empty(store.position_number)
        for block in dying:
            store.forget(block)
        recordable = None
        if not self._closing and self._is_worth_recording([*self._dead, *dying]):
            recordable = checkpoints.take(store, self._generation, brief=True)
        dead = [block for block in self._dead if self._may_go(block)]
        self._generation += 1
        checkpoint = checkpoints.take(store, self._generation)
        store.unsaved_bytes = 0
        waiters = self._waiters
        self._waiters = []
        written = partial(self._written, dead, dying, waiters)
        # Blocks that a checkpoint counts on are whole, whatever becomes of the journal.
        store.flush(partial(self._submit, partial(self._write, checkpoint, dead), written))
        if recordable is not None:
            self._record(recordable)

    def _submit(self, write, written):
        self._jobs.submit((self._store.log.folder, "files"), write, written)

    def _may_go(self, block):
        """Tell whether a block holds nothing that is only in it, should all checkpoints be lost."""
        return block.size == 0 or block.number < self._store.covered_number

    def _is_worth_recording(self, dead):
        """Tell whether enough of these blocks wait for the log to say itself what they say."""
        bound = [block.size for block in dead if not self._may_go(block)]
        # What was recorded last may be all that is in one of them.
        return bool(bound) and sum(bound) > _WORTH * self._recorded_bytes

    def _record(self, checkpoint):
        """Let the log say itself what the records in blocks that are to go have said."""
        name = checkpoint.number.to_bytes(8, "little")
        data = bytes(checkpoints.encode(checkpoint))
        self._recorded_bytes = len(data)
        self._store.propose(CHECKPOINT_RECORD, name, data)
        self._store.commit()

    def _record_settled(self):
        self._record(checkpoints.take(self._store, self._generation, brief=True))

    def _write(self, checkpoint, dead):
        """Write a checkpoint and remove what is not needed any more; return its size."""
        log = self._store.log
        data = checkpoints.encode(checkpoint)
        if log.packing.key is not None:
            data = checkpoints.seal(data, log.stream_id, log.packing.key)
        log.disk.replace(log.path(checkpoints.NAMES[checkpoint.generation % 2]), data)
        if dead:
            log.remove_files(dead)
        return len(data)

    def _written(self, dead, dying, waiters, size, error):
        self._busy = False
        if error is None:
            self._store.log.writes.add(CHECKPOINT, size)
            self._checkpoint_bytes = size
            self._store.due_bytes = checkpoints.due_bytes(size)
            self._dead = [block for block in self._dead if block not in dead] + dying
            self._checkpoints += 1
        else:
            # The next one does it again; until then the files stay.
            self._generation -= 1
            self._dead = self._dead + dying
            self._store.owner.report(f"no checkpoint could be written: {error}")
        for done in waiters:
            done(error)
        self._go_on()

    def _compacted(self, choice, result, error):
        self._busy = False
        block = choice.block
        block.packed = choice.messages
        if error is None:
            size, packed = result
            block.size = size
            block.frames = packed.frames
            block.plain = packed.plain
            block.tidy()
            self._store.log.writes.add(COMPACTION, size)
        else:
            # As ``packed`` says, it is not tried again until much more of it is gone.
            self._given_up.add(block.number)
            self._store.owner.report(f"block {block.number} was not written anew: {error}")
        self._go_on()

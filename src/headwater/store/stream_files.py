"""The files of one stream beside its log: checkpoints, and block files that are due to go."""

from functools import partial

from headwater.store import checkpoint as checkpoints


class StreamFiles:
    """Writes checkpoints when they are due and removes the blocks that they make needless."""

    def __init__(self, store, jobs, generation=0, checkpoint_bytes=0, dead=()):
        self._store = store
        self._jobs = jobs
        self._generation = generation
        self._checkpoint_bytes = checkpoint_bytes
        self._dead = list(dead)  # blocks that the last checkpoint does without
        self._writing = False
        self._waiters = []

    def checkpoint_if_due(self):
        """Write a checkpoint if enough has happened since the last one."""
        if not self._writing and checkpoints.due(self._store, self._checkpoint_bytes):
            self.checkpoint()

    def checkpoint(self, done=None):
        """Write a checkpoint of what is applied now; ``done(error)`` follows."""
        if done is not None:
            self._waiters.append(done)
        if not self._writing:
            self._writing = True
            self._store.when_settled(self._begin)

    def when_written(self, done):
        """Call ``done()`` once no checkpoint is being written."""
        if self._writing:
            self._waiters.append(lambda _: done())
        else:
            done()

    def _begin(self):
        store = self._store
        dying = store.index.take_empty(store.position_number)
        for block in dying:
            store.forget(block)
        self._generation += 1
        data = checkpoints.take(store, self._generation)
        store.unsaved_bytes = 0
        self._jobs.submit(
            (store.log.folder, "checkpoint"),
            partial(self._write, self._generation, data, self._dead),
            partial(self._written, len(data), dying),
        )

    def _write(self, generation, data, dead):
        log = self._store.log
        log.disk.replace(log.path(checkpoints.NAMES[generation % 2]), data)
        if dead:
            log.remove_files(dead)

    def _written(self, size, dying, _, error):
        self._writing = False
        if error is None:
            self._checkpoint_bytes = size
            self._dead = dying
        else:
            # The next one does it again; until then the files stay.
            self._generation -= 1
            self._dead = self._dead + dying
            self._store.owner.report(f"no checkpoint could be written: {error}")
        waiters = self._waiters
        self._waiters = []
        for done in waiters:
            done(error)

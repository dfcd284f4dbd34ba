"""Several streams of one store, which commit through its journal, on a simulated disk."""

from typing import Any

from headwater.store.committer import Committer
from headwater.store.jobs import Jobs
from headwater.store.journal_replay import JournalReplay
from headwater.store.writes import Writes
from tests.sim.stream import SteppingJobs, Stream

IDENTITY = b"journal!"


class Shared:
    """A store with streams in the folders ``names``; what is there is replayed and recovered."""

    def __init__(
        self, disk: Any, names: str = "ab", *, file_bytes: int = 4096, jobs: Jobs | None = None
    ) -> None:
        self.disk = disk
        self.jobs = jobs or SteppingJobs(immediate=True)
        self.writes = Writes()
        self.failures: list[tuple[str, OSError]] = []
        self.replay = JournalReplay(disk, IDENTITY)
        self.replay.run()
        self.woken: list[Committer] = []
        self.committer = Committer(
            disk,
            self.jobs,
            self.writes,
            self.replay,
            self.woken.append,
            self._failed,
            file_bytes=file_bytes,
        )
        self.streams = {name: self._stream(name) for name in names}

    def _stream(self, name: str) -> Stream:
        there = self.disk.exists(name)
        if not there:
            self.disk.make_directory(name)
        stream = Stream(self.disk, block_bytes=100_000, jobs=self.jobs, folder=name)
        if there:
            stream.recover()
        stream.store.log.writes = self.writes
        stream.store.committer = self.committer
        return stream

    def _failed(self, log: Any, error: OSError) -> None:
        self.failures.append(("journal" if log is None else log.folder, error))

    def __getitem__(self, name: str) -> Stream:
        return self.streams[name]

    def publish(self, names: str, payload: bytes = b"payload") -> None:
        """Have each of these streams commit a message, in one batch of the router."""
        for name in names:
            self[name].publish(b"subject", payload)
            self[name].store.commit()
        self.wake()

    def wake(self) -> None:
        """End the batch of the router, and do what there is to do."""
        while self.woken:
            self.woken.pop(0).end_of_batch()
        if isinstance(self.jobs, SteppingJobs):
            self.jobs.run()

    def fill(self, names: str, count: int, size: int = 100) -> None:
        """Publish so often."""
        for number in range(count):
            self.publish(names, b"%0*d" % (size, number))

    def stop(self) -> bool:
        """Write every checkpoint and end the journal; return whether that came to its end."""
        ended: list[bool] = []
        for stream in self.streams.values():
            stream.files.checkpoint()
            self.wake()
            stream.store.close()
        self.committer.stop(lambda: ended.append(True))
        self.wake()
        return bool(ended)

    def restarted(self) -> "Shared":
        """Return what a start makes of the disk as the system shows it, as after a kill."""
        return Shared(self.disk.copy(), "".join(self.streams), file_bytes=4096)

    def payloads(self, name: str) -> list[bytes]:
        """Return what a stream holds."""
        return [payload for _, _, payload in self[name].read_all().values()]

    def journal_writes(self) -> list[Any]:
        """Return the writes of entries to the journal, the making of its files left out."""
        return [
            op
            for op in self.disk.trace
            if op.kind == "write" and op.path.startswith("journal.") and op.offset
        ]

"""A stream for tests: a store with an owner that only remembers, on a simulated disk."""

import json
from collections.abc import Callable
from typing import Any

from headwater.base.clock import ManualClock
from headwater.base.timers import Timers
from headwater.store.cache import BlockCache
from headwater.store.frames import Packing
from headwater.store.jobs import ImmediateJobs, Jobs
from headwater.store.keys import StoreKeys
from headwater.store.record import CONFIG
from headwater.store.recovery import Recovery
from headwater.store.stream_files import StreamFiles
from headwater.store.stream_store import StreamOwner, StreamStore
from headwater.wire.message import Message
from tests.sim.oracle import Limits, Picture

STREAM_ID = b"12345678"
STORE_KEYS = StoreKeys(bytes(range(32)))
FOLDER = "stream"
FAR_FUTURE_NS = 1 << 62


class SteppingJobs(Jobs):
    """Blocking work that is done when the test says so, one step at a time.

    ``immediate`` lets everything be done at once, as recovery wants it.
    """

    def __init__(self, *, immediate: bool = False) -> None:
        self.immediate = immediate
        self._running = False
        self._waiting: list[tuple[Any, Callable[[], Any], Callable[[Any, Any], None]]] = []
        self._results: list[tuple[Callable[[Any, Any], None], Any, Any]] = []

    def submit(self, key: Any, work: Callable[[], Any], done: Callable[[Any, Any], None]) -> None:
        self._waiting.append((key, work, done))
        if self.immediate and not self._running:
            # What follows from work is done here too, and not within it: a walk has many blocks.
            self._running = True
            try:
                self.run()
            finally:
                self._running = False

    def pending(self) -> int:
        """Return how many steps there are to do now."""
        return len(self._waiting) + len(self._results)

    def work(self, place: int = 0) -> None:
        """Do one piece of work; its result waits for ``finish``.  Keys are kept in order."""
        if not self._waiting:
            return
        keys = list(dict.fromkeys(key for key, _, _ in self._waiting))
        key = keys[place % len(keys)]
        index = next(i for i, entry in enumerate(self._waiting) if entry[0] == key)
        _, work, done = self._waiting.pop(index)
        ImmediateJobs().submit(
            key, work, lambda result, error: self._results.append((done, result, error))
        )

    def finish(self) -> None:
        """Hand one result back."""
        if self._results:
            done, result, error = self._results.pop(0)
            done(result, error)

    def run(self) -> None:
        """Do everything that there is to do, and what follows from it."""
        while self.pending():
            self.work()
            self.finish()


class Owner(StreamOwner):
    """Remembers what it is told; CONFIG records set the limits of its store."""

    def __init__(self) -> None:
        self.store: StreamStore | None = None
        self.attach: Callable[[], Any] = lambda: None
        self.settle: Callable[[Any, Any], None] = lambda attachment, error: None
        self.errors: list[OSError] = []
        self.reports: list[str] = []
        self.stored_: list[tuple[int, bytes]] = []
        self.removed_: list[int] = []
        self.limits = Limits()
        self.records = 0
        self.state: dict[bytes, bytes] = {}

    def take_attachment(self):
        return self.attach()

    def apply(self, kind, name, payload, sequence, time_ns):
        self.records += 1
        if kind == CONFIG:
            self.set_limits(Limits.decode(payload))
        else:
            self.state[name] = payload

    def stored(self, sequence, subject):
        self.stored_.append((sequence, subject))

    def removed(self, sequence, subject):
        self.removed_.append(sequence)

    def settled(self, attachment, error):
        if error is not None:
            self.errors.append(error)
        self.settle(attachment, error)

    def report(self, text):
        self.reports.append(text)

    def snapshot(self, *, brief=False):
        state = {name.decode(): value.decode() for name, value in self.state.items()}
        return json.dumps([self.records, self.limits.encode().decode(), state]).encode()

    def restore(self, data):
        self.records, limits, state = json.loads(data)
        self.state = {name.encode(): value.encode() for name, value in state.items()}
        self.set_limits(Limits.decode(limits.encode()))

    def set_limits(self, limits: Limits) -> None:
        """Give the store new limits."""
        changed = limits.per_subject_max != self.limits.per_subject_max
        self.limits = limits
        self.store.messages_max = limits.messages_max
        self.store.bytes_max = limits.bytes_max
        self.store.discards_new = limits.discards_new
        if changed:
            self.store.limit_subjects(limits.per_subject_max)


def packing_of(*, compressed: bool = False, encrypted: bool = False) -> Packing:
    """Return how a stream is written."""
    packing = Packing(STREAM_ID, STORE_KEYS if encrypted else None)
    packing.compresses = compressed
    return packing


class Stream:
    """A store with everything that it needs around it."""

    def __init__(
        self,
        disk: Any,
        *,
        block_bytes: int = 2000,
        jobs: Jobs | None = None,
        packing: Packing | None = None,
        folder: str = FOLDER,
    ) -> None:
        """Put an empty store on ``disk``; ``recover`` reads what is there."""
        self.disk = disk
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        self.cache = BlockCache(1 << 26)
        self.jobs = jobs or SteppingJobs(immediate=True)
        self.owner = Owner()
        self.store = StreamStore(
            self.owner, disk, folder, STREAM_ID, self.cache, self.jobs, self.timers, self.clock
        )
        self.owner.store = self.store
        self.store.log.block_bytes = block_bytes
        self.store.log.packing = packing or Packing(STREAM_ID)
        self.files = StreamFiles(self.store, self.jobs)
        self.message = Message()
        self.reports: list[str] = []

    def recover(self) -> bool:
        """Read what is on the disk; return whether there is a stream."""
        was_immediate = getattr(self.jobs, "immediate", True)
        self.jobs.immediate = True
        recovery = Recovery(self.store, self.cache, self.clock.monotonic())
        try:
            found = recovery.run()
        finally:
            self.jobs.immediate = was_immediate
        self.reports = recovery.reports
        self.generation = recovery.generation
        self.files = StreamFiles(
            self.store, self.jobs, recovery.generation, recovery.checkpoint_bytes, recovery.dead
        )
        return found

    def publish(self, subject: bytes, payload: bytes = b"", headers: bytes = b"") -> int:
        """Propose a message; return its sequence."""
        self.message.compose(subject, b"", headers, payload)
        return self.store.propose_message(self.message, self.clock.now())

    def put(self, subject: bytes, payload: bytes = b"", headers: bytes = b"") -> int:
        """Propose a message and commit it."""
        sequence = self.publish(subject, payload, headers)
        self.commit()
        return sequence

    def commit(self) -> None:
        """Write what was proposed, and wait for it."""
        self.store.commit()
        self.settle()

    def settle(self) -> None:
        """Let everything that was begun come to its end."""
        while True:
            if isinstance(self.jobs, SteppingJobs):
                self.jobs.run()
            if not self.timers.run_due():
                return

    def evict(self) -> None:
        """Drop every block from memory."""
        self.cache.trim(FAR_FUTURE_NS)

    def get(self, sequence: int) -> tuple[bytes, bytes, bytes] | None:
        """Read one message."""
        found: list[Any] = []
        self.store.read(sequence, lambda cached, error: found.append(_parts(cached)))
        self.settle()
        assert len(found) == 1
        return found[0]

    def read_all(self, first: int = 1, last: int = FAR_FUTURE_NS) -> dict[int, Any]:
        """Read the messages from ``first`` to ``last`` by a walk."""
        seen: dict[int, Any] = {}
        ended: list[Any] = []
        self.store.walk(
            first,
            last,
            lambda cached: seen.__setitem__(cached.record.sequence, _parts(cached)),
            ended.append,
        )
        self.settle()
        assert ended == [None]
        return seen

    def picture(self) -> Picture:
        """Return what can be seen of the stream."""
        index = self.store.index
        return Picture(
            self.read_all(),
            index.bytes,
            index.first_sequence,
            index.last_sequence,
            {subject: state.count for subject, state in index.subjects.matching(b">")},
            self.owner.limits,
            (self.owner.records, tuple(sorted(self.owner.state.items()))),
        )

    def check_index(self) -> None:
        """Check that the parts of the index agree with each other and with what can be read."""
        check_index(self)


def _parts(cached: Any) -> tuple[bytes, bytes, bytes] | None:
    return None if cached is None else (cached.subject(), cached.headers(), cached.payload())


def check_index(stream: Stream) -> None:
    """Check everything that an index says in more than one way."""
    index = stream.store.index
    messages = stream.read_all()
    sequences = sorted(messages)
    assert index.messages == len(sequences) == sum(block.live for block in index.blocks)
    for sequence in range(max(1, index.last_sequence - 300), index.last_sequence + 2):
        block = index.block_of(sequence)
        assert (block is not None and block.has(sequence)) == (sequence in messages), sequence
        after = [other for other in sequences if other >= sequence]
        assert index.next_from(sequence) == (after[0] if after else 0), sequence
        assert index.count_from(sequence) == len(after), sequence
    limit = stream.owner.limits.per_subject_max
    assert len(index.places) == (len(index.subjects) if limit > 1 else 0)
    for subject, state in index.subjects.matching(b">"):
        theirs = [s for s in sequences if messages[s][0] == subject]
        assert state.count == len(theirs) > 0
        assert state.first <= theirs[0]
        assert state.last == theirs[-1]
        if limit > 1:
            assert list(index.places[index.subjects.find(subject)][::2]) == theirs
        assert state.last_bytes == index.message_bytes(*map(len, messages[state.last]))
    assert [block.number for block in index.blocks] == sorted(b.number for b in index.blocks)

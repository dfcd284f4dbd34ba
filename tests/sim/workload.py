"""Random but repeatable work on one stream, recorded so that any power cut can be judged.

A script is drawn from a seed and does what a server does: publishes, deletes, purges, new limits,
checkpoints, cache evictions, stops without a word.  ``Moment`` says at each operation of the disk
which states of the stream a power cut may bring back.
"""

import random
from dataclasses import dataclass, field

from headwater.store.record import CONFIG, CONSUMER_STATE, DELETE, MESSAGE, PURGE, SKIP, TRIM
from headwater.store.stream_work import Purge
from tests.sim.oracle import Entry, Limits, Oracle, Picture
from tests.sim.power import State, cuts
from tests.sim.simdisk import Killed, Op, SimDisk
from tests.sim.stream import FOLDER, SteppingJobs, Stream, packing_of

SUBJECTS = [b"a.1", b"a.2", b"a.3", b"b.1", b"b.2.x", b"c"]
PATTERNS = [b"a.*", b"b.>", b"c", b"a.2", b"none"]


@dataclass
class History:
    """Every state that the stream went through: ``pictures[n]`` is the one after n records."""

    pictures: list[Picture] = field(default_factory=list)
    oracles: list[Oracle] = field(default_factory=list)
    acknowledged: int = 0  # records that were settled without an error


@dataclass(frozen=True)
class Moment:
    """What may be found after a power cut: the state after low to high records of a history."""

    history: History
    low: int
    high: int

    def allows(self, picture: Picture) -> bool:
        """Tell whether a stream that looks like ``picture`` may come back."""
        return picture in self.history.pictures[self.low : self.high + 1]


class Workload:
    """One script at work.

    ``legs`` are the stretches between power cuts: the state that each began with, None for an
    empty disk, and the trace of what was done to the disk.
    """

    def __init__(self, seed: int, *, steps: int = 60) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.steps = steps
        self.legs: list[tuple[State | None, list[Op]]] = []
        self._use(SimDisk(), None)
        self.block_bytes = self.rng.choice([400, 900, 2500, 100_000])
        self.payload_max = self.rng.choice([30, 200, 1500])
        self.packing = packing_of(compressed=seed % 8 in (5, 7), encrypted=seed % 8 in (6, 7))
        self.oracle = Oracle()
        self.history = History([self.oracle.picture()], [self.oracle.copy()])
        self.restarts = 0
        self.compacted = 0  # blocks that were written anew
        self.disk.make_directory(FOLDER)
        self.stream = self._open()

    def moment(self) -> Moment:
        """Return what a power cut may leave now."""
        history = self.history
        return Moment(history, history.acknowledged, len(history.pictures) - 1)

    def run(self) -> "Workload":
        """Do all steps of the script."""
        self.propose_config()
        for _ in range(self.steps):
            try:
                self.step()
            except Killed:
                self.restart()
        self.disk.kill_in = None
        self.stream.commit()
        self.check()
        return self

    def step(self) -> None:
        """Do one thing."""
        what = self.rng.choices(
            [self.publish, self.commit, self.work, self.change, self.look_after, self.die],
            [40, 20, 40, 10, 8, 4],
        )[0]
        what()

    def publish(self) -> None:
        """Propose a few messages."""
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            store = self.stream.store
            limits = self.stream.owner.limits
            staged = store.index.messages + store.staged_messages
            if limits.discards_new and 0 < limits.messages_max <= staged:
                return
            subject = self.rng.choice(SUBJECTS)
            size = self.rng.randrange(self.payload_max)
            payload = b"%d " % store.last_proposed + self._filler(size)
            headers = b"NATS/1.0\r\na: b\r\n\r\n" if self.rng.random() < 0.2 else b""
            sequence = self.stream.publish(subject, payload, headers)
            self._proposed(Entry(MESSAGE, subject, payload, sequence, headers))

    def _filler(self, size: int) -> bytes:
        data = self.rng.randbytes(size)
        return data[:1] * size if self.packing.compresses else data

    def commit(self) -> None:
        """Begin to write what was proposed."""
        self.stream.store.commit()

    def work(self) -> None:
        """Let the threads get on with it."""
        for _ in range(self.rng.choice([1, 2, 6])):
            self.stream.jobs.work(self.rng.randrange(3))
            if self.rng.random() < 0.8:
                self.stream.jobs.finish()
        self.stream.timers.run_due()

    def change(self) -> None:
        """Propose something other than a message."""
        what = self.rng.choices(
            [
                self._delete,
                self._thin_out,
                self._purge,
                self._trim,
                self._skip,
                self._owners,
                self.propose_config,
            ],
            [4, 2, 2, 1, 1, 4, 1],
        )[0]
        what()

    def look_after(self) -> None:
        """Do what a server does beside its work."""
        what = self.rng.random()
        if what < 0.4:
            self.stream.files.checkpoint()
            self.stream.jobs.run()
        elif what < 0.8:
            self._compact()
        else:
            self.stream.evict()

    def _compact(self) -> None:
        """Let sparse blocks be chosen, and those that were chosen be written anew."""
        files = self.stream.files
        self.compacted += files.give_back(1 << 20) > 0
        for _ in range(self.rng.choice([0, 1, 2, 2])):
            files.checkpoint()
            self.stream.jobs.run()
        while self.rng.random() < 0.8 and files.give_back(1 << 20):
            self.compacted += 1
            self.work()

    def die(self) -> None:
        """Let the process be killed, now or soon, or the power go away."""
        how = self.rng.random()
        if how < 0.3:
            self.restart()
        elif how < 0.7:
            self.disk.kill_in = self.rng.randrange(8)
        else:
            self.lose_power()

    def lose_power(self) -> None:
        """Let the machine stop, and the disk be left in one of many states."""
        before = self.moment()
        state = self.rng.choice(list(cuts(self.disk.medium, 0, self.rng, 4)))
        self._use(state.disk(), state)
        if not self.disk.exists(FOLDER):
            self.disk.make_directory(FOLDER)
        self.restart(before)

    def restart(self, before: Moment | None = None) -> None:
        """Start again after the end of the process, if not of more."""
        self.restarts += 1
        before = before or self.moment()
        while True:
            try:
                self.stream = self._open()
                self.stream.recover()
                break
            except Killed:
                pass
        picture = self.stream.picture()
        assert before.allows(picture), f"seed {self.seed}: lost by a restart"
        found = before.low + before.history.pictures[before.low : before.high + 1].index(picture)
        # What is seen after a start may be acted upon, so it has to last.
        self.oracle = before.history.oracles[found].copy()
        self.history = History([picture], [self.oracle.copy()])

    def check(self) -> None:
        """Check that the stream is what it should be after everything proposed."""
        self.stream.settle()
        assert self.stream.store.is_idle()
        assert self.stream.picture() == self.history.pictures[-1], f"seed {self.seed}"
        self.stream.check_index()
        assert (self.stream.store.staged_messages, self.stream.store.staged_bytes) == (0, 0)

    def propose_config(self) -> None:
        """Propose limits."""
        rng = self.rng
        limits = Limits(
            rng.choice([-1, -1, 5, 20]),
            rng.choice([-1, -1, 600, 5000]),
            rng.choice([-1, -1, 1, 2, 5]),
            rng.random() < 0.2,
        )
        self._propose(CONFIG, b"", limits.encode())

    def _use(self, disk: SimDisk, state: State | None) -> None:
        self.disk = disk
        self.legs.append((state, disk.trace))
        disk.context = self.moment

    def _open(self) -> Stream:
        stream = Stream(
            self.disk, block_bytes=self.block_bytes, jobs=SteppingJobs(), packing=self.packing
        )
        stream.owner.attach = lambda: (self.history, len(self.history.pictures) - 1)
        stream.owner.settle = self._settled
        stream.store.watched = self.rng.random() < 0.5
        stream.store.work_max = self.rng.choice([1, 2, 7, 4000])
        return stream

    def _settled(self, attachment: tuple[History, int], error: OSError | None) -> None:
        history, count = attachment
        assert error is None
        assert count >= history.acknowledged
        history.acknowledged = count

    def _delete(self) -> None:
        sequence = self.rng.randrange(self.stream.store.last_proposed + 2)
        self._propose(DELETE, b"", sequence.to_bytes(8, "little"))

    def _thin_out(self) -> None:
        """Delete most of what was published last."""
        last = self.stream.store.last_proposed
        for sequence in range(max(1, last - 12), last + 1):
            if self.rng.random() < 0.8:
                self._propose(DELETE, b"", sequence.to_bytes(8, "little"))

    def _purge(self) -> None:
        last = self.stream.store.last_proposed
        everything = self.rng.random() < 0.3
        pattern = b"" if everything else self.rng.choice([b"", *PATTERNS])
        bound = last + 1 if everything else self.rng.randrange(last + 2)
        keep = 0 if everything else self.rng.choice([0, 0, 1, 3])
        self._propose(PURGE, pattern, Purge(pattern, bound, keep).encode())

    def _trim(self) -> None:
        last = self.stream.store.last_proposed
        bound = self.rng.randrange(max(1, last - 20), last + 2)
        self._propose(TRIM, b"", bound.to_bytes(8, "little"))

    def _skip(self) -> None:
        sequence = self.stream.store.last_proposed + self.rng.choice([1, 3, 40])
        self._propose(SKIP, b"", b"", sequence)

    def _owners(self) -> None:
        name = b"consumer-%d" % self.rng.randrange(3)
        self._propose(CONSUMER_STATE, name, b"state %d" % self.rng.randrange(1000))

    def _propose(self, kind: int, name: bytes, payload: bytes, sequence: int = 0) -> None:
        store = self.stream.store
        store.propose(kind, name, payload, sequence)
        self._proposed(Entry(kind, name, payload, sequence or store.last_proposed))

    def _proposed(self, entry: Entry) -> None:
        self.oracle.apply(entry)
        self.history.pictures.append(self.oracle.picture())
        self.history.oracles.append(self.oracle.copy())

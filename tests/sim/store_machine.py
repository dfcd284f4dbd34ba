"""A store beside a plain list.

Any order of publishes, deletes, purges, limits, checkpoints, blocks written anew, failing disks,
kills and power cuts; what is smallest and still fails is found by Hypothesis.
"""

import errno
import random
from dataclasses import dataclass
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from headwater.store.record import CONFIG, CONSUMER_STATE, DELETE, MESSAGE, PURGE, SKIP, TRIM
from headwater.store.stream_work import Purge
from tests.sim.choices import FLIP, Between, OneOf, beginning, move
from tests.sim.node_model import History
from tests.sim.oracle import Entry, Limits, Oracle
from tests.sim.power import cuts
from tests.sim.simdisk import Killed, SimDisk
from tests.sim.stream import FOLDER, SteppingJobs, Stream, packing_of

_FAULTS = ("create", "write", "sync", "rename", "remove", "sync_directory", "")
subjects = OneOf((b"a.1", b"a.2", b"b.1", b"b.2.x", b"c"))
patterns = OneOf((b"", b"a.*", b"b.>", b"c", b"none"))
bounds = Between(-12, 3)  # beside the last sequence


@dataclass(eq=False)
class _Started:
    """A batch that was started; one of nothing but a checkpoint ends where that before it did."""

    last: int  # the operation that it ends with


def _looks(machine: "StoreMachine") -> bool:
    return machine.disk.kill_in is None


class StoreMachine(RuleBasedStateMachine):
    """One store; ``history`` is the model: every state that it went through."""

    steps = 0  # of all machines of the process

    @beginning(
        block_bytes=OneOf((300, 900, 2500, 100_000)),
        compressed=FLIP,
        encrypted=FLIP,
        work_max=OneOf((1, 3, 4000)),
    )
    def begin(self, block_bytes: int, compressed: bool, encrypted: bool, work_max: int) -> None:
        self.block_bytes = block_bytes
        self.packing = packing_of(compressed=compressed, encrypted=encrypted)
        self.work_max = work_max
        self.disk = SimDisk()
        self.disk.make_directory(FOLDER)
        self.history = History("model")
        self.history.steps = []
        self.history.add(Oracle())
        self.started: list[_Started] = []  # batches that are under way
        self.stream = self.open()

    # What is asked of it

    @move(subject=subjects, size=Between(0, 400), count=Between(1, 4), plain=FLIP)
    def publish(self, subject: bytes, size: int, count: int, plain: bool) -> None:
        limits = self.model.limits
        for number in range(count):
            staged = self.store.index.messages + self.store.staged_messages
            if limits.discards_new and 0 < limits.messages_max <= staged:
                return
            payload = b"%d " % (self.store.last_proposed + number) + bytes(size)
            headers = b"" if plain else b"NATS/1.0\r\na: b\r\n\r\n"
            sequence = self.stream.publish(subject, payload, headers)
            self.proposed(Entry(MESSAGE, subject, payload, sequence, headers))

    @move(beside=bounds)
    def delete(self, beside: int) -> None:
        self.propose(DELETE, b"", self.number(self.sequence(beside)))

    @move(count=Between(2, 10))
    def thin_out(self, count: int) -> None:
        for back in range(count):
            self.propose(DELETE, b"", self.number(self.sequence(-back - back // 3)))

    @move(pattern=patterns, beside=bounds, keep=OneOf((0, 0, 1, 3)))
    def purge(self, pattern: bytes, beside: int, keep: int) -> None:
        self.propose(PURGE, pattern, Purge(pattern, self.sequence(beside), keep).encode())

    @move(beside=bounds)
    def trim(self, beside: int) -> None:
        self.propose(TRIM, b"", self.number(self.sequence(beside)))

    @move(ahead=Between(1, 40))
    def skip(self, ahead: int) -> None:
        self.propose(SKIP, b"", b"", self.store.last_proposed + ahead)

    @move(
        messages=OneOf((-1, 1, 5, 20)),
        size=OneOf((-1, 500, 5000)),
        each=OneOf((-1, 1, 2, 5)),
        new=FLIP,
    )
    def limit(self, messages: int, size: int, each: int, new: bool) -> None:
        self.propose(CONFIG, b"", Limits(messages, size, each, new).encode())

    @move(name=Between(0, 2), state=Between(0, 99))
    def consumer(self, name: int, state: int) -> None:
        self.propose(CONSUMER_STATE, b"consumer %d" % name, b"state %d" % state)

    # What happens

    @move()
    def commit(self) -> None:
        self.carefully(self.store.commit)

    @move(place=Between(0, 2), count=Between(1, 6), hand_back=FLIP)
    def work(self, place: int, count: int, hand_back: bool) -> None:
        def some() -> None:
            for _ in range(count):
                self.stream.jobs.work(place)
                if hand_back:
                    self.stream.jobs.finish()
            self.stream.timers.run_due()

        self.carefully(some)

    @move()
    def checkpoint(self) -> None:
        self.carefully(self.stream.files.checkpoint)

    @move()
    def give_back(self) -> None:
        self.carefully(lambda: self.stream.files.give_back(1 << 20))

    @move()
    def evict(self) -> None:
        self.stream.evict()

    @move(
        kind=OneOf(_FAULTS),
        after=Between(0, 3),
        times=Between(1, 3),
        full=FLIP,
    )
    def fault(self, kind: str, after: int, times: int, full: bool) -> None:
        code = errno.ENOSPC if full else errno.EIO
        self.disk.fail(kind, after=after, times=times, code=code, part=0.5)

    @move(operations=Between(0, 9))
    def kill_soon(self, operations: int) -> None:
        self.disk.kill_in = operations

    @move()
    def restart(self) -> None:
        self.disk.kill_in = None
        self.start_again()

    @move(choice=Between(0, 1 << 16))
    def lose_power(self, choice: int) -> None:
        rng = random.Random(choice)
        state = rng.choice(list(cuts(self.disk.medium, 0, rng, 4)))
        self.disk = state.disk()
        if not self.disk.exists(FOLDER):
            self.disk.make_directory(FOLDER)
        self.start_again()

    # What is looked at

    @move(_looks)
    def look(self) -> None:
        """Everything must be as the model has it."""
        self.settle()
        picture = self.stream.picture()
        assert picture == self.model.picture()
        self.stream.check_index()
        assert (self.store.staged_messages, self.store.staged_bytes) == (0, 0)

    @move(_looks, beside=bounds, span=Between(0, 9))
    def read(self, beside: int, span: int) -> None:
        self.settle()
        first = self.sequence(beside)
        there = self.model.messages
        assert self.stream.get(first) == there.get(first)
        wanted = {s: parts for s, parts in there.items() if first <= s <= first + span}
        assert self.stream.read_all(first, first + span) == wanted

    @move(_looks, subject=subjects)
    def read_last(self, subject: bytes) -> None:
        self.settle()
        theirs = [s for s, parts in self.model.messages.items() if parts[0] == subject]
        assert self.store.index.subjects.last_matching(subject) == max(theirs, default=0)

    @invariant()
    def after_step(self) -> None:
        StoreMachine.steps += 1
        if hasattr(self, "stream"):
            index = self.store.index
            assert index.messages == sum(block.live for block in index.blocks)

    # How

    @property
    def store(self) -> Any:
        return self.stream.store

    @property
    def model(self) -> Oracle:
        return self.history.steps[-1].model  # type: ignore[return-value]

    def sequence(self, beside: int) -> int:
        return max(0, self.store.last_proposed + beside)

    @staticmethod
    def number(value: int) -> bytes:
        return value.to_bytes(8, "little")

    def propose(self, kind: int, name: bytes, payload: bytes, sequence: int = 0) -> None:
        self.store.propose(kind, name, payload, sequence)
        self.proposed(Entry(kind, name, payload, sequence or self.store.last_proposed))

    def proposed(self, entry: Entry) -> None:
        model = self.model.copy()
        model.apply(entry)
        self.history.add(model)  # type: ignore[arg-type]

    def open(self) -> Stream:
        stream = Stream(
            self.disk, block_bytes=self.block_bytes, jobs=SteppingJobs(), packing=self.packing
        )
        stream.owner.attach = self.attached
        stream.owner.settle = self.settled
        stream.store.work_max = self.work_max
        return stream

    def attached(self) -> "_Started":
        batch = _Started(self.history.steps[-1].number)
        self.started.append(batch)
        return batch

    def settled(self, batch: "_Started", error: OSError | None) -> None:
        """A batch is through: with an error, it and what is behind it have not happened."""
        at = self.started.index(batch)
        if error is None:
            assert at == 0, "batches settle in order"
            self.history.acknowledge(batch.last)
        else:
            before = self.started[at - 1].last if at else self.history.steps[0].number
            self.history.fail(before + 1)
        del self.started[at]

    def carefully(self, act: Any) -> None:
        try:
            act()
        except Killed:
            self.start_again()

    def settle(self) -> None:
        self.disk.heal()
        self.stream.commit()

    def start_again(self) -> None:
        """Start on what is there: it must be one of the states that were promised."""
        self.disk.heal()
        while True:
            self.started = []
            self.stream = self.open()
            try:
                self.stream.recover()
                break
            except Killed:
                pass
        seen = self.stream.picture()
        allowed = [*self.history.steps, *self.history.ghosts]
        step = next((step for step in allowed if step.picture == seen), None)
        assert step is not None, f"found {seen}, allowed {[step.picture for step in allowed]}"
        self.history.steps, self.history.ghosts = [step], []

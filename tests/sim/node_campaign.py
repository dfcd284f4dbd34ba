"""Power cuts at any moment of a script on a node, and again while it starts from what is left."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.sim.node_check import CrashError, NodeMoment, check_kept, check_node
from tests.sim.node_script import Script, SmallDisk
from tests.sim.node_world import Bare, World, pub
from tests.sim.power import State, all_states, cuts, durable

Files = dict[str, bytes]
Part = tuple[Files, set[str], NodeMoment]

STEPS = 100
# One in so many states is also used: power cuts while it starts, and after it has gone on.
_DEEP = 40
_DEEP_STATES = 12
_STREAMS = "$G/streams/"


@dataclass
class Figures:
    """What a campaign has seen."""

    states: int = 0
    scripts: int = 0
    starts_cut: int = 0  # states that a power cut during a start left
    used: int = 0  # states that were gone on with
    restarts: int = 0
    kinds: dict[str, int] = field(default_factory=dict)  # operations that were interrupted

    def add(self, other: "Figures") -> None:
        """Add what another campaign has seen."""
        for name in ("states", "scripts", "starts_cut", "used", "restarts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count


class Failure(Exception):
    """A script whose power cuts show something wrong; the text is for people."""


def run_seed(seed: int, figures: Figures, *, steps: int = STEPS, states_max: int = 1 << 60) -> None:
    """Try the power cuts of one script, each state once.

    Raises:
        Failure: one shows something wrong; it has the shortest script like it.
    """
    numbers = list(range(steps))
    try:
        _run(seed, numbers, figures, states_max)
    except Exception as error:
        numbers = shortest(seed, numbers, states_max)
        raise Failure(explain(seed, numbers, states_max, error)) from error


def _run(seed: int, numbers: Sequence[int], figures: Figures, states_max: int) -> None:
    script = Script(seed, numbers).run()
    figures.scripts += 1
    figures.restarts += script.restarts
    bound = figures.states + states_max
    judge = Judge(figures)
    rng = random.Random(seed ^ 0x5EED)
    for op, state in all_states(script.legs, rng, SmallDisk):
        if figures.states >= bound:
            break
        try:
            judged = judge.check(state, op.context)
        except Exception as error:
            where = f"power cut after operation {state.point} ({op}), {state.label}"
            raise CrashError(f"{where}: {type(error).__name__}: {error}") from error
        if judged:
            figures.kinds[op.kind] = figures.kinds.get(op.kind, 0) + 1


class Judge:
    """Judges the states of one script: starts from them, and now and then goes on.

    A start reads each stream by itself.  So one whose files are the same as in a state before, at a
    moment at which the same is expected, has been judged already and is left out.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._bare = Bare()
        self._seen: set[int] = set()
        self._rng = random.Random(0)

    def check(self, state: State, moment: NodeMoment) -> bool:
        """Start from a state; return whether there was anything new in it.

        Raises:
            CrashError: what comes back is not what it should be.
        """
        part = self._part(state, moment)
        if part is None:
            return False
        self._figures.states += 1
        self._rng.seed(f"{state.point} {state.label}")
        self._start(*part, bare=self._bare)
        if self._rng.randrange(_DEEP) == 0:
            world = self._start(state.files, state.folders, moment)
            self._cut_start(state, moment, world.disk)
            self._use(world, moment)
        return True

    def _part(self, state: State, moment: NodeMoment) -> Part | None:
        """Return the files, folders and moment of the streams that are new, None for none."""
        files, folders = state.files, state.folders
        others = {path: data for path, data in files.items() if _stream_of(path, moment) is None}
        rest = {path for path in folders if _stream_of(path + "/", moment) is None}
        common = hash((tuple(others.items()), frozenset(rest)))
        new = {}
        for name, stream in moment.streams.items():
            inside = f"{_STREAMS}{name}/"
            own = [(path, data) for path, data in files.items() if path.startswith(inside)]
            key = hash((common, name, inside[:-1] in folders, tuple(own), stream.key))
            if key not in self._seen:
                self._seen.add(key)
                new[name] = stream
                others.update(own)
                rest.update(path for path in folders if f"{path}/".startswith(inside))
        return (others, rest, replace(moment, streams=new)) if new else None

    def _start(
        self, files: Files, folders: set[str], moment: NodeMoment, bare: Bare | None = None
    ) -> World:
        disk = SmallDisk(files, folders)
        world = World(
            disk,
            moment.elapsed_ns,
            block_bytes=moment.block_bytes,
            bare=bare,
            encrypted=moment.encrypted,
        )
        world.recover()
        check_node(world, moment)
        return world

    def _cut_start(self, state: State, moment: NodeMoment, started: SmallDisk) -> None:
        """Let the power go away again while it starts."""
        medium = SmallDisk(state.files, state.folders).medium
        found: list[State] = []
        for op in started.trace:
            medium.apply(op)
            found += cuts(medium, state.point, self._rng, 1)
        for left in self._rng.sample(found, min(_DEEP_STATES, len(found))):
            self._figures.states += 1
            self._figures.starts_cut += 1
            self._start(left.files, left.folders, moment, self._bare)

    def _use(self, world: World, moment: NodeMoment) -> None:
        """Go on, and let a power cut take all that it may."""
        self._figures.used += 1
        world.start()
        world.settle()
        check_kept(world)
        lasts = {}
        for name, stream in world.streams.items():
            last = stream.store.index.last_sequence
            answers = world.say(pub(f"{name.lower()}.1".encode(), b"r.0", b"after the cut"))
            world.settle()
            answers += world.take()
            said = [message.payload for message in answers if message.subject == b"r.0"]
            if b'"error"' in said[0]:
                continue  # full, and takes nothing new
            if b'"seq":%d' % (last + 1) not in said[0].replace(b" ", b""):
                raise CrashError(f"{name}: publishing after {last} says {said}")
            lasts[name] = last + 1
            if self._rng.random() < 0.5:
                stream.files.checkpoint()
                world.settle()
        disk = durable(world.disk, SmallDisk)
        again = World(disk, moment.elapsed_ns, block_bytes=1000, encrypted=moment.encrypted)
        again.recover()
        for name, last in lasts.items():
            found = again.streams[name].store.index.last_sequence
            if found != last:
                raise CrashError(f"{name}: {last} was acknowledged after the cut, {found} is there")


def _stream_of(path: str, moment: NodeMoment) -> str | None:
    """Return the stream in whose folder a path lies, None for none of those that are expected."""
    if not path.startswith(_STREAMS):
        return None
    name = path[len(_STREAMS) :].partition("/")[0]
    return name if name in moment.streams else None


# Finding the shortest script that fails


def fails(seed: int, numbers: Sequence[int], states_max: int) -> str:
    """Return what goes wrong with a script of these steps, empty for nothing."""
    try:
        _run(seed, numbers, Figures(), states_max)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        return f"{type(error).__name__}: {error}"
    return ""


def shortest(seed: int, numbers: list[int], states_max: int) -> list[int]:
    """Return as few of the steps as still fail."""
    size = len(numbers) // 2
    while size:
        at = 0
        while at < len(numbers):
            fewer = numbers[:at] + numbers[at + size :]
            if fails(seed, fewer, states_max):
                numbers = fewer
            else:
                at += size
        size //= 2
    return numbers


def explain(seed: int, numbers: list[int], states_max: int, first: Any) -> str:
    """Return a failure in words: how to repeat it, the script, and what it shows."""
    text = fails(seed, numbers, states_max)
    if not text:
        return f"seed {seed}: {first}; it cannot be repeated"
    script = Script(seed, numbers)
    try:
        script.run()
    except Exception:  # noqa: BLE001 (it is the script that fails; what it did is told)
        pass
    told = "\n".join(f"    {line}" for line in script.told)
    return f"seed {seed}, steps {numbers}:\n{told}\n  {text}"

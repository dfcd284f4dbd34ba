"""Damages a store, opens it, repairs it, and compares with what was in it."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headwater.jetstream.stream_repair import AsideRepair, StreamRepair
from headwater.store import checkpoint as checkpoints
from headwater.store.block import HEAD_BYTES, file_name
from headwater.store.journal import FILE_HEAD_BYTES, find_entries, identities, seed_of
from headwater.store.repair import unreadable
from tests.corrupt.damage import Vandal
from tests.corrupt.stores import FOLDER, SMALL, Made, Maker, Opened, Size, messages_in, served
from tests.sim.simdisk import SimDisk

_STRIKES_MAX = 4
START_SECONDS_MAX = 5.0


class CorruptionError(AssertionError):
    """Something was lost, invented or given out twice, or a store could not be opened."""


@dataclass
class Figures:
    """What a campaign has seen."""

    rounds: int = 0
    strikes: int = 0
    lost: int = 0  # messages that were hit
    back: int = 0  # deleted messages that came back with the loss of what had deleted them
    aside: int = 0  # streams set aside at a start
    taken_back: int = 0
    mended: int = 0
    slowest_s: float = 0.0
    failures: list[str] = field(default_factory=list)


def run(
    rounds: int,
    seed: int,
    figures: Figures,
    tell: Callable[[str], None] | None = None,
    size: Size = SMALL,
) -> None:
    """Do ``rounds`` rounds with seeds from ``seed`` on; failures are in the figures."""
    stores: dict[int, Made] = {}
    for number in range(seed, seed + rounds):
        kind = number % size.stores
        if kind not in stores:
            stores[kind] = Maker(kind, size).make()
        attempt = Round(stores[kind], number, figures)
        try:
            attempt.run()
        except Exception as error:  # noqa: BLE001 (each is a finding)
            did = "; ".join(attempt.vandal.done)
            text = f"seed {number} ({did}): {type(error).__name__}: {error}"
            figures.failures.append(text)
            if tell is not None:
                tell(f"FAILED: {text}")
        figures.rounds += 1
        if tell is not None and figures.rounds % (500 if size is SMALL else 20) == 0:
            tell(f"{figures.rounds} rounds")


class Round:
    """One store, damaged."""

    def __init__(self, made: Made, seed: int, figures: Figures) -> None:
        self._made = made
        self._figures = figures
        rng = random.Random(seed)
        self.files = dict(made.files)
        self.vandal = Vandal(self.files, rng)
        for _ in range(rng.randint(1, _STRIKES_MAX)):
            self.vandal.strike()
            figures.strikes += 1

    def run(self) -> None:
        """Damage, open, use, repair, open again.

        Raises:
            CorruptionError: it is not as it should be.
        """
        healthy = {name: self._healthy(name) for name in self._made.truths}
        before = self._check_open(healthy)
        disk = self._disk()
        self._repair(disk)
        self._check_repaired(disk, healthy, before)

    def _disk(self) -> SimDisk:
        return SimDisk(self.files, self._made.folders)

    def _check_open(self, healthy: dict[str, set[int]]) -> dict[str, int]:
        """Open the store; return the last sequence of each stream that runs."""
        opened = self._opened(self._disk())
        last = {}
        for name, truth in self._made.truths.items():
            stream = opened.streams.get(name)
            if stream is None:
                self._figures.aside += 1
                _need(_names(opened, name) or not healthy[name], f"{name} is gone, and not told of")
                continue
            lost = unreadable(stream.store)
            found = served(stream.store)
            self._check_content(name, found, healthy[name])
            gone = truth.live - found.keys()
            self._figures.lost += len(gone)
            self._figures.back += len(found.keys() - truth.live)
            _need(not lost or _names(opened, name), f"{name} has lost {lost[:3]} without a word")
            floor = max([self._floor(name), *found])
            _need(stream.store.index.last_sequence >= floor, f"{name} forgot sequence {floor}")
            last[name] = stream.store.index.last_sequence
        self._check_use(opened, last)
        return last

    def _opened(self, disk: SimDisk) -> Opened:
        began = time.process_time()
        opened = Opened(disk, self._made.secrets)
        opened.start()
        took = time.process_time() - began
        self._figures.slowest_s = max(self._figures.slowest_s, took)
        _need(took < START_SECONDS_MAX, f"the start took {took:.1f} s")
        return opened

    def _check_content(self, name: str, found: dict[int, Any], healthy: set[int]) -> None:
        truth = self._made.truths[name]
        for sequence, content in found.items():
            _need(truth.ever.get(sequence) == content, f"{name}: {sequence} is invented")
        missing = healthy - found.keys()
        _need(not missing, f"{name}: {len(missing)} healthy lost, as {sorted(missing)[:5]}")

    def _check_use(self, opened: Opened, last: dict[str, int]) -> None:
        for name, sequence in last.items():
            answer = opened.ask(f"{name.lower()}.new", b"new")
            _need(answer.get("seq") == sequence + 1, f"{name}: publishing says {answer}")

    def _repair(self, disk: SimDisk) -> None:
        opened = Opened(disk, self._made.secrets, held=False)
        for streams in opened.engine.accounts:
            for _, stream, _ in AsideRepair(streams).run():
                if stream is not None:
                    self._figures.taken_back += 1
                    StreamRepair(opened.node, stream).run(force=True)
            for stream in streams.streams.values():
                self._figures.mended += StreamRepair(opened.node, stream).run() is not None
                stream.store.log.close()

    def _check_repaired(self, disk: SimDisk, healthy: Any, last: dict[str, int]) -> None:
        opened = self._opened(disk)
        _need(not opened.warnings(), f"after the repair: {opened.warnings()[:2]}")
        for name in self._made.truths:
            stream = opened.streams.get(name)
            if stream is None:
                _need(not healthy[name], f"{name} was not taken back")
                continue
            index = stream.store.index
            _need(not unreadable(stream.store), f"{name} has still unreadable messages")
            found = served(stream.store)
            self._check_content(name, found, healthy[name])
            _need(index.messages == len(found), f"{name}: {index.messages} for {len(found)}")
            subjects = {index.subjects.state_of(subject).count for subject, _ in found.values()}
            _need(0 not in subjects, f"{name}: a subject counts nothing")
            _need(index.last_sequence >= last.get(name, 0), f"{name}: sequences went back")
            _need(StreamRepair(opened.node, stream).run() is None, f"{name}: mended twice")
        running = {name: opened.streams[name].store.index.last_sequence for name in last}
        self._check_use(opened, running)

    # What the files say by themselves

    def _healthy(self, name: str) -> set[int]:
        """Return the live messages whose records are untouched where they were."""
        live = self._made.truths[name].live
        found = set()
        for place in self._made.places[name]:
            there, data = self.files.get(place.path, b""), self._made.files[place.path]
            start, end = place.start, place.end
            if place.sequence in live and (there is data or there[start:end] == data[start:end]):
                found.add(place.sequence)
        return found | (self._in_journal(name) & live)

    def _in_journal(self, name: str) -> set[int]:
        """Return the messages in whole entries of the journal whose blocks nobody has touched."""
        made = self._made.files
        found: set[int] = set()
        names = [path for path in made if path.startswith("journal.")]
        if not names or not any(self._keeps_identity(path) for path in names):
            return found
        seed = seed_of(identities(made[names[0]])[0])
        entries = [(path, e) for path in names for e in find_entries(made[path], seed)]
        newest = max((entry for _, entry in entries), key=lambda entry: entry.number)
        for path, entry in entries:
            whole = slice(entry.start, entry.end)
            untouched = self.files.get(path, b"")[whole] == made[path][whole]
            if entry.number < newest.first_number or not untouched:
                continue
            for folder, _, number, _, data in entry.pieces():
                block = f"{FOLDER}/{name}/{file_name(number)}"
                same = block in made and self.files.get(block) == made[block]
                if same and folder == f"{FOLDER}/{name}":
                    whole_block = made[block][:HEAD_BYTES] + data
                    found.update(one for one, _, _ in messages_in(whole_block, self._made.keys))
        return found

    def _keeps_identity(self, path: str) -> bool:
        head = slice(0, FILE_HEAD_BYTES)
        return self.files.get(path, b"")[head] == self._made.files[path][head]

    def _floor(self, name: str) -> int:
        """Return the last sequence that an intact checkpoint knows of."""
        known = [0]
        for file in checkpoints.NAMES:
            path = f"{FOLDER}/{name}/{file}"
            file = self.files.get(path, b"")
            found = checkpoints.parse(checkpoints.unseal(file, self._made.keys))
            if found is not None and file == self._made.files.get(path):
                known.append(found.last_sequence)
        return max(known)


def _names(opened: Opened, name: str) -> bool:
    """Tell whether the log speaks of a stream."""
    return any(f"/{name}" in text or f"> {name}'" in text for text in opened.warnings())


def _need(holds: bool, text: str) -> None:
    if not holds:
        raise CorruptionError(text)

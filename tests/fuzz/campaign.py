"""Campaigns: batches of inputs spread over processes, and the two forms of the code compared."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from headwater import _build
from tests.fuzz.play import BATCH_INPUTS, GROWTH_BYTES_MAX, Failed, Tally, inputs_of
from tests.fuzz.targets import TARGETS
from tests.fuzz.worker import Task

ROOT = Path(__file__).resolve().parent.parent.parent
# One input in so many is played by both forms of the code.
_COMPARED = 100
_COMPARED_BATCHES_MIN = 2
_MEGABYTE = 1024 * 1024


@dataclass
class Figures:
    """What came of one target: totals, failures as texts."""

    name: str
    inputs: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    grown_bytes: int = 0
    compared: int = 0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rate = self.inputs / self.cpu_seconds if self.cpu_seconds else 0
        return (
            f"{self.name:<12} {self.inputs:>10} inputs  {self.seconds:6.0f} s  "
            f"{rate:7.0f} a second and process  slowest {self.slowest_ms:6.1f} ms  "
            f"grown {self.grown_bytes / _MEGABYTE:5.1f} MB  {self.compared} compared  "
            f"{len(self.failures)} failures"
        )


class Child:
    """A worker; what it prints goes to a file."""

    def __init__(self, task: Task, *, pure: bool = False) -> None:
        self.task = task
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 (closed by ``lines``)
        environment = dict(os.environ)
        if pure:
            environment["HEADWATER_PURE"] = "1"
        line = [sys.executable, "-m", "tests.fuzz.worker", json.dumps(asdict(task))]
        self._process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=self._out)

    def lines(self) -> list[dict[str, Any]]:
        """Wait for its end; return what it said."""
        self._process.wait()
        with self._out:
            self._out.seek(0)
            return [json.loads(line) for line in self._out.read().splitlines()]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def run(name: str, *, seed: int, inputs: int, seconds: float, processes: int) -> Figures:
    """Play ``inputs`` inputs of a target, or as many as ``seconds`` allow; return the figures."""
    figures = Figures(name)
    started = time.monotonic()
    batches = max(1, inputs // BATCH_INPUTS)
    tasks = [
        Task(name, seed, first, processes, batches, seconds)
        for first in range(min(processes, batches))
    ]
    for task, lines in zip(tasks, _said(tasks), strict=True):
        _add(figures, task, lines)
    if _build.compiled():
        compare(figures, seed, max(_COMPARED_BATCHES_MIN, batches // _COMPARED), seconds)
    figures.seconds = time.monotonic() - started
    return figures


def _said(tasks: list[Task]) -> list[list[dict[str, Any]]]:
    children = [Child(task) for task in tasks]
    try:
        return [child.lines() for child in children]
    finally:
        for child in children:
            child.end()


def _add(figures: Figures, task: Task, lines: list[dict[str, Any]]) -> None:
    """Add what a worker has said to the figures."""
    last = lines[-1] if lines else {}
    if "result" not in last:
        where = last.get("batch", task.first)
        figures.failures.append(
            f"{task.target}: the process died in batch {where}, seed {task.seed}; its stack is "
            f"above\n  again: python -m tests.fuzz {task.target} --seed {task.seed} --batch {where}"
        )
        return
    tally = Tally(**last["result"])
    figures.inputs += tally.inputs
    figures.cpu_seconds += tally.seconds
    figures.slowest_ms = max(figures.slowest_ms, tally.slowest_ms)
    figures.grown_bytes = max(figures.grown_bytes, tally.grown_bytes)
    for found in tally.failed:
        found.update(data=bytes.fromhex(found["data"]), small=bytes.fromhex(found["small"]))
        figures.failures.append(str(Failed(**found)))
    if tally.grown_bytes > GROWTH_BYTES_MAX:
        figures.failures.append(
            f"{task.target}: the process grew by {tally.grown_bytes} bytes in {tally.inputs} inputs"
        )


def compare(
    figures: Figures, seed: int, batches: int, seconds: float, count: int = BATCH_INPUTS
) -> None:
    """Play the first batches in both forms of the code; what comes of an input is the same."""
    task = Task(figures.name, seed, 0, 1, batches, seconds, digests=True, count=count)
    children = [Child(task), Child(task, pure=True)]
    try:
        compiled, plain = [
            [line["digests"] for line in child.lines() if "digests" in line] for child in children
        ]
    finally:
        for child in children:
            child.end()
    for batch, (one, other) in enumerate(zip(compiled, plain, strict=False)):
        figures.compared += min(len(one), len(other))
        if one != other:
            figures.failures.append(_difference(figures.name, seed, batch, one, other))
            return


def _difference(name: str, seed: int, batch: int, one: list[int], other: list[int]) -> str:
    at = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), -1)
    if at < 0:
        at = min(len(one), len(other))
    data = list(inputs_of(TARGETS[name](), seed, batch, at + 1))[at]
    return (
        f"{name}: the forms differ in input {at} of batch {batch}, seed {seed}: {data!r}\n"
        f"  look at each: [HEADWATER_PURE=1] python -m tests.fuzz {name} --input {data.hex()}"
    )

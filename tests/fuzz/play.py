"""Batches of inputs, each under a watch: what fails, what hangs, what grows."""

import gc
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zlib import crc32

from tests.fuzz.dice import Dice
from tests.fuzz.shrink import shrunk
from tests.fuzz.target import Target

BATCH_INPUTS = 500
# An input takes milliseconds at most; what takes so long, of the process's own time, hangs.
HANG_SECONDS = 20
# What a process may grow by behind its warm-up: caches that fill up, and no more.
GROWTH_BYTES_MAX = 24 * 1024 * 1024
_SHRINK_SECONDS = 20
_SHOWN_BYTES_MAX = 2000


class Hang(BaseException):
    """An input takes too long.  No ``except Exception`` on the way may swallow it."""


@dataclass
class Failed:
    """An input that failed: where it came from, what was wrong, and the smallest one like it."""

    target: str
    seed: int
    batch: int
    number: int
    error: str
    data: bytes
    small: bytes

    def __str__(self) -> str:
        line = f"python -m tests.fuzz {self.target}"
        lines = [
            f"{self.target}: {self.error}",
            f"  input {self.number} of batch {self.batch}, seed {self.seed}: {shown(self.data)}",
            f"  again: {line} --seed {self.seed} --batch {self.batch}",
        ]
        if self.small:
            lines.append(f"  smallest: {shown(self.small)}")
            if len(self.small) <= _SHOWN_BYTES_MAX:
                lines.append(f"  alone: {line} --input {self.small.hex()}")
        else:
            lines.append("  it does not fail by itself: what the batch did before matters")
        return "\n".join(lines)


def shown(data: bytes) -> str:
    """Return an input for a report, cut where it is large."""
    if len(data) <= _SHOWN_BYTES_MAX:
        return repr(data)
    return f"{data[:_SHOWN_BYTES_MAX]!r} and {len(data) - _SHOWN_BYTES_MAX} bytes more"


@dataclass
class Tally:
    """What has been done so far."""

    inputs: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    grown_bytes: int = 0
    failed: list[Failed] = field(default_factory=list)


def inputs_of(target: Target, seed: int, batch: int, count: int) -> Iterator[bytes]:
    """Return the inputs of a batch; they do not depend on what comes of them."""
    dice = Dice(f"{target.name} {seed} {batch}")
    for _ in range(count):
        yield target.make(dice)


def play_batch(
    target: Target, seed: int, batch: int, tally: Tally, count: int = BATCH_INPUTS
) -> list[int]:
    """Play a batch up to the first failure; return a digest of what came of each input."""
    digests = []
    with watched():
        target.begin()
        for number, data in enumerate(inputs_of(target, seed, batch, count)):
            restart_watch()
            started = time.process_time()
            error = ""
            try:
                outcome = target.play(data)
            except Hang:
                error = f"takes longer than {HANG_SECONDS} s"
            except Exception as raised:  # noqa: BLE001 (any error that escapes is a finding)
                error = described(raised)
            seconds = time.process_time() - started
            tally.inputs += 1
            tally.seconds += seconds
            tally.slowest_ms = max(tally.slowest_ms, seconds * 1000)
            if error:
                small = smallest(target, data)
                tally.failed.append(Failed(target.name, seed, batch, number, error, data, small))
                break
            digests.append(crc32(repr(outcome).encode("utf-8", "surrogatepass")))
    return digests


def verdict(target: Target, data: bytes) -> str:
    """Return what is wrong with an input that is played by itself, nothing when all is well."""
    with watched():
        try:
            target.begin()
            target.play(data)
        except Hang:
            return "hangs"
        except Exception as raised:  # noqa: BLE001
            return described(raised)
    return ""


def smallest(target: Target, data: bytes) -> bytes:
    """Return the smallest input found that fails as ``data`` does; empty if that does not alone."""
    wanted = kind_of(verdict(target, data))
    if not wanted:
        return b""
    until = time.monotonic() + _SHRINK_SECONDS
    return shrunk(
        data, lambda part: time.monotonic() < until and kind_of(verdict(target, part)) == wanted
    )


def described(raised: Exception) -> str:
    """Return type, text and place of an error."""
    place = traceback.extract_tb(raised.__traceback__)[-1]
    return f"{type(raised).__name__}: {raised}  [{os.path.basename(place.filename)}:{place.lineno}]"


def kind_of(error: str) -> str:
    """Return what errors have in common that are the same but for the input."""
    return error.partition(":")[0] + error.rpartition("[")[2]


@contextmanager
def watched() -> Iterator[None]:
    """Raise Hang where what runs takes too long; ``restart_watch`` grants the whole time again."""
    # Measured by the process's own time: a machine that is busy with others is no hang.
    before = signal.signal(signal.SIGPROF, _hang)
    restart_watch()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def restart_watch() -> None:
    """Let the time that an input may take begin now."""
    signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)


def _hang(*_: object) -> None:
    raise Hang


def resident_bytes() -> int:
    """Return how much memory the process has, when what is not needed has been given back."""
    gc.collect()
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux: the most that it ever had
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

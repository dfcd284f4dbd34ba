"""One process of a campaign: ``python -m tests.fuzz.worker TASK``, with TASK as JSON.

It prints a line of JSON before each batch, so that a process that dies tells in which one, and the
result at the end.
"""

import faulthandler
import json
import sys
import time
from dataclasses import asdict, dataclass

from tests.fuzz.play import BATCH_INPUTS, Tally, play_batch, resident_bytes
from tests.fuzz.targets import TARGETS

# A batch takes seconds at most.  Compiled code that never comes back to the interpreter is not
# reached by the watch on each input: then the process ends, with its stack on standard error.
_DEAD_SECONDS = 600
_WARM_UP_BATCHES = 40
_FAILURES_MAX = 5


@dataclass(frozen=True)
class Task:
    """Every ``step``-th batch from ``first`` on below ``end``, for at most ``seconds``."""

    target: str
    seed: int
    first: int
    step: int
    end: int
    seconds: float
    digests: bool = False
    count: int = BATCH_INPUTS  # inputs of a batch


def work(task: Task) -> Tally:
    """Play the batches of a task."""
    tally = Tally()
    target = TARGETS[task.target]()
    until = time.monotonic() + task.seconds
    batches = range(task.first, task.end, task.step)
    warm = min(_WARM_UP_BATCHES, len(batches) // 2)
    resident = 0
    for done, batch in enumerate(batches):
        if time.monotonic() > until or len(tally.failed) >= _FAILURES_MAX:
            break
        if done == warm:
            resident = resident_bytes()
        say(batch=batch)
        faulthandler.dump_traceback_later(_DEAD_SECONDS, exit=True)
        known = len(tally.failed)
        digests = play_batch(target, task.seed, batch, tally, task.count)
        for failed in tally.failed[known:]:
            # At once, and again with the figures: a campaign takes long, and may be interrupted.
            print(failed, file=sys.stderr, flush=True)
        if task.digests:
            say(digests=digests)
    faulthandler.cancel_dump_traceback_later()
    target.begin()  # what the last batch shared is no growth
    tally.grown_bytes = resident_bytes() - resident if resident else 0
    return tally


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def main() -> None:
    tally = work(Task(**json.loads(sys.argv[1])))
    failed = [
        {**asdict(one), "data": one.data.hex(), "small": one.small.hex()} for one in tally.failed
    ]
    say(result={**asdict(tally), "failed": failed})


if __name__ == "__main__":
    main()

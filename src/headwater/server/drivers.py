"""Threads that do the store's blocking work, and hand its results back to the event loop."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from queue import SimpleQueue

from headwater.base.errors import StoreError
from headwater.base.log import Log
from headwater.store.jobs import Jobs, Waits

# A commit that takes no longer keeps the loop less than a trip to a thread and back does.
_QUICK_NS = 400_000

Work = Callable[[], object]
Done = Callable[[object, Exception | None], None]


class ThreadJobs(Jobs):
    """A small pool of threads; ``submit`` is called on the loop's thread only.

    Work of one key runs in order, one at a time; different keys run side by side.  Completions are
    collected and run on the loop in one go, between ``begin`` and ``end`` (a batch of the router).

    A commit is done on the loop's thread itself where that is the quicker way for everybody: the
    loop has little else to do, as ``is_quiet`` tells, and the disk has answered within a fraction
    of a millisecond of late.  To go to a thread and back would take longer than that.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        log: Log,
        *,
        begin: Callable[[], object],
        end: Callable[[], object],
        is_quiet: Callable[[], bool] = lambda: False,
        threads: int = 4,
    ) -> None:
        self._loop = loop
        self._log = log
        self._begin = begin
        self._end = end
        self._is_quiet = is_quiet
        self._commit_ns = 0  # how long commits take, lately; 0: not known
        self._commits_out = 0  # how many are with the thread
        self._commits: SimpleQueue[tuple[Work, Done] | None] = SimpleQueue()
        self._commit_thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._all_done = threading.Condition(self._lock)
        self._waiting: dict[Hashable, deque[tuple[Work, Done]]] = {}  # keys with work, by key
        self._ready: SimpleQueue[Hashable | None] = SimpleQueue()  # keys whose turn it is
        self._finished: deque[tuple[Done, object, Exception | None]] = deque()
        self._announced = False  # whether the loop knows that something has finished
        self._held: dict[Hashable, int] = {}  # keys that found every thread busy, since when
        self._waits = 0  # how many of them have had their turn, and after how long
        self._wait_ns = 0
        self._wait_ns_max = 0
        self._threads_max = threads
        self._threads: list[threading.Thread] = []

    def submit(self, key: Hashable, work: Work, done: Done) -> None:
        with self._lock:
            queue = self._waiting.get(key)
            if queue is not None:
                queue.append((work, done))
                return
            self._waiting[key] = deque([(work, done)])
            if len(self._waiting) > self._threads_max:
                self._held[key] = time.monotonic_ns()
            grow = len(self._threads) < min(len(self._waiting), self._threads_max)
        if grow:
            self._start_thread()
        self._ready.put(key)

    def submit_commit(self, work: Work, done: Done) -> None:
        quiet = self._is_quiet()
        if quiet and not self._commits_out and 0 < self._commit_ns < _QUICK_NS:
            self._finished.append((done, *self._timed(work)))
            self._loop.call_soon(self._complete)
            return
        # A thread of its own, without a lock: every publisher waits for this.
        if self._commit_thread is None:
            self._commit_thread = self._started("commit", self._work_on_commits)
        self._commits_out += 1
        self._commits.put((work, partial(self._commit_done, done)))

    def _commit_done(self, done: Done, result: object, error: Exception | None) -> None:
        self._commits_out -= 1
        done(result, error)

    def _timed(self, work: Work) -> tuple[object, Exception | None]:
        """Do a commit, and take note of how long it takes."""
        began_ns = time.monotonic_ns()
        outcome = self._run(work)
        took_ns = time.monotonic_ns() - began_ns
        # A slow one counts at once; that the disk is quick again has to show for a while.
        self._commit_ns = max(took_ns, (3 * self._commit_ns + took_ns) // 4)
        return outcome

    @property
    def waits(self) -> Waits:  # type: ignore[override]
        """Return how much work has waited for a thread."""
        with self._lock:
            return Waits(len(self._held), self._waits, self._wait_ns, self._wait_ns_max)

    def stop(self) -> None:
        """Let the threads finish what was submitted, and end; blocks until they have.

        What finishes now is still handed to the loop, which may have closed: then it is dropped.
        """
        with self._all_done:
            self._all_done.wait_for(lambda: not self._waiting)
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        if self._commit_thread is not None:
            self._commits.put(None)
            self._commit_thread.join()
            self._commit_thread = None

    def _start_thread(self) -> None:
        self._threads.append(self._started(str(len(self._threads)), self._work))

    @staticmethod
    def _started(name: str, target: Callable[[], None]) -> threading.Thread:
        # A daemon: a program that forgets to stop its server must end all the same, and for the
        # store that is a crash like any other.
        thread = threading.Thread(target=target, name=f"headwater-store-{name}", daemon=True)
        thread.start()
        return thread

    def _work_on_commits(self) -> None:
        while (next_one := self._commits.get()) is not None:
            work, done = next_one
            self._finish(done, *self._timed(work))

    def _work(self) -> None:
        while True:
            key = self._ready.get()
            if key is None:
                return
            with self._lock:
                work, done = self._waiting[key][0]
                self._count_wait(key)
            self._finish(done, *self._run(work))
            with self._lock:
                queue = self._waiting[key]
                queue.popleft()
                if queue:
                    self._ready.put(key)
                else:
                    del self._waiting[key]
                    if not self._waiting:
                        self._all_done.notify_all()

    def _finish(self, done: Done, result: object, error: Exception | None) -> None:
        """Hand a result to the loop.  No lock: what is set before it is read is enough here."""
        self._finished.append((done, result, error))
        if not self._announced:
            self._announced = True
            self._announce()

    def _count_wait(self, key: Hashable) -> None:
        since_ns = self._held.pop(key, None)
        if since_ns is not None:
            waited_ns = time.monotonic_ns() - since_ns
            self._waits += 1
            self._wait_ns += waited_ns
            self._wait_ns_max = max(self._wait_ns_max, waited_ns)

    @staticmethod
    def _run(work: Work) -> tuple[object, Exception | None]:
        try:
            return work(), None
        except (OSError, StoreError) as error:
            return None, error
        except Exception as error:  # noqa: BLE001 (a bug in one job must not end the thread)
            return None, StoreError(f"unexpected {type(error).__name__}: {error}")

    def _announce(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._complete)
        except RuntimeError:
            pass  # the loop has closed

    def _complete(self) -> None:
        """Run what has finished, on the loop's thread."""
        # In this order: what is added from here on is either seen below, or announced again.
        self._announced = False
        finished = self._finished
        if not finished:
            return
        self._begin()
        for _ in range(len(finished)):
            done, result, error = finished.popleft()
            try:
                done(result, error)
            except Exception as failure:  # noqa: BLE001 (one completion must not lose the others)
                self._log.error(f"Store completion failed: {type(failure).__name__}: {failure}")
        self._end()

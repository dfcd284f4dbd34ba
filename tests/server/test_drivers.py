"""Threads of the store: order by key, completions in batches on the loop."""

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable

from headwater.base.errors import StoreError
from headwater.base.log import Log
from headwater.server.drivers import ThreadJobs
from headwater.store.jobs import Waits
from tests.support.wait import wait_until_async


def _with_jobs(scenario: Callable[[ThreadJobs, list], Awaitable[None]], **options) -> list:
    """Run a scenario on a loop; return what it and the batches around completions noted."""
    notes: list = []

    async def run() -> None:
        jobs = ThreadJobs(
            asyncio.get_running_loop(),
            Log(lambda level, text: notes.append((level, text))),
            begin=lambda: notes.append("begin"),
            end=lambda: notes.append("end"),
            **options,
        )
        try:
            await scenario(jobs, notes)
        finally:
            jobs.stop()

    asyncio.run(run())
    return notes


def test_work_of_a_key_runs_in_order_and_one_at_a_time() -> None:
    running = threading.Lock()
    order: list[int] = []
    done: list[int] = []

    def work(number: int) -> int:
        assert running.acquire(blocking=False)
        order.append(number)
        running.release()
        return number

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        for number in range(200):
            jobs.submit("key", lambda n=number: work(n), lambda result, error: done.append(result))
        await wait_until_async(lambda: len(done) == 200)

    _with_jobs(scenario)
    assert order == list(range(200))
    assert done == list(range(200))


def test_keys_run_side_by_side() -> None:
    meeting = threading.Barrier(3)
    done: list = []

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        for key in "abc":
            jobs.submit(key, lambda: meeting.wait(10), lambda *result: done.append(result))
        await wait_until_async(lambda: len(done) == 3)

    _with_jobs(scenario)
    assert sorted(number for number, _ in done) == [0, 1, 2]


def test_more_keys_than_threads() -> None:
    done: list = []

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        for number in range(100):
            jobs.submit(number % 10, lambda n=number: n, lambda result, error: done.append(result))
        await wait_until_async(lambda: len(done) == 100)

    _with_jobs(scenario, threads=2)
    for key in range(10):
        assert [number for number in done if number % 10 == key] == list(range(key, 100, 10))


def test_completions_run_on_the_loop_within_a_batch() -> None:
    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        here = threading.get_ident()
        jobs.submit(1, threading.get_ident, lambda result, error: notes.append(result != here))
        jobs.submit(1, lambda: None, lambda *_: notes.append(threading.get_ident() == here))
        await wait_until_async(lambda: notes.count(True) == 2)

    notes = _with_jobs(scenario)
    assert notes.count("begin") == notes.count("end")
    assert (notes[0], notes[1], notes[-1]) == ("begin", True, "end")


def test_errors_are_handed_over() -> None:
    def fail(error: Exception) -> None:
        raise error

    seen: list = []

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        for error in (OSError(28, "full"), StoreError("bad"), ValueError("bug")):
            jobs.submit(1, lambda e=error: fail(e), lambda *result: seen.append(result))
        jobs.submit(1, lambda: "fine", lambda *result: seen.append(result))
        await wait_until_async(lambda: len(seen) == 4)

    _with_jobs(scenario)
    assert [type(error) for _, error in seen] == [OSError, StoreError, StoreError, type(None)]
    assert "ValueError: bug" in str(seen[2][1])
    assert seen[3] == ("fine", None)


def test_a_failing_completion_does_not_lose_the_others() -> None:
    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        release = threading.Event()
        jobs.submit(1, lambda: release.wait(10), lambda *_: 1 / 0)
        jobs.submit(1, lambda: None, lambda *_: notes.append("second"))
        release.set()
        await wait_until_async(lambda: "second" in notes)

    notes = _with_jobs(scenario)
    errors = [note for note in notes if isinstance(note, tuple)]
    assert errors == [("ERR", "Store completion failed: ZeroDivisionError: division by zero")]
    assert notes.count("begin") == notes.count("end")


def test_stop_waits_for_what_was_submitted() -> None:
    finished: list[int] = []
    before = set(threading.enumerate())

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        for number in range(50):
            jobs.submit(number % 7, lambda n=number: finished.append(n), lambda *_: None)

    _with_jobs(scenario)
    assert sorted(finished) == list(range(50))
    begun = set(threading.enumerate()) - before
    assert not [thread for thread in begun if thread.name.startswith("headwater-store")]


def test_work_that_finds_every_thread_busy_is_counted() -> None:
    leave = threading.Event()
    done: list = []

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        assert jobs.waits == Waits()
        for key in "ab":
            jobs.submit(key, leave.wait, lambda *result: done.append(result))
        assert jobs.waits == Waits()
        for key in "cd":
            jobs.submit(key, lambda: None, lambda *result: done.append(result))
        jobs.submit("a", lambda: None, lambda *result: done.append(result))
        assert jobs.waits == Waits(waiters=2)
        leave.set()
        await wait_until_async(lambda: len(done) == 5)
        waits = jobs.waits
        assert (waits.waiters, waits.waits) == (0, 2)
        assert 0 < waits.wait_ns_max <= waits.wait_ns <= 2 * waits.wait_ns_max

    _with_jobs(scenario, threads=2)


def test_commits_run_on_the_loop_where_it_is_quiet_and_the_disk_quick(monkeypatch) -> None:
    threads: list[str] = []
    quiet = True
    times = itertools.count(1000, 1000)

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        nonlocal quiet
        done: list[tuple[object, Exception | None]] = []

        async def run(work: Callable[[], object]) -> None:
            count = len(done)
            jobs.submit_commit(work, lambda result, error: done.append((result, error)))
            await wait_until_async(lambda: len(done) == count + 1)

        def note() -> None:
            threads.append(threading.current_thread().name)

        def fail() -> None:
            note()
            raise OSError(5, "broken")

        await run(note)
        await run(note)
        await run(fail)
        assert isinstance(done[-1][1], OSError)
        quiet = False
        await run(note)
        quiet = True
        await run(note)

    monkeypatch.setattr("headwater.server.drivers.time.monotonic_ns", lambda: next(times))
    _with_jobs(scenario, is_quiet=lambda: quiet)
    loop = threading.current_thread().name
    assert threads == ["headwater-store-commit", loop, loop, "headwater-store-commit", loop]


def test_a_slow_commit_sends_the_next_ones_to_the_thread(monkeypatch) -> None:
    now_ns = 0
    took_ns = 100_000
    inline: list[bool] = []

    def work() -> None:
        nonlocal now_ns
        now_ns += took_ns
        inline.append(threading.current_thread() is threading.main_thread())

    async def scenario(jobs: ThreadJobs, notes: list) -> None:
        nonlocal took_ns

        async def run(times: int) -> None:
            for _ in range(times):
                done: list = []
                jobs.submit_commit(work, lambda *result, done=done: done.append(result))
                await wait_until_async(lambda done=done: bool(done))

        await run(3)
        took_ns = 5_000_000
        await run(1)
        took_ns = 100_000
        await run(20)

    monkeypatch.setattr("headwater.server.drivers.time.monotonic_ns", lambda: now_ns)
    _with_jobs(scenario, is_quiet=lambda: True)
    assert inline[:4] == [False, True, True, True]
    assert not any(inline[4:12])
    assert all(inline[-5:])

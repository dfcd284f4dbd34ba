"""Figures of a process, from a /proc that is made up and from the real one."""

import os
import sys
from pathlib import Path

import pytest

from headwater.edge.errors import EdgeError
from headwater.edge.telemetry import process_usage, read_totals, usage_between

SECOND = 1_000_000_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def write_proc(
    root: Path, cpu_ns: int, rss_kib: int, switches: int, written: int | None = 0
) -> Path:
    folder = root / "7"
    folder.mkdir(exist_ok=True)
    (folder / "status").write_text(
        f"Name:\tpump\nState:\tS (sleeping)\nVmRSS:\t{rss_kib} kB\nThreads:\t3\n"
        f"voluntary_ctxt_switches:\t{switches}\nnonvoluntary_ctxt_switches:\t9\n"
    )
    (folder / "schedstat").write_text(f"{cpu_ns} 123 456\n")
    (folder / "io").unlink(missing_ok=True)
    if written is not None:
        (folder / "io").write_text(f"rchar: 1\nwchar: {written}\n")
    return root


def test_usage_is_what_lies_between_two_readings(tmp_path):
    before = read_totals(7, 10 * SECOND, write_proc(tmp_path, 5 * SECOND, 100, 50, 1000))
    now = read_totals(7, 12 * SECOND, write_proc(tmp_path, 6 * SECOND, 300, 90, 5000))
    usage = usage_between(before, now)
    assert usage.cpu == 0.5
    assert usage.resident_bytes == 300 * 1024
    assert usage.threads == 3
    assert usage.switches == 20
    assert usage.written_bytes == 2000
    assert set(usage.features()) == {
        "cpu",
        "resident_bytes",
        "threads",
        "switches",
        "written_bytes",
    }


def test_files_that_may_not_be_read_count_as_nothing_written(tmp_path):
    totals = read_totals(7, 1, write_proc(tmp_path, 1, 1, 1, written=None))
    assert totals.written_bytes == 0
    assert totals.size_bytes > 0


def test_a_process_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(EdgeError, match="process 7"):
        read_totals(7, 0, tmp_path)


def test_the_real_proc_can_be_read():
    waited: list[float] = []
    frames = process_usage(os.getpid(), 0.25, sleep=waited.append)
    first = next(frames)
    assert first.data.resident_bytes > 1 << 20
    assert first.data.threads >= 1
    assert first.size_bytes > 100
    assert 0 < waited[0] <= 0.25

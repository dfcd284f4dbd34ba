"""Figures of the kernel: steal, processes, memory and CPU time."""

import os
import subprocess
import sys

import pytest

from bench import machine
from bench.errors import HarnessError
from bench.machine import CpuTimes
from tests.support.wait import wait_until

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def test_cpu_times_count_guest_time_once_and_find_steal():
    stat = "cpu  10 1 20 300 4 5 6 54 7 8\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    assert machine.cpu_times(stat) == CpuTimes(total=400, stolen=54)


def test_steal_is_its_share_of_the_time_between():
    assert CpuTimes(1400, 104).steal_percent(CpuTimes(400, 54)) == 5.0


def test_steal_of_no_time_is_none():
    assert CpuTimes(400, 54).steal_percent(CpuTimes(400, 54)) == 0.0


def test_cores_and_model_are_known():
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)
    assert machine.cpu_model()
    assert (machine.load() or 0) >= 0


@linux
def test_a_process_counts_with_its_children():
    # A name with a parenthesis and blanks in it, as /proc/PID/stat shows it, must not confuse.
    child = "import sys; open('/proc/self/comm', 'w').write('a) S 1 (b'); sys.stdin.read()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE) as process:
        tree = wait_until(
            lambda: (found := machine.process_tree(process.pid))[1:] and found, what="the child"
        )
        own_mb = machine._resident_bytes(process.pid) / 1_000_000
        assert len(tree) == 2
        assert wait_until(lambda: machine.resident_mb(process.pid) > own_mb + 1)
        assert process.stdin
        process.stdin.close()


@linux
def test_cpu_seconds_grow_with_work():
    before_s = machine.cpu_seconds(os.getpid())

    def work():
        sum(range(100_000))
        return machine.cpu_seconds(os.getpid()) > before_s

    assert wait_until(work, what="CPU time")


@linux
def test_resident_memory_is_in_megabytes():
    # A process of its own: this one may have memory to spare.
    script = "held = bytearray(b'x') * 50_000_000; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        assert 50 < machine.resident_mb(child.pid) < 80
        child.communicate(b"\n")


def test_a_process_that_is_not_there_is_an_error():
    with pytest.raises(HarnessError, match="need Linux"):
        machine.resident_mb(2**30)


def test_the_size_of_a_folder_is_that_of_all_files_in_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(bytes(1_500_000))
    (tmp_path / "c").write_bytes(bytes(500_000))
    assert machine.folder_mb(tmp_path) == 2

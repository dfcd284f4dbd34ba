"""A guarded command does not outlive the process that wanted it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from headwater.edge.node import guarded
from tests.support.wait import wait_until

FOREVER = "import signal; signal.pause()"

# Starts a guarded child, prints its pid, and waits.
OWNER = f"""
import subprocess, sys, signal
from headwater.edge.node import guarded
child = subprocess.Popen(guarded([sys.executable, "-c", {FOREVER!r}]))
print(child.pid, flush=True)
signal.pause()
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_the_command_takes_the_guards_place():
    line = guarded([sys.executable, "-c", "import os, sys; print(os.getpid()); sys.exit(3)"])
    child = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    output, _ = child.communicate(timeout=30)
    assert int(output) == child.pid
    assert child.returncode == 3


def test_the_command_dies_with_its_owner():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    wait_until(lambda: is_running(pid), what="the guarded process")
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate(timeout=30)
    wait_until(lambda: not is_running(pid), what="the end of the guarded process")


def test_nothing_is_run_for_an_owner_that_is_gone():
    line = guarded([sys.executable, "-c", "print('ran')"])
    line[4] = "1"  # not our parent
    done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")

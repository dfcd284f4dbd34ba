"""Run a command that must not outlive the process which wanted it: ``guard.py PID COMMAND…``.

Started by its path and in isolated mode, so that it costs no imports of the package.  The command
takes this process's place (and pid), and is killed when process PID ends, however that ends.
"""

import os
import signal
import sys
import time

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_LOOK_EVERY_S = 0.25


def main(arguments: list[str]) -> None:
    owner = int(arguments[0])
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 (not there on every platform)

        # Survives the exec below, and fires when the thread that forked us ends.
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    else:
        _fork_watcher(owner, os.getpid())
    if os.getppid() != owner:  # it ended before we asked to be told
        sys.exit(1)
    os.execvp(arguments[1], arguments[1:])


def _fork_watcher(owner: int, guarded: int) -> None:
    if os.fork():
        return
    while os.getppid() == guarded:
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            os.kill(guarded, signal.SIGKILL)
            break
        time.sleep(_LOOK_EVERY_S)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])

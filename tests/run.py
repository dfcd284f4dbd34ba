"""Run the suite on both forms of the code: ``python -m tests.run [--once] [pytest arguments]``.

As installed, and with ``HEADWATER_PURE=1``, when the hot modules are compiled; otherwise the two
would be the same and one run is made.  They run side by side where there is more than one
processor, and what the second says is printed behind the first.  ``--once`` runs as the environment
says.
Whatever else is given goes to pytest: ``python -m tests.run -m "not slow" tests/wire``.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from headwater import _build

ROOT = Path(__file__).resolve().parent.parent
# What pytest answers when its arguments select no test.
_NO_TESTS = 5


def main(arguments: list[str]) -> int:
    once = "--once" in arguments
    arguments = [argument for argument in arguments if argument != "--once"]
    for text in stale_modules():
        print(f"warning: {text} is older than its source; run: make dev", file=sys.stderr)
    results = run_forms(forms(once=once), arguments, together=(os.cpu_count() or 1) > 1)
    print("\nSummary", flush=True)
    for name, code, seconds in results:
        verdict = {0: "passed", _NO_TESTS: "no tests"}.get(code, f"FAILED (pytest says {code})")
        print(f"  {name:<12} {verdict:<12} {seconds:6.0f} s")
    return next((code for _, code, _ in results if code), 0)


def forms(*, once: bool) -> list[tuple[str, bool]]:
    """Return what to run: a name, and whether the compiled modules are to be ignored."""
    compiled = _build.compiled()
    if once or not compiled:
        return [("compiled" if compiled else "pure Python", not compiled)]
    return [("compiled", False), ("pure Python", True)]


def run_forms(
    wanted: list[tuple[str, bool]], arguments: list[str], *, together: bool
) -> list[tuple[str, int, float]]:
    """Run pytest for each form; return its name, pytest's exit code and the seconds it took."""
    runs: list[Run] = []
    results = []
    try:
        for name, pure in wanted:
            runs.append(Run(name, arguments, pure=pure, printing=not (together and runs)))
            if not together:
                results.append(runs[-1].wait())
        if together:
            results = [run.wait() for run in runs]
    finally:
        for run in runs:
            run.stop()
    return results


class Run:
    """One pytest, as a process; what it says is printed at once or when it is waited for."""

    def __init__(self, name: str, arguments: list[str], *, pure: bool, printing: bool) -> None:
        self._name = name
        # Closed by ``stop``.
        self._kept = None if printing else tempfile.TemporaryFile()  # noqa: SIM115
        if printing:
            print(f"== {name} ==", flush=True)
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env={**os.environ, "HEADWATER_PURE": "1" if pure else ""},
            stdout=self._kept,
            stderr=self._kept,
        )

    def wait(self) -> tuple[str, int, float]:
        """Return name, exit code and seconds once it has ended and all is printed."""
        code = self._process.wait()
        seconds = time.monotonic() - self._began
        if self._kept is not None:
            self._kept.seek(0)
            print(f"== {self._name} ==", flush=True)
            sys.stdout.buffer.write(self._kept.read())
            sys.stdout.flush()
        return self._name, code, seconds

    def stop(self) -> None:
        """Let it end, if it has not: somebody has had enough."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        if self._kept is not None:
            self._kept.close()


def stale_modules() -> list[str]:
    """Return the hot modules whose compiled file is older than what it was made from."""
    if not _build.compiled():
        return []
    stale = []
    for module in _build.hot_modules():
        source = ROOT / "src" / Path(*module.split("."))
        extension = _build.extension_of(module)
        changed = [source.with_suffix(end) for end in (".py", ".pxd")]
        made = extension.stat().st_mtime if extension else 0
        if any(path.is_file() and path.stat().st_mtime > made for path in changed):
            stale.append(module)
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

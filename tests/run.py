"""Run the suite on both forms of the code: ``python -m tests.run [--once] [pytest arguments]``.

First as installed, then with ``HEADWATER_PURE=1``, when the hot modules are compiled; otherwise the
two would be the same and one run is made.  ``--once`` runs as the environment says.  Whatever else
is given goes to pytest: ``python -m tests.run -m "not slow" tests/wire``.
"""

import os
import subprocess
import sys
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
    results = [run_pytest(name, pure, arguments) for name, pure in forms(once=once)]
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


def run_pytest(name: str, pure: bool, arguments: list[str]) -> tuple[str, int, float]:
    """Run pytest once; return the name, pytest's exit code and the seconds it took."""
    print(f"== {name} ==", flush=True)
    environment = {**os.environ, "HEADWATER_PURE": "1" if pure else ""}
    started = time.monotonic()
    line = [sys.executable, "-m", "pytest", *arguments]
    code = subprocess.run(line, cwd=ROOT, env=environment, check=False).returncode
    return name, code, time.monotonic() - started


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

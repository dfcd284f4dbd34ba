"""Set up this checkout and run one of its jobs.

    python3 dev.py demo|test|bench|check|crash|model|corrupt|soak|fuzz|dev
    python3 dev.py differ|differ-accounts|differ-consumers|clients

Needs Python 3.11 or later and nothing else.  It makes ``.venv`` beside this file, installs the
project into it in editable form (compiled when a C compiler can be had), and runs the job there.
What follows the job's name is passed on.  ``make JOB`` is the same thing.
"""

from __future__ import annotations  # so that an old Python gets as far as saying that it is old

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PIP = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
STAMP = VENV / "headwater-stamp"
PYTHON_MIN = (3, 11)

# The project's extras; each contains the one before it.
EXTRAS = ("demo", "test", "dev", "clients")
# What each job needs installed, and what it runs; a command is run with the venv's Python.
JOBS = {
    "dev": ("dev", [["-m", "headwater", "version"]]),
    "demo": ("demo", [["-m", "headwater", "demo"]]),
    "test": ("test", [["-m", "tests.run"]]),
    "crash": ("test", [["-m", "tests.crash"]]),
    "model": ("test", [["-m", "tests.sim.models"]]),
    "corrupt": ("test", [["-m", "tests.corrupt"]]),
    "soak": ("test", [["-m", "tests.soak"]]),
    "fuzz": ("test", [["-m", "tests.fuzz"]]),
    "differ": ("test", [["-m", "tests.server.differ"]]),
    "differ-accounts": ("test", [["-m", "tests.server.account_differ"]]),
    "clients": ("clients", [["-m", "tests.clients"]]),
    "differ-consumers": ("test", [["-m", "tests.jetstream.consumer_differ"]]),
    "bench": ("test", [["-m", "bench"]]),
    "check": (
        "dev",
        [
            ["-m", "ruff", "format", "--check", "."],
            ["-m", "ruff", "check", "."],
            ["-m", "mypy"],
            ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
            ["-m", "pytest", "-q", "-p", "no:randomly", "tests/test_tidy.py"],
        ],
    ),
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in JOBS:
        print(__doc__, file=sys.stderr)
        return 2
    extra, commands = JOBS[arguments[0]]
    set_up(extra)
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    for command in commands:
        last = command is commands[-1]
        line = [str(PYTHON), *command, *(arguments[1:] if last else [])]
        code = subprocess.run(line, cwd=ROOT, env=environment, check=False).returncode
        if code:
            return code
    return 0


def set_up(extra: str) -> None:
    """Make the venv and install the project with ``extra``, unless that is done already."""
    had = STAMP.read_text().split() if STAMP.exists() else []
    # What was installed once stays, so that two jobs in turn do not install in turn.
    extra = max([extra, *had[:1]], key=EXTRAS.index)
    wanted = [extra, fingerprint()]
    if had == wanted:
        return
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        run([find_python(), "-m", "venv", str(VENV)], "python3 with the venv module")
    print(f"setting up .venv for '{extra}' (the first time takes a few minutes)", file=sys.stderr)
    STAMP.unlink(missing_ok=True)
    remove_compiled()
    run([*PIP, "--editable", f"{ROOT}[{extra}]"], "the project's packages")
    STAMP.write_text(" ".join(wanted) + "\n")


def remove_compiled() -> None:
    """Remove what an earlier build left: it may not fit the sources, or not be wanted any more."""
    for suffix in ("so", "pyd"):
        for path in (ROOT / "src").rglob(f"*.{suffix}"):
            path.unlink()


def fingerprint() -> str:
    """Return a digest of everything that makes a new installation necessary."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("HEADWATER_BUILD", "CC"):
        digest.update(os.environ.get(name, "").encode())
    paths = [ROOT / "pyproject.toml", ROOT / "setup.py", *(ROOT / "build_backend").glob("*.py")]
    hot = sorted((ROOT / "src").rglob("*.pxd"))
    for path in [*paths, *hot, *(pxd.with_suffix(".py") for pxd in hot)]:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def find_python() -> str:
    """Return a Python that is new enough, this one if it is."""
    if sys.version_info >= PYTHON_MIN:
        return sys.executable
    for minor in range(14, PYTHON_MIN[1] - 1, -1):
        if path := shutil.which(f"python3.{minor}"):
            return path
    sys.exit(f"dev.py needs Python 3.11 or later; this is {sys.version.split()[0]}")


def run(command: list[str], what: str) -> None:
    """Run a step of the set-up; say what was being installed when it fails."""
    try:
        subprocess.run(command, cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"dev.py could not install {what}: {error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Compile the load generator at first use, and run it."""

import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.errors import HarnessError

SOURCE = Path(__file__).resolve().parent / "loadgen.c"
BUILD = SOURCE.parent / ".build"
_FLAGS = ("-O2", "-std=gnu11")
_LIBRARIES = ("-ldl",)
_RUN_TIMEOUT_S = 600
STAMP_BYTES = 16


def compiler() -> list[str]:
    """Return the command of a C compiler: ``CC``, one on PATH, or the ``ziglang`` package's."""
    if command := shlex.split(os.environ.get("CC", "")):
        return command
    for name in ("cc", "gcc", "clang"):
        if path := shutil.which(name):
            return [path]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise HarnessError(
        "the load generator is written in C and no compiler is there: install gcc or clang, "
        "or: pip install ziglang"
    )


def executable(build: Path = BUILD) -> Path:
    """Return the compiled load generator; a change of its source or compiler makes a new one."""
    command = [*compiler(), *_FLAGS]
    sources = b"".join(path.read_bytes() for path in sorted(SOURCE.parent.glob("*.[ch]")))
    digest = hashlib.sha256(sources + shlex.join(command).encode()).hexdigest()[:16]
    target = build / f"loadgen-{digest}"
    if not target.exists():
        _compile(command, target)
    return target


def run(mode: str, port: int, **options: int) -> dict[str, Any]:
    """Run one load against 127.0.0.1:``port`` and return what it measured.

    The modes and their options stand at the head of loadgen.c.  Raises HarnessError when what the
    server delivered or acknowledged is not what was due, or when nothing moves any more.
    """
    command = [str(executable()), mode, f"port={port}"]
    command += [f"{name}={value}" for name, value in options.items()]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_RUN_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise HarnessError(f"{shlex.join(command[1:])}: over {_RUN_TIMEOUT_S} s") from error
    if done.returncode:
        raise HarnessError(f"{shlex.join(command[1:])}: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def payload(sequence: int, size_bytes: int, publisher: int = 0) -> bytes:
    """Return the payload that the load generator gives to a message of the first block."""
    stamp = f"{publisher:02x}:{sequence:012x}:".encode()
    filler = (ord("a") + (sequence + i) % 26 for i in range(STAMP_BYTES, size_bytes))
    return stamp + bytes(filler)


def _compile(command: list[str], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete: two runs may compile at the same time.
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        output = Path(folder) / "loadgen"
        line = [*command, "-o", str(output), str(SOURCE), *_LIBRARIES]
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=False)
        except OSError as error:
            raise HarnessError(f"cannot run the compiler {command[0]}: {error}") from error
        if done.returncode:
            raise HarnessError(f"{shlex.join(line)} failed:\n{done.stderr.strip()}")
        output.replace(target)

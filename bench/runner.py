"""Run rows: a check of each side, then pairs of samples, ours and theirs in turn."""

import importlib
import platform
import sys
from collections.abc import Callable, Iterable
from typing import Any

from bench import machine, results, servers
from bench.errors import HarnessError
from bench.measures import Effort
from bench.rows import Row
from bench.servers import Side

Say = Callable[[str], None]


def run(
    rows: Iterable[Row], sides: tuple[Side, Side], pairs: int, effort: Effort, say: Say
) -> list[dict[str, Any]]:
    """Return the entries of ``rows``; a row that fails has an entry that says so, the rest go on.

    ``sides`` are ours and theirs; ``say`` gets a line of progress now and then.
    """
    entries = []
    for row in rows:
        say(f"{row.name}: {row.what}")
        try:
            entries.append(run_row(row, sides, pairs, effort, say))
        except (HarnessError, OSError) as error:
            say(f"  failed: {error}")
            entries.append(results.failure(row, error))
    return entries


def run_row(
    row: Row, sides: tuple[Side, Side], pairs: int, effort: Effort, say: Say
) -> dict[str, Any]:
    """Check both sides, take the samples in turn and return the entry of the row.

    Raises HarnessError, naming the side, when one cannot be measured.
    """
    for side in sides:
        _named(side, row.measure.check, effort)
    before = machine.cpu_times()
    ours, theirs = [], []
    for pair in range(1, pairs + 1):
        ours.append(_named(sides[0], row.measure.sample, effort))
        theirs.append(_named(sides[1], row.measure.sample, effort))
        ratio = row.ratio(ours[-1].value, theirs[-1].value)
        figures = f"{results.figure(ours[-1].value)} / {results.figure(theirs[-1].value)}"
        say(f"  {pair} of {pairs}: {figures} {row.unit}, ratio {ratio:.2f}")
    return results.summary(row, ours, theirs, machine.cpu_times().steal_percent(before))


def environment(sides: tuple[Side, Side], pairs: int, effort: Effort) -> dict[str, Any]:
    """Return what the figures depend on: machine, versions, how headwater runs, how it was run."""
    ours, theirs = sides
    overridden = ours.command[:3] != (sys.executable, "-m", "headwater")
    return {
        "cpu": machine.cpu_model(),
        "cores": machine.cores(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load_1m": machine.load(),
        "python": platform.python_version(),
        "ours": servers.version(ours.command) if overridden else _headwater_version(),
        "ours_compiled": None if overridden else _headwater_form(),
        "theirs": servers.version(theirs.command),
        "pairs": pairs,
        "quick": effort.quick,
    }


def _named(side: Side, measure: Callable[[Side, Effort], Any], effort: Effort) -> Any:
    try:
        return measure(side, effort)
    except HarnessError as error:
        raise HarnessError(f"{side.name}: {error}") from error


def _headwater_version() -> str:
    return f"headwater {_module('headwater').__version__}"


def _headwater_form() -> str:
    build = _module("headwater._build")
    modules = build.hot_modules()
    made = [module for module in modules if build.extension_of(module)]
    if made and len(made) < len(modules) and not build.pure_wanted():
        return f"in part only: {len(made)} of {len(modules)} hot modules; build it anew"
    return str(build.description())


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise HarnessError(f"{name} is not installed beside this Python: {error}") from error

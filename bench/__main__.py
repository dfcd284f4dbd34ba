"""``python -m bench [ROWS…]``: measure, print the table, write results.json."""

import argparse
import sys
from pathlib import Path
from typing import Any

from bench import loadgen, results, runner, servers
from bench.errors import HarnessError
from bench.measures import Effort
from bench.rows import ROWS, select

PAIRS_LEAST = 5


def main(arguments: list[str]) -> int:
    """Run the command; return 0, or 1 when a row could not be measured, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    if options.list:
        for row in ROWS.values():
            print(f"{row.name:26}{row.unit:8}{row.bar_text():14}{row.what}")
        return 0
    try:
        rows = select(options.rows)
        _check_pairs(options)
        loadgen.executable()
        sides = servers.our_side(), servers.their_side()
        environment = runner.environment(sides, options.pairs, Effort(options.quick))
    except HarnessError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    _print_environment(environment)
    entries = runner.run(rows, sides, options.pairs, Effort(options.quick), _say)
    results.write(entries, environment, options.output)
    print(f"\n{results.table(entries)}\n")
    for line in results.remarks(entries):
        print(line)
    print(f"written to {options.output}")
    return 1 if any("error" in entry for entry in entries) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure this server beside nats-server. A ratio over 1 means ours is better.",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to run (default: all)")
    parser.add_argument(
        "--pairs", type=int, default=PAIRS_LEAST, help="pairs of samples per row (default: 5)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="little work and any --pairs, to try the harness"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=results.RESULTS,
        metavar="FILE",
        help="where to write the results as JSON (default: bench/results.json)",
    )
    parser.add_argument("--list", action="store_true", help="list the rows and their bars")
    return parser


def _check_pairs(options: argparse.Namespace) -> None:
    least = 1 if options.quick else PAIRS_LEAST
    if options.pairs < least:
        raise HarnessError(f"--pairs is {options.pairs}; at least {least} are needed")


def _print_environment(environment: dict[str, Any]) -> None:
    for name, value in environment.items():
        if value is not None:
            print(f"{name.replace('_', ' '):14}{value}")
    print(flush=True)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

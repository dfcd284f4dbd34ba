"""From samples to figures: medians, ratios, the table, the file."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.measures import Sample
from bench.rows import Row

RESULTS = Path(__file__).resolve().parent / "results.json"
_HEADINGS = ("row", "ours", "theirs", "unit", "ratio", "min", "max", "bar", "steal", "")
_DIGITS = 4


def summary(
    row: Row, ours: Sequence[Sample], theirs: Sequence[Sample], steal_percent: float
) -> dict[str, Any]:
    """Return the entry of a row, from the samples of its pairs in the order they were taken.

    ``ours`` and ``theirs`` are medians; ``ratio`` is the median of the ratios of the pairs, so that
    what slows the whole machine for a while does not count for one side only.
    """
    ratios = [row.ratio(our.value, their.value) for our, their in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    our_median = statistics.median(sample.value for sample in ours)
    return {
        "row": row.name,
        "ours": _round(our_median),
        "theirs": _round(statistics.median(sample.value for sample in theirs)),
        "unit": row.unit,
        "ratio": _round(ratio),
        "min_ratio": _round(min(ratios)),
        "max_ratio": _round(max(ratios)),
        "bar": row.bar,
        "most": row.most,
        "meets_bar": row.verdict(our_median, ratio),
        "pairs": len(ratios),
        "steal_percent": steal_percent,
        "samples": {"ours": _values(ours), "theirs": _values(theirs)},
        "also": _also(ours, theirs),
        "what": row.what,
    }


def failure(row: Row, error: Exception) -> dict[str, Any]:
    """Return the entry of a row that could not be measured; its figures are null."""
    figures = ("ours", "theirs", "ratio", "min_ratio", "max_ratio", "meets_bar")
    return {
        "row": row.name,
        **dict.fromkeys(figures),
        "unit": row.unit,
        "bar": row.bar,
        "most": row.most,
        "error": str(error),
        "what": row.what,
    }


def write(entries: list[dict[str, Any]], environment: dict[str, Any], path: Path) -> None:
    """Write the entries as JSON; each says on what machine and versions it was measured."""
    stamped = [{**entry, "environment": environment} for entry in entries]
    path.write_text(json.dumps(stamped, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def remarks(entries: list[dict[str, Any]]) -> list[str]:
    """Return a line for each row that stays below its bar or could not be measured.

    An error may go on with the end of a server's log; only its first line stands here.
    """
    missed = [_miss(entry) for entry in entries if entry["meets_bar"] is False]
    failed = [
        f"{entry['row']} could not be measured: {entry['error'].splitlines()[0]}"
        for entry in entries
        if "error" in entry
    ]
    return missed + failed


def table(entries: list[dict[str, Any]]) -> str:
    """Return the entries as text in columns, one line each; a failed row says so."""
    lines = [list(_HEADINGS), *(_cells(entry) for entry in entries)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(_aligned(line, widths) for line in lines)


def figure(value: float | None) -> str:
    """Return a figure with three or four digits that count, in thousands with separators."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def _miss(entry: dict[str, Any]) -> str:
    if entry["most"] is not None:
        return f"{entry['row']} misses its bar: {entry['ours']:.4g}, at most {entry['most']:g}"
    return f"{entry['row']} misses its bar: {entry['ratio']:.4g} of {entry['bar']:g}"


def _bar(entry: dict[str, Any]) -> str:
    if entry["most"] is not None:
        return f"≤{entry['most']:g}"
    return "-" if entry["bar"] is None else f"{entry['bar']:g}"


def _cells(entry: dict[str, Any]) -> list[str]:
    verdicts = {True: "ok", False: "misses its bar", None: "reported"}
    steal = entry.get("steal_percent")
    extra = [
        f"{name} {figure(sides['ours'])} / {figure(sides['theirs'])}"
        for name, sides in entry.get("also", {}).items()
    ]
    return [
        entry["row"],
        figure(entry["ours"]),
        figure(entry["theirs"]),
        entry["unit"],
        _factor(entry["ratio"]),
        _factor(entry["min_ratio"]),
        _factor(entry["max_ratio"]),
        _bar(entry),
        "-" if steal is None else f"{steal:.1f}%",
        "; ".join(["failed" if "error" in entry else verdicts[entry["meets_bar"]], *extra]),
    ]


def _aligned(cells: list[str], widths: list[int]) -> str:
    # Names, units and verdicts to the left, figures to the right.
    left = (0, 3, len(widths) - 1)
    padded = [
        cell.ljust(width) if column in left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _factor(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def _also(ours: Sequence[Sample], theirs: Sequence[Sample]) -> dict[str, dict[str, float]]:
    return {
        name: {
            side: _round(statistics.median(sample.also[name] for sample in samples))
            for side, samples in (("ours", ours), ("theirs", theirs))
        }
        for name in ours[0].also
    }


def _values(samples: Sequence[Sample]) -> list[float]:
    return [_round(sample.value) for sample in samples]


def _round(value: float) -> float:
    # For reading only: whether a bar is met is decided before rounding.
    return round(value, _DIGITS)

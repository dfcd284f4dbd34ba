"""The registry of rows, and that README.md defines each."""

from pathlib import Path

import pytest

import bench
from bench.errors import HarnessError
from bench.rows import ROWS, select

README = (Path(bench.__file__).parent / "README.md").read_text(encoding="utf-8")
BARS = {
    "core.pub_16": 1.5,
    "core.1to1_16": 2,
    "core.1to1_128": 2,
    "core.4to4_128": 2,
    "core.unique_subjects_16": 0.8,
    "core.latency_p50": 0.9,
    "js.pub_async_128": 1.5,
    "js.pub_async_128_always": 50,
    "ops.start_ms": None,
    "ops.idle_rss": None,
    "ops.rss_after_1m": None,
    "ops.cpu_per_msg": None,
}


def test_the_rows_and_their_bars():
    assert {name: row.bar for name, row in ROWS.items()} == BARS


def test_more_is_better_for_rates_and_for_nothing_else():
    assert all(row.more_is_better == (row.unit == "msgs/s") for row in ROWS.values())


@pytest.mark.parametrize("name", ROWS)
def test_readme_defines_the_row_with_unit_and_bar(name):
    row = ROWS[name]
    lines = [line for line in README.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(lines) == 1
    cells = [cell.strip() for cell in lines[0].strip("|").split("|")]
    bar = "reported" if row.bar is None else f"≥ {row.bar:g}"
    assert (len(cells), cells[-2], cells[-1]) == (4, row.unit, bar)


def test_readme_defines_no_other_row():
    named = [line.split("`")[1] for line in README.splitlines() if line.startswith("| `")]
    assert named == list(ROWS)


def test_no_names_select_everything():
    assert [row.name for row in select([])] == list(ROWS)


def test_names_select_rows_once_in_the_order_asked_for():
    names = ["ops.start_ms", "core.pub_16", "ops.start_ms"]
    assert [row.name for row in select(names)] == ["ops.start_ms", "core.pub_16"]


def test_an_unknown_row_is_named_beside_the_known():
    with pytest.raises(HarnessError, match=r"core\.pub_61; there are: core\.pub_16"):
        select(["core.pub_61", "core.pub_16"])

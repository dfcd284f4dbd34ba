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
    "core.1to1_128_perms": 2,
    "core.1to1_128_import": 2,
    "core.4to4_128": 2,
    "core.unique_subjects_16": 1,
    "core.1to1_8k": 0.9,
    "core.1to1_64k": 0.9,
    "core.fanout_1to100_128": 1.1,
    "core.queue_4_128": 2,
    "core.request_reply": 1,
    "core.subs_100k_128": 1.5,
    "core.tls_1to1_128": 0.7,
    "core.latency_p50": 0.9,
    "core.latency_p99": None,
    "js.pub_async_128": 1.5,
    "js.pub_async_128_always": 80,
    "js.pub_sync_128_always": 1,
    "js.pub_mem_128": 1.5,
    "js.pub_1k_subjects_128": 1.5,
    "js.pub_4k": 1,
    "js.pub_200_streams_128": 1,
    "js.recover_1m": 1,
    "js.purge_1m": 0.5,
    "js.bytes_on_disk_1m_128": 1,
    "js.rss_after_1m": None,
    "js.rss_above_idle_1m": None,
    "js.direct_get": 1.5,
    "js.batch_get": 1.5,
    "js.kv_put": 1.2,
    "js.kv_get": 1.5,
    "js.kv_watch": 1.5,
    "js.object_put_64m": 1,
    "js.consume_pull_128": 2,
    "js.consume_push_128": 2,
    "js.fetch_1": 1,
    "js.workqueue_4x4_128": 1.5,
    "js.consumers_1k": 1,
    "ops.start_ms": None,
    "ops.idle_rss": None,
    "ops.rss_after_1m": None,
    "ops.conns_5k_rss": 1,
    "ops.cpu_per_msg": None,
}


MOST = {
    "js.rss_after_1m": 80,
    "js.rss_above_idle_1m": 30,
    "ops.start_ms": 200,
    "ops.idle_rss": 40,
}


def test_the_rows_and_their_bars():
    assert {name: row.bar for name, row in ROWS.items()} == BARS
    assert {name: row.most for name, row in ROWS.items() if row.most is not None} == MOST


def test_a_bar_is_a_ratio_or_the_most_that_ours_may_be():
    row, most = ROWS["core.pub_16"], ROWS["ops.start_ms"]
    assert [row.verdict(1, 1.5), row.verdict(9, 1.4)] == [True, False]
    assert [most.verdict(200, 0.01), most.verdict(201, 9)] == [True, False]
    assert ROWS["core.latency_p99"].verdict(1, 1) is None


def test_more_is_better_for_rates_and_for_nothing_else():
    assert all(row.more_is_better == (row.unit in ("msgs/s", "MB/s")) for row in ROWS.values())


@pytest.mark.parametrize("name", ROWS)
def test_readme_defines_the_row_with_unit_and_bar(name):
    row = ROWS[name]
    lines = [line for line in README.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(lines) == 1
    cells = [cell.strip() for cell in lines[0].strip("|").split("|")]
    assert (len(cells), cells[-2], cells[-1]) == (4, row.unit, row.bar_text())


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

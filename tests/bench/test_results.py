"""Medians, ratios and what is written of them."""

import json

import pytest

from bench import results
from bench.errors import HarnessError
from bench.measures import Sample, StartTime
from bench.rows import Row

RATE = Row("a.rate", "how many", "msgs/s", StartTime(), bar=2)
TIME = Row("a.time", "how long", "ms", StartTime(), bar=0.9, more_is_better=False)
REPORTED = Row("a.size", "how much", "MB", StartTime(), more_is_better=False)


def samples(*values):
    return [Sample(value) for value in values]


def entry_of(row, ours, theirs):
    return results.summary(row, samples(*ours), samples(*theirs), 0.0)


def test_a_rate_is_ours_to_theirs():
    entry = entry_of(RATE, [30, 20, 10], [10, 10, 10])
    assert (entry["ours"], entry["theirs"], entry["ratio"]) == (20, 10, 2)
    assert (entry["min_ratio"], entry["max_ratio"], entry["pairs"]) == (1, 3, 3)


def test_a_time_is_theirs_to_ours():
    entry = entry_of(TIME, [5, 10, 20], [10, 10, 10])
    assert (entry["ratio"], entry["min_ratio"], entry["max_ratio"]) == (1, 0.5, 2)


def test_the_ratio_is_the_median_of_pairs_not_of_sides():
    # The machine was slow in the first pair, for both sides alike.
    entry = entry_of(RATE, [3, 20, 40], [1, 10, 30])
    assert (entry["ours"], entry["theirs"]) == (20, 10)
    assert entry["ratio"] == 2
    entry = entry_of(RATE, [30, 20, 40], [10, 40, 20])
    assert (entry["ours"] / entry["theirs"], entry["ratio"]) == (1.5, 2)


@pytest.mark.parametrize(
    ("ours", "meets"), [(20, True), (20.001, True), (19.9999999, False), (1, False)]
)
def test_a_bar_is_met_from_the_bar_on_before_rounding(ours, meets):
    assert entry_of(RATE, [ours], [10])["meets_bar"] is meets


def test_a_row_without_a_bar_is_neither_met_nor_missed():
    entry = entry_of(REPORTED, [100], [1])
    assert (entry["bar"], entry["meets_bar"]) == (None, None)
    assert results.remarks([entry]) == []


@pytest.mark.parametrize(("row", "ours", "theirs"), [(RATE, 1, 0), (TIME, 0, 1)])
def test_a_sample_of_zero_is_an_error_and_no_endless_ratio(row, ours, theirs):
    with pytest.raises(HarnessError, match="tells nothing"):
        entry_of(row, [ours], [theirs])


def test_unequal_numbers_of_samples_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        entry_of(RATE, [1, 2], [1])


def test_further_figures_are_medians_of_each_side():
    ours = [Sample(1, {"p99_us": value}) for value in (9, 7, 8)]
    theirs = [Sample(1, {"p99_us": value}) for value in (1, 2, 30)]
    entry = results.summary(TIME, ours, theirs, 0.0)
    assert entry["also"] == {"p99_us": {"ours": 8, "theirs": 2}}
    assert "p99_us 8 / 2" in results.table([entry])


def test_the_file_holds_every_entry_with_the_environment(tmp_path):
    path = tmp_path / "results.json"
    entries = [entry_of(RATE, [30], [10]), results.failure(TIME, HarnessError("no server"))]
    results.write(entries, {"cores": 2}, path)
    measured, failed = json.loads(path.read_text())
    assert {"row", "ours", "theirs", "unit", "ratio", "min_ratio", "max_ratio", "bar"} <= set(
        measured
    )
    assert (measured["row"], measured["ratio"], measured["bar"]) == ("a.rate", 3, 2)
    assert (failed["row"], failed["ratio"], failed["error"]) == ("a.time", None, "no server")
    assert measured["environment"] == failed["environment"] == {"cores": 2}


def test_remarks_name_rows_below_their_bar_and_rows_that_failed():
    entries = [
        entry_of(RATE, [15], [10]),
        entry_of(TIME, [10], [10]),
        results.failure(REPORTED, HarnessError("no server\nits log")),
    ]
    assert results.remarks(entries) == [
        "a.rate misses its bar: 1.5 of 2",
        "a.size could not be measured: no server",
    ]


def test_the_table_has_a_line_per_row():
    entries = [
        results.summary(RATE, samples(3e6), samples(1e6), 12.34),
        results.failure(TIME, HarnessError("no server")),
    ]
    heading, rate, failed = (line.split() for line in results.table(entries).splitlines())
    assert heading[:5] == ["row", "ours", "theirs", "unit", "ratio"]
    assert rate[:4] == ["a.rate", "3,000,000", "1,000,000", "msgs/s"]
    assert rate[4:] == ["3.00", "3.00", "3.00", "2", "12.3%", "ok"]
    assert (failed[0], failed[-1]) == ("a.time", "failed")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.01234, "0.0123"), (9.876, "9.88"), (123.45, "123.5"), (1234567, "1,234,567")],
)
def test_figures_have_the_digits_that_count(value, text):
    assert results.figure(value) == text

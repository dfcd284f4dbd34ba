"""Durations, numbers and names as monitoring prints them."""

import pytest

from headwater.base.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from headwater.monitor.formats import duration_text, number, text, uptime_text


@pytest.mark.parametrize(
    ("duration_ns", "printed"),
    [
        (0, "0s"),
        (999, "999ns"),
        (20_000, "20µs"),
        (1_639_757, "1.639757ms"),
        (250 * MILLISECOND, "250ms"),
        (3 * SECOND + 250 * MILLISECOND, "3.25s"),
        (MINUTE, "1m0s"),
        (2 * HOUR + MINUTE + 500 * MILLISECOND, "2h1m0.5s"),
    ],
)
def test_durations(duration_ns: int, printed: str) -> None:
    assert duration_text(duration_ns) == printed


@pytest.mark.parametrize(
    ("duration_ns", "printed"),
    [
        (0, "0s"),
        (59 * SECOND, "59s"),
        (61 * MINUTE, "1h1m0s"),
        (DAY + 2 * HOUR + 3 * SECOND, "1d2h0m3s"),
        (366 * DAY, "1y1d0h0m0s"),
    ],
)
def test_uptimes(duration_ns: int, printed: str) -> None:
    assert uptime_text(duration_ns) == printed


def test_numbers_without_a_fraction_are_integers() -> None:
    assert repr(number(2.0)) == "2"
    assert number(2.5) == 2.5


def test_names_that_are_no_text() -> None:
    assert text(b"a.\xff") == "a.\\xff"

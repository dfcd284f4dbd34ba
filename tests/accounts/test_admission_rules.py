"""From where and when users may come."""

from datetime import datetime

import pytest

from headwater.accounts.admission_rules import end_of_window, is_source
from headwater.accounts.claims import TimeRange


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("127.0.0.1", [], True),
        ("127.0.0.1", "", True),
        ("127.0.0.1", ["127.0.0.1/32"], True),
        ("127.0.0.1", "10.0.0.0/8, 127.0.0.0/8", True),
        ("127.0.0.1", ["10.0.0.0/8"], False),
        ("::1", ["127.0.0.0/8", "::/0"], True),
        ("::1", ["0.0.0.0/0"], False),
        ("127.0.0.1", ["127.0.0.0/8", "nonsense"], False),
        ("", ["0.0.0.0/0"], False),
    ],
)
def test_networks(address: str, networks: list[str] | str, inside: bool) -> None:
    assert is_source(address, networks) == inside


def _at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-28T{text}+00:00").timestamp()


@pytest.mark.parametrize(
    ("now", "start", "end", "ends"),
    [
        ("12:00:00", "11:00:00", "13:00:00", "13:00:00"),
        ("11:00:00", "11:00:00", "13:00:00", "13:00:00"),
        ("13:00:00", "11:00:00", "13:00:00", None),
        ("10:59:59", "11:00:00", "13:00:00", None),
        ("01:00:00", "22:00:00", "02:00:00", "02:00:00"),
        ("12:00:00", "22:00:00", "02:00:00", None),
        ("12:00:00", "noon", "13:00:00", None),
    ],
)
def test_windows(now: str, start: str, end: str, ends: str | None) -> None:
    found = end_of_window(_at(now), [TimeRange(start, end)], "UTC")
    assert found == (None if ends is None else _at(ends))


def test_over_midnight() -> None:
    found = end_of_window(_at("23:00:00"), [TimeRange("22:00:00", "02:00:00")], "UTC")
    assert found == _at("02:00:00") + 24 * 3600


def test_no_windows_and_no_such_place() -> None:
    assert end_of_window(0, [], "") == 0
    assert end_of_window(0, [TimeRange("00:00:00", "23:59:59")], "Nowhere/At all") is None

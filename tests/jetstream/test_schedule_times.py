"""When schedules are due, also where clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base import gojson
from headwater.base.clock import SECOND
from headwater.jetstream.schedule_times import ZoneError, read_schedule


def following(text: str, after: str, zone: str | None = None, count: int = 1) -> list[str]:
    schedule = read_schedule(text, zone)
    moments = []
    time_ns = gojson.parse_time(after)
    for _ in range(count):
        time_ns = schedule.next_after(time_ns)
        moments.append(gojson.time_text(time_ns) if time_ns else "never")
    return moments


@pytest.mark.parametrize(
    ("text", "after", "wanted"),
    [
        ("@at 2030-01-01T00:00:00+02:00", "2031-01-01T00:00:00Z", "2029-12-31T22:00:00Z"),
        ("@every 1500ms", "2030-01-01T00:00:00.9Z", "2030-01-01T00:00:01Z"),
        ("@every 90m", "2030-01-01T00:00:00.9Z", "2030-01-01T01:30:00Z"),
        ("@hourly", "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z"),
        ("@hourly", "2029-12-31T23:59:59.999999999Z", "2030-01-01T00:00:00Z"),
        ("@daily", "2030-02-28T00:00:00Z", "2030-03-01T00:00:00Z"),
        ("@weekly", "2030-01-01T00:00:00Z", "2030-01-06T00:00:00Z"),
        ("@monthly", "2030-12-01T00:00:00Z", "2031-01-01T00:00:00Z"),
        ("@yearly", "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"),
        ("* * * * * *", "2030-01-01T00:00:00.5Z", "2030-01-01T00:00:01Z"),
        ("*/15 * * * * *", "2030-01-01T00:00:46Z", "2030-01-01T00:01:00Z"),
        ("5/20 * * * * *", "2030-01-01T00:00:26Z", "2030-01-01T00:00:45Z"),
        ("0 30 4 1,15 * 5", "2030-01-01T05:00:00Z", "2030-01-04T04:30:00Z"),
        ("0 30 4 */14 * 5", "2030-01-01T05:00:00Z", "2030-01-04T04:30:00Z"),
        ("0 30 4 * * 5", "2030-01-04T05:00:00Z", "2030-01-11T04:30:00Z"),
        ("0 0 0 29 2 *", "2030-01-01T00:00:00Z", "2032-02-29T00:00:00Z"),
        ("0 0 0 31 2 *", "2030-01-01T00:00:00Z", "never"),
        ("0 0 0 31 jan-apr *", "2030-01-31T00:00:00Z", "2030-03-31T00:00:00Z"),
        ("59 59 23 31 12 *", "2030-12-31T23:59:59Z", "2031-12-31T23:59:59Z"),
    ],
)
def test_next(text, after, wanted):
    assert following(text, after) == [wanted]


def test_an_hour_that_a_clock_leaves_out():
    # Amsterdam goes from 2 to 3 on the last Sunday of March.
    assert following("0 30 2 * * *", "2030-03-30T12:00:00Z", "Europe/Amsterdam", 2) == [
        "2030-04-01T00:30:00Z",
        "2030-04-02T00:30:00Z",
    ]


def test_an_hour_that_a_clock_shows_twice():
    assert following("0 30 2 * * *", "2030-10-26T12:00:00Z", "Europe/Amsterdam", 3) == [
        "2030-10-27T00:30:00Z",
        "2030-10-27T01:30:00Z",
        "2030-10-28T01:30:00Z",
    ]


def test_a_day_whose_midnight_is_left_out():
    # In Beirut the clocks go from 0 to 1 at midnight.
    after = "2030-03-30T12:00:00Z"
    assert following("0 0 * * * *", after, "Asia/Beirut", 11)[-2:] == [
        "2030-03-30T22:00:00Z",
        "2030-03-30T23:00:00Z",
    ]
    assert following("0 0 0 * * *", after, "Asia/Beirut") == ["2030-03-31T21:00:00Z"]


@pytest.mark.parametrize("zone", ["", "x", "utc", "../etc/passwd", "/etc/localtime", "+02:00"])
def test_zones_that_do_not_exist(zone):
    with pytest.raises(ZoneError):
        read_schedule("@hourly", zone)


def test_the_zone_of_this_machine():
    schedule = read_schedule("0 0 12 * * *", "Local")
    due = datetime.fromtimestamp(schedule.next_after(0) // SECOND, UTC)
    assert due.astimezone().hour == 12


_fields = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]


@st.composite
def _crons(draw):
    return [
        draw(st.none() | st.sets(st.integers(low, high), min_size=1, max_size=4))
        for low, high in _fields
    ]


def _shows(fields, moment):
    shown = [moment.second, moment.minute, moment.hour, moment.day, moment.month]
    by_clock = all(
        field is None or number in field
        for field, number in zip(fields[:3] + fields[4:5], shown[:3] + shown[4:], strict=True)
    )
    day = fields[3] is None or moment.day in fields[3]
    weekday = fields[5] is None or moment.isoweekday() % 7 in fields[5]
    both = fields[3] is None or fields[5] is None
    return by_clock and ((day and weekday) if both else (day or weekday))


@given(
    fields=_crons(),
    start=st.integers(0, 4_000_000_000),
    zone=st.sampled_from(
        [None, "Europe/Lisbon", "Asia/Kathmandu", "America/Santiago", "Australia/Lord_Howe"]
    ),
)
def test_due_times_show_what_the_fields_say(fields, start, zone):
    text = " ".join("*" if f is None else ",".join(map(str, sorted(f))) for f in fields)
    schedule = read_schedule(text, zone)
    due_ns = schedule.next_after(start * SECOND)
    if due_ns:
        assert due_ns > start * SECOND
        clock = UTC if zone is None else ZoneInfo(zone)
        assert _shows(fields, datetime.fromtimestamp(due_ns // SECOND, clock))
        for second in range(start + 1, min(start + 200, due_ns // SECOND)):
            assert not _shows(fields, datetime.fromtimestamp(second, clock))

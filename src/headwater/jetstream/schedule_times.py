"""When a schedule is due (ADR-51): ``@at TIME``, ``@every DURATION``, ``@daily``, or six fields.

The fields are seconds, minutes, hours, days of the month, months and days of the week, each a list
of numbers, ranges, steps and, of the last two, names.  What is taken and what is not is as on
nats-server.  A schedule in fields may have a time zone; what the clocks of that zone leave out is
not due, and what they show twice is due twice.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headwater.base import gojson
from headwater.base.clock import SECOND
from headwater.config.units import duration_ns

_NAMED = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Lowest and highest number of each field, and the names of numbers.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_YEARS_MAX = 5  # a day that does not come within these never comes
_DIGITS_MAX = 9


class ZoneError(ValueError):
    """There is no such time zone."""


class Schedule:
    """When something is due."""

    once = False  # whether it is due a single time

    def next_after(self, time_ns: int) -> int:
        """Return when it is due next after a time, 0 for never."""
        raise NotImplementedError


class At(Schedule):
    """Due at one time, even if that has passed."""

    once = True

    def __init__(self, time_ns: int) -> None:
        self._time_ns = time_ns

    def next_after(self, time_ns: int) -> int:
        return self._time_ns


class Every(Schedule):
    """Due again and again, at whole seconds."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns - interval_ns % SECOND

    def next_after(self, time_ns: int) -> int:
        return time_ns - time_ns % SECOND + self._interval_ns


class Cron(Schedule):
    """Due whenever the clock of a time zone, None for this machine's, shows what is asked for."""

    def __init__(self, text: str, zone: tzinfo | None) -> None:
        fields = text.split()
        if len(fields) != len(_FIELDS):
            raise ValueError("six fields are expected")
        read = [_numbers(field, *rules) for field, rules in zip(fields, _FIELDS, strict=True)]
        seconds, minutes, hours, days, months, weekdays = read
        self._seconds, self._minutes, self._hours = seconds[0], minutes[0], hours[0]
        self._days, self._months, self._weekdays = days[0], months[0], weekdays[0]
        # When one of them is open the other one decides, else either of them is enough.
        self._needs_both = days[1] or weekdays[1]
        self._zone = zone

    def next_after(self, time_ns: int) -> int:
        moment = datetime.fromtimestamp(time_ns // SECOND + 1, UTC)
        last_year = moment.year + _YEARS_MAX
        while moment.year <= last_year:
            later = self._skip(moment)
            if later == moment:
                return int(moment.timestamp()) * SECOND
            moment = later
        return 0

    def _skip(self, moment: datetime) -> datetime:
        """Return a time up to which nothing is due from ``moment`` on; the same when it is."""
        shown = moment.astimezone(self._zone)
        midnight = shown.replace(hour=0, minute=0, second=0, fold=0, tzinfo=None)
        if shown.month not in self._months:
            return self._later(
                (midnight.replace(day=1) + timedelta(days=32)).replace(day=1), moment
            )
        if not self._is_day(shown):
            return self._later(midnight + timedelta(days=1), moment)
        if shown.hour not in self._hours:
            return moment + timedelta(seconds=3600 - shown.minute * 60 - shown.second)
        if shown.minute not in self._minutes:
            return moment + timedelta(seconds=60 - shown.second)
        if shown.second not in self._seconds:
            return moment + timedelta(seconds=1)
        return moment

    def _later(self, shown: datetime, than: datetime) -> datetime:
        """Return when the clock shows a time first, which is behind ``than`` in any case."""
        local = shown if self._zone is None else shown.replace(tzinfo=self._zone)
        return max(local.astimezone(UTC), than + timedelta(seconds=1))

    def _is_day(self, shown: datetime) -> bool:
        by_month = shown.day in self._days
        by_week = shown.isoweekday() % 7 in self._weekdays
        return (by_month and by_week) if self._needs_both else (by_month or by_week)


def read_schedule(text: str, zone: str | None) -> Schedule:
    """Return the schedule that a text describes; ``zone`` is None where none is named.

    Raises:
        ZoneError: there is no such time zone.
        ValueError: the text is no schedule, or one that takes no time zone.
    """
    clock = UTC if zone is None else read_zone(zone)
    kind, _, rest = text.partition(" ")
    if kind in ("@at", "@every"):
        if zone is not None:
            raise ValueError("a time zone is for a schedule in fields")
        return At(gojson.parse_time(rest)) if kind == "@at" else Every(_interval(rest))
    if text.startswith("@"):
        text = _NAMED.get(text, "")
    return Cron(text, clock)


def read_zone(name: str) -> tzinfo | None:
    """Return a time zone, None for that of this machine.

    Raises:
        ZoneError: there is none of that name.
    """
    if name == "Local":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ZoneError(name) from error


def _interval(text: str) -> int:
    interval_ns = duration_ns(text)
    if interval_ns < SECOND:
        raise ValueError("an interval of a second at least is expected")
    return interval_ns


def _numbers(text: str, low: int, high: int, names: dict[str, int]) -> tuple[frozenset[int], bool]:
    """Return the numbers that a field stands for, and whether it is open (``*``)."""
    numbers: set[int] = set()
    is_open = False
    for part in filter(None, text.split(",")):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, {}) if slash else 1
        first, dash, last = span.partition("-")
        if first in ("*", "?"):
            start, end = low, high
            is_open = is_open or step == 1
        else:
            start = _number(first, names)
            end = _number(last, names) if dash else high if slash else start
        if step < 1 or not low <= start <= end <= high:
            raise ValueError(f"{part} is not between {low} and {high}")
        numbers.update(range(start, end + 1, step))
    return frozenset(numbers), is_open


def _number(text: str, names: dict[str, int]) -> int:
    number = names.get(text.lower())
    if number is not None:
        return number
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
        raise ValueError(f"{text!r} is no number")
    return int(digits)

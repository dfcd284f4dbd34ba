"""JSON and times as Go prints them."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base import gojson

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
# Years 1 to 9999, which is what RFC 3339 can say.
times_ns = st.integers(-62_135_596_800 * 10**9, 253_402_300_799 * 10**9 + 999_999_999)


@given(values)
def test_encode_can_be_read_back(value):
    text = gojson.encode(value)
    assert json.loads(text) == value
    assert not {*b"<>&"} & {*text}


def test_encode_escapes_what_go_escapes():
    assert gojson.encode({"s": "a.> <&"}) == b'{"s":"a.\\u003e \\u003c\\u0026"}'


def test_encode_takes_structures_in_their_order():
    class Limits(msgspec.Struct, omit_defaults=True):
        second: int = 0
        first: str = ""

    assert gojson.encode(Limits(second=2, first=">")) == b'{"second":2,"first":"\\u003e"}'
    assert gojson.encode(Limits()) == b"{}"


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_time_text(time_ns, text):
    assert gojson.time_text(time_ns) == text
    assert gojson.parse_time(text) == time_ns


@given(times_ns)
def test_times_survive_the_round_trip(time_ns):
    text = gojson.time_text(time_ns)
    assert gojson.parse_time(text) == time_ns
    assert text.endswith("Z")
    assert not text.endswith(".Z")
    assert not (("." in text) and text.endswith("0Z"))


def test_the_zero_time_is_the_year_one():
    assert gojson.time_text(gojson.parse_time(gojson.ZERO_TIME)) == gojson.ZERO_TIME
    assert gojson.parse_time(gojson.ZERO_TIME) == gojson.ZERO_TIME_NS


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-23 * 60, 23 * 60))
def test_offsets_are_understood(local, minutes):
    moment = local.replace(microsecond=0)
    sign = "-" if minutes < 0 else "+"
    text = moment.isoformat() + f".25{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    utc = moment.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    seconds = (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert gojson.parse_time(text) == seconds * 10**9 + 250_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00Z",
        "2024-01-01T00:00+01:00",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T00:61:00Z",
        "2024-W01-1T00:00:00Z",
        "2024-01-01T00:00:00Z0",
        "2024-01-01T00:00:00+0100",
        "\uff12024-01-01T00:00:00Z",
    ],
)
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  (the text comes from several places)
        gojson.parse_time(text)


@given(st.text(alphabet="0123456789-:.TtZz+ ", max_size=40))
def test_any_text_is_a_time_or_a_value_error(text):
    try:
        assert isinstance(gojson.parse_time(text), int)
    except ValueError:
        pass


def test_digits_beyond_nanoseconds_are_cut():
    assert gojson.parse_time("1970-01-01T00:00:00.1234567899Z") == 123_456_789

"""Durations, sizes and addresses in strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.config.units import advertised, duration_ns, host_and_port, size_bytes


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("0", 0),
        ("0s", 0),
        ("2s", 2_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1h", 3_600_000_000_000),
        ("1.5ms", 1_500_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("7us", 7_000),
        ("7\u00b5s", 7_000),
        ("7\u03bcs", 7_000),
        ("-3ns", -3),
        ("+3ns", 3),
        ("2562047h47m16.854775807s", 2**63 - 1),
    ],
)
def test_durations(text, expected_ns):
    assert duration_ns(text) == expected_ns


@pytest.mark.parametrize(
    "text", ["", "s", "2", "2x", "2 s", "s2", "-", "1m2", "1..5s", "2d", "2562048h", "9" * 40 + "s"]
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration"):
        duration_ns(text)


@given(st.integers(0, 2**63 - 1))
def test_durations_of_parts_add_up(total_ns):
    seconds, rest_ns = divmod(total_ns, 1_000_000_000)
    assert duration_ns(f"{seconds}s{rest_ns}ns") == total_ns


@given(st.text(max_size=12))
def test_durations_of_anything(text):
    try:
        assert isinstance(duration_ns(text), int)
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("1K", 1024), ("3M", 3 << 20), ("1G", 1 << 30), ("-2T", -2 << 40)],
)
def test_sizes(text, expected):
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["1", "1k", "1GB", "G", "1.5G", "1 G", "0x1G", "9" * 40 + "G"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="K, M, G or T"):
        size_bytes(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost:4222", "localhost", 4222),
        (":4222", "", 4222),
        ("[::1]:4222", "::1", 4222),
        ("h:-1", "h", -1),
    ],
)
def test_addresses(text, host, port):
    assert host_and_port(text) == (host, port)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "", 0),
        ("a.b", "a.b", 0),
        ("[::1]", "::1", 0),
        ("a.b:5", "a.b", 5),
        ("[::1]:5", "::1", 5),
        (":5", "", 5),
        ("a.b:-1", "a.b", 0),
    ],
)
def test_addresses_that_others_are_told(text, host, port):
    assert advertised(text) == (host, port)


@pytest.mark.parametrize("text", ["::1", "a:b:5", "a:x", "a:", "[a:5"])
def test_what_others_cannot_be_told(text):
    with pytest.raises(ValueError, match=r"address|port"):
        advertised(text)


@pytest.mark.parametrize(
    "text", ["", "localhost", "::1:4222", "[::1]", "h:", "h:x", "[h:1", "h]:1"]
)
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match=r"address|port"):
        host_and_port(text)

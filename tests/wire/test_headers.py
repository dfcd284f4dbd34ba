"""Header blocks: found values against a naive reading, and blocks that we write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.wire import headers

names = st.sampled_from([b"A", b"Nats-Msg-Id", b"Nats-Msg", b"a", b"NATS/1.0", b"X-Y"])
values = st.text("abc :.\t19", max_size=8).map(str.encode)
fields = st.lists(st.tuples(names, values), max_size=6)
PAD = b"Nats-Msg-Id: outside\r\n"


def find(block, name):
    """Look ``name`` up in a block that lies in the middle of a view."""
    view = memoryview(PAD + block + PAD)
    return headers.find_value(view, len(PAD), len(PAD) + len(block), name)


@given(fields, names)
def test_the_first_field_of_a_name_is_found(fields, name):
    expected = next((value for key, value in fields if key == name), None)
    found = find(headers.block(fields), name)
    assert found == (None if expected is None else expected.lstrip(b" "))


@pytest.mark.parametrize(
    ("block", "value"),
    [
        (b"NATS/1.0\r\nA:1\r\n\r\n", b"1"),
        (b"NATS/1.0\r\nA:   1 2  \r\n\r\n", b"1 2  "),
        (b"NATS/1.0\r\nA: \t1\t\r\n\r\n", b"\t1\t"),
        (b"NATS/1.0\r\nA:\r\n\r\n", b""),
        (b"NATS/1.0\nA: 1\n\n", b"1"),
        (b"NATS/1.0\r\nA: 1", b"1"),
        (b"NATS/1.0 503 A: 2\r\nA: 1\r\n\r\n", b"1"),
        (b"NATS/1.0\r\nAB: 2\r\n A: 3\r\nA : 4\r\na: 5\r\n\r\n", None),
        (b"A: 1", None),
        (b"NATS/1.0\r\nA", None),
        (b"", None),
    ],
)
def test_find_value(block, value):
    assert find(block, b"A") == value


@given(st.binary(max_size=60), st.sampled_from([b"A", b"Nats-Msg-Id"]))
def test_any_bytes_have_a_value_or_not(block, name):
    value = find(block, name)
    assert value is None or value in block
    if value is not None:
        assert headers.mentions(memoryview(block), 0, len(block), name)


@given(st.text("abA:", max_size=20).map(str.encode), st.text("abA", min_size=1, max_size=3))
def test_mentions(block, text):
    wanted = text.encode()
    view = memoryview(b"abA" + block + b"abA")
    assert headers.mentions(view, 3, 3 + len(block), wanted) == (wanted in block)


def test_a_range_outside_the_view_is_refused():
    with pytest.raises(IndexError):
        headers.find_value(memoryview(b"NATS/1.0\r\n"), 0, 11, b"A")


def test_blocks_that_we_write():
    assert headers.block([(b"A", b"1"), (b"A", b"2")]) == b"NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n"
    assert headers.status_block(503, b"") == b"NATS/1.0 503\r\n\r\n"
    fields = [(b"Nats-Pending-Messages", b"1")]
    expected = b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 1\r\n\r\n"
    assert headers.status_block(408, b"Request Timeout", fields) == expected


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        (b"NATS/1.0\r\nA: 1\r\nB:2\r\nA: \t3 \r\n\r\n", {b"A": [b"1", b"3"], b"B": [b"2"]}),
        (b"NATS/1.0\r\nA: \r\n: 1\r\n B : 2:3\r\n\r\n", {b" B ": [b"2:3"]}),
        (b"NATS/1.0\r\nA: 1\r\nfoo\r\nB: 2\r\n\r\n", {b"A": [b"1"]}),
        (b"NATS/1.0\r\nA: 1\r\n\r\nB: 2\r\n\r\n", {b"A": [b"1"]}),
        (b"NATS/1.0\r\nA: 1\r\nB: 2", {b"A": [b"1"]}),
        (b"NATS/1.0\r\nA: 1\nB: 2\r\n\r\n", {b"A": [b"1\nB: 2"]}),
        (b"NATS/1.0 503\r\nA: 1\r\n\r\n", {}),
        (b"NATS/1.0\nA: 1\n\n", {}),
        (b"NATS/1.0", {}),
        (b"", {}),
    ],
)
def test_fields_of(block, fields):
    assert headers.fields_of(block) == fields


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"NATS/1.0\r\n\r\n", b"NATS/1.0\r\nA: 9\r\n\r\n"),
        (b"NATS/1.0\r\nA: 1\r\nB: 2\r\n\r\n", b"NATS/1.0\r\nB: 2\r\nA: 9\r\n\r\n"),
        (b"NATS/1.0\r\nA: 1\r\nA:2\r\n\r\n", b"NATS/1.0\r\nA: 9\r\n\r\n"),
        (b"NATS/1.0\r\nAB: A: 1\r\n", b"NATS/1.0\r\nAB: A: 1\r\nA: 9\r\n\r\n"),
    ],
)
def test_replaced(block, expected):
    assert headers.replaced(block, b"A", b"9") == expected

"""Bytes of a peer in a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.quoting import printable, quoted


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", '""'),
        (b"hello", '"hello"'),
        (b'a"b\\c', r'"a\"b\\c"'),
        (b"\a\b\t\n\v\f\r", r'"\a\b\t\n\v\f\r"'),
        (b"\x00\x01\x1b\x7f", r'"\x00\x01\x1b\x7f"'),
        (b"\xff\xc3", r'"\xff\xc3"'),
        ("\u00e9\u4e16".encode(), '"\u00e9\u4e16"'),
        ("\u2028\u200b".encode(), r'"\u2028\u200b"'),
        ("\U000e0001".encode(), r'"\U000e0001"'),
        ("\u0085".encode(), r'"\u0085"'),
    ],
)
def test_quoted_as_go_does_it(data, expected):
    assert quoted(data) == expected


def test_printable_keeps_quotes_and_escapes_what_a_terminal_would_obey():
    assert printable(b'SUB a"b\\c 1') == 'SUB a"b\\c 1'
    assert printable(b"SUB \x1b[2J\xff\r 1") == r"SUB \x1b[2J\xff\x0d 1"


@given(st.binary(max_size=40))
def test_anything_is_one_printable_line(data):
    assert quoted(data).isprintable()
    assert printable(data).isprintable()
    assert quoted(data).encode()

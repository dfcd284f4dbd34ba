"""The primitives in their plain form: results, and bounds that raise.

Their C form is reached through the hot modules only: see tests/test_equivalence.py.
"""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base import octets

text = st.binary(max_size=40)
offset = st.integers(-3, 45)
number = st.integers(0, 2**63 - 1)
wire_text = st.lists(st.sampled_from(b" \t\r\nabc019"), max_size=20).map(bytes)


def call(function, *arguments):
    """Return what a primitive returns, or IndexError itself when that is what it raises."""
    try:
        return function(*arguments)
    except IndexError:
        return IndexError


@given(text, offset, text, offset, offset)
def test_copy_into(target, at, source, start, end):
    data = bytearray(target)
    after = call(octets.copy_into, memoryview(data), at, source, start, end)
    fits = 0 <= start <= end <= len(source) and 0 <= at <= len(target) - (end - start)
    if not fits:
        assert after is IndexError
        assert data == target
        return
    assert after == at + end - start
    assert data == target[:at] + source[start:end] + target[after:]


@given(text, offset, text)
def test_put_bytes(target, at, data):
    view = bytearray(target)
    after = call(octets.put_bytes, memoryview(view), at, data)
    if 0 <= at <= len(target) - len(data):
        assert view == target[:at] + data + target[at + len(data) :]
        assert after == at + len(data)
    else:
        assert after is IndexError
        assert view == target


@given(number)
def test_put_decimal(value):
    view = memoryview(bytearray(20))
    end = octets.put_decimal(view, 0, value)
    assert bytes(view[:end]) == str(value).encode()


def test_put_decimal_takes_no_negative_number():
    with pytest.raises(IndexError):
        octets.put_decimal(memoryview(bytearray(20)), 0, -1)


@pytest.mark.parametrize(
    ("put", "size"), [(octets.put_u16, 2), (octets.put_u32, 4), (octets.put_u64, 8)]
)
@given(value=number, at=offset)
def test_put_fixed(put, size, value, at):
    view = bytearray(16)
    after = call(put, memoryview(view), at, value)
    if 0 <= at <= 16 - size:
        assert after == at + size
        assert int.from_bytes(view[at:after], "little") == value % (1 << 8 * size)
        assert view.count(0) >= 16 - size
    else:
        assert after is IndexError


@pytest.mark.parametrize(
    ("get", "size", "signed"),
    [(octets.get_u16, 2, False), (octets.get_u32, 4, False), (octets.get_i64, 8, True)],
)
@given(source=text, at=offset)
def test_get_fixed(get, size, signed, source, at):
    got = call(get, source, at)
    if 0 <= at <= len(source) - size:
        assert got == int.from_bytes(source[at : at + size], "little", signed=signed)
    else:
        assert got is IndexError


@given(wire_text, st.sampled_from(b" \na9"), offset, offset)
def test_find(source, byte, start, end):
    got = call(octets.find, source, byte, start, end)
    if start < 0 or end > len(source):
        assert got is IndexError
    else:
        inside = [at for at in range(start, end) if source[at] == byte]
        assert got == (inside[0] if inside else -1)


@pytest.mark.parametrize(
    ("skip", "stops"),
    [
        (octets.token_end, lambda byte: byte in b" \t\r\n"),
        (octets.skip_blanks, lambda byte: byte not in b" \t"),
    ],
)
@given(source=wire_text, start=offset, end=offset)
def test_scans(skip, stops, source, start, end):
    got = call(skip, source, start, end)
    if start < 0 or end > len(source):
        assert got is IndexError
    else:
        stop = [at for at in range(start, end) if stops(source[at])]
        assert got == (stop[0] if stop else max(start, end))


@given(st.one_of(st.integers(0, 10**11).map(lambda n: b"%d" % n), wire_text))
def test_parse_size(source):
    got = octets.parse_size(source, 0, len(source))
    digits = 0 < len(source) <= 9 and all(48 <= byte <= 57 for byte in source)
    assert got == (int(source) if digits else -1)


@given(text, offset, offset, text)
def test_slices_and_comparisons(source, start, end, data):
    inside = 0 <= start <= end <= len(source)
    part = source[start:end] if inside else None
    results = {
        octets.slice_bytes: part,
        octets.equals: part == data,
        octets.starts_with: inside and part.startswith(data),
    }
    for function, expected in results.items():
        rest = () if function is octets.slice_bytes else (data,)
        assert call(function, source, start, end, *rest) == (expected if inside else IndexError)


@given(text, st.integers(0, 40))
def test_checksum_can_be_continued(data, cut):
    cut = min(cut, len(data))
    first = octets.checksum(data, 0, cut, 0)
    assert octets.checksum(data, cut, len(data), first) == crc32(data)

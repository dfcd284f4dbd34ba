"""Numbers of 7 bits a byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.natsstore.varints import (
    NumberReader,
    get_unsigned,
    put_signed,
    put_unsigned,
)


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_are_read_as_they_were_written(unsigned: list[int], signed: list[int]) -> None:
    out = bytearray()
    for value in unsigned:
        put_unsigned(out, value)
    for value in signed:
        put_signed(out, value)
    numbers = NumberReader(bytes(out), 0)
    assert [numbers.unsigned() for _ in unsigned] == unsigned
    assert [numbers.signed() for _ in signed] == signed
    assert numbers.at == len(out)


@pytest.mark.parametrize(
    ("value", "written"), [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02")]
)
def test_the_form_of_unsigned_numbers(value: int, written: str) -> None:
    out = bytearray()
    put_unsigned(out, value)
    assert out.hex() == written


@pytest.mark.parametrize(("value", "written"), [(0, "00"), (-1, "01"), (1, "02"), (-65, "8101")])
def test_the_form_of_signed_numbers(value: int, written: str) -> None:
    out = bytearray()
    put_signed(out, value)
    assert out.hex() == written


def test_a_number_that_is_not_all_there() -> None:
    assert get_unsigned(b"\x80\x80", 0) == (0, 0)
    with pytest.raises(FormatError):
        NumberReader(b"\x80", 0).unsigned()


@pytest.mark.parametrize("data", [b"\xff" * 10, b"\xff" * 9 + b"\x02"])
def test_numbers_of_more_than_64_bits_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        get_unsigned(data, 0)

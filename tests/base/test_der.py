"""Elements of DER."""

import pytest

from headwater.base.der import element


def test_sizes_of_one_byte_and_of_several() -> None:
    assert element(b"\x04\x03abc", 0) == (4, 2, 5)
    assert element(b"x\x30\x81\x80" + bytes(128), 1) == (0x30, 4, 132)
    assert element(b"\x30\x82\x01\x00" + bytes(256), 0) == (0x30, 4, 260)


@pytest.mark.parametrize("data", [b"", b"\x04", b"\x04\x03ab", b"\x04\x82\x01\x00abc"])
def test_what_ends_too_early(data: bytes) -> None:
    with pytest.raises(IndexError):
        element(data, 0)

"""Compression of runs of records: both ways, and what no file may do to us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.store import zstd


@given(st.binary(max_size=3000))
def test_there_and_back(data):
    assert zstd.decompress(zstd.compress(memoryview(data)), len(data)) == data


@pytest.mark.parametrize("size", [0, 1, 99, 101, 1 << 20])
def test_another_size_than_is_said_is_damage(size):
    packed = zstd.compress(memoryview(bytes(100)))
    assert zstd.decompress(packed, 100) == bytes(100)
    assert zstd.decompress(packed, size) is None


def test_what_is_cut_changed_or_goes_on_is_damage():
    data = bytes(range(256)) * 20
    packed = zstd.compress(memoryview(data))
    assert zstd.decompress(packed[:-1], len(data)) is None
    assert zstd.decompress(b"", len(data)) is None
    assert zstd.decompress(b"no" + packed[2:], len(data)) is None
    assert zstd.decompress(packed + b"x", len(data)) is None


def test_compressors_are_kept_for_the_next_one():
    zstd.compress(memoryview(b"a"))
    kept = len(zstd._idle)
    zstd.compress(memoryview(b"b"))
    assert 0 < len(zstd._idle) == kept

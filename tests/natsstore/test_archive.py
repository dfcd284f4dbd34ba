"""Archives: entries in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.natsstore.archive import ArchiveReader, Entry, put_end, put_entry

entries = st.builds(
    lambda name, time_ns, sequence, head, body: Entry(
        name, time_ns, sequence, len(head), head + body
    ),
    st.binary(max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(1, 2**63 - 1),
    st.binary(max_size=20),
    st.binary(max_size=200),
)


def written(found: list[Entry]) -> bytes:
    out = bytearray()
    for entry in found:
        head, body = entry.body[: entry.header_size], entry.body[entry.header_size :]
        put_entry(out, entry.name, entry.time_ns, entry.sequence, head, body)
    put_end(out)
    return bytes(out)


@given(st.lists(entries, max_size=5), st.integers(1, 100))
def test_entries_are_read_however_they_are_cut(wanted: list[Entry], size: int) -> None:
    data = written(wanted)
    reader = ArchiveReader()
    found = []
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
        while (entry := reader.next()) is not None:
            found.append(entry)
    assert found[:-1] == wanted
    assert found[-1].is_end
    assert reader.is_empty


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 11,
        b"\x80\x80\x80\x01\x00\x00\x00\x00",  # a name of 2 MiB
        b"\x01\x00\x01\x00\x80\x80\x80\x80\x10",  # a payload of 4 GiB
        b"\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00",  # a sequence of 64 bits
    ],
)
def test_impossible_sizes_are_refused_at_once(data: bytes) -> None:
    reader = ArchiveReader()
    reader.feed(data)
    with pytest.raises(FormatError):
        reader.next()


@given(st.binary(max_size=200))
def test_any_bytes_give_entries_or_an_error(data: bytes) -> None:
    reader = ArchiveReader()
    reader.feed(data)
    try:
        while reader.next() is not None:
            pass
    except FormatError:
        pass

"""Tar archives in pieces, as other programs write them."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.natsstore.tar import TarReader

names = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0/", exclude_categories=["Cs"]),
        min_size=1,
        max_size=90,
    ),
    min_size=1,
    max_size=3,
).map("/".join)
formats = st.sampled_from((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))


def written(files: list[tuple[str, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mtime = 1795813600.25  # a fraction: told in a field of its own
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def read(data: bytes, size: int = 1 << 20) -> tuple[list[tuple[str, bytes]], TarReader]:
    reader = TarReader()
    found = []
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
        while (file := reader.next()) is not None:
            found.append(file)
    return found, reader


@given(
    st.lists(st.tuples(names, st.binary(max_size=1500)), max_size=4), formats, st.integers(1, 999)
)
def test_files_are_read_however_they_are_cut(
    files: list[tuple[str, bytes]], form: int, size: int
) -> None:
    found, reader = read(written(files, form), size)
    assert found == files
    assert reader.ended


def test_an_archive_that_is_cut_off_has_not_ended() -> None:
    data = written([("a", b"content")])
    for size in (0, 100, 512, 600, 1024, 1500):
        assert not read(data[:size])[1].ended


def test_only_files_are_taken() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("link")
        member.type = tarfile.SYMTYPE
        member.linkname = "elsewhere"
        archive.addfile(member)
    with pytest.raises(FormatError):
        read(out.getvalue())


@given(st.binary(max_size=600), st.data())
def test_any_bytes_give_files_or_an_error(data: bytes, drawn) -> None:
    whole = bytearray(written([("a/b", b"content")]))
    for _ in range(3):
        whole[drawn.draw(st.integers(0, len(whole) - 1))] = drawn.draw(st.integers(0, 255))
    for archive in (data, bytes(whole)):
        try:
            read(archive)
        except FormatError:
            pass

"""Each piece of a destination by itself; all of them together are in test_transform.py."""

import pytest

from headwater.subjects import pieces

TOKENS = [b"foo", b"abcde", b"-x--y-", b"\xc3\xa9\xff\xe6\x97"]
SUBJECT = b".".join(TOKENS)


def drawn(bound):
    """Stand in for a random number: the largest."""
    return bound - 1


def made(piece: pieces.Piece) -> bytes:
    return piece.render(TOKENS, SUBJECT, drawn)


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (pieces.Literal(b"a.b"), b"a.b"),
        (pieces.Token(1), b"abcde"),
        (pieces.Rest(2), b".".join(TOKENS[2:])),
        (pieces.Rest(0), SUBJECT),
        (pieces.Random(7), b"6"),
        (pieces.Split(2, b"-"), b"x.y"),
        (pieces.Split(2, b"--"), b"-x.y-"),
        (pieces.Split(2, b"zz"), b"-x--y-"),
        (pieces.Split(1, b""), b"a.b.c.d.e"),
        (pieces.Split(3, b""), b"\xc3\xa9.\xff.\xe6.\x97"),
        (pieces.Left(1, 2), b"ab"),
        (pieces.Right(1, 2), b"de"),
        (pieces.SplitFromLeft(1, 2), b"ab.cde"),
        (pieces.SplitFromRight(1, 2), b"abc.de"),
        (pieces.SliceFromLeft(1, 2), b"ab.cd.e"),
        (pieces.SliceFromRight(1, 2), b"a.bc.de"),
    ],
)
def test_made(piece, expected):
    assert made(piece) == expected


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (b"-", b""),
        (b"---", b""),
        (b"-a", b"a"),
        (b"--a", b".a"),
        (b"---a--b", b".a.b"),
        (b"a---b--", b"a.b"),
    ],
)
def test_empty_parts_of_a_split(token, expected):
    assert pieces.Split(0, b"-").render([token], token, drawn) == expected


@pytest.mark.parametrize(
    "kind",
    [
        pieces.Left,
        pieces.Right,
        pieces.SplitFromLeft,
        pieces.SplitFromRight,
        pieces.SliceFromLeft,
        pieces.SliceFromRight,
    ],
)
def test_a_size_that_does_not_lie_within_the_token_leaves_it_whole(kind):
    for size in (-(2**31), -1, 0, 5, 6, 2**31 - 1):
        assert made(kind(1, size)) == b"abcde"
    assert made(kind(1, 4)) != b"abcde"


# Of the reference implementation of FNV: what it makes of these texts.
@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        ([], 0x811C9DC5),
        ([b"a"], 0xE40C292C),
        ([b"foobar"], 0xBF9CF968),
        ([b"foo", b"bar"], 0xBF9CF968),
    ],
)
def test_partition(tokens, value):
    places = list(range(len(tokens)))
    for buckets in (1, 2, 10, 2**31 - 1):
        piece = pieces.Partition(buckets, places)
        assert piece.render(tokens, b"other", drawn) == b"%d" % (value % buckets)
    assert pieces.Partition(-1, places).render(tokens, b"other", drawn) == b"%d" % (
        value % (2**32 - 1)
    )
    assert pieces.Partition(0, places).render(tokens, b"other", drawn) == b"0"


def test_partition_of_the_whole_subject():
    assert pieces.WholePartition(2**31 - 1).render([b"x"], b"foobar", drawn) == b"%d" % (
        0xBF9CF968 % (2**31 - 1)
    )
    assert pieces.WholePartition(0).render([b"x"], b"foobar", drawn) == b"0"


def test_transform():
    transform = pieces.Transform(b"foo.*.>", b"a.$1.>", [pieces.Literal(b"a"), pieces.Rest(1)])
    assert transform.apply(b"foo.x.y", drawn) == b"a.x.y"
    assert not transform.varies
    assert (transform.source, transform.destination) == (b"foo.*.>", b"a.$1.>")


def test_a_transform_without_anything_of_the_subject():
    transform = pieces.Transform(b"foo", b"bar.baz", [pieces.Literal(b"bar.baz")])
    assert transform.apply(b"foo", drawn) is transform.destination


def test_a_transform_varies_when_it_draws():
    transform = pieces.Transform(b"foo", b"x.y", [pieces.Literal(b"x"), pieces.Random(3)])
    assert transform.varies
    assert transform.apply(b"foo", drawn) == b"x.2"


def test_a_place_that_is_not_there_is_an_error():
    with pytest.raises(IndexError):
        made(pieces.Token(4))

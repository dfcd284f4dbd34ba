"""Subjects of an import on either side."""

import pytest

from headwater.subjects.rewriting import Rewriting
from headwater.subjects.validate import covers


@pytest.mark.parametrize(
    ("source", "destination", "subject", "expected"),
    [
        (b"a", b"b", b"a", b"b"),
        (b"a.>", b"p.a.>", b"a.b.c", b"p.a.b.c"),
        (b"a.*", b"b.*", b"a.x", b"b.x"),
        (b"a.*.*", b"b.$2.$1", b"a.x.y", b"b.y.x"),
        (b"b.$2.$1", b"a.*.*", b"b.x.y", b"a.y.x"),
        (b"a.*.*", b"b.{{wildcard(2)}}.$1", b"a.x.y", b"b.y.x"),
        (b"a.*.b.>", b"$1.>", b"a.x.b.c.d", b"x.c.d"),
        (b"a.*", b"b.$1.$1", b"a.x", b"b.x.x"),
        (b"a", b"b.*", b"a", b"b.*"),
    ],
)
def test_a_subject_becomes_one_of_the_other_side(source, destination, subject, expected):
    assert Rewriting(source, destination).apply(subject) == expected


def test_there_is_a_way_back():
    there = Rewriting(b"a.*.*", b"b.$2.$1")
    assert there.reversed().apply(there.apply(b"a.x.y")) == b"a.x.y"


def test_ends_are_patterns():
    found = Rewriting(b"a.*.*", b"b.$2.$1")
    assert (found.source, found.destination) == (b"a.*.*", b"b.*.*")


@pytest.mark.parametrize(
    ("source", "destination", "pattern", "expected"),
    [
        (b"a.>", b"p.a.>", b">", b"a.>"),
        (b"a.>", b"p.a.>", b"p.>", b"a.>"),
        (b"a.>", b"p.a.>", b"p.a.x.*", b"a.x.*"),
        (b"a.>", b"p.a.>", b"p.b.>", None),
        (b"a.>", b"p.a.>", b"p.a", None),
        (b"a.>", b"p.a.>", b"*.*.*", b"a.*"),
        (b"a.*.*", b"b.$2.$1", b"b.x.*", b"a.*.x"),
        (b"a.*.*", b"b.$2.$1", b"b.x", None),
        (b"a.*.*", b"b.$2.$1", b"b.x.y.z", None),
        (b"a.*", b"b.$1.$1", b"b.x.*", b"a.x"),
        (b"a.*", b"b.$1.$1", b"b.x.y", None),
        (b"a", b"b", b"b", b"a"),
        (b"a", b"b", b"c", None),
    ],
)
def test_a_pattern_reaches_what_it_stands_for(source, destination, pattern, expected):
    found = Rewriting(source, destination).source_of(pattern)
    assert found == expected
    if expected is not None:
        assert covers(source, expected)

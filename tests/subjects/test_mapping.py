"""Mappings: which one counts, and how messages are shared out among its destinations."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.subjects.mapping import SubjectMapping, SubjectMappings, compile_mapping
from headwater.subjects.transform import TransformError, compile_transform
from tests.subjects import oracle


class Dice:
    """Random numbers in order: 0, 1, 2, … of whatever bound."""

    def __init__(self) -> None:
        self.thrown = 0

    def below(self, bound: int) -> int:
        self.thrown += 1
        return (self.thrown - 1) % bound


def mapping(source: bytes, *destinations: tuple, cluster: bytes = b"") -> SubjectMapping:
    return compile_mapping(
        source, [(*to, b"") if len(to) < 3 else to for to in destinations], cluster
    )


def to(source: bytes, destination: bytes) -> SubjectMapping:
    return mapping(source, (destination, 100))


def mappings(*given: SubjectMapping, cache_max: int = 100) -> SubjectMappings:
    return SubjectMappings(given, Dice().below, cache_max)


def shares(given: SubjectMapping, subject: bytes) -> Counter[bytes]:
    """Return where a hundred messages go."""
    found = mappings(given)
    return Counter(found.map(subject) for _ in range(100))


# --- which one -------------------------------------------------------------------------------


def test_what_matches_is_mapped():
    found = mappings(to(b"a.*", b"b.$1"), to(b"c", b"d.e"), to(b"f.>", b"g.>"))
    assert found.map(b"a.x") == b"b.x"
    assert found.map(b"c") == b"d.e"
    assert found.map(b"f.x.y") == b"g.x.y"


@pytest.mark.parametrize(
    "subject", [b"a", b"a.x.y", b"a.", b".a", b"a..", b"f", b"b", b"", b".", b"a.>", b"..x"]
)
def test_what_does_not_match_stays_the_same_object(subject):
    found = mappings(to(b"a.*", b"b.$1"), to(b"f.>", b"g.>"), to(b"z", b"y"))
    for _ in range(3):
        assert found.map(subject) is subject


def test_empty_tokens_are_for_tails_only():
    found = mappings(to(b"a.*", b"b.$1"), to(b"f.*.>", b"g.$1.>"), to(b"h.>", b"k.>"))
    for subject in (b"a.", b"f..x", b"f..", b".a", b".h.x"):
        assert found.map(subject) is subject
    assert found.map(b"f.x.") == b"g.x."
    assert found.map(b"f.x..y") == b"g.x..y"
    assert found.map(b"h.") == b"k."
    assert mappings(to(b">", b"all.>")).map(b".") == b"all.."


def test_wildcards_that_are_published_on():
    found = mappings(to(b"a.*", b"b.$1"), to(b"f.>", b"g.>"))
    assert found.map(b"a.*") == b"b.*"
    assert found.map(b"f.*") == b"g.*"
    assert found.map(b"f.>") == b"g.>"
    assert found.map(b"f.x.>") == b"g.x.>"


def test_a_star_does_not_take_a_published_tail_and_another_source_does():
    found = mappings(to(b"a.*", b"b.$1"), to(b"a.>", b"c.>"))
    assert found.map(b"a.>") == b"c.>"
    assert found.map(b"a.x") == b"b.x"


def test_the_first_one_that_matches_counts():
    three = [to(b"a.>", b"one.>"), to(b"a.*", b"two"), to(b"a.x", b"three")]
    assert mappings(*three).map(b"a.x") == b"one.x"
    assert mappings(*reversed(three)).map(b"a.x") == b"three"
    assert mappings(*three[1:]).map(b"a.x") == b"two"


def test_of_one_source_the_last_one_counts_in_the_place_of_the_first():
    found = mappings(to(b"a.*", b"one"), to(b"a.x", b"two"), to(b"a.*", b"three"))
    assert found.map(b"a.x") == b"three"


def test_nothing_is_mapped_twice():
    found = mappings(to(b"a", b"b"), to(b"b", b"c"), to(b"c", b"a"))
    assert [found.map(subject) for subject in (b"a", b"b", b"c")] == [b"b", b"c", b"a"]


def test_the_interests_are_the_sources():
    found = mappings(to(b"a.*", b"b"), to(b"c", b"d")).interests()
    assert sorted((interest.subject, interest.queue) for interest in found) == [
        (b"a.*", b""),
        (b"c", b""),
    ]


@given(
    st.lists(st.tuples(oracle.patterns, st.sampled_from([b"x", b"y"])), max_size=5),
    st.lists(st.one_of(oracle.literals, oracle.literals.map(b"_INBOX.".__add__)), max_size=12),
)
def test_against_the_oracle_with_a_cache_that_forgets(given_mappings, subjects):
    compiled = []
    last = dict(given_mappings)
    for source, name in given_mappings:
        rest = b".>" if source.endswith(b">") else b""
        compiled.append(to(source, name + rest))
    found = mappings(*compiled, cache_max=2)
    for subject in subjects * 2:
        source = next((source for source in last if oracle.matches(source, subject)), None)
        if source is None:
            assert found.map(subject) is subject
        else:
            assert found.map(subject).split(b".")[0] == last[source]


# --- shares ----------------------------------------------------------------------------------


def test_what_is_not_shared_out_keeps_its_subject():
    assert shares(mapping(b"a", (b"b", 30), (b"c", 20)), b"a") == {b"b": 30, b"c": 20, b"a": 50}


def test_what_is_not_shared_out_is_dropped_when_the_source_is_listed():
    assert shares(mapping(b"a", (b"b", 30), (b"a", 20)), b"a") == {b"b": 30, b"a": 20, b"": 50}
    assert shares(mapping(b"a.>", (b"a.>", 10)), b"a.x") == {b"a.x": 10, b"": 90}


def test_a_source_is_listed_by_its_text_only():
    assert shares(mapping(b"a.*", (b"a.$1", 10)), b"a.x") == {b"a.x": 100}


def test_all_is_shared_out():
    assert shares(mapping(b"a", (b"b", 40), (b"c", 60)), b"a") == {b"b": 40, b"c": 60}


def test_a_weight_of_nothing():
    assert shares(mapping(b"a", (b"b", 0)), b"a") == {b"a": 100}
    assert shares(mapping(b"a", (b"a", 0)), b"a") == {b"": 100}
    assert shares(mapping(b"a", (b"b", 0), (b"c", 100)), b"a") == {b"c": 100}


def test_no_destination():
    assert shares(mapping(b"a"), b"a") == {b"a": 100}


def test_each_message_draws_when_and_only_when_it_matters():
    dice = Dice()
    found = SubjectMappings(
        [to(b"sure.*", b"x.$1"), mapping(b"half.*", (b"y.$1", 50)), to(b"r.*", b"z.{{random(5)}}")],
        dice.below,
    )
    assert {found.map(b"sure.1") for _ in range(5)} == {b"x.1"}
    assert {found.map(b"none") for _ in range(5)} == {b"none"}
    assert dice.thrown == 0
    assert {found.map(b"half.1") for _ in range(100)} == {b"y.1", b"half.1"}
    assert dice.thrown == 100
    assert {found.map(b"r.1") for _ in range(20)} == {b"z.%d" % n for n in range(5)}


def test_varies():
    assert not to(b"a", b"b").varies
    assert not mapping(b"a", (b"b", 100), (b"c", 0)).varies
    assert not mapping(b"a", (b"a", 0)).varies
    assert mapping(b"a", (b"b", 99)).varies
    assert mapping(b"a", (b"b", 50), (b"c", 50)).varies
    assert to(b"a", b"{{random(2)}}").varies


# --- clusters --------------------------------------------------------------------------------

MIXED = [(b"j", 60, b""), (b"k", 30, b"c"), (b"l", 20, b"c"), (b"m", 50, b"d")]


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        (b"", {b"j": 60, b"a": 40}),
        (b"e", {b"j": 60, b"a": 40}),
        (b"c", {b"k": 30, b"l": 20, b"a": 50}),
        (b"d", {b"m": 50, b"a": 50}),
    ],
)
def test_destinations_of_a_cluster(cluster, expected):
    assert shares(mapping(b"a", *MIXED, cluster=cluster), b"a") == expected


def test_only_destinations_of_other_clusters():
    assert shares(mapping(b"a", (b"k", 30, b"c")), b"a") == {b"a": 100}
    assert shares(mapping(b"a", (b"a", 30, b"c")), b"a") == {b"": 100}


# --- what is refused -------------------------------------------------------------------------


_INVALID = "invalid mapping destination"


@pytest.mark.parametrize(
    ("destinations", "error"),
    [
        ([(b"b", 50), (b"c", 51)], "total weight needs to be <= 100"),
        ([(b"b", 60, b"x"), (b"c", 60, b"x")], "total weight needs to be <= 100"),
        ([(b"b", 50), (b"b", 10)], 'duplicate entry for "b"'),
        ([(b"b", 50), (b"b", 10, b"x")], 'duplicate entry for "b"'),
        ([(b"b", 60), (b"b", 60)], 'duplicate entry for "b"'),
        ([(b"b", 60), (b"{{bad()}}", 60)], "total weight needs to be <= 100"),
        ([(b"b.*", 10)], "invalid subject"),
        ([(b"b", 10), (b"$1", 10)], f"{_INVALID}: wildcard index out of range in $1"),
        ([(b"", 10)], f"{_INVALID}: invalid transform"),
    ],
)  # fmt: skip
def test_refused(destinations, error):
    with pytest.raises(TransformError) as raised:
        mapping(b"a", *destinations)
    assert str(raised.value) == error


def test_weights_are_summed_up_for_each_cluster():
    mapping(b"a", (b"b", 60), (b"c", 60, b"x"), (b"d", 60, b"y"), (b"e", 40, b"x"))


def test_a_mapping_of_transforms():
    transform = compile_transform(b"a.*", b"b.$1")
    assert (
        SubjectMapping(b"a.*", [(100, transform)], listed=False).pick(b"a.x", lambda _: 99)
        == b"b.x"
    )

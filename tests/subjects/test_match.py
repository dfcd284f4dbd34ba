"""The sublist against a list of interests and the oracle of subjects."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headwater import _build
from headwater.subjects.match import Interest, Matches, Sublist
from tests.subjects import oracle
from tests.support.raw_client import RawClient

queues = st.sampled_from([b"", b"", b"q", b"p"])
subjects = st.one_of(oracle.patterns, oracle.literals)
UNIQUE = (b"_INBOX.a", b"$JS.ACK.S.C", b"_R_.x")


def found(matches: Matches) -> tuple[set[int], dict[bytes, set[int]]]:
    """Return who is met, by identity: the plain ones, and each group's; nobody twice."""
    plain = [id(interest) for interest in matches.plain]
    groups = {group[0].queue: [id(interest) for interest in group] for group in matches.groups}
    assert len(plain) == len(set(plain))
    assert len(groups) == len(matches.groups)
    assert all(len(group) == len(set(group)) for group in groups.values())
    return set(plain), {queue: set(group) for queue, group in groups.items()}


def expected(interests, subject) -> tuple[set[int], dict[bytes, set[int]]]:
    met = [interest for interest in interests if oracle.matches(interest.subject, subject)]
    groups: dict[bytes, set[int]] = {}
    for interest in met:
        if interest.queue:
            groups.setdefault(interest.queue, set()).add(id(interest))
    return {id(interest) for interest in met if not interest.queue}, groups


class SublistMachine(RuleBasedStateMachine):
    """Any order of inserting, removing, matching; a cache of two makes it forget all the time."""

    def __init__(self):
        super().__init__()
        self.sublist = Sublist(2)
        self.interests = []

    @rule(subject=subjects, queue=queues)
    def insert(self, subject, queue):
        interest = Interest(subject, queue)
        self.interests.append(interest)
        self.sublist.insert(interest)

    @precondition(lambda self: self.interests)
    @rule(data=st.data())
    def remove(self, data):
        index = data.draw(st.integers(0, len(self.interests) - 1))
        interest = self.interests.pop(index)
        assert self.sublist.remove(interest) is True
        assert self.sublist.remove(interest) is False

    @rule(subject=subjects, queue=queues)
    def remove_what_was_never_in(self, subject, queue):
        assert self.sublist.remove(Interest(subject, queue)) is False

    @rule(subject=oracle.literals)
    def match(self, subject):
        assert found(self.sublist.match(subject)) == expected(self.interests, subject)
        some = any(oracle.matches(interest.subject, subject) for interest in self.interests)
        assert self.sublist.has_interest(subject) is some

    @invariant()
    def counts(self):
        assert self.sublist.count == len(self.interests)
        assert {*map(id, self.sublist.interests())} == {*map(id, self.interests)}


TestSublistMachine = SublistMachine.TestCase
TestSublistMachine.settings = settings(max_examples=60, stateful_step_count=30)


@given(st.lists(st.tuples(subjects, queues), max_size=12), st.lists(oracle.literals, max_size=12))
def test_what_is_cached_is_what_was_found(entries, asked):
    interests = [Interest(*entry) for entry in entries]
    sublist = Sublist()
    for interest in interests:
        sublist.insert(interest)
    for subject in asked * 2:
        assert found(sublist.match(subject)) == expected(interests, subject)


def make(*subjects, cache_subjects_max=4):
    sublist = Sublist(cache_subjects_max)
    interests = [Interest(subject) for subject in subjects]
    for interest in interests:
        sublist.insert(interest)
    return sublist, interests


def test_a_repeated_match_is_not_made_again():
    sublist, _ = make(b"a.*", b"a.>")
    first = sublist.match(b"a.b")
    assert len(first.plain) == 2
    assert sublist.match(b"a.b") is first


def is_cached(sublist, subject):
    """A result that is put together of several interests is a new object each time it is made."""
    equal = bytes(bytearray(subject))  # not the same object: that is remembered apart
    return sublist.match(subject) is sublist.match(equal)


def test_the_same_object_is_answered_anew_after_a_change():
    sublist, _ = make(b"a.b")
    subject = b"a.b"
    assert len(sublist.match(subject).plain) == 1
    sublist.insert(Interest(b"a.*"))
    assert len(sublist.match(subject).plain) == 2


def test_the_cache_is_bounded():
    sublist, _ = make(b"a.*", b"a.>", cache_subjects_max=4)
    first = sublist.match(b"a.0")
    for n in range(1, 9):
        sublist.match(b"a.%d" % n)
    # Two generations of four hold the last eight subjects at most.
    assert sublist.match(b"a.0") is not first
    assert is_cached(sublist, b"a.0")


def test_what_is_asked_for_again_stays_cached():
    sublist, _ = make(b"a.*", b"a.>", cache_subjects_max=4)
    often = sublist.match(b"a.often")
    for n in range(100):
        sublist.match(b"a.%d" % n)
        assert sublist.match(b"a.often") is often


@pytest.mark.parametrize("subject", UNIQUE)
def test_subjects_that_are_unique_by_nature_are_not_cached(subject):
    sublist, _ = make(b">", subject.split(b".")[0] + b".>")
    assert len(sublist.match(subject).plain) == 2
    assert not is_cached(sublist, subject)


@pytest.mark.parametrize("change", ["a.*", "a.b", ">"])
def test_a_change_is_seen_at_once(change):
    sublist, _ = make(b"a.*", b"*.b")
    assert len(sublist.match(b"a.b").plain) == 2
    interest = Interest(change.encode())
    sublist.insert(interest)
    assert len(sublist.match(b"a.b").plain) == 3
    sublist.remove(interest)
    assert len(sublist.match(b"a.b").plain) == 2


def test_a_list_that_is_being_walked_does_not_shrink():
    sublist, interests = make(b"a.*", b"a.*", b"a.*")
    seen = []
    for interest in sublist.match(b"a.b").plain:
        seen.append(interest)
        for other in interests:
            sublist.remove(other)
    assert seen == interests
    assert sublist.match(b"a.b").is_empty()


def test_what_is_asked_and_changed_is_counted():
    sublist = Sublist(2)
    interests = [Interest(b"a"), Interest(b"a.*"), Interest(b"a.*", b"q"), Interest(b"b")]
    for interest in interests:
        sublist.insert(interest)
    assert sublist.remove(interests[3])
    assert not sublist.remove(interests[3])
    assert (sublist.inserts, sublist.removes, sublist.count) == (4, 1, 3)
    subject = b"a.x"
    for asked in (subject, subject, b"a", b"".join((b"a", b".x")), b"none"):
        sublist.match(asked)
    # The very same object once more is no look-up; the other "a.x" is found in the cache.
    assert (sublist.lookups, sublist.misses) == (4, 3)
    assert sublist.fanouts() == (3, 2, 3)


def test_without_patterns_nothing_is_missed():
    sublist = Sublist()
    sublist.insert(Interest(b"a"))
    for asked in (b"a", b"b"):
        sublist.match(asked)
    assert (sublist.lookups, sublist.misses) == (2, 0)
    assert sublist.fanouts() == (0, 0, 0)


def test_removed_patterns_leave_nothing_behind():
    sublist, _ = make()
    for n in range(100):
        interest = Interest(b"a.*.%d.>" % n)
        sublist.insert(interest)
        sublist.remove(interest)
    assert sublist.interests() == []
    assert sublist.count == 0
    assert not sublist.has_interest(b"a.b.1.c")
    if not _build.compiled():  # where the inside can be seen
        assert sublist._root.children == {}


def test_an_interest_of_the_same_subject_is_another_one():
    sublist, (one,) = make(b"a")
    assert sublist.remove(Interest(b"a")) is False
    assert sublist.match(b"a").plain == [one]


@pytest.mark.parametrize(
    ("pattern", "subject", "met"),
    [
        (b">", b"a..b", 0),
        (b"*.>", b"a.", 0),
        (b"*.*", b".a", 0),
        (b"a.*", b"a.*", 1),
        (b"a.*", b"a.>", 1),
        (b"a.>", b"a.>", 1),
        (b"a.>", b"a.*", 1),
        (b"a.b", b"a.*", 0),
        (b"*.*", b"*.*", 1),
        (b"foo*.*", b"foo*.x", 1),
        (b"foo>", b"foo>", 1),
    ],
)
def test_odd_subjects_that_a_client_may_publish_to(pattern, subject, met):
    sublist, _ = make(pattern)
    assert len(sublist.match(subject).plain) == met


@pytest.mark.parametrize("subject", [b"a.b", b"a.*"])
def test_nothing_is_kept_of_who_is_gone(subject):
    sublist, interest = Sublist(), Interest(subject)
    before = sys.getrefcount(interest)
    sublist.insert(interest)
    for asked in (b"a.b", b"_INBOX.a", b"a.b"):
        sublist.match(asked)
    sublist.remove(interest)
    assert sys.getrefcount(interest) == before


@pytest.mark.hub
def test_nats_server_delivers_to_the_same(nats_server):
    patterns = [
        b">",
        b"a.*",
        b"a.>",
        b"*.*",
        b"*.>",
        b"a.b",
        b"a.*.c",
        b"*",
        b"a",
        b"a.b.>",
        b"*.b.*",
    ]
    subjects = [b"a", b"b", b"a.b", b"a.b.c", b"b.b.c", b"a.*", b"a.>", b"a..b", b"a.", b"*", b">"]
    sublist = Sublist()
    with RawClient(nats_server().port()) as client:
        client.connect()
        for number, pattern in enumerate(patterns):
            client.send(b"SUB %s %d\r\n" % (pattern, number))
            sublist.insert(Interest(pattern))
        for subject in subjects:
            client.send(b"PUB %s 0\r\n\r\n" % subject)
            lines = [line.split() for line in client.flush().split(b"\r\n") if line]
            theirs = sorted(patterns[int(line[2])] for line in lines)
            ours = sorted(interest.subject for interest in sublist.match(subject).plain)
            assert ours == theirs, subject


def test_acknowledgements_are_matched_by_what_they_have_in_common():
    sublist = Sublist()
    consumer, other = Interest(b"$JS.ACK.S.C.>"), Interest(b"$JS.ACK.S.D.>")
    sublist.insert(consumer)
    sublist.insert(other)
    for number in range(3):
        assert sublist.match(b"$JS.ACK.S.C.1.%d.1.9.0" % number).plain == [consumer]
        assert sublist.match(b"$JS.ACK.S.D.1.%d.1.9.0" % number).plain == [other]
    assert sublist.misses == 2
    # What has empty tokens meets no pattern, wherever they are.
    for subject in (b"$JS.ACK.S.C.", b"$JS.ACK.S.C.1..1", b"$JS.ACK.S.C.1."):
        assert not sublist.match(subject).plain
    assert not sublist.match(b"$JS.ACK.S.C").plain
    # Whoever listens to one of them only gets that one.
    literal = Interest(b"$JS.ACK.S.C.1.7.1.9.0")
    sublist.insert(literal)
    assert sublist.match(literal.subject).plain == [literal, consumer]
    assert sublist.match(b"$JS.ACK.S.C.1.8.1.9.0").plain == [consumer]
    # Somebody looks at their ends.
    picky = Interest(b"$JS.ACK.S.*.*.4.>")
    sublist.insert(picky)
    for number, found in ((4, {consumer, picky}), (5, {consumer}), (4, {consumer, picky})):
        assert set(sublist.match(b"$JS.ACK.S.C.1.%d.1.9.0" % number).plain) == found
    sublist.remove(picky)
    sublist.remove(consumer)
    assert not sublist.match(b"$JS.ACK.S.C.1.4.1.9.0").plain

"""Allow and deny lists against a naive reading of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import _build
from headwater.accounts.permissions import _DECISIONS_MAX, Permissions, Rules
from tests.subjects import oracle

lists = st.lists(oracle.patterns, max_size=3)
allowed = st.one_of(st.none(), lists)


def permits(allow, deny, subject):
    among = allow is None or any(oracle.matches(pattern, subject) for pattern in allow)
    return among and not any(oracle.matches(pattern, subject) for pattern in deny)


@given(allowed, lists, st.lists(oracle.literals, max_size=6))
def test_permits(allow, deny, subjects):
    rules = Rules(allow, deny)
    for subject in subjects * 2:  # the second time from the cache
        assert rules.permits(subject) is permits(allow, deny, subject)


def test_what_is_published_on_a_wildcard_is_one_subject():
    rules = Rules([b"a.*"], [b"a.x.*"])
    assert rules.permits(b"a.>")
    assert rules.permits(b"a.*")
    assert not rules.permits(b">")
    assert not rules.permits(b"a.x.>")
    assert not rules.permits_interest(b"a.>")


@given(allowed, lists, oracle.patterns, oracle.literals)
def test_an_interest_that_is_permitted_gets_nothing_that_is_not(allow, deny, pattern, subject):
    rules = Rules(allow, deny)
    delivered = (
        rules.permits_interest(pattern)
        and oracle.matches(pattern, subject)
        and (not rules.filters(pattern) or rules.permits(subject))
    )
    if delivered:
        assert permits(allow, deny, subject)


@given(allowed, lists, oracle.literals)
def test_an_interest_in_one_subject_is_permitted_like_its_messages(allow, deny, subject):
    rules = Rules(allow, deny)
    assert rules.permits_interest(subject) is permits(allow, deny, subject)
    assert rules.filters(subject) is False


@pytest.mark.parametrize(
    ("allow", "deny", "pattern", "permitted", "filtered"),
    [
        (None, [], b">", True, False),
        ([], [], b"a", False, False),
        ([b"a.*"], [], b"a.*", True, False),
        ([b"a.*"], [], b"a.>", False, False),
        ([b"a.>"], [], b"a.*", True, False),
        (None, [b"a.b"], b"a.*", True, True),
        (None, [b"a.*"], b"a.b", False, False),
        (None, [b"a.*"], b"a.*", False, True),
        (None, [b"b.>"], b"a.*", True, False),
        ([b"a.>"], [b"a.b.>"], b"a.>", True, True),
        ([b">"], [], b"a..b", False, False),
        (None, [b">"], b"a.", True, False),
    ],
)
def test_interests_with_wildcards(allow, deny, pattern, permitted, filtered):
    rules = Rules(allow, deny)
    assert rules.permits_interest(pattern) is permitted
    assert rules.filters(pattern) is filtered


@pytest.mark.parametrize("subject", [b"", b".", b".a", b"a.", b"a..b"])
def test_nothing_allows_an_empty_token(subject):
    assert not Rules([b">", b"a.*", b"*.a", b"a.*.b"]).permits(subject)
    assert Rules(None, [b"b"]).permits(subject)
    assert not Rules(None, [b">"]).permits(subject)


@pytest.mark.parametrize(
    ("allow", "deny", "right", "wrong"),
    [
        ([b"g v1"], [], ["g v1"], ["g", "g v2", "g.a v1"]),
        ([b"g"], [], ["g", "g v1", "g v2"], ["g.a v1"]),
        ([b"g", b"g v1"], [], ["g", "g v1"], ["g v2"]),
        ([b"g v1.>", b"g *.x"], [], ["g v1.a", "g a.x"], ["g", "g v1"]),
        ([b"g.* v1", b"g.a v2"], [], ["g.a v1", "g.a v2", "g.* v1"], ["g.b v2", "g.> v1", "g.a"]),
        (None, [b"g v1"], ["g", "g v2"], ["g v1"]),
        (None, [b"g", b"g v1"], ["h v1"], ["g", "g v1", "g v2"]),
        ([b"g v1"], [b"g"], [], ["g", "g v1"]),
        ([b"> *"], [], ["g v1"], ["g", "g v1.a"]),
    ],
)
def test_queue_groups(allow, deny, right, wrong):
    rules = Rules(allow, deny)
    for text in right + wrong:
        assert rules.permits_interest(*text.encode().split()) is (text in right), text


def test_messages_of_what_may_only_be_heard_in_a_group():
    rules = Rules([b"g.* v1"], [b"g.no"])
    assert rules.filters(b"g.*")
    assert rules.permits(b"g.a")
    assert not rules.permits(b"g.no")
    assert not rules.permits(b"h")


def test_the_cache_of_decisions_is_bounded_and_stays_right():
    rules = Rules([b"a.*"], [b"a.7"])
    for n in range(2 * _DECISIONS_MAX + 10):
        assert rules.permits(b"a.%d" % n) is (n != 7)
        if not _build.compiled():  # where the inside can be seen
            assert len(rules._decisions) <= _DECISIONS_MAX
    assert rules.permits(b"a.7") is False
    assert rules.permits(b"b.7") is False


def test_the_lists_are_copies():
    allow = [b"a"]
    rules = Rules(allow)
    allow.append(b"b")
    assert rules.permits(b"b") is False


def test_both_directions():
    permissions = Permissions(Rules([b"a"]), Rules(None, [b"a"]))
    assert permissions.publish.permits(b"a")
    assert not permissions.subscribe.permits(b"a")

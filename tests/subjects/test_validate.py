"""The grammar and the meaning of subjects against a naive oracle, and nats-server's judgement."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headwater.subjects import validate
from tests.subjects import oracle
from tests.support.raw_client import RawClient

# Patterns over the tokens that the oracle's list of words has, so that the list decides.
small_patterns = st.builds(
    lambda tokens, rest: b".".join([*tokens, b">"] if rest or not tokens else tokens),
    st.lists(st.sampled_from([b"a", b"b", b"*"]), max_size=4),
    st.booleans(),
)


@given(oracle.texts)
def test_is_valid(text):
    assert validate.is_valid(text) == oracle.is_valid(text)


@pytest.mark.parametrize(
    ("subject", "valid", "literal"),
    [
        (b"a", True, True),
        (b"a.b", True, True),
        (b"a*.b>.>c", True, True),
        (b"*", True, False),
        (b">", True, False),
        (b"a.*.b", True, False),
        (b"a.>", True, False),
        (b"\x00\xff", True, True),
        (b"", False, True),
        (b".", False, True),
        (b"a.", False, True),
        (b".a", False, True),
        (b"a..b", False, True),
        (b"a b", False, True),
        (b"a\tb", False, True),
        (b"a\r", False, True),
        (b"a\n", False, True),
        (b"a\fb", False, True),
        (b">.a", False, False),
        (b"a.>.b", False, False),
    ],
)
def test_known_subjects(subject, valid, literal):
    assert validate.is_valid(subject) is valid
    assert validate.has_valid_tokens(subject) is (valid or bool(set(subject) & set(b" \t\r\n\f")))
    assert validate.is_literal(subject) is literal
    assert validate.is_valid_literal(subject) is (valid and literal)


@given(oracle.texts)
def test_has_empty_token(text):
    assert validate.has_empty_token(text) is (b"" in text.split(b"."))


@given(oracle.texts)
def test_is_literal(text):
    assert validate.is_literal(text) == oracle.is_literal(text)
    assert validate.is_valid_literal(text) == (oracle.is_valid(text) and oracle.is_literal(text))


@given(oracle.patterns, oracle.literals)
@example(b"a", b"a")
@example(b"a.>", b"a")
@example(b">", b"a.b")
@example(b"a.*", b"a.>")
@example(b"a.*", b"a.*")
@example(b"a.b", b"a.*")
@example(b"*.*", b">")
def test_matches(pattern, subject):
    assert validate.matches(pattern, subject) == oracle.matches(pattern, subject)


@given(oracle.texts, oracle.texts)
@example(b"a.>", b"a.")
@example(b"a..*", b"a..")
@example(b"a.>.b", b"a.b")
@example(b"*a.>b", b"*a.>b")
@example(b"a*", b"ab")
def test_matches_what_is_not_valid(pattern, subject):
    assert validate.matches(pattern, subject) == oracle.matches_by_tokens(pattern, subject)


@given(st.lists(oracle.patterns), oracle.literals)
def test_matches_any(patterns, subject):
    expected = any(oracle.matches(pattern, subject) for pattern in patterns)
    assert validate.matches_any(patterns, subject) == expected


@given(small_patterns, small_patterns)
@example(b"*.*", b"a.>")
@example(b"a.>", b"a.*.>")
def test_covers(wide, narrow):
    expected = oracle.words_of(narrow) <= oracle.words_of(wide)
    assert validate.covers(wide, narrow) == expected


@given(small_patterns, small_patterns)
@example(b"a", b">")
@example(b"a.>", b"a")
def test_overlaps(one, other):
    expected = not oracle.words_of(one).isdisjoint(oracle.words_of(other))
    assert validate.overlaps(one, other) == expected
    assert validate.overlaps(other, one) == expected


@pytest.mark.parametrize(
    "function", ["is_valid", "has_valid_tokens", "is_literal", "is_valid_literal"]
)
def test_text_is_no_subject(function):
    with pytest.raises(TypeError):
        getattr(validate, function)("a.*")


@pytest.mark.hub
def test_nats_server_judges_subscriptions_the_same(nats_server):
    right = b"a a.b a\fb \f \v a*b.* a.>b *.> > \x00 \xff.\xfe a.*.> a> >> **"
    wrong = b"a. .a a..b a.>.b >.a . .. *. >.>"
    with RawClient(nats_server().port()) as client:
        client.connect()
        for number, subject in enumerate((right + b" " + wrong).split(b" ")):
            client.send(b"SUB %s %d\r\n" % (subject, number))
            refused = client.flush() == b"-ERR 'Invalid Subject'\r\n"
            assert refused is not validate.has_valid_tokens(subject), subject

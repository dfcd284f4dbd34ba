"""Subjects as sets of words over a small alphabet, judged by regular expressions and by listing.

Slow and plain on purpose: what the tests compare the real thing with.
"""

import re
from itertools import product

from hypothesis import strategies as st

TOKENS = (b"a", b"b", b"cc")

literals = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4).map(b".".join)
patterns = st.builds(
    lambda tokens, rest: b".".join([*tokens, b">"] if rest or not tokens else tokens),
    st.lists(st.sampled_from([*TOKENS, b"*"]), max_size=4),
    st.booleans(),
)
# Anything that might be taken for a subject.
texts = st.lists(
    st.sampled_from(
        [b".", b"*", b">", b"a", b"b", b" ", b"\t", b"\r", b"\n", b"\f", b"\0", b"\xff"]
    ),
    max_size=7,
).map(b"".join)

_TOKEN = rb"[^. \t\r\n\f]+"
_VALID = re.compile(rb"(?!>\.)(?:(?!>\.)" + _TOKEN + rb"\.)*" + _TOKEN)


def is_valid(subject: bytes) -> bool:
    return _VALID.fullmatch(subject) is not None


def is_literal(subject: bytes) -> bool:
    return re.search(rb"(?:^|\.)[*>](?:\.|\Z)", subject) is None


def regex_of(pattern: bytes) -> re.Pattern[bytes]:
    """Return the regular expression of the literal subjects that a pattern stands for."""
    wildcards = {b"*": rb"[^.]+", b">": rb".+"}
    parts = [wildcards.get(token, re.escape(token)) for token in pattern.split(b".")]
    return re.compile(rb"\.".join(parts), re.DOTALL)


def matches(pattern: bytes, subject: bytes) -> bool:
    return regex_of(pattern).fullmatch(subject) is not None


def matches_by_tokens(pattern: bytes, subject: bytes) -> bool:
    """Tell the same of what is not valid: a token may be empty, and ``>`` ends a pattern."""
    tokens = subject.split(b".")
    for place, wanted in enumerate(pattern.split(b".")):
        if place == len(tokens):
            return False
        if wanted == b">":
            return True
        if wanted not in (b"*", tokens[place]):
            return False
    return pattern.count(b".") == subject.count(b".")


# Long enough to tell any two patterns of at most five tokens apart; "x" is a token in none of them.
WORDS = [
    b".".join(tokens)
    for size in range(1, 6)
    for tokens in product((*TOKENS[:2], b"x"), repeat=size)
]


def words_of(pattern: bytes) -> set[bytes]:
    """Return which of the listed subjects a pattern stands for."""
    regex = regex_of(pattern)
    return {word for word in WORDS if regex.fullmatch(word)}

"""The grammar of subjects: dot-separated tokens, ``*`` for one token, a last ``>`` for the rest.

Subjects are bytes.  A token is not empty and holds no space, tab, CR, LF or FF; ``*`` and ``>`` are
wildcards only as whole tokens.
"""

_FORBIDDEN = frozenset(b" \t\r\n\f")
_DOT, _ANY, _REST = b".*>"

# The same as C numbers (see the .pxd).
_dot = _DOT
_any = _ANY
_rest = _REST


def is_valid(subject):
    """Tell whether ``subject`` is one that a stream may take; wildcards are allowed."""
    for byte in subject:
        if byte in _FORBIDDEN:
            return False
    return has_valid_tokens(subject)


def has_valid_tokens(subject):
    """Tell whether ``subject``, a word of a line, may be subscribed to.

    Nothing that ends words can be in it, except a form feed, which nats-server takes there.
    """
    if not subject:
        return False
    tokens = subject.split(b".")
    last = len(tokens) - 1
    for index, token in enumerate(tokens):
        if not token or (token == b">" and index != last):
            return False
    return True


def has_empty_token(subject):
    """Tell whether a token of ``subject``, or all of it, is empty: nothing matches that."""
    size = len(subject)
    if size == 0 or subject[0] == _dot or subject[size - 1] == _dot:
        return True
    for at in range(1, size):
        if subject[at] == _dot and subject[at - 1] == _dot:
            return True
    return False


def is_literal(subject):
    """Tell whether ``subject``, taken as valid, is without wildcards."""
    # Looked for as numbers: of bytes in bytes CPython first tries whether they are a number.
    if _any not in subject and _rest not in subject:
        return True
    for token in subject.split(b"."):
        if token in (b"*", b">"):
            return False
    return True


def is_valid_literal(subject):
    """Tell whether ``subject`` may be published to by a pedantic client."""
    return is_valid(subject) and is_literal(subject)


def matches(pattern, subject):
    """Tell whether the literal ``subject`` is one that ``pattern`` stands for.

    It is taken as literal even if it looks like a pattern: so is what is published.
    """
    return _stands_for(pattern, subject, True)


def matches_any(patterns, subject):
    """Tell whether one of ``patterns`` stands for the literal ``subject``."""
    for pattern in patterns:
        if _stands_for(pattern, subject, True):
            return True
    return False


def covers(pattern, other):
    """Tell whether every subject that ``other`` stands for is one that ``pattern`` stands for."""
    return _stands_for(pattern, other, False)


def _stands_for(pattern, other, literal):
    _require(pattern, other)
    place = at = 0  # both at the start of a token, or equally far into it
    end = len(other)
    while place < len(pattern):
        byte = pattern[place]
        if byte in (_rest, _any) and _is_token(pattern, place):
            if byte == _rest:
                return True
            if not literal and at < end and other[at] == _rest and _is_token(other, at):
                return False
            while at < end and other[at] != _dot:
                at += 1
        elif at == end or other[at] != byte:
            return False
        else:
            at += 1
        place += 1
    return at == end


def _is_token(subject, place):
    """Tell whether the byte at a place is all of its token."""
    after = place + 1
    return (place == 0 or subject[place - 1] == _dot) and (
        after == len(subject) or subject[after] == _dot
    )


def overlaps(one, other):
    """Tell whether there is a subject that both patterns stand for."""
    _require(one, other)
    left = one.split(b".")
    right = other.split(b".")
    for a, b in zip(left, right, strict=False):
        if a == b">" or b == b">":
            return True
        if a != b and a != b"*" and b != b"*":
            return False
    return len(left) == len(right)


def _require(one, other):
    # Compiled, a method of bytes called on None would read what is no bytes object.
    if one is None or other is None:
        raise TypeError("a subject is missing")

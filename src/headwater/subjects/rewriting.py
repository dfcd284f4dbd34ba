"""Between two patterns whose wildcards correspond: the subjects of an import on either side."""

import re

_REFERENCE = re.compile(
    rb"\$([0-9]{1,4})|\{\{[ \t]*[Ww]ildcard[ \t]*\([ \t]*([0-9]{1,4})[ \t]*\)[ \t]*\}\}"
)
_REST = 0  # stands for all that a last ">" matches; wildcards are numbered from 1


class Rewriting:
    """Makes a subject of ``destination`` of one of ``source``, and the way back of a pattern.

    The wildcards of either are numbered in their order, unless it names them: ``a.$2.$1`` is the
    partner of ``b.*.*``.
    """

    __slots__ = ("_destination", "_ends", "_source", "destination", "source")

    def __init__(self, source, destination):
        self._ends = (source, destination)
        self._source = _numbered(source)
        self._destination = _numbered(destination)
        self.source = _pattern(self._source)
        self.destination = _pattern(self._destination)

    def reversed(self):
        """Return the Rewriting of the other direction."""
        source, destination = self._ends
        return Rewriting(destination, source)

    def apply(self, subject):
        """Return what a literal subject, one that ``source`` stands for, is on the other side."""
        found = {}
        tokens = subject.split(b".")
        for index, token in enumerate(self._source):
            if isinstance(token, int):
                if token == _REST:
                    found[_REST] = b".".join(tokens[index:])
                    break
                found[token] = tokens[index]
        return _filled(self._destination, found)

    def source_of(self, pattern):
        """Return the pattern on the source's side of those subjects that ``pattern`` stands for.

        It is None when there can be none.
        """
        found = _bound(self._destination, pattern.split(b"."))
        return None if found is None else _filled(self._source, found)


def _numbered(pattern):
    """Return the tokens of a pattern, wildcards as their numbers."""
    tokens = []
    count = 0
    for token in pattern.split(b"."):
        if token == b"*":
            count += 1
            tokens.append(count)
        elif token == b">":
            tokens.append(_REST)
        else:
            reference = _REFERENCE.fullmatch(token)
            tokens.append(token if reference is None else int(reference[1] or reference[2]))
    return tokens


def _pattern(tokens):
    return b".".join([token if isinstance(token, bytes) else _wildcard(token) for token in tokens])


def _wildcard(number):
    return b"*" if number else b">"


def _filled(tokens, found):
    """Return a subject of these tokens; a wildcard of which nothing is known stays one."""
    made = []
    for token in tokens:
        if isinstance(token, int):
            token = found.get(token) or _wildcard(token)
        made.append(token)
    return b".".join(made)


def _bound(tokens, others):
    """Return what each wildcard of ``tokens`` is narrowed to by the pattern ``others``, or None."""
    found = {}
    for index, token in enumerate(tokens):
        if index == len(others):
            return None
        other = others[index]
        if token == _REST:
            found[_REST] = b".".join(others[index:])
            return found
        if other == b">":
            return found
        if isinstance(token, int):
            known = found.get(token, b"*")
            if known != b"*" and other not in (b"*", known):
                return None
            if other != b"*":
                found[token] = other
        elif other not in (token, b"*"):
            return None
    return found if len(tokens) == len(others) else None

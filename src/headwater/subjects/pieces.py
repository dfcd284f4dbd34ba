"""What a destination is made of, and the subject that it makes of another one.

Pieces know the tokens of the source by their places; the subjects that they are given match it.
"""

_FNV_OFFSET = 2166136261
_FNV_PRIME = 16777619


class Piece:
    """Makes one token of a subject, or several with dots between them."""

    __slots__ = ()

    def render(self, tokens, subject, random_below):
        """Return what ``subject``, also given as its tokens, contributes."""
        raise NotImplementedError


class Literal(Piece):
    """Text that is the same for every subject."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text

    def render(self, tokens, subject, random_below):
        return self.text


class Token(Piece):
    """A token as it is."""

    __slots__ = ("position",)

    def __init__(self, position):
        self.position = position

    def render(self, tokens, subject, random_below):
        return tokens[self.position]


class Rest(Piece):
    """What stands for ``>``: all tokens from the place of it on."""

    __slots__ = ("position",)

    def __init__(self, position):
        self.position = position

    def render(self, tokens, subject, random_below):
        return b".".join(tokens[self.position :])


class Partition(Piece):
    """The number of a bucket: FNV-1a (32 bits) of some tokens, modulo ``buckets``."""

    __slots__ = ("buckets", "positions")

    def __init__(self, buckets, positions):
        self.buckets = buckets & 0xFFFFFFFF
        self.positions = positions

    def render(self, tokens, subject, random_below):
        state = _FNV_OFFSET
        for position in self.positions:
            state = _hashed(state, tokens[position])
        return _bucket(state, self.buckets)


class WholePartition(Piece):
    """The number of a bucket: the same of the whole subject."""

    __slots__ = ("buckets",)

    def __init__(self, buckets):
        self.buckets = buckets & 0xFFFFFFFF

    def render(self, tokens, subject, random_below):
        return _bucket(_hashed(_FNV_OFFSET, subject), self.buckets)


class Random(Piece):
    """A number below ``count``, another one each time."""

    __slots__ = ("count",)

    def __init__(self, count):
        self.count = count

    def render(self, tokens, subject, random_below):
        return b"%d" % random_below(self.count)


class Split(Piece):
    """A token cut at each delimiter; without a delimiter, into characters."""

    __slots__ = ("delimiter", "position")

    def __init__(self, position, delimiter):
        self.position = position
        self.delimiter = delimiter

    def render(self, tokens, subject, random_below):
        token = tokens[self.position]
        if not self.delimiter:
            text = token.decode("utf-8", "surrogateescape")
            return b".".join([part.encode("utf-8", "surrogateescape") for part in text])
        parts = token.split(self.delimiter)
        joined = b".".join([part for part in parts if part])
        if joined and token.startswith(self.delimiter + self.delimiter):
            # Empty parts make no tokens; before the first one nats-server leaves the dot of one.
            return b"." + joined
        return joined


class Sized(Piece):
    """Some bytes of a token; the whole token unless the size lies within it."""

    __slots__ = ("position", "size")

    def __init__(self, position, size):
        self.position = position
        self.size = size

    def render(self, tokens, subject, random_below):
        token = tokens[self.position]
        if 0 < self.size < len(token):
            return self.cut(token, self.size)
        return token

    def cut(self, token, size):
        """Return what is made of a token that is longer than ``size``."""
        raise NotImplementedError


class Left(Sized):
    """The first bytes."""

    __slots__ = ()

    def cut(self, token, size):
        return token[:size]


class Right(Sized):
    """The last bytes."""

    __slots__ = ()

    def cut(self, token, size):
        return token[len(token) - size :]


class SplitFromLeft(Sized):
    """Two tokens, the first of the size."""

    __slots__ = ()

    def cut(self, token, size):
        return token[:size] + b"." + token[size:]


class SplitFromRight(Sized):
    """Two tokens, the last of the size."""

    __slots__ = ()

    def cut(self, token, size):
        at = len(token) - size
        return token[:at] + b"." + token[at:]


class SliceFromLeft(Sized):
    """Tokens of the size; the last may be shorter."""

    __slots__ = ()

    def cut(self, token, size):
        return _sliced(token, size, 0)


class SliceFromRight(Sized):
    """Tokens of the size; the first may be shorter."""

    __slots__ = ()

    def cut(self, token, size):
        return _sliced(token, size, len(token) % size)


class Transform:
    """Makes another subject of each one that matches ``source``, as ``destination`` has it."""

    __slots__ = ("_constant", "_pieces", "destination", "source", "varies")

    def __init__(self, source, destination, pieces):
        self.source = source
        self.destination = destination
        self.varies = False  # whether the same subject may become another one each time
        self._pieces = pieces
        self._constant = destination  # what every subject becomes, None when they differ
        for piece in pieces:
            if isinstance(piece, Random):
                self.varies = True
            if not isinstance(piece, Literal):
                self._constant = None

    def apply(self, subject, random_below):
        """Return what ``subject``, which must match the source, becomes.

        ``random_below(bound)`` returns a random number from 0 to ``bound`` - 1.
        """
        if self._constant is not None:
            return self._constant
        tokens = subject.split(b".")
        parts = []
        for piece in self._pieces:
            parts.append(piece.render(tokens, subject, random_below))  # noqa: PERF401 (typed)
        return b".".join(parts)


def _hashed(state, data):
    for byte in data:
        state = (state ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return state


def _bucket(state, buckets):
    return b"%d" % (state % buckets if buckets else 0)


def _sliced(token, size, first):
    """Return ``first`` bytes of a token, if any, and the others in pieces of ``size``."""
    parts = []
    if first:
        parts.append(token[:first])
    while first < len(token):
        parts.append(token[first : first + size])
        first += size
    return b".".join(parts)

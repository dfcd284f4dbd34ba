"""From one subject to another: destinations of mappings, of streams' transforms and of imports.

A destination is a subject whose tokens may refer to the source's wildcards (``$1``) or be functions
of them (``{{partition(3,1)}}``).  What is taken, what is refused and what is said about it are
nats-server's.
"""

import re
from collections.abc import Callable

from headwater.base.errors import HeadwaterError
from headwater.subjects import pieces
from headwater.subjects.pieces import Literal, Piece, Transform
from headwater.subjects.validate import is_literal, is_valid

_INT32_MAX = 2**31 - 1
_INT64_MAX = 2**63 - 1

_BLANK = rb"[ \t\f\r]"
_SPACE = frozenset(b" \t\r\n\f")
_INTEGER = re.compile(rb"([+-]?)0*([0-9]+)")
_END_OF_CALL = re.compile(rb"\)" + _BLANK + rb"*}}")
_BETWEEN_ARGUMENTS = re.compile(rb"," + _BLANK + rb"*")

_OUT_OF_RANGE = "wildcard index out of range"
_NOT_ENOUGH = "not enough arguments passed to the function"
_TOO_MANY = "too many arguments passed to the function"
_BAD_ARGUMENT = "function argument is invalid or in the wrong format"
_UNKNOWN = "unknown function"
_INVALID = "invalid transform"
_NOT_FOR_IMPORTS = "the only mapping function allowed for import transforms is {{Wildcard()}}"
_UNUSED = "not using all of the token wildcard(s)"


class TransformError(HeadwaterError):
    """A source or a destination cannot be used; the text is nats-server's."""


def compile_transform(source: bytes, destination: bytes) -> Transform:
    """Return what makes a subject in the form of ``destination`` of one that ``source`` matches.

    Raises:
        TransformError: one of them is not valid, or they do not fit each other.
    """
    tokens = destination.split(b".")
    _check_tokens(tokens)
    if not is_valid(source) or not _fits(source, tokens):
        raise TransformError("invalid subject")
    pattern = _Source(source)
    return Transform(source, destination, _joined([_piece(token, pattern) for token in tokens]))


def compile_import(source: bytes, destination: bytes) -> Transform:
    """Return the transform of an import, which loses nothing of a subject.

    The source has wildcards.  The destination refers to each of them, by its number or by a ``*``
    in its place, and calls no other function.

    Raises:
        TransformError: one of them is not valid, or they do not fit each other.
    """
    numbered = _numbered(destination)
    tokens = numbered.split(b".")
    if not is_valid(source) or not is_valid(numbered) or not _fits(source, tokens):
        raise TransformError("invalid subject")
    pattern = _Source(source)
    made = []
    references = 0
    for token in tokens:
        piece = _piece(token, pattern, importing=True)
        references += isinstance(piece, pieces.Token)
        made.append(piece)
    if references < len(pattern.positions):
        raise _wrong(_UNUSED, numbered)
    return Transform(source, numbered, _joined(made))


def _check_tokens(tokens: list[bytes]) -> None:
    """Refuse what is no destination whatever the source may be."""
    ended = False
    for token in tokens:
        if not token or ended:
            raise _wrong(_INVALID, token)
        ended = token == b">"
        if _is_call(token):
            _find_call(token)
        elif not _SPACE.isdisjoint(token):
            raise _wrong(_INVALID)


def _fits(source: bytes, tokens: list[bytes]) -> bool:
    """Tell whether the wildcards of a destination, apart from references, are those of a source."""
    return b"*" not in tokens and (b">" in tokens) == (b">" in source.split(b"."))


def _numbered(destination: bytes) -> bytes:
    tokens = destination.split(b".")
    number = 0
    for index, token in enumerate(tokens):
        if token == b"*":
            number += 1
            tokens[index] = b"$%d" % number
    return b".".join(tokens)


class _Source:
    """A source pattern, and where its wildcards are."""

    def __init__(self, pattern: bytes) -> None:
        tokens = pattern.split(b".")
        self.size = len(tokens)
        self.literal = is_literal(pattern)
        self.positions = [index for index, token in enumerate(tokens) if token == b"*"]

    def position(self, number: int, token: bytes) -> int:
        """Return which token of a subject the wildcard ``number``, given in ``token``, stands for.

        A number below 1 stands for the first token.
        """
        if self.literal:
            raise _wrong(_OUT_OF_RANGE, token)
        if number > len(self.positions):
            raise _wrong(_OUT_OF_RANGE, token, f": [{number}]")
        return self.positions[number - 1] if number > 0 else 0


def _piece(token: bytes, source: _Source, *, importing: bool = False) -> Piece:
    if token == b">":
        return pieces.Rest(source.size - 1)
    number = _integer(token[1:]) if token.startswith(b"$") else None
    if number is not None:
        return pieces.Token(source.position(number, token))
    if not _is_call(token):
        return Literal(token)
    function, text = _find_call(token)
    call = _Call(token, _BETWEEN_ARGUMENTS.split(text))
    if importing and function is not _wildcard:
        function(call, _AnySource())
        raise _wrong(_NOT_FOR_IMPORTS, token)
    return function(call, source)


class _AnySource(_Source):
    """Stands in for a source when only the form of the arguments matters."""

    def __init__(self) -> None:
        super().__init__(b"*")

    def position(self, number: int, token: bytes) -> int:
        return 0


class _Call:
    """A function with its arguments, as they stand in ``token``."""

    def __init__(self, token: bytes, arguments: list[bytes]) -> None:
        self.token = token
        self.arguments = arguments

    def integer(self, index: int, low: int = -_INT64_MAX - 1, high: int = _INT64_MAX) -> int:
        """Return the argument ``index``, an integer from ``low`` to ``high``."""
        value = _integer(self.arguments[index].strip(b" "))
        if value is None or not low <= value <= high:
            raise _wrong(_BAD_ARGUMENT, self.token)
        return value

    def require(self, count: int) -> None:
        """Raise unless there are ``count`` arguments."""
        if len(self.arguments) != count:
            enough = len(self.arguments) > count
            raise _wrong(_TOO_MANY if enough else _NOT_ENOUGH, self.token)


def _is_call(token: bytes) -> bool:
    return len(token) > len(b"{{}}") and token.startswith(b"{{") and token.endswith(b"}}")


def _find_call(token: bytes) -> tuple["_Function", bytes]:
    """Return the function that a token calls, and the text between its parentheses.

    The first name that is found anywhere counts, and the last parenthesis that closes a call.
    """
    ends = [found.start() for found in _END_OF_CALL.finditer(token)]
    if ends and b"\n" not in token:
        for pattern, function in _FUNCTIONS:
            start = pattern.search(token)
            if start is not None and start.end() <= ends[-1]:
                return function, token[start.end() : ends[-1]]
    raise _wrong(_UNKNOWN, token)


def _wildcard(call: _Call, source: _Source) -> Piece:
    if call.arguments == [b""]:
        raise _wrong(_NOT_ENOUGH, call.token)
    call.require(1)
    return pieces.Token(source.position(call.integer(0), call.token))


def _partition(call: _Call, source: _Source) -> Piece:
    buckets = call.integer(0, high=_INT32_MAX)
    numbers = [call.integer(index) for index in range(1, len(call.arguments))]
    if source.literal or not numbers:
        return pieces.WholePartition(buckets)
    return pieces.Partition(buckets, [source.position(number, call.token) for number in numbers])


def _random(call: _Call, _source: _Source) -> Piece:
    if len(call.arguments) != 1:
        raise _wrong(_NOT_ENOUGH, call.token)
    count = abs(call.integer(0, high=_INT32_MAX))
    return pieces.Random(max(1, min(count, _INT32_MAX)))


def _split(call: _Call, source: _Source) -> Piece:
    call.require(2)
    number = call.integer(0)
    delimiter = call.arguments[1]
    if b" " in delimiter:
        raise _wrong(_BAD_ARGUMENT, call.token)
    return pieces.Split(source.position(number, call.token), delimiter)


def _sized(piece: type[pieces.Sized]) -> "_Function":
    def make(call: _Call, source: _Source) -> Piece:
        call.require(2)
        number = call.integer(0)
        size = call.integer(1, -_INT32_MAX - 1, _INT32_MAX)
        return piece(source.position(number, call.token), size)

    return make


def _named(*words: bytes) -> re.Pattern[bytes]:
    """Return what finds the call of a function; each of its words may begin with a capital."""
    name = b"".join(b"[%b%b]%b" % (word[:1], word[:1].upper(), word[1:]) for word in words)
    return re.compile(rb"{{" + _BLANK + rb"*" + name + _BLANK + rb"*\(")


_Function = Callable[[_Call, _Source], Piece]
# In the order in which nats-server looks for them.
_FUNCTIONS: tuple[tuple[re.Pattern[bytes], _Function], ...] = (
    (_named(b"wildcard"), _wildcard),
    (_named(b"partition"), _partition),
    (_named(b"split", b"from", b"left"), _sized(pieces.SplitFromLeft)),
    (_named(b"split", b"from", b"right"), _sized(pieces.SplitFromRight)),
    (_named(b"slice", b"from", b"left"), _sized(pieces.SliceFromLeft)),
    (_named(b"slice", b"from", b"right"), _sized(pieces.SliceFromRight)),
    (_named(b"right"), _sized(pieces.Right)),
    (_named(b"left"), _sized(pieces.Left)),
    (_named(b"split"), _split),
    (_named(b"random"), _random),
)


def _integer(text: bytes) -> int | None:
    """Return a decimal number of 64 bits, None for anything else."""
    match = _INTEGER.fullmatch(text)
    if match is None or len(match[2]) > len(str(_INT64_MAX)):
        return None
    value = int(match[1] + match[2])
    return value if -_INT64_MAX - 1 <= value <= _INT64_MAX else None


def _joined(made: list[Piece]) -> list[Piece]:
    """Return the pieces with neighbouring literals made one."""
    joined: list[Piece] = []
    texts: list[bytes] = []
    for piece in [*made, None]:
        if isinstance(piece, Literal):
            texts.append(piece.text)
            continue
        if texts:
            joined.append(Literal(b".".join(texts)))
            texts = []
        if piece is not None:
            joined.append(piece)
    return joined


def _wrong(reason: str, where: bytes = b"", more: str = "") -> TransformError:
    place = f" in {where.decode('utf-8', 'backslashreplace')}" if where else ""
    return TransformError(f"invalid mapping destination: {reason}{place}{more}")

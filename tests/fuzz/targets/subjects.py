"""Subjects, interest, permissions, transforms and mappings, of any bytes.

An input is lines: a source, a destination, and subjects.
"""

from headwater.accounts.permissions import Rules
from headwater.subjects import validate
from headwater.subjects.mapping import SubjectMappings, compile_mapping
from headwater.subjects.match import Interest, Sublist
from headwater.subjects.transform import TransformError, compile_import, compile_transform
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require
from tests.subjects import oracle

# What one subject may become: each token of a destination may repeat all of the subject, and a
# split puts a dot behind each byte.
_GROWTH = 3
_CACHE_SUBJECTS = 3
_LINES_MAX = 40


class SubjectsTarget(Target):
    """The fast answers are those of plain definitions; errors are TransformErrors."""

    name = "subjects"

    def make(self, dice: Dice) -> bytes:
        lines = [_subject(dice), dice.pick((b".", b".", b"..")).join(_destination(dice))]
        lines += [_subject(dice) for _ in range(1 + dice.below(5))]
        data = b"\n".join(lines)
        return mutate(dice, data, _WORDS, _GOOD) if dice.chance(0.4) else data

    def play(self, data: bytes) -> object:
        source, *rest = data.split(b"\n")[:_LINES_MAX]
        destination = rest.pop(0) if rest else b""
        subjects = [source, *rest]
        return (
            [_judged(one, source) for one in subjects],
            _interest(subjects),
            _rights(subjects),
            [_transformed(make, source, destination, rest) for make in _COMPILERS],
            _mapped(source, destination, rest),
        )


def _judged(one: bytes, other: bytes) -> tuple:
    valid = validate.is_valid(one)
    require(valid == oracle.is_valid(one), f"{one!r} is valid: {valid}")
    literal = validate.is_literal(one)
    require(literal == oracle.is_literal(one), f"{one!r} is literal: {literal}")
    covers, overlaps = validate.covers(other, one), validate.overlaps(other, one)
    if valid and validate.is_valid(other):
        require(overlaps or not covers, f"{other!r} covers {one!r} and does not overlap it")
        require(overlaps == validate.overlaps(one, other), f"{one!r} overlaps {other!r} one way")
        if literal:
            wanted = oracle.matches(other, one)
            found = validate.matches(other, one)
            require(found == wanted == covers, f"{other!r} matches {one!r}: {found}, {covers}")
    return valid, literal, covers, overlaps


def _interest(subjects: list[bytes]) -> tuple:
    """Insert, match, remove; answers come from a cache that is too small, and without one."""
    cached, bare = Sublist(_CACHE_SUBJECTS), Sublist(0)
    interests = [Interest(one, b"q" if len(one) % 3 == 0 else b"") for one in subjects]
    interests = [one for one in interests if validate.is_valid(one.subject)]
    answers = []
    for one in interests:
        cached.insert(one)
        bare.insert(one)
        answers += [_matched(cached, bare, subject, interests) for subject in subjects]
    for one in interests:
        require(cached.remove(one) and bare.remove(one), f"{one.subject!r} cannot be removed")
        answers += [_matched(cached, bare, subject, interests) for subject in subjects]
    require(cached.count == bare.count == 0, "something is left of the interest")
    return answers, cached.fanouts()


def _matched(cached: Sublist, bare: Sublist, subject: bytes, interests: list[Interest]) -> list:
    numbers = {id(interest): number for number, interest in enumerate(interests)}
    found = []
    for sublist in (cached, bare):
        matches = sublist.match(subject)
        plain = sorted(numbers[id(one)] for one in matches.plain)
        groups = [sorted(numbers[id(one)] for one in group) for group in matches.groups]
        found.append([plain, groups])
    require(found[0] == found[1], f"{subject!r}: {found[0]} with a cache, {found[1]} without")
    return found[0]


def _rights(subjects: list[bytes]) -> list:
    valid = [one for one in subjects if validate.is_valid(one)]
    rules = Rules(valid[:2], valid[2:4])
    return [
        (rules.permits(one), rules.permits_interest(one), rules.filters(one)) for one in valid * 2
    ]


_COMPILERS = (compile_transform, compile_import)


def _transformed(make, source: bytes, destination: bytes, subjects: list[bytes]) -> object:
    try:
        transform = make(source, destination)
    except TransformError as error:
        require(len(str(error)) < 300 + 4 * len(destination), "a long error")
        return str(error)
    made = []
    for subject in subjects:
        if validate.is_valid_literal(subject) and validate.matches(source, subject):
            made.append(transform.apply(subject, _lowest))
            size_max = (destination.count(b".") + 1) * (_GROWTH * len(subject) + 20)
            size_max += len(destination)
            require(len(made[-1]) <= size_max, f"{subject!r} became {len(made[-1])} bytes")
    return transform.varies, made


def _mapped(source: bytes, destination: bytes, subjects: list[bytes]) -> object:
    shares = [(destination, 30, b""), (b"other.place", 70, b"")]
    try:
        compiled = [compile_mapping(source, shares), compile_mapping(b"a.>", shares[1:])]
    except TransformError as error:
        return str(error)
    mappings = SubjectMappings(compiled, _lowest, _CACHE_SUBJECTS)
    once = [mappings.map(subject) for subject in subjects]
    require([mappings.map(subject) for subject in subjects] == once, "mapped in two ways")
    return once


def _lowest(_bound: int) -> int:
    return 0


def _subject(dice: Dice) -> bytes:
    tokens = [dice.pick(_TOKENS) for _ in range(1 + dice.below(5))]
    if dice.chance(0.3):
        tokens.append(b">")
    return b".".join(tokens)


def _destination(dice: Dice) -> list[bytes]:
    return [dice.pick(_PIECES) for _ in range(1 + dice.below(4))]


_TOKENS = (b"a", b"b", b"cc", b"*", b"a-b-c", b"x" * 12, b"*", b"a", b"b", b"\xc3\xa9", b"$1", b"")
_PIECES = (
    *(b"x", b"*", b">", b"$1", b"$2", b"$0", b"$9", b"{{wildcard(1)}}", b"{{wildcard(2)}}"),
    *(b"{{partition(7)}}", b"{{partition(9,1,2)}}", b"{{random(5)}}", b"{{split(1,-)}}"),
    *(b"{{splitFromLeft(1,1)}}", b"{{splitFromRight(1,2)}}", b"{{sliceFromLeft(1,1)}}"),
    *(
        b"{{sliceFromRight(1,2)}}",
        b"{{left(1,2)}}",
        b"{{right(2,1)}}",
        b"{{bad()}}",
        b"{{left(1)}}",
    ),
    *(b"{{ Wildcard ( 1 ) }}", b"{{split(1,)}}", b"{{partition(0,1)}}", b"{{wildcard(1)}}x", b""),
)
_WORDS = (*_TOKENS, *_PIECES, *NUMBERS, b"{{", b"}}", b"(", b")", b",", b".", b">", b"*", b"$")
_GOOD = (
    b"a.*.*\nx.$2.{{partition(5,1,2)}}\na.b.c\na.b",
    b"*.>\n{{split(1,-)}}.>\na-b-c.d\nx.y.z",
    b"a.b\nc.d\na.b\n*.b\na.>",
    b"*\n{{sliceFromLeft(1,3)}}\nabcdefghij",
)

"""The mappings block; that nats-server judges the same is in test_load_against_nats_server.py."""

import pytest

from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import Mapping, MappingDestination


def mappings(text: str, block: str = "mappings") -> tuple[Mapping, ...]:
    return from_text(f"{block} {{ {text} }}", {}, "f.conf").mappings


def error(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        mappings(text)
    return str(raised.value)


def to(subject: str, weight: int = 100, cluster: str = "") -> MappingDestination:
    return MappingDestination(subject, weight, cluster)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a: b", (Mapping("a", (to("b"),)),)),
        ('"a.*": "b.$1"', (Mapping("a.*", (to("b.$1"),)),)),
        ("a: {destination: b, weight: 7}", (Mapping("a", (to("b", 7),)),)),
        ("a: []", (Mapping("a", ()),)),
        (
            'a: [{destination: b, weight: "7%"}, {Dest: c, WEIGHT: 008, cluster: X}]',
            (Mapping("a", (to("b", 7), to("c", 8, "X"))),),
        ),
        ("a: b, c: d\ne: f", tuple(Mapping(s, (to(d),)) for s, d in ("ab", "cd", "ef"))),
    ],
)
def test_mappings(text, expected):
    assert mappings(text) == expected
    assert mappings(text, "maps") == expected


def test_both_names_of_the_block():
    options = from_text("mappings { a: b }\nMaps { c: d }", {}, "f.conf")
    assert [mapping.source for mapping in options.mappings] == ["a", "c"]
    assert options.not_honoured == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 5", "f.conf:1:12: a: expected a subject, a destination { ... } or a list of those"),
        ("a: [5]", "f.conf:1:16: a: expected a destination { ... }, got the integer 5"),
        ('"a b": c', 'f.conf:1:12: subject "a b" is not a valid subject'),
        ('"": c', 'f.conf:1:12: subject "" is not a valid subject'),
        (
            'a: "{{bad(1)}}"',
            'f.conf:1:12: error adding mapping for "a" to "{{bad(1)}}": '
            "invalid mapping destination: unknown function in {{bad(1)}}",
        ),
        (
            'a: ""',
            'f.conf:1:12: error adding mapping for "a" to "": '
            "invalid mapping destination: invalid transform",
        ),
        (
            "a: [{destination: b, weight: 60}, {destination: c, weight: 60}]",
            'f.conf:1:12: error adding mapping for "a": total weight needs to be <= 100',
        ),
        (
            "a: [{destination: b}]",
            'f.conf:1:16: missing weight for mapping destination "b"',
        ),
        ("a: {}", 'f.conf:1:12: missing weight for mapping destination ""'),
        (
            "a: [{destination: b, weight: 101}]",
            "f.conf:1:33: invalid weight 101 for mapping destination",
        ),
        (
            "a: [{destination: b, weight: '7x%'}]",
            'f.conf:1:33: invalid weight "7x" for mapping destination',
        ),
        ("a: [{destination: b, weight: 1.5}]", "f.conf:1:33: weight: expected a weight in percent"),
        ("a: [{destination: b, weight: 1, to: c}]", 'f.conf:1:44: unknown field "to"'),
    ],
)
def test_refused(text, said):
    assert error(text).startswith(said)
    assert "\n" not in error(text)


def test_everything_that_is_wrong_is_said():
    text = (
        'a: 5\n"b.*": "c.*"\nd: [{destination: e, weight: -1}, {destination: f, weight: x}]\ng: h'
    )
    assert [line.split(":")[1] for line in error(text).split("\n")] == ["1", "2", "3", "3"]

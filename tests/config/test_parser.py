"""The grammar of the configuration language."""

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.base.errors import ConfigError
from headwater.config import parser
from headwater.config.parser import parse_file, parse_text
from headwater.config.tree import Entries, Node
from tests.config.corpus import ENVIRONMENT, SAME, STRICTER, UNSUPPORTED

ALL_TEXTS = [*SAME, *STRICTER, *UNSUPPORTED]


def plain(value: Entries | Node) -> object:
    """Return the values without their places."""
    if isinstance(value, Node):
        value = value.value
    if isinstance(value, list):
        return [plain(node) for node in value]
    if isinstance(value, dict):
        return {name: plain(entry.node) for name, entry in value.items()}
    return value


def parsed(text: str, **environment: str) -> object:
    return plain(parse_text(text, environment, "f.conf"))


def error_of(text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as raised:
        parse_text(text, environment, "f.conf")
    return str(raised.value)


@pytest.mark.parametrize("separator", [" ", "=", ":", " = ", " : ", "\t", "\n", " \n "])
def test_what_separates_key_and_value(separator):
    assert parsed(f"a{separator}1") == {"a": 1}


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", ",", ";", " # c\n", " // c\n", "\n\n# c\n\n", " ,\n"]
)
def test_what_ends_a_value(end):
    assert parsed(f"a: x{end}b: 2") == {"a": "x", "b": 2}
    assert parsed(f"m {{ a: x{end}b: 2 }}") == {"m": {"a": "x", "b": 2}}


@pytest.mark.parametrize("end", ["\n", "\r\n", ",", " # c\n", " // c\n", "\n\n# c\n\n", " ,\n"])
def test_what_ends_an_item_of_a_list(end):
    assert parsed(f"l [ x{end}y ]") == {"l": ["x", "y"]}


def test_maps_and_lists_nest():
    text = "a { b [ {c: 1}, [ 2 ], {} ], d {} }\ne = []"
    assert parsed(text) == {"a": {"b": [{"c": 1}, [2], {}], "d": {}}, "e": []}


def test_json_is_a_configuration():
    assert parsed('{\n "a": {"b": [1, true, "x"]},\n "c": -1.5\n}\n') == {
        "a": {"b": [1, True, "x"]},
        "c": -1.5,
    }


def test_more_may_follow_the_braces():
    assert parsed("{ a: 1 }\nb: 2") == {"a": 1, "b": 2}


def test_the_last_of_equal_keys_wins():
    assert parsed("a: 1\na: 2\nA: 3") == {"a": 2, "A": 3}


def test_blocks_are_strings():
    assert parsed("a (\nx: 1\n)\nb: 2") == {"a": "\nx: 1\n", "b": 2}


def test_places_of_keys_and_values():
    entries = parse_text("a: 1\n  b {\n    c = [ x,\n y ] }\n", {}, "f.conf")
    b = entries["b"]
    c = b.node.value["c"]
    found = [entries["a"].place, entries["a"].node.place, b.place, b.node.place, c.place]
    found += [node.place for node in c.node.value]
    assert [str(place).removeprefix("f.conf:") for place in found] == [
        "1:1", "1:4", "2:3", "2:5", "3:5", "3:11", "4:2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("port", "1:5", "'port' has no value"),
        ("a 1\nport:\n4222", "2:6", "a value is expected, not the end of the line"),
        ("= 1", "1:1", "a key is expected, not '='"),
        ("a: 1 2", "1:6", "is expected after a value, not '2'"),
        ("a: 1 }", "1:6", "is expected after a value"),
        ("a: 1\n}", "2:1", "closes nothing"),
        ("a {\n b: 1\n", "1:3", "this { is never closed"),
        ("{ a: 1", "1:1", "this { is never closed"),
        ("a [\n b\n", "1:3", "this [ is never closed"),
        ("a [ b c ]", "1:7", "',' or ']' is expected after a value, not 'c'"),
        ("a [ , ]", "1:5", "a value or ']' is expected"),
        ("a { b }", "1:7", "'b' has no value"),
        ("a { b: , c: 1 }", "1:8", "'b' has no value"),
        ("a { b: 1 c: 2 }", "1:10", "is expected after a value"),
        ("a: .5", "1:4", "a number starts with a digit"),
        ("a: / b", "1:6", "is expected after a value"),
        ("/ b", "1:1", "a key is expected"),
    ],
)
def test_errors_name_the_place_and_what_is_expected(text, place, what):
    error = error_of(text)
    assert error.startswith(f"f.conf:{place}: Parse error: "), error
    assert what in error


# --- variables -------------------------------------------------------------------------------


def test_variables_come_from_keys_above():
    assert parsed("x: 5\na: $x\nm { b: $x }") == {"x": 5, "a": 5, "m": {"b": 5}}


def test_inner_keys_hide_outer_ones():
    assert parsed("x: 1\nm { x: 2, n { a: $x } }\nb: $x") == {
        "x": 1,
        "m": {"x": 2, "n": {"a": 2}},
        "b": 1,
    }


def test_variables_hold_any_value():
    assert parsed("x { y: [ 1, z ] }\na: $x") == {"x": {"y": [1, "z"]}, "a": {"y": [1, "z"]}}


def test_a_variable_marks_its_key_as_used():
    entries = parse_text("x: 5\ny: 6\na: $x", {})
    assert [entries["x"].used, entries["y"].used] == [True, False]


def test_variables_come_from_the_environment():
    assert parsed("a: $SIZE\nb: $LIST\nc: $NOTHING", SIZE="1k", LIST="[a, b]", NOTHING="") == {
        "a": 1000,
        "b": ["a", "b"],
        "c": "",
    }


def test_the_environment_may_refer_to_itself_in_turn():
    assert parsed("a: $ONE", ONE="$TWO", TWO="x") == {"a": "x"}


def test_keys_hide_the_environment():
    assert parsed("x: 1\na: $x", x="2") == {"x": 1, "a": 1}


def test_quoted_dollars_are_text():
    assert parsed("a: \"$x\"\nb: '$x'") == {"a": "$x", "b": "$x"}


def test_bcrypt_hashes_need_no_quotes():
    secret = "$2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG"
    assert parsed(f"a: {secret}") == {"a": secret}


@pytest.mark.parametrize(
    ("text", "environment", "what"),
    [
        ("a: $x", {}, "unknown variable 'x'"),
        ("a: $x\nx: 1", {}, "unknown variable 'x'"),
        ("a: $x, m { x: 1 }", {}, "unknown variable 'x'"),
        ("a: $A", {"A": "$A"}, "refers to itself"),
        ("a: $A", {"A": "$B", "B": "[$A ]"}, "refers to itself"),
        ("a: $A", {"A": "two words"}, "environment variable cannot be used: $A:1:11:"),
        ("a: $A", {"A": "[x"}, "never closed"),
        ("a: $A", {"A": "{ include x }"}, "cannot include a file"),
        ("a: $" + "n" * 500, {}, "unknown variable"),
    ],
)
def test_variables_that_are_wrong(text, environment, what):
    error = error_of(text, **environment)
    assert error.startswith("f.conf:1:4: ")
    assert what in error
    assert len(error) < 400


# --- includes --------------------------------------------------------------------------------


def test_includes_are_relative_to_their_file(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "main.conf").write_text("a: 1\ninclude d/sub.conf\nm { include 'd/x.conf' }\n")
    (tmp_path / "d" / "sub.conf").write_text("b: 2\ninclude x.conf")
    (tmp_path / "d" / "x.conf").write_text("c: 3\na: 4")
    entries = parse_file(str(tmp_path / "main.conf"), {})
    assert plain(entries) == {"a": 4, "b": 2, "c": 3, "m": {"c": 3, "a": 4}}
    assert entries["c"].place.file == str(tmp_path / "d" / "x.conf")


def test_an_included_file_sees_no_variables_of_the_other_but_gives_its_own(tmp_path):
    (tmp_path / "main.conf").write_text("include sub.conf\na: $x\n")
    (tmp_path / "sub.conf").write_text("x: 1")
    (tmp_path / "deaf.conf").write_text("x: 1\ninclude asks.conf")
    (tmp_path / "asks.conf").write_text("a: $x")
    assert plain(parse_file(str(tmp_path / "main.conf"), {})) == {"x": 1, "a": 1}
    with pytest.raises(ConfigError, match=r"asks\.conf:1:4: unknown variable"):
        parse_file(str(tmp_path / "deaf.conf"), {})


def test_include_with_a_separator_is_a_key():
    assert parsed("include: a\nm { include=b }") == {"include": "a", "m": {"include": "b"}}


def test_an_include_of_itself(tmp_path):
    path = tmp_path / "main.conf"
    path.write_text("a: 1\ninclude ./main.conf")
    with pytest.raises(ConfigError, match=r"main\.conf:2:1: .* includes itself"):
        parse_file(str(path), {})


def test_too_many_includes_inside_one_another(tmp_path):
    last = parser.INCLUDES_MAX + 1
    for number in range(last):
        (tmp_path / f"f{number}.conf").write_text(f"include f{number + 1}.conf")
    (tmp_path / f"f{last}.conf").write_text("a: 1")
    assert plain(parse_file(str(tmp_path / "f1.conf"), {})) == {"a": 1}
    with pytest.raises(ConfigError, match="more than 32 includes inside one another"):
        parse_file(str(tmp_path / "f0.conf"), {})


@pytest.mark.parametrize("name", ["nothing.conf", "folder"])
def test_files_that_cannot_be_read(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "main.conf").write_text(f"\n  include {name}")
    with pytest.raises(ConfigError, match=rf"^cannot read .*{name}"):
        parse_file(str(tmp_path / name), {})
    with pytest.raises(ConfigError, match=rf"main\.conf:2:3: cannot read .*{name}"):
        parse_file(str(tmp_path / "main.conf"), {})


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(parser, "FILE_BYTES_MAX", 20)
    path = tmp_path / "main.conf"
    path.write_text("a: 1".ljust(20))
    assert plain(parse_file(str(path), {})) == {"a": 1}
    path.write_text("a: 1".ljust(21))
    with pytest.raises(ConfigError, match="too large"):
        parse_file(str(path), {})


def test_files_that_are_too_large_together(tmp_path, monkeypatch):
    (tmp_path / "main.conf").write_text("include sub.conf\n" * 3)
    (tmp_path / "sub.conf").write_text("a: 1")
    size = 3 * 17 + 3 * 4
    monkeypatch.setattr(parser, "TOTAL_BYTES_MAX", size)
    assert plain(parse_file(str(tmp_path / "main.conf"), {})) == {"a": 1}
    monkeypatch.setattr(parser, "TOTAL_BYTES_MAX", size - 1)
    with pytest.raises(ConfigError, match="too large"):
        parse_file(str(tmp_path / "main.conf"), {})


# --- bounds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opening", "closing", "levels"), [("[", " ]", 1), ("{a ", " }", 1), ("[{a ", " } ]", 2)]
)
def test_depth_is_bounded(opening, closing, levels):
    most = parser.DEPTH_MAX // levels
    parsed(f"x: {opening * most}1{closing * most}")
    for count in (most + 1, 5000):
        error = error_of(f"x: {opening * count}1{closing * count}")
        assert "inside one another" in error


def test_depth_by_references_is_bounded():
    lines = ["v0: 1"] + [f"v{n}: [ $v{n - 1} ]" for n in range(1, 5000)]
    assert "inside one another" in error_of("\n".join(lines))


def test_depth_by_the_environment_is_bounded():
    environment = {f"V{n}": f"$V{n + 1}" for n in range(5000)}
    assert "inside one another" in error_of("a: $V0", **environment)


def test_values_that_multiply_are_bounded():
    lines = ["v0: 1"] + [f"v{n}: [ {', '.join([f'$v{n - 1}'] * 10)} ]" for n in range(1, 12)]
    assert "more than 1000000 values" in error_of("\n".join(lines))


# --- anything --------------------------------------------------------------------------------

_PIECES = [*string.punctuation, " ", "\n", "\t", "\r", "a", "b: 1", "x = ", "\\x41", "2.5", "1k"]
_PIECES += ["$x", "$A", "true", "include ", "(\n", "\n)\n", "//", "2006-01-02T15:04:05Z", "\u00e9"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(_PIECES), max_size=30))
def test_pieces_give_values_or_a_config_error(pieces):
    survives("".join(pieces))


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_gives_values_or_a_config_error(text):
    survives(text)


@settings(max_examples=200)
@given(st.sampled_from(ALL_TEXTS), st.data())
def test_broken_snippets_give_values_or_a_config_error(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    survives(text[:start] + data.draw(st.sampled_from(["", *_PIECES])) + text[end:])


def survives(text: str) -> None:
    said = "f.conf:1:1: values"
    try:
        parse_text(text, ENVIRONMENT, "f.conf")
    except ConfigError as error:
        said = str(error)
    assert re.match(r"f\.conf:\d+:\d+: \S", said), said


_KEYS = st.text(string.ascii_letters + "_", min_size=1).filter(lambda k: k.lower() != "include")
_SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


def written(value: object, style: int) -> str:
    """Return ``value`` in the language; ``style`` varies what its author may choose."""
    if isinstance(value, dict):
        separator = (": ", " = ", " ", ":\n")[style % 4]
        end = (", ", "\n", ";", " # c\n")[style // 4 % 4]
        items = [f"{key}{separator}{written(item, style)}" for key, item in value.items()]
        return "{" + end.join(items) + "\n}"
    if isinstance(value, list):
        end = (", ", "\n", " // c\n")[style % 3]
        return "[" + end.join([written(item, style) for item in value]) + "\n]"
    if isinstance(value, str):
        escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
        return '"' + "".join(escapes.get(char, char) for char in value) + '"'
    if isinstance(value, bool):
        return (("false", "no", "off"), ("true", "yes", "on"))[value][style % 3]
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@settings(max_examples=200)
@given(st.dictionaries(_KEYS, _VALUES, max_size=5), st.integers(0, 47))
def test_what_is_written_is_read(values, style):
    text = "\n".join(f"{key} = {written(value, style)}" for key, value in values.items())
    assert parsed(text) == values
    assert parsed("{" + text + "\n}") == values

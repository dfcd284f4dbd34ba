"""The words of the configuration language."""

from datetime import UTC, datetime

import pytest

from headwater.base.errors import ConfigError
from headwater.config.lexer import Scanner, Variable


def scanner(text: str) -> Scanner:
    return Scanner(text, "f.conf")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("4222", 4222),
        ("-1", -1),
        ("007", 7),
        ("1k", 1000),
        ("1K", 1000),
        ("1kb", 1024),
        ("1ki", 1024),
        ("1KiB", 1024),
        ("2m", 2_000_000),
        ("2MB", 2 << 20),
        ("3g", 3_000_000_000),
        ("3Gi", 3 << 30),
        ("1t", 10**12),
        ("1TB", 1 << 40),
        ("1p", 10**15),
        ("1pib", 1 << 50),
        ("1e", 10**18),
        ("1eb", 1 << 60),
        ("-2k", -2000),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5),
        ("-1.5", -1.5),
        ("2s", "2s"),
        ("1h30m", "1h30m"),
        ("5ms", "5ms"),
        ("-5ms", "-5ms"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:4222", "127.0.0.1:4222"),
        ("0.0.0.0:-1", "0.0.0.0:-1"),
        ("12abc", "12abc"),
        (r"1\x41\x41", r"1\x41A"),
        ("1'2", "1'2"),
        ("2006-01-02T15:04:05Z", datetime(2006, 1, 2, 15, 4, 5, tzinfo=UTC)),
    ],
)
def test_words_that_start_like_a_number(text, value):
    found = scanner(text).number()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("after", ["", "\n", "\r", " ", "\t", ",", ";", "}"])
def test_a_number_ends_where_a_value_ends(after):
    scan = scanner("12k" + after)
    assert scan.number() == 12_000
    assert scan.position == 3


def test_a_number_ends_at_a_lists_end():
    assert scanner("12]").number() == 12
    # This one is a string for nats-server.
    assert scanner("12k]").number() == "12k"


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("9223372036854775808", 1, "64 bits"),
        ("-9223372036854775809", 1, "64 bits"),
        ("9" * 5000, 1, "64 bits"),
        ("9" * 5000 + "k", 1, "64 bits"),
        ("10e", 1, "64 bits"),
        ("1kbb", 1, "unknown unit 'kbb'"),
        ("-x", 2, "a digit is expected after '-'"),
        ("-", 2, "a digit is expected"),
        ("1.x", 3, "a digit is expected after '.'"),
        ("9" * 400 + ".0", 1, "too large"),
        ("10-20", 1, "2006-01-02T15:04:05Z"),
        ("2006-1-2", 1, "2006-01-02T15:04:05Z"),
        ("2006-13-02T15:04:05Z", 1, "no such date"),
    ],
)
def test_numbers_that_are_wrong(text, column, what):
    with pytest.raises(ConfigError) as raised:
        scanner(text).number()
    assert str(raised.value).startswith(f"f.conf:1:{column}: ")
    assert what in str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("foo", "foo"),
        ("foo bar", "foo"),
        ("a#b", "a#b"),
        ('a"b', 'a"b'),
        ("a(b)", "a(b)"),
        ("a:b=c/d", "a:b=c/d"),
        (r"a\x41\tb", "aA\tb"),
        (r"\$x", None),
        (r"\x24x", "$x"),
        ("true", True),
        ("Yes", True),
        ("ON", True),
        ("false", False),
        ("no", False),
        ("off", False),
        ("onwards", "onwards"),
        ("", ""),
        ("$x", Variable("x")),
        ("$", Variable("")),
        ("ab'cd", "ab"),
    ],
)
def test_words_without_quotes(text, value):
    if value is None:
        with pytest.raises(ConfigError, match="unknown escape"):
            scanner(text).unquoted()
        return
    found = scanner(text).unquoted()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("end", [" ", "\t", "\n", "\r", ",", ";", "]", "}"])
def test_what_ends_a_word_without_quotes(end):
    scan = scanner(f"word{end}more")
    assert scan.unquoted() == "word"
    assert scan.peek() == end


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('""', ""),
        ('"a b"', "a b"),
        ('"a\nb"', "a\nb"),
        (r'"\t\n\r\"\\\x41"', '\t\n\r"\\A'),
        (r'"\xc3\xa9"', "\u00e9"),
        ("'a b'", "a b"),
        (r"'a\tb'", r"a\tb"),
        ("'a\"b'", 'a"b'),
    ],
)
def test_strings_in_quotes(text, value):
    assert scanner(text).quoted() == value


def test_bytes_that_are_no_text_come_back():
    assert scanner(r'"\xff"').quoted().encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('"abc', "1:1", "closing quote"),
        ("'abc", "1:1", "closing '"),
        (r'"a\q"', "1:3", "unknown escape"),
        (r'"\x4"', "1:2", "two hexadecimal digits"),
        ('"a\n\\', "2:1", "unknown escape"),
    ],
)
def test_strings_that_are_wrong(text, place, what):
    with pytest.raises(ConfigError) as raised:
        scanner(text).quoted()
    assert str(raised.value).startswith(f"f.conf:{place}: ")
    assert what in str(raised.value)


def test_a_block_ends_at_a_line_of_its_own():
    scan = scanner("(\n a ) b\n )\n)x\n)\nrest")
    assert scan.block() == "\n a ) b\n )\n)x\n"
    assert scan.text[scan.position :] == "\nrest"


@pytest.mark.parametrize("text", ["(", "(abc)", "(\nabc", "(\nabc )", "(\n)x"])
def test_a_block_without_end(text):
    with pytest.raises(ConfigError, match=r"^f\.conf:1:1: .*on a line of its own"):
        scanner(text).block()


@pytest.mark.parametrize(
    ("text", "key"),
    [("a b", "a"), ("a=b", "a"), ("a:b", "a"), ("a{", "a{"), ('"a b":', "a b"), ("'a=b'", "a=b")],
)
def test_keys(text, key):
    assert scanner(text).key() == key


@pytest.mark.parametrize("text", ["", "=", ":", ",", ";", "{", "}", "[", "]", "/a"])
def test_what_is_no_key(text):
    with pytest.raises(ConfigError, match=r"^f\.conf:1:1: Parse error: a key is expected"):
        scanner(text).key()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (" a.conf\n", "a.conf"),
        ('"a b.conf"', "a b.conf"),
        ("'a'", "a"),
        ("a;b", "a"),
        ("a,b", "a,b"),
    ],
)
def test_paths_of_includes(text, path):
    assert scanner(text).include_path() == path


@pytest.mark.parametrize("text", ["", "\n", "[a", "{a", "(a", "5", "-a", "\\a", '""', '"a'])
def test_what_is_no_path_of_an_include(text):
    with pytest.raises(ConfigError, match=r"^f\.conf:1:1: "):
        scanner(text).include_path()


def test_places_count_from_one():
    scan = scanner("ab\n\u00e9c\n")
    places = [scan.place(position) for position in range(7)]
    assert [(p.line, p.column) for p in places] == [
        (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1),
    ]  # fmt: skip
    assert str(places[4]) == "f.conf:2:2"


def test_a_nul_byte_is_refused_where_it_stands():
    with pytest.raises(ConfigError, match=r"^f\.conf:2:3: Parse error: a NUL byte"):
        scanner("a\nbc\0d")

"""Parameters of URLs, and what is said of those that make no sense."""

import pytest

from headwater.monitor.parameters import BadRequestError, Parameters, is_encoded_well


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a=1", "1"),
        ("a=1&a=2", "1"),
        ("b=1&a=x+y%20z", "x y z"),
        ("a=%C3%A9", "é"),
        ("a=%ff", "\ufffd"),
        ("%61=1", "1"),
        ("a", ""),
        ("", ""),
        ("a=%zz", ""),
        ("a=%z&a=2", "2"),
        ("a=1;b=2&a=3", "3"),
        ("a=b=c", "b=c"),
    ],
)
def test_texts(query: str, value: str) -> None:
    assert Parameters(query).text("a") == value


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True"])
def test_yes(text: str) -> None:
    assert Parameters(f"a={text}").boolean("a")
    assert Parameters(f"a={text}").detail("a") == (True, False)


@pytest.mark.parametrize("text", ["", "0", "f", "F", "FALSE", "false", "False"])
def test_no(text: str) -> None:
    assert not Parameters(f"a={text}").boolean("a")
    assert Parameters(f"a={text}").detail("a") == (False, False)


@pytest.mark.parametrize("text", ["detail", "Detail", "DETAIL"])
def test_detail(text: str) -> None:
    assert Parameters(f"a={text}").detail("a") == (True, True)


def test_a_boolean_that_is_none() -> None:
    text = "Error decoding boolean for 'a': strconv.ParseBool: parsing \"tRUE\": invalid syntax"
    with pytest.raises(BadRequestError) as caught:
        Parameters("a=tRUE").boolean("a")
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("5", 5),
        ("%2B5", 5),
        ("-3", -3),
        ("007", 7),
        ("0" * 100 + "7", 7),
        (str(2**63 - 1), 2**63 - 1),
        (str(-(2**63)), -(2**63)),
    ],
)
def test_integers(text: str, number: int) -> None:
    assert Parameters(f"a={text}").integer("a") == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x", "invalid syntax"),
        ("1.5", "invalid syntax"),
        ("-", "invalid syntax"),
        ("1_000", "invalid syntax"),
        ("0x10", "invalid syntax"),
        ("+5", "invalid syntax"),  # a blank, once it is decoded
        ("%D9%A3", "invalid syntax"),  # a digit, but no ASCII
        (str(2**63), "value out of range"),
        (str(-(2**63) - 1), "value out of range"),
        ("9" * 5000, "value out of range"),
    ],
)
def test_integers_that_are_none(text: str, why: str) -> None:
    with pytest.raises(BadRequestError, match=f"decoding int for 'a': strconv.Atoi: .*{why}$"):
        Parameters(f"a={text}").integer("a")


@pytest.mark.parametrize(("text", "number"), [("", 0), ("5", 5), (str(2**64 - 1), 2**64 - 1)])
def test_unsigned(text: str, number: int) -> None:
    assert Parameters(f"a={text}").unsigned("a") == number


@pytest.mark.parametrize("text", ["-1", "%2B5", "x", str(2**64)])
def test_unsigned_that_are_none(text: str) -> None:
    with pytest.raises(BadRequestError, match="decoding uint64 for 'a': strconv"):
        Parameters(f"a={text}").unsigned("a")


def test_what_was_sent_is_quoted() -> None:
    with pytest.raises(BadRequestError, match=r'parsing "\\"a\\n": invalid syntax'):
        Parameters("a=%22a%0a").integer("a")


@pytest.mark.parametrize(
    ("text", "well"), [("", True), ("a%20", True), ("%", False), ("%1", False), ("%1g", False)]
)
def test_encoding(text: str, well: bool) -> None:
    assert is_encoded_well(text) is well

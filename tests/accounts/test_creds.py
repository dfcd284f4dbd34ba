"""Credentials files."""

import pytest

from headwater.accounts import creds
from headwater.base.errors import FormatError
from tests.support import operators
from tests.support.operators import USER


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_there_and_back(line_end: str) -> None:
    text = creds.encode(operators.user(), USER).replace("\n", line_end)
    token, key = creds.decode(text)
    assert (token, key.public) == (operators.user(), USER.public)


@pytest.mark.parametrize("text", ["", "x", creds.encode("x", USER).partition("Whoever")[0]])
def test_what_is_none(text: str) -> None:
    with pytest.raises(FormatError):
        creds.decode(text)

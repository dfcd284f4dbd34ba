"""Errors that nothing handles."""

import asyncio

import pytest

from headwater.base.log import Log
from headwater.server.failures import FailureLog


def _logged(context: dict, *, debug: bool = False) -> list[tuple[str, str]]:
    notes: list[tuple[str, str]] = []
    log = Log(lambda level, text: notes.append((level, text)), debug=debug)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(FailureLog(log))
    loop.call_exception_handler(context)
    loop.close()
    return notes


def _fail() -> None:
    raise ValueError("odd")


def _raised() -> Exception | None:
    try:
        _fail()
    except ValueError as error:
        return error
    return None


def test_one_line_says_what_and_where() -> None:
    (note,) = _logged({"message": "m", "exception": _raised()})
    assert note[0] == "ERR"
    assert note[1].startswith("Unexpected ValueError: odd at _fail, line ")


def test_debugging_shows_the_way_there() -> None:
    notes = _logged({"message": "m", "exception": _raised()}, debug=True)
    assert notes[0][0] == "ERR"
    assert any(level == "DBG" and "Traceback" in text for level, text in notes)


def test_without_an_exception() -> None:
    assert _logged({"message": "something"}) == [("ERR", "Unexpected: something")]


@pytest.mark.parametrize("kind", [ConnectionResetError, BrokenPipeError])
def test_a_peer_that_went_away_is_no_news(kind: type[Exception]) -> None:
    assert _logged({"message": "m", "exception": kind()}) == []

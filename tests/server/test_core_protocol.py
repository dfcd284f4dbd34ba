"""Byte for byte: what our server answers is what the real nats-server answers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.duel import Difference, Duel, Step
from tests.server.scripts import ALL

pytestmark = pytest.mark.hub

# Bytes that are sent one by one: the same answer whatever the pieces.
_SPLIT = (
    b'CONNECT {"verbose":true,"headers":true}\r\nSUB s.* g 1\r\nPUB s.1 re 5\r\nhello\r\n'
    b"HPUB s.2 18 22\r\nNATS/1.0\r\nA: 1\r\n\r\nbody\r\nUNSUB 1 9\r\n"
)


@pytest.mark.parametrize("name", ALL)
def test_same_answers(duel_with: Callable[[str], Duel], name: str) -> None:
    configuration, script = ALL[name]
    if not isinstance(script, Difference):
        ours, theirs = duel_with(configuration).run(script)
        assert ours == theirs
        return
    ours, theirs = duel_with(configuration).run(script.steps)
    assert ours != theirs, "no difference any more"
    greeting, _, answers = ours["a"][0].partition(b"\r\n")
    assert greeting.startswith(b"INFO ")
    assert answers == script.ours


def test_every_difference_is_told() -> None:
    page = (Path(__file__).parents[2] / "docs" / "compatibility.md").read_text()
    differences = {name for name, (_, script) in ALL.items() if isinstance(script, Difference)}
    told = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")}
    assert {name for name in told if ": " in name} == differences


def test_pieces_make_no_difference(duel_with: Callable[[str], Duel]) -> None:
    whole = [Step("a", _SPLIT + b"PING\r\n", b"PONG\r\n")]
    pieces = [Step("a", bytes([byte])) for byte in _SPLIT]
    ours, theirs = duel_with("").run([*pieces, Step("a", b"PING\r\n", b"PONG\r\n")])
    assert ours == theirs
    assert duel_with("").run(whole) == (ours, theirs)

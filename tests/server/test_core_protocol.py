"""Byte for byte: what our server answers is what the real nats-server answers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.core_scenarios import SCENARIOS, SPLIT
from tests.server.duel import Duel, Step
from tests.server.limit_scenarios import GROUPS

pytestmark = pytest.mark.hub

_LIMITS = [(config, name) for config, scenarios in GROUPS.items() for name in scenarios]


@pytest.fixture(scope="module")
def duel_with(
    nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Duel]]:
    """A function that gives both servers with a configuration; they are started once for each."""
    duels: dict[str, Duel] = {}

    def get(config: str) -> Duel:
        if config not in duels:
            duels[config] = Duel(nats_server_path, tmp_path_factory.mktemp("duel"), config)
            duels[config].__enter__()
        return duels[config]

    yield get
    for duel in duels.values():
        duel.__exit__()


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_answers(duel_with: Callable[[str], Duel], name: str) -> None:
    ours, theirs = duel_with("").run(SCENARIOS[name])
    assert ours == theirs


@pytest.mark.parametrize(("config", "name"), _LIMITS, ids=[name for _, name in _LIMITS])
def test_same_answers_with_configuration(
    duel_with: Callable[[str], Duel], config: str, name: str
) -> None:
    ours, theirs = duel_with(config).run(GROUPS[config][name])
    assert ours == theirs


def test_pieces_make_no_difference(duel_with: Callable[[str], Duel]) -> None:
    whole = [Step("a", SPLIT + b"PING\r\n", b"PONG\r\n")]
    pieces = [Step("a", bytes([byte])) for byte in SPLIT]
    ours, theirs = duel_with("").run([*pieces, Step("a", b"PING\r\n", b"PONG\r\n")])
    assert ours == theirs
    assert duel_with("").run(whole) == (ours, theirs)

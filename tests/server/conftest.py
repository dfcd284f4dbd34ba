"""Servers side by side, and a store of a real server, whole and as a copy to be damaged."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nats
import pytest

import headwater
from tests.server.duel import Duel


@pytest.fixture(scope="session")
def whole_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two streams."""
    folder = tmp_path_factory.mktemp("store")

    async def fill(url: str) -> None:
        client = await nats.connect(url)
        js = client.jetstream()
        await js.add_stream(name="A", subjects=["a.>"])
        await js.add_stream(name="B", subjects=["b"])
        for number in range(50):
            await js.publish(f"a.{number % 7}", b"%d" % number + bytes(200))
        await js.publish("b", b"only")
        await js.delete_msg("A", 7)
        await client.close()

    with headwater.Server(store_dir=folder) as server:
        asyncio.run(fill(server.client_url))
    return folder


@pytest.fixture
def store(whole_store: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    shutil.copytree(whole_store, tmp_path / "store")
    return tmp_path / "store"


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

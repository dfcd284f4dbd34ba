"""Our server, started once, for the official client of Python."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import nats
import pytest
from nats.aio.client import Client

import headwater

Work = Callable[[Client], Awaitable[None]]


@pytest.fixture(scope="session")
def client_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clients")
    with headwater.Server(store_dir=folder, jetstream=True, port=0, in_process=True) as server:
        yield server.client_url


@pytest.fixture
def run(client_url: str) -> Callable[[Work], None]:
    """Do some work with a client that is connected."""

    async def connected(work: Work) -> None:
        client = await nats.connect(client_url)
        try:
            await work(client)
        finally:
            await client.close()

    return lambda work: asyncio.run(connected(work))

"""Fixtures of the tests of the network."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from headwater.net.loop import new_event_loop
from tests.net.world import World
from tests.support.wait import wait_until_async


@pytest.fixture(params=["asyncio", "default"])
def play(request: pytest.FixtureRequest) -> Callable[[Callable[[World], Awaitable[Any]]], None]:
    """A function that runs a scenario on a loop: asyncio's own, and the one that servers use."""

    def run(scenario: Callable[[World], Awaitable[Any]]) -> None:
        async def whole() -> None:
            world = World(asyncio.get_running_loop())
            await world.listen()
            try:
                await scenario(world)
            finally:
                world.network.stop_listening()
                for plain in world.sockets:
                    plain.close()
                await wait_until_async(lambda: all(r.end is not None for r in world.receivers))

        factory = new_event_loop if request.param == "default" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(whole())

    return run

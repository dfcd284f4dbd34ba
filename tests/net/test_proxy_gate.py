"""A PROXY header in front of what a client says."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from headwater.net import proxy_gate
from tests.net.world import World
from tests.support.wait import wait_until_async

Play = Callable[[Callable[[World], Awaitable[Any]]], None]
HEADER = b"PROXY TCP4 1.2.3.4 5.6.7.8 1111 2222\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [HEADER + b"hello\n"],
        [HEADER, b"hello\n"],
        [HEADER[:3], HEADER[3:30], HEADER[30:] + b"hello\n"],
    ],
    ids=["one", "two", "three"],
)
def test_the_client_is_whom_the_proxy_names(play: Play, pieces: list[bytes]) -> None:
    async def scenario(world: World) -> None:
        world.entrance.proxy_protocol = True
        plain, receiver = await world.dial()
        assert receiver.is_connected
        for piece in pieces:
            await world.loop.sock_sendall(plain, piece)
        await wait_until_async(lambda: receiver.lines == [b"hello"])
        assert receiver.peer == ("1.2.3.4", 1111)
        receiver.say(b"good day\n")
        assert await world.loop.sock_recv(plain, 100) == b"good day\n"
        await world.loop.sock_sendall(plain, b"more\n")
        await wait_until_async(lambda: receiver.lines == [b"hello", b"more"])

    play(scenario)


def test_without_a_header_the_client_is_who_it_is(play: Play) -> None:
    async def scenario(world: World) -> None:
        world.entrance.proxy_protocol = True
        plain, receiver = await world.dial()
        receiver.say(b"greeting\n")
        assert await world.loop.sock_recv(plain, 100) == b"greeting\n"
        await world.loop.sock_sendall(plain, b"hello\n")
        await wait_until_async(lambda: receiver.lines == [b"hello"])
        assert receiver.peer == plain.getsockname()

    play(scenario)


def test_a_malformed_header_closes(play: Play) -> None:
    async def scenario(world: World) -> None:
        world.entrance.proxy_protocol = True
        plain, receiver = await world.dial()
        await world.loop.sock_sendall(plain, b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\nhello\n")
        await wait_until_async(lambda: receiver.end is not None)
        assert receiver.end == "Protocol Violation"
        assert receiver.lines == []
        assert world.warnings == [
            "Error reading PROXY protocol header: "
            "invalid PROXY protocol header: invalid protocol UDP4"
        ]

    play(scenario)


def test_a_header_that_takes_too_long(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_gate, "_HEADER_TIMEOUT_S", 0.03)

    async def scenario(world: World) -> None:
        world.entrance.proxy_protocol = True
        plain, receiver = await world.dial()
        await world.loop.sock_sendall(plain, b"PROXY T")
        await wait_until_async(lambda: receiver.end is not None)
        assert receiver.end == "Protocol Violation"

    play(scenario)

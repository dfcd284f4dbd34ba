"""The link that can be cut."""

import asyncio

import pytest

from headwater.cli.demo_link import Link
from tests.support.wait import wait_until_async


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(1024):
            writer.write(chunk)
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()


def linked(scenario):
    """Run ``scenario(link, clock)`` with a link to a server that echoes."""

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        clock = Clock()
        link = Link(server.sockets[0].getsockname()[1], clock)
        await link.start()
        try:
            await scenario(link, clock)
        finally:
            await link.stop()
            server.close()

    asyncio.run(asyncio.wait_for(main(), 20))


async def connect(link: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", link.port)


def test_bytes_go_through_both_ways_and_are_counted():
    async def scenario(link: Link, _clock: Clock) -> None:
        reader, writer = await connect(link)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        assert (link.up_bytes, link.down_bytes) == (5, 5)
        assert link.connected
        writer.transport.abort()

    linked(scenario)


def test_a_cut_breaks_what_is_open_and_refuses_what_comes():
    async def scenario(link: Link, _clock: Clock) -> None:
        reader, writer = await connect(link)
        await wait_until_async(lambda: link.connected)
        await link.cut()
        try:
            assert await reader.read() == b""
        except ConnectionError:
            pass
        with pytest.raises(ConnectionError):
            await connect(link)
        assert not link.connected
        assert link.cuts == 1
        writer.transport.abort()

    linked(scenario)


def test_a_restored_link_works_on_the_same_port():
    async def scenario(link: Link, _clock: Clock) -> None:
        port = link.port
        await link.cut()
        await link.restore()
        assert link.port == port
        reader, writer = await connect(link)
        writer.write(b"again")
        assert await reader.readexactly(5) == b"again"
        writer.transport.abort()

    linked(scenario)


def test_a_silent_cut_swallows_and_breaks_only_when_it_is_restored():
    async def scenario(link: Link, _clock: Clock) -> None:
        reader, writer = await connect(link)
        await wait_until_async(lambda: link.connected)
        await link.cut(silent=True)
        writer.write(b"into the void")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        assert link.up_bytes == 0
        await link.restore()
        try:
            assert await reader.read() == b""
        except ConnectionError:
            pass
        writer.transport.abort()

    linked(scenario)


def test_the_longest_outage_is_kept():
    async def scenario(link: Link, clock: Clock) -> None:
        _, writer = await connect(link)
        await wait_until_async(lambda: link.connected)
        link.forget_outages()
        for lasting in (3.0, 7.0, 2.0):
            writer.transport.abort()
            await link.cut()
            await wait_until_async(lambda: not link._open)
            clock.now += lasting
            await link.restore()
            _, writer = await connect(link)
            await wait_until_async(lambda: link.connected)
            clock.now += 100.0  # the time with a link counts nothing
        assert link.outage_s() == 7.0
        writer.transport.abort()

    linked(scenario)

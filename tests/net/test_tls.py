"""TLS on accepted connections: required, optional, before the greeting, refused, throttled."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from headwater.config.options import CertificateFiles, TlsOptions
from headwater.net.tls import RateLimit, TlsServer
from headwater.net.tls_context import server_context
from tests.net.world import HOST, World
from tests.support.certificates import Certificates
from tests.support.wait import wait_until_async

Play = Callable[[Callable[[World], Awaitable[Any]]], None]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def tls_options(certificates: Certificates, **fields: Any) -> TlsOptions:
    files = CertificateFiles(str(certificates.cert_file), str(certificates.key_file))
    return TlsOptions(certificates=(files,), **fields)


@pytest.fixture
def secure(certificates: Certificates) -> Callable[..., TlsServer]:
    """A function that lets the connections of a World speak TLS."""

    def make(world: World, *, rate: int = 0, options: Any = (), **fields: Any) -> TlsServer:
        context = server_context(tls_options(certificates, **dict(options)))
        world.entrance.tls = TlsServer(context, RateLimit(rate, world.loop.time), **fields)
        return world.entrance.tls

    return make


async def dial(world: World) -> Streams:
    return await asyncio.open_connection(HOST, world.port)


async def dial_secured(world: World, context: ssl.SSLContext) -> Streams:
    return await asyncio.open_connection(HOST, world.port, ssl=context, server_hostname=HOST)


async def start_tls(streams: Streams, context: ssl.SSLContext) -> None:
    await streams[1].start_tls(context, server_hostname=HOST)


async def leave(streams: Streams) -> None:
    streams[1].close()
    try:
        await streams[1].wait_closed()
    except (ConnectionError, ssl.SSLError):
        pass


def test_the_greeting_comes_in_the_clear_and_all_else_is_encrypted(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world)
        world.greeting = b"hello\n"
        streams = reader, writer = await dial(world)
        assert await reader.readline() == b"hello\n"
        await start_tls(streams, certificates.client_context())
        writer.write(b"one\ntwo\n")
        receiver = world.receivers[0]
        await wait_until_async(lambda: receiver.lines == [b"one", b"two"])
        receiver.say(b"answer\n")
        assert await reader.readline() == b"answer\n"
        assert receiver.notes == ["secured: 1.3, cipher suite TLS_AES_256_GCM_SHA384"]
        security = receiver.link.security()
        assert (security.version, security.first) == ("1.3", False)
        await leave(streams)
        await wait_until_async(lambda: receiver.end == "")

    play(scenario)


@pytest.mark.parametrize("size", [1, 16_384, 16_385, 900_000])
def test_operations_of_any_size_both_ways(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates, size: int
) -> None:
    body = (bytes(range(256)) * (size // 256 + 1))[:size]

    async def scenario(world: World) -> None:
        secure(world, first=True)
        reader, writer = streams = await dial_secured(world, certificates.client_context())
        writer.write((b"=%d\n%b" % (size, body) + b"next\n") * 3)
        await wait_until_async(lambda: len(world.receivers[0].lines) == 6)
        receiver = world.receivers[0]
        assert receiver.lines == [body, b"next"] * 3
        for _ in range(3):
            receiver.say(body)
        assert await reader.readexactly(3 * size) == body * 3
        await leave(streams)

    play(scenario)


def test_what_is_no_tls_is_closed_without_a_word(
    play: Play, secure: Callable[..., TlsServer]
) -> None:
    async def scenario(world: World) -> None:
        secure(world)
        reader, writer = streams = await dial(world)
        writer.write(b"CONNECT {}\n")
        assert await reader.read() == b""
        receiver = world.receivers[0]
        await wait_until_async(lambda: receiver.end is not None)
        assert receiver.end == "TLS Handshake Failure"
        assert receiver.lines == []
        assert receiver.notes == ["insecure: first record does not look like a TLS handshake"]
        await leave(streams)

    play(scenario)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"], ids=["silent", "half"])
def test_a_handshake_that_takes_too_long(
    play: Play, secure: Callable[..., TlsServer], sent: bytes
) -> None:
    async def scenario(world: World) -> None:
        secure(world, timeout_s=0.05)
        reader, writer = streams = await dial(world)
        writer.write(sent)
        assert await reader.read() == b""
        await wait_until_async(lambda: world.receivers[0].end is not None)
        assert world.receivers[0].end == "TLS Handshake Failure"
        await leave(streams)

    play(scenario)


def test_a_peer_that_leaves_in_the_handshake(play: Play, secure: Callable[..., TlsServer]) -> None:
    async def scenario(world: World) -> None:
        secure(world)
        _, writer = streams = await dial(world)
        writer.write(b"\x16\x03\x01")
        await leave(streams)
        await wait_until_async(lambda: world.receivers and world.receivers[0].end is not None)
        assert world.receivers[0].notes == ["insecure: EOF"]

    play(scenario)


def test_garbage_after_the_handshake_closes(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world, first=True)
        streams = await dial_secured(world, certificates.client_context())
        await wait_until_async(lambda: world.receivers[0].is_connected)
        descriptor = streams[1].get_extra_info("socket").fileno()
        os.write(descriptor, b"not at all TLS, and longer than the head of a record")
        await wait_until_async(lambda: world.receivers[0].end is not None)
        await leave(streams)

    play(scenario)


def test_where_it_is_optional_both_kinds_of_client_are_served(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world, optional=True, timeout_s=0.05)
        plain, secured = await dial(world), await dial(world)
        await wait_until_async(lambda: len(world.receivers) == 2)
        await start_tls(secured, certificates.client_context())
        for _, writer in (plain, secured):
            writer.write(b"hello\n")
        await wait_until_async(lambda: [r.lines for r in world.receivers] == [[b"hello"]] * 2)
        assert world.receivers[0].link.security() is None
        assert world.receivers[1].link.security() is not None
        for receiver, (reader, _) in zip(world.receivers, (plain, secured), strict=True):
            receiver.say(b"good day\n")
            assert await reader.readline() == b"good day\n"
        await leave(plain)
        await leave(secured)

    play(scenario)


def test_nothing_follows_what_a_close_has_sent(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world, optional=True)
        plain, secured = await dial(world), await dial(world)
        await wait_until_async(lambda: len(world.receivers) == 2)
        await start_tls(secured, certificates.client_context())
        for _, writer in (plain, secured):
            writer.write(b"hello\n")
        await wait_until_async(lambda: [r.lines for r in world.receivers] == [[b"hello"]] * 2)
        for receiver, streams in zip(world.receivers, (plain, secured), strict=True):
            receiver.say(b"goodbye\n")
            receiver.link.close()
            receiver.say(b"too late\n")
            assert receiver.out is None
            assert await streams[0].read() == b"goodbye\n"
            await leave(streams)

    play(scenario)


def test_handshake_first(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world, first=True)
        world.greeting = b"hello\n"
        waiting = await dial(world)
        reader, _ = streams = await dial_secured(world, certificates.client_context())
        assert await reader.readline() == b"hello\n"
        assert [receiver.is_connected for receiver in world.receivers] == [False, True]
        assert world.receivers[1].link.security().first
        await leave(waiting)
        await leave(streams)

    play(scenario)


def test_handshake_first_falls_back_for_a_client_that_waits(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world, first=True, fallback_s=0.02)
        world.greeting = b"hello\n"
        reader, writer = waiting = await dial(world)
        assert await reader.readline() == b"hello\n"
        await start_tls(waiting, certificates.client_context())
        writer.write(b"here\n")
        await wait_until_async(lambda: world.receivers[0].lines == [b"here"])
        at_once = await dial_secured(world, certificates.client_context())
        assert await at_once[0].readline() == b"hello\n"
        await leave(waiting)
        await leave(at_once)

    play(scenario)


def test_certificates_of_clients_are_asked_for(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        secure(world, first=True, options={"verify": True, "ca_file": str(certificates.ca_file)})
        without = certificates.client_context()
        without.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            await dial_secured(world, without)
        context = certificates.client_context(with_certificate=True)
        streams = await dial_secured(world, context)
        await wait_until_async(lambda: world.receivers[-1].is_connected)
        assert world.receivers[-1].link.security().peer_certificate
        assert not world.receivers[0].is_connected
        await leave(streams)

    play(scenario)


def test_too_many_handshakes_in_a_second(
    play: Play, secure: Callable[..., TlsServer], certificates: Certificates
) -> None:
    async def scenario(world: World) -> None:
        server = secure(world, rate=1)
        world.greeting = b"hello\n"
        first, second = await dial(world), await dial(world)
        assert await second[0].read() == b"hello\nthrottled\n"
        assert server.rate.refused == 1
        assert await first[0].readline() == b"hello\n"
        await start_tls(first, certificates.client_context())
        await leave(first)
        await leave(second)

    play(scenario)


def test_a_second_later_others_may_begin() -> None:
    now_s = [5.0]
    rate = RateLimit(2, lambda: now_s[0])
    assert [rate.allows() for _ in range(4)] == [True, True, False, False]
    now_s[0] += 1
    assert [rate.allows() for _ in range(3)] == [True, True, False]
    assert rate.refused == 3
    assert all(RateLimit(0, lambda: 0.0).allows() for _ in range(1000))

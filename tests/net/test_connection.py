"""Connections on real sockets: bytes in whatever pieces, back-pressure, both ends of a close."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from headwater.base.clock import MILLISECOND, SECOND
from headwater.base.limits import READ_BUFFER_BYTES
from headwater.net import connection
from headwater.net.listener import Entrance, Network
from headwater.net.loop import new_event_loop
from tests.net.world import HOST, Recorder, World
from tests.support.wait import wait_until_async

Play = Callable[[Callable[[World], Awaitable[Any]]], None]


def test_lines_in_pieces(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial()
        for piece in (b"one\ntw", b"o\n", b"thr", b"e", b"e\n"):
            before = len(receiver.lines)
            await world.loop.sock_sendall(plain, piece)
            if piece.endswith(b"\n"):
                await wait_until_async(lambda b=before: len(receiver.lines) > b)
        assert receiver.lines == [b"one", b"two", b"three"]
        assert receiver.is_connected
        assert receiver.peer == plain.getsockname()

    play(scenario)


@pytest.mark.parametrize("size", [1, 65_536, READ_BUFFER_BYTES - 1, READ_BUFFER_BYTES * 3 + 17])
def test_operations_of_any_size(play: Play, size: int) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial()
        body = bytes(range(256)) * (size // 256 + 1)
        body = body[:size]
        data = b"=%d\n%b" % (size, body) + b"next\n"
        await world.loop.sock_sendall(plain, data * 2)
        await wait_until_async(lambda: len(receiver.lines) == 4)
        assert receiver.lines == [body, b"next"] * 2

    play(scenario)


def test_connections_share_a_buffer_without_mixing(play: Play) -> None:
    async def scenario(world: World) -> None:
        pairs = [await world.dial() for _ in range(5)]
        for turn in range(20):
            for number, (plain, _) in enumerate(pairs):
                text = b"%d of %d\n" % (turn, number)
                await world.loop.sock_sendall(plain, text[: number + 1])
            await asyncio.sleep(0)
            for number, (plain, _) in enumerate(pairs):
                text = b"%d of %d\n" % (turn, number)
                await world.loop.sock_sendall(plain, text[number + 1 :])
        for number, (_, receiver) in enumerate(pairs):
            await wait_until_async(lambda r=receiver: len(r.lines) == 20)
            assert receiver.lines == [b"%d of %d" % (turn, number) for turn in range(20)]

    play(scenario)


class BusyTransport(asyncio.Transport):
    """A transport that is told when to read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


def test_after_a_long_read_others_have_their_turn(play: Play) -> None:
    async def scenario(world: World) -> None:
        receiver, transport = Recorder(), BusyTransport()
        busy = world.network.protocol(receiver)
        busy.connection_made(transport)
        line = b"x" * 999 + b"\n"
        for size, reads_on in ((1000, True), (READ_BUFFER_BYTES // 1000 * 1000, False)):
            data = line * (size // len(line))
            busy.get_buffer(-1)[:size] = data
            busy.buffer_updated(size)
            assert transport.reading == reads_on
        assert len(receiver.lines) == 1 + READ_BUFFER_BYTES // 1000
        await asyncio.sleep(0)
        assert transport.reading

    play(scenario)


def test_what_is_said_arrives_and_the_buffer_goes_back(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial()
        receiver.say(b"hello")
        assert receiver.out is None
        assert await world.loop.sock_recv(plain, 100) == b"hello"

    play(scenario)


def test_a_peer_that_does_not_read(play: Play) -> None:
    chunk = bytes(100_000)
    count = 100

    async def scenario(world: World) -> None:
        plain, receiver = await world.dial(receive_buffer=4096)
        for _ in range(count):
            receiver.say(chunk)
        assert receiver.overflows
        assert receiver.overflows == sorted(receiver.overflows)
        assert receiver.overflows[-1] > 1_000_000
        assert receiver.drains == 0
        total = 0
        while total < count * len(chunk):
            total += len(await world.loop.sock_recv(plain, 1 << 20))
        assert total == count * len(chunk)
        await wait_until_async(lambda: receiver.drains > 0)
        assert receiver.link.pending_bytes() == 0

    play(scenario)


def test_a_peer_that_takes_nothing_in_time_is_given_up() -> None:
    async def scenario() -> None:
        world = World(asyncio.get_running_loop())
        world.network.patience.deadline_s = 0.03
        await world.listen()
        _, receiver = await world.dial(receive_buffer=4096)
        for _ in range(100):
            receiver.say(bytes(100_000))
        await wait_until_async(lambda: receiver.end is not None)
        assert receiver.end == "Slow Consumer (Write Deadline)"
        world.network.stop_listening()
        world.sockets[0].close()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(scenario())


def test_a_read_that_finds_nothing_keeps_an_unfinished_operation() -> None:
    shared = connection.ReadBuffer(READ_BUFFER_BYTES)
    unfinished, other = (
        connection.Connection(Recorder(), shared, FakeLoop(), connection.Patience())
        for _ in range(2)
    )

    def read(reader: connection.Connection, data: bytes) -> None:
        reader.get_buffer(-1)[: len(data)] = data
        reader.buffer_updated(len(data))

    read(unfinished, b"one\ntw")
    unfinished.get_buffer(-1)  # and the socket turns out to be empty
    read(other, b"all of another\n")
    read(unfinished, b"o\nthree\n")
    assert unfinished.receiver.lines == [b"one", b"two", b"three"]
    assert other.receiver.lines == [b"all of another"]


class FakeTransport:
    """Holds ``held`` bytes for a peer."""

    def __init__(self) -> None:
        self.held = 0
        self.aborted = False

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def get_extra_info(self, name: str) -> None:
        return None

    def get_write_buffer_size(self) -> int:
        return self.held

    def abort(self) -> None:
        self.aborted = True


class FakeLoop:
    """Runs the timer that was set last when it is told to."""

    def __init__(self) -> None:
        self.callback: Callable[[], None] | None = None

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> "FakeLoop":
        assert delay_s == 7.0
        self.callback = callback
        return self

    def cancel(self) -> None:
        self.callback = None

    def ring(self) -> None:
        callback, self.callback = self.callback, None
        assert callback is not None
        callback()


class Blocked:
    """A connection whose peer has left ``held`` bytes; its time is up whenever the loop rings."""

    def __init__(self, held: int, *, retry: bool = False) -> None:
        self.transport, self.loop, self.receiver = FakeTransport(), FakeLoop(), Recorder()
        patience = connection.Patience(7.0, retry=retry)
        shared = connection.ReadBuffer(1000)
        self.link = connection.Connection(self.receiver, shared, self.loop, patience)
        self.link.connection_made(self.transport)
        self.transport.held = held
        self.link.pause_writing()


def test_a_peer_that_takes_a_little_is_waited_for_where_it_gets_time_anew() -> None:
    blocked = Blocked(100, retry=True)
    blocked.transport.held = 99
    blocked.loop.ring()
    assert not blocked.transport.aborted
    blocked.loop.ring()
    assert blocked.transport.aborted
    assert blocked.receiver.delays == [(7.0, 99), (7.0, 99)]
    blocked.link.connection_lost(None)
    assert blocked.receiver.end == "Slow Consumer (Write Deadline)"


def test_a_peer_that_empties_the_kernel_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [5000, 4000, 4000, 4000]
    monkeypatch.setattr(connection, "queued_bytes", lambda _: left.pop(0))
    blocked = Blocked(100, retry=True)
    blocked.loop.ring()
    assert not blocked.transport.aborted
    blocked.loop.ring()
    assert blocked.transport.aborted


def test_a_peer_has_to_take_everything_in_time() -> None:
    blocked = Blocked(100)
    blocked.transport.held = 1
    blocked.loop.ring()
    assert blocked.transport.aborted
    assert blocked.receiver.delays == [(7.0, 1)]
    blocked.link.connection_lost(None)
    assert blocked.receiver.end == "Slow Consumer (Write Deadline)"


def test_a_peer_that_takes_everything_is_not_timed_any_more() -> None:
    blocked = Blocked(100)
    blocked.transport.held = 0
    blocked.link.resume_writing()
    assert blocked.loop.callback is None
    assert blocked.receiver.drains == 1


def test_order_is_kept_across_a_blockage(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial(receive_buffer=4096)
        expected = b""
        for number in range(400):
            part = b"%05d" % number * 4000
            expected += part
            receiver.say(part)
        received = b""
        while len(received) < len(expected):
            received += await world.loop.sock_recv(plain, 1 << 20)
        assert received == expected

    play(scenario)


def test_close_sends_what_is_left(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial(receive_buffer=4096)
        for _ in range(50):
            receiver.say(bytes(100_000))
        receiver.open_out().append(b"bye")
        receiver.link.close()
        received = b""
        while data := await world.loop.sock_recv(plain, 1 << 20):
            received += data
        assert len(received) == 50 * 100_000 + 3
        assert received.endswith(b"bye")
        await wait_until_async(lambda: receiver.end is not None)
        assert receiver.link is None

    play(scenario)


def test_a_peer_that_never_reads_cannot_hold_a_closed_connection(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 0.05)

    async def scenario(world: World) -> None:
        _, receiver = await world.dial(receive_buffer=4096)
        for _ in range(100):
            receiver.say(bytes(100_000))
        receiver.link.close()
        assert receiver.end is None
        await wait_until_async(lambda: receiver.end is not None)

    play(scenario)


def test_abort_sends_nothing_more(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial()
        receiver.open_out().append(b"unsent")
        receiver.link.abort()
        await wait_until_async(lambda: receiver.end is not None)
        try:
            assert await world.loop.sock_recv(plain, 100) == b""
        except ConnectionResetError:
            pass

    play(scenario)


def test_the_peer_leaves(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial()
        plain.close()
        await wait_until_async(lambda: receiver.end is not None)
        assert receiver.end == ""

    play(scenario)


def test_a_pause_ends_by_itself_or_by_resume(play: Play) -> None:
    async def scenario(world: World) -> None:
        plain, receiver = await world.dial()
        receiver.link.pause(30 * MILLISECOND)
        await world.loop.sock_sendall(plain, b"one\n")
        began = world.loop.time()
        await wait_until_async(lambda: receiver.lines)
        assert world.loop.time() - began > 0.01
        receiver.link.pause(60 * SECOND)
        await world.loop.sock_sendall(plain, b"two\n")
        receiver.link.resume()
        await wait_until_async(lambda: len(receiver.lines) == 2)
        receiver.link.pause(60 * SECOND)
        receiver.link.close()

    play(scenario)


def test_dialling(play: Play) -> None:
    async def scenario(world: World) -> None:
        caller = Recorder()
        await world.network.dial(HOST, world.port, caller, 5.0)
        assert caller.is_connected
        await wait_until_async(lambda: len(world.receivers) == 1)
        caller.say(b"hi\n")
        await wait_until_async(lambda: world.receivers[0].lines == [b"hi"])
        world.receivers[0].link.close()
        await wait_until_async(lambda: caller.end is not None)

    play(scenario)


def test_dialling_nobody(play: Play) -> None:
    async def scenario(world: World) -> None:
        with socket.socket() as unused:
            unused.bind((HOST, 0))
            with pytest.raises(OSError, match=r"refused|[Cc]onnect"):
                await world.network.dial(HOST, unused.getsockname()[1], Recorder(), 5.0)

    play(scenario)


def test_a_taken_port(play: Play) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(OSError, match="in use"):
            await Network(world.loop).listen(HOST, world.port, Entrance(Recorder))

    play(scenario)


def test_a_name_gives_one_port(play: Play) -> None:
    async def scenario(world: World) -> None:
        network = Network(world.loop)
        address, port = await network.listen("localhost", 0, Entrance(Recorder))
        assert address == HOST
        assert port > 0
        network.stop_listening()

    play(scenario)

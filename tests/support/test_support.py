"""The helpers themselves, against the real nats-server."""

import asyncio
import contextlib
import time

import pytest
import uvloop

from tests.support.loop_watch import watch_loop
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until


def test_wait_until_returns_the_value():
    values = iter([0, None, "there"])
    assert wait_until(lambda: next(values)) == "there"


def test_wait_until_names_what_it_waited_for():
    with pytest.raises(AssertionError, match="the tide"):
        wait_until(lambda: False, seconds=0.02, what="the tide")


@pytest.mark.hub
def test_raw_client_speaks_to_nats_server(nats_server):
    server = nats_server(jetstream=True)
    with RawClient(server.port()) as client:
        assert client.info["jetstream"] is True
        client.connect()
        client.send(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
        assert client.read_until(b"hi\r\n") == b"MSG a 1 2\r\nhi\r\n"
        client.send(b"FOO\r\n")
        assert client.read_to_end() == b"-ERR 'Unknown Protocol Operation'\r\n"


@pytest.mark.hub
def test_nats_server_can_be_restarted(nats_server):
    server = nats_server(config="http: 127.0.0.1:-1\n")
    assert server.port("monitoring") > 0
    server.kill()
    server.start()
    with RawClient(server.port()) as client:
        client.connect()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_watchdog_names_who_holds_the_loop(new_loop):
    def hold(seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pass

    async def run(seconds):
        asyncio.get_running_loop().call_soon(hold, seconds)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    with contextlib.closing(new_loop()) as loop:
        with watch_loop(loop, seconds=0.05) as slow:
            loop.run_until_complete(run(0.1))
        assert "hold" in slow[0]
        assert not loop.get_debug()
        with watch_loop(loop, seconds=5) as slow:
            loop.run_until_complete(run(0))
        assert slow == []

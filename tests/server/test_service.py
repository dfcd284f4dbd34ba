"""The whole server: what its parts do together."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import nats
import pytest

import headwater
from tests.support.nats_server import NatsServer
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def _publish(url: str, count: int) -> int:
    """Publish to the stream S, which is made if need be; return the last sequence."""
    client = await nats.connect(url)
    try:
        stream = client.jetstream()
        await stream.add_stream(name="S", subjects=["s.>"])
        for number in range(count):
            ack = await stream.publish("s.x", b"%d" % number)
        return ack.seq
    finally:
        await client.close()


@pytest.mark.parametrize("in_process", [False, True], ids=["child", "in-process"])
def test_a_store_outlives_its_server(tmp_path: Path, in_process: bool) -> None:
    server = headwater.Server(store_dir=tmp_path, in_process=in_process)
    for turn in (1, 2, 3):
        with server:
            assert asyncio.run(_publish(server.client_url, 5)) == 5 * turn
    assert (tmp_path / "headwater").is_dir()


def test_a_store_survives_a_kill(tmp_path: Path) -> None:
    server = headwater.Server(store_dir=tmp_path)
    for turn in (1, 2, 3):
        server.start()
        assert asyncio.run(_publish(server.client_url, 5)) == 5 * turn
        server.kill()


def test_a_store_without_a_directory_is_temporary() -> None:
    server = headwater.Server(jetstream=True, monitor=True)
    with server:
        assert asyncio.run(_publish(server.client_url, 1)) == 1
        folder = next(
            line.partition('"')[2].rstrip('"')
            for line in server.log_tail().splitlines()
            if "Store Directory" in line
        )
        assert Path(folder).is_dir()
    assert not Path(folder).exists()
    with server:
        assert asyncio.run(_publish(server.client_url, 1)) == 1


@pytest.mark.hub
def test_a_leaf_link_from_the_configuration(nats_server: Callable[..., NatsServer]) -> None:
    hub = nats_server(
        config='leafnodes { listen: "127.0.0.1:-1", authorization { user: l, password: s3cret } }'
    )
    leaf_port = re.findall(r"leafnode connections on \S+:(\d+)", hub.log())[-1]
    config = f"""
        host: "127.0.0.1", port: -1
        leafnodes {{
          reconnect: 1
          remotes: [{{ url: "nats-leaf://l:s3cret@127.0.0.1:{leaf_port}" }}]
        }}
    """
    with headwater.Server(config) as server:
        with RawClient(hub.port()) as there, RawClient(_port(server.client_url)) as here:
            there.connect()
            here.connect()
            here.send(b"SUB down 1\r\n")
            here.flush()
            there.send(b"SUB up 1\r\n")
            there.flush()
            wait_until(lambda: _crosses(here, b"up", there), what="a message to the hub")
            wait_until(lambda: _crosses(there, b"down", here), what="a message from the hub")
        assert "s3cret" not in server.log_tail()


def _crosses(sender: RawClient, subject: bytes, receiver: RawClient) -> bool:
    """Publish once; tell whether it has arrived at the other end."""
    sender.send(b"PUB " + subject + b" 1\r\nx\r\n")
    sender.flush()
    return b"MSG " + subject in receiver.flush()


def test_a_hub_that_nobody_runs_is_no_reason_not_to_start() -> None:
    config = """
        host: "127.0.0.1", port: -1
        leafnodes { remotes: [{ url: "nats-leaf://127.0.0.1:1" }] }
    """
    with headwater.Server(config) as server, RawClient(_port(server.client_url)) as client:
        client.connect()
        wait_until(lambda: "refused" in server.log_tail(), what="the failure in the log")

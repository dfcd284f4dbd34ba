"""What a configuration builds, beside a real nats-server as the hub."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import nats
import pytest

from headwater import Server
from tests.cluster.test_leaf_hub import free_port, wait_served
from tests.support.nats_server import NatsServer

pytestmark = pytest.mark.hub

_HUB = """
leafnodes {{ listen: "127.0.0.1:{port}" }}
jetstream {{ domain: hub, store_dir: "{folder}" }}
"""
_EDGE = """
port: -1
leafnodes {{ remotes: [ {{ url: "nats-leaf://127.0.0.1:{port}" }} ] }}
default_js_domain {{ $G: hub }}
"""


def test_clients_use_the_jetstream_of_a_hub_without_naming_it(
    nats_server: Callable[..., NatsServer], tmp_path: Path
) -> None:
    port = free_port()
    nats_server(config=_HUB.format(port=port, folder=tmp_path / "hub"))

    async def scenario(url: str) -> None:
        client = await nats.connect(url)
        try:
            context = client.jetstream()
            assert (await context.account_info()).domain == "hub"
            bucket = await context.create_key_value(bucket="B", history=2)
            assert await bucket.put("key", b"value") == 1
            assert (await bucket.get("key")).value == b"value"
            store = await context.create_object_store("O")
            await store.put("name", b"data")
            assert (await store.get("name")).data == b"data"
            consumer = await context.pull_subscribe("$KV.B.>", stream="KV_B")
            (message,) = await consumer.fetch(1)
            await message.ack_sync()
        finally:
            await client.close()

    with Server(_EDGE.format(port=port), in_process=True) as edge:
        wait_served(int(edge.client_url.rpartition(":")[2]), b"$JS.hub.API.INFO")
        asyncio.run(scenario(edge.client_url))

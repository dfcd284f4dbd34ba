"""Keys that expire, through the official client."""

import asyncio

import nats
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig

import headwater


def test_a_key_expires_and_its_watcher_is_told(tmp_path) -> None:
    with headwater.Server(store_dir=tmp_path, jetstream=True, port=0, in_process=True) as server:
        asyncio.run(_expire(server.client_url))


async def _expire(url: str) -> None:
    client = await nats.connect(url)
    try:
        await _watch_keys(client.jetstream())
    finally:
        await client.close()


async def _watch_keys(context: JetStreamContext) -> None:
    bucket = await context.create_key_value(KeyValueConfig(bucket="b", limit_marker_ttl=60))
    watcher = await bucket.watchall()
    assert await watcher.updates(timeout=5) is None
    await bucket.create("short", b"1", msg_ttl=1)
    await bucket.put("long", b"2")
    await bucket.purge("long", msg_ttl=1)
    seen = [await watcher.updates(timeout=5) for _ in range(3)]
    assert [(entry.key, entry.value) for entry in seen][:2] == [("short", b"1"), ("long", b"2")]
    marker = await watcher.updates(timeout=10)
    assert (marker.key, marker.value, marker.revision) == ("short", b"", 4)
    assert await bucket.update("short", b"again", last=4) == 5

"""Object stores through the official client of Python; what it sends is all that they are."""

import base64
import hashlib
import json

import pytest
from nats.js.api import ObjectMeta, ObjectMetaOptions, ObjectStoreConfig, StorageType
from nats.js.errors import APIError, ObjectNotFoundError

CHUNK_BYTES = 128 * 1024
SHAPE = {
    "subjects": ["$O.SHAPE.C.>", "$O.SHAPE.M.>"],
    "discard": "new",
    "allow_rollup_hdrs": True,
    "allow_direct": True,
    "max_age": 60 * 10**9,
    "max_bytes": 1_000_000,
    "storage": "memory",
    "description": "all of it",
}


def pattern(size):
    return bytes(range(251)) * (size // 251) + bytes(size % 251)


async def state(client, store):
    answer = await client.request(f"$JS.API.STREAM.INFO.OBJ_{store}")
    return json.loads(answer.data)["state"]


def test_the_stream_of_a_store(run):
    async def work(client):
        config = ObjectStoreConfig(
            description="all of it", ttl=60, max_bytes=1_000_000, storage=StorageType.MEMORY
        )
        store = await client.jetstream().create_object_store("SHAPE", config)
        answer = await client.request("$JS.API.STREAM.INFO.OBJ_SHAPE")
        stored = json.loads(answer.data)["config"]
        assert {name: stored.get(name) for name in SHAPE} == SHAPE
        assert (await store.status()).ttl == 60

    run(work)


@pytest.mark.parametrize("storage", [StorageType.FILE, StorageType.MEMORY])
def test_objects_are_chunks_and_their_information(run, storage):
    async def work(client):
        name = f"CHUNKS_{storage.value}"
        config = ObjectStoreConfig(storage=storage)
        store = await client.jetstream().create_object_store(name, config)
        data = pattern(8 * 1024 * 1024 + 1)
        info = await store.put("large", data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
        assert (info.size, info.chunks, info.digest) == (len(data), 65, f"SHA-256={digest}")
        assert (await state(client, name))["messages"] == 66
        assert (await store.get("large")).data == data
        options = ObjectMetaOptions(max_chunk_size=1000)
        meta = ObjectMeta(name="small pieces", options=options)
        info = await store.put(meta.name, pattern(10_500), meta=meta)
        assert info.chunks == 11
        assert (await store.get("small pieces")).data == pattern(10_500)

    run(work)


def test_information_replaces_that_before(run):
    async def work(client):
        store = await client.jetstream().create_object_store("INFO")
        await store.put("a", b"data")
        await store.update_meta("a", ObjectMeta(name="a", description="first"))
        meta = ObjectMeta(name="a", description="second", headers={"x": "y"})
        await store.update_meta("a", meta)
        info = await store.get_info("a")
        assert (info.description, info.headers) == ("second", {"x": "y"})
        found = await state(client, "INFO")
        assert (found["messages"], found["last_seq"]) == (2, 4)

    run(work)


def test_replacing_and_deleting_take_chunks_away(run):
    async def work(client):
        store = await client.jetstream().create_object_store("REPLACE")
        await store.put("a", pattern(5 * CHUNK_BYTES))
        await store.put("b", pattern(2 * CHUNK_BYTES))
        await store.put("a", pattern(CHUNK_BYTES))
        assert (await state(client, "REPLACE"))["messages"] == 5
        await store.delete("b")
        after = await state(client, "REPLACE")
        assert after["messages"] == 3
        assert after["bytes"] < 1.1 * CHUNK_BYTES
        with pytest.raises(ObjectNotFoundError):
            await store.get("b")
        assert (await store.get_info("b", show_deleted=True)).deleted
        assert [info.name for info in await store.list(ignore_deletes=True)] == ["a"]

    run(work)


def test_watching_a_store(run):
    async def work(client):
        store = await client.jetstream().create_object_store("WATCH")
        watcher = await store.watch()
        assert await watcher.updates(timeout=10) is None
        await store.put("a", b"1")
        await store.put("b", pattern(2 * CHUNK_BYTES))
        await store.delete("a")
        seen = [await watcher.updates(timeout=10) for _ in range(3)]
        told = [(info.name, bool(info.deleted)) for info in seen]
        assert told == [("a", False), ("b", False), ("a", True)]
        kept = await store.watch(ignore_deletes=True)
        assert (await kept.updates(timeout=10)).name == "b"
        later = await store.watch(updates_only=True)
        await store.put("c", b"2")
        assert (await later.updates(timeout=10)).name == "c"

    run(work)


def test_a_sealed_store_is_only_read(run):
    async def work(client):
        store = await client.jetstream().create_object_store("SEAL")
        await store.put("a", b"data")
        await store.seal()
        assert (await store.status()).sealed
        answer = await client.request("$O.SEAL.C.x", b"")
        assert json.loads(answer.data)["error"]["err_code"] == 10109
        with pytest.raises(APIError):
            await store.delete("a")
        assert (await store.get("a")).data == b"data"

    run(work)


def test_links(run):
    async def work(client):
        context = client.jetstream()
        one = await context.create_object_store("LINK_ONE")
        await one.put("a", b"data")
        two = await context.create_object_store("LINK_TWO")
        # This client follows links, and makes none.
        link = {"bucket": "LINK_ONE", "name": "a"}
        body = {"name": "l", "bucket": "LINK_TWO", "nuid": "x", "size": 0, "chunks": 0}
        body |= {"mtime": "2026-01-01T00:00:00Z", "options": {"link": link}}
        subject = "$O.LINK_TWO.M." + base64.urlsafe_b64encode(b"l").decode()
        await context.publish(subject, json.dumps(body).encode())
        info = await two.get_info("l")
        assert info.is_link()
        assert (await two.get("l")).data == b"data"

    run(work)

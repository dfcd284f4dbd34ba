"""Key-value buckets through the official client of Python; what it sends is all that they are."""

import asyncio
import base64
import json

import pytest
from nats.js.api import KeyValueConfig, RePublish, StorageType
from nats.js.errors import (
    BadRequestError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NoKeysError,
    ServerError,
)

SHAPE = {
    "subjects": ["$KV.SHAPE.>"],
    "max_msgs_per_subject": 64,
    "discard": "new",
    "allow_rollup_hdrs": True,
    "deny_delete": True,
    "allow_direct": True,
    "duplicate_window": 60 * 10**9,
    "max_age": 60 * 10**9,
    "max_bytes": 1_000_000,
    "max_msg_size": 100,
    "storage": "memory",
    "allow_msg_ttl": True,
    "subject_delete_marker_ttl": 30 * 10**9,
    "description": "all of it",
}


async def heard(watcher, count):
    return [await watcher.updates(timeout=10) for _ in range(count)]


def shown(entries):
    return [entry and (entry.key, entry.value, entry.operation, entry.delta) for entry in entries]


def test_the_stream_of_a_bucket(run):
    async def work(client):
        context = client.jetstream()
        config = KeyValueConfig(
            bucket="SHAPE",
            description="all of it",
            max_value_size=100,
            history=64,
            ttl=60,
            max_bytes=1_000_000,
            storage=StorageType.MEMORY,
            direct=True,
            limit_marker_ttl=30,
            republish=RePublish(src="$KV.SHAPE.>", dest="shape.>"),
        )
        bucket = await context.create_key_value(config)
        answer = await client.request("$JS.API.STREAM.INFO.KV_SHAPE")
        stored = json.loads(answer.data)["config"]
        assert {name: stored.get(name) for name in SHAPE} == SHAPE
        status = await bucket.status()
        assert (status.history, status.ttl, status.marker_ttl) == (64, 60, 30)
        with pytest.raises(ServerError):
            await context.create_key_value(bucket="FAR", replicas=3)

    run(work)


def test_keys_have_dots_and_signs(run):
    async def work(client):
        bucket = await client.jetstream().create_key_value(bucket="SIGNS", history=2)
        keys = ["a", "a.b", "a.b.c", "x-y_z", "p/q=r", "A.1-/_=.z"]
        assert [await bucket.put(key, key.encode()) for key in keys] == [1, 2, 3, 4, 5, 6]
        assert [(await bucket.get(key)).value.decode() for key in keys] == keys
        assert (await bucket.get("a.b")).revision == 2
        assert await bucket.put("a", b"") == 7
        assert (await bucket.get("a")).value in (b"", None)

    run(work)


def test_writers_that_compare(run):
    async def work(client):
        bucket = await client.jetstream().create_key_value(bucket="CAS", history=5)
        await bucket.create("a", b"0")
        for last in range(1, 20):
            both = [bucket.update("a", b"%d" % writer, last=last) for writer in range(2)]
            won, lost = sorted(
                await asyncio.gather(*both, return_exceptions=True),
                key=lambda result: isinstance(result, Exception),
            )
            assert won == last + 1
            assert isinstance(lost, KeyWrongLastSequenceError)
        with pytest.raises(KeyWrongLastSequenceError):
            await bucket.create("a", b"")
        for take_away in (bucket.delete, bucket.purge):
            await take_away("a")
            await bucket.create("a", b"again")
        with pytest.raises(BadRequestError) as raised:
            await bucket.delete("a", last=3)
        assert raised.value.err_code == 10071

    run(work)


def test_deletes_and_purges_are_messages(run):
    async def work(client):
        context = client.jetstream()
        bucket = await context.create_key_value(bucket="MARKS", history=5)
        for value in (b"1", b"2"):
            await bucket.put("a", value)
        await bucket.delete("a")
        marker = await context.get_last_msg("KV_MARKS", "$KV.MARKS.a")
        assert (marker.headers, marker.data) == ({"KV-Operation": "DEL"}, None)
        assert (await bucket.status()).values == 3
        await bucket.purge("a")
        marker = await context.get_last_msg("KV_MARKS", "$KV.MARKS.a")
        assert marker.headers == {"KV-Operation": "PURGE", "Nats-Rollup": "sub"}
        assert (await bucket.status()).values == 1
        await bucket.purge_deletes(olderthan=-1)
        assert (await bucket.status()).values == 0

    run(work)


@pytest.mark.parametrize("direct", [True, False])
def test_reading(run, direct):
    async def work(client):
        name = f"READ_{direct}"
        bucket = await client.jetstream().create_key_value(bucket=name, history=3, direct=direct)
        for number in range(5):
            await bucket.put("a", b"%d" % number)
        await bucket.put("b", b"other")
        assert (await bucket.get("a")).value == b"4"
        assert (await bucket.get("a", revision=3)).value == b"2"
        for key, revision in (("a", 1), ("a", 6), ("a", 99), ("never", None)):
            with pytest.raises(KeyNotFoundError):
                await bucket.get(key, revision=revision)
        await bucket.delete("a")
        with pytest.raises(KeyNotFoundError):
            await bucket.get("a")

    run(work)


def test_history(run):
    async def work(client):
        bucket = await client.jetstream().create_key_value(bucket="HISTORY", history=64)
        with pytest.raises(NoKeysError):
            await bucket.history("a")
        for number in range(100):
            await bucket.put("a", b"%d" % number)
            await bucket.put("b", b"")
        entries = await bucket.history("a")
        assert [entry.value for entry in entries] == [b"%d" % number for number in range(36, 100)]
        assert [entry.delta for entry in entries] == list(range(63, -1, -1))

    run(work)


def test_watching(run):
    async def work(client):
        bucket = await client.jetstream().create_key_value(bucket="WATCH", history=3)
        watcher = await bucket.watchall()
        assert await heard(watcher, 1) == [None]
        for key, value in (("a", b"1"), ("b.x", b"2"), ("a", b"3")):
            await bucket.put(key, value)
        assert [entry.revision for entry in await heard(watcher, 3)] == [1, 2, 3]
        await bucket.delete("b.x")
        assert shown(await heard(watcher, 1)) == [("b.x", b"", "DEL", 0)]
        last = [("a", b"3", None, 1), ("b.x", b"", "DEL", 0), None]
        assert shown(await heard(await bucket.watchall(), 3)) == last
        kept = await bucket.watchall(ignore_deletes=True)
        assert shown(await heard(kept, 2)) == [last[0], None]
        everything = await bucket.watchall(include_history=True)
        assert [entry and entry.revision for entry in await heard(everything, 5)] == [
            1, 2, 3, 4, None,
        ]  # fmt: skip
        bare = await bucket.watch("a", meta_only=True)
        assert shown(await heard(bare, 2)) == [("a", b"", None, 0), None]
        part = await bucket.watch("b.*")
        assert shown(await heard(part, 2)) == [last[1], None]
        await bucket.put("a", b"not for it")
        await bucket.put("b.y", b"for it")
        assert shown(await heard(part, 1)) == [("b.y", b"for it", None, 0)]

    run(work)


def test_keys(run):
    async def work(client):
        context = client.jetstream()
        bucket = await context.create_key_value(bucket="KEYS")
        with pytest.raises(NoKeysError):
            await bucket.keys()
        for key in ("a", "b.x", "b.y", "c"):
            await bucket.put(key, b"long value")
        await bucket.delete("b.y")
        assert sorted(await bucket.keys()) == ["a", "b.x", "c"]
        # What other clients do with several filters.
        config = {
            "filter_subjects": ["$KV.KEYS.a", "$KV.KEYS.b.*"],
            "deliver_policy": "last_per_subject",
            "headers_only": True,
            "deliver_subject": "keys",
        }
        subscription = await client.subscribe("keys")
        body = {"stream_name": "KV_KEYS", "config": config}
        await client.request("$JS.API.CONSUMER.CREATE.KV_KEYS", json.dumps(body).encode())
        found = [await subscription.next_msg(timeout=10) for _ in range(3)]
        assert [message.subject for message in found] == [
            f"$KV.KEYS.{k}" for k in ("a", "b.x", "b.y")
        ]
        assert found[0].header["Nats-Msg-Size"] == "10"
        config["filter_subjects"] = ["$KV.KEYS.b.*", "$KV.KEYS.b.x"]
        answer = await client.request("$JS.API.CONSUMER.CREATE.KV_KEYS", json.dumps(body).encode())
        assert json.loads(answer.data)["error"]["err_code"] == 10138

    run(work)


def test_buckets_are_listed(run):
    async def work(client):
        context = client.jetstream()
        await context.add_stream(name="NO_BUCKET", subjects=["KV.>"])
        for name in ("LIST_A", "LIST_B"):
            await (await context.create_key_value(bucket=name)).put("a", b"12345")
        body = json.dumps({"subject": "$KV.*.>"}).encode()
        answer = await client.request("$JS.API.STREAM.NAMES", body)
        names = json.loads(answer.data)["streams"]
        assert {"KV_LIST_A", "KV_LIST_B"} <= set(names)
        assert all(name.startswith("KV_") for name in names)
        status = await (await context.key_value("LIST_A")).status()
        assert (status.bucket, status.values, status.history) == ("LIST_A", 1, 1)
        await context.delete_key_value("LIST_A")
        answer = await client.request("$JS.API.STREAM.NAMES", body)
        assert "KV_LIST_A" not in json.loads(answer.data)["streams"]

    run(work)


def test_keys_of_a_codec(run):
    """Codecs are the clients'; their keys have whatever signs keys may have."""

    async def work(client):
        bucket = await client.jetstream().create_key_value(bucket="CODEC")
        words = ["with space", "ß.>*", "\x00\x7f"]
        keys = [base64.b64encode(word.encode()).decode() for word in words]
        for key, word in zip(keys, words, strict=True):
            await bucket.put(key, word[::-1].encode())
        assert sorted(await bucket.keys()) == sorted(keys)
        assert [(await bucket.get(key)).value.decode()[::-1] for key in keys] == words

    run(work)

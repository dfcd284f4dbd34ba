"""What the official client builds on streams: key-value buckets and object stores."""

import asyncio
from collections.abc import Awaitable, Callable

import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError

from headwater.jetstream.account_streams import account_of, folder_name
from tests.jetstream.duel import Duel

pytestmark = pytest.mark.hub  # both servers of the session are started


def _with_client(duel: Duel, work: Callable[[JetStreamContext], Awaitable[None]]) -> None:
    async def main() -> None:
        client = await nats.connect(duel.ours.client_url)
        try:
            await work(client.jetstream())
        finally:
            await client.close()

    asyncio.run(main())


def test_key_value(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        bucket = await js.create_key_value(bucket="B", history=5)
        assert await bucket.create("a", b"1") == 1
        with pytest.raises(KeyWrongLastSequenceError):
            await bucket.create("a", b"2")
        assert await bucket.put("a", b"2") == 2
        assert await bucket.update("a", b"3", last=2) == 3
        with pytest.raises(KeyWrongLastSequenceError):
            await bucket.update("a", b"4", last=2)
        await bucket.put("b.c", b"x")
        assert (await bucket.get("a")).value == b"3"
        assert (await bucket.get("a", revision=1)).value == b"1"
        assert sorted(await bucket.keys()) == ["a", "b.c"]
        assert [entry.value for entry in await bucket.history("a")] == [b"1", b"2", b"3"]
        await bucket.delete("a")
        with pytest.raises(KeyNotFoundError):
            await bucket.get("a")
        assert await bucket.create("a", b"again") == 6
        await bucket.purge("a")
        assert len(await bucket.history("a")) == 1
        with pytest.raises(KeyNotFoundError):
            await bucket.get("never")
        assert (await bucket.status()).values == 2
        await js.delete_key_value("B")

    _with_client(duel, work)


def test_watching_a_bucket(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        bucket = await js.create_key_value(bucket="W", history=3)
        await bucket.put("a", b"1")
        await bucket.put("a", b"2")
        await bucket.put("b", b"3")
        watcher = await bucket.watch("a")
        entry = await watcher.updates(timeout=5)
        assert (entry.key, entry.value) == ("a", b"2")
        assert await watcher.updates(timeout=5) is None
        await bucket.put("b", b"4")
        await bucket.put("a", b"5")
        assert (await watcher.updates(timeout=5)).value == b"5"
        await bucket.delete("a")
        assert (await watcher.updates(timeout=5)).operation == "DEL"
        await watcher.stop()
        everything = await bucket.watchall(include_history=True)
        found = [await everything.updates(timeout=5) for _ in range(5)]
        assert [entry.value for entry in found] == [b"2", b"3", b"4", b"5", b""]
        await everything.stop()
        await js.delete_key_value("W")

    _with_client(duel, work)


def test_entries_of_a_bucket_get_too_old(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        bucket = await js.create_key_value(KeyValueConfig(bucket="T", ttl=0.2))
        await bucket.put("a", b"1")
        watcher = await bucket.watch("a")
        assert (await watcher.updates(timeout=5)).value == b"1"
        await watcher.stop()
        deadline = asyncio.get_running_loop().time() + 5
        while (await bucket.status()).values:
            assert asyncio.get_running_loop().time() < deadline
        with pytest.raises(KeyNotFoundError):
            await bucket.get("a")
        await js.delete_key_value("T")

    _with_client(duel, work)


def test_objects(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        store = await js.create_object_store(bucket="O")
        data = bytes(range(256)) * 2000
        info = await store.put("name", data)
        assert (info.size, info.chunks) == (len(data), 4)
        assert (await store.get("name")).data == data
        await store.put("name", b"short")
        assert (await store.get("name")).data == b"short"
        assert [entry.name for entry in await store.list()] == ["name"]
        status = await store.status()
        assert status.size < 2000  # the chunks of the first form are gone
        await store.delete("name")
        with pytest.raises(nats.js.errors.ObjectNotFoundError):
            await store.get("name")
        await js.delete_object_store("O")

    _with_client(duel, work)


def test_pull_subscription(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        await js.add_stream(name="S", subjects=["s.>"])
        for number in range(30):
            await js.publish("s.a", b"%d" % number)
        subscription = await js.pull_subscribe("s.>", durable="D")
        found = [message for _ in range(3) for message in await subscription.fetch(10, timeout=5)]
        assert [message.data for message in found] == [b"%d" % number for number in range(30)]
        assert [message.metadata.num_pending for message in found] == list(range(29, -1, -1))
        for message in found:
            await message.ack_sync()
        with pytest.raises(nats.errors.TimeoutError):
            await subscription.fetch(1, timeout=0.1)
        assert (await subscription.consumer_info()).num_ack_pending == 0
        await js.delete_stream("S")

    _with_client(duel, work)


def test_ordered_subscription(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        await js.add_stream(name="S", subjects=["s.>"])
        for number in range(50):
            await js.publish("s.a", b"%d" % number)
        subscription = await js.subscribe("s.>", ordered_consumer=True)
        found = [(await subscription.next_msg(timeout=5)).data for _ in range(50)]
        assert found == [b"%d" % number for number in range(50)]
        await js.publish("s.a", b"last")
        assert (await subscription.next_msg(timeout=5)).data == b"last"
        await subscription.unsubscribe()
        await js.delete_stream("S")

    _with_client(duel, work)


def test_queue_subscriptions_share(duel: Duel) -> None:
    async def work(js: JetStreamContext) -> None:
        await js.add_stream(name="S", subjects=["s.>"])
        members = [await js.subscribe("s.>", queue="workers", durable="workers") for _ in range(2)]
        for number in range(40):
            await js.publish("s.a", b"%d" % number)
        counts = [0, 0]
        while sum(counts) < 40:
            for place, member in enumerate(members):
                while member.pending_msgs:
                    await (await member.next_msg(timeout=5)).ack()
                    counts[place] += 1
            await asyncio.sleep(0)
        assert min(counts) > 3
        await js.delete_stream("S")

    _with_client(duel, work)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_folder_of_an_account_tells_its_name(name: str) -> None:
    folder = folder_name(name)
    assert account_of(folder) == name
    assert "/" not in folder

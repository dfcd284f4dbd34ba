"""Services through the official client of Python: plain subscriptions, requests and headers."""

import asyncio
import json

import nats
import pytest
from nats.errors import NoRespondersError
from nats.micro import add_service
from nats.micro.request import ServiceError


async def answers(client, subject, count):
    """Ask everybody; return what the first so many say."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    await client.publish(subject, reply=inbox)
    found = [json.loads((await subscription.next_msg(timeout=10)).data) for _ in range(count)]
    await subscription.unsubscribe()
    return found


async def echo(request):
    await request.respond(request.data, headers=request.headers)


def test_discovery(run):
    async def work(client):
        kinds = {"PING": "ping", "INFO": "info", "STATS": "stats"}
        services = [
            await add_service(client, name=name, version="1.0.0", metadata={"a": "b"})
            for name in ("one", "two", "two")
        ]
        await services[0].add_endpoint(name="echo", handler=echo)
        for verb, kind in kinds.items():
            for subject, names in (
                (f"$SRV.{verb}", ["one", "two", "two"]),
                (f"$SRV.{verb}.two", ["two", "two"]),
                (f"$SRV.{verb}.one.{services[0].id}", ["one"]),
            ):
                found = await answers(client, subject, len(names))
                assert sorted(one["name"] for one in found) == names
                assert {one["type"] for one in found} == {f"io.nats.micro.v1.{kind}_response"}
        with pytest.raises(NoRespondersError):
            await client.request("$SRV.PING.nobody")
        for number in range(3):
            await client.request("echo", b"%d" % number)
        (stats,) = await answers(client, "$SRV.STATS.one", 1)
        assert [(one["name"], one["num_requests"]) for one in stats["endpoints"]] == [("echo", 3)]
        for service in services:
            await service.stop()
        with pytest.raises(NoRespondersError):
            await client.request("$SRV.PING")

    run(work)


def test_members_share_the_requests(run, client_url):
    async def work(client):
        counts = [0, 0, 0]
        clients = [await nats.connect(client_url) for _ in counts]
        for place, member in enumerate(clients):

            async def count(request, place=place):
                counts[place] += 1
                await request.respond(b"")

            service = await add_service(member, name="shared", version="1.0.0")
            await service.add_endpoint(name="count", subject="shared.count", handler=count)
            await service.add_endpoint(
                name="each", subject="each", queue_group=f"q{place}", handler=count
            )
            await member.flush()
        await asyncio.gather(*[client.request("shared.count", b"") for _ in range(600)])
        assert sum(counts) == 600
        assert min(counts) > 120
        await answers_of_each(client, len(counts))
        assert sum(counts) == 603
        for member in clients:
            await member.close()

    async def answers_of_each(client, count):
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        await client.publish("each", reply=inbox)
        for _ in range(count):
            await subscription.next_msg(timeout=10)

    run(work)


def test_errors_are_headers(run):
    async def work(client):
        async def refuse(request):
            await request.respond_error("422", "not that", data=b"the data")

        async def fail(request):
            raise ServiceError("409", "failed")

        service = await add_service(client, name="errors", version="1.0.0")
        await service.add_endpoint(name="refuse", handler=refuse)
        await service.add_endpoint(name="fail", handler=fail)
        await service.add_endpoint(name="pass", handler=echo)
        for name, code, text in (("refuse", "422", "not that"), ("fail", "409", "failed")):
            answer = await client.request(name, b"")
            assert answer.headers["Nats-Service-Error-Code"] == code
            assert answer.headers["Nats-Service-Error"] == text
        answer = await client.request("pass", b"", headers={"x-Trace": "a b"})
        assert answer.headers["x-Trace"] == "a b"
        await service.stop()

    run(work)


def test_requests_share_one_inbox(run):
    async def work(client):
        with pytest.raises(NoRespondersError):
            await client.request("nobody.there", b"")

        async def answer(message):
            await message.respond(message.data)

        await client.subscribe("echo.*", cb=answer)
        asked = [client.request(f"echo.{number}", b"%d" % number) for number in range(500)]
        asked += [client.request("nobody.there", b"") for _ in range(20)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert [message.data for message in found[:500]] == [b"%d" % n for n in range(500)]
        assert all(isinstance(one, NoRespondersError) for one in found[500:])

    run(work)

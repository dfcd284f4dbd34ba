"""A node with a domain: its JetStream is reached by that name as well."""

import asyncio

import nats
import pytest

from headwater import Server

CONFIG = """
port: -1
jetstream { domain: edge, store_dir: "%s" }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(CONFIG % tmp_path_factory.mktemp("store"), in_process=True) as server:
        yield server


def run(server, work):
    async def connected():
        client = await nats.connect(server.client_url)
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(connected())


def test_the_api_answers_under_the_domain(server):
    async def work(client):
        js = client.jetstream(domain="edge")
        await js.add_stream(name="D", subjects=["d"])
        ack = await js.publish("d", b"1")
        return ack, await js.account_info()

    ack, account = run(server, work)
    assert (ack.stream, ack.seq, ack.domain) == ("D", 1, "edge")
    assert account.domain == "edge"


def test_nobody_answers_under_another_domain(server):
    async def work(client):
        with pytest.raises(nats.js.errors.ServiceUnavailableError):
            await client.jetstream(domain="other").account_info()

    run(server, work)


@pytest.mark.parametrize("prefix", ["$KV.", "$OBJ."])
def test_stores_of_the_domain_are_written_through_its_name(server, prefix):
    async def work(client):
        js = client.jetstream()
        name = prefix.strip("$.")
        await js.add_stream(name=name, subjects=[f"{prefix}x.>"])
        ack = await js.publish(f"$JS.edge.API.{prefix}x.key", b"1")
        return (await js.get_msg(name, ack.seq)).subject

    assert run(server, work) == f"{prefix}x.key"

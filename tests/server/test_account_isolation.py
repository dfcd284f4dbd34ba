"""Nothing of one account is seen in another one that it shares nothing with, or not that."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats
import pytest
from nats.js.errors import NotFoundError, ServiceUnavailableError

import headwater

_CONFIG = """

jetstream { store_dir: STORE }
accounts {
  A {
    jetstream: enabled
    users: [ { user: a, password: p } ]
    exports: [ { stream: "shared.>" }, { service: "svc" }, { service: "$JS.API.>" }
             ]
  }
  B {
    jetstream: enabled
    users: [ { user: b, password: p } ]
    imports: [ { stream: { account: A, subject: "shared.>" } }
               { service: { account: A, subject: svc } } ]
  }
  C { users: [ { user: c, password: p } ]
      imports: [ { service: { account: A, subject: "$JS.API.>" } } ] }
  D { jetstream: enabled, users: [ { user: d, password: p } ] }
}
"""
_SECRET = b"secret of A"

Play = Callable[[headwater.Server], Awaitable[None]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Play], None]:
    """A function that plays with a server of its own."""

    def run_on_server(play: Play) -> None:
        with headwater.Server(_CONFIG.replace("STORE", json.dumps(str(tmp_path)))) as server:
            asyncio.run(_played(play, server))

    return run_on_server


async def _played(play: Play, server: headwater.Server) -> None:
    await asyncio.wait_for(play(server), 30)


async def _client(server: headwater.Server, user: str) -> nats.NATS:
    return await nats.connect(
        server.client_url, user=user, password="p", inbox_prefix=f"_INBOX.{user}"
    )


async def _heard_by(client: nats.NATS, heard: list[tuple[str, bytes]], *, queue: str = "") -> None:
    async def hear(message: nats.aio.msg.Msg) -> None:
        heard.append((message.subject, message.data))

    await client.subscribe(">", queue=queue, cb=hear)
    await client.subscribe("$JS.EVENT.>", cb=hear)
    await client.subscribe("$SYS.>", cb=hear)
    await client.subscribe("_INBOX.>", cb=hear)
    await client.subscribe("_R_.>", cb=hear)
    await client.flush()


@pytest.mark.parametrize("queue", ["", "group"])
def test_nobody_hears_what_happens_elsewhere(run: Callable[[Play], None], queue: str) -> None:
    async def play(server: headwater.Server) -> None:
        a, b, d = [await _client(server, user) for user in "abd"]
        heard_b: list[tuple[str, bytes]] = []
        heard_d: list[tuple[str, bytes]] = []
        await _heard_by(b, heard_b, queue=queue)
        await _heard_by(d, heard_d, queue=queue)
        other = await _client(server, "a")

        async def serve(message: nats.aio.msg.Msg) -> None:
            await message.respond(_SECRET)

        await other.subscribe("svc", cb=serve)
        await other.subscribe("work", queue="group", cb=serve)
        await other.flush()
        assert (await a.request("svc", _SECRET)).data == _SECRET
        assert (await a.request("work", _SECRET)).data == _SECRET
        js = a.jetstream()
        await js.add_stream(name="S", subjects=["s.>"])
        await js.publish("s.1", _SECRET)
        subscription = await js.subscribe("s.>", durable="durable")
        await (await subscription.next_msg(5)).ack()
        bucket = await js.create_key_value(bucket="K")
        await bucket.put("key", _SECRET)
        await a.publish("shared.for.b", b"for b")
        await a.publish("$SYS.ACCOUNT.A.made.up", _SECRET)
        await a.flush()
        for client in (b, d):
            await client.flush()
        assert ("shared.for.b", b"for b") in heard_b
        assert not [one for one in heard_b if one[1] != b"for b"]
        assert heard_d == []
        for client in (a, b, d, other):
            await client.close()

    run(play)


def test_only_who_asks_hears_the_answer_of_a_service(run: Callable[[Play], None]) -> None:
    async def play(server: headwater.Server) -> None:
        a, b, d = [await _client(server, user) for user in "abd"]
        heard: list[tuple[str, bytes]] = []
        await _heard_by(d, heard)

        async def serve(message: nats.aio.msg.Msg) -> None:
            assert message.reply.startswith("_R_.")
            assert json.loads(message.headers["Nats-Request-Info"]).keys() == {"acc", "rtt"}
            await message.respond(_SECRET)

        await a.subscribe("svc", cb=serve)
        await a.flush()
        assert (await b.request("svc", b"", timeout=5)).data == _SECRET
        await d.flush()
        assert heard == []
        for client in (a, b, d):
            await client.close()

    run(play)


def test_streams_belong_to_their_accounts(run: Callable[[Play], None]) -> None:
    async def play(server: headwater.Server) -> None:
        a, b, c = [await _client(server, user) for user in "abc"]
        await a.jetstream().add_stream(name="S", subjects=["s.>"])
        await a.jetstream().publish("s.1", _SECRET)
        with pytest.raises(NotFoundError):
            await b.jetstream().stream_info("S")
        await b.publish("s.1", b"not for A")
        await b.flush()
        assert (await a.jetstream().stream_info("S")).state.messages == 1
        await b.jetstream().add_stream(name="S", subjects=["s.>"])
        assert (await b.jetstream().stream_info("S")).state.messages == 0
        # By an import of its API it is there, and gives what it is asked for.
        found = await c.jetstream().stream_info("S")
        assert found.state.messages == 1
        assert (await c.jetstream().get_msg("S", 1)).data == _SECRET
        for client in (a, b, c):
            await client.close()

    run(play)


def test_an_account_without_streams_has_none_of_others(run: Callable[[Play], None]) -> None:
    async def play(server: headwater.Server) -> None:
        d = await _client(server, "d")
        a = await _client(server, "a")
        await a.jetstream().add_stream(name="S", subjects=["s.>"])
        assert await d.jetstream().streams_info() == []
        with pytest.raises((NotFoundError, ServiceUnavailableError)):
            await d.jetstream().get_msg("S", 1)
        await a.close()
        await d.close()

    run(play)


def test_monitoring_of_an_account_is_of_that_account(run: Callable[[Play], None]) -> None:
    async def play(server: headwater.Server) -> None:
        a, d = [await _client(server, user) for user in "ad"]
        await a.subscribe("secret.subject")
        await a.flush()
        for subject in ("$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.SERVER.PING.CONNZ"):
            for body in (b"", b'{"acc":"A","auth":true,"subscriptions":true}'):
                answer = await d.request(subject, body, timeout=5)
                assert b"secret.subject" not in answer.data
                found = json.loads(answer.data)
                for connection in found.get("data", {}).get("connections", []):
                    assert connection.get("account", "D") == "D"
        await a.close()
        await d.close()

    run(play)

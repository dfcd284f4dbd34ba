"""The streams of one account, used by another one that imports their API: beside nats-server."""

import asyncio
from pathlib import Path

import nats
import pytest

from tests.server.duel import Duel

pytestmark = pytest.mark.hub

_CONFIG = """
jetstream { store_dir: %s }
accounts {
  A {
    jetstream: enabled
    users: [ { user: a, password: p } ]
    exports: [
      { service: "$JS.API.>", response: stream }, { service: "$JS.ACK.>" }
      { service: "s.>" }, { stream: "deliver.>" }
    ]
  }
  C {
    users: [ { user: c, password: p } ]
    imports: [
      { service: { account: A, subject: "$JS.API.>" } }
      { service: { account: A, subject: "$JS.ACK.>" } }
      { service: { account: A, subject: "s.>" } }
      { stream: { account: A, subject: "deliver.>" } }
    ]
  }
}
"""


async def _play(port: int) -> list[object]:
    url = f"nats://127.0.0.1:{port}"
    a = await nats.connect(url, user="a", password="p")
    c = await nats.connect(url, user="c", password="p")
    told: list[object] = []
    js = c.jetstream()
    await js.add_stream(name="S", subjects=["s.>"])
    told += [(await js.publish(f"s.{number}", b"m%d" % number)).seq for number in range(3)]
    pull = await js.pull_subscribe("s.>", durable="pull")
    messages = await pull.fetch(2, timeout=5)
    messages += await pull.fetch(1, timeout=5)
    told += [(message.subject, message.data) for message in messages]
    for message in messages:
        await message.ack_sync(5)
    told.append((await js.consumer_info("S", "pull")).num_ack_pending)
    try:
        await pull.fetch(1, timeout=0.3)
    except nats.errors.TimeoutError:
        told.append("no more")
    heard: asyncio.Queue[nats.aio.msg.Msg] = asyncio.Queue()
    await c.subscribe("deliver.c", cb=heard.put)
    await c.flush()
    await js.add_consumer("S", durable_name="push", deliver_subject="deliver.c", ack_policy="none")
    for _ in range(3):
        message = await asyncio.wait_for(heard.get(), 5)
        told.append((message.subject, message.data))
    told.append((await a.jetstream().stream_info("S")).state.messages)
    await a.close()
    await c.close()
    return told


def test_a_stream_of_another_account(nats_server_path: Path, tmp_path: Path) -> None:
    found = []
    for name in ("ours", "theirs"):
        config = _CONFIG % f'"{tmp_path / name}"'
        with Duel(nats_server_path, tmp_path / f"duel-{name}", config) as duel:
            ours, theirs = duel.ports()
            if name == "ours":
                found.append(asyncio.run(asyncio.wait_for(_play(ours), 40)))
            else:
                found.append(asyncio.run(asyncio.wait_for(_play(theirs), 40)))
    assert found[0] == found[1]
    assert len(found[0]) == 12

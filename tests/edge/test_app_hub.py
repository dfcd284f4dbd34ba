"""An application, its node and a hub, all as real as can be: exactly once whatever is killed."""

import asyncio
import threading
from collections import Counter

import nats
import pytest
from nats.js import api

from headwater.edge import EdgeApp, Uplink
from headwater.edge.node import free_port
from tests.edge.counting import WINDOW_S, counting, ids_in, wanted
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

HUB = """\
jetstream { domain: hub }
leafnodes { listen: "127.0.0.1:%d", authorization { user: edge, password: s3cret } }
"""


def source_at_hub(url: str) -> None:
    """Make the hub's stream that sources the node's."""

    async def make() -> None:
        client = await nats.connect(url)
        external = api.ExternalStream(api="$JS.line-3.API")
        source = api.StreamSource(name="EDGE", external=external)
        await client.jetstream().add_stream(api.StreamConfig(name="EVENTS", sources=[source]))
        await client.close()

    asyncio.run(make())


@pytest.mark.slow
@pytest.mark.parametrize("theirs", [False, True], ids=["our-node", "nats-server-as-node"])
def test_every_event_is_at_the_hub_exactly_once(theirs, nats_server, nats_server_path, tmp_path):
    leaf_port = free_port()
    hub = nats_server(config=HUB % leaf_port, jetstream=True)
    app = EdgeApp(
        "line-3",
        tmp_path / "edge",
        uplink=Uplink(f"nats-leaf://127.0.0.1:{leaf_port}", "edge", "s3cret"),
        duplicate_window_s=WINDOW_S,
        command=f"{nats_server_path} -c {{config}}" if theirs else None,
    )
    reached = threading.Event()
    sourced = threading.Event()

    def wait_for_hub() -> None:
        reached.set()
        assert sourced.wait(60)

    def kill_once_sourced() -> None:
        wait_until(lambda: len(ids_in(hub.client_url, "EVENTS")) > 0, 60)
        app.node.kill()

    counting(
        app,
        60,
        batch=1,
        at={6: wait_for_hub, 12: kill_once_sourced, 15: app.node.kill},
    )
    with app:
        assert reached.wait(30)
        wait_until(lambda: "Leafnode connection created" in hub.log())
        source_at_hub(hub.client_url)
        sourced.set()
        assert app.join(60)
        wait_until(lambda: set(ids_in(hub.client_url, "EVENTS")) >= set(wanted(60)), 90)
        counts = Counter(ids_in(hub.client_url, "EVENTS"))
        assert set(counts) == set(wanted(60))
        assert set(counts.values()) == {1}

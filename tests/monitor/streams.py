"""JetStream with a stream or two in it, for the endpoints that tell of it."""

import json
from typing import Any

from headwater.broker.node import Node
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import HeldJobs, start
from tests.sim.simdisk import SimDisk


class World:
    """A node with JetStream on a simulated disk, and a client of it."""

    def __init__(self, disk: SimDisk | None = None) -> None:
        self.node: Node = new_node()
        self.node.listening = True
        self.jobs: HeldJobs = start(self.node, disk or SimDisk())
        self.client = Client(self.node)

    def ask(self, subject: str, **body: Any) -> None:
        """Send a request to the API, and do what it leads to."""
        data = json.dumps(body).encode()
        self.client.say(b"PUB $JS.API.%b inbox %d\r\n%b\r\n" % (subject.encode(), len(data), data))
        self.jobs.run()

    def stream(self, name: str, **config: Any) -> None:
        self.ask(f"STREAM.CREATE.{name}", name=name, subjects=[f"{name}.>"], **config)
        assert name in self.node.jetstream.accounts[0].streams

    def consumer(self, stream: str, name: str, **config: Any) -> None:
        config = {"durable_name": name, "ack_policy": "explicit", **config}
        self.ask(f"CONSUMER.CREATE.{stream}.{name}", stream_name=stream, config=config)

    def publish(self, subject: str, count: int = 1) -> None:
        self.client.say(b"PUB %b 2\r\nhi\r\n" % subject.encode() * count)
        self.jobs.run()

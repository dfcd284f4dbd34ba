"""Messages of one publisher arrive in their order, whoever else publishes and is cut off."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.broker.fakes import Client, new_node

_CHUNK_BYTES_MAX = 97


class Publisher:
    """Publishes numbered messages in pieces that end anywhere."""

    def __init__(self, node, number: int) -> None:
        self.client = Client(node)
        self.number = number
        self.count = 0
        self._left = b""

    def step(self, rng: random.Random) -> None:
        """Send another piece, of one message or of several."""
        while len(self._left) < _CHUNK_BYTES_MAX:
            payload = b"%d:%d" % (self.number, self.count)
            payload += b"." * rng.randrange(40)
            subject = rng.choice([b"a.x", b"a.y"])
            self._left += b"PUB %b %d\r\n%b\r\n" % (subject, len(payload), payload)
            self.count += 1
        size = rng.randrange(1, _CHUNK_BYTES_MAX)
        piece, self._left = self._left[:size], self._left[size:]
        self.client.say(piece)


class Subscriber:
    """Takes what it is sent, or for a while nothing; keeps the numbers of each publisher."""

    def __init__(self, node, queue: bytes) -> None:
        self.client = Client(node)
        self.client.say(b"SUB a.* %b 1\r\n" % queue)
        self.received = b""

    def switch(self) -> None:
        """Stop taking, or go on."""
        self.client.link.stuck = not self.client.link.stuck
        if not self.client.link.stuck:
            self.client.link.flush()
            self.client.session.drained()

    def numbers(self) -> dict[int, list[int]]:
        self.received += self.client.take()
        found: dict[int, list[int]] = {}
        lines = self.received.split(b"\r\n")
        for line, payload in itertools.pairwise(lines):
            if line.startswith(b"MSG "):
                publisher, _, number = payload.rstrip(b".").partition(b":")
                found.setdefault(int(publisher), []).append(int(number))
        return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    queues=st.lists(st.sampled_from([b"", b"g"]), min_size=1, max_size=4),
    steps=st.lists(st.sampled_from(["publish"] * 8 + ["switch", "leave"]), max_size=120),
)
def test_each_subscriber_sees_each_publisher_in_order(seed, queues, steps) -> None:
    rng = random.Random(seed)
    node = new_node(seed)
    publishers = [Publisher(node, number) for number in range(3)]
    subscribers = [Subscriber(node, queue) for queue in queues]
    for step in steps:
        if step == "publish":
            rng.choice(publishers).step(rng)
        elif step == "switch":
            rng.choice(subscribers).switch()
        else:
            # One publisher breaks off, perhaps within a message; another one comes.
            gone = rng.randrange(len(publishers))
            publishers[gone].client.leave()
            publishers[gone] = Publisher(node, publishers[gone].number + 10)
    for subscriber in subscribers:
        if subscriber.client.link.stuck:
            subscriber.switch()
    for subscriber, queue in zip(subscribers, queues, strict=True):
        for numbers in subscriber.numbers().values():
            assert numbers == sorted(set(numbers))
            if not queue:
                assert numbers == list(range(len(numbers)))

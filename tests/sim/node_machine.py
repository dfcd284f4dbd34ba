"""What machines have in common that play with a whole node: requests, kills, power cuts."""

import json
import random
from collections.abc import Callable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from headwater.base.clock import MILLISECOND
from tests.sim.choices import Between, move
from tests.sim.node_world import Bare, Heard, World, encoded, pub
from tests.sim.power import cuts
from tests.sim.simdisk import Killed, SimDisk

_MIXTURES = 4


def _looks(machine: "NodeMachine") -> bool:
    return machine.disk.kill_in is None


class NodeMachine(RuleBasedStateMachine):
    """A node on a simulated disk and its client; answers are taken when they come."""

    steps = 0  # of all machines of the process

    def start_with(self, block_bytes: int, encrypted: bool) -> None:
        """Start a node on an empty disk."""
        self.block_bytes = block_bytes
        self.encrypted = encrypted
        self.disk = SimDisk()
        self.elapsed_ns = 0
        self.lives = 0
        self.waiting: dict[bytes, Callable[[Heard], None]] = {}
        self._replies = 0
        self.begin_life()

    def begin_life(self) -> None:
        """Start a node on the disk as it is."""
        self.lives += 1
        self.waiting.clear()
        self.world = World(
            self.disk,
            self.elapsed_ns,
            block_bytes=self.block_bytes,
            bare=Bare(self.lives),
            encrypted=self.encrypted,
        )
        self.world.recover()
        self.world.start()

    # What a machine does

    def check_life(self) -> None:
        """Judge a node that has started on what was left."""
        raise NotImplementedError

    def look(self) -> None:
        """Judge a node that has come to rest."""
        raise NotImplementedError

    def delivered(self, message: Heard) -> None:
        """Take a message that is no answer."""
        raise NotImplementedError

    @invariant()
    def after_step(self) -> None:
        NodeMachine.steps += 1

    # Requests

    def request(
        self,
        subject: str,
        body: bytes,
        answered: Callable[[Heard], None],
        headers: bytes = b"",
    ) -> None:
        """Send a request; ``answered(message)`` follows if an answer comes."""
        self._replies += 1
        reply = b"r.%d" % self._replies
        self.waiting[reply] = answered
        self.carefully(
            lambda: self.take(self.world.say(pub(subject.encode(), reply, body, headers)))
        )

    def ask(self, verb: str, body: Any = None) -> Any:
        """Return the answer of the API, once everything has come to rest."""
        heard: list[Heard] = []
        data = b"" if body is None else encoded(body)
        self.request(f"$JS.API.{verb}", data, heard.append)
        self.settle()
        return json.loads(heard[0].payload)

    def ask_all(self, subject: str, body: bytes) -> list[Heard]:
        """Return all answers to a request, once everything has come to rest."""
        reply = b"r.all"
        messages = self.world.say(pub(subject.encode(), reply, body))
        self.world.settle()
        messages += self.world.take()
        self.take([message for message in messages if message.subject != reply])
        return [message for message in messages if message.subject == reply]

    def take(self, messages: list[Heard]) -> None:
        for message in messages:
            answered = self.waiting.pop(message.subject, None)
            if answered is not None:
                answered(message)
            else:
                self.delivered(message)

    def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        self.world.settle()
        self.take(self.world.take())

    # What happens

    def carefully(self, act: Callable[[], None]) -> None:
        """Do something that may be killed."""
        try:
            act()
        except Killed:
            self.start_again(self.disk.copy())

    def start_again(self, disk: SimDisk) -> None:
        """Start on a disk, and judge what is there."""
        self.disk = disk
        self.begin_life()
        self.settle()
        self.check_life()

    @move(choice=Between(0, 1 << 16), count=Between(1, 6))
    def work(self, choice: int, count: int) -> None:
        """Let threads do some of what they have to do."""
        rng = random.Random(choice)

        def some() -> None:
            for _ in range(count):
                self.world.step(rng)
                self.take(self.world.take())

        self.carefully(some)

    @move(milliseconds=Between(1, 400))
    def pass_time(self, milliseconds: int) -> None:
        self.elapsed_ns += milliseconds * MILLISECOND
        self.world.pass_time(milliseconds)

    @move(operations=Between(0, 9))
    def kill_soon(self, operations: int) -> None:
        self.disk.kill_in = operations

    @move()
    def kill(self) -> None:
        self.start_again(self.disk.copy())

    @move(choice=Between(0, 1 << 16))
    def lose_power(self, choice: int) -> None:
        rng = random.Random(choice)
        state = rng.choice(list(cuts(self.disk.medium, 0, rng, _MIXTURES)))
        self.start_again(state.disk())

    @move(_looks)
    def come_to_rest(self) -> None:
        self.settle()
        assert not self.waiting, self.waiting
        self.look()

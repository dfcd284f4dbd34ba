"""Services of other accounts: how long answers may take, and what is told of it."""

import json
import random
import re

import pytest

from headwater.base.clock import SECOND, ManualClock
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.config.load import from_text
from headwater.server.build import build_node, prepared
from tests.broker.fakes import Client

_CONFIG = """
accounts {
  A {
    users: [ { user: a, password: p } ]
    exports: [
      { service: "one.*", response_threshold: "10s" }
      { service: "many", response: stream, response_threshold: "10s" }
      { service: timed, latency: { subject: told, sampling: 100 } }
      { service: asked, latency: { subject: told, sampling: headers } }
    ]
  }
  B {
    users: [ { user: b, password: p } ]
    imports: [
      { service: { account: A, subject: "one.*" } }, { service: { account: A, subject: many } }
      { service: { account: A, subject: timed }, share: true }
      { service: { account: A, subject: asked } }
    ]
  }
}
"""
_REPLY = re.compile(rb"_R_\.[0-9A-Za-z.]+")


class _World:
    """A node with a client in each account."""

    def __init__(self, config: str = _CONFIG) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        log = Log(lambda *_: None)
        self.node = build_node(
            from_text(config, {}), self.clock, self.timers, random.Random(1), log
        )
        self.heard = b""  # by A, when it answered
        self.a = self._client("a")
        self.b = self._client("b")

    def _client(self, user: str) -> Client:
        fields = {"verbose": False, "headers": True, "user": user, "pass": "p"}
        return Client(self.node, b"CONNECT " + json.dumps(fields).encode() + b"\r\n")

    def ask(self, subject: bytes, reply: bytes = b"inbox.1") -> bytes:
        """Ask from B; return where A is to answer."""
        self.b.say(b"PUB %b %b 1\r\nx\r\n" % (subject, reply))
        found = _REPLY.search(self.a.take())
        return found[0] if found else b""

    def answer(self, reply: bytes) -> bytes:
        """Answer from A; return what B gets."""
        self.heard = self.a.say(b"PUB %b 1\r\ny\r\n" % reply)
        return self.b.take()

    def passes(self, seconds: float) -> None:
        self.clock.advance(int(seconds * SECOND))
        self.timers.run_due()

    def told(self) -> dict:
        """Return what is told of the latency."""
        found = re.search(rb"\{.*\}", self.heard + self.a.take())
        return json.loads(found[0]) if found else {}

    def waiting(self) -> int:
        """Return how many answers are waited for in A."""
        found = self.node.accounts.find(b"A").interest.interests()
        return len([one for one in found if one.subject.startswith(b"_R_.")])


@pytest.fixture
def world() -> _World:
    found = _World()
    found.a.say(b"SUB one.* 1\r\nSUB many 2\r\nSUB told 3\r\n")
    found.b.say(b"SUB inbox.* 1\r\n")
    return found


def test_one_answer_ends_it(world):
    reply = world.ask(b"one.1")
    assert world.answer(reply).endswith(b"MSG inbox.1 1 1\r\ny\r\n")
    assert world.answer(reply) == b""
    assert world.waiting() == 0


def test_an_answer_may_be_late(world):
    reply = world.ask(b"one.1")
    world.passes(9.9)
    other = world.ask(b"one.2")
    world.passes(0.2)
    assert world.answer(reply) == b""
    assert world.answer(other) == b"MSG inbox.1 1 1\r\ny\r\n"
    assert world.waiting() == 0


def test_several_answers_may_take_longer_together(world):
    reply = world.ask(b"many")
    for _ in range(3):
        world.passes(9)
        assert world.answer(reply).endswith(b"MSG inbox.1 1 1\r\ny\r\n")
    world.passes(11)
    assert world.answer(reply) == b""
    assert world.waiting() == 0


@pytest.mark.parametrize("leaves", [True, False])
def test_nothing_is_left_of_who_does_not_listen_any_more(world, leaves):
    world.ask(b"one.1")
    world.ask(b"many", b"inbox.2")
    assert world.waiting() == 2
    if leaves:
        world.b.leave()
    else:
        world.b.say(b"UNSUB 1\r\n")
    assert world.waiting() == 0


def test_who_listens_elsewhere_is_not_gone(world):
    world.ask(b"one.1")
    world.b.say(b"SUB inbox.1 2\r\nUNSUB 1\r\n")
    assert world.waiting() == 1


def test_the_time_of_an_answer_is_told(world):
    world.a.say(b"SUB timed 4\r\n")
    reply = world.ask(b"timed")
    world.passes(1)
    assert world.answer(reply)
    told = world.told()
    assert told["type"] == "io.nats.server.metric.v1.service_latency"
    assert told["status"] == 200
    assert told["requestor"]["user"] == "b"
    assert told["responder"]["user"] == "a"
    assert told["service"] == SECOND - told["responder"].get("rtt", 0)


def test_that_nobody_answers_is_told(world):
    assert world.ask(b"timed") == b""
    told = world.told()
    assert told == {} or told["status"] == 503


@pytest.mark.parametrize(("seconds", "status"), [(0, 408), (121, 504)])
def test_why_there_was_no_answer_is_told(world, seconds, status):
    world.a.say(b"SUB timed 4\r\n")
    world.ask(b"timed")
    if seconds:
        world.passes(seconds)
    else:
        world.b.say(b"UNSUB 1\r\n")
    assert world.told()["status"] == status


def test_a_request_without_a_reply_is_a_bad_one(world):
    world.a.say(b"SUB timed 4\r\n")
    world.b.say(b"PUB timed 1\r\nx\r\n")
    taken = world.a.take()
    assert b'"status":400,"description":"Bad Request"' in taken


@pytest.mark.parametrize(
    ("header", "measured"),
    [
        (b"X-B3-Sampled: 1", True),
        (b"X-B3-Sampled: 0", False),
        (b"X-B3-TraceId: 80f198ee56343ba864fe8b2a57d3eff7", True),
        (b"B3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1", True),
        (b"B3: 0", False),
        (b"Uber-Trace-Id: 479fefe9525eddb:479fefe9525eddb:0:1", True),
        (b"Uber-Trace-Id: 479fefe9525eddb:479fefe9525eddb:0:0", False),
        (b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        (b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", False),
        (b"Other: 1", False),
    ],
)
def test_headers_ask_for_it(world, header, measured):
    world.a.say(b"SUB asked 4\r\n")
    block = b"NATS/1.0\r\n%b\r\n\r\n" % header
    world.b.say(b"HPUB asked inbox.1 %d %d\r\n%bx\r\n" % (len(block), len(block) + 1, block))
    reply = _REPLY.search(world.a.take())[0]
    world.answer(reply)
    assert bool(world.told()) == measured


def test_imports_follow_a_reload(world):
    world.ask(b"one.1")
    text = _CONFIG.replace('{ service: { account: A, subject: "one.*" } },', "")
    prepared(world.node, from_text(text, {}))()
    assert world.ask(b"one.1") == b""
    assert world.ask(b"many")
    prepared(world.node, from_text(_CONFIG, {}))()
    assert world.answer(world.ask(b"one.1"))
    prepared(world.node, from_text("accounts { A {}, B {} }", {}))()
    assert world.ask(b"many") == b""
    assert world.waiting() == 0


def test_answers_under_way_survive_a_reload_of_something_else(world):
    reply = world.ask(b"one.1")
    prepared(world.node, from_text(f"max_payload: 5000\n{_CONFIG}", {}))()
    assert world.answer(reply) == b"MSG inbox.1 1 1\r\ny\r\n"


def test_accounts_that_call_one_another_in_circles_stop():
    config = """
    accounts {
      A { users: [{user: a, password: p}], exports: [{service: x}]
          imports: [{service: {account: A, subject: x}}] }
      B { users: [{user: b, password: p}], imports: [{service: {account: A, subject: x}}] }
    }
    """
    world = _World(config)
    assert world.ask(b"x") == b""
    world.a.say(b"SUB x 1\r\n")
    world.ask(b"x")

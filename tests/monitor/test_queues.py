"""``/ipqueuesz`` and ``/raftz``."""

from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.server import Monitor
from tests.broker.fakes import new_node
from tests.monitor.asking import ask, page, refusal
from tests.monitor.streams import World


def test_nothing_waits_without_jetstream() -> None:
    assert page(new_node(), "/ipqueuesz") == {}
    assert page(new_node(), "/ipqueuesz?all=1") == {}


def test_queues() -> None:
    world = World()
    world.stream("S")
    world.consumer("S", "C")
    world.consumer("S", "P", deliver_subject="p")
    assert page(world.node, "/ipqueuesz") == {}
    assert list(page(world.node, "/ipqueuesz?all=1")) == [
        "Store jobs",
        "[ACC:$G] consumer 'C' on stream 'S' pull requests",
        "[ACC:$G] stream 'S' messages",
    ]
    assert list(page(world.node, "/ipqueuesz?all=1&queues=stream+'S'+mess")) == [
        "[ACC:$G] stream 'S' messages"
    ]
    world.client.say(b"SUB inbox 1\r\n")
    world.client.say(b"PUB $JS.API.CONSUMER.MSG.NEXT.S.C inbox 1\r\n3\r\n")
    world.client.say(b"PUB S.a 2\r\nhi\r\nPUB S.a 2\r\nhi\r\n")  # nobody writes them
    assert page(world.node, "/ipqueuesz") == {
        "[ACC:$G] consumer 'C' on stream 'S' pull requests": {"pending": 1},
        "[ACC:$G] stream 'S' messages": {"pending": 2},
    }


def test_indentation() -> None:
    world = World()
    world.stream("S")
    body = ask(Monitor(About(world.node, Options())), "/ipqueuesz?all=1&queues=messages").body
    assert body == b'{\n   "[ACC:$G] stream \'S\' messages": {\n      "pending": 0\n   }\n}'


def test_there_are_no_raft_groups() -> None:
    for query in ("", "?acc=$G", "?acc=$G&group=x"):
        answer = ask(Monitor(About(new_node(), Options())), "/raftz" + query)
        assert (answer.status, answer.body) == (404, b"No Raft nodes registered")


def test_bad_parameters() -> None:
    assert refusal(new_node(), "/ipqueuesz?all=x").startswith("Error decoding boolean for 'all'")

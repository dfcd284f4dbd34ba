"""What a leaf link does with the mappings of its account."""

import pytest

from headwater.cluster.leaf_session import REGISTERED
from headwater.config.options import LeafRemote
from headwater.subjects.mapping import SubjectMappings, compile_mapping
from tests.cluster.fakes import URL, World, feed

ACK = b"$JS.ACK.ORDERS.c.1.7.3.1700000000000000000.0"
MAPPINGS = {b"q.*": b"r.$1", b"drop": b"drop", b"same": b"same", b"t.>": b"u.>"}


def mapped_world(*remotes: LeafRemote) -> World:
    world = World(*remotes, start=False)
    given = [
        compile_mapping(source, [(to, 0 if source == b"drop" else 100, b"")])
        for source, to in MAPPINGS.items()
    ]
    world.node.accounts.globals.mappings = SubjectMappings(given, world.node.router.random_below)
    world.links.start()
    return world


@pytest.fixture
def linked() -> World:
    world = mapped_world()
    world.shake_hands()
    return world


def test_the_sources_are_announced():
    world = mapped_world()
    world.listen(b"r.*")
    lines = world.shake_hands()
    assert lines[0].startswith(b"LS+ $LDS.")
    assert sorted(lines[1:]) == [b"LS+ " + name for name in sorted([*MAPPINGS, b"r.*"])]


def test_a_source_that_is_subscribed_to_is_announced_once():
    world = mapped_world()
    world.listen(b"q.*")
    assert world.shake_hands().count(b"LS+ q.*") == 1
    world.listen(b"q.*")
    world.listen(b"q.1")
    assert world.link.take() == b"LS+ q.1\r\n"


def test_what_comes_from_the_hub_is_mapped(linked):
    before, behind, tail = linked.listen(b"q.*"), linked.listen(b"r.*"), linked.listen(b"u.>")
    linked.says(
        b"LMSG q.1 2\r\nhi\r\nLMSG q.2 re 2\r\nho\r\nLMSG t.a.b 1\r\nx\r\nLMSG r.3 1\r\ny\r\n"
    )
    assert before == []
    assert behind == [
        (b"r.1", b"", b"", b"hi"),
        (b"r.2", b"re", b"", b"ho"),
        (b"r.3", b"", b"", b"y"),
    ]
    assert tail == [(b"u.a.b", b"", b"", b"x")]


def test_headers_stay(linked):
    heard = linked.listen(b"r.1")
    linked.says(b"HMSG q.1 re 12 13\r\nNATS/1.0\r\n\r\nx\r\n")
    assert heard == [(b"r.1", b"re", b"NATS/1.0\r\n\r\n", b"x")]


def test_what_goes_nowhere(linked):
    heard = linked.listen(b">")
    linked.says(b"LMSG drop 1\r\nx\r\nLMSG same 1\r\ny\r\n")
    assert heard == [(b"same", b"", b"", b"y")]
    assert linked.session.stage == REGISTERED


def test_the_hub_names_no_groups_for_what_is_mapped_here(linked):
    ours, theirs = linked.listen(b"r.*", b"ours"), linked.listen(b"r.*", b"theirs")
    linked.says(b"LMSG q.1 1\r\nx\r\n")
    assert [len(ours), len(theirs)] == [1, 1]
    linked.says(b"LMSG q.2 | ours 1\r\nx\r\n")
    assert [len(ours), len(theirs)] == [2, 1]
    # What is not mapped is for the groups that the hub names.
    linked.says(b"LMSG r.3 1\r\nx\r\nLMSG r.4 | theirs 1\r\nx\r\n")
    assert [len(ours), len(theirs)] == [2, 2]


def test_a_delivery_shows_its_own_subject(linked):
    heard = linked.listen(b"r.*")
    linked.says(b"LMSG q.1 " + ACK + b"@orders.5 2\r\nhi\r\nLMSG q.2 1\r\nx\r\n")
    assert heard == [(b"orders.5", ACK, b"", b"hi"), (b"r.2", b"", b"", b"x")]


def test_what_is_denied_is_what_the_hub_sends():
    world = mapped_world(LeafRemote(urls=(URL,), deny_imports=("q.no", "r.*")))
    world.shake_hands()
    heard = world.listen(b">")
    world.says(b"LMSG q.no 1\r\nx\r\nLMSG r.1 1\r\nx\r\nLMSG q.yes 1\r\nx\r\n")
    assert heard == [(b"r.yes", b"", b"", b"x")]


def test_what_is_mapped_goes_over_the_link(linked):
    linked.says(b"LS+ r.*\r\nLS+ q.*\r\nLS+ r.* g 1\r\n")
    linked.link.take()
    feed(linked.client().receiver, b"PUB q.2 re 1\r\nx\r\n")
    assert linked.link.take() == b"LMSG r.2 + re g 1\r\nx\r\n"


def test_what_came_over_the_link_goes_back_to_groups_that_are_only_there(linked):
    heard = linked.listen(b"r.*", b"here")
    linked.says(b"LS+ r.*\r\nLS+ r.* there 1\r\nLS+ r.* here 1\r\n")
    linked.link.take()
    linked.says(b"LMSG q.1 1\r\nx\r\n")
    assert linked.link.take() == b"LMSG r.1 | there 1\r\nx\r\n"
    linked.says(b"LMSG q.2 | here 1\r\nx\r\nLMSG q.3 | there 1\r\nx\r\n")
    assert linked.link.take() == b"LMSG r.3 | there 1\r\nx\r\n"
    assert [subject for subject, *_ in heard] == [b"r.1", b"r.2"]
    linked.says(b"LMSG r.4 | there 1\r\nx\r\n")  # not mapped: as when its last member has left
    assert linked.link.take() == b"LMSG r.4 | there 1\r\nx\r\n"


def test_a_link_that_hangs_on_us_gets_nothing_back():
    world = mapped_world(LeafRemote(urls=(URL,), hub=True))
    world.shake_hands()
    world.says(b"LS+ r.* there 1\r\n")
    world.link.take()
    world.says(b"LMSG q.1 1\r\nx\r\n")
    assert world.link.take() == b""

"""A leaf link's session against a hub that the test plays, byte by byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.base.clock import MILLISECOND, SECOND
from headwater.base.errors import ProtocolError
from headwater.broker.session import LEAF_OF_US, LEAF_TO_HUB
from headwater.config.options import LeafRemote, LeafUrl
from headwater.wire.message import Message
from tests.cluster.fakes import URL, FakeLink, World, feed, info_line

ACK = b"$JS.ACK.ORDERS.c.1.7.3.1700000000000000000.0"


@pytest.fixture
def linked() -> World:
    world = World()
    world.shake_hands()
    return world


# The handshake.


def test_connect_says_who_we_are():
    world = World(LeafRemote(urls=(URL,), deny_imports=("a.>",)), domain="edge", jetstream=True)
    assert world.greet() == {
        "version": "2.15.1",
        "user": "lf",
        "pass": "secret-pw",
        "server_id": world.node.server_id,
        "domain": "edge",
        "name": "EDGE",
        "cluster": "EDGE",
        "headers": True,
        "jetstream": True,
        "deny_pub": ["a.>"],
        "compress_mode": "not supported",
        "remote_account": "$G",
        "protocol": 3,
    }


def test_a_user_without_a_password_is_a_token_as_well():
    world = World(LeafRemote(urls=(LeafUrl("h", 1, "tok"),)))
    connect = world.greet()
    assert (connect["user"], connect["auth_token"]) == ("tok", "tok")
    assert "pass" not in connect


def test_a_cluster_name_has_no_blanks():
    world = World(start=False)
    world.node.name = "my edge"
    world.links.start()
    assert world.greet()["cluster"] == world.node.server_id
    assert world.node.info()["cluster"] == world.node.server_id


def test_nothing_is_announced_before_the_welcome():
    world = World()
    world.listen(b"a")
    world.greet()
    assert world.link.take() == b""
    world.says(info_line())  # not the one that was promised
    assert world.link.take() == b""
    world.says(info_line(connect_info=True))
    lines = world.link.take().split(b"\r\n")
    assert lines[0].startswith(b"LS+ $LDS.")
    assert lines[1:] == [b"LS+ a", b""]


def test_a_hub_without_a_second_info_gets_the_interest_at_once():
    world = World()
    world.listen(b"a")
    world.says(info_line(info_on_connect=None))
    connect, loop, interest, rest = world.link.take().split(b"\r\n")
    assert connect.startswith(b"CONNECT ")
    assert loop.startswith(b"LS+ $LDS.")
    assert (interest, rest) == (b"LS+ a", b"")


def test_no_first_info_in_time():
    world = World(LeafRemote(urls=(URL,), first_info_timeout_ns=300 * MILLISECOND))
    world.advance(299 * MILLISECOND)
    assert not world.link.closing
    world.advance(MILLISECOND)
    assert world.link.closing
    assert world.link.take() == b""
    world.link.end()
    assert "no INFO" in world.status()["last_error"]


def test_no_second_info_in_time():
    world = World()
    world.greet()
    world.advance(2 * SECOND)
    assert world.link.closing
    assert world.link.take() == b"-ERR 'Stale Leaf Node Connection - Closing'\r\n"


@pytest.mark.parametrize("fields", [{"client_id": None}, {"client_ip": "127.0.0.1"}])
def test_the_port_of_others_is_recognised(fields):
    world = World()
    world.says(info_line(**fields))
    assert world.link.closing
    assert world.link.take() == b""
    world.link.end()
    assert world.status()["last_error"] == "attempted to connect to wrong port"


def test_a_hub_that_requires_tls_gets_no_credentials():
    world = World()
    world.says(info_line(tls_required=True))
    assert world.link.closing
    assert world.link.take() == b""


def test_the_role_of_a_hub():
    world = World(LeafRemote(urls=(URL,), hub=True))
    assert world.session.kind == LEAF_OF_US
    assert world.greet()["is_hub"] is True
    assert World().session.kind == LEAF_TO_HUB


@pytest.mark.parametrize(
    "line",
    [
        b"LS+ a\r\n",
        b"LMSG a 1\r\nx\r\n",
        b"INFO {\r\n",
        b"INFO []\r\n",
        b'INFO {"client_id":"x"}\r\n',
        b"INFO \xff\r\n",
        b"CONNECT {}\r\n",
        b"PUB a 1\r\nx\r\n",
        b"SUB a 1\r\n",
    ],
)
def test_what_may_not_come_first(line):
    world = World()
    world.says(line)
    assert world.link.closing
    assert not world.session.open


def test_given_up_while_it_was_being_dialled():
    world = World(start=False)
    world.holds = True
    world.links.start()
    world.links.stop()
    world.connect(*world.pending.pop())
    assert world.link.closing
    assert world.link.take() == b""


# Interest of this side.


def test_only_the_first_and_the_last_subscription_are_told(linked):
    first = linked.client()
    second = linked.client()
    feed(first.receiver, b"SUB a.* 1\r\n")
    assert linked.link.take() == b"LS+ a.*\r\n"
    feed(second.receiver, b"SUB a.* 1\r\n")
    feed(first.receiver, b"UNSUB 1\r\n")
    assert linked.link.take() == b""
    second.end()
    assert linked.link.take() == b"LS- a.*\r\n"


def test_every_change_of_a_queue_group_is_told(linked):
    client = linked.client()
    feed(client.receiver, b"SUB a g 1\r\nSUB a g 2\r\nSUB a h 3\r\nSUB a 4\r\n")
    assert linked.link.take() == b"LS+ a g 1\r\nLS+ a g 2\r\nLS+ a h 1\r\nLS+ a\r\n"
    feed(client.receiver, b"UNSUB 2\r\nUNSUB 1\r\nUNSUB 4\r\nUNSUB 3\r\n")
    assert linked.link.take() == b"LS+ a g 1\r\nLS- a g\r\nLS- a\r\nLS- a h\r\n"


def test_a_new_link_is_told_all_at_once():
    world = World()
    client = world.client()
    feed(client.receiver, b"SUB a g 1\r\nSUB a g 2\r\nSUB b 3\r\nSUB b 4\r\nSUB c.> 5\r\n")
    lines = world.shake_hands()
    assert sorted(lines[1:]) == [b"LS+ a g 2", b"LS+ b", b"LS+ c.>"]


def test_jetstream_of_this_side_is_announced_by_its_domain_only():
    world = World(domain="edge", jetstream=True)
    for subject in (b"$JS.API.>", b"$JS.edge.API.>", b"$KV.b.>", b"$OBJ.b.>", b"$JS.ACK.S.>"):
        world.listen(subject)
    lines = world.shake_hands(domain="hub", jetstream=True)
    assert sorted(lines[1:]) == [b"LS+ $JS.ACK.S.>", b"LS+ $JS.edge.API.>"]


def test_the_hub_says_what_may_be_asked_for():
    world = World()
    for subject in (b"in.a", b"in.no.b", b"out", b"in.>", b">"):
        world.listen(subject)
    lines = world.shake_hands(welcome={"import": {"allow": ["in.>"], "deny": ["in.no.>"]}})
    assert sorted(lines[1:]) == [b"LS+ >", b"LS+ in.>", b"LS+ in.a"], "the hub filters patterns"
    world.says(info_line(**{"import": {"allow": ["out", "in.a"]}}))
    assert world.link.take() == b"LS+ out\r\n"
    world.says(info_line(**{"import": {"allow": ["out"]}}))
    assert sorted(world.link.take().split(b"\r\n")) == [b"", b"LS- in.>", b"LS- in.a"]
    world.says(info_line(leafnode_urls=["x:1"]))  # says nothing of permissions
    assert world.link.take() == b""


# Interest of the hub, and messages to it.


def test_messages_go_where_the_hub_wants_them(linked):
    linked.says(b"LS+ a.*\r\nls+\ta.>  \r\nLS+ b\r\n")
    assert linked.publish(b"a.1", b"hi") == 2
    assert linked.link.take() == b"LMSG a.1 2\r\nhi\r\n"  # once, whatever it matches
    assert linked.publish(b"b", b"hi", b"re.ply", b"NATS/1.0\r\nA: b\r\n\r\n") == 1
    assert linked.link.take() == b"HMSG b re.ply 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n"
    linked.says(b"LS- a.*\r\nLS- nothing\r\n")
    assert linked.publish(b"a.1", b"") == 1
    linked.says(b"LS- a.>\r\n")
    assert linked.publish(b"a.1", b"") == 0
    assert linked.publish(b"c", b"") == 0


def test_queue_groups_of_the_hub(linked):
    linked.says(b"LS+ a g 2\r\nLS+ a h 1\r\nLS+ * h 1\r\n")
    linked.publish(b"a", b"x")
    assert linked.link.take() == b"LMSG a | g h 1\r\nx\r\n"
    linked.publish(b"a", b"x", b"r", b"NATS/1.0\r\n\r\n")
    assert linked.link.take() == b"HMSG a + r g h 12 13\r\nNATS/1.0\r\n\r\nx\r\n"
    linked.says(b"LS+ a\r\n")
    linked.publish(b"a", b"x")
    assert linked.link.take() == b"LMSG a | g h 1\r\nx\r\n"
    linked.says(b"LS- a g\r\nLS- a h\r\nLS- * h\r\n")
    linked.publish(b"a", b"x")
    assert linked.link.take() == b"LMSG a 1\r\nx\r\n"


def test_a_local_member_serves_before_the_hub(linked):
    heard = linked.listen(b"a", b"g")
    linked.link.take()
    linked.says(b"LS+ a g 5\r\n")
    for _ in range(20):
        linked.publish(b"a", b"x")
    assert len(heard) == 20
    assert linked.link.take() == b""


def test_local_members_share_alike_beside_a_remote_one(linked):
    linked.says(b"LS+ a g 5\r\n")
    lists = [linked.listen(b"a", b"g") for _ in range(3)]
    for _ in range(3000):
        linked.publish(b"a", b"x")
    assert sum(len(heard) for heard in lists) == 3000
    assert min(len(heard) for heard in lists) > 850


def test_members_behind_two_hubs_get_what_their_weight_is_worth():
    world = World(LeafRemote(urls=(URL,)), LeafRemote(urls=(LeafUrl("second", 1),)))
    links = world.connections
    for link, weight in zip(links, (b"3", b"1"), strict=True):
        feed(link.receiver, info_line() + info_line(connect_info=True))
        feed(link.receiver, b"LS+ a g 7\r\nLS+ a g " + weight + b"\r\n")
        link.take()
    for _ in range(2000):
        assert world.publish(b"a", b"x") == 1
    counts = [link.take().count(b"LMSG a | g 1\r\nx\r\n") for link in links]
    assert sum(counts) == 2000
    assert 1350 < counts[0] < 1650


def test_a_hub_without_headers_gets_none():
    world = World()
    world.shake_hands(headers=False)
    world.says(b"LS+ a\r\n")
    world.publish(b"a", b"x", b"r", b"NATS/1.0\r\nA: b\r\n\r\n")
    assert world.link.take() == b"LMSG a r 1\r\nx\r\n"


def test_what_the_hub_would_not_take_is_left_out_and_logged_once():
    world = World()
    world.shake_hands(max_payload=10)
    world.says(b"LS+ a\r\n")
    world.publish(b"a", bytes(11))
    world.publish(b"a", bytes(12))
    world.publish(b"a", b"0123456789")
    assert world.link.take() == b"LMSG a 10\r\n0123456789\r\n"
    assert len(world.errors()) == 1
    assert "11 bytes" in world.errors()[0]


def test_a_delivery_of_jetstream_carries_the_stored_subject(linked):
    linked.says(b"LS+ deliver.me\r\n")
    message = Message()
    message.compose(b"orders.7", ACK, b"", b"body")
    message.subject = b"deliver.me"
    message.rewritten = True
    linked.node.router.route(linked.node.accounts.globals, message, None)
    linked.node.router.flush()
    assert linked.link.take() == b"LMSG deliver.me " + ACK + b"@orders.7 4\r\nbody\r\n"


def test_the_hub_says_what_may_be_sent():
    world = World()
    world.shake_hands(welcome={"export": {"allow": ["ok.>"], "deny": ["ok.no.*"]}})
    world.says(b"LS+ $JS.ACK.>\r\n")
    assert world.publish(ACK, b"") == 1, "answers pass in any case"
    world.link.take()
    world.says(b"LS+ >\r\nLS+ ok.>\r\nLS+ bad\r\nLS+ ok.no.x\r\n")
    for subject in (b"ok.yes", b"ok.no.x", b"bad", b"ok.no"):
        world.publish(subject, b"")
    assert world.link.take() == b"LMSG ok.yes 0\r\n\r\nLMSG ok.no 0\r\n\r\n"
    assert world.publish(b"bad", b"") == 0
    assert world.publish(ACK, b"") == 2
    world.link.take()
    world.says(info_line(export={"allow": ["bad"]}))
    world.publish(b"ok.yes", b"")
    world.publish(b"bad", b"")
    assert world.link.take() == b"LMSG bad 0\r\n\r\n"


def test_the_jetstream_of_this_side_stays_here():
    world = World(LeafRemote(urls=(URL,), deny_exports=("own.>",)), domain="edge", jetstream=True)
    world.shake_hands(domain="hub", jetstream=True)
    world.says(b"LS+ $JS.API.>\r\nLS+ >\r\n")
    globals_ = world.node.accounts.globals
    for subject in (b"$JS.API.INFO", b"$KV.b.k", b"$OBJ.b.k", b"$JS.edge.API.INFO", b"own.x"):
        assert world.publish(subject, b"") == 0
    assert world.link.take() == b""
    world.publish(b"$JS.hub.API.INFO", b"")
    assert world.link.take() == b"LMSG $JS.hub.API.INFO 0\r\n\r\n"
    subjects = [interest.subject for interest in globals_.interest.interests()]
    assert b"$JS.API.>" not in subjects, "interest that nothing may pass to is none"


def test_a_system_account_keeps_its_cluster_to_itself():
    world = World(LeafRemote(urls=(URL,), account="$SYS"))
    lines = world.shake_hands()
    assert len(lines) == 1
    world.says(b"LS+ >\r\n")
    system = world.node.accounts.system
    for subject, count in ((b"$NRG.V.x", 0), (b"$JSC.R.x", 0), (b"$SYS.SERVER.x.STATSZ", 1)):
        assert world.node.router.publish(system, subject, b"") == count


# Messages of the hub.


def test_messages_of_the_hub_are_routed(linked):
    heard = linked.listen(b">")
    linked.says(b"LMSG a.b 2\r\nhi\r\nLMSG a r.x 0\r\n\r\nHMSG a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n")
    assert heard == [
        (b"a.b", b"", b"", b"hi"),
        (b"a", b"r.x", b"", b""),
        (b"a", b"r", b"NATS/1.0\r\n\r\n", b"x"),
    ]
    assert linked.session.in_msgs == 3
    assert linked.session.in_bytes == 15


def test_the_hub_names_the_groups_to_serve(linked):
    plain = linked.listen(b"a")
    one = linked.listen(b"a", b"g")
    other = linked.listen(b"a", b"h")
    linked.says(b"LMSG a 1\r\n1\r\nLMSG a | g 1\r\n2\r\nLMSG a + r g h 1\r\n3\r\n")
    assert [entry[3] for entry in plain] == [b"1", b"2", b"3"]
    assert [entry[3] for entry in one] == [b"2", b"3"]
    assert other == [(b"a", b"r", b"", b"3")]


def test_a_message_never_goes_back(linked):
    linked.says(b"LS+ a\r\nLS+ a g 1\r\n")
    heard = linked.listen(b"a", b"g")
    linked.link.take()
    linked.says(b"LMSG a 1\r\nx\r\nLMSG a | g 1\r\ny\r\n")
    assert linked.link.take() == b""
    assert len(heard) == 1


def test_what_one_hub_sends_is_not_for_another():
    world = World(LeafRemote(urls=(URL,)), LeafRemote(urls=(LeafUrl("second", 1),)))
    one, other = world.connections
    for link in (one, other):
        feed(link.receiver, info_line() + info_line(connect_info=True))
        link.take()
    feed(one.receiver, b"LS+ a\r\n")
    assert other.take() == b"", "interest of a hub stays here"
    feed(other.receiver, b"LS+ a\r\nLMSG a 1\r\nx\r\n")
    assert one.take() == b""
    assert world.publish(b"a", b"y") == 2
    assert one.take() == other.take() == b"LMSG a 1\r\ny\r\n"


def test_what_hangs_on_us_and_our_hub_hear_of_each_other():
    world = World(LeafRemote(urls=(URL,)), LeafRemote(urls=(LeafUrl("below", 1),), hub=True))
    up, down = world.connections
    for link in (up, down):
        feed(link.receiver, info_line() + info_line(connect_info=True))
        link.take()
    feed(down.receiver, b"LS+ a\r\nLS+ q g 2\r\nLS+ q g 3\r\n")
    assert up.take() == b"LS+ a\r\nLS+ q g 2\r\nLS+ q g 5\r\nLS+ q g 3\r\n"
    feed(up.receiver, b"LS+ b\r\nLMSG a 1\r\nx\r\nLMSG q | g 1\r\ny\r\n")
    assert down.take() == b"LS+ b\r\nLMSG a 1\r\nx\r\nLMSG q | g 1\r\ny\r\n"
    feed(down.receiver, b"LMSG b 1\r\nz\r\n")
    assert up.take() == b"LMSG b 1\r\nz\r\n"
    down.end()
    assert up.take() == b"LS- a\r\nLS- q g\r\n"


def test_publishing_while_being_delivered_to_keeps_messages_apart(linked):
    linked.says(b"LS+ a\r\nLS+ log q 1\r\n")

    def tell(message, origin):
        linked.node.router.publish(linked.node.accounts.globals, b"log", b"seen " + message.subject)

    linked.subscribe(b"a", tell)
    linked.subscribe(b"a", tell, b"own")
    linked.link.take()
    linked.publish(b"a", b"x")
    sent = linked.link.take()
    assert sent.count(b"LMSG a 1\r\nx\r\n") == 1
    assert sent.count(b"LMSG log | q 6\r\nseen a\r\n") == 2
    assert len(sent) == len(b"LMSG a 1\r\nx\r\n") + 2 * len(b"LMSG log | q 6\r\nseen a\r\n")


def test_a_receiver_that_fails_does_not_spoil_the_next_message(linked):
    linked.says(b"LS+ a\r\nLS+ b\r\n")

    def fail(message, origin):
        raise RuntimeError("boom")

    linked.subscribe(b"a", fail, b"g")
    linked.link.take()
    with pytest.raises(RuntimeError, match="boom"):
        linked.publish(b"a", b"lost")
    linked.publish(b"b", b"x")
    assert linked.link.take() == b"LMSG b 1\r\nx\r\n"


@pytest.mark.parametrize(
    ("reply", "shown", "kept"),
    [
        (ACK + b"@orders.7", b"orders.7", ACK),
        (ACK + b"@or@ders", b"or@ders", ACK),
        (ACK, b"deliver.me", ACK),
        (ACK + b"@", b"deliver.me", ACK + b"@"),
        (b"$JS.ACK.a@b.c.1.2.3.4.5@s", b"s", b"$JS.ACK.a@b.c.1.2.3.4.5"),
        (b"$JS.ACK.a@b", b"deliver.me", b"$JS.ACK.a@b"),
        (b"_INBOX.a.b.c.d.e.f.g.h@x", b"deliver.me", b"_INBOX.a.b.c.d.e.f.g.h@x"),
    ],
)
def test_the_last_hop_shows_the_stored_subject(linked, reply, shown, kept):
    heard = linked.listen(b"deliver.me")
    client = linked.client()
    feed(client.receiver, b"SUB deliver.* 5\r\n")
    linked.says(b"LMSG deliver.me " + reply + b" 1\r\nx\r\nLMSG deliver.me 1\r\ny\r\n")
    assert heard == [(shown, kept, b"", b"x"), (b"deliver.me", b"", b"", b"y")]
    assert client.take() == (
        b"MSG " + shown + b" 5 " + kept + b" 1\r\nx\r\nMSG deliver.me 5 1\r\ny\r\n"
    )


def test_what_is_not_let_in():
    world = World(LeafRemote(urls=(URL,), deny_imports=("no.>",)), domain="edge", jetstream=True)
    world.shake_hands(domain="hub")
    heard = world.listen(b">")
    for subject in (b"$JS.API.INFO", b"$KV.b.k", b"$OBJ.b.k", b"no.x"):
        world.says(b"LMSG " + subject + b" 0\r\n\r\n")
    assert heard == []
    for subject in (b"$JS.edge.API.INFO", b"$JS.ACK.x", b"_INBOX.x", b"_GR_.x", b"no"):
        world.says(b"LMSG " + subject + b" 0\r\n\r\n")
    assert len(heard) == 5


# Liveness and errors.


def test_pings_are_answered(linked):
    linked.says(b"PING\r\nping\r\n")
    assert linked.link.take() == b"PONG\r\nPONG\r\n"


def test_the_link_is_watched(linked):
    node = linked.node
    linked.advance(1200 * MILLISECOND)
    assert linked.link.take() == b"PING\r\n"
    linked.clock.advance(30 * MILLISECOND)
    linked.says(b"PONG\r\n")
    assert linked.status()["rtt_ns"] >= 30 * MILLISECOND
    for _ in range(node.pings_out_max + 1):
        linked.advance(node.ping_interval_ns)
        linked.says(b"+OK\r\n")  # other traffic is no answer
    assert linked.link.take() == b"PING\r\n" * 3
    assert not linked.link.closing
    linked.advance(node.ping_interval_ns)
    assert linked.link.take() == b"-ERR 'Stale Connection'\r\n"
    assert linked.link.closing
    linked.link.end()
    assert linked.status()["last_error"] == "Stale Connection"


def test_a_loop_is_noticed(linked):
    subject = linked.session.loop_subject
    linked.says(b"LS+ $LDS.somebody.else\r\n")
    assert not linked.link.closing
    linked.says(b"LS+ " + subject + b"\r\nLS+ a\r\n")
    assert linked.link.take() == (
        b'-ERR \'Loop detected for leafnode account="$G". '
        b"Delaying attempt to reconnect for 30s'\r\n"
    )
    assert linked.link.closing
    linked.link.end()
    assert linked.status()["retry_ns"] == 30 * SECOND


def test_the_marks_of_loops_take_every_way():
    world = World(LeafRemote(urls=(URL,)), LeafRemote(urls=(LeafUrl("second", 1),)))
    one, other = world.connections
    for link in (one, other):
        feed(link.receiver, info_line() + info_line(connect_info=True))
        link.take()
    feed(one.receiver, b"LS+ $LDS.abc\r\n")
    assert other.take() == b"LS+ $LDS.abc\r\n"
    assert one.take() == b""


def test_an_error_of_the_hub_is_logged_and_closes_nothing(linked):
    linked.says(b"-ERR 'some \x1b[31m trouble'\r\nPING\r\n")
    assert linked.link.take() == b"PONG\r\n"
    assert linked.errors() == ["hub.example:7422 - lid:1 - Leafnode Error 'some ?[31m trouble'"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"LS+\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"LS+ \r\n", b""),
        (b"LS+ a g\r\n", b""),
        (b"LS+ a g x\r\n", b""),
        (b"LS+ a g -1\r\n", b""),
        (b"LS+ a g 1234567890\r\n", b""),
        (b"LS+ a b c d\r\n", b""),
        (b"LS+ a..b\r\n", b"-ERR 'Invalid Subscription'\r\n"),
        (b"LS+ a.>.b\r\n", b"-ERR 'Invalid Subscription'\r\n"),
        (b"LS-\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"LS- \r\n", b""),
        (b"LS- a b c\r\n", b""),
        (b"LMSG\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"LMSG \r\n", b""),
        (b"LMSG a\r\n", b""),
        (b"LMSG  1\r\nx\r\n", b""),
        (b"LMSG a -1\r\n\r\n", b""),
        (b"LMSG a x\r\n", b""),
        (b"LMSG a g h 1\r\nx\r\n", b""),
        (b"LMSG a 1\r2\r\nx\r\n", b""),
        (b"LMSG a 1\r\nxyz\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"LMSG a 1048577\r\n", b"-ERR 'Maximum Payload Violation'\r\n"),
        (b"HMSG a 1\r\nx\r\n", b""),
        (b"HMSG a 3 2\r\nxx\r\n", b""),
        (b"HMSG a -3 2\r\nxx\r\n", b""),
        (b"PUB a 1\r\nx\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"RMSG $G a 1\r\nx\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"NONSENSE\r\n", b"-ERR 'Unknown Protocol Operation'\r\n"),
        (b"LS+ " + b"x" * 70000, b"-ERR 'maximum control line exceeded'\r\n"),
        (b"LS+ " + b"x" * 70000 + b"\r\n", b"-ERR 'maximum control line exceeded'\r\n"),
        (b"LMSG " + b"x" * 70000 + b" 1\r\nx\r\n", b"-ERR 'maximum control line exceeded'\r\n"),
    ],
)
def test_broken_lines_close_the_link(linked, line, answer):
    linked.says(line)
    assert linked.link.closing
    assert linked.link.take() == answer
    assert len(linked.errors()) == 1
    linked.link.end()
    assert linked.status()["state"] == "waiting"


def test_long_lines_of_interest_are_fine(linked):
    subject = b"x" * 60000
    linked.says(b"LS+ " + subject + b"\r\n")
    assert linked.publish(subject, b"") == 1


def test_a_link_that_is_being_closed_is_sent_nothing(linked):
    linked.says(b"LS+ a\r\nNONSENSE\r\n")
    linked.link.take()
    client = linked.client()
    feed(client.receiver, b"SUB b 1\r\nUNSUB 1\r\n")
    assert linked.publish(b"a", b"x") == 0
    assert linked.link.take() == b""


def test_the_end_of_a_link_takes_its_interest_along(linked):
    account = linked.node.accounts.globals
    linked.says(b"LS+ a\r\nLS+ b g 1\r\nLS+ c.>\r\n")
    assert account.interest.count == 3
    assert list(linked.node.leaf_sessions.values()) == [linked.session]
    linked.link.end("reset by peer")
    assert account.interest.count == 0
    assert account.listeners == []
    assert linked.node.leaf_sessions == {}


def test_rules_of_jetstream_hold_without_a_domain():
    world = World()
    world.listen(b"$JS.API.>")
    assert len(world.shake_hands()) == 1


def _chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    points = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *points], [*points, len(data)], strict=True)]


_STREAM = (
    b"LS+ a.*\r\nLS+ q g 3\r\nLMSG x 2\r\nhi\r\nLMSG x | g h 1\r\nQ\r\nPING\r\n"
    b"HMSG x + r.s g 12 13\r\nNATS/1.0\r\n\r\nz\r\nLMSG x " + ACK + b"@s 3\r\n\r\nx\r\nLS- a.*\r\n"
    b"INFO " + json.dumps({"leafnode_urls": ["other:1"]}).encode() + b"\r\nPONG\r\nLMSG x 0\r\n\r\n"
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=len(_STREAM)), max_size=60))
def test_the_stream_may_be_cut_anywhere(cuts):
    whole, pieces = (
        _heard_and_said([_STREAM]),
        _heard_and_said(_chunks(_STREAM, cuts)),
    )
    assert whole == pieces
    assert len(whole[0]) == 5


def _heard_and_said(pieces):
    world = World()
    heard = world.listen(b"x")
    world.shake_hands()
    feed(world.session, b"", pieces)
    assert world.session.open
    return heard, world.link.take(), sorted(world.session.subscriptions)


_VERBS = [b"LS+", b"LS-", b"LMSG", b"HMSG", b"PING", b"PONG", b"-ERR", b"+OK", b"INFO", b"PUB"]
_ARGUMENTS = [b"a", b"a.*", b">", b"g", b"|", b"+", b"0", b"1", b"2", b"12", b"-1", b"999999999"]
_ENDS = [b"\r\n", b"\n", b"\r", b"\t", b" ", b"\x00", b"'x'", b"NATS/1.0\r\n\r\n", b"\xff"]
_BLOCKS = [b'{"import":{"deny":["a"]}}', b'{"export":{"allow":[]}}', b"{}", b"$LDS.x", ACK + b"@"]
_words = st.sampled_from([*_VERBS, *_ARGUMENTS, *_ENDS, *_BLOCKS])
_fuzz = st.one_of(
    st.binary(max_size=200),
    st.lists(_words, max_size=40).map(b" ".join),
    st.lists(_words, max_size=40).map(b"".join),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_fuzz, min_size=1, max_size=5), st.booleans())
def test_whatever_a_hub_sends_the_node_goes_on(pieces, greeted):
    world = World()
    world.listen(b"a")
    if greeted:
        world.shake_hands()
    session = world.session
    feed(session, b"", pieces)
    if session.open:
        world.publish(b"a", b"x")
    else:
        assert world.link.closing
    world.link.end()
    assert world.node.accounts.globals.interest.count == 1
    assert world.node.accounts.globals.listeners == []
    world.advance(40 * SECOND)
    assert len(world.connections) > 1, "and dials again"


def test_protocol_errors_are_told_apart_from_ours():
    # What the fuzzing relies on: a ProtocolError closes, anything else is a bug and gets out.
    world = World()
    session = world.session
    with pytest.raises(ProtocolError):
        session.on_control(b"NONSENSE", b"")
    assert isinstance(session.link, FakeLink)

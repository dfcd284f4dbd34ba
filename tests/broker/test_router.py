"""Routing among fake links: who gets a message, and when it is flushed."""

import collections

import pytest

from headwater.broker.subscription import InternalSubscription
from tests.broker.fakes import Client, new_node

PUB = b"PUB a 2\r\nhi\r\n"
MSG = b"MSG a %b 2\r\nhi\r\n"


def test_every_plain_subscriber_gets_a_message() -> None:
    node = new_node()
    clients = [Client(node) for _ in range(3)]
    for client in clients:
        client.say(b"SUB a 7\r\n")
    publisher = Client(node)
    assert publisher.say(PUB) == b""
    assert [client.take() for client in clients] == [MSG % b"7"] * 3
    assert (node.router.in_msgs, node.router.out_msgs) == (1, 3)
    assert (node.router.in_bytes, node.router.out_bytes) == (2, 6)


def test_a_batch_is_flushed_once() -> None:
    node = new_node()
    subscriber = Client(node)
    subscriber.say(b"SUB a 1\r\n")
    before = subscriber.link.flushes
    Client(node).say(PUB * 100)
    assert subscriber.link.flushes == before + 1
    assert subscriber.take() == MSG % b"1" * 100


def test_a_queue_group_takes_each_message_once_and_evenly() -> None:
    node = new_node()
    members = [Client(node) for _ in range(3)]
    for member in members:
        member.say(b"SUB a workers 1\r\n")
    publisher = Client(node)
    publisher.say(PUB * 3000)
    counts = [member.take().count(b"MSG a") for member in members]
    assert sum(counts) == 3000
    assert min(counts) > 850


def test_each_group_and_each_plain_subscriber_gets_its_own() -> None:
    node = new_node()
    client = Client(node)
    client.say(b"SUB a g 1\r\nSUB a g 2\r\nSUB a h 3\r\nSUB a 4\r\n")
    received = client.say(PUB)
    counts = collections.Counter(received.split()[2::5])
    assert counts[b"1"] + counts[b"2"] == 1
    assert (counts[b"3"], counts[b"4"]) == (1, 1)


def test_a_member_that_does_not_take_it_leaves_it_to_another() -> None:
    node = new_node()
    silent = Client(node, b'CONNECT {"verbose":false,"echo":false}\r\n')
    silent.say(b"SUB a g 1\r\n")
    other = Client(node)
    other.say(b"SUB a g 2\r\n")
    silent.say(PUB * 50)
    assert other.take() == MSG % b"2" * 50


def test_a_remote_member_is_the_last_resort() -> None:
    node = new_node()
    taken: list[str] = []
    remote = InternalSubscription(b"a", lambda *_: taken.append("remote"), b"g")
    remote.remote = True
    node.accounts.globals.subscribe(remote)
    local = Client(node)
    local.say(b"SUB a g 1\r\n")
    publisher = Client(node)
    publisher.say(PUB * 20)
    assert taken == []
    assert local.take() == MSG % b"1" * 20
    local.say(b"UNSUB 1\r\n")
    publisher.say(PUB * 2)
    assert taken == ["remote", "remote"]


def test_remote_members_are_chosen_by_weight() -> None:
    node = new_node()
    taken: collections.Counter[int] = collections.Counter()
    for weight in (1, 3):
        member = InternalSubscription(b"a", lambda *_, w=weight: taken.update([w]), b"g")
        member.remote = True
        member.weight = weight
        node.accounts.globals.subscribe(member)
    Client(node).say(PUB * 4000)
    assert taken.total() == 4000
    assert 800 < taken[1] < 1200


def test_the_server_publishes_with_reply_and_headers() -> None:
    node = new_node()
    client = Client(node)
    client.say(b"SUB a 1\r\n")
    block = b"NATS/1.0\r\nA: 1\r\n\r\n"
    count = node.router.publish(node.accounts.globals, b"a", b"x", b"re", block)
    node.router.flush()
    assert count == 1
    assert client.take() == b"HMSG a 1 re %d %d\r\n%bx\r\n" % (len(block), len(block) + 1, block)


def test_a_receiver_may_publish_while_it_is_delivered_to() -> None:
    node = new_node()
    account = node.accounts.globals

    def answer(message, origin):
        node.router.publish(account, message.reply(), b"got " + message.payload())

    account.subscribe(InternalSubscription(b"service", answer))
    client = Client(node)
    client.say(b"SUB inbox 1\r\n")
    assert client.say(b"PUB service inbox 2\r\nhi\r\n") == b"MSG inbox 1 6\r\ngot hi\r\n"


def test_a_callback_that_says_no_is_no_responder() -> None:
    node = new_node()
    node.accounts.globals.subscribe(InternalSubscription(b"a", lambda *_: False))
    client = Client(node, b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
    client.say(b"SUB inbox 1\r\n")
    block = b"NATS/1.0 503\r\nNats-Subject: a\r\n\r\n"
    size = len(block)
    expected = b"HMSG inbox 1 %d %d\r\n%b\r\n" % (size, size, block)
    assert client.say(b"PUB a inbox 0\r\n\r\n") == expected


def test_that_nobody_answers_is_told_once_and_to_no_group() -> None:
    node = new_node()
    client = Client(node, b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
    client.say(b"SUB inbox g 1\r\n")
    assert client.say(b"PUB a inbox 0\r\n\r\n") == b""
    client.say(b"SUB inbox 2\r\nSUB * 3\r\n")
    assert client.say(b"PUB a.b inbox 0\r\n\r\n").count(b"NATS/1.0 503") == 1


def test_who_unsubscribes_while_a_message_is_delivered_gets_no_more() -> None:
    node = new_node()
    client = Client(node)
    client.say(b"SUB a 1\r\nSUB a 2\r\n")
    removed = []

    def remove_all(message, origin):
        if not removed:
            removed.append(True)
            for subscription in list(client.session.subscriptions.values()):
                client.session.remove(subscription)

    node.accounts.globals.subscribe(InternalSubscription(b"a", remove_all))
    Client(node).say(PUB * 2)
    # Those before the callback in the list may have had the first one; nobody has the second.
    assert client.take().count(b"MSG") <= 2
    Client(node).say(PUB)
    assert client.take() == b""


def test_a_far_behind_subscriber_pauses_the_publisher_until_it_has_caught_up() -> None:
    node = new_node()
    slow = Client(node)
    slow.say(b"SUB a 1\r\n")
    slow.link.stuck = True
    node.router.stall_bytes = 1000
    publisher = Client(node)
    publisher.say(PUB * 10)
    assert publisher.link.paused_ns == []
    publisher.say(PUB * 200)  # the flush at its end finds out
    assert node.router.behind == 1
    assert len(publisher.link.paused_ns) == 1
    assert node.router.stalls == 1
    slow.link.stuck = False
    slow.session.drained()
    assert publisher.link.resumed == 1
    assert node.router.behind == 0


def test_nobody_waits_for_a_far_behind_subscriber_that_is_gone() -> None:
    node = new_node()
    slow = Client(node)
    slow.say(b"SUB a 1\r\n")
    slow.link.stuck = True
    node.router.stall_bytes = 1000
    publisher = Client(node)
    publisher.say(PUB * 200)
    assert node.router.paused == [publisher.link]
    slow.session.closed("")
    assert publisher.link.resumed == 1
    assert node.router.paused == []


def test_nobody_waits_for_a_far_behind_subscriber_where_it_is_to_miss_messages() -> None:
    node = new_node()
    slow, quick = Client(node), Client(node)
    for client in (slow, quick):
        client.say(b"SUB a 1\r\n")
    slow.link.stuck = True
    node.router.stall_bytes = 1000
    node.router.dropping = True
    publisher = Client(node)
    publisher.say(PUB * 200)
    assert node.router.behind == 1
    held = slow.session.out.size
    assert publisher.say(PUB) == b""
    assert publisher.link.paused_ns == []
    assert (slow.session.out.size, node.router.stalls) == (held, 0)
    assert quick.take().count(b"MSG a 1") == 201
    slow.link.stuck = False
    slow.link.flush()
    slow.session.drained()
    slow.take()
    publisher.say(PUB)
    assert slow.take().count(b"MSG a 1") == 1


def test_who_is_too_far_behind_is_cut_off() -> None:
    logged: list[tuple[str, str]] = []
    node = new_node(logged=logged)
    node.pending_bytes_max = 1000
    slow = Client(node)
    slow.say(b"SUB a 1\r\n")
    slow.link.stuck = True
    Client(node).say(PUB * 100)
    assert slow.link.aborted
    assert slow.session.reason == "Slow Consumer (Pending Bytes)"
    assert node.router.slow_consumers == 1
    assert any("Slow Consumer" in text for _, text in logged)
    Client(node).say(PUB * 100)  # before the connection is gone: it is counted once
    assert node.router.slow_consumers == 1
    assert slow.session.out is None
    slow.session.closed("")
    assert slow.session.id not in node.sessions
    assert Client(node).say(b"SUB b 1\r\n" + PUB + b"PUB b 1\r\nx\r\n") == b"MSG b 1 1\r\nx\r\n"


def test_who_takes_nothing_in_time_counts_as_slow() -> None:
    node = new_node()
    client = Client(node)
    client.session.overdue(10.0, 5)
    client.session.closed("Slow Consumer (Write Deadline)")
    assert node.router.slow_consumers == 1
    assert client.session.reason == "Slow Consumer (Write Deadline)"
    Client(node).leave()
    assert node.router.slow_consumers == 1


@pytest.mark.parametrize("bound", [1, 2, 7, 1000])
def test_random_below_stays_below(bound: int) -> None:
    router = new_node(3).router
    assert {router.random_below(bound) for _ in range(200)} <= set(range(bound))

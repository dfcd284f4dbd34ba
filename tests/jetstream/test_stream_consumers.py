"""What the consumers of a stream leave in its log."""

from typing import Any

from headwater.base.clock import SECOND
from headwater.store.record import DELETE, Record
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import start
from tests.sim.power import durable
from tests.sim.simdisk import SimDisk

STREAM = b'{"name":"S","subjects":["s"],"retention":"workqueue"}'
CONSUMER = b'{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit"}}'


def ask(client: Client, verb: bytes, body: bytes) -> None:
    client.say(b"PUB $JS.API.%b r.0 %d\r\n%b\r\n" % (verb, len(body), body))


def staged(store: Any, kind: int) -> int:
    """Return how many records of a kind wait for their batch to begin."""
    record = Record()
    data = memoryview(store.log.staged.contents())
    at = found = 0
    while record.read(data, at, len(data)):
        found += record.kind == kind
        at = record.end
    return found


def delivered(disk: SimDisk) -> tuple[Any, Any, Client]:
    """Return a node, its jobs and a client that a consumer has delivered a message to."""
    node = new_node()
    jobs = start(node, disk)
    client = Client(node)
    client.say(b"SUB r.> 1\r\n")
    ask(client, b"STREAM.CREATE.S", STREAM)
    jobs.run()
    ask(client, b"CONSUMER.DURABLE.CREATE.S.C", CONSUMER)
    client.say(b"PUB s 1\r\nx\r\n")
    jobs.run()
    ask(client, b"CONSUMER.MSG.NEXT.S.C", b"1")
    jobs.run()
    return node, jobs, client


def stream_after_power_cut(disk: SimDisk) -> Any:
    """Return the stream as it comes back when everything unsynced is lost."""
    node = new_node()
    start(node, durable(disk))
    return node.accounts.globals.jetstream.streams["S"]


def test_an_acknowledgement_is_confirmed_only_with_the_deletion_that_follows_from_it() -> None:
    disk = SimDisk()
    _, jobs, client = delivered(disk)
    disk.fail("write", times=99)
    client.say(b"PUB $JS.ACK.S.C.1.1.1.1.0 r.1 0\r\n\r\n")
    jobs.run()
    disk.heal()
    assert b"r.1" not in client.take()
    client.say(b"PUB $JS.ACK.S.C.1.1.1.1.0 r.2 0\r\n\r\n")
    jobs.run()
    assert b"MSG r.2" in client.take()
    assert not stream_after_power_cut(disk).store.has(1)


def test_after_a_start_no_message_is_waited_for_that_is_not_there() -> None:
    disk = SimDisk()
    node, jobs, client = delivered(disk)
    ask(client, b"STREAM.MSG.DELETE.S", b'{"seq":1}')
    node.clock.advance(SECOND)
    node.timers.run_due()  # records the consumer as it is while the deletion is being written
    stream = node.accounts.globals.jetstream.streams["S"]
    while stream.store.has(1):
        jobs.run()
    again = stream_after_power_cut(disk)
    assert not again.store.has(1)
    assert again.consumers["C"].info().num_ack_pending == 0


def test_a_checkpoint_knows_of_deletions_that_are_not_recorded_yet() -> None:
    disk = SimDisk()
    node, jobs, client = delivered(disk)
    client.say(b"PUB s 1\r\ny\r\n")  # a batch that is being written, so that the next one waits
    client.say(b"PUB $JS.ACK.S.C.1.1.1.1.0 0\r\n\r\n")
    stream = node.accounts.globals.jetstream.streams["S"]
    held, jobs.held = jobs.held, []
    stream.files.checkpoint()
    jobs.run()
    node, again = new_node(), durable(disk)
    jobs = start(node, again)
    stream = node.accounts.globals.jetstream.streams["S"]
    assert not stream.consumers["C"].delivery.awaits(1, b"s")
    jobs.run()
    assert not stream.store.has(1)
    assert held


def test_a_consumer_whose_deletion_cannot_be_recorded_goes_on() -> None:
    disk = SimDisk()
    node, jobs, client = delivered(disk)
    disk.fail("write", times=99)
    ask(client, b"CONSUMER.DELETE.S.C", b"")
    jobs.run()
    disk.heal()
    assert b'"error"' in client.take()
    stream = node.accounts.globals.jetstream.streams["S"]
    client.say(b"PUB s 1\r\ny\r\n")
    client.say(b"PUB $JS.ACK.S.C.1.1.1.1.0 r.2 0\r\n\r\n")
    jobs.run()
    assert b"MSG r.2" in client.take()
    heard = client.say(b"PUB $JS.API.CONSUMER.MSG.NEXT.S.C r.3 1\r\n1\r\n")
    jobs.run()
    assert b"$JS.ACK.S.C.1.2." in heard + client.take()
    stream.files.checkpoint()
    jobs.run()
    assert list(stream_after_power_cut(disk).consumers) == ["C"]


def test_a_deletion_is_proposed_once_unless_its_write_has_failed() -> None:
    disk = SimDisk()
    node, jobs, client = delivered(disk)
    stream = node.accounts.globals.jetstream.streams["S"]
    client.say(b"PUB s 1\r\ny\r\n")  # a batch that is being written, so that the next one waits
    client.say(b"PUB $JS.ACK.S.C.1.1.1.1.0 0\r\n\r\n")
    assert staged(stream.store, DELETE) == 1
    node.clock.advance(SECOND)
    node.timers.run_due()  # records how far the consumer is
    assert staged(stream.store, DELETE) == 1

    disk.fail("write", times=99)
    jobs.run()  # and what waits behind the failed batch fails with it
    disk.heal()
    assert stream.store.has(1)
    node.clock.advance(2 * SECOND)
    node.timers.run_due()
    jobs.run()
    assert not stream.store.has(1)

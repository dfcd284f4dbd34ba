"""What publishers are told when a write fails, with other messages and duplicates under way."""

from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import start
from tests.sim.simdisk import SimDisk

CREATE = b'{"name":"S","subjects":["s"]}'


def publish(client: Client, reply: bytes, message_id: bytes) -> None:
    block = b"NATS/1.0\r\nNats-Msg-Id: %b\r\n\r\n" % message_id
    client.say(b"HPUB s %b %d %d\r\n%b\r\n" % (reply, len(block), len(block), block))


def test_a_failed_write_answers_everybody_once_and_acknowledges_nobody() -> None:
    node = new_node()
    disk = SimDisk()
    jobs = start(node, disk)
    client = Client(node)
    client.say(b"SUB r.> 1\r\n")
    client.say(b"PUB $JS.API.STREAM.CREATE.S r.0 %d\r\n%b\r\n" % (len(CREATE), CREATE))
    jobs.run()
    assert b'"did_create":true' in client.take()

    publish(client, b"r.1", b"one")  # is being written
    publish(client, b"r.2", b"one")  # its duplicate
    assert client.take() == b""
    disk.fail("write", times=99)
    jobs.run()
    disk.heal()
    heard = client.take()
    assert (heard.count(b"MSG r.1 "), heard.count(b"MSG r.2 ")) == (1, 1)
    assert heard.count(b'"err_code":10077') == 2
    assert b"duplicate" not in heard

    publish(client, b"r.1", b"one")  # is being written
    publish(client, b"r.2", b"two")  # waits behind it
    publish(client, b"r.3", b"one")  # a duplicate that waits as well
    disk.fail("write", times=99)
    jobs.run()
    disk.heal()
    heard = client.take()
    assert [heard.count(b"MSG r.%d " % number) for number in (1, 2, 3)] == [1, 1, 1]
    assert heard.count(b'"err_code":10077') == 3

    publish(client, b"r.1", b"one")
    publish(client, b"r.2", b"one")
    jobs.run()
    heard = client.take()
    assert heard.count(b'"stream":"S","seq":') == 2
    assert heard.count(b'"duplicate": true') == 1
    assert heard.index(b"MSG r.1 ") < heard.index(b"MSG r.2 ")

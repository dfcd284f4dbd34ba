"""Streams whose files are damaged: told of, and mended."""

import json

from headwater.jetstream.stream_repair import AsideRepair, StreamRepair
from tests.broker.fakes import Client
from tests.corrupt.stores import FOLDER, Opened, served
from tests.sim.simdisk import Killed, SimDisk

_BLOCK = f"{FOLDER}/S/0000000001.blk"


def _filled() -> SimDisk:
    """Return a disk with a stream of five messages and a consumer that waits for them all."""
    opened = Opened(SimDisk())
    opened.start()
    config = {"name": "S", "subjects": ["s.>"]}
    opened.ask("$JS.API.STREAM.CREATE.S", json.dumps(config).encode())
    for number in range(5):
        opened.ask(f"s.{number % 2}", b"message %d" % number)
    consumer = {"durable_name": "C", "ack_policy": "explicit"}
    body = json.dumps({"stream_name": "S", "config": consumer}).encode()
    opened.ask("$JS.API.CONSUMER.CREATE.S.C", body)
    for _ in range(5):
        opened.send("$JS.API.CONSUMER.MSG.NEXT.S.C", b"1")
    opened.engine.stop(lambda: None)
    opened.settle()
    return opened.disk.copy()


def _damaged() -> SimDisk:
    disk = _filled()
    disk.flip(_BLOCK, disk.read(_BLOCK).index(b"message 2"))
    return disk


def _repaired(disk: SimDisk) -> list[int]:
    """Repair the stream; return what it says is lost."""
    opened = Opened(disk, held=False)
    done = StreamRepair(opened.node, opened.streams["S"]).run()
    opened.streams["S"].store.log.close()
    assert done is not None
    return done.lost


def test_a_lost_message_is_taken_out_of_all_counts() -> None:
    disk = _damaged()
    assert _repaired(disk) == [3]
    opened = Opened(disk)
    assert opened.warnings() == []
    stream = opened.streams["S"]
    index = stream.store.index
    assert (index.messages, index.last_sequence) == (4, 5)
    assert [index.subjects.state_of(b"s.%d" % number).count for number in (0, 1)] == [2, 2]
    assert index.bytes == 4 * (30 + len(b"s.0") + len(b"message 0"))
    assert sorted(stream.consumers["C"].delivery.state.pending) == [1, 2, 4, 5]


def test_the_log_goes_on_without_any_checkpoint() -> None:
    disk = _damaged()
    _repaired(disk)
    for name in ("checkpoint.0", "checkpoint.1"):
        disk.remove(f"{FOLDER}/S/{name}")
    stream = Opened(disk).streams["S"]
    assert sorted(served(stream.store)) == [1, 2, 4, 5]
    assert stream.store.index.last_sequence == 5
    assert "C" in stream.consumers


def test_a_second_repair_finds_nothing() -> None:
    disk = _damaged()
    _repaired(disk)
    before = disk.files()
    opened = Opened(disk, held=False)
    assert StreamRepair(opened.node, opened.streams["S"]).run() is None
    assert disk.files() == before


def test_damage_is_told_by_an_advisory_once() -> None:
    opened = Opened(_damaged())
    opened.start()
    listener = Client(opened.node)
    listener.say(b"SUB $JS.EVENT.ADVISORY.STREAM.DAMAGED.S 1\r\n")
    opened.settle()
    heard = listener.take()
    opened.ask("$JS.API.STREAM.MSG.GET.S", b'{"seq":3}')
    heard += listener.take()
    assert heard.count(b"io.headwater.jetstream.advisory.v1.stream_damaged") == 1
    assert b'"stream":"S"' in heard
    assert b'"finding":"' in heard


def test_a_stream_set_aside_whose_name_is_taken() -> None:
    disk = _filled()
    disk.make_directory(f"{FOLDER}/.aside-S.1")
    for path, data in disk.files().items():
        if path.startswith(f"{FOLDER}/S/"):
            disk.replace(path.replace("/S/", "/.aside-S.1/"), data)
    opened = Opened(disk, held=False)
    tried = AsideRepair(opened.engine.accounts[0]).run()
    assert tried == [(".aside-S.1", None, "there is another stream S now")]


def test_a_repair_that_is_killed_can_be_repeated() -> None:
    point = 0
    while True:
        disk = _damaged()
        disk.kill_in = point
        try:
            _repaired(disk)
        except Killed:
            pass
        else:
            break
        point += 1
        again = SimDisk(disk.files(), disk.medium.folders)
        opened = Opened(again, held=False)
        StreamRepair(opened.node, opened.streams["S"]).run()
        opened = Opened(again)
        assert opened.warnings() == []
        assert sorted(served(opened.streams["S"].store)) == [1, 2, 4, 5]
        assert opened.streams["S"].store.index.messages == 4
    assert point > 15

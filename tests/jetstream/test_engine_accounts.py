"""Accounts that get streams, or lose them, while the server runs; on a simulated disk."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headwater.base.errors import StoreError
from headwater.config.options import AccountJetStream, JetStreamOptions
from headwater.jetstream.engine import JetStream
from tests.broker.fakes import Client, new_node
from tests.jetstream import disk_world
from tests.jetstream.fakes import HeldJobs
from tests.sim.simdisk import SimDisk


class World:
    """A node with the accounts A and B, of which ``names`` have streams at first."""

    def __init__(self, *names: bytes) -> None:
        self.node = new_node()
        self.accounts = {name: self.node.accounts.get(name) for name in (b"A", b"B")}
        self.jobs = HeldJobs(self.node.router)
        self.options = JetStreamOptions()
        self.disk = SimDisk()
        self.engine = JetStream(self.node, self.options, self.disk, self.jobs, self._list(names))
        self.engine.recover()
        self.engine.start()

    def change(self, *names: bytes, options: JetStreamOptions | None = None) -> None:
        """Let the accounts of ``names`` alone have streams from now on."""
        apply = self.engine.prepared(options or self.options, self._list(names))
        self.node.router.begin()
        apply()
        self.node.router.flush()

    def ask(self, name: bytes, request: str, body: Any = None) -> Any:
        """Return what the API answers to a client of an account."""
        client = Client(self.node)
        self.node.router.begin()
        self.node.bind(client.session, name)
        text = b"" if body is None else json.dumps(body).encode()
        answer = client.say(
            b"SUB r 1\r\nPUB $JS.API.%s r %d\r\n%s\r\n" % (request.encode(), len(text), text)
        )
        self.jobs.run()
        answer += client.take()
        client.leave()
        self.node.router.flush()
        return answer

    def make(self, name: bytes) -> bytes:
        return self.ask(name, "STREAM.CREATE.S", {"name": "S", "subjects": ["s"]})

    def _list(self, names: tuple[bytes, ...]) -> dict[Any, AccountJetStream]:
        return {self.accounts[name]: AccountJetStream() for name in names}


_NONE = b"10039"


def test_an_account_that_may_have_streams_now() -> None:
    world = World(b"A")
    assert _NONE in world.make(b"B")
    world.change(b"A", b"B")
    assert b"did_create" in world.make(b"B")
    assert b'"streams":0' in world.ask(b"A", "INFO")
    assert b'"streams":1' in world.ask(b"B", "INFO")


def test_an_account_that_may_have_none_any_more_finds_them_again_later() -> None:
    world = World(b"A", b"B")
    world.make(b"A")
    assert world.engine.accounts[0].account is world.accounts[b"A"]
    world.change(b"B")
    world.jobs.run()
    assert _NONE in world.ask(b"A", "INFO")
    world.change(b"A", b"B")
    assert b'"streams":1' in world.ask(b"A", "INFO")


def test_streams_that_are_still_being_closed() -> None:
    world = World(b"A")
    world.make(b"A")
    world.change()
    with pytest.raises(StoreError, match="streams of account A are still being closed"):
        world.engine.prepared(world.options, {world.accounts[b"A"]: AccountJetStream()})
    world.jobs.run()
    world.change(b"A")
    assert b'"streams":1' in world.ask(b"A", "INFO")


def test_room_that_has_been_made() -> None:
    world = World(b"A")
    world.change(b"A", options=JetStreamOptions(memory_max=5, file_max=1000))
    assert (world.engine.memory.bytes_max, world.engine.file.bytes_max) == (5, 1000)


def test_nothing_is_left_of_it_when_it_is_off() -> None:
    world = World(b"A")
    world.make(b"A")
    gone: list[bool] = []
    world.node.router.begin()
    world.engine.stop(lambda: gone.append(True))
    world.node.router.flush()
    world.jobs.run()
    assert gone == [True]
    assert world.node.jetstream is None
    for account in world.accounts.values():
        assert account.jetstream is None
        assert account.interest.count == 0


def test_limits_change_while_it_runs() -> None:
    world = World(b"A", b"B")
    accounts = {world.accounts[b"A"]: AccountJetStream(streams_max=1)}
    apply = world.engine.prepared(replace(world.options, strict=False), accounts)
    apply()
    assert b"did_create" in world.make(b"A")
    refused = world.ask(b"A", "STREAM.CREATE.T", {"name": "T", "what": 1})
    assert b'"err_code":10027' in refused


def test_accounts_are_not_promised_more_than_there_is() -> None:
    world = World(b"A")
    options = JetStreamOptions(file_max=10, memory_max=10)
    too_much = {
        world.accounts[b"A"]: AccountJetStream(file_max=6),
        world.accounts[b"B"]: AccountJetStream(file_max=5),
    }
    with pytest.raises(StoreError, match=r"insufficient storage resources available \(10047\)"):
        world.engine.prepared(options, too_much)
    with pytest.raises(StoreError, match=r"insufficient memory resources available \(10028\)"):
        world.engine.prepared(options, {world.accounts[b"A"]: AccountJetStream(memory_max=11)})
    fits = {world.accounts[b"A"]: AccountJetStream(file_max=10, memory_max=10)}
    world.engine.prepared(options, fits)()


def test_the_system_account_ends_what_another_has() -> None:
    world = World(b"A")
    world.make(b"A")
    assert b'"initiated":true' in world.ask(b"$SYS", "ACCOUNT.PURGE.A")
    assert b'"streams":null' in world.ask(b"A", "STREAM.NAMES")
    assert b"did_create" in world.make(b"A")
    assert world.ask(b"A", "ACCOUNT.PURGE.A").count(b"MSG") == 0
    assert world.ask(b"$SYS", "META.LEADER.STEPDOWN").count(b"MSG") == 0


def test_what_is_left_of_an_account_that_is_gone_ends_too() -> None:
    world = World(b"A")
    world.make(b"A")
    world.change()
    world.jobs.run()
    assert world.disk.exists("A/streams/S")
    assert b'"initiated":true' in world.ask(b"$SYS", "ACCOUNT.PURGE.A")
    assert not world.disk.exists("A")
    assert b'"initiated":true' in world.ask(b"$SYS", "ACCOUNT.PURGE.A")


def test_accounts_without_streams_have_no_cluster_either() -> None:
    world = World(b"A")
    for name, code in ((b"A", b"10010"), (b"B", b"10010"), (b"$SYS", b"10039")):
        assert code in world.ask(name, "STREAM.LEADER.STEPDOWN.S")


@pytest.mark.parametrize("name", ["", "FORMAT", "journal", "Q"])
def test_nothing_else_is_taken_for_what_an_account_has_left(tmp_path: Path, name: str) -> None:
    # On a real disk, where an empty path is the whole store.
    world = disk_world.World(tmp_path / "store")
    world.ask("STREAM.CREATE.S", disk_world.CONFIG)
    (world.folder / "journal").mkdir()
    before = sorted(world.folder.rglob("*"))
    world.node.jetstream._purge(name)
    world.settle()
    assert sorted(world.folder.rglob("*")) == before

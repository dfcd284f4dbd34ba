"""The campaign of power cuts on a node: it sees what it should, and a disk that lies is caught."""

import pytest

from headwater import _build
from tests.broker.fakes import Client, new_node
from tests.jetstream.fakes import start
from tests.sim.node_campaign import Failure, Figures, run_seed
from tests.sim.node_script import Script, SmallDisk
from tests.sim.power import durable
from tests.sim.simdisk import Killed, SimDisk, SimFile

# ``make crash`` does the same with many more; the plain form is several times slower.
SEEDS = 12 if _build.compiled() else 4
STATES = 400


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_was_acknowledged_survives_any_power_cut(seed):
    figures = Figures()
    run_seed(seed, figures, states_max=STATES)
    assert figures.states >= STATES


@pytest.mark.parametrize("seed", range(500, 530))
def test_a_node_is_what_its_clients_were_told(seed):
    script = Script(seed, range(150)).run()
    assert script.told


def test_the_campaign_does_a_little_of_everything():
    told = ""
    figures = Figures()
    for seed in range(12):
        told += "\n".join(Script(seed, range(150)).run().told)
    run_seed(3, figures, states_max=800)
    for words in ("publish", "PURGE", "DELETE", "UPDATE", "+ACK", "pull", "checkpoint", "stop"):
        assert words in told
    for words in ("kill", "power cut", "the disk fails", "give back"):
        assert words in told
    assert figures.starts_cut > 0
    assert figures.used > 0


def lie(monkeypatch, name):
    """Let syncs of files, or of directories, do nothing."""
    if name == "file":
        monkeypatch.setattr(SimFile, "sync", lambda self: None)
    else:
        monkeypatch.setattr(SmallDisk, "sync_directory", lambda self, path: None)


def run_seeds(count):
    for seed in range(count):
        run_seed(seed, Figures(), steps=40, states_max=300)


@pytest.mark.parametrize("name", ["file", "directory"])
def test_a_disk_that_does_not_sync_is_found_out(monkeypatch, name):
    lie(monkeypatch, name)
    with pytest.raises(Failure) as failure:
        run_seeds(20)
    assert "seed" in str(failure.value)
    assert "power cut after operation" in str(failure.value)


def test_a_stream_that_a_start_does_not_find_stays_away() -> None:
    disk = SimDisk()
    node = new_node()
    jobs = start(node, disk)
    client = Client(node)
    client.say(b'PUB $JS.API.STREAM.CREATE.S r 29\r\n{"name":"S","subjects":["s"]}\r\n')
    jobs.run()
    assert "S" in node.accounts.globals.jetstream.streams
    client.say(b"PUB $JS.API.STREAM.DELETE.S r 0\r\n\r\n")
    disk.kill_in = 1  # once its folder has another name, which is not synced
    with pytest.raises(Killed):
        jobs.run()
    for seed in (2, 3):
        again = new_node(seed)
        start(again, disk)
        assert not again.accounts.globals.jetstream.streams
        disk = durable(disk)

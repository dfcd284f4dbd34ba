"""The campaign of power cuts on a node: it sees what it should, and a disk that lies is caught."""

import pytest

from headwater import _build
from tests.sim.node_campaign import Failure, Figures, run_seed
from tests.sim.node_script import Script, SmallDisk
from tests.sim.simdisk import SimFile

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

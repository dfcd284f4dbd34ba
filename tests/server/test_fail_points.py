"""Named places at which a server kills itself."""

import signal
import subprocess
import sys

import pytest

from headwater.base.errors import ConfigError
from headwater.server.fail_points import VARIABLE, FailPoint, FailPointDisk, kind_of, open_disk
from headwater.store.disk import Disk
from tests.crash.points import POINTS

_SCRIPT = """
from headwater.server.fail_points import open_disk
disk = open_disk({root!r})
for number in range(3):
    file = disk.create(f"{{number}}.blk")
    file.write_synced(b"0123456789", 0)
    file.close()
    disk.sync_directory("")
disk.replace("checkpoint.0", b"whole")
disk.remove("1.blk")
print("through")
"""


def run(root, place, monkeypatch):
    monkeypatch.setenv(VARIABLE, place)
    line = [sys.executable, "-c", _SCRIPT.format(root=str(root))]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("place", "files"),
    [
        ("block.create.before:1", {}),
        ("block.create.after:2", {"0.blk": 10, "1.blk": 0}),
        ("block.write.half:3", {"0.blk": 10, "1.blk": 10, "2.blk": 5}),
        ("block.sync.before:1", {"0.blk": 10}),
        ("any.sync_directory.after:1", {"0.blk": 10}),
        ("new_checkpoint.write.half:1", {"checkpoint.0.tmp": 2}),
        ("new_checkpoint.rename.before:1", {"checkpoint.0.tmp": 5}),
        ("new_checkpoint.rename.after:1", {"checkpoint.0": 5}),
        ("block.remove.after:1", {"checkpoint.0": 5, "0.blk": 10, "2.blk": 10}),
    ],
)
def test_the_process_is_gone_at_the_place(tmp_path, monkeypatch, place, files):
    ran = run(tmp_path, place, monkeypatch)
    assert ran.returncode == -signal.SIGKILL
    found = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    if place.startswith("new_checkpoint"):
        found = {name: size for name, size in found.items() if name.startswith("check")}
    assert found == files


def test_a_place_that_is_not_reached_does_nothing(tmp_path, monkeypatch):
    ran = run(tmp_path, "block.write.after:4", monkeypatch)
    assert (ran.returncode, ran.stdout) == (0, "through\n")


def test_without_the_variable_the_disk_is_the_usual_one(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert type(open_disk(str(tmp_path))) is Disk
    monkeypatch.setenv(VARIABLE, "block.read.before:9")
    assert type(open_disk(str(tmp_path))) is FailPointDisk


@pytest.mark.parametrize(
    "text", ["", "block", "block.write.before", "block.write.never:1", "a.write.half:1", "x:y"]
)
def test_places_that_are_none_are_refused(text):
    with pytest.raises(ConfigError, match=VARIABLE):
        FailPoint(text)


def test_what_a_path_is():
    names = {
        "A/streams/S/0000000001.blk": "block",
        "A/streams/S/0000000001.blk.tmp": "new_block",
        "A/streams/S/checkpoint.1": "checkpoint",
        "FORMAT.tmp": "new_format",
        "A/streams/S": "folder",
        "": "folder",
        "reserve": "reserve",
        "x.y": "other",
    }
    assert {name: kind_of(name) for name in names} == names


def test_every_place_of_the_campaign_is_one():
    for place, _ in POINTS:
        FailPoint(f"{place}:1")

"""The real disk beside the simulated one: the same results, and the same system calls."""

import errno
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.store.disk import Disk, File
from tests.sim.simdisk import SimDisk
from tests.sim.store_work import work, work_on_node

FOLDERS = ["d", "d/e", "f"]
PATHS = ["x", "y", "d/x", "d/y", "d/e/x", "f/x", "missing/x"]
paths = st.sampled_from(PATHS)
data = st.binary(max_size=40)
scripts = st.lists(
    st.one_of(
        st.tuples(st.just("make_directory"), st.sampled_from(FOLDERS)),
        st.tuples(st.just("create"), paths, data),
        st.tuples(st.just("write"), paths, data, st.integers(0, 60)),
        st.tuples(st.just("truncate"), paths, st.integers(0, 50)),
        st.tuples(st.just("read"), paths, st.integers(0, 50), st.integers(0, 50)),
        st.tuples(st.just("replace"), paths, data),
        st.tuples(st.just("rename"), paths, paths),
        st.tuples(st.just("remove"), paths),
        st.tuples(st.just("remove_tree"), st.sampled_from(FOLDERS)),
        st.tuples(st.just("sync_directory"), st.sampled_from(FOLDERS)),
        st.tuples(st.just("size"), paths),
        st.tuples(st.just("exists"), st.sampled_from(PATHS + FOLDERS)),
        st.tuples(st.just("names"), st.sampled_from([*FOLDERS, "missing"])),
    ),
    max_size=25,
)


def perform(disk, name, path, *arguments):
    """Carry out one step of a script; return its result, or the kind of error that it gave."""
    try:
        if name == "create":
            file = disk.create(path)
            file.write(arguments[0], 0)
            file.sync()
            return file.close()
        if name in ("write", "truncate"):
            file = disk.open(path)
            try:
                return getattr(file, name)(*arguments)
            finally:
                file.close()
        return getattr(disk, name)(path, *arguments)
    except OSError as error:
        return type(error)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(script=scripts)
def test_both_disks_do_the_same(tmp_path_factory, script):
    root = tmp_path_factory.mktemp("disk")
    real, simulated = Disk(str(root)), SimDisk()
    for step in script:
        assert perform(real, *step) == perform(simulated, *step), step
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    assert found == simulated.files()
    folders = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_dir()}
    assert folders == simulated.medium.folders - {""}
    shutil.rmtree(root)


@pytest.mark.parametrize("make", [lambda root: Disk(str(root)), lambda root: SimDisk()])
def test_both_disks_refuse_the_same(make, tmp_path):
    disk = make(tmp_path)
    disk.create("there").close()
    with pytest.raises(FileExistsError):
        disk.create("there")
    for action in (disk.open, disk.read, disk.size):
        with pytest.raises(FileNotFoundError):
            action("missing")
    with pytest.raises(FileNotFoundError):
        disk.create("missing/file")
    file = disk.open("there")
    file.close()
    for action in (file.close, file.sync, lambda: file.write(b"x", 0)):
        with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
            action()


def test_files_are_for_the_owner_alone(tmp_path):
    disk = Disk(str(tmp_path))
    disk.make_directory("a/b")
    disk.create("a/b/file").close()
    assert (tmp_path / "a/b/file").stat().st_mode & 0o007 == 0
    assert (tmp_path / "a").stat().st_mode & 0o007 == 0


def test_a_directory_above_the_root_is_made(tmp_path):
    disk = Disk(str(tmp_path / "one" / "two"))
    disk.make_directory("three")
    assert (tmp_path / "one/two/three").is_dir()


def test_the_lock_is_for_one_at_a_time(tmp_path):
    first, second = Disk(str(tmp_path)), Disk(str(tmp_path))
    assert first.lock("LOCK")
    assert not second.lock("LOCK")
    first.unlock()
    first.unlock()
    assert second.lock("LOCK")
    second.unlock()


def test_the_size_of_the_file_system(tmp_path):
    disk = Disk(str(tmp_path))
    assert 0 < disk.free_bytes() <= disk.total_bytes()


def test_a_write_that_the_system_cuts_short_is_gone_on_with(tmp_path, monkeypatch):
    disk = Disk(str(tmp_path))
    file = disk.create("file")
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, view, offset: pwrite(fd, view[:3], offset))
    file.write(b"0123456789", 2)
    file.close()
    assert disk.read("file") == b"\0\0" + b"0123456789"


def synced(disk: Disk, name: str, data: bytes) -> bytes:
    file = disk.create(name)
    try:
        file.write_synced(data, 2)
    finally:
        file.close()
    return bytes(disk.read(name))


def test_a_synced_write_that_the_system_cuts_short_is_gone_on_with(tmp_path, monkeypatch):
    disk = Disk(str(tmp_path))
    pwritev = os.pwritev
    monkeypatch.setattr(
        os, "pwritev", lambda fd, data, *rest: pwritev(fd, [bytes(data[0])[:3]], *rest)
    )
    assert synced(disk, "file", b"0123456789") == b"\0\0" + b"0123456789"


def test_where_synced_writes_are_not_known_there_are_two_calls(tmp_path, monkeypatch):
    disk = Disk(str(tmp_path))

    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "pwritev", refuse)
    monkeypatch.setattr(File, "_synced_writes", True)
    assert synced(disk, "one", b"0123") == b"\0\0" + b"0123"
    monkeypatch.undo()
    monkeypatch.setattr(File, "_synced_writes", False)
    assert synced(disk, "two", b"0123") == b"\0\0" + b"0123"


def test_an_error_of_a_synced_write_is_one(tmp_path, monkeypatch):
    disk = Disk(str(tmp_path))

    def fail(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "pwritev", fail)
    with pytest.raises(OSError, match="broken"):
        synced(disk, "file", b"0123")


# The system calls of a store at work

_CALLS = (
    "openat,pwrite64,pwritev2,fdatasync,fsync,ftruncate,rename,unlink,unlinkat,mkdir,rmdir,close"
)
_LINE = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")


# What a process of its own does on the real disk, and this one on the simulated one.
_WORKS = {
    "store": "work(Disk({root!r}))",
    "node": """
def spoil(path, offset):
    with open({root!r} + "/" + path, "r+b", buffering=0) as file:
        file.seek(offset)
        file.write(b"spoilt")
work_on_node(Disk({root!r}), spoil)
""",
}
_IMPORTS = """
from headwater.store.disk import Disk
from tests.sim.store_work import work, work_on_node
"""


def simulated_calls(name: str) -> list[str]:
    """Return what a work does to the simulated disk."""
    disk = SimDisk()
    if name == "store":
        work(disk)
    else:
        work_on_node(disk, partial(spoil, disk))
    done = []
    for op in disk.trace:
        text = f"{op.kind} {op.path}"
        if op.kind == "write":
            text += f" {op.offset}+{len(op.data)}"
        done.append(text + (f" {op.target}" if op.target else ""))
    return done


def spoil(disk: SimDisk, path: str, offset: int) -> None:
    data = bytearray(disk.read(path))
    data[offset : offset + 6] = b"spoilt"
    disk.overwrite(path, bytes(data))


def in_order(calls: list[str]) -> list[str]:
    """Return calls with removals that follow each other sorted: a folder has no order."""
    out: list[str] = []
    for removes, group in groupby(calls, lambda call: call.startswith("remove ")):
        there = list(group)
        out += sorted(there) if removes else there
    return out


def parse_calls(text: str, root: str) -> list[str]:
    """Return what strace saw under ``root``, in the words of the simulated disk."""
    done = []
    opened: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.search(line)
        if match is None or match[3] == "-1":
            continue
        call, arguments, result = match.groups()
        names = [name[len(root) :].strip("/") for name in quoted(arguments, root)]
        if call == "openat" and names:
            opened[result] = names[0]
            if "O_CREAT" in arguments:
                done.append(f"create {names[0]}")
        elif call in ("mkdir", "rmdir", "unlink", "rename") and names:
            word = {"unlink": "remove"}.get(call, call)
            done.append(" ".join([word, *names]))
        elif call == "close":
            opened.pop(arguments, None)
        elif (descriptor := arguments.partition(",")[0]) in opened:
            done.extend(on_file(call, arguments, opened[descriptor]))
    return done


def quoted(arguments: str, root: str) -> list[str]:
    return [name for name in re.findall(r'"((?:[^"\\]|\\.)*)"', arguments) if name.startswith(root)]


def on_file(call: str, arguments: str, name: str) -> list[str]:
    if call == "pwrite64":
        size, offset = arguments.rsplit(", ", 2)[1:]
        return [f"write {name} {offset}+{size}"]
    if call == "pwritev2":
        vector, _, offset, flags = arguments.rsplit(", ", 3)
        size = re.findall(r"iov_len=(\d+)", vector)[-1]
        assert flags == "RWF_DSYNC"
        return [f"write {name} {offset}+{size}", f"sync {name}"]
    word = {"fdatasync": "sync", "fsync": "sync_directory", "ftruncate": "truncate"}[call]
    return [f"{word} {name}"]


@pytest.mark.parametrize("name", _WORKS)
def test_the_simulated_disk_stands_for_what_the_system_is_asked(tmp_path, name):
    if shutil.which("strace") is None or not sys.platform.startswith("linux"):
        pytest.skip("strace is not installed")
    root = tmp_path / "store"
    root.mkdir()
    script = tmp_path / "script.py"
    script.write_text(_IMPORTS + _WORKS[name].format(root=str(root)))
    log = tmp_path / "calls"
    line = ["strace", "-f", "-s", "4096", "-e", f"trace={_CALLS}", "-o", str(log)]
    folder = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    ran = subprocess.run(
        [*line, sys.executable, str(script)], env=environment, capture_output=True, check=False
    )
    if b"ptrace" in ran.stderr.lower():
        pytest.skip("tracing is not permitted here")
    assert ran.returncode == 0, ran.stderr.decode()
    wanted = in_order(simulated_calls(name))
    found = in_order(parse_calls(log.read_text(errors="replace"), str(root)))
    assert found == wanted


def test_the_works_have_everything_that_a_store_does():
    words = ("sync_directory stream", "remove stream/0000000001.blk", "checkpoint.1.tmp")
    assert all(any(word in call for call in simulated_calls("store")) for word in words)
    calls = "\n".join(simulated_calls("node"))
    for pattern in (
        r"write reserve",
        r"write journal.0 \d+\+\d+\nsync journal.0",
        r"rename \$G/streams/PLAIN/\d+.blk.tmp",
        r"rename \$G/streams/PACKED/\d+.blk.tmp",
        r"rename \$G/streams/.restoring-\w+ \$G/streams/BACK",
        r"rename \$G/streams/PACKED \$G/streams/.deleted-",
        r"rmdir \$G/streams/.deleted-",
        r"create \$G/streams/PLAIN/damaged/",
        r"rename FORMAT.tmp FORMAT",
    ):
        assert re.search(pattern, calls), pattern


def test_a_file_has_no_names_in_it(tmp_path):
    (tmp_path / "stray").write_bytes(b"x")
    assert Disk(str(tmp_path)).names("stray") == []

"""A disk in memory with the interface of ``headwater.store.disk``, made to go wrong.

Every operation that changes something is recorded in ``trace``.  ``fail`` makes a later operation
fail; ``Medium`` knows what would be left if the power went away now (see ``tests.sim.power``).
"""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

SECTOR = 512
PAGE = 4096


@dataclass
class Op:
    """One operation that changes the disk; ``context`` is whatever the test wants to know of it."""

    kind: str  # create write truncate sync failed_sync rename remove mkdir rmdir sync_directory
    path: str = ""
    inode: int = 0  # none for a folder
    offset: int = 0  # the new size, for truncate
    data: bytes = b""
    target: str = ""
    context: Any = None

    def __str__(self) -> str:
        text = f"{self.kind} {self.path}"
        if self.kind == "write":
            text += f" {self.offset}+{len(self.data)}"
        if self.kind == "truncate":
            text += f" {self.offset}"
        return text + (f" -> {self.target}" if self.target else "")


@dataclass
class Inode:
    """A file: what the system shows, what is on the medium, and what was done in between."""

    data: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    pending: list[Op] = field(default_factory=list)
    # Of the pending ones, those that a failed sync has forgotten: later syncs succeed and write
    # nothing of them, except for what shares a page with something that was written since.
    forgotten: int = 0

    def sync(self) -> None:
        """Let everything be on the medium that a sync puts there."""
        if not self.forgotten:
            self.durable = bytes(self.data)
            self.pending = []
            return
        fresh = self.pending[self.forgotten :]
        written = {page for op in fresh if op.kind == "write" for page in pages(op)}
        out = bytearray(self.durable)
        resize(out, len(self.data))
        for page in written:
            out[page : page + PAGE] = self.data[page : page + PAGE]
        self.durable = bytes(out)
        self.pending = [
            Op("write", op.path, op.inode, page, bytes(self.data[page : page + PAGE]))
            for op in self.pending[: self.forgotten]
            if op.kind == "write"
            for page in pages(op)
            if page not in written and page < len(self.data)
        ]
        self.forgotten = len(self.pending)


class Medium:
    """Files and directories after some operations, with what of them is durable."""

    def __init__(self) -> None:
        self.inodes: dict[int, Inode] = {}
        self.names: dict[str, int] = {}
        self.folders: set[str] = {""}
        self.durable_names: dict[str, int] = {}
        self.durable_folders: set[str] = {""}
        self.pending: dict[str, list[Op]] = {}  # of each directory

    def apply(self, op: Op) -> None:
        """Take one operation, which must be possible."""
        getattr(self, f"_{op.kind}")(op)

    def _create(self, op: Op) -> None:
        self.inodes[op.inode] = Inode()
        self.names[op.path] = op.inode
        self._note(op)

    def _write(self, op: Op) -> None:
        inode = self.inodes[op.inode]
        put(inode.data, op.offset, op.data)
        inode.pending.append(op)

    def _truncate(self, op: Op) -> None:
        inode = self.inodes[op.inode]
        resize(inode.data, op.offset)
        inode.pending.append(op)

    def _sync(self, op: Op) -> None:
        self.inodes[op.inode].sync()

    def _failed_sync(self, op: Op) -> None:
        inode = self.inodes[op.inode]
        inode.forgotten = len(inode.pending)

    def _rename(self, op: Op) -> None:
        change_names(op, self.names, self.folders)
        self._note(op)

    def _remove(self, op: Op) -> None:
        del self.names[op.path]
        self._note(op)

    def _mkdir(self, op: Op) -> None:
        self.folders.add(op.path)
        self._note(op)

    def _rmdir(self, op: Op) -> None:
        self.folders.discard(op.path)
        self._note(op)

    def _sync_directory(self, op: Op) -> None:
        for other in self.pending.pop(op.path, []):
            change_names(other, self.durable_names, self.durable_folders)
            if other.kind == "rename" and not other.inode:
                self._move_pending(other.path, other.target)

    def _move_pending(self, old: str, new: str) -> None:
        """Let what is not synced in a folder be so under the folder's new name."""
        for folder in [name for name in self.pending if f"{name}/".startswith(f"{old}/")]:
            ops = [
                replace(op, path=moved(op.path, old, new), target=moved(op.target, old, new))
                for op in self.pending.pop(folder)
            ]
            self.pending[moved(folder, old, new)] = ops

    def _note(self, op: Op) -> None:
        self.pending.setdefault(parent(op.path), []).append(op)


def pages(op: Op) -> range:
    """Return where the pages begin that a write touches."""
    return range(op.offset // PAGE * PAGE, op.offset + len(op.data), PAGE)


def put(data: bytearray, offset: int, piece: bytes) -> None:
    """Write into ``data``, which grows with zeros as a file does."""
    if len(data) < offset + len(piece):
        data.extend(bytes(offset + len(piece) - len(data)))
    data[offset : offset + len(piece)] = piece


def resize(data: bytearray, size: int) -> None:
    """Cut ``data``, or let it grow with zeros."""
    if size < len(data):
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def change_names(op: Op, names: dict[str, int], folders: set[str]) -> None:
    """Apply an operation on names, also when others before it are missing."""
    if op.kind == "create":
        names[op.path] = op.inode
    elif op.kind == "remove":
        names.pop(op.path, None)
    elif op.kind == "rename" and not op.inode:
        move_folder(op.path, op.target, names, folders)
    elif op.kind == "rename":
        names.pop(op.path, None)
        names[op.target] = op.inode
    elif op.kind == "mkdir":
        folders.add(op.path)
    else:
        folders.discard(op.path)


def move_folder(old: str, new: str, names: dict[str, int], folders: set[str]) -> None:
    """Let a folder have another name, with all that is in it."""
    for path in [path for path in names if path.startswith(f"{old}/")]:
        names[moved(path, old, new)] = names.pop(path)
    inside = {path for path in folders if f"{path}/".startswith(f"{old}/")}
    folders -= inside
    folders |= {moved(path, old, new) for path in inside}


def moved(path: str, old: str, new: str) -> str:
    """Return where a path is once the folder ``old`` is ``new``."""
    return new + path[len(old) :] if f"{path}/".startswith(f"{old}/") else path


def parent(path: str) -> str:
    """Return the directory that ``path`` is in."""
    return path.rpartition("/")[0]


class Killed(BaseException):
    """The process is gone in the middle of an operation; nothing of it may catch this."""


class SimFile:
    """An open file of a SimDisk."""

    def __init__(self, disk: "SimDisk", path: str, inode: int) -> None:
        self._disk = disk
        self._path = path
        self._inode = inode
        self._open = True

    def write(self, data: Any, offset: int) -> None:
        if len(data):
            self._do(Op("write", self._path, self._inode, offset, bytes(data)))
        elif not self._open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def write_synced(self, data: Any, offset: int) -> None:
        self.write(data, offset)
        self.sync()

    def truncate(self, size: int) -> None:
        self._do(Op("truncate", self._path, self._inode, size))

    def sync(self) -> None:
        self._do(Op("sync", self._path, self._inode))

    def close(self) -> None:
        if not self._open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self._open = False
        self._disk.open_files -= 1

    def _do(self, op: Op) -> None:
        if not self._open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self._disk.do(op)


class SimDisk:
    """The directory of a store, in memory.

    ``context`` is called for each operation; what it returns is kept with it in the trace.
    """

    def __init__(self, files: dict[str, bytes] | None = None, folders: set[str] | None = None):
        """Begin with ``files`` and ``folders``, all of them durable; empty by default."""
        self.medium = Medium()
        self.trace: list[Op] = []
        self.context: Callable[[], Any] = lambda: None
        self.open_files = 0
        self.kill_in: int | None = None  # operations until the process is killed
        self.capacity_bytes: int | None = None
        self.reads = 0
        self._failures: list[Failure] = []
        self._next_inode = 1
        self._locked = False
        for path in sorted(folders or ()):
            self.medium.folders.add(path)
        for path, data in (files or {}).items():
            self.medium.inodes[self._next_inode] = Inode(bytearray(data), data)
            self.medium.names[path] = self._next_inode
            self._next_inode += 1
        self.medium.durable_names = dict(self.medium.names)
        self.medium.durable_folders = set(self.medium.folders)

    # What tests do to it

    def fail(
        self, kind: str = "", *, after: int = 0, times: int = 1, code: int = errno.EIO, part=0.0
    ) -> None:
        """Let operations fail: ``times`` of those of a kind, after so many that succeed.

        ``kind`` may also be ``read``; empty is any that changes something.  ``part`` is the share
        of a write that is carried out before it fails.
        """
        self._failures.append(Failure(kind, after, times, code, part))

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._failures.clear()
        self.capacity_bytes = None

    def flip(self, path: str, offset: int, bit: int = 0) -> None:
        """Turn one bit of a file over, also on the medium."""
        inode = self.medium.inodes[self.medium.names[path]]
        inode.data[offset] ^= 1 << bit
        inode.durable = bytes(inode.data)

    def overwrite(self, path: str, data: bytes) -> None:
        """Let a file have other content, as if it had always been so."""
        inode = self.medium.inodes[self.medium.names[path]]
        inode.data[:] = data
        inode.durable = bytes(data)

    def files(self) -> dict[str, bytes]:
        """Return what the system shows: the content of each file."""
        return {
            path: bytes(self.medium.inodes[inode].data) for path, inode in self.medium.names.items()
        }

    def copy(self) -> "SimDisk":
        """Return another disk of the same content, all of it durable."""
        return SimDisk(self.files(), self.medium.folders)

    def do(self, op: Op) -> None:
        """Carry out an operation, or let it fail."""
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                raise Killed
        for failure in self._failures:
            if failure.strikes(op.kind):
                self._fail(op, failure)
        if op.kind == "write" and self.capacity_bytes is not None:
            self._check_capacity(op)
        self._done(op)

    def _done(self, op: Op) -> None:
        op.context = self.context()
        self.trace.append(op)
        self.medium.apply(op)

    def _fail(self, op: Op, failure: "Failure") -> None:
        if op.kind == "write" and failure.part:
            size = int(len(op.data) * failure.part)
            self._done(Op("write", op.path, op.inode, op.offset, op.data[:size]))
        if op.kind == "sync":
            self._done(Op("failed_sync", op.path, op.inode))
        raise OSError(failure.code, os.strerror(failure.code), op.path)

    def _check_capacity(self, op: Op) -> None:
        used = sum(len(self.medium.inodes[i].data) for i in self.medium.names.values())
        size = len(self.medium.inodes[op.inode].data)
        room = self.capacity_bytes - used + max(0, size - op.offset)
        if len(op.data) > room:
            if room > 0:
                self._done(Op("write", op.path, op.inode, op.offset, op.data[:room]))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), op.path)

    # The interface of Disk

    def create(self, path: str) -> SimFile:
        if path in self.medium.names or path in self.medium.folders:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self._need_folder(path)
        inode = self._next_inode
        self.do(Op("create", path, inode))
        self._next_inode += 1
        self.open_files += 1
        return SimFile(self, path, inode)

    def open(self, path: str) -> SimFile:
        inode = self._inode_of(path)
        self.open_files += 1
        return SimFile(self, path, inode)

    def read(self, path: str, offset: int = 0, size: int = 1 << 30) -> bytearray:
        self.reads += 1
        for failure in self._failures:
            if failure.kind == "read" and failure.strikes("read"):
                raise OSError(failure.code, os.strerror(failure.code), path)
        return self.medium.inodes[self._inode_of(path)].data[offset : offset + size]

    def size(self, path: str) -> int:
        return len(self.medium.inodes[self._inode_of(path)].data)

    def exists(self, path: str) -> bool:
        return path in self.medium.names or path in self.medium.folders

    def is_directory(self, path: str) -> bool:
        return path in self.medium.folders

    def names(self, path: str) -> list[str]:
        entries = [*self.medium.names, *(folder for folder in self.medium.folders if folder)]
        return sorted(entry.rpartition("/")[2] for entry in entries if parent(entry) == path)

    def make_directory(self, path: str) -> None:
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[:count])
            if folder not in self.medium.folders:
                self.do(Op("mkdir", folder))
            self.do(Op("sync_directory", parent(folder)))

    def sync_directory(self, path: str) -> None:
        if path not in self.medium.folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self.do(Op("sync_directory", path))

    def replace(self, path: str, data: Any) -> None:
        temporary = f"{path}.tmp"
        self.remove(temporary)
        file = self.create(temporary)
        try:
            file.write(data, 0)
            file.sync()
        finally:
            file.close()
        self.rename(temporary, path)
        self.sync_directory(parent(path))

    def rename(self, old: str, new: str) -> None:
        if old in self.medium.folders:
            self._rename_folder(old, new)
            return
        inode = self._inode_of(old)
        self._need_folder(new)
        self.do(Op("rename", old, inode, target=new))

    def _rename_folder(self, old: str, new: str) -> None:
        inside = f"{new}/"
        if any(path.startswith(inside) for path in (*self.medium.names, *self.medium.folders)):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), new)
        self._need_folder(new)
        self.do(Op("rename", old, target=new))

    def remove(self, path: str) -> None:
        if path in self.medium.names:
            self.do(Op("remove", path))

    def remove_tree(self, path: str) -> None:
        inside = path + "/"
        for name in sorted(name for name in self.medium.names if name.startswith(inside)):
            self.do(Op("remove", name))
        folders = [name for name in self.medium.folders if name == path or name.startswith(inside)]
        for folder in sorted(folders, reverse=True):
            self.do(Op("rmdir", folder))

    def free_bytes(self) -> int:
        return self.total_bytes() - sum(len(data) for data in self.files().values())

    def total_bytes(self) -> int:
        return 1 << 40 if self.capacity_bytes is None else self.capacity_bytes

    def lock(self, path: str) -> bool:
        if self._locked:
            return False
        if not self.exists(path):
            self.create(path).close()
        self._locked = True
        return True

    def unlock(self) -> None:
        self._locked = False

    def _inode_of(self, path: str) -> int:
        if path not in self.medium.names:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self.medium.names[path]

    def _need_folder(self, path: str) -> None:
        if parent(path) not in self.medium.folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


@dataclass
class Failure:
    """Some operations that are going to fail."""

    kind: str
    after: int
    times: int
    code: int
    part: float

    def strikes(self, kind: str) -> bool:
        """Tell whether an operation of ``kind`` fails now, and count it."""
        if self.kind != kind and (self.kind or kind == "read"):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times <= 0:
            return False
        self.times -= 1
        return True

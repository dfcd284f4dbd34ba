"""Named places of the store at which a server kills itself, so that tests see what a kill leaves.

The environment variable HEADWATER_FAIL_POINT says where: ``block.sync.before:3`` is when the third
sync of a block is about to happen.  It is read once, at the start; without it none of this is used.
"""

import os
import signal
import threading

from headwater.base.errors import ConfigError
from headwater.store.disk import UNFINISHED, Disk, File

VARIABLE = "HEADWATER_FAIL_POINT"
# What a file is, by its name; one that is being written in order to replace another is told apart.
KINDS = ("block", "checkpoint", "journal", "reserve", "format", "folder", "other", "any")
OPERATIONS = ("create", "write", "sync", "truncate", "rename", "remove", "sync_directory", "read")
MOMENTS = ("before", "half", "after")  # half: a write of which half is done


class FailPoint:
    """One place; ``passed`` ends the process when it is passed for the n-th time."""

    def __init__(self, text: str) -> None:
        """Take ``KIND.OPERATION.MOMENT:COUNT``.

        Raises:
            ConfigError: there is no such place.
        """
        self.place, _, count = text.partition(":")
        parts = self.place.split(".")
        known = len(parts) == 3 and all(
            part.removeprefix("new_") in names
            for part, names in zip(parts, (KINDS, OPERATIONS, MOMENTS), strict=True)
        )
        if not (known and count.isascii() and count.isdigit()):
            raise ConfigError(f"{VARIABLE}: no such place: {text!r}")
        self._kind, self._rest = parts[0], ".".join(parts[1:])
        self._left = int(count)
        self._lock = threading.Lock()

    def passed(self, path: str, operation: str, moment: str) -> None:
        """Note that an operation on a path is about to happen, or has happened."""
        if self._rest == f"{operation}.{moment}" and self._kind in ("any", kind_of(path)):
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def kind_of(path: str) -> str:
    """Return what the file or folder of a path is."""
    name = path.rpartition("/")[2]
    new = "new_" if name.endswith(UNFINISHED) else ""
    name = name.removesuffix(UNFINISHED)
    if name.endswith(".blk"):
        return f"{new}block"
    for kind in ("checkpoint", "journal", "reserve", "format"):
        if name.lower().startswith(kind):
            return new + kind
    return "other" if "." in name else "folder"


class _FailPointFile(File):
    """A file whose operations pass a place."""

    def __init__(self, file: File, path: str, point: FailPoint) -> None:
        self._file = file
        self._path = path
        self._point = point

    def write(self, data, offset: int) -> None:
        self._write(data, offset)

    def write_synced(self, data, offset: int) -> None:
        self._write(data, offset)
        self.sync()

    def truncate(self, size: int) -> None:
        self._point.passed(self._path, "truncate", "before")
        self._file.truncate(size)
        self._point.passed(self._path, "truncate", "after")

    def sync(self) -> None:
        self._point.passed(self._path, "sync", "before")
        self._file.sync()
        self._point.passed(self._path, "sync", "after")

    def close(self) -> None:
        self._file.close()

    def _write(self, data, offset: int) -> None:
        view = memoryview(data)
        half = len(view) // 2
        self._point.passed(self._path, "write", "before")
        self._file.write(view[:half], offset)
        self._point.passed(self._path, "write", "half")
        self._file.write(view[half:], offset + half)
        self._point.passed(self._path, "write", "after")


class FailPointDisk(Disk):
    """A disk whose operations pass a place."""

    def __init__(self, root: str, point: FailPoint) -> None:
        super().__init__(root)
        self._point = point

    def create(self, path: str) -> File:
        self._point.passed(path, "create", "before")
        file = _FailPointFile(super().create(path), path, self._point)
        self._point.passed(path, "create", "after")
        return file

    def open(self, path: str) -> File:
        return _FailPointFile(super().open(path), path, self._point)

    def read(self, path: str, *range_: int) -> bytearray:
        self._point.passed(path, "read", "before")
        return super().read(path, *range_)

    def sync_directory(self, path: str) -> None:
        self._point.passed(path, "sync_directory", "before")
        super().sync_directory(path)
        self._point.passed(path, "sync_directory", "after")

    def rename(self, old: str, new: str) -> None:
        self._point.passed(old, "rename", "before")
        super().rename(old, new)
        self._point.passed(old, "rename", "after")

    def remove(self, path: str) -> None:
        self._point.passed(path, "remove", "before")
        super().remove(path)
        self._point.passed(path, "remove", "after")


def open_disk(root: str) -> Disk:
    """Return the disk below ``root``, with a fail point if the environment names one."""
    text = os.environ.get(VARIABLE, "")
    return FailPointDisk(root, FailPoint(text)) if text else Disk(root)

"""The file system as the store sees it: the only file of the package that touches it.

Everything here blocks and is called from threads that the host owns.  Errors are OSError.  Paths
are relative to the store's directory, with ``/`` between their parts.  Tests put a simulated disk
in its place that remembers what was synced.
"""

import errno
import os
import sys
from pathlib import Path

if sys.platform == "darwin":
    import fcntl

    def _sync(descriptor: int) -> None:
        # On macOS only this asks the drive itself to write.
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)

elif hasattr(os, "fdatasync"):
    _sync = os.fdatasync
else:
    _sync = os.fsync

_NO_SYNCED_WRITES = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
READ_BYTES_MAX = 1 << 30
# A medium that fails, or a folder: such a file cannot be had, whatever is done.
UNREADABLE = (errno.EIO, errno.EISDIR)
# Ends the name of a file that is being written in order to replace another one.
UNFINISHED = ".tmp"
_DIRECTORY_MODE = 0o750
_FILE_MODE = 0o640


class File:
    """A file that is open for writing at given offsets."""

    # Whether the system can write and sync in one call; some file systems turn out not to.
    _synced_writes = hasattr(os, "pwritev") and hasattr(os, "RWF_DSYNC")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data, offset: int) -> None:
        """Write all of ``data`` (bytes-like) at ``offset``."""
        view = memoryview(data)
        while len(view):
            written = os.pwrite(self._descriptor, view, offset)
            offset += written
            view = view[written:]

    def write_synced(self, data, offset: int) -> None:
        """Write all of ``data`` and return when it is on the medium."""
        written = 0
        if File._synced_writes:
            # One call instead of two: between calls the interpreter lock has to be waited for.
            try:
                written = os.pwritev(self._descriptor, [data], offset, os.RWF_DSYNC)
            except OSError as error:
                if error.errno not in _NO_SYNCED_WRITES:
                    raise
                File._synced_writes = False
        if written < len(data):
            self.write(memoryview(data)[written:], offset + written)
            self.sync()

    def truncate(self, size: int) -> None:
        """Cut the file to ``size`` bytes."""
        os.ftruncate(self._descriptor, size)

    def sync(self) -> None:
        """Return when everything written is on the medium."""
        _sync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class Disk:
    """The directory ``root`` of the real file system."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._lock: int | None = None

    def create(self, path: str) -> File:
        """Make a new, empty file and open it.

        Raises:
            FileExistsError: there is one of that name.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        return File(os.open(self._root / path, flags, _FILE_MODE))

    def open(self, path: str) -> File:
        """Open an existing file for writing."""
        return File(os.open(self._root / path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0)))

    def read(self, path: str, offset: int = 0, size: int = READ_BYTES_MAX) -> bytearray:
        """Return up to ``size`` bytes of a file from ``offset``; fewer only at its end."""
        with (self._root / path).open("rb", buffering=0) as file:
            available = max(0, os.fstat(file.fileno()).st_size - offset)
            data = bytearray(min(size, available))
            file.seek(offset)
            filled = 0
            with memoryview(data) as view:
                while filled < len(data):
                    count = file.readinto(view[filled:])
                    if not count:
                        break
                    filled += count
            del data[filled:]
            return data

    def size(self, path: str) -> int:
        """Return the size of a file."""
        return (self._root / path).stat().st_size

    def exists(self, path: str) -> bool:
        return (self._root / path).exists()

    def is_directory(self, path: str) -> bool:
        return (self._root / path).is_dir()

    def names(self, path: str) -> list[str]:
        """Return the names in a directory, sorted; an empty list when there is none."""
        try:
            return sorted(os.listdir(self._root / path))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it, each durable in the one above."""
        target = self._root / path
        for folder in (*reversed(target.parents), target):
            # Also when it is there: whoever made it may have been killed before it was durable.
            if self._root in folder.parents or not folder.exists():
                folder.mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
                self._sync_folder(folder.parent)

    def sync_directory(self, path: str) -> None:
        """Return when the names in a directory are on the medium."""
        self._sync_folder(self._root / path)

    def replace(self, path: str, data) -> None:
        """Write a whole file so that after a crash it is either the old one or the new one."""
        temporary = f"{path}{UNFINISHED}"
        (self._root / temporary).unlink(missing_ok=True)
        file = self.create(temporary)
        try:
            file.write(data, 0)
            file.sync()
        finally:
            file.close()
        self.rename(temporary, path)
        self.sync_directory(path.rpartition("/")[0])

    def rename(self, old: str, new: str) -> None:
        """Rename; durable once the directory is synced."""
        (self._root / old).replace(self._root / new)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there; durable once the directory is synced."""
        (self._root / path).unlink(missing_ok=True)

    def remove_tree(self, path: str) -> None:
        """Remove a directory with all that is in it."""
        for folder, _, names in os.walk(self._root / path, topdown=False):
            for name in names:
                Path(folder, name).unlink(missing_ok=True)
            Path(folder).rmdir()

    def free_bytes(self) -> int:
        """Return how much the file system still takes."""
        status = os.statvfs(self._root)
        return status.f_bavail * status.f_frsize

    def total_bytes(self) -> int:
        """Return the size of the file system."""
        status = os.statvfs(self._root)
        return status.f_blocks * status.f_frsize

    def lock(self, path: str) -> bool:
        """Take the lock file ``path`` for this process; return whether it was free."""
        import fcntl  # noqa: PLC0415 (not on every platform; without it there is no lock)

        descriptor = os.open(self._root / path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def unlock(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

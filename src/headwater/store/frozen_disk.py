"""A disk on which everything can be read, and nothing changes.

What is written to a file that is there, as when a journal is replayed, is seen by those who read it
from then on, and by nobody else.
"""

from headwater.store.disk import READ_BYTES_MAX, Disk, File


class FrozenFile(File):
    """A file to which nothing is written."""

    def __init__(self) -> None:
        super().__init__(-1)

    def write(self, data, offset: int) -> None:
        pass

    def write_synced(self, data, offset: int) -> None:
        pass

    def truncate(self, size: int) -> None:
        pass

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass


class PatchedFile(FrozenFile):
    """A file whose changes are kept in memory, as (offset, bytes)."""

    def __init__(self, patches: list[tuple[int, bytes]]) -> None:
        super().__init__()
        self._patches = patches

    def write(self, data, offset: int) -> None:
        self._patches.append((offset, bytes(data)))

    def write_synced(self, data, offset: int) -> None:
        self.write(data, offset)


class FrozenDisk(Disk):
    """Lets a store be opened as it is, for a look at it."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._patches: dict[str, list[tuple[int, bytes]]] = {}

    def create(self, path: str) -> File:
        return FrozenFile()

    def open(self, path: str) -> File:
        return PatchedFile(self._patches.setdefault(path, []))

    def read(self, path: str, offset: int = 0, size: int = READ_BYTES_MAX) -> bytearray:
        patches = self._patches.get(path)
        if not patches:
            return super().read(path, offset, size)
        data = super().read(path)
        for at, piece in patches:
            if len(data) < at:
                data.extend(bytes(at - len(data)))
            data[at : at + len(piece)] = piece
        return data[offset : offset + size]

    def size(self, path: str) -> int:
        ends = [at + len(piece) for at, piece in self._patches.get(path, [])]
        return max([super().size(path), *ends])

    def make_directory(self, path: str) -> None:
        pass

    def sync_directory(self, path: str) -> None:
        pass

    def replace(self, path: str, data) -> None:
        pass

    def rename(self, old: str, new: str) -> None:
        pass

    def remove(self, path: str) -> None:
        pass

    def remove_tree(self, path: str) -> None:
        pass

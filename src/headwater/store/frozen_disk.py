"""A disk on which everything can be read, and nothing changes."""

from headwater.store.disk import Disk, File


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


class FrozenDisk(Disk):
    """Lets a store be opened as it is, for a look at it."""

    def create(self, path: str) -> File:
        return FrozenFile()

    def open(self, path: str) -> File:
        return FrozenFile()

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

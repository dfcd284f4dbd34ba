"""Random damage to the files of a store."""

import random

from headwater.store.block import HEAD_BYTES, file_name

Files = dict[str, bytes]
# Of the two files of the key one has to be whole.
_SPARED = ("lock", "reserve", "FORMAT", "KEYS.copy")
_PAGE = 4096


class Vandal:
    """Does some damage to ``files``; ``done`` says what."""

    def __init__(self, files: Files, rng: random.Random) -> None:
        self._files = files
        self._rng = rng
        self.done: list[str] = []

    def strike(self) -> None:
        """Do damage once."""
        acts = [
            self._flip,
            self._flip,
            self._flip_head,
            self._zero,
            self._zero_pages,
            self._cut,
            self._remove,
            self._swap,
            self._duplicate,
            self._copy_over,
            self._garbage,
            self._overwrite,
            self._extend,
            self._spoil_format,
        ]
        self._rng.choice(acts)()

    def _pick(self) -> str:
        return self._rng.choice([path for path in sorted(self._files) if path not in _SPARED])

    def _put(self, path: str, at: int, piece: bytes) -> None:
        data = bytearray(self._files[path])
        data[at : at + len(piece)] = piece
        self._files[path] = bytes(data)

    def _flip(self) -> None:
        path = self._pick()
        if self._files[path]:
            at = self._rng.randrange(len(self._files[path]))
            self._flip_at(path, at)

    def _flip_head(self) -> None:
        path = self._pick()
        if self._files[path]:
            self._flip_at(path, self._rng.randrange(min(HEAD_BYTES, len(self._files[path]))))

    def _flip_at(self, path: str, at: int) -> None:
        self._put(path, at, bytes([self._files[path][at] ^ 1 << self._rng.randrange(8)]))
        self.done.append(f"flip {path}@{at}")

    def _zero(self) -> None:
        path, at, size = self._range()
        self._put(path, at, bytes(size))
        self.done.append(f"zero {path}@{at}+{size}")

    def _zero_pages(self) -> None:
        path = self._pick()
        size = len(self._files[path])
        at = self._rng.randrange(size // _PAGE + 1) * _PAGE
        zeros = bytes(min(_PAGE * self._rng.choice([1, 1, 4, 16]), size - at))
        self._put(path, at, zeros)
        self.done.append(f"zero pages {path}@{at}+{len(zeros)}")

    def _copy_over(self) -> None:
        one, other = self._pick(), self._pick()
        self._files[other] = self._files[one]
        self.done.append(f"copy {one} over {other}")

    def _overwrite(self) -> None:
        path, at, size = self._range()
        self._put(path, at, self._rng.randbytes(size))
        self.done.append(f"overwrite {path}@{at}+{size}")

    def _range(self) -> tuple[str, int, int]:
        path = self._pick()
        size = len(self._files[path])
        at = self._rng.randrange(size + 1)
        return path, at, self._rng.randrange(min(1024, size - at) + 1)

    def _cut(self) -> None:
        path = self._pick()
        size = self._rng.randrange(len(self._files[path]) + 1)
        self._files[path] = self._files[path][:size]
        self.done.append(f"cut {path} to {size}")

    def _extend(self) -> None:
        path = self._pick()
        self._files[path] += self._rng.randbytes(self._rng.randrange(1, 300))
        self.done.append(f"extend {path}")

    def _remove(self) -> None:
        path = self._pick()
        del self._files[path]
        self.done.append(f"remove {path}")

    def _swap(self) -> None:
        one, other = self._pick(), self._pick()
        self._files[one], self._files[other] = self._files[other], self._files[one]
        self.done.append(f"swap {one} {other}")

    def _duplicate(self) -> None:
        path = self._pick()
        folder = self._pick().rpartition("/")[0]
        number = self._rng.choice([1, 2, 3, 9, 40, 9_999_999_999])
        target = f"{folder}/{file_name(number)}"
        self._files[target] = self._files[path]
        self.done.append(f"copy {path} to {target}")

    def _garbage(self) -> None:
        folder = self._pick().rpartition("/")[0]
        names = ["x", "0000000050.blk", "9999999999.blk", "checkpoint.2", "1.blk", "a.tmp"]
        place = self._rng.choice([folder, folder.rpartition("/")[0], ""])
        path = f"{place}/{self._rng.choice(names)}".lstrip("/")
        self._files[path] = self._rng.randbytes(self._rng.randrange(2000))
        self.done.append(f"garbage {path}")

    def _spoil_format(self) -> None:
        choices = [b"", bytes(31), b"\xff\xfe", b'{"format": 1, "jour']
        self._files["FORMAT"] = self._rng.choice(choices)
        self.done.append("FORMAT spoiled")

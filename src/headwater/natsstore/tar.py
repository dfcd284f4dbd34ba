"""A tar archive that comes in pieces: regular files, one at a time, and nothing else."""

from headwater.base.errors import FormatError

_BLOCK_BYTES = 512
_FILE_BYTES_MAX = 64 * 1024 * 1024
_NAME = slice(0, 100)
_SIZE = slice(124, 136)
_CHECKSUM = slice(148, 156)
_PREFIX = slice(345, 500)
_TYPE = 156
_MAGIC = slice(257, 262)
_REGULAR = (b"0", b"\0")
_FIELDS = b"x"  # more about the file that follows
_GLOBAL_FIELDS = b"g"
_LONG_NAME = b"L"


class TarReader:
    """Takes an archive in pieces; gives name and content of one file at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._fields: dict[bytes, bytes] = {}
        self.ended = False  # whether the mark of the end has come

    def feed(self, data: bytes | bytearray) -> None:
        """Take more of the archive; what is behind its end does not matter."""
        if not self.ended:
            self._received += data

    def next(self) -> tuple[str, bytes] | None:
        """Return the next file; None until more is fed, or at the end.

        Raises:
            FormatError: it is no archive, or holds something that is no regular file.
        """
        while len(self._received) >= _BLOCK_BYTES and not self.ended:
            head = bytes(self._received[:_BLOCK_BYTES])
            if not any(head):
                self.ended = True
                self._received.clear()
                return None
            size = self._size_of(head)
            end = _BLOCK_BYTES + size
            if len(self._received) < end:
                return None
            content = bytes(memoryview(self._received)[_BLOCK_BYTES:end])
            padded = end + -size % _BLOCK_BYTES
            if len(self._received) < padded:
                return None
            del self._received[:padded]
            name = self._take(head, content)
            if name:
                return name, content
        return None

    def _take(self, head: bytes, content: bytes) -> str:
        """Return the name of a file, empty when this only told about the next one."""
        kind = head[_TYPE : _TYPE + 1]
        if kind == _FIELDS:
            self._fields = _fields_of(content)
            return ""
        if kind == _GLOBAL_FIELDS:
            return ""
        if kind == _LONG_NAME:
            self._fields = {b"path": content.rstrip(b"\0")}
            return ""
        if kind not in _REGULAR:
            raise FormatError("unexpected content: only regular files are expected")
        name = self._fields.get(b"path") or _name_of(head)
        self._fields = {}
        return name.decode("utf-8", "replace")

    def _size_of(self, head: bytes) -> int:
        """Return the size of what follows a head, which has to be one."""
        summed = sum(head) - sum(head[_CHECKSUM]) + 8 * ord(" ")
        if _octal(head[_CHECKSUM]) != summed:
            raise FormatError("archive/tar: invalid tar header")
        told = self._fields.get(b"size", b"")
        if head[_TYPE : _TYPE + 1] in _REGULAR and told:
            size = int(told) if told.isdigit() and len(told) < 20 else -1
        else:
            size = _octal(head[_SIZE])
        if not 0 <= size <= _FILE_BYTES_MAX:
            raise FormatError("archive/tar: a file is too large")
        return size


def _name_of(head: bytes) -> bytes:
    name = head[_NAME].partition(b"\0")[0]
    prefix = head[_PREFIX].partition(b"\0")[0] if head[_MAGIC] == b"ustar" else b""
    return prefix + b"/" + name if prefix else name


def _octal(field: bytes) -> int:
    """Return the number in a field, -1 if it is none."""
    digits = field.strip(b" \0")
    if not digits or any(digit not in b"01234567" for digit in digits):
        return -1
    return int(digits, 8)


def _fields_of(content: bytes) -> dict[bytes, bytes]:
    """Return the fields of an extended head: ``<size> <key>=<value>`` lines."""
    found = {}
    at = 0
    while at < len(content):
        digits, space, _ = content[at : at + 20].partition(b" ")
        size = int(digits) if digits.isdigit() else 0
        line = content[at + len(digits) + len(space) : at + size]
        if not space or not line.endswith(b"\n") or b"=" not in line:
            raise FormatError("archive/tar: invalid tar header")
        key, _, value = line[:-1].partition(b"=")
        found[key] = value
        at += size
    return found

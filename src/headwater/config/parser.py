"""The grammar of the configuration language: keys with values, maps, lists, variables, includes.

A key may be followed by ``=``, ``:`` or just white space; a value ends at the end of the line, at
``,`` or at ``;``.  A key that stands twice keeps the last value.  Variables are looked up among the
keys read so far, from the innermost map outwards, then in the environment, whose text is read as a
value.  An included file is read on its own and its keys become those of the including map.
"""

import os
from collections.abc import Callable, Mapping

from headwater.base.errors import ConfigError
from headwater.config.lexer import LINE_ENDS, SEPARATORS, Scanner, Variable
from headwater.config.tree import Entries, Entry, Node, Place, Scalar, fail, line

# Real files are some kilobytes; what is larger is the wrong file.
FILE_BYTES_MAX = 16 * 1024 * 1024
# All files of one configuration together, so that includes of includes stay bounded.
TOTAL_BYTES_MAX = 4 * FILE_BYTES_MAX
INCLUDES_MAX = 32
# Maps, lists and references inside one another: keeps the recursion far from Python's limit.
DEPTH_MAX = 64
# A list of references to lists of references multiplies: ten lines could ask for 10**10 values.
VALUES_MAX = 1_000_000

# What a bcrypt hash looks like behind its first "$", so that it may stand without quotes.
_BCRYPT_PREFIX = "2a$"
_ENVIRONMENT_KEY = "value"


def parse_file(path: str, environment: Mapping[str, str]) -> Entries:
    """Return what the file at ``path`` says.

    Raises:
        ConfigError: it cannot be read or understood; the text starts with ``FILE:LINE:COLUMN:``.
    """
    return _Reading(environment).file(path, None)


def parse_text(text: str, environment: Mapping[str, str], name: str = "<text>") -> Entries:
    """Return what ``text`` says; ``name`` stands for the file in places and errors.

    Includes are relative to the working directory.

    Raises:
        ConfigError: it cannot be understood.
    """
    return _Parser(_Reading(environment), Scanner(text, name), "").document()


class _Reading:
    """What the files of one configuration share: the environment and the bounds."""

    __slots__ = ("bytes_read", "depth", "environment", "open_files", "open_variables")

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.open_files: list[str] = []
        self.open_variables: list[str] = []
        self.bytes_read = 0
        self.depth = 0

    def file(self, path: str, includer: Place | None) -> Entries:
        identity = os.path.realpath(path)
        if includer is not None:
            if identity in self.open_files:
                fail(includer, f"{path} includes itself")
            if len(self.open_files) > INCLUDES_MAX:
                fail(includer, f"more than {INCLUDES_MAX} includes inside one another")
        text = self._text(path, includer)
        self.open_files.append(identity)
        try:
            return _Parser(self, Scanner(text, path), os.path.dirname(path)).document()
        finally:
            self.open_files.pop()

    def _text(self, path: str, includer: Place | None) -> str:
        where = f"{includer}: " if includer else ""
        try:
            with open(path, "rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigError(line(f"{where}cannot read {path}: {reason}")) from None
        self.bytes_read += len(data)
        if len(data) > FILE_BYTES_MAX or self.bytes_read > TOTAL_BYTES_MAX:
            raise ConfigError(
                line(
                    f"{where}{path} is too large: a file may have {FILE_BYTES_MAX} bytes, "
                    f"all files together {TOTAL_BYTES_MAX}"
                )
            )
        return data.decode("utf-8", "surrogateescape")


class _Parser:
    """Reads one text by recursive descent."""

    __slots__ = ("_folder", "_reading", "_scan", "_scopes")

    def __init__(self, reading: _Reading, scanner: Scanner, folder: str | None) -> None:
        self._reading = reading
        self._scan = scanner
        self._folder = folder  # of includes; None where none may stand
        self._scopes: list[Entries] = []

    def document(self) -> Entries:
        """Return the keys of the whole text, which may be wrapped in braces as JSON is."""
        entries: Entries = {}
        self._scopes.append(entries)
        scan = self._scan
        while True:
            scan.skip_void()
            char = scan.peek()
            if not char:
                return entries
            if char == "{":
                self._braced(entries, in_map=False, expected="a line's end, ',' or '}'")
                continue
            if char == "}":
                scan.fail("this } closes nothing")
            self._entry(entries, in_map=False)
            self._end_of_value("", "a line's end, ',' or ';'")

    def _braced(self, entries: Entries, *, in_map: bool, expected: str) -> None:
        """Read what stands in braces into ``entries``; ``expected`` may follow a value there."""
        scan = self._scan
        start = scan.position
        scan.take()
        while True:
            scan.skip_void()
            char = scan.peek()
            if not char:
                scan.fail("this { is never closed", start)
            if char == "}":
                scan.take()
                return
            self._entry(entries, in_map=in_map)
            self._end_of_value("}", expected)

    def _end_of_value(self, closing: str, expected: str) -> None:
        """Go past what ends a value; ``closing`` is left for the caller."""
        scan = self._scan
        scan.skip_blanks()
        scan.skip_comment()
        char = scan.peek()
        if not char or char in closing:
            return
        if char not in LINE_ENDS and char not in ",;":
            scan.fail(f"{expected} is expected after a value, not {scan.found()}")
        scan.take()

    def _entry(self, entries: Entries, *, in_map: bool) -> None:
        scan = self._scan
        place = scan.place()
        bare = scan.peek() not in ('"', "'")
        name = scan.key()
        if bare and name.lower() == "include" and scan.peek().isspace():
            entries.update(self._included(place))
            return
        scan.skip_spaces()
        separated = scan.peek()
        if separated and separated in SEPARATORS:
            scan.take()
            scan.skip_blanks()
            if in_map:
                scan.skip_spaces()
        char = scan.peek()
        if (not char and not separated) or char in ("}", "]") or (char == "," and in_map):
            scan.fail(f"{_shown(name)} has no value: one is expected, not {scan.found()}")
        entries[name] = Entry(name, place, self._value())

    def _value(self) -> Node:
        scan = self._scan
        place = scan.place()
        char = scan.peek()
        if char == "[":
            return self._nested(self._list, place)
        if char == "{":
            return self._nested(self._map, place)
        if char and char in LINE_ENDS:
            scan.fail("a value is expected, not the end of the line")
        word = self._word(char)
        if isinstance(word, Variable):
            return self._nested(lambda: self._referred(word.name, place), place)
        return Node(word, place)

    def _word(self, char: str) -> Scalar | Variable:
        scan = self._scan
        if char == '"' or char == "'":
            return scan.quoted()
        if char == "(":
            return scan.block()
        if char == ".":
            scan.fail("a number starts with a digit; put a string into quotes")
        if char and char in "-0123456789":
            return scan.number()
        return scan.unquoted()

    def _nested(self, read: Callable[[], Node], place: Place) -> Node:
        """Call ``read`` one level deeper, and check the bounds of what it returns."""
        reading = self._reading
        reading.depth += 1
        if reading.depth > DEPTH_MAX:
            fail(place, f"more than {DEPTH_MAX} maps and lists inside one another")
        node = read()
        reading.depth -= 1
        if node.weight > VALUES_MAX:
            fail(place, f"more than {VALUES_MAX} values")
        if node.depth > DEPTH_MAX:
            fail(place, f"more than {DEPTH_MAX} maps and lists inside one another")
        return node

    def _map(self) -> Node:
        scan = self._scan
        place = scan.place()
        entries: Entries = {}
        self._scopes.append(entries)
        self._braced(entries, in_map=True, expected="',', '}' or a line's end")
        self._scopes.pop()
        nodes = [entry.node for entry in entries.values()]
        return _counted(entries, nodes, place)

    def _list(self) -> Node:
        scan = self._scan
        place = scan.place()
        start = scan.position
        scan.take()
        nodes: list[Node] = []
        while True:
            scan.skip_void()
            char = scan.peek()
            if not char:
                scan.fail("this [ is never closed", start)
            if char == "]":
                scan.take()
                return _counted(nodes, nodes, place)
            if char in ",;}":
                scan.fail(f"a value or ']' is expected, not {scan.found()}")
            nodes.append(self._value())
            self._end_of_item()

    def _end_of_item(self) -> None:
        scan = self._scan
        scan.skip_blanks()
        scan.skip_comment()
        char = scan.peek()
        if not char or char == "]":
            return
        if char not in LINE_ENDS and char != ",":
            scan.fail(f"',' or ']' is expected after a value, not {scan.found()}")
        scan.take()

    def _referred(self, name: str, place: Place) -> Node:
        if name.startswith(_BCRYPT_PREFIX):
            return Node("$" + name, place)
        for entries in reversed(self._scopes):
            entry = entries.get(name)
            if entry is not None:
                entry.used = True
                node = entry.node
                return Node(node.value, place, node.weight, node.depth)
        return self._from_environment(name, place)

    def _from_environment(self, name: str, place: Place) -> Node:
        reading = self._reading
        if name in reading.open_variables:
            fail(place, f"the variable {_shown(name)} refers to itself")
        text = reading.environment.get(name)
        if text is None:
            fail(
                place,
                f"unknown variable {_shown(name)}: a key above this line, "
                "or an environment variable of that name is expected",
            )
        reading.open_variables.append(name)
        try:
            scanner = Scanner(f"{_ENVIRONMENT_KEY}={text}", f"${name}")
            entries = _Parser(reading, scanner, None).document()
        except ConfigError as error:
            fail(place, f"the environment variable cannot be used: {error}")
        finally:
            reading.open_variables.pop()
        node = entries[_ENVIRONMENT_KEY].node
        return Node(node.value, place, node.weight, node.depth)

    def _included(self, place: Place) -> Entries:
        path = self._scan.include_path()
        if self._folder is None:
            fail(place, "an environment variable cannot include a file")
        # nats-server takes every path, even one that starts with "/", relative to the file.
        return self._reading.file(os.path.join(self._folder, path.lstrip("/")), place)


def _counted(value: list[Node] | Entries, nodes: list[Node], place: Place) -> Node:
    weight = 1 + sum(node.weight for node in nodes)
    depth = 1 + max((node.depth for node in nodes), default=0)
    return Node(value, place, weight, depth)


def _shown(name: str) -> str:
    """Return ``name`` for an error text, cut where it is longer than a sane one."""
    return repr(name if len(name) <= 60 else name[:60] + "...")

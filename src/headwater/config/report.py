"""What is found while a configuration is read: all that is wrong, and what is worth a word."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NoReturn, TypeAlias

from headwater.base.errors import ConfigError
from headwater.config.tree import Entries, Entry, Place, fail, line

# More errors than a terminal holds help nobody.
ERRORS_MAX = 50

Fields: TypeAlias = dict[str, Any]
Handler: TypeAlias = "Callable[[Report, Fields, Entry], None]"
Reader: TypeAlias = "Callable[[Report, Entry], Any]"
Handlers: TypeAlias = Mapping[str, Handler]


class Report:
    """Collects errors, warnings, and the options that are accepted but change nothing yet."""

    __slots__ = ("errors", "not_honoured", "users", "warnings")

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.not_honoured: list[str] = []
        self.users: set[str] = set()  # the names so far, of all accounts

    def warn(self, place: Place, what: str) -> None:
        """Note something that works and should yet be changed."""
        self.warnings.append(line(f"{place}: {what}"))

    def ignored(self, entry: Entry) -> None:
        """Note an option that changes nothing in this version."""
        place = entry.place
        self.not_honoured.append(f"{entry.name} ({place.file}:{place.line})")

    def raise_errors(self) -> None:
        """Raise one ConfigError of all that is wrong, a line for each, if anything is."""
        if not self.errors:
            return
        lines = self.errors[:ERRORS_MAX]
        if len(self.errors) > ERRORS_MAX:
            lines.append(f"and {len(self.errors) - ERRORS_MAX} more errors")
        raise ConfigError("\n".join(lines))


def read_entries(report: Report, entries: Entries, handlers: Handlers, fields: Fields) -> None:
    """Give each entry to the handler of its name (in lower case), which fills ``fields``.

    An unknown name is an error, unless it defines a variable that is used.
    """
    for entry in entries.values():
        handler = handlers.get(entry.name.lower())
        try:
            if handler is not None:
                handler(report, fields, entry)
            elif not entry.used:
                fail(entry.place, f"unknown field {_quoted(entry.name)}")
        except ConfigError as error:
            report.errors.append(str(error))


def later(module: str, name: str) -> Handler:
    """Return the handler ``name`` of a module of this package, imported when it is needed.

    Most configurations have few of the blocks, and servers are started often.
    """

    def handle(report: Report, fields: Fields, entry: Entry) -> None:
        getattr(import_module(f"headwater.config.{module}"), name)(report, fields, entry)

    return handle


def sets(field: str, read: Reader) -> Handler:
    """Return a handler that puts what ``read`` returns into ``field``."""

    def handle(report: Report, fields: Fields, entry: Entry) -> None:
        fields[field] = read(report, entry)

    return handle


def ignores(read: Reader) -> Handler:
    """Return a handler of an option that is checked by ``read``, noted, and changes nothing yet."""

    def handle(report: Report, _fields: Fields, entry: Entry) -> None:
        read(report, entry)
        report.ignored(entry)

    return handle


def checks(read: Reader) -> Handler:
    """Return a handler that only checks: an option in a block that is refused as a whole."""

    def handle(report: Report, _fields: Fields, entry: Entry) -> None:
        read(report, entry)

    return handle


def refuses(what: str, read: Reader) -> Handler:
    """Return a handler of an option that cannot be ignored without breaking a promise.

    ``read`` checks it first, so that what is wrong anyway is told as well.
    """

    def handle(report: Report, _fields: Fields, entry: Entry) -> None:
        read(report, entry)
        refuse(entry, what)

    return handle


def refuses_unless_off(what: str, read: Reader) -> Handler:
    """Return a handler that accepts what ``read`` finds to ask for nothing."""

    def handle(report: Report, _fields: Fields, entry: Entry) -> None:
        if read(report, entry):
            refuse(entry, what)

    return handle


def refuse(entry: Entry, what: str) -> NoReturn:
    """Raise the ConfigError that ``what`` is not supported yet."""
    fail(entry.place, f"{entry.name}: {what} is not supported by this version")


def _quoted(name: str) -> str:
    shown = name if len(name) <= 60 else name[:60] + "..."
    return '"' + shown.encode("utf-8", "backslashreplace").decode("utf-8") + '"'

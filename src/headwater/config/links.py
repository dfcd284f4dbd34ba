"""What links to other servers have in common, whatever their kind."""

from headwater.config import values
from headwater.config.authorization import NAME_AND_PASSWORD
from headwater.config.report import Fields, Handlers, Report, checks
from headwater.config.tree import Entry, fail

_COMPRESSION: Handlers = {
    "mode": checks(values.text),
    **dict.fromkeys(("rtt_thresholds", "thresholds", "rtts", "rtt"), checks(values.texts)),
}


def compression(report: Report, entry: Entry) -> None:
    """Check how a link is to be compressed: a mode, a switch, or a map."""
    value = entry.node.value
    if isinstance(value, dict):
        values.block(_COMPRESSION)(report, entry)
    elif not isinstance(value, str | bool):
        values.wrong(entry, "a mode, true, false or a map")


def urls(report: Report, entry: Entry) -> None:
    """Check a list of URLs, as far as being strings."""
    values.nodes_of(entry, "a list of URLs")
    values.texts(report, entry)


_SINGLE_USER: Handlers = {**NAME_AND_PASSWORD, "timeout": checks(values.seconds)}


def single_user(report: Report, entry: Entry) -> Fields:
    """Check an ``authorization`` block that has one user and nothing else."""
    for item in values.entries_of(entry).values():
        if item.name.lower() in ("users", "token"):
            fail(item.place, f"{item.name}: between servers there is one user with a password")
    return values.block(_SINGLE_USER)(report, entry)


def name_without_spaces(report: Report, entry: Entry) -> str:
    """Return a name that other servers accept."""
    name = values.text(report, entry)
    if any(char.isspace() for char in name):
        fail(entry.place, f"{entry.name}: {name!r} must be without white space")
    return name


LISTENER: Handlers = {
    "listen": checks(values.address),
    "port": checks(values.port),
    **dict.fromkeys(("host", "net"), checks(values.text)),
}
WRITING: Handlers = {
    "write_deadline": checks(values.duration),
    "write_timeout": checks(values.write_policy),
}

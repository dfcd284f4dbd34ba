"""The ``mappings`` block: where messages that are published go instead."""

import re

from headwater.base.errors import ConfigError
from headwater.config import values
from headwater.config.options import Mapping, MappingDestination
from headwater.config.report import Fields, Handlers, Report, read_entries, sets
from headwater.config.tree import Entry, fail
from headwater.subjects.mapping import compile_mapping
from headwater.subjects.transform import TransformError
from headwater.subjects.validate import is_valid

_PERCENT = 100
_WEIGHT = re.compile(r"\+?0*([0-9]{1,3})")


def mappings(report: Report, entry: Entry) -> tuple[Mapping, ...]:
    """Return the mappings of a block, which are checked; what is wrong is reported."""
    found = []
    for item in values.entries_of(entry).values():
        try:
            found.append(_mapping(report, item))
        except ConfigError as error:
            report.errors.append(str(error))
    return tuple(found)


def read_mappings(report: Report, fields: Fields, entry: Entry) -> None:
    """Add the block to the field ``mappings``: it has two names, and both may be there."""
    fields["mappings"] = fields.get("mappings", ()) + mappings(report, entry)


def _mapping(report: Report, entry: Entry) -> Mapping:
    source = entry.name
    if not is_valid(_bytes(source)):
        fail(entry.place, f'subject "{source}" is not a valid subject')
    value = entry.node.value
    if isinstance(value, str):
        subject = values.text(report, entry)
        return _checked(entry, (MappingDestination(subject),), f'"{source}" to "{subject}"')
    if isinstance(value, dict):
        items = [entry]
    else:
        nodes = values.nodes_of(entry, "a subject, a destination { ... } or a list of those")
        items = [Entry(source, node.place, node) for node in nodes]
    found = [_destination(report, item) for item in items]
    return _checked(entry, tuple(filter(None, found)), f'"{source}"')


def _checked(entry: Entry, found: tuple[MappingDestination, ...], what: str) -> Mapping:
    destinations = [(_bytes(item.subject), item.weight, _bytes(item.cluster)) for item in found]
    try:
        compile_mapping(_bytes(entry.name), destinations)
    except TransformError as error:
        fail(entry.place, f"error adding mapping for {what}: {error}")
    return Mapping(entry.name, found)


def _destination(report: Report, entry: Entry) -> MappingDestination | None:
    """Return one destination; None when its fields are wrong, which is reported."""
    fields: Fields = {}
    errors_before = len(report.errors)
    read_entries(report, values.entries_of(entry, "a destination { ... }"), _DESTINATION, fields)
    if len(report.errors) > errors_before:
        return None
    subject = fields.setdefault("subject", "")
    if "weight" not in fields:
        fail(entry.place, f'missing weight for mapping destination "{subject}"')
    return MappingDestination(**fields)


def _weight(report: Report, entry: Entry) -> int:
    value = entry.node.value
    if isinstance(value, str):
        text = values.text(report, entry).removesuffix("%")
        match = _WEIGHT.fullmatch(text)
        if match is None:
            fail(entry.place, f'invalid weight "{text}" for mapping destination')
        value = int(match[1])
    elif not isinstance(value, int) or isinstance(value, bool):
        values.wrong(entry, "a weight in percent, such as 20%")
    if not 0 <= value <= _PERCENT:
        fail(entry.place, f"invalid weight {value} for mapping destination")
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


_DESTINATION: Handlers = {
    **dict.fromkeys(("destination", "dest"), sets("subject", values.text)),
    "weight": sets("weight", _weight),
    "cluster": sets("cluster", values.text),
}

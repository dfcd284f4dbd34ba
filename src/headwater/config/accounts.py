"""The ``accounts`` block: tenants with users, limits, mappings and a share of JetStream each."""

from collections.abc import Iterable

from headwater.base.errors import ConfigError
from headwater.base.ids import is_public_key
from headwater.config import values
from headwater.config.authorization import read_permissions, read_users, with_default
from headwater.config.imports import exports, imports
from headwater.config.mappings import read_mappings
from headwater.config.options import (
    AccountJetStream,
    AccountLimits,
    AccountOptions,
    MessageTrace,
)
from headwater.config.report import Fields, Handlers, Report, ignores, read_entries, sets
from headwater.config.tree import Entry, Node, fail
from headwater.subjects.validate import is_valid_literal

_GLOBAL_ACCOUNT = "$G"
_SWITCHES = {"enable": True, "enabled": True, "disable": False, "disabled": False}


def _account_nkey(report: Report, entry: Entry) -> str:
    key = values.text(report, entry)
    if not is_public_key(key, "A"):
        fail(entry.place, f"{entry.name}: not the public key of an account")
    return key


_LIMITS: Handlers = {
    **dict.fromkeys(("max_connections", "max_conn"), sets("connections_max", values.integer)),
    **dict.fromkeys(("max_subscriptions", "max_subs"), sets("subscriptions_max", values.integer)),
    **dict.fromkeys(("max_payload", "max_pay"), sets("payload_bytes_max", values.integer)),
    **dict.fromkeys(("max_leafnodes", "max_leafs"), sets("leafnodes_max", values.integer)),
}


def _limits(report: Report, entry: Entry) -> AccountLimits:
    return AccountLimits(**values.block(_LIMITS)(report, entry))


_JETSTREAM: Handlers = {
    **dict.fromkeys(("max_memory", "max_mem", "mem", "memory"), sets("memory_max", values.integer)),
    **dict.fromkeys(
        ("max_store", "max_file", "max_disk", "store", "disk"), sets("file_max", values.integer)
    ),
    **dict.fromkeys(("max_streams", "streams"), sets("streams_max", values.integer)),
    **dict.fromkeys(("max_consumers", "consumers"), sets("consumers_max", values.integer)),
    **dict.fromkeys(
        ("max_bytes_required", "max_stream_bytes", "max_bytes"),
        sets("bytes_required", values.boolean),
    ),
    **dict.fromkeys(
        ("mem_max_stream_bytes", "memory_max_stream_bytes"),
        sets("memory_stream_bytes_max", values.integer),
    ),
    **dict.fromkeys(
        ("disk_max_stream_bytes", "store_max_stream_bytes"),
        sets("file_stream_bytes_max", values.integer),
    ),
    "max_ack_pending": sets("ack_pending_max", values.integer),
    "cluster_traffic": ignores(values.one_of("system", "owner")),
}


def _jetstream(report: Report, entry: Entry) -> AccountJetStream | None:
    value = entry.node.value
    if isinstance(value, str) and value.lower() not in _SWITCHES:
        fail(entry.place, f'{entry.name}: expected "enabled" or "disabled", got another string')
    if isinstance(value, str | bool):
        enabled = value if isinstance(value, bool) else _SWITCHES[value.lower()]
        return AccountJetStream() if enabled else None
    fields: Fields = {}
    entries = values.entries_of(entry, "a map { ... }, true, false, enabled or disabled")
    read_entries(report, entries, _JETSTREAM, fields)
    return AccountJetStream(**fields)


def _trace_subject(report: Report, entry: Entry) -> str:
    subject = values.text(report, entry)
    if not is_valid_literal(subject.encode("utf-8", "surrogateescape")):
        fail(entry.place, f"{entry.name}: {subject!r} is not a subject to publish to")
    return subject


_TRACE: Handlers = {
    "dest": sets("destination", _trace_subject),
    "sampling": sets("sampling", values.percentage),
}


def _trace(report: Report, entry: Entry) -> MessageTrace:
    if isinstance(entry.node.value, str):
        return MessageTrace(_trace_subject(report, entry))
    errors = len(report.errors)
    fields: Fields = {}
    read_entries(report, values.entries_of(entry, "a subject or a map"), _TRACE, fields)
    if "sampling" in fields and "destination" not in fields and len(report.errors) == errors:
        fail(entry.place, f"{entry.name}: sampling without a dest")
    return MessageTrace(**fields)


_ACCOUNT: Handlers = {
    "nkey": sets("nkey", _account_nkey),
    "users": sets("users", read_users),
    "default_permissions": sets("permissions", read_permissions),
    "limits": sets("limits", _limits),
    "jetstream": sets("jetstream", _jetstream),
    **dict.fromkeys(("mappings", "maps"), read_mappings),
    **dict.fromkeys(("msg_trace", "trace_dest"), sets("trace", _trace)),
    "exports": sets("exports", exports),
    "imports": sets("imports", imports),
}


def _account(report: Report, entry: Entry) -> AccountOptions:
    fields = values.block(_ACCOUNT)(report, entry)
    permissions = fields.pop("permissions", None)
    if permissions is not None:
        fields["users"] = with_default(fields.get("users", ()), permissions)
    return AccountOptions(name=_checked_name(entry, entry.name), **fields)


def _checked_name(entry: Entry, name: str) -> str:
    if name == _GLOBAL_ACCOUNT:
        fail(entry.place, f"{name} is a reserved account")
    if not name or any(char.isspace() for char in name):
        fail(entry.place, f"{name!r} is not a name for an account: no white space, not empty")
    return name


def read_accounts(report: Report, fields: Fields, entry: Entry) -> None:
    """Read the accounts of a map, or of a list of bare names, into the field ``accounts``."""
    found: list[AccountOptions] = []
    names: set[str] = set()
    for item in _items(report, entry):
        try:
            account = _account(report, item)
            if account.name in names:
                fail(item.place, f"duplicate account {account.name!r}")
            names.add(account.name)
            found.append(account)
        except ConfigError as error:
            report.errors.append(str(error))
    fields["accounts"] = tuple(found)


def _items(report: Report, entry: Entry) -> Iterable[Entry]:
    """Return the accounts as entries, whichever way they are written."""
    if isinstance(entry.node.value, dict):
        return entry.node.value.values()
    items = []
    for node in values.nodes_of(entry, "a map or a list of names"):
        name = values.text(report, Entry("account", node.place, node))
        items.append(Entry(name, node.place, Node({}, node.place)))
    return items

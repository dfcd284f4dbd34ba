"""The ``jetstream`` block."""

from headwater.config import values
from headwater.config.options import (
    BatchOptions,
    JetStreamLimits,
    JetStreamOptions,
    StoreKeySource,
)
from headwater.config.report import (
    Fields,
    Handler,
    Handlers,
    Reader,
    Report,
    checks,
    ignores,
    read_entries,
    refuses,
    sets,
)
from headwater.config.tree import Entry, fail

_STORE_DIR = "jetstream.store_dir"
_CIPHERS = ("aes", "aesgcm", "chacha", "chachapoly")


def read_store_dir(report: Report, fields: Fields, entry: Entry) -> None:
    """Read the folder of the store, which may be named at two places but only once."""
    if _STORE_DIR in fields:
        fail(entry.place, f"{entry.name}: the store's folder is named twice")
    fields[_STORE_DIR] = values.text(report, entry)


def _sync_interval(report: Report, fields: Fields, entry: Entry) -> None:
    value = entry.node.value
    always = isinstance(value, str) and value.lower() == "always"
    fields["jetstream.sync_always"] = always
    fields["jetstream.sync_interval_ns"] = 0 if always else values.duration(report, entry)


def _domain(report: Report, entry: Entry) -> str:
    domain = values.text(report, entry)
    if any(char in ".*>" or char.isspace() for char in domain):
        fail(entry.place, f"{entry.name}: {domain!r} must be without '.', '*', '>' and white space")
    return domain


def _unique_tag(report: Report, entry: Entry) -> str:
    return values.text(report, entry).strip().lower()


def _not_negative(report: Report, entry: Entry) -> int:
    value = values.size(report, entry)
    if value < 0:
        fail(entry.place, f"{entry.name}: {value} is negative")
    return value


def _cluster_only(*names: str) -> dict[str, Handler]:
    return dict.fromkeys(names, ignores(values.integer))


_BATCH_LIMITS: Handlers = {
    "max_inflight_per_stream": sets("per_stream_max", values.integer),
    "max_inflight_total": sets("total_max", values.integer),
    "max_msgs": sets("messages_max", values.integer),
    "timeout": sets("timeout_ns", values.duration_text),
}


def _batch_limits(report: Report, entry: Entry) -> BatchOptions:
    return BatchOptions(**values.block(_BATCH_LIMITS)(report, entry))


_LIMITS: Handlers = {
    "max_ack_pending": sets("ack_pending_max", values.integer),
    "max_request_batch": sets("request_batch_max", values.integer),
    "duplicate_window": sets("duplicate_window_ns", values.duration_text),
    **_cluster_only("max_ha_assets"),
    "batch": sets("batch", _batch_limits),
}


def _limits(report: Report, entry: Entry) -> JetStreamLimits:
    return JetStreamLimits(**values.block(_LIMITS)(report, entry))


_TPM_KEYS = "a key in a TPM"


def _cipher(report: Report, entry: Entry) -> str:
    cipher = values.text(report, entry).lower()
    if cipher not in _CIPHERS:
        fail(entry.place, f"{entry.name}: expected one of {', '.join(_CIPHERS)}, not {cipher!r}")
    return cipher


def _key(name: str, kind: str, read: Reader) -> Handler:
    """Return a handler of where a key comes from, which is said only once."""
    field = f"jetstream.{name}"

    def handle(report: Report, fields: Fields, entry: Entry) -> None:
        value = read(report, entry)
        if not value or value == ("",):
            # A variable that is empty must not leave data in the clear.
            fail(entry.place, f"{entry.name}: is empty")
        if field in fields:
            fail(entry.place, f"{entry.name}: this key is given twice")
        fields[field] = StoreKeySource(**{kind: value})

    return handle


_TPM: Handlers = {
    **dict.fromkeys(("keys_file", "encryption_password", "srk_password"), checks(values.text)),
    "pcr": checks(values.integer),
    "cipher": checks(_cipher),
}

_JETSTREAM: Handlers = {
    **dict.fromkeys(("enabled", "enable"), sets("jetstream.enabled", values.boolean)),
    **dict.fromkeys(("store", "store_dir", "storedir"), read_store_dir),
    **dict.fromkeys(("sync", "sync_interval"), _sync_interval),
    **dict.fromkeys(
        ("max_memory_store", "max_mem_store", "max_mem"),
        sets("jetstream.memory_max", values.size),
    ),
    **dict.fromkeys(("max_file_store", "max_file"), sets("jetstream.file_max", values.size)),
    "domain": sets("jetstream.domain", _domain),
    "unique_tag": sets("jetstream.unique_tag", _unique_tag),
    **dict.fromkeys(("key", "ek", "encryption_key"), _key("key", "text", values.text)),
    "key_file": _key("key", "file", values.text),
    "key_command": _key("key", "command", values.texts),
    **dict.fromkeys(
        ("prev_key", "prev_ek", "prev_encryption_key"),
        _key("previous_key", "text", values.text),
    ),
    "prev_key_file": _key("previous_key", "file", values.text),
    "prev_key_command": _key("previous_key", "command", values.texts),
    "cipher": checks(_cipher),
    "tpm": refuses(_TPM_KEYS, values.block(_TPM)),
    "limits": sets("jetstream.limits", _limits),
    "strict": sets("jetstream.strict", values.boolean),
    "extension_hint": ignores(values.text),
    **dict.fromkeys(("max_outstanding_catchup", "max_buffered_size"), ignores(values.size)),
    "max_buffered_msgs": ignores(values.integer),
    "request_queue_limit": sets("jetstream.requests_max", values.integer),
    "info_queue_limit": sets("jetstream.info_requests_max", values.integer),
    "meta_compact": ignores(_not_negative),
    "meta_compact_size": ignores(_not_negative),
    "meta_compact_sync": ignores(values.boolean),
    "max_concurrent_io": ignores(values.between(4, 8192)),
}


def read_jetstream(report: Report, fields: Fields, entry: Entry) -> None:
    """Read the block, or ``true``, ``enabled`` and their opposites, into ``jetstream.*``."""
    value = entry.node.value
    if isinstance(value, bool):
        fields["jetstream.enabled"] = value
    elif isinstance(value, str):
        enabled = {"enable": True, "enabled": True, "disable": False, "disabled": False}
        if value.lower() not in enabled:
            fail(entry.place, f'{entry.name}: expected "enabled" or "disabled", got another string')
        fields["jetstream.enabled"] = enabled[value.lower()]
    else:
        fields["jetstream.enabled"] = True
        entries = values.entries_of(entry, "a map { ... }, true, false, enabled or disabled")
        read_entries(report, entries, _JETSTREAM, fields)


def assemble_jetstream(fields: Fields) -> JetStreamOptions | None:
    """Return the block of the fields ``jetstream.*``, without their prefix; None if it is off."""
    if not fields.pop("enabled", False):
        return None
    return JetStreamOptions(**fields)

"""The options at the top level of a configuration, and how all of them become ``Options``."""

import posixpath
from typing import Any

from headwater.base.clock import SECOND
from headwater.base.errors import ConfigError
from headwater.config import values
from headwater.config.authorization import assemble_authorization, read_authorization
from headwater.config.jetstream import assemble_jetstream, read_jetstream, read_store_dir
from headwater.config.leafnodes import read_leafnodes
from headwater.config.mappings import read_mappings
from headwater.config.options import LogOptions, Options
from headwater.config.report import (
    Fields,
    Handlers,
    Report,
    ignores,
    read_entries,
    refuse,
    refuses,
    refuses_unless_off,
    sets,
)
from headwater.config.tree import Entries, Entry, fail

LAME_DUCK_MIN_NS = 30 * SECOND
_SUB_TOKENS_MAX = 255
# Zero asks for nats-server's default there, as does an empty host.
_ZERO_IS_DEFAULT = (
    "host",
    "port",
    "control_line_bytes_max",
    "payload_bytes_max",
    "pending_bytes_max",
    "ping_interval_ns",
    "pings_out_max",
    "write_deadline_ns",
)


def _listen(report: Report, fields: Fields, entry: Entry) -> None:
    fields["host"], fields["port"] = values.address(report, entry)


def _http(report: Report, fields: Fields, entry: Entry) -> None:
    fields["http_host"], fields["http_port"] = values.address(report, entry)


def server_name(name: str) -> str:
    """Return ``name``, or raise ConfigError for one that other servers would refuse."""
    if any(char.isspace() for char in name):
        raise ConfigError("server name cannot contain spaces")
    return name


def _server_name(report: Report, entry: Entry) -> str:
    try:
        return server_name(values.text(report, entry))
    except ConfigError as error:
        if isinstance(entry.node.value, str):
            fail(entry.place, f"{entry.name}: {error}")
        raise


def _trace_verbose(report: Report, fields: Fields, entry: Entry) -> None:
    fields["log.trace"] = fields["log.trace_verbose"] = values.boolean(report, entry)


def _trace_headers(report: Report, fields: Fields, entry: Entry) -> None:
    fields["log.trace"] = values.boolean(report, entry)
    report.ignored(entry)


def _base_path(report: Report, entry: Entry) -> str:
    path = posixpath.normpath("/" + values.text(report, entry)).lstrip("/")
    return f"/{path}" if path not in ("", ".") else ""


def _lame_duck(report: Report, entry: Entry) -> int:
    duration = values.duration_text(report, entry)
    if duration < LAME_DUCK_MIN_NS:
        fail(entry.place, f"{entry.name}: the least is 30s")
    return duration


def _subscriptions_max(report: Report, entry: Entry) -> int:
    return max(0, values.integer(report, entry))


def _system_account(report: Report, _fields: Fields, entry: Entry) -> None:
    if values.text(report, entry) != "$SYS":
        refuse(entry, "a system account other than $SYS")
    report.ignored(entry)


def _write_policy(report: Report, entry: Entry) -> str:
    policy = values.text(report, entry)
    if policy not in ("default", "close", "retry"):
        fail(entry.place, f"{entry.name}: expected default, close or retry, not {policy!r}")
    return policy


def _map_of_texts(report: Report, entry: Entry) -> None:
    for item in values.entries_of(entry).values():
        values.text(report, item)


def _map_of_booleans(report: Report, entry: Entry) -> None:
    for item in values.entries_of(entry).values():
        values.boolean(report, item)


_HONOURED: Handlers = {
    "listen": _listen,
    "port": sets("port", values.port),
    **dict.fromkeys(("host", "net"), sets("host", values.text)),
    "server_name": sets("server_name", _server_name),
    "client_advertise": sets("client_advertise", values.text),
    "http": _http,
    **dict.fromkeys(("http_port", "monitor_port"), sets("http_port", values.port)),
    "http_base_path": sets("http_base_path", _base_path),
    **dict.fromkeys(("pid_file", "pidfile"), sets("pid_file", values.text)),
    "ports_file_dir": sets("ports_file_dir", values.text),
    "max_control_line": sets("control_line_bytes_max", values.between(0, values.INT32_MAX)),
    "max_payload": sets("payload_bytes_max", values.between(0, values.INT32_MAX)),
    "max_pending": sets("pending_bytes_max", values.between(0, values.INT64_MAX)),
    **dict.fromkeys(
        ("max_connections", "max_conn"), sets("connections_max", values.unlimited_below_one)
    ),
    **dict.fromkeys(
        ("max_subscriptions", "max_subs"), sets("subscriptions_max", _subscriptions_max)
    ),
    "ping_interval": sets("ping_interval_ns", values.duration),
    "ping_max": sets("pings_out_max", values.between(0, values.INT32_MAX)),
    "write_deadline": sets("write_deadline_ns", values.duration),
    "lame_duck_duration": sets("lame_duck_duration_ns", _lame_duck),
    "no_header_support": sets("no_header_support", values.boolean),
    "authorization": read_authorization,
    **dict.fromkeys(("mappings", "maps"), read_mappings),
    "jetstream": read_jetstream,
    **dict.fromkeys(("store_dir", "storedir"), read_store_dir),
    **dict.fromkeys(("leafnodes", "leaf"), read_leafnodes),
    "debug": sets("log.debug", values.boolean),
    "trace": sets("log.trace", values.boolean),
    "trace_verbose": _trace_verbose,
    "trace_headers": _trace_headers,
    "logtime": sets("log.time", values.boolean),
    "logtime_utc": sets("log.utc", values.boolean),
    **dict.fromkeys(("log_file", "logfile"), sets("log.file", values.text)),
    **dict.fromkeys(
        ("logfile_size_limit", "log_size_limit"),
        sets("log.size_limit", values.between(0, values.INT64_MAX)),
    ),
    **dict.fromkeys(
        ("logfile_max_num", "log_max_num"), sets("log.files_max", values.between(0, 2**31))
    ),
}

_IGNORED: Handlers = {
    "allow_non_tls": ignores(values.boolean),
    "connect_error_reports": ignores(values.integer),
    **dict.fromkeys(("disable_sublist_cache", "no_sublist_cache"), ignores(values.boolean)),
    "feature_flags": ignores(_map_of_booleans),
    "lame_duck_grace_period": ignores(values.duration_text),
    "max_closed_clients": ignores(values.integer),
    **dict.fromkeys(
        ("max_sub_tokens", "max_subscription_tokens"),
        ignores(values.between(1, _SUB_TOKENS_MAX)),
    ),
    "max_traced_msg_len": ignores(values.integer),
    "no_fast_producer_stall": ignores(values.boolean),
    **dict.fromkeys(("no_system_account", "no_system", "no_sys_acc"), ignores(values.boolean)),
    **dict.fromkeys(("prof_port", "prof_block_rate"), ignores(values.integer)),
    "reconnect_error_reports": ignores(values.integer),
    "remote_syslog": ignores(values.text),
    "server_metadata": ignores(_map_of_texts),
    "server_tags": ignores(values.texts),
    "syslog": ignores(values.boolean),
    **dict.fromkeys(("system_account", "system"), _system_account),
    "write_timeout": ignores(_write_policy),
}

_OPERATOR_MODE = refuses("operator mode (JWT)")

_REFUSED: Handlers = {
    "accounts": refuses("more than one account"),
    "cluster": refuses("a cluster"),
    "default_js_domain": refuses(),
    "default_sentinel": _OPERATOR_MODE,
    "gateway": refuses("a gateway"),
    "https": refuses("monitoring through TLS"),
    "https_port": refuses_unless_off("monitoring through TLS"),
    "mqtt": refuses("MQTT"),
    "no_auth_user": refuses(),
    **dict.fromkeys(("ocsp", "ocsp_cache"), refuses_unless_off("OCSP")),
    **dict.fromkeys(
        ("operator", "operators", "root", "roots", "root_operator", "root_operators"),
        _OPERATOR_MODE,
    ),
    **dict.fromkeys(("resolver", "account_resolver", "accounts_resolver"), _OPERATOR_MODE),
    **dict.fromkeys(
        ("resolver_tls", "resolver_preload", "resolver_pinned_accounts"), _OPERATOR_MODE
    ),
    **dict.fromkeys(("trusted", "trusted_keys"), _OPERATOR_MODE),
    "proxies": refuses("a trusted proxy"),
    "proxy_protocol": refuses_unless_off("the PROXY protocol"),
    "tls": refuses("TLS"),
    **dict.fromkeys(("websocket", "ws"), refuses("WebSocket")),
}

HANDLERS: Handlers = {**_HONOURED, **_IGNORED, **_REFUSED}


def read_general(report: Report, entries: Entries) -> Fields:
    """Return what ``entries`` set; the fields of blocks have the block's name as prefix."""
    fields: Fields = {}
    read_entries(report, entries, HANDLERS, fields)
    return fields


def assemble(fields: Fields) -> Options:
    """Return the options that ``fields`` make up, defaults elsewhere.

    Raises:
        ConfigError: fields contradict one another.
    """
    own: dict[str, Any] = {name: value for name, value in fields.items() if "." not in name}
    for name in _ZERO_IS_DEFAULT:
        if not own.get(name, 1):
            del own[name]
    options = Options(
        **own,
        authorization=assemble_authorization(_block(fields, "authorization")),
        jetstream=assemble_jetstream(_block(fields, "jetstream")),
        log=LogOptions(**_block(fields, "log")),
    )
    if options.payload_bytes_max > options.pending_bytes_max:
        raise ConfigError(
            f"max_payload ({options.payload_bytes_max}) cannot be higher than "
            f"max_pending ({options.pending_bytes_max})"
        )
    return options


def _block(fields: Fields, name: str) -> Fields:
    prefix = f"{name}."
    return {
        field.removeprefix(prefix): value
        for field, value in fields.items()
        if field.startswith(prefix)
    }

"""The options at the top level of a configuration, and how all of them become ``Options``."""

import posixpath
from dataclasses import replace
from typing import Any

from headwater.base.clock import SECOND
from headwater.base.errors import ConfigError
from headwater.config import log, values
from headwater.config.authorization import assemble_authorization, read_authorization
from headwater.config.check import check
from headwater.config.default_domains import mapped
from headwater.config.jetstream import assemble_jetstream, read_jetstream, read_store_dir
from headwater.config.options import LogOptions, OperatorMode, Options
from headwater.config.report import (
    Fields,
    Handler,
    Handlers,
    Report,
    ignores,
    later,
    read_entries,
    sets,
)
from headwater.config.tree import Entries, Entry, fail

LAME_DUCK_MIN_NS = 30 * SECOND
_SUB_TOKENS_MAX = 255
# Zero asks for nats-server's default there, as does an empty text.
_ZERO_IS_DEFAULT = (
    "host",
    "port",
    "control_line_bytes_max",
    "payload_bytes_max",
    "pending_bytes_max",
    "ping_interval_ns",
    "pings_out_max",
    "write_deadline_ns",
    "system_account",
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


def _https(report: Report, fields: Fields, entry: Entry) -> None:
    fields["https_host"], fields["https_port"] = values.address(report, entry)


def _inverted(field: str) -> Handler:
    """Return a handler of a boolean that says the opposite of ``field``."""

    def handle(report: Report, fields: Fields, entry: Entry) -> None:
        fields[field] = not values.boolean(report, entry)

    return handle


def _closed_clients_max(report: Report, entry: Entry) -> int:
    return values.between(0, values.INT32_MAX)(report, entry)


def _feature_flags(report: Report, fields: Fields, entry: Entry) -> None:
    flags = dict(values.map_of(values.boolean)(report, entry))
    fields["ack_subjects_v2"] = flags.pop("js_ack_fc_v2", False)
    if flags:
        report.ignored(entry)


def _tags(report: Report, entry: Entry) -> tuple[str, ...]:
    """Return tags in small letters, each once."""
    tags = [text.strip().lower() for text in values.texts(report, entry)]
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _metadata(report: Report, entry: Entry) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.map_of(values.text)(report, entry)))


_HONOURED: Handlers = {
    "listen": _listen,
    "port": sets("port", values.port),
    **dict.fromkeys(("host", "net"), sets("host", values.text)),
    "server_name": sets("server_name", _server_name),
    "client_advertise": sets("client_advertise", values.advertised),
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
    "write_timeout": sets("write_timeout", values.write_policy),
    "lame_duck_duration": sets("lame_duck_duration_ns", _lame_duck),
    "lame_duck_grace_period": sets("lame_duck_grace_ns", values.duration_text),
    "no_header_support": sets("no_header_support", values.boolean),
    **dict.fromkeys(
        ("max_sub_tokens", "max_subscription_tokens"),
        sets("subscription_tokens_max", values.between(1, _SUB_TOKENS_MAX)),
    ),
    **dict.fromkeys(("disable_sublist_cache", "no_sublist_cache"), _inverted("sublist_cache")),
    "no_fast_producer_stall": _inverted("fast_producer_stall"),
    "max_closed_clients": sets("closed_clients_max", _closed_clients_max),
    "proxy_protocol": sets("proxy_protocol", values.boolean),
    "tls": later("tls", "read_tls"),
    "allow_non_tls": sets("allow_non_tls", values.boolean),
    "https": _https,
    "https_port": sets("https_port", values.port),
    "server_tags": sets("tags", _tags),
    "server_metadata": sets("metadata", _metadata),
    "accounts": later("accounts", "read_accounts"),
    **dict.fromkeys(("system_account", "system"), sets("system_account", values.text)),
    **dict.fromkeys(
        ("no_system_account", "no_system", "no_sys_acc"),
        sets("no_system_account", values.boolean),
    ),
    "no_auth_user": sets("no_auth_user", values.text),
    "connect_error_reports": sets("connect_error_reports", values.integer),
    "reconnect_error_reports": sets("reconnect_error_reports", values.integer),
    "authorization": read_authorization,
    **dict.fromkeys(("mappings", "maps"), later("mappings", "read_mappings")),
    "jetstream": read_jetstream,
    "default_js_domain": sets("default_domains", values.map_of(values.text)),
    "feature_flags": _feature_flags,
    **dict.fromkeys(("store_dir", "storedir"), read_store_dir),
    **dict.fromkeys(("leafnodes", "leaf"), later("leafnodes", "read_leafnodes")),
    **log.HANDLERS,
}

_IGNORED: Handlers = {
    **dict.fromkeys(("prof_port", "prof_block_rate"), ignores(values.integer)),
}

_REFUSED: Handlers = {
    "cluster": later("cluster", "read_cluster"),
    "gateway": later("gateway", "read_gateway"),
    "mqtt": later("mqtt", "read_mqtt"),
    "ocsp": later("ocsp", "read_stapling"),
    "ocsp_cache": later("ocsp", "read_cache"),
    **dict.fromkeys(
        (
            "default_sentinel",
            "operator",
            "operators",
            "root",
            "roots",
            "root_operator",
            "root_operators",
            "resolver",
            "account_resolver",
            "accounts_resolver",
            "resolver_tls",
            "resolver_preload",
            "resolver_pinned_accounts",
            "trusted",
            "trusted_keys",
            "proxies",
        ),
        later("operator_mode", "read_operator_mode"),
    ),
    **dict.fromkeys(("websocket", "ws"), later("websocket", "read_websocket")),
}

HANDLERS: Handlers = {**_HONOURED, **_IGNORED, **_REFUSED}


def read_general(report: Report, entries: Entries) -> Fields:
    """Return what ``entries`` set; the fields of blocks have the block's name as prefix.

    ``places`` tells where each option of the top level stands, by its name in small letters.
    """
    fields: Fields = {}
    read_entries(report, entries, HANDLERS, fields)
    fields["places"] = {entry.name.lower(): str(entry.place) for entry in entries.values()}
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
        authorization=assemble_authorization(_block(fields, "authorization"), own.get("tls")),
        jetstream=assemble_jetstream(_block(fields, "jetstream")),
        operator_mode=OperatorMode(**_block(fields, "operator_mode")),
        log=LogOptions(**_block(fields, "log")),
    )
    options = replace(options, warnings=(*options.warnings, *check(options)))
    return mapped(options)


def _block(fields: Fields, name: str) -> Fields:
    prefix = f"{name}."
    return {
        field.removeprefix(prefix): value
        for field, value in fields.items()
        if field.startswith(prefix)
    }

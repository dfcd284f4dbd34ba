"""``/varz``: what the server is, how it is set up, and what it has done so far."""

import os
from typing import Any

import msgspec

from headwater.base import gojson
from headwater.base.clock import MINUTE, SECOND
from headwater.broker.node import COMPATIBLE_VERSION, PROTOCOL
from headwater.broker.server_info import feature_flags
from headwater.broker.session import CLIENT, LEAF_OF_US, LEAF_TO_HUB
from headwater.config.options import LeafRemote, TlsOptions
from headwater.monitor.about import About
from headwater.monitor.formats import number, text, uptime_text
from headwater.monitor.parameters import Parameters
from headwater.monitor.process_stats import memory_bytes
from headwater.store.jobs import Waits

_TLS_TIMEOUT_NS = 2 * SECOND
# What nats-server shows beside ``sync_always``.
_SYNC_INTERVAL_NS = 2 * MINUTE


class VarzOptions(msgspec.Struct, frozen=True):
    """There is nothing to choose."""

    @classmethod
    def from_url(cls, _parameters: Parameters) -> "VarzOptions":
        """Return them, whatever the parameters are."""
        return cls()


def varz(about: About, _asked: VarzOptions) -> dict[str, object]:
    """Return the whole object, in nats-server's names and order."""
    return {
        **_identity(about),
        **_listeners(about),
        **_limits(about),
        **_links(about),
        "jetstream": _jetstream(about),
        "tls_timeout": number(_tls_timeout_ns(about.options.tls) / SECOND),
        "write_deadline": about.options.write_deadline_ns,
        **_process(about),
        **_counters(about),
        **_configuration(about),
        **_statistics(about),
    }


def _identity(about: About) -> dict[str, object]:
    node = about.node
    return {
        "server_id": node.server_id,
        "server_name": node.name,
        "version": COMPATIBLE_VERSION,
        "headwater": node.own_version,
        "proto": PROTOCOL,
        "git_commit": "",
        "go": "",
    }


def _listeners(about: About) -> dict[str, object]:
    node, options = about.node, about.options
    host, port = node.public_address()
    fields: dict[str, object] = {"host": host, "port": port}
    if node.authenticator.checks:
        fields["auth_required"] = True
    if options.tls is not None:
        if not options.allow_non_tls:
            fields["tls_required"] = True
        if options.tls.verify:
            fields["tls_verify"] = True
    return fields


def _limits(about: About) -> dict[str, object]:
    node, options = about.node, about.options
    fields: dict[str, object] = {"max_connections": node.connections_max}
    if node.subscriptions_max:
        fields["max_subscriptions"] = node.subscriptions_max
    return fields | {
        "ping_interval": node.ping_interval_ns,
        "ping_max": node.pings_out_max,
        "http_host": options.http_host,
        "http_port": about.http_port,
        "http_base_path": options.http_base_path,
        "https_port": about.https_port,
        "auth_timeout": number(node.auth_timeout_ns / SECOND),
        "max_control_line": node.control_line_bytes_max,
        "max_payload": node.payload_bytes_max,
        "max_pending": node.pending_bytes_max,
    }


def _links(about: About) -> dict[str, object]:
    remotes = [_remote(remote) for remote in about.options.leafnodes.remotes]
    return {
        "cluster": {},
        "gateway": {},
        "leaf": {"remotes": remotes} if remotes else {},
        "mqtt": {},
        "websocket": {},
    }


def _remote(remote: LeafRemote) -> dict[str, object]:
    """Return what a remote is; its URLs without what they authenticate with."""
    fields: dict[str, object] = {
        "local_account": remote.account or "$G",
        "urls": [f"{url.host}:{url.port}" for url in remote.urls],
    }
    denied = {"exports": list(remote.deny_exports), "imports": list(remote.deny_imports)}
    deny = {name: subjects for name, subjects in denied.items() if subjects}
    if deny:
        fields["deny"] = deny
    return fields


def _jetstream(about: About) -> dict[str, object]:
    jetstream = about.node.jetstream
    if jetstream is None:
        return {}
    return {
        "config": jetstream_config(jetstream),
        "stats": jetstream_stats(jetstream),
        "limits": jetstream_limits(jetstream),
    }


def jetstream_config(jetstream: Any) -> dict[str, object]:
    """Return how JetStream is set up."""
    options = jetstream.options
    fields: dict[str, object] = {
        "max_memory": options.memory_max,
        "max_storage": options.file_max,
        "store_dir": jetstream.store_dir,
        "sync_interval": options.sync_interval_ns or _SYNC_INTERVAL_NS,
        "sync_always": True,
    }
    if options.domain:
        fields["domain"] = options.domain
    if options.unique_tag:
        fields["unique_tag"] = options.unique_tag
    if options.strict:
        fields["strict"] = True
    return fields


def jetstream_limits(jetstream: Any) -> dict[str, int]:
    """Return what any stream or consumer may have, as far as that is limited."""
    limits = jetstream.options.limits
    fields = {
        "max_request_batch": limits.request_batch_max,
        "max_ack_pending": limits.ack_pending_max,
        "max_duplicate_window": limits.duplicate_window_ns,
    }
    return {name: value for name, value in fields.items() if value}


def jetstream_stats(jetstream: Any) -> dict[str, Any]:
    """Return what JetStream takes."""
    memory, file = jetstream.memory, jetstream.file
    apis = [streams.api for streams in jetstream.accounts]
    return {
        "memory": memory.used,
        "storage": file.used,
        "reserved_memory": memory.reserved,
        "reserved_storage": file.reserved,
        "accounts": len(jetstream.accounts),
        "ha_assets": 0,
        "api": {
            "level": jetstream.API_LEVEL,
            "total": sum(api.total for api in apis),
            "errors": sum(api.errors for api in apis),
        },
    }


def _process(about: About) -> dict[str, object]:
    now_ns = about.node.clock.now()
    cores = os.cpu_count() or 1
    return {
        "start": gojson.time_text(about.node.start_ns),
        "now": gojson.time_text(now_ns),
        "uptime": uptime_text(now_ns - about.node.start_ns),
        "mem": memory_bytes(),
        "cores": cores,
        "gomaxprocs": cores,
        "cpu": number(about.processor.percent()),
    }


def _counters(about: About) -> dict[str, object]:
    node = about.node
    router, links = node.router, node.router.links
    return {
        "connections": len(node.sessions),
        "total_connections": node.total_connections,
        "routes": 0,
        "remotes": 0,
        "leafnodes": len(node.leaf_sessions),
        "in_msgs": router.in_msgs,
        "in_bytes": router.in_bytes,
        "in_client_msgs": router.in_msgs - links.in_msgs,
        "in_client_bytes": router.in_bytes - links.in_bytes,
        "out_msgs": router.out_msgs,
        "out_bytes": router.out_bytes,
        "out_client_msgs": router.out_msgs - links.out_msgs,
        "out_client_bytes": router.out_bytes - links.out_bytes,
        "slow_consumers": router.slow_consumers,
        "stale_connections": router.stale_connections,
        "stalled_clients": router.stalls,
        "subscriptions": sum(account.interest.count for account in node.accounts),
        "http_req_stats": dict(sorted(about.requests.items())),
    }


def _configuration(about: About) -> dict[str, object]:
    node, options = about.node, about.options
    fields: dict[str, object] = {
        "config_load_time": gojson.time_text(about.loaded_ns),
        "config_digest": options.config_digest,
    }
    if options.tags:
        fields["tags"] = list(options.tags)
    if options.metadata:
        fields["metadata"] = dict(options.metadata)
    fields["feature_flags"] = feature_flags(node)
    if not options.no_system_account:
        fields["system_account"] = text(node.accounts.system.name)
    return fields


def _statistics(about: About) -> dict[str, object]:
    node = about.node
    waits = Waits() if node.jetstream is None else node.jetstream.jobs.waits
    fields: dict[str, object] = {
        "slow_consumer_stats": _by_kind(node.slow_by_kind),
        "stale_connection_stats": _by_kind(node.stale_by_kind),
        "disk_io_wait_stats": {
            "waiters": waits.waiters,
            "waits": waits.waits,
            "wait_time": waits.wait_ns,
            "max_wait_time": waits.wait_ns_max,
        },
    }
    tls = about.options.tls
    expiry = about.expiries.of(tls) if tls is not None else ""
    if expiry:
        fields["tls_cert_not_after"] = expiry
    return fields


def _by_kind(counts: list[int]) -> dict[str, int]:
    leafs = counts[LEAF_OF_US] + counts[LEAF_TO_HUB]
    return {"clients": counts[CLIENT], "routes": 0, "gateways": 0, "leafs": leafs}


def _tls_timeout_ns(tls: TlsOptions | None) -> int:
    return _TLS_TIMEOUT_NS if tls is None else tls.timeout_ns

"""``/varz``: what the server is, how it is set up, and what it has done so far."""

import os

from headwater.base import gojson
from headwater.base.clock import DAY, HOUR, MINUTE, SECOND
from headwater.broker.node import COMPATIBLE_VERSION, PROTOCOL, Node
from headwater.config.options import Options
from headwater.monitor.process_stats import ProcessorUse, memory_bytes


def identity(node: Node, options: Options, http_port: int) -> dict[str, object]:
    """Return who the server is, and its limits: the part that does not change."""
    fields: dict[str, object] = {
        "server_id": node.server_id,
        "server_name": node.name,
        "version": COMPATIBLE_VERSION,
        "headwater": node.own_version,
        "proto": PROTOCOL,
        "go": "",
        "host": options.host,
        "port": node.port,
    }
    if node.authenticator.required:
        fields["auth_required"] = True
    fields["max_connections"] = node.connections_max
    if node.subscriptions_max:
        fields["max_subscriptions"] = node.subscriptions_max
    fields |= {
        "ping_interval": node.ping_interval_ns,
        "ping_max": node.pings_out_max,
        "http_host": options.http_host,
        "http_port": http_port,
        "http_base_path": options.http_base_path,
        "https_port": 0,
        "auth_timeout": node.auth_timeout_ns / SECOND,
        "max_control_line": node.control_line_bytes_max,
        "max_payload": node.payload_bytes_max,
        "max_pending": node.pending_bytes_max,
        "cluster": {},
        "gateway": {},
        "leaf": _leaf(options),
        "mqtt": {},
        "websocket": {},
        "jetstream": {} if node.jetstream is None else node.jetstream.status(),
        "write_deadline": options.write_deadline_ns,
    }
    return fields


def counters(node: Node) -> dict[str, object]:
    """Return connections, messages and bytes so far."""
    router = node.router
    return {
        "connections": len(node.sessions),
        "total_connections": node.total_connections,
        "routes": 0,
        "remotes": 0,
        "leafnodes": len(node.leaf_sessions),
        "in_msgs": router.in_msgs,
        "in_bytes": router.in_bytes,
        "out_msgs": router.out_msgs,
        "out_bytes": router.out_bytes,
        "slow_consumers": router.slow_consumers,
        "stale_connections": router.stale_connections,
        "stalled_clients": router.stalls,
        "subscriptions": sum(account.interest.count for account in node.accounts),
    }


def varz(
    node: Node,
    options: Options,
    http_port: int,
    requests: dict[str, int],
    processor: ProcessorUse,
) -> dict[str, object]:
    """Return the whole object in nats-server's field names; ``requests`` counts them by path."""
    now_ns = node.clock.now()
    started = gojson.time_text(node.start_ns)
    cores = os.cpu_count() or 1
    return {
        **identity(node, options, http_port),
        "start": started,
        "now": gojson.time_text(now_ns),
        "uptime": uptime_text(now_ns - node.start_ns),
        "mem": memory_bytes(),
        "cores": cores,
        "gomaxprocs": cores,
        "cpu": processor.percent(),
        **counters(node),
        "http_req_stats": dict(requests),
        "config_load_time": started,
        "config_digest": options.config_digest,
        "system_account": node.accounts.system.name.decode(),
        "slow_consumer_stats": _by_kind(node.router.slow_consumers),
        "stale_connection_stats": _by_kind(node.router.stale_connections),
    }


def uptime_text(duration_ns: int) -> str:
    """Return a duration as nats-server prints it, ``1d2h0m3s``: units from the first not 0."""
    text = ""
    for unit, letter in ((365 * DAY, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        count, duration_ns = divmod(duration_ns, unit)
        if count or text:
            text += f"{count}{letter}"
    return f"{text}{duration_ns // SECOND}s"


def _leaf(options: Options) -> dict[str, object]:
    remotes = [
        {"urls": [f"{url.host}:{url.port}" for url in remote.urls]}
        for remote in options.leafnodes.remotes
    ]
    return {"remotes": remotes} if remotes else {}


def _by_kind(clients: int) -> dict[str, int]:
    return {"clients": clients, "routes": 0, "gateways": 0, "leafs": 0}

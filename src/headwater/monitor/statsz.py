"""What a server tells of itself every few seconds, for those who watch a whole system."""

import os

from headwater.base import gojson
from headwater.monitor.about import About
from headwater.monitor.formats import number
from headwater.monitor.process_stats import memory_bytes
from headwater.monitor.varz import jetstream_config, jetstream_limits, jetstream_stats


def statsz(about: About) -> dict[str, object]:
    """Return the ``statsz`` object."""
    node = about.node
    router, links = node.router, node.router.links
    cores = os.cpu_count() or 1
    fields: dict[str, object] = {
        "start": gojson.time_text(node.start_ns),
        "mem": memory_bytes(),
        "cores": cores,
        "cpu": number(about.processor.percent()),
        "connections": len(node.sessions),
        "total_connections": node.total_connections,
        "active_accounts": sum(1 for account in node.accounts if account.sessions),
        "subscriptions": sum(account.interest.count for account in node.accounts),
        "sent": _data(router.out_msgs, router.out_bytes),
        "sent_to_clients": _data(
            router.out_msgs - links.out_msgs, router.out_bytes - links.out_bytes
        ),
        "received": _data(router.in_msgs, router.in_bytes),
        "received_from_clients": _data(
            router.in_msgs - links.in_msgs, router.in_bytes - links.in_bytes
        ),
        "slow_consumers": router.slow_consumers,
        "active_servers": 1,
    }
    if node.jetstream is not None:
        config = jetstream_config(node.jetstream)
        del config["store_dir"]
        fields["jetstream"] = {
            "config": config,
            "stats": jetstream_stats(node.jetstream),
            "limits": jetstream_limits(node.jetstream),
        }
    return fields | {"gomaxprocs": cores}


def _data(messages: int, size: int) -> dict[str, int]:
    return {"msgs": messages, "bytes": size}

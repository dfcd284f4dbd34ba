"""How a server introduces itself in what it publishes: events, answers of its services, traces."""

from headwater.base import gojson
from headwater.broker.node import COMPATIBLE_VERSION

_JETSTREAM_FLAG = 1


def feature_flags(node):
    """Return nats-server's names of features that are switched one by one, and which are on."""
    return {
        "js_ack_fc_v2": node.ack_subjects_v2,
        "js_api_reply_v2": False,
        "js_raft_delete_range": False,
        "js_snapshot_sources": False,
    }


def server_info(node):
    """Return the ``server`` object; its ``seq`` rises with every call, as receivers expect."""
    fields = {"name": node.name, "host": node.public_address()[0], "id": node.server_id}
    if node.cluster:
        fields["cluster"] = node.cluster
    if node.domain:
        fields["domain"] = node.domain
    fields["ver"] = COMPATIBLE_VERSION
    if node.tags:
        fields["tags"] = list(node.tags)
    if node.metadata:
        fields["metadata"] = dict(node.metadata)
    has_jetstream = node.jetstream is not None
    return {
        **fields,
        "feature_flags": feature_flags(node),
        "jetstream": has_jetstream,
        "flags": _JETSTREAM_FLAG if has_jetstream else 0,
        "seq": node.next_event(),
        "time": gojson.time_text(node.clock.now()),
    }

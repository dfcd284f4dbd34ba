"""The ``mqtt`` block: checked, and refused as long as there is no MQTT."""

from headwater.config import links, values
from headwater.config.report import Handlers, checks, refuses
from headwater.config.tls import read_client_tls
from headwater.config.websocket import login

_ACK_PENDING_MAX = 65535

_MQTT: Handlers = {
    **links.LISTENER,
    "tls": checks(read_client_tls),
    **dict.fromkeys(("authorization", "authentication"), checks(login)),
    "no_auth_user": checks(values.text),
    **dict.fromkeys(("ack_wait", "ackwait"), checks(values.duration)),
    **dict.fromkeys(("js_api_timeout", "api_timeout"), checks(values.duration)),
    **dict.fromkeys(
        ("max_ack_pending", "max_pending", "max_inflight"),
        checks(values.between(0, _ACK_PENDING_MAX)),
    ),
    "js_domain": checks(values.text),
    **dict.fromkeys(("stream_replicas", "consumer_replicas"), checks(values.integer)),
    "consumer_memory_storage": checks(values.boolean),
    **dict.fromkeys(
        ("consumer_inactive_threshold", "consumer_auto_cleanup"), checks(values.duration)
    ),
    "reject_qos2_publish": checks(values.boolean),
    "downgrade_qos2_subscribe": checks(values.boolean),
}

read_mqtt = refuses("MQTT", values.block(_MQTT))

"""The ``cluster`` block: checked, and refused as long as there are no routes."""

from headwater.config import links, values
from headwater.config.authorization import read_permissions
from headwater.config.report import Handlers, checks, refuses
from headwater.config.tls import read_server_tls

_CLUSTER: Handlers = {
    **links.LISTENER,
    **links.WRITING,
    "name": checks(links.name_without_spaces),
    "authorization": checks(links.single_user),
    "routes": checks(links.urls),
    "tls": checks(read_server_tls),
    **dict.fromkeys(("cluster_advertise", "advertise"), checks(values.text)),
    "no_advertise": checks(values.boolean),
    "connect_retries": checks(values.integer),
    "connect_backoff": checks(values.boolean),
    "permissions": checks(read_permissions),
    "pool_size": checks(values.integer),
    "accounts": checks(values.texts),
    "compression": checks(links.compression),
    "ping_interval": checks(values.duration),
    "ping_max": checks(values.integer),
}

read_cluster = refuses("a cluster", values.block(_CLUSTER))

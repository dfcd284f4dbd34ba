"""The ``gateway`` block: checked, and refused as long as there are no gateways."""

from headwater.config import links, values
from headwater.config.report import Handlers, checks, refuses
from headwater.config.tls import read_server_tls

_REMOTE: Handlers = {
    "name": checks(values.text),
    "url": checks(values.text),
    "urls": checks(links.urls),
    "tls": checks(read_server_tls),
}

_GATEWAY: Handlers = {
    **links.LISTENER,
    **links.WRITING,
    "name": checks(links.name_without_spaces),
    "authorization": checks(links.single_user),
    "tls": checks(read_server_tls),
    "advertise": checks(values.text),
    "connect_retries": checks(values.integer),
    "connect_backoff": checks(values.boolean),
    "gateways": checks(values.blocks(_REMOTE)),
    **dict.fromkeys(("reject_unknown", "reject_unknown_cluster"), checks(values.boolean)),
}

read_gateway = refuses("a gateway", values.block(_GATEWAY))

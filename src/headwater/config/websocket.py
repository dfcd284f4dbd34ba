"""The ``websocket`` block: checked, and refused as long as there is no WebSocket."""

from headwater.config import links, values
from headwater.config.authorization import NAME_AND_PASSWORD
from headwater.config.report import Handlers, checks, refuses
from headwater.config.tls import read_client_tls

_LOGIN: Handlers = {
    **NAME_AND_PASSWORD,
    "token": checks(values.text),
    "timeout": checks(values.seconds),
}
# Who may connect to a listener that has its own users.
login = values.block(_LOGIN)

_WEBSOCKET: Handlers = {
    **links.LISTENER,
    "advertise": checks(values.text),
    "no_tls": checks(values.boolean),
    "tls": checks(read_client_tls),
    "same_origin": checks(values.boolean),
    **dict.fromkeys(
        (
            "allowed_origins",
            "allowed_origin",
            "allow_origins",
            "allow_origin",
            "origins",
            "origin",
        ),
        checks(values.texts),
    ),
    "handshake_timeout": checks(values.duration),
    **dict.fromkeys(("compress", "compression"), checks(values.boolean)),
    **dict.fromkeys(("authorization", "authentication"), checks(login)),
    **dict.fromkeys(
        ("jwt_cookie", "user_cookie", "pass_cookie", "token_cookie"), checks(values.text)
    ),
    "no_auth_user": checks(values.text),
    "headers": checks(values.map_of(values.text)),
    "ping_interval": checks(values.duration),
}

read_websocket = refuses("WebSocket", values.block(_WEBSOCKET))

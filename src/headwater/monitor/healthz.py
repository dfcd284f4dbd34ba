"""``/healthz``: whether the server does what it is there for."""

from headwater.base import gojson
from headwater.broker.node import Node
from headwater.monitor.http_session import Answer

_HEADERS = (("Access-Control-Allow-Origin", "*"), ("Content-Type", "application/json"))
_TRUE = ("1", "t", "true")


def healthz(node: Node, parameters: dict[str, str], *, closing: bool) -> Answer:
    """Answer for the parameters of a request, as nats-server has them."""
    details = parameters.get("details", "").lower() in _TRUE
    stream_only = "stream" in parameters and not parameters.get("account")
    consumer_only = "consumer" in parameters and not parameters.get("stream")
    if stream_only:
        text = '"account" must not be empty when checking stream health'
        return _failure(400, "BAD_REQUEST", text, details=details)
    if consumer_only:
        text = '"stream" must not be empty when checking consumer health'
        return _failure(400, "BAD_REQUEST", text, details=details)
    if closing:
        return _failure(503, "CONNECTION", "server is shutting down", details=details)
    if node.jetstream is None and _wants_jetstream(parameters):
        return _failure(503, "JETSTREAM", "JetStream is not enabled", details=details)
    return Answer(200, gojson.encode({"status": "ok"}), _HEADERS)


def _wants_jetstream(parameters: dict[str, str]) -> bool:
    asked = (parameters.get(name, "").lower() for name in ("js-enabled-only", "js-enabled"))
    return any(value in _TRUE for value in asked)


def _failure(status: int, kind: str, text: str, *, details: bool) -> Answer:
    if details:
        body = {"status": "error", "errors": [{"type": kind, "error": text}]}
    elif status == 503:
        body = {"status": "unavailable", "error": text}
    else:
        body = {"status": "error", "error": text}
    return Answer(status, gojson.encode(body), _HEADERS)

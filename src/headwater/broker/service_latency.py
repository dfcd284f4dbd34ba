"""How long an exported service takes, told in an advisory of the exporting account."""

from headwater.base import gojson, ids
from headwater.broker.client_info import whole_info
from headwater.wire import headers

_TYPE = "io.nats.server.metric.v1.service_latency"
_PERCENT = 100
_DESCRIPTIONS = {
    400: "Bad Request",
    408: "Request Timeout",
    503: "Service Unavailable",
    504: "Service Timeout",
}
# Headers by which a request asks to be followed, in the forms of Jaeger, Zipkin and W3C.
_UBER = b"uber-trace-id"
_B3_SAMPLED = b"x-b3-sampled"
_B3_TRACE = b"x-b3-traceid"
_B3 = b"b3"
_W3C = b"traceparent"


def is_sampled(latency, message, router):
    """Tell whether a request is one of those that are measured."""
    if latency.sampling:
        return latency.sampling >= _PERCENT or router.random_below(_PERCENT) < latency.sampling
    return bool(_context(headers.fields_of(message.headers())))


def _context(fields):
    """Return those fields that ask for a measurement, none if they do not."""
    found = {name.lower(): (name, values) for name, values in fields.items()}
    if _UBER in found:
        flags = found[_UBER][1][0].split(b":")
        return (
            _taken(found, (_UBER,)) if len(flags) == 4 and flags[3][-1:] in b"13579bdfBDF" else {}
        )
    if _B3_SAMPLED in found:
        return _taken(found, (_B3_SAMPLED,)) if found[_B3_SAMPLED][1][0] == b"1" else {}
    if _B3_TRACE in found:
        return _taken(found, (_B3_TRACE,))
    if _B3 in found:
        parts = found[_B3][1][0].split(b"-")
        asked = parts != [b"0"] and (len(parts) < 3 or parts[2] in (b"1", b"d"))
        return _taken(found, (_B3,)) if asked else {}
    if _W3C in found:
        parts = found[_W3C][1][0].split(b"-")
        asked = len(parts) == 4 and parts[3].isdigit() and int(parts[3]) % 2 == 1
        return _taken(found, (_W3C,)) if asked else {}
    return {}


def _taken(found, names):
    return {found[name][0]: found[name][1] for name in names}


class Measurement:
    """Of one request, from when it came to its answer."""

    def __init__(self, imported, message, origin, asker):
        self._node = imported.node
        self._account = imported.exporter
        self._latency = imported.export.latency
        self._asker = asker
        self._asker_rtt_ns = 0 if origin is None else origin.rtt_ns
        self._start_ns = self._node.clock.now()
        self._context = {}
        if not self._latency.sampling:
            self._context = _context(headers.fields_of(message.headers()))

    def answered(self, session):
        """The answer has come from ``session``, None if the server itself gives it."""
        now_ns = self._node.clock.now()
        rtt_ns = 0 if session is None else session.rtt_ns
        responder = {} if session is None else {"responder": whole_info(session)}
        system_ns = max(0, now_ns - self._node.router.now_ns)
        service_ns = max(0, now_ns - self._start_ns - system_ns - rtt_ns)
        total_ns = self._asker_rtt_ns + service_ns + system_ns + rtt_ns
        self._tell({"status": 200}, responder, service_ns, system_ns, total_ns)

    def failed(self, status):
        """There is no answer, for the reason that ``status`` stands for."""
        self._tell({"status": status, "description": _DESCRIPTIONS[status]}, {}, 0, 0, 0)

    def _tell(self, status, responder, service_ns, system_ns, total_ns):
        node = self._node
        asker = {} if self._asker is None else {"requestor": self._asker}
        context = {
            name.decode("utf-8", "replace"): [value.decode("utf-8", "replace") for value in values]
            for name, values in self._context.items()
        }
        told = {
            "type": _TYPE,
            "id": ids.unique_id(node.rng).decode(),
            "timestamp": gojson.time_text(node.clock.now()),
            **status,
            **asker,
            **responder,
            **({"header": context} if context else {}),
            "start": gojson.time_text(self._start_ns - self._asker_rtt_ns),
            "service": service_ns,
            "system": system_ns,
            "total": total_ns,
        }
        subject = self._latency.subject.encode()
        node.router.publish(self._account, subject, gojson.encode(told))

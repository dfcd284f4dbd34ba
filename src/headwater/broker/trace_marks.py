"""Whether the headers of a message may ask for a trace: looked at for every message with headers.

``broker.trace`` reads them properly; what is said here is only never a wrong no.
"""

from headwater.base import octets
from headwater.wire import headers

# What the names of all fields that have to do with traces begin with.
_PREFIX = b"Nats-Trace-"
# Length of ``traceparent`` (W3C trace context), which peers write in any case.
_PARENT_SIZE = 11


def may_ask(account, message):
    """Tell whether a message with headers may ask for a trace in ``account``."""
    start = message.body_start
    end = start + message.header_size
    if headers.mentions(message.body_view, start, end, _PREFIX):
        return True
    return bool(account.trace_destination) and _has_parent(message, start, end)


def _has_parent(message, start, end):
    """Tell whether a field has a name that begins and is as long as ``traceparent``."""
    at = octets.find(message.body_view, 10, start, end) + 1
    while 0 < at < end - _PARENT_SIZE:
        if message.body_view[at + _PARENT_SIZE] == 58 and message.body_view[at] | 32 == 116:
            return True
        at = octets.find(message.body_view, 10, at, end) + 1
    return False

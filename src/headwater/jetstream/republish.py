"""Republishing: what a stream has stored goes out once more, under a subject of its own.

Only a stream that runs does so: what a start reads again went out before.
"""

from headwater.base import gojson
from headwater.subjects.transform import compile_transform
from headwater.subjects.validate import matches
from headwater.wire import headers


class Republisher:
    """Publishes the messages that a stream stores, as its configuration asks for."""

    def __init__(self, stream, config):
        self._router = stream.router
        self._account = stream.account
        self._name = stream.name.encode()
        self._transform = compile_transform(config.src.encode(), config.dest.encode())
        self._headers_only = config.headers_only

    def stored(self, subject, record, view, last_of_subject):
        """A message was stored; its subject had ``last_of_subject`` before, 0 for none."""
        if not matches(self._transform.source, subject):
            return
        payload = record.payload(view)
        fields = [
            (b"Nats-Stream", self._name),
            (b"Nats-Subject", subject),
            (b"Nats-Sequence", b"%d" % record.sequence),
            (b"Nats-Time-Stamp", gojson.time_text(record.time_ns).encode()),
            (b"Nats-Last-Sequence", b"%d" % last_of_subject),
        ]
        if self._headers_only:
            fields.append((b"Nats-Msg-Size", b"%d" % len(payload)))
            payload = b""
        block = headers.extended(record.headers(view), fields)
        target = self._transform.apply(subject, self._router.random_below)
        self._router.publish(self._account, target, payload, b"", block)


def republisher_of(stream, config):
    """Return the Republisher of a stream with a checked configuration, None if it needs none."""
    wanted = config.republish
    return Republisher(stream, wanted) if wanted is not None and wanted.dest else None

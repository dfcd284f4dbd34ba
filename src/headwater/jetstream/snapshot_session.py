"""Sending a snapshot: chunks that the receiver acknowledges, so many at a time."""

from headwater.accounts.account import InterestListener
from headwater.base import ids
from headwater.base.clock import SECOND
from headwater.broker.subscription import InternalSubscription
from headwater.jetstream.responses import moment
from headwater.wire import headers

_CHUNK_BYTES = 128 * 1024
_WINDOW_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES_MIN, _CHUNK_BYTES_MAX = 1024, 1024 * 1024
_WINDOW_BYTES_MIN, _WINDOW_BYTES_MAX = 1024, 32 * 1024 * 1024
_ACK_TIMEOUT_NS = 5 * SECOND
_INTEREST_TIMEOUT_NS = 2 * SECOND

_NO_INTEREST = "no interest"
_NO_RESPONSE = "no flow response"
_STATUS = {
    _NO_INTEREST: headers.status_block(408, b"No Interest"),
    _NO_RESPONSE: headers.status_block(408, b"No Flow Response"),
}


class SnapshotSession(InterestListener):
    """One snapshot on its way to one subject."""

    def __init__(self, request, stream, state, snapshot, asked):
        streams = request.streams
        self._streams = streams
        self._client = request.client()
        self._stream = stream
        self._state = state
        self._snapshot = snapshot
        self._subject = asked.deliver_subject.encode()
        self._chunk_bytes = _clamped(
            asked.chunk_size or _CHUNK_BYTES, _CHUNK_BYTES_MIN, _CHUNK_BYTES_MAX
        )
        window = _clamped(asked.window_size or _WINDOW_BYTES, _WINDOW_BYTES_MIN, _WINDOW_BYTES_MAX)
        self._slots = max(window, self._chunk_bytes) // self._chunk_bytes
        unique = ids.unique_id(streams.rng).decode()
        self._ack = f"$JS.SNAPSHOT.ACK.{stream.name}.{unique}"
        self._subscription = InternalSubscription(f"{self._ack}.>".encode(), self._acknowledged)
        self._index = 0
        self._reading = False
        self._ended = False
        self._timer = None
        self._started_ns = 0

    def start(self):
        """Begin to send, as soon as somebody listens."""
        streams = self._streams
        self._started_ns = streams.clock.now()
        streams.log.info(f"Starting snapshot for stream '{self._label()}'")
        self._advise("SNAPSHOT_CREATE", "snapshot_create", {"state": self._state})
        streams.account.subscribe(self._subscription)
        streams.account.listeners.append(self)
        if self._is_wanted():
            self._send_on()
        else:
            # Whoever asked may be about to subscribe.
            self._timer = streams.timers.after(_INTEREST_TIMEOUT_NS, self._send_on)

    def interest_added(self, interest):
        if not self._index and not self._reading and self._is_wanted():
            self._send_on()

    def interest_removed(self, interest):
        if self._index and not self._is_wanted():
            self._end(_NO_INTEREST)

    def _is_wanted(self):
        found = self._streams.account.interest.match(self._subject)
        return bool(found.plain or found.groups)

    def _acknowledged(self, _message, _origin):
        self._slots += 1
        self._send_on()

    def _send_on(self):
        """Read and send the next chunk, if that many may be on their way."""
        if self._ended or self._reading or not self._slots:
            return
        if not self._index:
            self._restart_timer()
        self._reading = True
        self._snapshot.read(self._chunk_bytes, self._was_read)

    def _was_read(self, data, error):
        self._reading = False
        if self._ended:
            return
        if error is not None:
            self._end(str(error))
            return
        if len(data) < self._chunk_bytes:
            if data:
                self._publish(data)
            self._end("")
            return
        self._slots -= 1
        self._index += 1
        self._publish(data, f"{self._ack}.{len(data)}.{self._index}".encode())
        self._restart_timer()
        # The next one in another turn: a chunk may be large.
        self._streams.timers.after(0, self._send_on)

    def _publish(self, data, reply=b"", header_block=b""):
        streams = self._streams
        streams.router.publish(streams.account, self._subject, data, reply, header_block)

    def _restart_timer(self):
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._streams.timers.after(_ACK_TIMEOUT_NS, self._timed_out)

    def _timed_out(self):
        self._end(_NO_RESPONSE)

    def _end(self, reason):
        """Tell the receiver, and whoever listens, how it has ended."""
        if self._ended:
            return
        self._ended = True
        streams = self._streams
        if reason:
            status = _STATUS.get(reason) or headers.status_block(500, reason.encode())
        else:
            status = headers.status_block(204, b"") if self._index else b""
        streams.account.unsubscribe(self._subscription)
        streams.account.listeners.remove(self)
        if self._timer is not None:
            self._timer.cancel()
        self._publish(b"", b"", status)
        end_ns = streams.clock.now()
        fields = {"start": moment(self._started_ns), "end": moment(end_ns)}
        failure = {"error": reason} if reason else {}
        self._advise("SNAPSHOT_COMPLETE", "snapshot_complete", fields, failure)
        took = f"{(end_ns - self._started_ns) / SECOND:.3f}s"
        if reason:
            streams.log.warn(f"Snapshot for stream '{self._label()}' failed after {took}: {reason}")
        else:
            streams.log.info(f"Completed snapshot for stream '{self._label()}' in {took}")

    def _advise(self, event, kind, fields, failure=()):
        name = self._stream.name
        told = {"stream": name, **fields, **self._client, **dict(failure)}
        self._streams.advise(f"STREAM.{event}.{name}", kind, told)

    def _label(self):
        return f"{self._streams.account_name} > {self._stream.name}"


def _clamped(value, least, most):
    return min(max(value, least), most)

"""One HTTP connection of the monitoring port: bounded requests in, short answers out."""

import email.utils
import http
from collections.abc import Callable
from dataclasses import dataclass

import h11

from headwater.base.buffer import BufferPool
from headwater.base.clock import SECOND
from headwater.base.link import Receiver
from headwater.base.timers import Timer, Timers

_HEAD_BYTES_MAX = 16 * 1024
_BODY_BYTES_MAX = 64 * 1024
# A client that sends nothing, or does not take its answer, is not waited for longer.
_IDLE_NS = 60 * SECOND


@dataclass(frozen=True)
class Answer:
    """A response: status, body, and headers beyond the length and the date."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def plain_text(status: int, text: str) -> Answer:
    """Return an answer in plain text."""
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Answer(status, text.encode() + b"\n", headers)


class HttpSession(Receiver):
    """Parses requests and sends what ``respond(target)`` makes of each."""

    def __init__(
        self,
        pool: BufferPool,
        timers: Timers,
        respond: Callable[[str], Answer],
        now: Callable[[], int],
        gone: Callable[["HttpSession"], object],
    ) -> None:
        super().__init__(pool)
        self._timers = timers
        self._respond = respond
        self._now = now
        self._gone = gone
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES_MAX)
        self._target = ""
        self._head_only = False
        self._body_bytes = 0
        self._timer: Timer | None = None
        self._closing = False

    def connected(self):
        self._await_request()

    def receive(self, view, start, end):
        if not self._closing:
            try:
                self._http.receive_data(bytes(view[start:end]))
                self._take_events()
            except h11.RemoteProtocolError as error:
                self._refuse(plain_text(error.error_status_hint or 400, "400 Bad Request"))
            if self.link is not None:
                self.link.flush()
        return end

    def drained(self):
        pass

    def overflowed(self, pending_bytes):
        # The answers are short: who does not take one in time is closed by the timer.
        pass

    def closed(self, reason):
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        self.release_out()
        self.link = None
        self._gone(self)

    def drop(self):
        """Close at once."""
        if self.link is not None:
            self.link.abort()

    def _await_request(self):
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timers.after(_IDLE_NS, self.drop)

    def _take_events(self):
        while not self._closing:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._target = event.target.decode("latin-1")
                self._head_only = event.method == b"HEAD"
                self._body_bytes = 0
                self._await_request()
            elif isinstance(event, h11.Data):
                self._body_bytes += len(event.data)
                if self._body_bytes > _BODY_BYTES_MAX:
                    self._refuse(plain_text(413, "413 Request Entity Too Large"))
            elif isinstance(event, h11.EndOfMessage):
                self._answer(self._respond(self._target))
            elif isinstance(event, h11.ConnectionClosed):
                self._close()
            else:
                return

    def _answer(self, answer):
        self._send(answer, head_only=self._head_only)
        if self._http.our_state is h11.MUST_CLOSE:
            self._close()
        else:
            self._http.start_next_cycle()

    def _refuse(self, answer):
        """Answer what is no proper request, and close."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(answer, head_only=False, close=True)
        self._close()

    def _send(self, answer, *, head_only, close=False):
        date = email.utils.formatdate(self._now() / SECOND, usegmt=True)
        headers = [*answer.headers, ("Date", date), ("Content-Length", str(len(answer.body)))]
        if close:
            headers.append(("Connection", "close"))
        reason = http.HTTPStatus(answer.status).phrase
        response = h11.Response(status_code=answer.status, headers=headers, reason=reason)
        parts = [self._http.send(response)]
        if not head_only:
            parts.append(self._http.send(h11.Data(data=answer.body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        self.open_out().append(b"".join(part for part in parts if part))

    def _close(self):
        self._closing = True
        if self.link is not None:
            self.link.close()

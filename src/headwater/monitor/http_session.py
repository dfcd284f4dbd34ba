"""One HTTP connection of the monitoring port: bounded requests in, their answers out in order."""

import http
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import h11

from headwater.base.buffer import BufferPool
from headwater.base.clock import SECOND
from headwater.base.link import Receiver
from headwater.base.timers import Timer, Timers
from headwater.monitor.parameters import is_encoded_well

_HEAD_BYTES_MAX = 16 * 1024
_BODY_BYTES_MAX = 64 * 1024
# A client that sends nothing, or does not take its answer, is not waited for longer.
_IDLE_NS = 60 * SECOND
_BAD_REQUEST = "400 Bad Request"
_BAD_VERSION = "505 HTTP Version Not Supported"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class Answer:
    """A response: status, body, and headers beyond the length and the date."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


# Answers a request: method, target, and what to call with the Answer, at once or later.
Respond = Callable[[str, str, Callable[[Answer], None]], None]


class HttpSession(Receiver):
    """Parses requests and sends what ``respond`` makes of each, one after the other."""

    def __init__(
        self,
        pool: BufferPool,
        timers: Timers,
        respond: Respond,
        now: Callable[[], int],
        gone: Callable[["HttpSession"], object],
    ) -> None:
        super().__init__(pool)
        self._timers = timers
        self._respond = respond
        self._now = now
        self._gone = gone
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES_MAX)
        self._method = ""
        self._target = ""
        self._body_bytes = 0
        self._answering = False  # whether a request waits for its answer
        self._timer: Timer | None = None
        self._closing = False

    def connected(self):
        self._await_request()

    def receive(self, view, start, end):
        if not self._closing:
            self._protected(lambda: self._take(bytes(view[start:end])))
        return end

    def drained(self):
        pass

    def overflowed(self, pending_bytes):
        # Who does not take an answer in time is closed by the timer.
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

    def _protected(self, work):
        """Do what may find that the peer speaks no HTTP, and send what that leads to."""
        try:
            work()
        except h11.RemoteProtocolError as error:
            self._refuse(_status_line(error))
        if self.link is not None:
            self.link.flush()

    def _take(self, data):
        self._http.receive_data(data)
        if self._answering and len(self._http.trailing_data[0]) > _BODY_BYTES_MAX:
            self.drop()  # nobody asks that much before there is an answer
        self._take_events()

    def _take_events(self):
        while not self._closing and not self._answering:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._body_bytes += len(event.data)
                if self._body_bytes > _BODY_BYTES_MAX:
                    self._refuse("413 Request Entity Too Large")
            elif isinstance(event, h11.EndOfMessage):
                self._ask()
            elif isinstance(event, h11.ConnectionClosed):
                self._close()
            else:
                return

    def _begin(self, request):
        self._method = request.method.decode("ascii")
        self._target = request.target.decode("ascii")
        if self._target.startswith("http://"):  # as a proxy is asked
            self._target = "/" + self._target.removeprefix("http://").partition("/")[2]
        self._body_bytes = 0
        self._await_request()
        path = self._target.partition("?")[0]
        if request.http_version not in (b"1.0", b"1.1"):
            self._refuse(f"{_BAD_VERSION}: unsupported protocol version")
        elif not (path.startswith("/") and is_encoded_well(path)):
            self._refuse(_BAD_REQUEST)

    def _ask(self):
        """Have the request answered; one that comes behind it waits until it is."""
        self._answering = True
        at_once = True

        def answered(answer):
            if self._closing:
                return
            self._answering = False
            self._answer(answer)
            if not at_once:
                self._protected(self._take_events)

        self._respond(self._method, self._target, answered)
        at_once = False

    def _answer(self, answer):
        length = str(len(answer.body))
        headers = [*answer.headers, ("Date", _date(self._now())), ("Content-Length", length)]
        reason = http.HTTPStatus(answer.status).phrase
        response = h11.Response(status_code=answer.status, headers=headers, reason=reason)
        parts = [self._http.send(response)]
        if self._method != "HEAD":
            parts.append(self._http.send(h11.Data(data=answer.body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        self.open_out().append(b"".join(part for part in parts if part))
        if self._http.our_state is h11.MUST_CLOSE:
            self._close()
        else:
            self._http.start_next_cycle()
            self._await_request()

    def _refuse(self, status):
        """Answer what is no proper request, in Go's few words, and close."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            self.open_out().append(f"{head}Connection: close\r\n\r\n{status}".encode())
        self._close()

    def _close(self):
        self._closing = True
        if self.link is not None:
            self.link.close()


def _date(now_ns):
    """Return a time as HTTP prints it, whatever the language of the machine is."""
    moment = datetime.fromtimestamp(now_ns // SECOND, UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment:%d} {month} {moment:%Y %H:%M:%S} GMT"


def _status_line(error):
    """Return what to say to who sent what is no HTTP."""
    if error.error_status_hint == http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return "431 Request Header Fields Too Large"
    if str(error).startswith("Missing mandatory Host"):
        return f"{_BAD_REQUEST}: missing required Host header"
    return _BAD_REQUEST

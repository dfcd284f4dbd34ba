"""The monitoring port: which path leads to what."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import msgspec

from headwater.base import gojson
from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.monitor.connz import BadParameterError, connz
from headwater.monitor.healthz import healthz
from headwater.monitor.http_session import Answer, HttpSession, plain_text
from headwater.monitor.process_stats import ProcessorUse
from headwater.monitor.varz import varz

_JSON = (("Access-Control-Allow-Origin", "*"), ("Content-Type", "application/json"))
_TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
# No more at a time: monitoring must not take the descriptors of the clients.
_SESSIONS_MAX = 256


class Monitor:
    """Answers HTTP requests about ``node``; ``accept`` makes the receiver of a connection."""

    def __init__(self, node: Node, options: Options) -> None:
        self.port = options.http_port  # the real one, once it is known
        self.closing = False
        self._node = node
        self._options = options
        self._requests: dict[str, int] = {}
        self._processor = ProcessorUse()
        self._sessions: dict[HttpSession, None] = {}  # the oldest first
        self._base = "/" + options.http_base_path.strip("/") if options.http_base_path else ""
        self._pages: dict[str, Callable[[dict[str, str]], Answer]] = {
            "/": self._index,
            "/connz": self._connz,
            "/healthz": self._healthz,
            "/varz": self._varz,
        }

    def accept(self, address: str, port: int) -> HttpSession:
        """Return the receiver of a new connection."""
        if len(self._sessions) >= _SESSIONS_MAX:
            # Whoever has been there longest gives way; it is most likely idle.
            oldest = next(iter(self._sessions))
            self._gone(oldest)
            oldest.drop()
        node = self._node
        session = HttpSession(
            node.router.pool, node.timers, self.respond, node.clock.now, self._gone
        )
        self._sessions[session] = None
        return session

    def close(self) -> None:
        """Close every connection."""
        for session in list(self._sessions):
            session.drop()

    def respond(self, target: str) -> Answer:
        """Answer a request for ``target``: a path, and parameters behind a question mark."""
        try:
            parts = urlsplit(target)
            pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=64)
        except ValueError:
            return plain_text(400, "400 Bad Request")
        path = self._page_path(parts.path)
        page = self._pages.get(path)
        if page is None:
            return plain_text(404, "404 page not found")
        self._requests[path] = self._requests.get(path, 0) + 1
        return page(dict(pairs))

    def _gone(self, session: HttpSession) -> None:
        self._sessions.pop(session, None)

    def _page_path(self, path: str) -> str:
        """Return a path without the configured base; empty when it does not lie below that."""
        if not self._base:
            return path
        if path == self._base:
            return "/"
        return path.removeprefix(self._base) if path.startswith(self._base + "/") else ""

    def _index(self, parameters: dict[str, str]) -> Answer:
        links = "".join(
            f'<li><a href=".{path}">{path}</a></li>' for path in self._pages if path != "/"
        )
        body = f"<!doctype html><title>Headwater</title><h1>Headwater</h1><ul>{links}</ul>\n"
        return Answer(200, body.encode(), _HTML)

    def _connz(self, parameters: dict[str, str]) -> Answer:
        try:
            page = connz(self._node, parameters)
        except BadParameterError as error:
            return Answer(400, str(error).encode(), _TEXT)
        return Answer(200, msgspec.json.format(gojson.encode(page), indent=2), _JSON)

    def _varz(self, parameters: dict[str, str]) -> Answer:
        status = varz(self._node, self._options, self.port, self._requests, self._processor)
        return Answer(200, msgspec.json.format(gojson.encode(status), indent=2), _JSON)

    def _healthz(self, parameters: dict[str, str]) -> Answer:
        return healthz(self._node, parameters, closing=self.closing)

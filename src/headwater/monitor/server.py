"""The monitoring port: which path leads to what."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import msgspec

from headwater.base import gojson
from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.monitor.healthz import healthz
from headwater.monitor.http_session import Answer, HttpSession, plain_text
from headwater.monitor.process_stats import ProcessorUse
from headwater.monitor.varz import varz

_JSON = (("Access-Control-Allow-Origin", "*"), ("Content-Type", "application/json"))
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
# More are refused at once: monitoring must not take the descriptors of the clients.
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
        self._sessions: set[HttpSession] = set()
        self._base = "/" + options.http_base_path.strip("/") if options.http_base_path else ""
        self._pages: dict[str, Callable[[dict[str, str]], Answer]] = {
            "/": self._index,
            "/healthz": self._healthz,
            "/varz": self._varz,
        }

    def accept(self, address: str, port: int) -> HttpSession:
        """Return the receiver of a new connection."""
        if len(self._sessions) >= _SESSIONS_MAX:
            # Whoever has been there longest gives way; it is most likely idle.
            next(iter(self._sessions)).drop()
        node = self._node
        session = HttpSession(
            node.router.pool, node.timers, self.respond, node.clock.now, self._sessions.discard
        )
        self._sessions.add(session)
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
        path = parts.path
        if self._base:
            path = path.removeprefix(self._base) if path.startswith(self._base) else ""
        page = self._pages.get(path or "/" if self._base else path)
        if page is None:
            return plain_text(404, "404 page not found")
        self._requests[path] = self._requests.get(path, 0) + 1
        return page(dict(pairs))

    def _index(self, parameters: dict[str, str]) -> Answer:
        links = "".join(
            f'<li><a href=".{path}">{path}</a></li>' for path in self._pages if path != "/"
        )
        body = f"<!doctype html><title>Headwater</title><h1>Headwater</h1><ul>{links}</ul>\n"
        return Answer(200, body.encode(), _HTML)

    def _varz(self, parameters: dict[str, str]) -> Answer:
        status = varz(self._node, self._options, self.port, self._requests, self._processor)
        return Answer(200, msgspec.json.format(gojson.encode(status), indent=2), _JSON)

    def _healthz(self, parameters: dict[str, str]) -> Answer:
        return healthz(self._node, parameters, closing=self.closing)

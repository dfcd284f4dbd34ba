"""The monitoring port: which path leads to what, and how the answers look in HTTP."""

import posixpath
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from headwater.base import gojson
from headwater.monitor import index_page
from headwater.monitor.about import About
from headwater.monitor.endpoints import ENDPOINTS
from headwater.monitor.healthz import Health
from headwater.monitor.http_session import Answer, HttpSession
from headwater.monitor.parameters import BadRequestError, Parameters
from headwater.monitor.steps import run

_JSON = (("Access-Control-Allow-Origin", "*"), ("Content-Type", "application/json"))
_VARIABLES = (("Content-Type", "application/json; charset=utf-8"),)
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
_NOT_FOUND = (*_TEXT, ("X-Content-Type-Options", "nosniff"))
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
# As on nats-server, /varz counts no requests for these, and none to those with bad parameters.
_NOT_COUNTED = ("ipqueuesz", "raftz")
_COUNTED_IF_GOOD = ("connz", "routez")
# No more at a time: monitoring must not take the descriptors of the clients.
_SESSIONS_MAX = 256

Done = Callable[[Answer], None]
Page = Callable[[Parameters, Done], None]


class Monitor:
    """Answers HTTP requests about a server; ``accept`` makes the receiver of a connection."""

    def __init__(self, about: About) -> None:
        self.about = about
        self._node = about.node
        self._sessions: dict[HttpSession, None] = {}  # the oldest first
        self._base = _clean("/" + about.options.http_base_path).rstrip("/")
        self._pages: dict[str, Page] = {
            "/": lambda parameters, done: done(self._index()),
            **{f"/{name}": partial(self._endpoint, name) for name in ENDPOINTS},
            "/subscriptionsz": partial(self._endpoint, "subsz"),
            "/stacksz": lambda parameters, done: done(_stacks()),
            "/debug/vars": lambda parameters, done: done(_variables()),
            "/metrics": self._metrics,
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

    def respond(self, method: str, target: str, done: Done) -> None:
        """Call ``done`` with the answer to a request for a path, and what is behind its ``?``.

        The path begins with a slash and is encoded well.
        """
        path, _, query = target.partition("?")
        if _clean(path) != path:
            done(_redirect(method, _clean(path), query))
        else:
            self._open(unquote_to_bytes(path).decode("utf-8", "replace"), query, done)

    def _open(self, path: str, query: str, done: Done) -> None:
        name = self._below_base(path)
        page = self._pages.get(name)
        if page is None:
            done(Answer(404, b"404 page not found\n", _NOT_FOUND))
            return
        try:
            page(Parameters(query), done)
        except Exception as error:  # noqa: BLE001 (whoever asked has to be told)
            self._fail(done, error)

    def _gone(self, session: HttpSession) -> None:
        self._sessions.pop(session, None)

    def _below_base(self, path: str) -> str:
        """Return a path without the configured base; empty when it does not lie below that."""
        if not self._base:
            return path
        if path == self._base:
            return "/"
        rest = path.removeprefix(self._base + "/")
        return f"/{rest}" if rest and rest != path else ""

    def _count(self, path: str) -> None:
        requests = self.about.requests
        requests[path] = requests.get(path, 0) + 1

    def _index(self) -> Answer:
        self._count("/")
        # Links are relative, for who comes through a proxy: to the last part of the path.
        base = self._base.rpartition("/")[2]
        return Answer(200, index_page.page(self._node, f"{base}/" if base else ""), _HTML)

    def _endpoint(self, name: str, parameters: Parameters, done: Done) -> None:
        endpoint = ENDPOINTS[name]
        if name not in _NOT_COUNTED and name not in _COUNTED_IF_GOOD:
            self._count(f"/{name}")
        asked = endpoint.from_url(parameters)
        if name in _COUNTED_IF_GOOD:
            self._count(f"/{name}")
        answer = endpoint.call(self.about, asked)
        run(answer, lambda result: done(_rendered(name, result)), partial(self._fail, done))

    def _metrics(self, parameters: Parameters, done: Done) -> None:
        from headwater.monitor.metrics import CONTENT_TYPE, metrics  # noqa: PLC0415 (rarely used)

        headers = (("Content-Type", CONTENT_TYPE),)
        run(
            metrics(self.about),
            lambda body: done(Answer(200, body, headers)),
            partial(self._fail, done),
        )

    def _fail(self, done: Done, error: Exception) -> None:
        if isinstance(error, BadRequestError):
            done(_plain(400, str(error)))
            return
        self._node.log.error(f"Monitoring failed: {type(error).__name__}: {error}")
        done(_plain(500, "500 Internal Server Error"))


def _rendered(name: str, result: Any) -> Answer:
    if isinstance(result, Health):
        return Answer(result.status, gojson.encode(result.body), _JSON)
    if name == "raftz" and not result:
        return _plain(404, "No Raft nodes registered")
    indent = 3 if name in ("ipqueuesz", "raftz") else 2
    return Answer(200, msgspec.json.format(gojson.encode(result), indent=indent), _JSON)


def _stacks() -> Answer:
    from headwater.monitor.debug import stacks  # noqa: PLC0415 (rarely used)

    # nats-server calls it JSON, too.
    return Answer(200, stacks().encode(), _JSON)


def _variables() -> Answer:
    from headwater.monitor.debug import variables  # noqa: PLC0415 (rarely used)

    parts = (
        b'"%b": %b' % (name.encode(), gojson.encode(value)) for name, value in variables().items()
    )
    return Answer(200, b"{\n" + b",\n".join(parts) + b"\n}\n", _VARIABLES)


def _plain(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), _TEXT)


def _redirect(method: str, path: str, query: str) -> Answer:
    """Return what sends a client to the proper form of a path."""
    place = f"{path}?{query}" if query else path
    location = (("Location", place),)
    if method == "GET":
        shown = place.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        shown = shown.replace('"', "&#34;").replace("'", "&#39;")
        body = f'<a href="{shown}">Temporary Redirect</a>.\n\n'
        return Answer(307, body.encode(), (*_HTML, *location))
    return Answer(307, b"", (*_HTML, *location) if method == "HEAD" else location)


def _clean(path: str) -> str:
    """Return a path without empty parts, ``.`` and ``..``; a slash at its end stays."""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return f"{cleaned}/" if path.endswith("/") and cleaned != "/" else cleaned

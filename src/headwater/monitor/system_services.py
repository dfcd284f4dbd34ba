"""Requests to the server by way of NATS: the monitoring endpoints and a few commands.

In the system account they concern the whole server, in any other account that account only.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from headwater.accounts.account import Account
from headwater.base import gojson
from headwater.base.errors import HeadwaterError
from headwater.broker.server_info import server_info
from headwater.broker.session import CLIENT
from headwater.monitor import debug
from headwater.monitor.about import About
from headwater.monitor.accountz import AccountzOptions, AccstatzOptions, accountz, accstatz
from headwater.monitor.connz import ConnzOptions, connz
from headwater.monitor.endpoints import ENDPOINTS
from headwater.monitor.formats import text
from headwater.monitor.healthz import Health
from headwater.monitor.jsz import JszOptions, jsz
from headwater.monitor.links import LeafzOptions, leafz
from headwater.monitor.statsz import statsz
from headwater.monitor.steps import run
from headwater.monitor.subsz import SubszOptions, subsz
from headwater.monitor.system_events import SystemEvents
from headwater.subjects.validate import matches
from headwater.wire import headers
from headwater.wire.content_encoding import ACCEPT, encoded

_BAD_REQUEST = 400
_FAILED = 500


class EventFilter(msgspec.Struct, frozen=True):
    """Which servers are to answer; every one of them gets the request."""

    server_name: str = ""
    cluster: str = ""
    host: str = ""
    tags: tuple[str, ...] = ()
    domain: str = ""
    exact_match: bool = False


class _Command(msgspec.Struct, frozen=True):
    """What a command is about: the id of a client."""

    cid: int = 0


class RequestError(HeadwaterError):
    """A request cannot be served; ``code`` is one of HTTP's."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code


class SystemServices:
    """Answers requests about ``about``'s server; ``reload()`` returns what went wrong, or None."""

    def __init__(
        self, about: About, events: SystemEvents, reload: Callable[[], str | None]
    ) -> None:
        self._about = about
        self._node = about.node
        self._events = events
        self._reload = reload
        self._commands: dict[str, Callable[[bytes], None]] = {
            "RELOAD": self._do_reload,
            "KICK": self._kick,
            "LDM": self._move,
        }

    def server_request(self, message: Any, origin: Any) -> bool:
        """Serve ``$SYS.REQ.SERVER.PING``, ``….PING.<kind>`` and ``….<id>.<kind>``."""
        tokens = text(message.subject).split(".")
        kind = tokens[4] if len(tokens) > 4 else "STATSZ"
        answer = self._answer_to(message, self._node.accounts.system)
        if answer is None:
            return True
        if kind == "IDZ":
            answer(self._identity())
            return True
        body = message.payload()
        if not self._is_meant(body, strictly=kind != "STATSZ"):
            return True
        if kind == "STATSZ":
            self._wrapped(answer, "statsz", statsz(self._about))
        elif kind in self._commands and tokens[3] != "PING":
            self._guarded(answer, partial(self._commands[kind], body))
        elif kind == "EXPVARZ":
            self._wrapped(answer, "data", debug.variables())
        elif kind == "PROFILEZ":
            text_ = "profiles are taken with the tools for Python"
            self._wrapped(answer, "data", {"profile": None, "error": text_})
        elif kind.lower() in ENDPOINTS and kind == kind.upper():
            self._endpoint(answer, kind.lower(), body)
        return True

    def account_request(self, message: Any, origin: Any) -> bool:
        """Serve ``$SYS.REQ.ACCOUNT.<account>.<kind>`` and ``$SYS.REQ.ACCOUNT.PING.STATZ``."""
        tokens = text(message.subject).split(".")
        name, kind = ".".join(tokens[3:-1]), tokens[-1]
        answer = self._answer_to(message, self._node.accounts.system)
        if answer is not None and name == "PING":
            if kind == "STATZ":
                self._call(answer, AccstatzOptions, accstatz, message.payload())
        elif answer is not None:
            self._about_account(answer, name, kind, message.payload())
        return True

    def own_connections(self, account: Account, message: Any, origin: Any) -> bool:
        """Serve a request about the connections of the asker's account."""
        answer = self._answer_to(message, account)
        if answer is not None:
            self._about_account(answer, text(account.name), "CONNZ", message.payload())
        return True

    def own_statistics(self, account: Account, message: Any, origin: Any) -> bool:
        """Serve a request about what passes through the asker's account."""
        answer = self._answer_to(message, account)
        if answer is not None:
            self._about_account(answer, text(account.name), "STATZ", message.payload())
        return True

    def user_info(self, account: Account, message: Any, origin: Any) -> bool:
        """Serve ``$SYS.REQ.USER.INFO``: who the asker is, and what it may do."""
        answer = self._answer_to(message, account)
        if answer is None or origin is None or origin.kind != CLIENT:
            return True
        name = text(account.name)
        fields: dict[str, object] = {
            "user": origin.user_name,
            "account": name,
            "account_name": name,
        }
        if origin.permissions is not None:
            fields["permissions"] = _permissions(origin.permissions)
        self._wrapped(answer, "data", fields)
        return True

    def subscribers(self, message: Any, origin: Any) -> bool:
        """Serve ``$SYS.DEBUG.SUBSCRIBERS``: how many of its account listen to a subject."""
        answer = self._answer_to(message, self._node.accounts.system)
        words = message.payload().split()
        if answer is not None:
            subject = words[0] if len(words) in (1, 2) else b""
            queue = words[1] if len(words) == 2 else b""
            account = self._node.accounts.system if origin is None else origin.account
            answer(sum(_listens(interest, subject, queue) for interest in _of_clients(account)))
        return True

    def _about_account(
        self, answer: Callable[[Any], None], name: str, kind: str, body: bytes
    ) -> None:
        if kind == "CONNZ":
            self._call(answer, ConnzOptions, connz, body, acc=name)
        elif kind == "SUBSZ":
            self._call(answer, SubszOptions, subsz, body, account=name, subscriptions=True)
        elif kind == "LEAFZ":
            self._call(answer, LeafzOptions, leafz, body, account=name)
        elif kind == "JSZ":
            self._call(answer, JszOptions, jsz, body, account=name)
        elif kind == "INFO":
            self._call(answer, AccountzOptions, _account_detail, b"", account=name)
        elif kind == "STATZ":
            self._call(
                answer, AccstatzOptions, accstatz, b"", accounts=(name,), include_unused=True
            )
        elif kind == "CONNS":
            account = self._node.accounts.find(name.encode())
            if account is not None:
                answer(self._events.connections(account))

    def _endpoint(self, answer: Callable[[Any], None], name: str, body: bytes) -> None:
        endpoint = ENDPOINTS[name]
        self._call(answer, endpoint.options, endpoint.call, body)

    def _call(
        self,
        answer: Callable[[Any], None],
        options: type[msgspec.Struct],
        call: Callable[[About, Any], Any],
        body: bytes,
        **forced: Any,
    ) -> None:
        """Answer with what ``call`` makes of the options in ``body``, some of them ``forced``."""

        def done(result: Any) -> None:
            if isinstance(result, Health):
                status = dict(result.body)
                first = {"status": status.pop("status"), "status_code": result.status}
                result = first | status
            self._wrapped(answer, "data", result)

        def failed(error: Exception) -> None:
            self._refused(answer, error)

        try:
            asked = msgspec.structs.replace(_decoded(body, options), **forced)
            run(call(self._about, asked), done, failed)
        except HeadwaterError as error:
            failed(error)

    def _guarded(self, answer: Callable[[Any], None], command: Callable[[], None]) -> None:
        try:
            command()
        except HeadwaterError as error:
            self._refused(answer, error)
        else:
            answer({"server": server_info(self._node)})

    def _wrapped(self, answer: Callable[[Any], None], key: str, body: Any) -> None:
        answer({"server": server_info(self._node), key: body})

    def _refused(self, answer: Callable[[Any], None], error: Exception) -> None:
        code = error.code if isinstance(error, RequestError) else _FAILED
        if not isinstance(error, HeadwaterError):
            self._node.log.error(f"A system request failed: {type(error).__name__}: {error}")
        described = {"code": code, "description": str(error)}
        answer({"server": server_info(self._node), "error": described})

    def _answer_to(self, message: Any, account: Account) -> Callable[[Any], None] | None:
        """Return what sends an answer (JSON) to a request, None when it wants none."""
        reply = message.reply()
        if not reply:
            return None
        block = message.headers()
        found = headers.find_value(memoryview(block), 0, len(block), ACCEPT) if block else None

        def answer(body: Any) -> None:
            header_block, data = encoded(gojson.encode(body), found or b"")
            self._node.router.publish(account, reply, data, b"", header_block)

        return answer

    def _is_meant(self, body: bytes, *, strictly: bool) -> bool:
        """Tell whether a request is for this server; what cannot be read is judged later."""
        try:
            wanted = _decoded(body, EventFilter)
        except RequestError:
            return True
        node = self._node
        tags = [str(tag).lower() for tag in node.tags]
        texts = (
            (wanted.server_name, node.name),
            (wanted.host, node.public_address()[0]),
            (wanted.cluster, ""),
        )
        for pattern, value in texts:
            fits = pattern == value if wanted.exact_match else pattern in value
            if pattern and not fits:
                return False
        if wanted.domain and wanted.domain != node.domain:
            return False
        return all(tag.lower() in tags for tag in wanted.tags)

    def _identity(self) -> dict[str, object]:
        node = self._node
        return {"name": node.name, "host": node.public_address()[0], "id": node.server_id}

    def _do_reload(self, body: bytes) -> None:
        problem = self._reload()
        if problem is not None:
            raise RequestError(_FAILED, problem)

    def _kick(self, body: bytes) -> None:
        session = self._node.sessions.get(_decoded(body, _Command).cid)
        if session is None:
            raise RequestError(_FAILED, "no such client or leafnode id")
        session.fail("Kicked")

    def _move(self, body: bytes) -> None:
        session = self._node.sessions.get(_decoded(body, _Command).cid)
        if session is None:
            raise RequestError(_FAILED, "no such client id")
        session.announce({"ldm": True})


def _account_detail(about: About, asked: AccountzOptions) -> object:
    """Return what /accountz tells of one account, without what is around it."""
    return accountz(about, asked)["account_detail"]


def _decoded(body: bytes, kind: type[msgspec.Struct]) -> Any:
    """Return the options in the JSON of a request; all at their defaults when there is none."""
    if not body or body == b"null":
        return kind()
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(_BAD_REQUEST, f"json: {error}") from None


def _permissions(permissions: Any) -> dict[str, object]:
    sides: dict[str, object] = {}
    for name, rules in (("publish", permissions.publish), ("subscribe", permissions.subscribe)):
        side: dict[str, object] = {}
        if rules.allow is not None:
            side["allow"] = [text(subject) for subject in rules.allow]
        if rules.deny:
            side["deny"] = [text(subject) for subject in rules.deny]
        if side:
            sides[name] = side
    return sides


def _of_clients(account: Account) -> list[Any]:
    return [each for each in account.interest.interests() if each.state()[2]]


def _listens(interest: Any, subject: bytes, queue: bytes) -> bool:
    if queue and interest.queue != queue:
        return False
    return bool(subject) and matches(interest.subject, subject)

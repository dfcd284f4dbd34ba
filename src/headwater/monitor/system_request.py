"""A request to the server by way of NATS: its options, the servers that it is for, its answers."""

from collections.abc import Callable
from typing import Any

import msgspec

from headwater.accounts.account import Account
from headwater.base import gojson
from headwater.base.errors import HeadwaterError
from headwater.broker.node import Node
from headwater.broker.server_info import server_info
from headwater.monitor.steps import run
from headwater.wire import headers
from headwater.wire.content_encoding import ACCEPT, encoded

_BAD_REQUEST = 400
_FAILED = 500
# What work returns that has nothing to say.
NO_ANSWER = object()


class EventFilter(msgspec.Struct, frozen=True):
    """Which servers are to answer; every one of them gets the request."""

    server_name: str = ""
    cluster: str = ""
    host: str = ""
    tags: tuple[str, ...] = ()
    domain: str = ""
    exact_match: bool = False


class RequestError(HeadwaterError):
    """A request cannot be served; ``code`` is one of HTTP's."""

    def __init__(self, description: str, code: int = _FAILED) -> None:
        super().__init__(description)
        self.code = code


class SystemRequest:
    """One request; ``account`` is where it came from, and where its answer goes."""

    def __init__(self, node: Node, account: Account, message: Any) -> None:
        self.node = node
        self.account = account
        self.body: bytes = message.payload()
        self.reply: bytes = message.reply()
        block = message.headers()
        wish = headers.find_value(memoryview(block), 0, len(block), ACCEPT) if block else None
        self._encoding: bytes = wish or b""
        self._late = False  # whether what brought the request is over

    def decoded(self, kind: type[msgspec.Struct]) -> Any:
        """Return the options in the body; all at their defaults when there is none.

        Raises:
            RequestError: they cannot be read.
        """
        return decoded(self.body, kind)

    def is_meant(self) -> bool:
        """Tell whether this server is one of those that are to answer.

        Raises:
            RequestError: that cannot be read.
        """
        wanted = self.decoded(EventFilter)
        node = self.node
        texts = (
            (wanted.server_name, node.name),
            (wanted.host, node.public_address()[0]),
            (wanted.cluster, ""),  # there is none yet that this server could belong to
        )
        for pattern, value in texts:
            fits = pattern == value if wanted.exact_match else pattern in value
            if pattern and not fits:
                return False
        if wanted.domain and wanted.domain != node.domain:
            return False
        tags = [tag.lower() for tag in node.tags]
        return all(tag.lower() in tags for tag in wanted.tags)

    def serve(self, work: Callable[[], Any]) -> None:
        """Answer with what ``work()`` returns, or its Steps lead to, if the request is for us."""
        if not self.reply:
            return
        try:
            if self.is_meant():
                run(work(), self._done, self._broken)
        except RequestError as error:
            self._refuse(error)
        except Exception as error:  # noqa: BLE001 (whoever asked has to be told)
            self._broken(error)
        self._late = True

    def answer(self, body: Any, *, encode: bool = False) -> None:
        """Send an answer (JSON), which is encoded as the request wishes only with ``encode``."""
        router = self.node.router
        if self._late:
            router.begin()
        block, data = encoded(gojson.encode(body), self._encoding if encode else b"")
        router.publish(self.account, self.reply, data, b"", block)
        if self._late:
            router.flush()

    def _done(self, result: Any) -> None:
        if result is not NO_ANSWER:
            server = server_info(self.node)
            found = {} if result is None else {"data": result}
            self.answer({"server": server, **found}, encode=True)

    def _broken(self, error: Exception) -> None:
        if not isinstance(error, HeadwaterError):
            self.node.log.error(f"A system request failed: {type(error).__name__}: {error}")
        self._refuse(error, {"data": None})

    def _refuse(self, error: Exception, found: dict[str, None] | None = None) -> None:
        server = server_info(self.node)
        self.answer({"server": server, **(found or {}), "error": described(error)}, encode=True)


def described(error: Exception) -> dict[str, object]:
    """Return what an answer says of an error."""
    code = error.code if isinstance(error, RequestError) else _FAILED
    return {"code": code, "description": str(error)}


def decoded(body: bytes, kind: type[msgspec.Struct]) -> Any:
    """Return the options in a body; all at their defaults when there is none.

    Raises:
        RequestError: they cannot be read.
    """
    if not body or body == b"null":
        return kind()
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"json: {error}", _BAD_REQUEST) from None

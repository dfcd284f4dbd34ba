"""What a ``full`` resolver answers in the system account: push, look up, list and delete tokens."""

from collections.abc import Callable
from typing import Any

import msgspec

from headwater.accounts import claims, jwt, trust
from headwater.base import gojson
from headwater.base.errors import ConfigError, FormatError, HeadwaterError
from headwater.broker.node import Node
from headwater.broker.server_info import server_info
from headwater.broker.subscription import InternalSubscription
from headwater.config.options import OperatorMode
from headwater.server.claims_folder import ClaimsFolder

_OK, _FAILED = 200, 500


class _Deletion(msgspec.Struct):
    """Which accounts an operator wants to be gone."""

    accounts: list[str] = []


class ClaimsServices:
    """Keeps the folder, and has the server live by it; ``changed()`` makes it read it again."""

    def __init__(self, node: Node, mode: OperatorMode, changed: Callable[[], object]) -> None:
        self._node = node
        self._mode = mode
        self._changed = changed
        self._folder = ClaimsFolder(mode.folder, mode.limit)
        self._due = False

    def start(self) -> None:
        """Keep the tokens of the configuration that are not there, and listen."""
        known = self._folder.tokens()
        for account, token in self._mode.preload:
            if account not in known:
                self._folder.write(account, token)
        for subject, serve in (
            (b"$SYS.REQ.CLAIMS.UPDATE", self._update),
            (b"$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE", self._update),
            (b"$SYS.ACCOUNT.*.CLAIMS.UPDATE", self._update),
            (b"$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP", self._look_up),
            (b"$SYS.REQ.CLAIMS.LIST", self._list),
            (b"$SYS.REQ.CLAIMS.PACK", self._pack),
            (b"$SYS.REQ.CLAIMS.DELETE", self._delete),
        ):
            system = self._node.accounts.system
            system.subscribe(InternalSubscription(subject, _serving(serve)))

    def _update(self, subject: bytes, body: bytes, reply: bytes) -> None:
        name = "n/a"
        try:
            token = body.decode("ascii", "replace").strip()
            account = claims.account(token)
            name = account.sub
            words = subject.split(b".")
            if len(words) > 4 and name.encode() not in words:
                raise ConfigError("subject does not match jwt content")
            if account.iss not in trust.trusted_keys(self._mode):
                raise ConfigError("jwt validation failed")
            self._folder.write(name, token)
        except HeadwaterError as error:
            text = f"jwt update resulted in error - {error}"
            self._refuse(reply, {"account": name, "code": _FAILED, "description": text})
            return
        self._note_change()
        self._answer(reply, {"account": name, "code": _OK, "message": "jwt updated"})

    def _look_up(self, subject: bytes, _body: bytes, reply: bytes) -> None:
        name = subject.split(b".")[3].decode("ascii", "replace")
        self._send(reply, self._folder.tokens().get(name, "").encode())

    def _list(self, _subject: bytes, _body: bytes, reply: bytes) -> None:
        self._answer(reply, list(self._folder.tokens()))

    def _pack(self, _subject: bytes, _body: bytes, reply: bytes) -> None:
        for name, token in self._folder.tokens().items():
            self._send(reply, f"{name}|{token}".encode())
        self._send(reply, b"")

    def _delete(self, _subject: bytes, body: bytes, reply: bytes) -> None:
        try:
            count = self._deleted(body.decode("ascii", "replace").strip())
        except HeadwaterError as error:
            text = f"delete accounts request failed - {error}"
            self._refuse(reply, {"code": _FAILED, "description": text})
            return
        self._note_change()
        self._answer(reply, {"code": _OK, "message": f"deleted {count} accounts"})

    def _deleted(self, token: str) -> int:
        wanted = jwt.decode(token, "generic", _Deletion, "O")
        if not self._mode.allow_delete:
            raise ConfigError("delete must be enabled in server config")
        if wanted.iss not in trust.trusted_keys(self._mode):
            raise FormatError("not signed by a trusted operator")
        hard = self._mode.hard_delete
        return sum(self._folder.delete(name, hard=hard) for name in wanted.nats.accounts)

    def _note_change(self) -> None:
        """Have the change take effect when the message that brought it is done with."""
        if not self._due:
            self._due = True
            self._node.timers.after(0, self._apply)

    def _apply(self) -> None:
        self._due = False
        self._changed()

    def _answer(self, reply: bytes, data: object) -> None:
        self._send(reply, gojson.encode({"server": server_info(self._node), "data": data}))

    def _refuse(self, reply: bytes, error: dict[str, object]) -> None:
        self._node.log.error(str(error["description"]))
        self._send(reply, gojson.encode({"server": server_info(self._node), "error": error}))

    def _send(self, reply: bytes, data: bytes) -> None:
        if reply:
            self._node.router.publish(self._node.accounts.system, reply, data)


def _serving(serve: Callable[[bytes, bytes, bytes], None]) -> Callable[[Any, Any], bool]:
    def take(message: Any, _origin: Any) -> bool:
        serve(bytes(message.subject), message.payload(), message.reply())
        return True

    return take

"""What the system account can have a server do: reload, close a client, send a client away."""

from collections.abc import Callable
from functools import partial

import msgspec

from headwater.broker.node import Node
from headwater.monitor.system_request import RequestError, SystemRequest, decoded


class _Target(msgspec.Struct, frozen=True):
    """What a command is about: the id of a client."""

    cid: int = 0


class SystemCommands:
    """Commands to the server of ``node``; ``reload()`` returns what went wrong, or None."""

    def __init__(self, node: Node, reload: Callable[[], str | None]) -> None:
        self._node = node
        self._reload = reload

    def serve(self, kind: str, request: SystemRequest) -> bool:
        """Do what a request asks for, and say so; return whether ``kind`` is a command."""
        if kind == "RELOAD":
            request.serve(self._do_reload)
        elif kind == "KICK":
            self._serve_with_target(request, self._kick)
        elif kind == "LDM":
            self._serve_with_target(request, self._move)
        else:
            return False
        return True

    def _serve_with_target(self, request: SystemRequest, command: Callable[[int], None]) -> None:
        """Serve a command about a client; one that names none as it should gets no answer."""
        try:
            target = decoded(request.body or b"?", _Target)
        except RequestError as error:
            self._node.log.error(f"A command about a client cannot be read: {error}")
        else:
            request.serve(partial(command, target.cid))

    def _do_reload(self) -> None:
        problem = self._reload()
        if problem is not None:
            raise RequestError(problem)

    def _kick(self, cid: int) -> None:
        session = self._node.sessions.get(cid) or self._node.leaf_sessions.get(cid)
        if session is None:
            raise RequestError("no such client or leafnode id")
        session.fail("Kicked")

    def _move(self, cid: int) -> None:
        session = self._node.sessions.get(cid)
        if session is None:
            raise RequestError("no such client id")
        if not session.announce({"ldm": True}):
            raise RequestError(
                "client does not support Lame Duck Mode or is not ready to receive the notification"
            )
        self._node.log.debug(f"{session.label()} - Sending Lame Duck Mode info to client")

"""The subjects below ``$SYS`` that lead to the server itself.

What serves them is loaded when the first request comes, or the first client of the system account:
most servers never have either.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from headwater.accounts.account import Account
from headwater.broker.node import Node, NodeObserver
from headwater.broker.subscription import InternalSubscription

if TYPE_CHECKING:
    from headwater.monitor.about import About
    from headwater.monitor.system_events import SystemEvents
    from headwater.monitor.system_services import SystemServices


class SystemAccount(NodeObserver):
    """Listens in the system account, and in every other one to the few subjects that it has.

    ``about()`` returns what the monitoring knows of the server.
    """

    def __init__(
        self, node: Node, about: "Callable[[], About]", reload: Callable[[], str | None]
    ) -> None:
        self._node = node
        self._about = about
        self._reload = reload
        self._parts: tuple[SystemEvents, SystemServices] | None = None
        self._served: dict[Account, list[InternalSubscription]] = {}

    def start(self) -> None:
        """Listen, in the accounts that there are."""
        self._node.observers.append(self)
        self.follow_accounts()

    def stop(self) -> None:
        """Publish nothing any more."""
        if self._parts is not None:
            self._parts[0].stop()

    def follow_accounts(self) -> None:
        """Listen in accounts that are new, and forget those that are gone."""
        served = self._served
        self._served = {
            account: served.get(account) or self._listen(account) for account in self._node.accounts
        }

    def client_connected(self, session: Any) -> None:
        if session.account is self._node.accounts.system and self._parts is None:
            # It listens to events perhaps; nobody else can.
            self._loaded()[0].client_connected(session)

    def _listen(self, account: Account) -> list[InternalSubscription]:
        subjects = {
            "$SYS.REQ.USER.INFO": partial(self._serve, "user_info", account),
        }
        if account is self._node.accounts.system:
            identity = self._node.server_id
            subjects |= {
                "$SYS.REQ.SERVER.PING": partial(self._serve, "server_request", None),
                "$SYS.REQ.SERVER.PING.*": partial(self._serve, "server_request", None),
                f"$SYS.REQ.SERVER.{identity}.*": partial(self._serve, "server_request", None),
                "$SYS.REQ.ACCOUNT.>": partial(self._serve, "account_request", None),
                "$SYS.DEBUG.SUBSCRIBERS": partial(self._serve, "subscribers", None),
            }
        else:
            subjects |= {
                "$SYS.REQ.ACCOUNT.PING.CONNZ": partial(self._serve, "own_connections", account),
                "$SYS.REQ.ACCOUNT.PING.STATZ": partial(self._serve, "own_statistics", account),
                "$SYS.REQ.SERVER.PING.CONNZ": partial(self._serve, "own_connections", account),
            }
        subscriptions = [
            InternalSubscription(subject.encode(), callback)
            for subject, callback in subjects.items()
        ]
        for subscription in subscriptions:
            account.subscribe(subscription)
        return subscriptions

    def _serve(self, name: str, account: Account | None, message: Any, origin: Any) -> bool:
        call = getattr(self._loaded()[1], name)
        taken: bool = call(message, origin) if account is None else call(account, message, origin)
        return taken

    def _loaded(self) -> "tuple[SystemEvents, SystemServices]":
        if self._parts is None:
            from headwater.monitor.system_events import SystemEvents  # noqa: PLC0415 (rarely used)
            from headwater.monitor.system_services import SystemServices  # noqa: PLC0415

            about = self._about()
            events = SystemEvents(about)
            self._parts = events, SystemServices(about, events, self._reload)
            events.start()
        return self._parts

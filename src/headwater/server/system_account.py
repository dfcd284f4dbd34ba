"""The subjects below ``$SYS`` that lead to the server itself.

What serves them is loaded when the first request comes, or the first client of the system account:
most servers never have either.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from headwater.accounts.account import Account
from headwater.broker.node import Node, NodeObserver
from headwater.broker.subscription import InternalSubscription, ServiceSubscription

if TYPE_CHECKING:
    from headwater.monitor.about import About
    from headwater.monitor.own_services import OwnServices
    from headwater.monitor.system_events import SystemEvents
    from headwater.monitor.system_services import SystemServices


class _Parts(NamedTuple):
    """What is loaded late."""

    events: "SystemEvents"
    services: "SystemServices"
    own: "OwnServices"


# Services that every account has, and where they are in the system account.
_TARGETS = {
    "$SYS.REQ.USER.INFO": b"$SYS.REQ.USER.%b.INFO",
    "$SYS.REQ.ACCOUNT.PING.CONNZ": b"$SYS.REQ.ACCOUNT.%b.CONNZ",
    "$SYS.REQ.ACCOUNT.PING.STATZ": b"$SYS.REQ.ACCOUNT.%b.STATZ",
    "$SYS.REQ.SERVER.PING.CONNZ": b"$SYS.REQ.ACCOUNT.%b.CONNZ",
}


class SystemAccount(NodeObserver):
    """Listens in the system account, and in every other one to the few subjects that it has.

    ``about()`` returns what the monitoring knows of the server, ``reload()`` reads its
    configuration again and returns what went wrong, or None.
    """

    def __init__(
        self, node: Node, about: "Callable[[], About]", reload: Callable[[], str | None]
    ) -> None:
        self._node = node
        self._about = about
        self._reload = reload
        self._parts: _Parts | None = None
        self._served: set[Account] = set()

    def start(self) -> None:
        """Listen, in the accounts that there are."""
        self._node.observers.append(self)
        self.follow_accounts()

    def stop(self) -> None:
        """Publish nothing any more."""
        if self._parts is not None:
            self._parts.events.stop()

    def follow_accounts(self) -> None:
        """Listen in accounts that are new, and forget those that are gone."""
        accounts = set(self._node.accounts)
        for account in accounts - self._served:
            self._listen(account)
        self._served = accounts

    def client_connected(self, session: Any) -> None:
        if session.account is self._node.accounts.system and self._parts is None:
            # It listens to events perhaps; nobody else can.
            self._loaded().events.client_connected(session)

    def _listen(self, account: Account) -> None:
        def user(message: Any, origin: Any) -> bool:
            return self._loaded().own.user(account, message, origin)

        callbacks = {"$SYS.REQ.USER.INFO": user}
        if account is self._node.accounts.system:
            callbacks |= self._of_system(account)
        else:
            callbacks |= self._of_any(account)
        for subject, callback in callbacks.items():
            account.subscribe(_subscription(account, subject, callback))

    def _of_system(self, account: Account) -> dict[str, Callable[[Any, Any], bool]]:
        """Return what serves the subjects that only the system account has, by subject."""

        def server(message: Any, _origin: Any) -> bool:
            return self._loaded().services.server_request(message)

        def about_account(message: Any, _origin: Any) -> bool:
            return self._loaded().services.account_request(message)

        def subscribers(message: Any, _origin: Any) -> bool:
            return self._loaded().own.subscribers(account, message)

        return {
            "$SYS.REQ.SERVER.PING": server,
            "$SYS.REQ.SERVER.PING.*": server,
            f"$SYS.REQ.SERVER.{self._node.server_id}.*": server,
            "$SYS.REQ.ACCOUNT.*.*": about_account,
            "$SYS.DEBUG.SUBSCRIBERS": subscribers,
        }

    def _of_any(self, account: Account) -> dict[str, Callable[[Any, Any], bool]]:
        """Return what serves the subjects of an account that is not the system's, by subject."""

        def connections(message: Any, _origin: Any) -> bool:
            return self._loaded().own.connections(account, message)

        def statistics(message: Any, _origin: Any) -> bool:
            return self._loaded().own.statistics(account, message)

        return {
            "$SYS.REQ.ACCOUNT.PING.CONNZ": connections,
            "$SYS.REQ.ACCOUNT.PING.STATZ": statistics,
            "$SYS.REQ.SERVER.PING.CONNZ": connections,
        }

    def _loaded(self) -> _Parts:
        if self._parts is None:
            from headwater.monitor.own_services import OwnServices  # noqa: PLC0415 (rarely used)
            from headwater.monitor.system_commands import SystemCommands  # noqa: PLC0415
            from headwater.monitor.system_events import SystemEvents  # noqa: PLC0415
            from headwater.monitor.system_services import SystemServices  # noqa: PLC0415

            about = self._about()
            events = SystemEvents(about)
            commands = SystemCommands(self._node, self._reload)
            services = SystemServices(about, events, commands)
            self._parts = _Parts(events, services, OwnServices(self._node, services))
            events.start()
        return self._parts


def _subscription(
    account: Account, subject: str, callback: Callable[[Any, Any], bool]
) -> InternalSubscription:
    target = _TARGETS.get(subject, b"")
    if not target:
        return InternalSubscription(subject.encode(), callback)
    return ServiceSubscription(subject.encode(), callback, target % account.name)

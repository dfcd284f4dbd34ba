"""What every account may ask about itself, and every user about itself."""

from typing import Any

from headwater.accounts.account import Account
from headwater.accounts.permissions import Permissions, Rules
from headwater.base.clock import SECOND
from headwater.broker.node import Node
from headwater.broker.server_info import server_info
from headwater.broker.session import CLIENT
from headwater.monitor.formats import text
from headwater.monitor.system_request import SystemRequest
from headwater.monitor.system_services import SystemServices
from headwater.subjects.validate import covers, is_literal, is_valid, matches


class OwnServices:
    """Answers requests of accounts about themselves: each method serves one subject."""

    def __init__(self, node: Node, services: SystemServices) -> None:
        self._node = node
        self._services = services

    def connections(self, account: Account, message: Any) -> bool:
        """Serve a request about the connections of the asker's account."""
        request = SystemRequest(self._node, account, message)
        self._services.connections(request, text(account.name))
        return True

    def statistics(self, account: Account, message: Any) -> bool:
        """Serve a request about what passes through the asker's account."""
        request = SystemRequest(self._node, account, message)
        self._services.statistics(request, text(account.name))
        return True

    def user(self, account: Account, message: Any, origin: Any) -> bool:
        """Serve ``$SYS.REQ.USER.INFO``: who the asker is, and what it may do."""
        request = SystemRequest(self._node, account, message)
        if request.reply and origin is not None and origin.kind == CLIENT:
            name = text(account.name)
            title = account.title or name
            fields = {"user": origin.described()[0], "account": name, "account_name": title}
            if origin.user_title:
                fields["user_name"] = origin.user_title
            fields |= _permissions(origin.permissions)
            if origin.expires_s:
                fields["expires"] = int(origin.expires_s * SECOND) - self._node.clock.now()
            request.answer({"server": server_info(self._node), "data": fields})
        return True

    def subscribers(self, account: Account, message: Any) -> bool:
        """Serve ``$SYS.DEBUG.SUBSCRIBERS``: how many clients listen to a subject, as a number.

        The request is a subject, perhaps with a queue group.  One with wildcards stands for the
        subscriptions that it covers.
        """
        request = SystemRequest(self._node, account, message)
        if request.reply:
            subject, _, queue = request.body.strip().partition(b" ")
            request.answer(_count(account, subject, queue))
        return True


def _count(account: Account, subject: bytes, queue: bytes) -> int:
    if not is_valid(subject):
        return 0
    literal = is_literal(subject)
    count = 0
    for interest in account.interest.interests():
        of_client = interest.state()[2]
        if of_client and (not queue or interest.queue == queue):
            found = interest.subject
            count += matches(found, subject) if literal else covers(subject, found)
    return count


def _permissions(permissions: Permissions | None) -> dict[str, object]:
    """Return the ``permissions`` field, if there is anything to say in it."""
    if permissions is None:
        return {}
    sides = {"publish": _rules(permissions.publish), "subscribe": _rules(permissions.subscribe)}
    found = {name: side for name, side in sides.items() if side}
    return {"permissions": found} if found else {}


def _rules(rules: Rules) -> dict[str, list[str]]:
    side = {}
    if rules.allow is not None:
        side["allow"] = [text(subject) for subject in rules.allow]
    if rules.deny:
        side["deny"] = [text(subject) for subject in rules.deny]
    return side

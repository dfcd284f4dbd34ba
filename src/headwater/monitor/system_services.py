"""Requests to the server by way of NATS: the monitoring endpoints, of the server or an account.

Each method serves one subject of the system account, and returns whether that is one of ours.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from headwater.base.errors import HeadwaterError
from headwater.broker.server_info import server_info
from headwater.monitor import debug
from headwater.monitor.about import About
from headwater.monitor.accountz import AccountzOptions, AccstatzOptions, accountz, accstatz
from headwater.monitor.connz import ConnzOptions, connz
from headwater.monitor.endpoints import ENDPOINTS
from headwater.monitor.formats import text
from headwater.monitor.healthz import Health
from headwater.monitor.jsz import JszOptions, jsz_of_account
from headwater.monitor.links import LeafzOptions, leafz
from headwater.monitor.statsz import statsz
from headwater.monitor.steps import Steps
from headwater.monitor.subsz import SubszOptions, subsz
from headwater.monitor.system_commands import SystemCommands
from headwater.monitor.system_events import SystemEvents
from headwater.monitor.system_request import NO_ANSWER, RequestError, SystemRequest, described

# The endpoints that a server can be asked for; accounts are asked for their statistics.
_KINDS = frozenset(name.upper() for name in ENDPOINTS if name != "accstatz")


class _ProfilezOptions(msgspec.Struct, frozen=True):
    """Which profile of the process is asked for."""

    name: str = ""


class _ConnsOptions(msgspec.Struct, frozen=True):
    """Of a server that asks for the connections of an account, and names it once more."""

    acc: str = ""
    server: dict[str, Any] = {}


class SystemServices:
    """Answers requests about ``about``'s server."""

    def __init__(self, about: About, events: SystemEvents, commands: SystemCommands) -> None:
        self._about = about
        self._node = about.node
        self._events = events
        self._commands = commands
        self._account_kinds: dict[str, Callable[[SystemRequest, str], None]] = {
            "CONNZ": self.connections,
            "SUBSZ": self._subscriptions,
            "LEAFZ": self._leafs,
            "JSZ": self._jetstream,
            "INFO": self._info,
            "STATZ": self.statistics,
            "CONNS": self._connection_count,
        }

    def server_request(self, message: Any) -> bool:
        """Serve ``$SYS.REQ.SERVER.PING``, ``….PING.<kind>`` and ``….<id>.<kind>``."""
        tokens = text(message.subject).split(".")
        kind = tokens[4] if len(tokens) > 4 else "STATSZ"
        request = SystemRequest(self._node, self._node.accounts.system, message)
        if kind == "IDZ":
            self._identity(request)
        elif kind == "STATSZ":
            self._statsz(request)
        elif kind in _KINDS:
            endpoint = ENDPOINTS[kind.lower()]
            self._serve(request, endpoint.options, endpoint.call)
        elif kind == "EXPVARZ":
            request.serve(_variables)
        elif kind == "PROFILEZ":
            self._serve(request, _ProfilezOptions, _profile)
        elif tokens[3] != "PING":
            return self._commands.serve(kind, request)
        else:
            return False
        return True

    def account_request(self, message: Any) -> bool:
        """Serve ``$SYS.REQ.ACCOUNT.<account>.<kind>`` and ``$SYS.REQ.ACCOUNT.PING.STATZ``."""
        tokens = text(message.subject).split(".")
        name, kind = tokens[3], tokens[4]
        request = SystemRequest(self._node, self._node.accounts.system, message)
        if name == "PING" and kind == "STATZ":
            self._serve(request, AccstatzOptions, _some_statistics)
        elif kind in self._account_kinds:
            self._account_kinds[kind](request, name)
        else:
            return False
        return True

    def connections(self, request: SystemRequest, name: str) -> None:
        """Answer with the connections of the account ``name``."""
        self._serve(request, ConnzOptions, connz, acc=name)

    def statistics(self, request: SystemRequest, name: str) -> None:
        """Answer with what passes through an account; not at all where nobody is connected."""
        self._serve(request, AccstatzOptions, _some_statistics, accounts=(name,))

    def _subscriptions(self, request: SystemRequest, name: str) -> None:
        self._serve(request, SubszOptions, subsz, account=name, subscriptions=True)

    def _leafs(self, request: SystemRequest, name: str) -> None:
        self._serve(request, LeafzOptions, leafz, account=name)

    def _jetstream(self, request: SystemRequest, name: str) -> None:
        self._serve(request, JszOptions, jsz_of_account, account=name)

    def _info(self, request: SystemRequest, name: str) -> None:
        self._serve(request, AccountzOptions, _account_detail, account=name)

    def _connection_count(self, request: SystemRequest, name: str) -> None:
        """Answer as the event does that tells of it, if there are any connections."""
        account = self._node.accounts.find(name.encode())
        if account is None or not account.sessions or not request.reply:
            return
        try:
            asked = request.decoded(_ConnsOptions)
        except RequestError:
            return
        if asked.acc in ("", name):
            request.answer(self._events.connections(account))

    def _identity(self, request: SystemRequest) -> None:
        node = self._node
        if request.reply:
            request.answer(
                {"name": node.name, "host": node.public_address()[0], "id": node.server_id}
            )

    def _statsz(self, request: SystemRequest) -> None:
        """Answer with the statistics; who wants no answer has them published instead."""
        if not request.reply:
            request.reply = self._events.stats_subject.encode()
        answer: dict[str, object] = {"server": server_info(self._node)}
        try:
            if not request.is_meant():
                return
            answer["statsz"] = statsz(self._about)
        except HeadwaterError as error:
            answer["error"] = described(error)
        request.answer(answer)

    def _serve(
        self,
        request: SystemRequest,
        options: type[msgspec.Struct],
        call: Callable[[About, Any], Any],
        **forced: Any,
    ) -> None:
        """Answer with what ``call`` makes of the options of a request, some of them ``forced``."""

        def work() -> Any:
            asked = msgspec.structs.replace(request.decoded(options), **forced)
            result = call(self._about, asked)
            return _health(result) if isinstance(result, Health) else result

        request.serve(work)


def _health(found: Health) -> dict[str, object]:
    """Return the finding as an answer, which has no other place for its status."""
    body = dict(found.body)
    return {"status": body.pop("status"), "status_code": found.status, **body}


def _account_detail(about: About, asked: AccountzOptions) -> object:
    """Return what /accountz tells of one account, without what is around it."""
    return accountz(about, asked)["account_detail"]


def _some_statistics(about: About, asked: AccstatzOptions) -> Steps:
    found = yield from accstatz(about, asked)
    return found if found["account_statz"] else NO_ANSWER


def _variables() -> dict[str, object]:
    found = debug.variables()
    return {"memstats": found["memstats"], "cmdline": found["cmdline"]}


def _profile(_about: About, asked: _ProfilezOptions) -> dict[str, object]:
    """Return why there is no profile: those that can be asked for are a Go program's."""
    problem = f'Profile "{asked.name}" not found' if asked.name else "Profile name not specified"
    return {"profile": None, "error": problem}

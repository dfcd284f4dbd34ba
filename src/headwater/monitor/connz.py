"""``/connz``: the open connections of clients, sorted, in pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headwater.base import gojson
from headwater.base.clock import MICROSECOND, MILLISECOND, SECOND
from headwater.base.errors import HeadwaterError
from headwater.broker.node import Node
from headwater.monitor.varz import uptime_text

_LIMIT = 1024
_TRUE = ("1", "t", "true")
# Sort key -> what of a session it compares, and whether the largest comes first.
_ORDERS: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "cid": (lambda session: session.id, False),
    "start": (lambda session: session.start_ns, False),
    "subs": (lambda session: len(session.subscriptions), True),
    "pending": (lambda session: _pending_bytes(session), True),
    "msgs_to": (lambda session: session.out_msgs, True),
    "msgs_from": (lambda session: session.in_msgs, True),
    "bytes_to": (lambda session: session.out_bytes, True),
    "bytes_from": (lambda session: session.in_bytes, True),
    "last": (lambda session: session.last_active_ns, True),
    "idle": (lambda session: session.last_active_ns, False),
    "uptime": (lambda session: session.start_ns, False),
    "rtt": (lambda session: session.rtt_ns, True),
}
_STATES = ("open", "closed", "all", "any")


class BadParameterError(HeadwaterError):
    """A parameter of a request makes no sense; the text is for who sent it."""


@dataclass(frozen=True)
class Query:
    """What a request asks for."""

    sort: str = "cid"
    offset: int = 0
    limit: int = _LIMIT
    connection_id: int = 0  # 0: all
    state: str = "open"
    subscriptions: str = ""  # "detail", another word for their subjects only, or empty
    with_user: bool = False
    user: str = ""  # only connections of this user

    @classmethod
    def parse(cls, parameters: dict[str, str]) -> "Query":
        """Return what ``parameters`` ask for.

        Raises:
            BadParameterError: one of them makes no sense.
        """
        sort = parameters.get("sort", "") or "cid"
        if sort not in _ORDERS:
            raise BadParameterError(f"invalid sorting option: {sort}")
        state = parameters.get("state", "") or "open"
        if state not in _STATES:
            raise BadParameterError(f"Error decoding state for {state}")
        subscriptions = parameters.get("subs", "").lower()
        if subscriptions != "detail":
            subscriptions = "list" if subscriptions in _TRUE else ""
        return cls(
            sort=sort,
            offset=max(0, _number(parameters, "offset")),
            limit=_number(parameters, "limit") or _LIMIT,
            connection_id=_number(parameters, "cid"),
            state=state,
            subscriptions=subscriptions,
            with_user=parameters.get("auth", "").lower() in _TRUE,
            user=parameters.get("user", ""),
        )


def connz(node: Node, parameters: dict[str, str]) -> dict[str, object]:
    """Return the page that ``parameters`` ask for, in nats-server's field names.

    Raises:
        BadParameterError: one of them makes no sense.
    """
    query = Query.parse(parameters)
    now_ns = node.clock.now()
    # Closed connections are not kept: a request for them finds none.
    found = [] if query.state == "closed" else list(node.sessions.values())
    total = len(found)
    if query.connection_id:
        found = [session for session in found if session.id == query.connection_id]
    if query.user:
        found = [session for session in found if session.user_name == query.user]
        total = len(found)
    key, largest_first = _ORDERS[query.sort]
    found.sort(key=key, reverse=largest_first)
    limit = 1 if query.connection_id else query.limit
    page = found[query.offset : query.offset + limit]
    return {
        "server_id": node.server_id,
        "now": gojson.time_text(now_ns),
        "num_connections": len(page),
        "total": total,
        "offset": query.offset,
        "limit": limit,
        "connections": [_connection(session, query, now_ns) for session in page],
    }


def _connection(session: Any, query: Query, now_ns: int) -> dict[str, object]:
    fields: dict[str, object] = {
        "cid": session.id,
        "kind": "Client",
        "type": "nats",
        "ip": session.address,
        "port": session.port,
        "start": gojson.time_text(session.start_ns),
        "last_activity": gojson.time_text(session.last_active_ns),
    }
    if session.rtt_ns:
        fields["rtt"] = duration_text(session.rtt_ns)
    fields |= {
        "uptime": uptime_text(now_ns - session.start_ns),
        "idle": uptime_text(now_ns - session.last_active_ns),
        "pending_bytes": _pending_bytes(session),
        "in_msgs": session.in_msgs,
        "out_msgs": session.out_msgs,
        "in_bytes": session.in_bytes,
        "out_bytes": session.out_bytes,
        "subscriptions": len(session.subscriptions),
    }
    if session.connect is not None:
        for name in ("name", "lang", "version"):
            if value := getattr(session.connect, name):
                fields[name] = value
    if query.with_user:
        if session.user_name:
            fields["authorized_user"] = session.user_name
        fields["account"] = _text(session.account.name)
    if query.subscriptions == "detail":
        fields["subscriptions_list_detail"] = _subscription_details(session)
    elif query.subscriptions:
        subjects = [_text(subscription.subject) for subscription in session.subscriptions.values()]
        fields["subscriptions_list"] = subjects
    return fields


def _subscription_details(session: Any) -> list[dict[str, object]]:
    details = []
    for subscription in session.subscriptions.values():
        fields: dict[str, object] = {"subject": _text(subscription.subject)}
        if subscription.queue:
            fields["qgroup"] = _text(subscription.queue)
        fields["sid"] = _text(subscription.sid)
        fields["msgs"] = subscription.delivered
        if subscription.limit:
            fields["max"] = subscription.limit
        fields["cid"] = session.id
        details.append(fields)
    return details


def _pending_bytes(session: Any) -> int:
    waiting = 0 if session.out is None else session.out.size
    return waiting + (0 if session.link is None else session.link.pending_bytes())


def duration_text(duration_ns: int) -> str:
    """Return a duration as Go prints short ones: ``1.5ms``, ``20µs``, ``3.25s``."""
    for unit_ns, name in ((SECOND, "s"), (MILLISECOND, "ms"), (MICROSECOND, "µs")):
        if duration_ns >= unit_ns:
            whole, rest = divmod(duration_ns, unit_ns)
            digits = len(str(unit_ns)) - 1
            fraction = f".{rest:0{digits}d}".rstrip("0") if rest else ""
            return f"{whole}{fraction}{name}"
    return f"{duration_ns}ns"


def _number(parameters: dict[str, str], name: str) -> int:
    text = parameters.get(name, "")
    if not text:
        return 0
    if len(text) > 18 or not text.removeprefix("-").isdecimal() or not text.isascii():
        raise BadParameterError(f"Error decoding int for '{name}': not a number: {text!r}")
    return int(text)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")

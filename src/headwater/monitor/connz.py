"""``/connz``: the connections, open and closed, sorted, in pages."""

from collections.abc import Callable, Generator, Iterator
from operator import attrgetter
from typing import Any

import msgspec

from headwater.accounts.account import GLOBAL
from headwater.base import gojson
from headwater.broker.closed import ClosedConnection
from headwater.broker.session import CLIENT
from headwater.monitor import certificates
from headwater.monitor.about import About
from headwater.monitor.formats import duration_text, text, uptime_text
from headwater.monitor.parameters import BadRequestError, Parameters
from headwater.monitor.steps import Steps, pause
from headwater.subjects.validate import covers, is_valid

LIMIT = 1024
OPEN, CLOSED, ALL = 0, 1, 2
_STATES = {"": OPEN, "open": OPEN, "closed": CLOSED, "any": ALL, "all": ALL}
# How many connections are looked at, and how many are printed, before others have their turn.
_LOOKED_AT = 2000
_PRINTED = 64
_LISTED = 1000  # of one connection's subscriptions


def _is_closed(connection: Any) -> bool:
    return isinstance(connection, ClosedConnection)


def _subscriptions(connection: Any) -> int:
    if _is_closed(connection):
        return connection.subscription_count
    return len(connection.subscriptions)


def _pending_bytes(connection: Any) -> int:
    if _is_closed(connection):
        return connection.pending_bytes
    waiting = 0 if connection.out is None else connection.out.size
    return waiting + (0 if connection.link is None else connection.link.pending_bytes())


# Sort key -> what of a connection it compares, and whether the largest comes first.
_ORDERS: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "cid": (attrgetter("id"), False),
    "start": (attrgetter("start_ns"), False),
    "subs": (_subscriptions, True),
    "pending": (_pending_bytes, True),
    "msgs_to": (attrgetter("out_msgs"), True),
    "msgs_from": (attrgetter("in_msgs"), True),
    "bytes_to": (attrgetter("out_bytes"), True),
    "bytes_from": (attrgetter("in_bytes"), True),
    "last": (attrgetter("last_used_ns"), True),
    "idle": (attrgetter("last_used_ns"), False),
    "rtt": (attrgetter("rtt_ns"), True),
    "stop": (attrgetter("stop_ns"), True),
    "reason": (attrgetter("reason"), False),
}
_OF_CLOSED = ("stop", "reason")
_BY_UPTIME = "uptime"


class ConnzOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    sort: str = ""
    auth: bool = False
    subscriptions: bool = False
    subscriptions_detail: bool = False
    offset: int = 0
    limit: int = 0
    cid: int = 0
    mqtt_client: str = ""
    state: int = OPEN
    user: str = ""
    acc: str = ""
    filter_subject: str = ""  # not to be had by HTTP, as on nats-server

    @classmethod
    def from_url(cls, parameters: Parameters) -> "ConnzOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        auth = parameters.boolean("auth")
        listed, detailed = parameters.detail("subs")
        offset, limit = parameters.integer("offset"), parameters.integer("limit")
        cid = parameters.unsigned("cid")
        state = _STATES.get(parameters.text("state").lower())
        if state is None:
            raise BadRequestError(f"Error decoding state for {parameters.text('state')}")
        return cls(
            sort=parameters.text("sort"),
            auth=auth,
            subscriptions=listed,
            subscriptions_detail=detailed,
            offset=offset,
            limit=limit,
            cid=cid,
            mqtt_client=parameters.text("mqtt_client"),
            state=state,
            user=parameters.text("user"),
            acc=parameters.text("acc"),
        )


def connz(about: About, asked: ConnzOptions) -> Steps:
    """Return the page that is asked for.

    Raises:
        BadRequestError: what is asked for makes no sense.
    """
    _check(asked)
    node = about.node
    now_ns = node.clock.now()
    offset, limit = max(asked.offset, 0), asked.limit if asked.limit > 0 else LIMIT
    if asked.cid:
        offset, limit = 0, 1
    known = not asked.acc or node.accounts.find(asked.acc.encode()) is not None
    total, found = yield from _find(about, asked)
    if asked.sort == _BY_UPTIME:
        found.sort(key=lambda connection: _end_ns(connection, now_ns) - connection.start_ns)
    else:
        key, largest_first = _ORDERS[asked.sort or "cid"]
        found.sort(key=key, reverse=largest_first)
    yield pause(node.timers)
    page = found[offset : offset + limit]
    shown = []
    for count, connection in enumerate(page, 1):
        fields = _connection(connection, asked, now_ns)
        if asked.subscriptions or asked.subscriptions_detail:
            yield from _list_subscriptions(about, fields, connection, asked)
        if asked.auth and not (_is_closed(connection) and _account_name(connection) == GLOBAL):
            fields["name_tag"] = text(_account_name(connection))
        shown.append(fields)
        if not count % _PRINTED:
            yield pause(node.timers)
    return {
        "server_id": node.server_id if known else "",
        "now": gojson.time_text(now_ns),
        "num_connections": len(shown),
        "total": total,
        "offset": offset,
        "limit": limit,
        "connections": shown if known else None,
    }


def _check(asked: ConnzOptions) -> None:
    sort = asked.sort or "cid"
    if sort not in _ORDERS and sort != _BY_UPTIME:
        raise BadRequestError(f"invalid sorting option: {sort}")
    if sort in _OF_CLOSED and asked.state != CLOSED:
        raise BadRequestError(f"sort by {sort} only valid on closed connections")
    if asked.filter_subject and not asked.acc:
        raise BadRequestError("filter by subject only valid with account filtering")


def _find(about: About, asked: ConnzOptions) -> Generator[Any, Any, tuple[int, list[Any]]]:
    """Return how many connections there are, and those of them that fit."""
    node = about.node
    account_name = asked.acc.encode()
    wanted = asked.filter_subject.encode()
    everything = _connections(about, asked.state)
    yield pause(node.timers)
    if not (asked.cid or asked.user or asked.mqtt_client or asked.acc):
        return len(everything), everything
    found: list[Any] = []
    total = 0
    for count, connection in enumerate(everything, 1):
        if not count % _LOOKED_AT:
            yield pause(node.timers)
        if asked.acc and _account_name(connection) != account_name:
            continue
        total += 1
        if asked.cid and connection.id != asked.cid:
            continue
        if asked.user and _described(connection)[0] != asked.user:
            continue
        if asked.mqtt_client or (wanted and not _wants(connection, wanted)):
            continue
        found.append(connection)
    return total, found


def _connections(about: About, state: int) -> list[Any]:
    node = about.node
    found = [] if state == OPEN else list(node.closed)
    if state != CLOSED:
        found += [*node.sessions.values(), *node.leaf_sessions.values()]
    return found


def _account_name(connection: Any) -> bytes:
    if _is_closed(connection):
        return connection.account_name
    return connection.account.name


def _described(connection: Any) -> tuple[str, str, str, str]:
    """Return user, name, language and version."""
    if _is_closed(connection):
        return connection.user_name, connection.name, connection.lang, connection.version
    return connection.described()


def _states(connection: Any) -> Iterator[tuple[bytes, bytes, bytes, int, int]]:
    """Iterate over the ``state`` of every subscription."""
    if _is_closed(connection):
        return iter(connection.subscriptions)
    return (subscription.state() for subscription in list(connection.subscriptions.values()))


def _wants(connection: Any, subject: bytes) -> bool:
    """Tell whether one of the subscriptions covers a subject."""
    return is_valid(subject) and any(covers(state[0], subject) for state in _states(connection))


def _end_ns(connection: Any, now_ns: int) -> int:
    return connection.stop_ns if _is_closed(connection) else now_ns


def _connection(connection: Any, asked: ConnzOptions, now_ns: int) -> dict[str, object]:
    end_ns = _end_ns(connection, now_ns)
    fields: dict[str, object] = {"cid": connection.id}
    if connection.kind == CLIENT:
        fields |= {"kind": "Client", "type": "nats"}
    else:
        fields["kind"] = "Leafnode"
    fields |= {
        "ip": connection.address,
        "port": connection.port,
        "start": gojson.time_text(connection.start_ns),
        "last_activity": gojson.time_text(connection.last_used_ns),
    }
    if _is_closed(connection):
        fields["stop"] = gojson.time_text(end_ns)
        fields["reason"] = connection.reason
    fields |= {
        "rtt": duration_text(connection.rtt_ns),
        "uptime": uptime_text(max(0, end_ns - connection.start_ns)),
        "idle": uptime_text(max(0, end_ns - connection.last_used_ns)),
        "pending_bytes": _pending_bytes(connection),
        "in_msgs": connection.in_msgs,
        "out_msgs": connection.out_msgs,
        "in_bytes": connection.in_bytes,
        "out_bytes": connection.out_bytes,
    }
    if connection.stalls:
        fields["stalls"] = connection.stalls
    fields["subscriptions"] = _subscriptions(connection)
    return fields | _words(connection, asked)


def _words(connection: Any, asked: ConnzOptions) -> dict[str, object]:
    """Return what is there only if there is something to say."""
    user, *described = _described(connection)
    names = ("name", "lang", "version")
    fields: dict[str, object] = {
        name: value for name, value in zip(names, described, strict=True) if value
    }
    fields |= _security(connection, asked)
    if asked.auth:
        if user:
            fields["authorized_user"] = user
        if _account_name(connection) != GLOBAL:
            fields["account"] = text(_account_name(connection))
    return fields


def _security(connection: Any, asked: ConnzOptions) -> dict[str, object]:
    """Return what TLS has agreed on."""
    if _is_closed(connection):
        agreed, certificate = connection.tls, None
    else:
        security = connection.security
        agreed = security and (security.version, security.cipher, security.first)
        certificate = security and security.peer_certificate
    if not agreed:
        return {}
    version, cipher, first = agreed
    fields: dict[str, object] = {"tls_version": version, "tls_cipher_suite": cipher}
    if certificate and asked.auth:
        fields["tls_peer_certs"] = [certificates.described(certificate)]
    if first:
        fields["tls_first"] = True
    return fields


def _list_subscriptions(
    about: About, fields: dict[str, object], connection: Any, asked: ConnzOptions
) -> Steps:
    """Add the subscriptions of a connection, if it has any."""
    account = text(_account_name(connection)) if _is_closed(connection) else ""
    shown: list[object] = []
    for count, state in enumerate(_states(connection), 1):
        if asked.subscriptions_detail:
            # Of one that is closed nothing more can come, so that its limit is not told.
            told = (*state[:4], 0) if account else state
            shown.append(subscription_detail(told, connection.id, account))
        else:
            shown.append(text(state[0]))
        if not count % _LISTED:
            yield pause(about.node.timers)
    if shown:
        name = "subscriptions_list"
        fields[f"{name}_detail" if asked.subscriptions_detail else name] = shown


def subscription_detail(
    state: tuple[bytes, bytes, bytes, int, int], cid: int, account: str = ""
) -> dict[str, object]:
    """Return a subscription's ``state`` as lists show it; with the account if one is given."""
    subject, queue, sid, delivered, limit = state
    fields: dict[str, object] = {}
    if account:
        fields |= {"account": account, "account_tag": account}
    fields["subject"] = text(subject)
    if queue:
        fields["qgroup"] = text(queue)
    fields |= {"sid": text(sid), "msgs": delivered}
    if limit:
        fields["max"] = limit
    fields["cid"] = cid
    return fields

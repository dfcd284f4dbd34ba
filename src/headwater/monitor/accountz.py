"""``/accountz`` and ``/accstatz``: the accounts, what they are and what passes through them."""

from typing import Any

import msgspec

from headwater.accounts.account import Account, Traffic
from headwater.base import gojson
from headwater.config.options import Mapping
from headwater.monitor.about import About
from headwater.monitor.account_sharing import sharing
from headwater.monitor.formats import text
from headwater.monitor.parameters import BadRequestError, Parameters
from headwater.monitor.steps import Steps, pause
from headwater.monitor.subsz import Statistics

# How many sessions are added up before others have their turn.
_ADDED = 2000
_NOTHING = {"msgs": 0, "bytes": 0}


class AccountzOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    account: str = ""

    @classmethod
    def from_url(cls, parameters: Parameters) -> "AccountzOptions":
        """Return what the parameters of a URL ask for."""
        return cls(account=parameters.text("acc"))


class AccstatzOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    accounts: tuple[str, ...] = ()  # none: all of them
    include_unused: bool = False

    @classmethod
    def from_url(cls, parameters: Parameters) -> "AccstatzOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        return cls(include_unused=parameters.boolean("unused"))


def accountz(about: About, asked: AccountzOptions) -> dict[str, object]:
    """Return the names of the accounts, or everything about one of them.

    Raises:
        BadRequestError: there is no such account.
    """
    node = about.node
    fields: dict[str, object] = {
        "server_id": node.server_id,
        "now": gojson.time_text(node.clock.now()),
    }
    if not about.options.no_system_account:
        fields["system_account"] = text(node.accounts.system.name)
    if not asked.account:
        return fields | {"accounts": [text(account.name) for account in node.accounts]}
    account = node.accounts.find(asked.account.encode())
    if account is None:
        raise BadRequestError(f"Account {asked.account} does not exist")
    return fields | {"account_detail": _detail(about, account)}


def accstatz(about: About, asked: AccstatzOptions) -> Steps:
    """Return what passes through each account; one without connections only if it is asked for."""
    node = about.node
    traffic = yield from account_traffic(about)
    wanted = [
        account for account in traffic if not asked.accounts or text(account.name) in asked.accounts
    ]
    return {
        "server_id": node.server_id,
        "now": gojson.time_text(node.clock.now()),
        "account_statz": [
            _statistics(about, account, *traffic[account])
            for account in wanted
            if asked.include_unused or account.sessions or _leafs(about, account)
        ],
    }


def account_traffic(about: About) -> Steps:
    """Return account -> (Traffic of its clients, of its leaf links), closed ones included."""
    node = about.node
    traffic: dict[Account, tuple[Traffic, Traffic]] = {}
    for account in node.accounts:
        clients, leafs = Traffic(), Traffic()
        clients.add(account.past_clients)
        leafs.add(account.past_leafs)
        traffic[account] = clients, leafs
    # What is closed while this goes on is not in the past that was taken above: it counts, too.
    kinds = list(node.sessions.values()), list(node.leaf_sessions.values())
    for kind, sessions in enumerate(kinds):
        for count, session in enumerate(sessions, 1):
            if session.account in traffic:
                traffic[session.account][kind].add(session)
            if not count % _ADDED:
                yield pause(node.timers)
    return traffic


def account_statistics(about: About, account: Account) -> dict[str, object]:
    """Return what passes through one account, at once: it looks at every connection."""
    node = about.node
    clients, leafs = Traffic(), Traffic()
    clients.add(account.past_clients)
    leafs.add(account.past_leafs)
    for total, sessions in ((clients, node.sessions), (leafs, node.leaf_sessions)):
        for session in sessions.values():
            if session.account is account:
                total.add(session)
    return _statistics(about, account, clients, leafs)


def _leafs(about: About, account: Account) -> int:
    return sum(session.account is account for session in about.node.leaf_sessions.values())


def _detail(about: About, account: Account) -> dict[str, object]:
    name = text(account.name)
    fields: dict[str, object] = {
        "account_name": name,
        "update_time": gojson.time_text(about.node.start_ns),
    }
    if account is about.node.accounts.system:
        fields["is_system"] = True
    fields |= {
        "expired": False,
        "complete": True,
        "jetstream_enabled": account.jetstream is not None,
        "leafnode_connections": _leafs(about, account),
        "client_connections": account.sessions,
        "subscriptions": account.interest.count,
    }
    mappings = {mapping.source: _destinations(mapping) for mapping in _mappings(about, account)}
    if mappings:
        fields["mappings"] = dict(sorted(mappings.items()))
    for options in about.options.accounts:
        if options.name == name:
            fields |= sharing(options)
    statistics = Statistics()
    statistics.add(account.interest)
    return fields | {"name_tag": name, "sublist_stats": statistics.fields()}


def _mappings(about: About, account: Account) -> tuple[Mapping, ...]:
    """Return the mappings of an account that the configuration has."""
    options = about.options
    if account is about.node.accounts.globals:
        return options.mappings
    name = text(account.name)
    return next((other.mappings for other in options.accounts if other.name == name), ())


def _destinations(mapping: Mapping) -> list[dict[str, object]]:
    shown = []
    for destination in mapping.destinations:
        fields: dict[str, object] = {"subject": destination.subject, "weight": destination.weight}
        if destination.cluster:
            fields["cluster"] = destination.cluster
        shown.append(fields)
    return shown


def _statistics(
    about: About, account: Account, clients: Traffic, leafs: Traffic
) -> dict[str, object]:
    name = text(account.name)
    leaf_count = _leafs(about, account)
    return {
        "acc": name,
        "name": name,
        "conns": account.sessions,
        "leafnodes": leaf_count,
        "total_conns": account.sessions + leaf_count,
        "num_subscriptions": account.interest.count,
        "sent": _direction(clients, leafs, "out"),
        "received": _direction(clients, leafs, "in"),
        "slow_consumers": account.slow_consumers,
    }


def _direction(clients: Traffic, leafs: Traffic, way: str) -> dict[str, Any]:
    def counted(what: str) -> tuple[int, int]:
        return getattr(clients, f"{way}_{what}"), getattr(leafs, f"{way}_{what}")

    messages, octets = counted("msgs"), counted("bytes")
    return {
        "msgs": sum(messages),
        "bytes": sum(octets),
        "gateways": _NOTHING,
        "routes": _NOTHING,
        "leafs": {"msgs": messages[1], "bytes": octets[1]},
    }

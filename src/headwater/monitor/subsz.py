"""``/subsz``: how much interest there is, and the subscriptions behind it, in pages."""

from typing import Any

import msgspec

from headwater.accounts.account import Account
from headwater.base import gojson
from headwater.monitor.about import About
from headwater.monitor.connz import LIMIT, subscription_detail
from headwater.monitor.formats import number, text
from headwater.monitor.parameters import BadRequestError, Parameters
from headwater.monitor.steps import Steps, pause
from headwater.subjects.validate import is_valid_literal

# How many subscriptions are looked at before others have their turn.
_LOOKED_AT = 2000


class SubszOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    offset: int = 0
    limit: int = 0
    subscriptions: bool = False
    account: str = ""
    test: str = ""  # only what a message to this subject would reach

    @classmethod
    def from_url(cls, parameters: Parameters) -> "SubszOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        return cls(
            subscriptions=parameters.boolean("subs"),
            offset=parameters.integer("offset"),
            limit=parameters.integer("limit"),
            test=parameters.text("test"),
            account=parameters.text("acc"),
        )


def subsz(about: About, asked: SubszOptions) -> Steps:
    """Return the statistics, and the page of the list if there is to be one.

    Raises:
        BadRequestError: what is asked for makes no sense.
    """
    if asked.test and not is_valid_literal(asked.test.encode()):
        raise BadRequestError(f"invalid test subject, must be valid publish subject: {asked.test}")
    node = about.node
    accounts = list(node.accounts)
    if asked.account:
        accounts = [account for account in accounts if text(account.name) == asked.account]
    statistics = Statistics()
    for account in accounts:
        statistics.add(account.interest)
        yield pause(node.timers)
    offset, limit = max(asked.offset, 0), asked.limit if asked.limit > 0 else LIMIT
    fields: dict[str, object] = {
        "server_id": node.server_id,
        "now": gojson.time_text(node.clock.now()),
        **statistics.fields(),
        "total": 0,
        "offset": offset,
        "limit": limit,
    }
    if asked.subscriptions:
        found = yield from _find(about, accounts, asked.test.encode())
        fields["total"] = len(found)
        page = found[offset : offset + limit]
        if page:
            fields["subscriptions_list"] = [_detail(account, found) for account, found in page]
    return fields


class Statistics:
    """What there is to say of a Sublist, or of several."""

    def __init__(self) -> None:
        self._count = self._inserts = self._removes = self._lookups = self._misses = 0
        self._cached = self._most = self._reached = 0

    def add(self, sublist: Any) -> None:
        self._count += sublist.count
        self._inserts += sublist.inserts
        self._removes += sublist.removes
        self._lookups += sublist.lookups
        self._misses += sublist.misses
        cached, most, reached = sublist.fanouts()
        self._cached += cached
        self._most = max(self._most, most)
        self._reached += reached

    def fields(self) -> dict[str, object]:
        """Return it in nats-server's names."""
        hits = self._lookups - self._misses
        return {
            "num_subscriptions": self._count,
            "num_cache": self._cached,
            "num_inserts": self._inserts,
            "num_removes": self._removes,
            "num_matches": self._lookups,
            "cache_hit_rate": number(hits / self._lookups) if self._lookups else 0,
            "max_fanout": self._most,
            "avg_fanout": number(self._reached / self._cached) if self._cached else 0,
        }


def _find(about: About, accounts: list[Account], test: bytes) -> Steps:
    """Return the subscriptions of this server, those of other servers left out."""
    found = []
    for account in accounts:
        interests = _interests(account, test)
        yield pause(about.node.timers)
        for count, interest in enumerate(interests, 1):
            if not interest.remote:
                found.append((account, interest))
            if not count % _LOOKED_AT:
                yield pause(about.node.timers)
    return found


def _interests(account: Account, test: bytes) -> list[Any]:
    if not test:
        return account.interest.interests()
    matches = account.interest.match(test)
    return [*matches.plain, *(interest for group in matches.groups for interest in group)]


def _detail(account: Account, subscription: Any) -> dict[str, object]:
    session = getattr(subscription, "session", None)
    cid = 0 if session is None else session.id
    return subscription_detail(subscription.state(), cid, text(account.name))

"""``/jsz``: what JetStream holds, by account, stream and consumer."""

from typing import TYPE_CHECKING, Any

import msgspec

from headwater.base import gojson
from headwater.monitor.about import About
from headwater.monitor.parameters import BadRequestError, Parameters
from headwater.monitor.steps import Steps, pause
from headwater.monitor.varz import jetstream_config, jetstream_limits, jetstream_stats

if TYPE_CHECKING:
    from headwater.jetstream.account_streams import AccountStreams

_LIMIT = 1024
# How many streams are added up, and how many consumers are printed, before others have their turn.
_STREAMS = 200
_CONSUMERS = 50
_NO_RESERVATION = (1 << 64) - 1
_NOTHING = {
    "memory": 0,
    "storage": 0,
    "reserved_memory": 0,
    "reserved_storage": 0,
    "accounts": 0,
    "ha_assets": 0,
    "api": {"level": 0, "total": 0, "errors": 0},
}


class JszOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    account: str = ""
    accounts: bool = False
    streams: bool = False
    consumer: bool = False
    direct_consumer: bool = False
    config: bool = False
    leader_only: bool = False  # a server of its own leads everything
    stream_leader_only: bool = False
    offset: int = 0
    limit: int = 0
    raft: bool = False

    @classmethod
    def from_url(cls, parameters: Parameters) -> "JszOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        return cls(
            accounts=parameters.boolean("accounts"),
            streams=parameters.boolean("streams"),
            consumer=parameters.boolean("consumers"),
            direct_consumer=parameters.boolean("direct-consumers"),
            config=parameters.boolean("config"),
            offset=parameters.integer("offset"),
            limit=parameters.integer("limit"),
            leader_only=parameters.boolean("leader-only"),
            stream_leader_only=parameters.boolean("stream-leader-only"),
            raft=parameters.boolean("raft"),
            account=parameters.text("acc"),
        )


def jsz(about: About, asked: JszOptions) -> Steps:
    """Return the totals, and as much of the rest as is asked for."""
    node = about.node
    names = {"server_id": node.server_id, "now": gojson.time_text(node.clock.now())}
    jetstream: Any = node.jetstream
    if jetstream is None:
        off = {"disabled": True, "config": {"max_memory": 0, "max_storage": 0}}
        totals = {"streams": 0, "consumers": 0, "messages": 0, "bytes": 0, "total": 0}
        return {**_NOTHING, **names, **off, **totals}
    accounts = list(jetstream.accounts)
    totals = yield from _totals(about, accounts, asked)
    details = []
    for streams in _wanted(accounts, asked):
        account = yield from _account(about, streams, asked)
        details.append(account)
    fields: dict[str, object] = {
        **jetstream_stats(jetstream),
        **names,
        "config": jetstream_config(jetstream),
        "limits": jetstream_limits(jetstream),
        **totals,
    }
    if details:
        fields["account_details"] = details
    return fields | {"total": len(accounts)}


def jsz_of_account(about: About, asked: JszOptions) -> Steps:
    """Return what ``jsz`` tells in detail of one account.

    Raises:
        BadRequestError: it is not there, or has no JetStream.
    """
    if about.node.jetstream is None:
        raise BadRequestError("jetstream not enabled")
    account = about.node.accounts.find(asked.account.encode())
    if account is None:
        raise BadRequestError(f'account "{asked.account}" not found')
    if account.jetstream is None:
        raise BadRequestError(f'account "{asked.account}" not jetstream enabled')
    return (yield from _account(about, account.jetstream, asked))


def _totals(about: About, accounts: list["AccountStreams"], asked: JszOptions) -> Steps:
    streams = consumers = messages = octets = 0
    for account in accounts:
        for stream in list(account.streams.values()):
            streams += 1
            consumers += consumer_count(stream)
            messages += stream.store.index.messages
            octets += stream.store.index.bytes
            if not streams % _STREAMS:
                yield pause(about.node.timers)
    fields = {"streams": streams}
    if asked.raft:
        fields["streams_leader"] = streams
    fields["consumers"] = consumers
    if asked.raft:
        fields["consumers_leader"] = consumers
    return fields | {"messages": messages, "bytes": octets}


def consumer_count(stream: Any) -> int:
    """Return how many consumers a stream has, not counting those of other streams' sources."""
    return sum(not consumer.config.direct for consumer in stream.consumers.values())


def _wanted(accounts: list["AccountStreams"], asked: JszOptions) -> list["AccountStreams"]:
    """Return the accounts to tell about in detail."""
    found = [account for account in accounts if account.account_name == asked.account]
    if found:
        return found
    # One that is not there hides the others, unless all are asked for in so many words.
    if not (asked.accounts or (not asked.account and (asked.streams or asked.consumer))):
        return []
    offset, limit = max(asked.offset, 0), asked.limit if asked.limit > 0 else _LIMIT
    return sorted(accounts, key=lambda account: account.account_name)[offset : offset + limit]


def _account(about: About, streams: "AccountStreams", asked: JszOptions) -> Steps:
    name = streams.account_name
    api: Any = streams.api
    memory, file = streams.usage()
    fields: dict[str, object] = {
        "name": name,
        "id": name,
        "memory": memory,
        "storage": file,
        "reserved_memory": _reservation(streams.limits.memory_max),
        "reserved_storage": _reservation(streams.limits.file_max),
        "accounts": 0,
        "ha_assets": 0,
        "api": {"level": 0, "total": api.total, "errors": api.errors},
    }
    if asked.streams or asked.consumer:
        details = []
        for stream_name in sorted(streams.streams):
            stream = streams.streams.get(stream_name)
            if stream is not None:  # else it was deleted while others had their turn
                detail = yield from _stream(about, stream, asked)
                details.append(detail)
                yield pause(about.node.timers)
        if details:
            fields["stream_detail"] = details
    return fields


def _reservation(limit: int) -> int:
    """Return a limit of an account, which counts as reserved: none is -1 without its sign."""
    return limit if limit >= 0 else _NO_RESERVATION


def _stream(about: About, stream: Any, asked: JszOptions) -> Steps:
    state = yield stream.describe
    fields: dict[str, object] = {
        "name": stream.name,
        "created": gojson.time_text(stream.created_ns),
        "cluster": {"leader": about.node.name},
    }
    if asked.config:
        fields["config"] = stream.config
    fields["state"] = state
    if asked.consumer:
        found = list(stream.consumers.values())
        plain = [consumer for consumer in found if not consumer.config.direct]
        direct = [consumer for consumer in found if consumer.config.direct]
        if plain:
            fields["consumer_detail"] = yield from _consumers(about, plain, asked)
        if direct and asked.direct_consumer:
            fields["direct_consumer_detail"] = yield from _consumers(about, direct, asked)
    return fields


def _consumers(about: About, consumers: list[Any], asked: JszOptions) -> Steps:
    shown = []
    for count, consumer in enumerate(consumers, 1):
        info = msgspec.to_builtins(consumer.info())
        if not asked.config:
            del info["config"]
        shown.append(info)
        if not count % _CONSUMERS:
            yield pause(about.node.timers)
    return shown

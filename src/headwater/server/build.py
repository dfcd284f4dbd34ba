"""From options to the parts of a server."""

from collections.abc import Callable
from random import Random

import headwater
from headwater.accounts.account import Account, Accounts
from headwater.accounts.authenticate import authenticator_for
from headwater.base.clock import Clock
from headwater.base.limits import MATCH_CACHE_SUBJECTS_MAX
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.closed import ClosedConnections
from headwater.broker.node import Node
from headwater.broker.router import STALL_BYTES
from headwater.broker.sharing import Share, share
from headwater.broker.tracer import Tracer
from headwater.config import sharing, units
from headwater.config.options import AccountJetStream, Mapping, Options
from headwater.subjects.mapping import SubjectMappings, compile_mapping


def build_node(options: Options, clock: Clock, timers: Timers, rng: Random, log: Log) -> Node:
    """Return the node that ``options`` describe.

    Raises:
        ConfigError: the options ask for what cannot be had.
    """
    node = Node(clock, rng, log, name=options.server_name, timers=timers)
    node.own_version = headwater.__version__
    node.host = options.host
    node.port = options.port
    node.accounts = Accounts(
        MATCH_CACHE_SUBJECTS_MAX if options.sublist_cache else 0, _bytes(options.system_account)
    )
    node.headers = not options.no_header_support
    node.pending_bytes_max = options.pending_bytes_max
    node.subscriptions_max = options.subscriptions_max
    node.subscription_tokens_max = options.subscription_tokens_max
    node.closed = ClosedConnections(options.closed_clients_max)
    node.proxy_protocol = options.proxy_protocol
    node.ack_subjects_v2 = options.ack_subjects_v2
    if options.jetstream is not None:
        node.domain = options.jetstream.domain
    prepared(node, options)()
    return node


def prepared(node: Node, options: Options) -> Callable[[], None]:
    """Return what makes ``node`` live by those options that may change while it runs.

    Raises:
        ConfigError: the options ask for what cannot be had; nothing has changed.
    """
    authenticator = authenticator_for(options)
    mappings = {node.accounts.globals.name: _compiled(node, options.mappings)}
    for account in options.accounts:
        mappings[_bytes(account.name)] = _compiled(node, account.mappings)

    def apply() -> None:
        node.authenticator = authenticator
        _apply_settings(node, options)
        _apply_accounts(node, options, mappings)

    return apply


def jetstream_accounts(node: Node, options: Options) -> dict[Account, AccountJetStream]:
    """Return the accounts that may have streams: as asked for, or the global one if none is named.

    As on nats-server, once there are accounts besides the system's those have to ask.
    """
    named = [entry for entry in options.accounts if entry.name != options.system_account]
    if not named:
        return {node.accounts.globals: AccountJetStream()}
    return {
        node.accounts.get(_bytes(entry.name)): entry.jetstream
        for entry in named
        if entry.jetstream is not None
    }


def _apply_settings(node: Node, options: Options) -> None:
    node.advertised = units.advertised(options.client_advertise)
    node.tags = options.tags
    node.metadata = options.metadata
    node.tracer = None
    if node.log.tracing:
        node.tracer = Tracer(node.log, options.log.trace_headers, options.log.traced_bytes_max)
    node.auth_timeout_ns = options.authorization.timeout_ns
    node.control_line_bytes_max = options.control_line_bytes_max
    node.payload_bytes_max = options.payload_bytes_max
    node.connections_max = options.connections_max
    node.router.dropping = not options.fast_producer_stall
    nearly_full = options.pending_bytes_max * 3 // 4
    node.router.stall_bytes = nearly_full if node.router.dropping else min(STALL_BYTES, nearly_full)
    node.ping_interval_ns = options.ping_interval_ns
    node.pings_out_max = options.pings_out_max
    node.tls_required = options.tls is not None and not options.allow_non_tls
    node.tls_available = options.tls is not None and options.allow_non_tls
    node.tls_verified = options.tls is not None and options.tls.verify


def _apply_accounts(
    node: Node, options: Options, mappings: dict[bytes, SubjectMappings | None]
) -> None:
    """Have the accounts that ``options`` name, with their ``mappings``, and no others."""
    accounts = node.accounts
    for entry in options.accounts:
        account = accounts.get(_bytes(entry.name))
        account.trace_destination = _bytes(entry.trace.destination)
        account.trace_sampling = entry.trace.sampling
        account.limits = entry.limits
        account.title = entry.title
    share(node, _shares(node, options))
    for account in accounts:
        if account.name in mappings:
            account.remap(mappings[account.name])
        elif account is not accounts.system and account is not accounts.globals:
            accounts.remove(account)


def _shares(node: Node, options: Options) -> list[Share]:
    """Return what accounts import, which they may: that has been checked."""
    accounts = node.accounts
    by_name = {entry.name: entry for entry in options.accounts}
    found = []
    for entry in options.accounts:
        for item in entry.imports:
            export = sharing.export_for(by_name[item.account], item, entry.name)
            if export is not None:  # it has been checked that it is there
                account = accounts.get(_bytes(entry.name))
                exporter = accounts.get(_bytes(item.account))
                found.append(Share(account, exporter, item, export, sharing.rewriting(item)))
    return found


def _compiled(node: Node, mappings: tuple[Mapping, ...]) -> SubjectMappings | None:
    """Return what maps subjects as ``mappings`` say, None when there are none."""
    if not mappings:
        return None
    compiled = [
        compile_mapping(
            _bytes(mapping.source),
            [(_bytes(to.subject), to.weight, _bytes(to.cluster)) for to in mapping.destinations],
        )
        for mapping in mappings
    ]
    return SubjectMappings(compiled, node.router.random_below)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

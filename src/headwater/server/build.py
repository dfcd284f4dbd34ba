"""From options to the parts of a server."""

from random import Random

import headwater
from headwater.accounts.account import Account, Accounts
from headwater.accounts.authenticate import authenticator_for
from headwater.base.clock import Clock
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.closed import ClosedConnections
from headwater.broker.node import Node
from headwater.broker.tracer import Tracer
from headwater.config.options import Mapping, Options
from headwater.subjects.mapping import SubjectMappings, compile_mapping


def build_node(options: Options, clock: Clock, timers: Timers, rng: Random, log: Log) -> Node:
    """Return the node that ``options`` describe.

    Raises:
        ConfigError: the options ask for what cannot be had.
    """
    node = Node(clock, rng, log, name=options.server_name, timers=timers)
    node.own_version = headwater.__version__
    if not options.sublist_cache:
        node.accounts = Accounts(cache_subjects_max=0)
    if log.tracing:
        node.tracer = Tracer(log, options.log.trace_headers, options.log.traced_bytes_max)
    node.host = options.host
    node.port = options.port
    node.authenticator = authenticator_for(options)
    node.auth_timeout_ns = options.authorization.timeout_ns
    node.headers = not options.no_header_support
    node.control_line_bytes_max = options.control_line_bytes_max
    node.payload_bytes_max = options.payload_bytes_max
    node.pending_bytes_max = options.pending_bytes_max
    node.connections_max = options.connections_max
    node.subscriptions_max = options.subscriptions_max
    node.subscription_tokens_max = options.subscription_tokens_max
    if not options.fast_producer_stall:
        node.router.dropping = True
        node.router.stall_bytes = options.pending_bytes_max * 3 // 4
    node.closed = ClosedConnections(options.closed_clients_max)
    node.ping_interval_ns = options.ping_interval_ns
    node.pings_out_max = options.pings_out_max
    node.tls_required = options.tls is not None and not options.allow_non_tls
    node.tls_available = options.tls is not None and options.allow_non_tls
    node.tls_verified = options.tls is not None and options.tls.verify
    node.proxy_protocol = options.proxy_protocol
    _map_subjects(node, node.accounts.globals, options.mappings)
    for account in options.accounts:
        _map_subjects(node, node.accounts.get(account.name.encode()), account.mappings)
    if options.jetstream is not None:
        node.domain = options.jetstream.domain
    return node


def _map_subjects(node: Node, account: Account, mappings: tuple[Mapping, ...]) -> None:
    """Have what is published in ``account`` go where ``mappings`` say."""
    if mappings:
        compiled = [
            compile_mapping(
                _bytes(mapping.source),
                [
                    (_bytes(to.subject), to.weight, _bytes(to.cluster))
                    for to in mapping.destinations
                ],
            )
            for mapping in mappings
        ]
        account.mappings = SubjectMappings(compiled, node.router.random_below)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

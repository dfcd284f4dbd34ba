"""What options make of a node."""

import random

from headwater.base.clock import ManualClock
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.node import Node
from headwater.config.options import AccountOptions, Mapping, MappingDestination, Options
from headwater.server.build import build_node
from headwater.subjects.match import Interest


def built(options: Options) -> Node:
    clock = ManualClock()
    return build_node(options, clock, Timers(clock), random.Random(1), Log(lambda *_: None))


def mapping(source: str, *destinations: tuple[str, int, str]) -> Mapping:
    return Mapping(source, tuple(MappingDestination(*to) for to in destinations))


def test_mappings_belong_to_their_accounts() -> None:
    node = built(
        Options(
            mappings=(mapping("a.*", ("b.$1", 100, "")), mapping("a.x", ("never", 100, ""))),
            accounts=(
                AccountOptions("OTHER", mappings=(mapping("a.*", ("c", 100, "")),)),
                AccountOptions("NONE"),
            ),
        )
    )
    assert node.accounts.globals.mappings.map(b"a.x") == b"b.x"
    assert node.accounts.get(b"OTHER").mappings.map(b"a.x") == b"c"
    assert node.accounts.get(b"NONE").mappings is None
    assert node.accounts.system.mappings is None


def test_a_server_without_a_cluster_takes_the_destinations_without_one() -> None:
    node = built(Options(mappings=(mapping("a", ("b", 100, ""), ("c", 100, "EAST")),)))
    assert node.accounts.globals.mappings.map(b"a") == b"b"


def test_bytes_that_are_no_text_reach_the_node() -> None:
    node = built(Options(mappings=(mapping("a.\udcff", ("b.\udcfe", 100, "")),)))
    assert node.accounts.globals.mappings.map(b"a.\xff") == b"b.\xfe"


def test_limits_reach_the_node() -> None:
    node = built(Options(subscription_tokens_max=7, pending_bytes_max=4000))
    assert node.subscription_tokens_max == 7
    assert not node.router.dropping
    node = built(Options(fast_producer_stall=False, pending_bytes_max=4000))
    assert (node.router.dropping, node.router.stall_bytes) == (True, 3000)


def test_interest_without_a_cache() -> None:
    node = built(Options(sublist_cache=False))
    for account in (node.accounts.globals, node.accounts.get(b"A")):
        account.interest.insert(Interest(b"a.*"))
        for _ in range(2):
            assert not account.interest.match(bytes(bytearray(b"a.b"))).is_empty()
        assert account.interest.fanouts()[0] == 0
    assert built(Options()).accounts.globals.interest.fanouts()[0] == 0


def test_only_a_log_that_traces_has_a_tracer() -> None:
    assert built(Options()).tracer is None
    clock = ManualClock()
    log = Log(lambda *_: None, trace=True)
    node = build_node(Options(), clock, Timers(clock), random.Random(1), log)
    assert node.tracer is not None

"""What options make of a node."""

import random

import pytest

from headwater.base.clock import ManualClock
from headwater.base.errors import ConfigError
from headwater.base.log import Log
from headwater.base.timers import Timers
from headwater.broker.node import Node
from headwater.config.options import (
    AccountJetStream,
    AccountOptions,
    Mapping,
    MappingDestination,
    Options,
)
from headwater.server.build import build_node, jetstream_accounts, prepared
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


def test_who_may_have_streams() -> None:
    def names(*accounts: AccountOptions) -> list[bytes]:
        options = Options(accounts=accounts)
        return [account.name for account in jetstream_accounts(built(options), options)]

    assert names() == [b"$G"]
    assert names(AccountOptions("$SYS")) == [b"$G"]
    assert names(AccountOptions("A"), AccountOptions("$SYS")) == []
    assert names(AccountOptions("A"), AccountOptions("B", jetstream=AccountJetStream())) == [b"B"]


def test_other_options_for_a_node_that_runs() -> None:
    old = Options(accounts=(AccountOptions("A"), AccountOptions("B")))
    node = built(old)
    kept = node.accounts.get(b"B")
    new = Options(
        payload_bytes_max=5,
        accounts=(AccountOptions("B", mappings=(mapping("a", ("b", 100, "")),)),),
    )
    apply = prepared(node, new)
    assert node.payload_bytes_max == old.payload_bytes_max
    assert kept.mappings is None
    apply()
    assert node.payload_bytes_max == 5
    assert {account.name for account in node.accounts} == {b"$G", b"$SYS", b"B"}
    assert node.accounts.get(b"B") is kept
    assert kept.mappings.map(b"a") == b"b"


def test_options_that_cannot_be_had_change_nothing() -> None:
    node = built(Options())
    with pytest.raises(ConfigError, match="there is no user"):
        prepared(node, Options(payload_bytes_max=5, no_auth_user="x"))
    assert node.payload_bytes_max == Options().payload_bytes_max

"""Accounts of operators as options."""

from pathlib import Path
from typing import Any

import pytest

from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import (
    AccountJetStream,
    AccountLimits,
    Mapping,
    MappingDestination,
    MessageTrace,
    Options,
)
from headwater.server.operators import with_accounts
from tests.support import operators
from tests.support.operators import ACCOUNT, SYSTEM

_JETSTREAM = {"mem_storage": 100, "disk_storage": 200, "streams": 3, "consumer": 4}


def completed(*accounts: str, more: str = "", **nats: Any) -> Options:
    text = operators.config(*accounts, **nats) + more
    return with_accounts(from_text(text, {}, "f.conf"))


def test_what_an_account_is() -> None:
    account = operators.account(
        limits={"conn": 5, "subs": 6, "payload": 7, "leaf": 8, **_JETSTREAM},
        mappings={"a": [{"subject": "b", "weight": 20}, {"subject": "c"}]},
        trace={"dest": "t"},
    )
    found = completed(account).accounts[0]
    assert (found.name, found.title) == (ACCOUNT.public, "acct")
    assert found.limits == AccountLimits(5, 6, 7, 8)
    assert found.jetstream == AccountJetStream(100, 200, 3, 4)
    destinations = (MappingDestination("b", 20), MappingDestination("c", 100))
    assert found.mappings == (Mapping("a", destinations),)
    assert found.trace == MessageTrace("t", 100)


def test_tiers() -> None:
    tiers = {"R1": {"disk_storage": 5}, "R3": {"disk_storage": 7}}
    found = completed(operators.account(limits={"tiered_limits": tiers})).accounts[0]
    assert found.jetstream == AccountJetStream(0, 5)
    assert completed(operators.account()).accounts[0].jetstream is None


def test_the_system_account() -> None:
    assert completed().system_account == SYSTEM.public
    assert completed(system_account="").system_account == "$SYS"
    named = completed(operators.account(), more=f"system_account: {ACCOUNT.public}")
    assert named.system_account == ACCOUNT.public


def test_what_has_no_effect_is_said() -> None:
    found = completed(operators.account(exports=[{"subject": "a", "type": "stream"}]))
    assert any("imports and exports" in text for text in found.warnings)


def test_a_token_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "operator.jwt"
    dashes = "-----"
    path.write_text(f"{dashes}BEGIN NATS OPERATOR JWT{dashes}\n{operators.operator()}\n")
    text = f'operator: "{path}"\nresolver: MEMORY\n'
    assert with_accounts(from_text(text, {}, "f.conf")).system_account == SYSTEM.public
    path.write_text("nothing")
    with pytest.raises(ConfigError, match="holds no token"):
        with_accounts(from_text(text, {}, "f.conf"))
    path.unlink()
    with pytest.raises(ConfigError, match="cannot read"):
        with_accounts(from_text(text, {}, "f.conf"))


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("accounts { A {} }", "together with an operator"),
        ("authorization { token: x }", "together with an operator"),
    ],
)
def test_what_does_not_go_together(more: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        completed(more=more)


def test_what_cannot_be_done() -> None:
    callout = operators.account(authorization={"auth_users": ["U"]})
    with pytest.raises(ConfigError, match="callout is not supported"):
        completed(callout)
    with pytest.raises(ConfigError, match="needs a resolver"):
        with_accounts(from_text(f"operator: {operators.operator()}", {}, "f.conf"))

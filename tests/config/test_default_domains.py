"""Tests of headwater.config.default_domains."""

import pytest

from headwater.config.default_domains import errors
from headwater.config.load import from_text
from headwater.config.options import Mapping, Options

ACCOUNTS = """
accounts { A: {}, B: { jetstream: enabled }, C: { mappings: { "$JS.API.>": "x.>" } }, D: {} }
"""


def options(text: str) -> Options:
    return from_text(text, {}, "f.conf")


def targets(mappings: tuple[Mapping, ...]) -> dict[str, str]:
    return {mapping.source: mapping.destinations[0].subject for mapping in mappings}


def test_requests_and_stores_are_mapped():
    found = options(ACCOUNTS + "default_js_domain { A: hub, C: hub, $G: other }")
    accounts = {account.name: targets(account.mappings) for account in found.accounts}
    assert accounts["A"]["$JS.API.INFO"] == "$JS.hub.API.INFO"
    assert accounts["A"]["$JS.API.STREAM.>"] == "$JS.hub.API.STREAM.>"
    assert accounts["A"]["$KV.>"] == "$JS.hub.API.$KV.>"
    assert len(accounts["A"]) == 9
    assert accounts["C"] == {"$JS.API.>": "x.>"}
    assert accounts["B"] == accounts["D"] == {}
    assert targets(found.mappings)["$OBJ.>"] == "$JS.other.API.$OBJ.>"
    assert any("temporary" in warning for warning in found.warnings)


def test_nothing_is_mapped_without_it():
    assert options(ACCOUNTS).mappings == ()
    assert options("default_js_domain { $G: '' }").mappings == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("default_js_domain { B: hub }", "JetStream is on in account 'B'"),
        ("default_js_domain { X: hub }", "there is no account 'X'"),
    ],
)
def test_accounts_that_cannot_use_another_domain(text, wrong):
    (error,) = errors(options(ACCOUNTS + text))
    assert error == f"default_js_domain: {wrong}"


def test_accounts_that_can():
    assert errors(options(ACCOUNTS + "default_js_domain { A: hub, $G: hub }")) == []

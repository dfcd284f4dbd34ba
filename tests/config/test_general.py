"""The names of all options: known, and in the manual."""

import re
from pathlib import Path

import pytest

from headwater.config import (
    accounts,
    authorization,
    cluster,
    gateway,
    general,
    imports,
    jetstream,
    leafnodes,
    mappings,
    mqtt,
    ocsp,
    operator_mode,
    tls,
    websocket,
)
from tests.config import keys

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
# Names of blocks in ``keys``, with what reads their keys; those of one row are read alike.
BLOCKS = {
    ("top level",): general.HANDLERS,
    (
        "authorization",
        "authorization with a user",
        "authorization with users",
    ): authorization._AUTHORIZATION,
    ("callout",): authorization._CALLOUT,
    ("user", "user with a key"): authorization._USER,
    ("permissions",): authorization._PERMISSIONS,
    ("rule",): authorization._SUBSCRIBE,
    ("responses",): authorization._RESPONSES,
    ("account",): accounts._ACCOUNT,
    ("account limits",): accounts._LIMITS,
    ("account jetstream",): accounts._JETSTREAM,
    ("message trace",): accounts._TRACE,
    ("mapping",): mappings._DESTINATION,
    ("stream export", "service export"): imports._EXPORT,
    ("latency",): imports._LATENCY,
    ("stream import", "service import"): imports._IMPORT,
    ("jetstream",): jetstream._JETSTREAM,
    ("jetstream limits",): jetstream._LIMITS,
    ("batch limits",): jetstream._BATCH_LIMITS,
    ("tpm",): jetstream._TPM,
    ("cluster",): cluster._CLUSTER,
    ("gateway",): gateway._GATEWAY,
    ("remote gateway",): gateway._REMOTE,
    ("leafnodes",): leafnodes._LEAFNODES,
    ("leafnode login",): leafnodes._LOGIN,
    ("remote",): leafnodes._REMOTE,
    ("remote proxy", "remote proxy with a user"): leafnodes._PROXY,
    ("websocket",): websocket._WEBSOCKET,
    ("mqtt",): mqtt._MQTT,
    ("tls", "tls between servers", "tls with several certificates"): tls._TLS,
    ("peer's state",): ocsp._PEER,
    ("ocsp",): ocsp._STAPLING,
    ("ocsp cache",): ocsp._CACHE,
    (
        "resolver",
        "folder of a resolver",
        "cache of a resolver",
        "resolver that deletes",
    ): operator_mode._RESOLVER,
    ("proxies",): operator_mode._PROXIES,
}
# What nats-server does not have.
OURS = {
    "jetstream": {"key_file", "key_command", "prev_key_file", "prev_key_command"},
}
# Known, but without a value that nats-server accepts silently here.
WITHOUT_RIGHT_VALUE = {
    "tls": {"cert_store"},
    "mqtt": {"consumer_replicas"},
    "ocsp": {"urls"},
}


def test_every_key_of_nats_server_is_known():
    assert sorted(name for names in BLOCKS for name in names) == sorted(keys.BLOCKS)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_name_is_tried_with_nats_server(block):
    tried = {name for blocks, name, _ in keys.snippets(right=True) if blocks in block}
    others = WITHOUT_RIGHT_VALUE.get(block[0], set()) | OURS.get(block[0], set())
    assert set(BLOCKS[block]) == tried | others


@pytest.mark.parametrize("block", BLOCKS)
def test_every_name_is_in_the_manual(block):
    text = re.sub("```.*?```", "", MANUAL.read_text(), flags=re.DOTALL)
    words = set(re.findall(r"\w+", " ".join(re.findall("`[^`]+`", text))))
    assert sorted(set(BLOCKS[block]) - words) == []


def test_every_name_in_the_manual_is_known():
    known = {name for table in BLOCKS.values() for name in table}
    rows = [row for row in MANUAL.read_text().splitlines() if row.startswith("| `")]
    options = [row for row in rows if row.count(" | ") == 3]
    keys_of_blocks = [row for row in rows if row.count(" | ") == 1]
    assert len(options) >= 80
    assert len(keys_of_blocks) > 15
    first = [row.split(" | ")[0] for row in options]
    named = " ".join(first + keys_of_blocks)
    words = set(re.findall(r"`([a-z_0-9]{2,})`", named))
    assert sorted(words - known) == []


def test_no_name_is_in_two_tables():
    tables = [general._HONOURED, general._IGNORED, general._REFUSED]
    assert sum(len(table) for table in tables) == len(general.HANDLERS)


@pytest.mark.parametrize("block", BLOCKS)
def test_names_are_in_lower_case(block):
    assert [name for name in BLOCKS[block] if name != name.lower()] == []

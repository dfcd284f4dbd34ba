"""The jetstream block."""

import pytest

from headwater.base.clock import SECOND
from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import (
    BatchOptions,
    JetStreamLimits,
    JetStreamOptions,
    Options,
    StoreKeySource,
)


def options(text: str) -> Options:
    return from_text(text, {}, "f.conf")


@pytest.mark.parametrize(
    "text",
    ["jetstream: true", "jetstream: enabled", "jetstream: Enable", "jetstream {}",
     "jetstream { enabled: true }", 'jetstream: "enabled"'],
)  # fmt: skip
def test_on(text):
    assert options(text).jetstream == JetStreamOptions()


@pytest.mark.parametrize(
    "text",
    ["port: 1", "jetstream: false", "jetstream: disabled", "jetstream { enabled: false }",
     "jetstream { enable: no, store_dir: /tmp }", "store_dir: /tmp"],
)  # fmt: skip
def test_off(text):
    assert options(text).jetstream is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("store_dir: /tmp/js", JetStreamOptions(store_dir="/tmp/js")),
        ("store: /tmp/js", JetStreamOptions(store_dir="/tmp/js")),
        ("domain: edge", JetStreamOptions(domain="edge")),
        ("max_mem: 1GB", JetStreamOptions(memory_max=1 << 30)),
        ("max_memory_store: 1G", JetStreamOptions(memory_max=10**9)),
        ("max_mem_store: '1G'", JetStreamOptions(memory_max=1 << 30)),
        ("max_file: 0", JetStreamOptions(file_max=0)),
        ("max_file_store: 2T", JetStreamOptions(file_max=2 * 10**12)),
        ("unique_tag: ' AZ '", JetStreamOptions(unique_tag="az")),
        ("sync_interval: always", JetStreamOptions(sync_always=True)),
        ("sync: '30s'", JetStreamOptions(sync_interval_ns=30 * SECOND)),
    ],
)
def test_fields(text, expected):
    assert options(f"jetstream {{ {text} }}").jetstream == expected


def test_the_last_sync_interval_wins():
    found = options("jetstream { sync: always, sync_interval: 5s }").jetstream
    assert (found.sync_always, found.sync_interval_ns) == (False, 5 * SECOND)


def test_the_folder_may_stand_outside_of_the_block():
    assert options("jetstream {}, store_dir: /tmp/js").jetstream.store_dir == "/tmp/js"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "store_dir: a, jetstream { store_dir: b }",
            "store_dir: the store's folder is named twice",
        ),
        ("jetstream: maybe", 'jetstream: expected "enabled" or "disabled"'),
        ("jetstream: 1", "jetstream: expected a map { ... }, true, false, enabled or disabled"),
        ("jetstream { max_mem: 1X }", "max_mem: a size in a string ends in K, M, G or T"),
        ("jetstream { max_mem: true }", "max_mem: expected a size such as 10G"),
        ("jetstream { domain: a.b }", "domain: 'a.b' must be without"),
        ("jetstream { domain: '' , sync: x }", "sync: a duration such as 2s"),
        ("jetstream { meta_compact: -1 }", "meta_compact: -1 is negative"),
        ("jetstream { key: '' }", "key: is empty"),
        ("jetstream { key_command: [] }", "key_command: is empty"),
        ("jetstream { key: x, key_file: y }", "key_file: this key is given twice"),
        ("jetstream { prev_key: x, prev_ek: y }", "prev_ek: this key is given twice"),
        ("jetstream { cipher: rot13 }", "cipher: expected one of"),
        ("jetstream { tpm { keys_file: x } }", "tpm: a key in a TPM is not supported"),
        ("jetstream { stor_dir: x }", 'unknown field "stor_dir"'),
        ("jetstream { limits { bogus: 1 } }", 'unknown field "bogus"'),
    ],
)
def test_what_is_refused(text, error):
    with pytest.raises(ConfigError) as raised:
        options(text)
    assert error in str(raised.value)


def test_limits():
    found = options(
        "jetstream { limits { max_ack_pending: 5, max_request_batch: 6, duplicate_window: 7s } }"
    )
    assert found.jetstream is not None
    assert found.jetstream.limits == JetStreamLimits(5, 6, 7 * 10**9)
    assert not found.not_honoured


def test_strictness():
    assert options("jetstream {}").jetstream == JetStreamOptions(strict=True)
    assert options("jetstream { strict: false }").jetstream == JetStreamOptions(strict=False)


def test_limits_that_are_not_honoured():
    text = "jetstream { limits { max_ha_assets: 5 }, max_buffered_msgs: 9 }"
    assert options(text).not_honoured == (
        "max_ha_assets (f.conf:1)",
        "max_buffered_msgs (f.conf:1)",
    )


def test_limits_of_batches_and_requests():
    found = from_text(
        "jetstream { request_queue_limit: 5, info_queue_limit: 6, limits { batch {"
        "max_inflight_per_stream: 1, max_inflight_total: 2, max_msgs: 3, timeout: 4s } } }",
        {},
    ).jetstream
    assert found.limits.batch == BatchOptions(1, 2, 3, 4 * SECOND)
    assert (found.requests_max, found.info_requests_max) == (5, 6)


@pytest.mark.parametrize(
    ("text", "key", "previous"),
    [
        ("cipher: aes", StoreKeySource(), StoreKeySource()),
        ("key: k", StoreKeySource("k"), StoreKeySource()),
        ("EK: k, prev_key: p", StoreKeySource("k"), StoreKeySource("p")),
        ("encryption_key: $SECRET", StoreKeySource("outside"), StoreKeySource()),
        ("key_file: f, prev_ek: p", StoreKeySource(file="f"), StoreKeySource("p")),
        ("key_command: [a, b]", StoreKeySource(command=("a", "b")), StoreKeySource()),
        (
            "key: k, prev_key_file: f",
            StoreKeySource("k"),
            StoreKeySource(file="f"),
        ),
        ("key: k, prev_key_command: c", StoreKeySource("k"), StoreKeySource(command=("c",))),
    ],
)
def test_keys(text, key, previous):
    found = from_text(f"jetstream {{ {text} }}", {"SECRET": "outside"}).jetstream
    assert (found.key, found.previous_key) == (key, previous)
    assert found.key.is_given == (key != StoreKeySource())


def test_keys_are_not_shown():
    options = from_text("jetstream { key: hidden, prev_key_command: [hidden] }", {})
    assert "hidden" not in repr(options)

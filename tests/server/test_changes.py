"""What of a configuration may change, and what each change is called."""

from dataclasses import fields, replace
from typing import Any

import pytest

from headwater.base.clock import SECOND
from headwater.config.options import (
    Authorization,
    JetStreamOptions,
    LeafNodes,
    LeafRemote,
    LeafUrl,
    LogOptions,
    Options,
    TlsOptions,
)
from headwater.server.changes import FIXED, LIVE, described, refuse_fixed
from headwater.server.errors import ReloadError

# What a new configuration may say as it likes: nothing in the server lives by it.
_SAID_OF_THE_FILE = {"config_file", "config_digest", "places", "not_honoured", "warnings"}
_OTHER: dict[str, Any] = {
    "tls": TlsOptions(),
    "jetstream": JetStreamOptions(),
    "authorization": Authorization(token="secret"),
    "leafnodes": LeafNodes((LeafRemote((LeafUrl("h"),)),)),
    "log": LogOptions(debug=True),
}


def other(field: str) -> Any:
    """Return another value of an option than the one it has by default."""
    value = getattr(Options(), field)
    if field in _OTHER:
        return _OTHER[field]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return value + "x" if isinstance(value, str) else ("x",)


def test_every_option_has_its_place() -> None:
    names = {field.name for field in fields(Options)} - _SAID_OF_THE_FILE
    assert set(FIXED) | set(LIVE) == names
    assert set(FIXED) & set(LIVE) == set()


@pytest.mark.parametrize("field", FIXED)
def test_what_only_a_start_changes(field: str) -> None:
    new = replace(Options(), **{field: other(field)})
    with pytest.raises(ReloadError, match=f"config reload not supported for {FIXED[field]}: old="):
        refuse_fixed(Options(), new)
    assert described(Options(), new) == []


@pytest.mark.parametrize("field", LIVE)
def test_what_changes_at_once(field: str) -> None:
    old, new = Options(), replace(Options(), **{field: other(field)})
    refuse_fixed(old, new)
    (text,) = described(old, new)
    assert text.startswith(LIVE[field].partition(" = ")[0])
    assert "secret" not in text
    assert described(new, new) == []


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("lame_duck_duration_ns", 90 * SECOND, "LameDuckDuration: old=2m0s, new=1m30s"),
        ("sublist_cache", False, "NoSublistCache: old=false, new=true"),
        ("http_base_path", "/a", "HTTPBasePath: old=, new=a"),
    ],
)
def test_values_are_shown_as_nats_server_shows_them(field: str, value: Any, text: str) -> None:
    with pytest.raises(ReloadError, match=f"{text}$"):
        refuse_fixed(Options(), replace(Options(), **{field: value}))


def test_texts_of_live_options() -> None:
    new = Options(fast_producer_stall=False, ping_interval_ns=3 * SECOND, tags=("a", "b"))
    assert described(Options(), new) == [
        "ping_interval = 3s",
        "no_fast_producer_stall = true",
        "tags",
    ]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ({"store_dir": "a"}, {"store_dir": "b"}, "jetstream storage directory"),
        ({"domain": "a"}, {"domain": "b"}, "JetStreamDomain: old=a, new=b"),
        ({"memory_max": 2}, {"memory_max": 1}, "decreasing jetstream max memory and store"),
        ({"file_max": 2}, {"file_max": 1}, "decreasing jetstream max memory and store"),
        ({"file_max": 2}, {}, "jetstream max memory and max store"),
        ({}, {"memory_max": 2}, "jetstream dynamic max memory and store"),
        ({"sync_always": True}, {}, "SyncAlways: old=true, new=false"),
        ({"sync_interval_ns": SECOND}, {}, "SyncInterval: old=1s, new=0s"),
    ],
)
def test_what_of_jetstream_stays(old: Any, new: Any, text: str) -> None:
    with pytest.raises(ReloadError, match=f"not supported for {text}"):
        refuse_fixed(
            Options(jetstream=JetStreamOptions(**old)), Options(jetstream=JetStreamOptions(**new))
        )


def test_room_for_streams_can_be_made() -> None:
    old = Options(jetstream=JetStreamOptions(memory_max=1, file_max=1))
    refuse_fixed(old, Options(jetstream=JetStreamOptions(memory_max=2, file_max=1)))
    refuse_fixed(old, Options())


def test_a_remote_is_another_one_when_it_leads_elsewhere() -> None:
    def options(**more: Any) -> Options:
        remote = LeafRemote((LeafUrl("h", password="secret"),))
        return Options(leafnodes=LeafNodes((replace(remote, **more),)))

    refuse_fixed(options(), options(urls=(LeafUrl("other"),), hub=True))
    text = r'LeafNode: remote urls=\["nats://h:7422"\], account="\$G": field "Hub": old=false'
    with pytest.raises(ReloadError, match=text) as caught:
        refuse_fixed(options(), options(hub=True))
    assert "secret" not in str(caught.value)

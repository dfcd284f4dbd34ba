"""The leafnodes block."""

import pytest

from headwater.base.clock import SECOND
from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import LeafNodes, LeafRemote, LeafUrl


def leafnodes(text: str) -> LeafNodes:
    return from_text(f"leafnodes {{ {text} }}", {}, "f.conf").leafnodes


def remote(text: str) -> LeafRemote:
    (found,) = leafnodes(f"remotes: [ {{ {text} }} ]").remotes
    return found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nats-leaf://h", LeafUrl("h", 7422)),
        ("nats://h:1", LeafUrl("h", 1)),
        ("nats-leaf://u:p@h:1/", LeafUrl("h", 1, "u", "p")),
        ("nats-leaf://token@h", LeafUrl("h", 7422, "token")),
        ("nats-leaf://u%40x:p%3A%2F@h", LeafUrl("h", 7422, "u@x", "p:/")),
        ("nats-leaf://[::1]:1", LeafUrl("::1", 1)),
        (" nats-leaf://h ", LeafUrl("h", 7422)),
    ],
)
def test_urls(url, expected):
    assert remote(f'url: "{url}"').urls == (expected,)


@pytest.mark.parametrize(
    "url",
    ["", "h", "h:7422", "127.0.0.1:7422", "nats://", "nats://:1", "nats://h:x", "nats://h:99999",
     "http://h", "nats://h/path", "nats://h?q", "nats://[h", "tls://h", "ws://h"],
)  # fmt: skip
def test_what_is_no_url_of_a_hub(url):
    with pytest.raises(ConfigError, match=r"^f\.conf:1:26: url: "):
        remote(f'url: "{url}"')


def test_urls_are_alternatives():
    assert remote('urls: ["nats://a", "nats://b:1"]').urls == (LeafUrl("a"), LeafUrl("b", 1))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("account: '$G'", "account", "$G"),
        ("deny_imports: a", "deny_imports", ("a",)),
        ("deny_import: [a, 'b.>']", "deny_imports", ("a", "b.>")),
        ("deny_exports: ['>']", "deny_exports", (">",)),
        ("no_randomize: true", "no_randomize", True),
        ("dont_randomize: true", "no_randomize", True),
        ("hub: true", "hub", True),
        ("first_info_timeout: 3s", "first_info_timeout_ns", 3 * SECOND),
        ("first_info_timeout: 0s", "first_info_timeout_ns", SECOND),
        ("compression: off", "urls", (LeafUrl("h"),)),
    ],
)
def test_fields_of_a_remote(text, field, value):
    assert getattr(remote(f"url: 'nats://h', {text}"), field) == value


def test_a_disabled_remote_is_left_out():
    found = leafnodes("remotes: [ {url: 'nats://a', disabled: true}, {url: 'nats://b'} ]")
    assert [remote.urls[0].host for remote in found.remotes] == ["b"]


@pytest.mark.parametrize("name", ["reconnect", "reconnect_delay", "reconnect_interval"])
def test_reconnect(name):
    assert leafnodes(f"{name}: 5s").reconnect_ns == 5 * SECOND
    assert leafnodes(f"{name}: 0s").reconnect_ns == SECOND


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("remotes: {}", "1:13: remotes: expected a list"),
        ("remotes: [ 'nats://h' ]", "1:24: remote: expected a map"),
        ("remotes: [ {} ]", "1:24: a remote needs a url"),
        ("remotes: [ {urls: []} ]", "1:25: urls: expected at least one URL"),
        ("remotes: [ {urls: [5 ]} ]", "1:32: urls: expected a URL"),
        ("remotes: [ {url: 5} ]", "1:25: url: expected a URL or a list"),
        ("remotes: [ {url: 'nats://h', bogus: 1} ]", '1:42: unknown field "bogus"'),
        ("remotes: [ {url: 'nats://h', deny_imports: a..b} ]", "1:42: deny_imports: 'a..b' is not"),
        ("remotes: [ {url: 'nats://h'}, {url: 'nats://h'} ]", "1:43: remotes: the same remote"),
        ("remotes: [ {url: 'nats://h', account: A} ]", "1:42: account: an account other than $G"),
        ("listen: '127.0.0.1:7422'", "1:13: listen: accepting leaf nodes is not supported"),
        ("bogus: 1", '1:13: unknown field "bogus"'),
    ],
)
def test_what_is_refused(text, error):
    with pytest.raises(ConfigError) as raised:
        leafnodes(text)
    assert str(raised.value).startswith(f"f.conf:{error}")


def test_what_is_not_honoured_is_noted():
    text = "leafnodes { remotes: [ {url: 'nats://h', dial_timeout: 1s} ], min_version: 2.8.0 }"
    assert from_text(text, {}, "f.conf").not_honoured == (
        "dial_timeout (f.conf:1)", "min_version (f.conf:1)",
    )  # fmt: skip

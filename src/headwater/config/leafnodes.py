"""The ``leafnodes`` block: the hubs that the server dials.  It does not accept leaf nodes yet."""

import re
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from headwater.config import links, values
from headwater.config.authorization import NAME_AND_PASSWORD, subjects, user_nkey
from headwater.config.options import LeafNodes, LeafRemote, LeafUrl
from headwater.config.report import (
    Fields,
    Handlers,
    Report,
    checks,
    ignores,
    read_entries,
    refuse,
    refuses,
    sets,
)
from headwater.config.tls import read_server_tls
from headwater.config.tree import Entry, Node, Place, fail

_SCHEMES = ("nats-leaf", "nats", "leaf", "leafnode")
_OTHER_SCHEMES = ("tls", "wss", "ws")
_GLOBAL_ACCOUNT = "$G"
_VERSION = re.compile(r"(?a:([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9}))(?:[-+].*)?")
_MIN_VERSION = (2, 8, 0)


def _min_version(report: Report, entry: Entry) -> None:
    match = _VERSION.fullmatch(values.text(report, entry))
    if match is None:
        fail(entry.place, f"{entry.name}: expected a version such as 2.10.0")
    if tuple(map(int, match.groups())) < _MIN_VERSION:
        fail(entry.place, f"{entry.name}: the least is 2.8.0")


def _migrate(report: Report, entry: Entry) -> None:
    if isinstance(entry.node.value, bool):
        return
    delay = values.entries_of(entry, "true, false or a map").get("leader_migrate_delay")
    if delay is not None:
        values.duration(report, delay)


def _urls(report: Report, entry: Entry) -> tuple[LeafUrl, ...]:
    if isinstance(entry.node.value, str):
        return (_url(entry.node.value, entry.place),)
    urls: dict[LeafUrl, None] = {}
    for node in values.nodes_of(entry, "a URL or a list of URLs"):
        if not isinstance(node.value, str):
            fail(node.place, f"{entry.name}: expected a URL")
        url = _url(node.value, node.place)
        if url in urls:
            report.warn(node.place, f"{entry.name}: the same URL stands there twice")
        urls[url] = None
    if not urls:
        fail(entry.place, f"{entry.name}: expected at least one URL")
    return tuple(urls)


def _url(text: str, place: Place) -> LeafUrl:
    """Return the parts of a URL; errors do not repeat it, for it may hold a password."""
    parts = _split(text.strip(), place)
    if parts.scheme in _OTHER_SCHEMES:
        fail(place, f"url: {parts.scheme}:// is not supported by this version, use nats-leaf://")
    if parts.scheme not in _SCHEMES or parts.path.strip("/") or parts.query or parts.fragment:
        _bad_url(place)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        _bad_url(place)
    if not host:
        _bad_url(place)
    return LeafUrl(
        host=host,
        port=LeafUrl.port if port is None else port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _split(text: str, place: Place) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        _bad_url(place)


def _bad_url(place: Place) -> NoReturn:
    fail(place, "url: expected nats-leaf://[user:password@]host[:port]")


def _account(report: Report, entry: Entry) -> str:
    account = values.text(report, entry)
    if account not in ("", _GLOBAL_ACCOUNT):
        refuse(entry, f"an account other than {_GLOBAL_ACCOUNT}")
    return account


_PROXY: Handlers = {
    **dict.fromkeys(("url", "username", "password"), checks(values.text)),
    "timeout": checks(values.duration),
}

_REMOTE: Handlers = {
    **dict.fromkeys(("url", "urls"), sets("urls", _urls)),
    **dict.fromkeys(("account", "local"), sets("account", _account)),
    **dict.fromkeys(("deny_imports", "deny_import"), sets("deny_imports", subjects)),
    **dict.fromkeys(("deny_exports", "deny_export"), sets("deny_exports", subjects)),
    **dict.fromkeys(("no_randomize", "dont_randomize"), sets("no_randomize", values.boolean)),
    "first_info_timeout": sets("first_info_timeout_ns", values.duration),
    "hub": sets("hub", values.boolean),
    "disabled": sets("disabled", values.boolean),
    **dict.fromkeys(("creds", "credentials"), refuses("a login with credentials", values.text)),
    **dict.fromkeys(("nkey", "seed"), refuses("a login with an nkey", values.text)),
    "tls": refuses("TLS", read_server_tls),
    "proxy": refuses("a link through a proxy", values.block(_PROXY)),
    "dial_timeout": ignores(values.duration),
    "compression": ignores(links.compression),
    **dict.fromkeys(
        (
            "ws_compression",
            "ws_compress",
            "websocket_compression",
            "websocket_compress",
            "ws_no_masking",
            "websocket_no_masking",
            "isolate_leafnode_interest",
            "isolate",
            "request_isolation",
            "ignore_discovered_servers",
        ),
        ignores(values.boolean),
    ),
    **dict.fromkeys(("jetstream_cluster_migrate", "js_cluster_migrate"), ignores(_migrate)),
}


def _remotes(report: Report, entry: Entry) -> tuple[LeafRemote, ...]:
    remotes = []
    seen = set()
    for node in values.nodes_of(entry):
        remote = _remote(report, node)
        if remote is None:
            continue
        identity = (frozenset(remote.urls), remote.account)
        if identity in seen:
            fail(node.place, "remotes: the same remote stands there twice")
        seen.add(identity)
        remotes.append(remote)
    return tuple(remotes)


def _remote(report: Report, node: Node) -> LeafRemote | None:
    fields: Fields = {}
    errors = len(report.errors)
    read_entries(report, values.entries_of(Entry("remote", node.place, node)), _REMOTE, fields)
    disabled = fields.pop("disabled", False)
    if "urls" not in fields and len(report.errors) == errors:
        fail(node.place, "a remote needs a url, such as nats-leaf://hub.example.com")
    if disabled or "urls" not in fields:
        return None
    if not fields.get("first_info_timeout_ns", 1):
        del fields["first_info_timeout_ns"]
    return LeafRemote(**fields)


_ACCEPTING = "accepting leaf nodes"

_LOGIN_USER: Handlers = {
    **NAME_AND_PASSWORD,
    "account": checks(values.text),
    "proxy_required": checks(values.boolean),
}

_LOGIN: Handlers = {
    **_LOGIN_USER,
    "nkey": checks(user_nkey),
    "users": checks(values.blocks(_LOGIN_USER)),
    "timeout": checks(values.seconds),
}

_LEAFNODES: Handlers = {
    "remotes": sets("remotes", _remotes),
    **dict.fromkeys(
        ("reconnect", "reconnect_delay", "reconnect_interval"),
        sets("reconnect_ns", values.duration),
    ),
    "listen": refuses(_ACCEPTING, values.address),
    "port": refuses(_ACCEPTING, values.port),
    **dict.fromkeys(("host", "net"), refuses(_ACCEPTING, values.text)),
    "authorization": refuses(_ACCEPTING, values.block(_LOGIN)),
    **dict.fromkeys(("leafnode_advertise", "advertise"), refuses(_ACCEPTING, values.text)),
    "tls": refuses("TLS", read_server_tls),
    **dict.fromkeys(("min_version", "minimum_version"), ignores(_min_version)),
    "no_advertise": ignores(values.boolean),
    "compression": ignores(links.compression),
    **dict.fromkeys(("isolate_leafnode_interest", "isolate"), ignores(values.boolean)),
    "dial_timeout": ignores(values.duration),
    "write_deadline": sets("write_deadline_ns", values.duration),
    "write_timeout": sets("write_timeout", values.write_policy),
}


def read_leafnodes(report: Report, fields: Fields, entry: Entry) -> None:
    """Read the block into the field ``leafnodes``."""
    found: Fields = {}
    read_entries(report, values.entries_of(entry), _LEAFNODES, found)
    if not found.get("reconnect_ns", 1):
        del found["reconnect_ns"]
    fields["leafnodes"] = LeafNodes(**found)

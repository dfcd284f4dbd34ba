"""Operator mode (JWT) and trusted proxies: checked as far as it goes, and refused for now."""

from headwater.base.ids import is_public_key
from headwater.config import values
from headwater.config.report import Fields, Handlers, Report, checks, refuses
from headwater.config.tls import read_server_tls
from headwater.config.tree import Entry, fail

_WHAT = "operator mode (JWT)"

_RESOLVER: Handlers = {
    "type": checks(values.one_of("full", "cache", "mem", "memory")),
    "dir": checks(values.text),
    "limit": checks(values.integer),
    **dict.fromkeys(("interval", "ttl", "timeout"), checks(values.duration)),
    **dict.fromkeys(("allow_delete", "hard_delete"), checks(values.boolean)),
}


def _resolver(report: Report, entry: Entry) -> None:
    """Check where the JWTs of accounts come from: a word, a URL or a map."""
    if not isinstance(entry.node.value, str):
        values.block(_RESOLVER)(report, entry)


def _trusted_keys(report: Report, entry: Entry) -> None:
    for key in values.texts(report, entry):
        if not is_public_key(key, "O"):
            fail(entry.place, f"{entry.name}: not the public key of an operator")


def _proxy_key(report: Report, entry: Entry) -> None:
    if not is_public_key(values.text(report, entry), "A"):
        fail(entry.place, f"{entry.name}: not a public key")


_PROXIES: Handlers = {"trusted": checks(values.blocks({"key": checks(_proxy_key)}))}

_OPERATOR_MODE: Handlers = {
    **dict.fromkeys(
        ("operator", "operators", "root", "roots", "root_operator", "root_operators"),
        refuses(_WHAT, values.texts),
    ),
    **dict.fromkeys(
        ("resolver", "account_resolver", "accounts_resolver"), refuses(_WHAT, _resolver)
    ),
    "resolver_tls": refuses(_WHAT, read_server_tls),
    "resolver_preload": refuses(_WHAT, values.map_of(values.text)),
    "resolver_pinned_accounts": refuses(_WHAT, values.texts),
    **dict.fromkeys(("trusted", "trusted_keys"), refuses(_WHAT, _trusted_keys)),
    "default_sentinel": refuses(_WHAT, values.text),
    "proxies": refuses("a trusted proxy", values.block(_PROXIES)),
}


def read_operator_mode(report: Report, fields: Fields, entry: Entry) -> None:
    """Check and refuse one of the options."""
    _OPERATOR_MODE[entry.name.lower()](report, fields, entry)

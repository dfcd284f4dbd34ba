"""Operator mode (JWT), and trusted proxies, which are checked and refused for now."""

from headwater.base.ids import is_public_key
from headwater.config import values
from headwater.config.report import Fields, Handlers, Report, checks, refuse, refuses, sets
from headwater.config.tls import read_server_tls
from headwater.config.tree import Entry, fail

_FULL = "full"
_KINDS = ("mem", "memory", _FULL)

_RESOLVER: Handlers = {
    "type": sets("type", values.one_of("full", "cache", "mem", "memory")),
    "dir": sets("folder", values.text),
    "limit": sets("limit", values.integer),
    **dict.fromkeys(("interval", "ttl", "timeout"), checks(values.duration)),
    "allow_delete": sets("allow_delete", values.boolean),
    "hard_delete": sets("hard_delete", values.boolean),
}


def _resolver(report: Report, fields: Fields, entry: Entry) -> None:
    """Read where the JWTs of accounts come from: a word, a URL or a map."""
    value = entry.node.value
    found: Fields = {}
    if isinstance(value, str):
        kind = value.lower()
    else:
        found = values.block(_RESOLVER)(report, entry)
        kind = found.pop("type", "")
    if kind not in _KINDS:
        refuse(entry, "a resolver other than MEMORY and full")
    if kind == _FULL:
        if not found.get("folder"):
            fail(entry.place, f"{entry.name}: a full resolver needs a dir")
        fields.update({f"operator_mode.{name}": value for name, value in found.items()})
    fields["operator_mode.has_resolver"] = True


def _trusted_keys(report: Report, entry: Entry) -> tuple[str, ...]:
    found = values.texts(report, entry)
    for key in found:
        if not is_public_key(key, "O"):
            fail(entry.place, f"{entry.name}: not the public key of an operator")
    return found


def _proxy_key(report: Report, entry: Entry) -> None:
    if not is_public_key(values.text(report, entry), "A"):
        fail(entry.place, f"{entry.name}: not a public key")


_PROXIES: Handlers = {"trusted": checks(values.blocks({"key": checks(_proxy_key)}))}

_OPERATOR_MODE: Handlers = {
    **dict.fromkeys(
        ("operator", "operators", "root", "roots", "root_operator", "root_operators"),
        sets("operator_mode.operators", values.texts),
    ),
    **dict.fromkeys(("resolver", "account_resolver", "accounts_resolver"), _resolver),
    "resolver_tls": refuses("a resolver other than MEMORY and full", read_server_tls),
    "resolver_preload": sets("operator_mode.preload", values.map_of(values.text)),
    "resolver_pinned_accounts": sets("operator_mode.pinned", values.texts),
    **dict.fromkeys(("trusted", "trusted_keys"), sets("operator_mode.trusted_keys", _trusted_keys)),
    "default_sentinel": refuses("a default sentinel", values.text),
    "proxies": refuses("a trusted proxy", values.block(_PROXIES)),
}


def read_operator_mode(report: Report, fields: Fields, entry: Entry) -> None:
    """Read one of the options into the fields ``operator_mode.*``."""
    _OPERATOR_MODE[entry.name.lower()](report, fields, entry)

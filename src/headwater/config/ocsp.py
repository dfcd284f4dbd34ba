"""``ocsp``, ``ocsp_cache`` and ``ocsp_peer``: checked, and refused for now unless they are off."""

from headwater.config import values
from headwater.config.report import Handlers, Report, checks, refuses_unless_off, sets
from headwater.config.tree import Entry

_WHAT = "OCSP"

_STAPLING: Handlers = {
    "mode": checks(values.one_of("auto", "always", "must", "never")),
    **dict.fromkeys(("url", "urls"), checks(values.texts)),
}
_CACHE: Handlers = {
    "type": checks(values.one_of("none", "local")),
    "local_store": checks(values.text),
    "preserve_revoked": checks(values.boolean),
    "save_interval": checks(values.seconds),
}
_PEER: Handlers = {
    "verify": sets("verify", values.boolean),
    **dict.fromkeys(
        ("warn_only", "unknown_is_good", "allow_when_ca_unreachable"), checks(values.boolean)
    ),
    **dict.fromkeys(
        ("ca_timeout", "allowed_clockskew", "cache_ttl_when_next_update_unset"),
        checks(values.seconds),
    ),
}


def _switch_or(handlers: Handlers, report: Report, entry: Entry) -> bool:
    """Tell whether something is asked for: by ``true``, or by a map."""
    value = entry.node.value
    if isinstance(value, bool):
        return value
    values.block(handlers)(report, entry)
    return True


def _stapling(report: Report, entry: Entry) -> bool:
    return _switch_or(_STAPLING, report, entry)


def _cache(report: Report, entry: Entry) -> bool:
    return _switch_or(_CACHE, report, entry)


def _peer(report: Report, entry: Entry) -> bool:
    """Tell whether a peer's certificate is to be asked for; a map that does not say so does not."""
    value = entry.node.value
    if isinstance(value, bool):
        return value
    return bool(values.block(_PEER)(report, entry).get("verify"))


read_stapling = refuses_unless_off(_WHAT, _stapling)
read_cache = refuses_unless_off(_WHAT, _cache)
read_peer = refuses_unless_off(_WHAT, _peer)

"""What of a configuration may change while the server runs, and how that is told."""

from headwater.config.options import JetStreamOptions, LeafRemote, Options
from headwater.monitor.formats import duration_text
from headwater.server.errors import ReloadError

_UNCHANGED = "config reload not supported for "

# Options that stay as they are until the next start, with nats-server's names for them.
FIXED = {
    "host": "Host",
    "port": "Port",
    "server_name": "ServerName",
    "http_host": "HTTPHost",
    "http_port": "HTTPPort",
    "http_base_path": "HTTPBasePath",
    "pending_bytes_max": "MaxPending",
    "subscriptions_max": "MaxSubs",
    "write_timeout": "WriteTimeout",
    "lame_duck_duration_ns": "LameDuckDuration",
    "lame_duck_grace_ns": "LameDuckGracePeriod",
    "no_header_support": "NoHeaderSupport",
    "subscription_tokens_max": "MaxSubTokens",
    "sublist_cache": "NoSublistCache",
    "closed_clients_max": "MaxClosedClients",
    "proxy_protocol": "ProxyProtocol",
    "allow_non_tls": "AllowNonTLS",
    "https_host": "HTTPSHost",
    "https_port": "HTTPSPort",
    "system_account": "SystemAccount",
    "no_system_account": "NoSystemAccount",
    "no_auth_user": "NoAuthUser",
    "ack_subjects_v2": "FeatureFlags",
}
_OPPOSITES = ("sublist_cache",)

# Options that take effect at once, and what the log says of a new value.
LIVE = {
    "client_advertise": "client_advertise = {}",
    "pid_file": "pid_file = {}",
    "ports_file_dir": "ports_file_dir = {}",
    "control_line_bytes_max": "max_control_line = {}",
    "payload_bytes_max": "max_payload = {}",
    "connections_max": "max_connections = {}",
    "ping_interval_ns": "ping_interval = {}",
    "pings_out_max": "ping_max = {}",
    "write_deadline_ns": "write_deadline = {}",
    "fast_producer_stall": "no_fast_producer_stall = {}",
    "tags": "tags",
    "metadata": "metadata",
    "mappings": "mappings",
    "default_domains": "default_js_domain",
    "accounts": "accounts",
    "connect_error_reports": "connect_error_reports = {}",
    "reconnect_error_reports": "reconnect_error_reports = {}",
    "authorization": "authorization",
    "operator_mode": "operators and accounts",
    "tls": "tls",
    "log": "log",
    "jetstream": "JetStream",
    "leafnodes": "LeafNode remotes",
}

_REMOTE_NAMES = {
    "deny_imports": "DenyImports",
    "deny_exports": "DenyExports",
    "no_randomize": "NoRandomize",
    "first_info_timeout_ns": "FirstInfoTimeout",
    "hub": "Hub",
}


def refuse_fixed(old: Options, new: Options) -> None:
    """Raise a ReloadError if an option differs that cannot change in a running server."""
    for field, name in FIXED.items():
        _refuse(name, field, getattr(old, field), getattr(new, field))
    if old.tls is not None and new.tls is not None:
        rates = old.tls.connection_rate_limit, new.tls.connection_rate_limit
        _refuse("TLSRateLimit", "", *rates)
    _refuse_jetstream(old.jetstream or JetStreamOptions(), new.jetstream or JetStreamOptions())
    if old.jetstream is not None and new.jetstream is not None:
        _refuse_sizes(old.jetstream, new.jetstream)
    intervals = old.leafnodes.reconnect_ns, new.leafnodes.reconnect_ns
    _refuse('LeafNode: field "ReconnectInterval"', "reconnect_ns", *intervals)
    before = {_identity(remote): remote for remote in old.leafnodes.remotes}
    for remote in new.leafnodes.remotes:
        same = before.get(_identity(remote))
        if same is not None:
            _refuse_remote(same, remote)


def described(old: Options, new: Options) -> list[str]:
    """Return a text for each option that has changed."""
    texts = []
    for field, text in LIVE.items():
        value = getattr(new, field)
        if value != getattr(old, field):
            if field == "fast_producer_stall":
                value = not value
            texts.append(text.format(_shown(field, value)))
    return texts


def _refuse_jetstream(old: JetStreamOptions, new: JetStreamOptions) -> None:
    _refuse("JetStreamDomain", "domain", old.domain, new.domain)
    _refuse("JetStreamUniqueTag", "unique_tag", old.unique_tag, new.unique_tag)


def _refuse_sizes(old: JetStreamOptions, new: JetStreamOptions) -> None:
    """Room can be made, but not be taken away from streams that may have filled it."""
    if old.store_dir != new.store_dir:
        raise ReloadError(f"{_UNCHANGED}jetstream storage directory")
    if (old.key, old.previous_key) != (new.key, new.previous_key):
        raise ReloadError(f"{_UNCHANGED}jetstream encryption key")
    _refuse("SyncInterval", "sync_interval_ns", old.sync_interval_ns, new.sync_interval_ns)
    _refuse("SyncAlways", "", old.sync_always, new.sync_always)
    for before, after in ((old.memory_max, new.memory_max), (old.file_max, new.file_max)):
        if before < 0 <= after:
            raise ReloadError(f"{_UNCHANGED}jetstream dynamic max memory and store")
        if after < 0 <= before:
            raise ReloadError(f"{_UNCHANGED}jetstream max memory and max store")
        if after < before:
            raise ReloadError(f"{_UNCHANGED}decreasing jetstream max memory and store")


def _refuse_remote(old: LeafRemote, new: LeafRemote) -> None:
    for field, name in _REMOTE_NAMES.items():
        urls = " ".join(f'"nats://{url.host}:{url.port}"' for url in new.urls)
        what = f'LeafNode: remote urls=[{urls}], account="{new.account or "$G"}": field "{name}"'
        _refuse(what, field, getattr(old, field), getattr(new, field))


def _identity(remote: LeafRemote) -> LeafRemote:
    """Return what makes a remote the same link as before: where it leads, and from where."""
    return LeafRemote(remote.urls, remote.account)


def _refuse(name: str, field: str, old: object, new: object) -> None:
    if old != new:
        if field in _OPPOSITES:
            old, new = not old, not new
        raise ReloadError(f"{_UNCHANGED}{name}: old={_shown(field, old)}, new={_shown(field, new)}")


def _shown(field: str, value: object) -> str:
    """Return a value as nats-server shows it."""
    if field == "http_base_path":
        return str(value).lstrip("/")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{' '.join(str(each) for each in value)}]"
    if field.endswith("_ns") and isinstance(value, int):
        return duration_text(value)
    return str(value)

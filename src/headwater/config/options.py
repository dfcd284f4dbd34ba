"""What a server can be told, as frozen values with nats-server's defaults.

Sizes are in bytes, durations in nanoseconds.  Secrets are kept out of every ``repr``.
"""

from dataclasses import dataclass, field

from headwater.base.clock import MINUTE, SECOND
from headwater.base.limits import (
    CONNECTIONS_MAX,
    CONTROL_LINE_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    PENDING_BYTES_MAX,
)


@dataclass(frozen=True)
class Rule:
    """One direction of a user's permissions: ``allow`` is None for everything."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


@dataclass(frozen=True)
class UserPermissions:
    """What a user may publish and subscribe to."""

    publish: Rule = Rule()
    subscribe: Rule = Rule()


@dataclass(frozen=True)
class User:
    """A user with a password (plain, or a bcrypt hash as nats-server's)."""

    name: str
    password: str = field(default="", repr=False)
    permissions: UserPermissions | None = None


@dataclass(frozen=True)
class Authorization:
    """Who may connect; nothing set means everybody.

    ``users`` holds the single ``user``/``password`` of the block as well.
    """

    users: tuple[User, ...] = ()
    token: str = field(default="", repr=False)
    timeout_ns: int = 2 * SECOND

    @property
    def required(self) -> bool:
        return bool(self.users or self.token)


@dataclass(frozen=True)
class JetStreamOptions:
    """The ``jetstream`` block; it being there switches JetStream on."""

    store_dir: str = ""  # empty: a folder below the system's temporary one, as nats-server
    domain: str = ""
    memory_max: int = -1  # bytes of all memory streams; -1: no limit
    file_max: int = -1  # bytes of all file streams; -1: no limit
    unique_tag: str = ""
    sync_interval_ns: int = 0  # as asked for; every acknowledgement waits for a sync all the same
    sync_always: bool = False


@dataclass(frozen=True)
class LeafUrl:
    """Where a hub accepts leaf nodes; user and password (or a token in ``user``) of the URL."""

    host: str
    port: int = 7422
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class LeafRemote:
    """One link that the server keeps to a hub; the urls are alternatives of the same hub."""

    urls: tuple[LeafUrl, ...]
    account: str = ""
    deny_imports: tuple[str, ...] = ()
    deny_exports: tuple[str, ...] = ()
    no_randomize: bool = False
    first_info_timeout_ns: int = SECOND
    hub: bool = False


@dataclass(frozen=True)
class LeafNodes:
    """The ``leafnodes`` block, as far as it dials."""

    remotes: tuple[LeafRemote, ...] = ()
    reconnect_ns: int = SECOND


@dataclass(frozen=True)
class LogOptions:
    """What is logged and where to."""

    debug: bool = False
    trace: bool = False
    trace_verbose: bool = False
    time: bool = True
    utc: bool = False
    file: str = ""
    size_limit: int = 0  # bytes after which the file is rotated; 0: never
    files_max: int = 0


@dataclass(frozen=True)
class Options:
    """Everything a server is started with."""

    host: str = "0.0.0.0"  # nats-server's default
    port: int = 4222  # -1 asks the system for one
    server_name: str = ""
    client_advertise: str = ""
    http_host: str = "0.0.0.0"
    http_port: int = 0  # 0: no monitoring; -1 asks the system for one
    http_base_path: str = ""
    pid_file: str = ""
    ports_file_dir: str = ""
    control_line_bytes_max: int = CONTROL_LINE_BYTES_MAX
    payload_bytes_max: int = PAYLOAD_BYTES_MAX
    pending_bytes_max: int = PENDING_BYTES_MAX
    connections_max: int = CONNECTIONS_MAX
    subscriptions_max: int = 0
    ping_interval_ns: int = 2 * MINUTE
    pings_out_max: int = 2
    write_deadline_ns: int = 10 * SECOND
    lame_duck_duration_ns: int = 2 * MINUTE
    no_header_support: bool = False
    authorization: Authorization = Authorization()
    jetstream: JetStreamOptions | None = None
    leafnodes: LeafNodes = LeafNodes()
    log: LogOptions = LogOptions()
    config_file: str = ""
    config_digest: str = ""
    not_honoured: tuple[str, ...] = ()  # options that were accepted and change nothing yet
    warnings: tuple[str, ...] = ()  # what works and should yet be changed, for the log

"""What a server can be told, as frozen values with nats-server's defaults.

Sizes are in bytes, durations in nanoseconds.  Secrets are kept out of every ``repr``.
"""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from headwater.base.clock import MINUTE, SECOND
from headwater.base.limits import (
    CLOSED_CLIENTS_MAX,
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
class ResponsePermission:
    """How many answers to a request are permitted, and for how long; negative: without end."""

    answers_max: int = 1
    expires_ns: int = 2 * MINUTE


@dataclass(frozen=True)
class UserPermissions:
    """What a user may publish and subscribe to, and whether it may answer wherever it is asked."""

    publish: Rule = Rule()
    subscribe: Rule = Rule()
    responses: ResponsePermission | None = None


@dataclass(frozen=True)
class User:
    """A user with a password (plain, or a bcrypt hash as nats-server's), or with an NKey.

    The name of a user with a key is its public key.  ``connection_types`` are those that it may
    open, all if there are none.
    """

    name: str
    password: str = field(default="", repr=False)
    permissions: UserPermissions | None = None
    nkey: bool = False
    connection_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappingDestination:
    """Where a share of the messages on a mapped subject goes.

    ``weight`` is in percent; ``cluster`` limits the entry to servers of that cluster.
    """

    subject: str
    weight: int = 100
    cluster: str = ""


@dataclass(frozen=True)
class Mapping:
    """One entry of a ``mappings`` block: what is published to ``source`` goes elsewhere."""

    source: str
    destinations: tuple[MappingDestination, ...]


@dataclass(frozen=True)
class CertificateFiles:
    """A certificate chain and its private key, as PEM files."""

    cert_file: str
    key_file: str


@dataclass(frozen=True)
class TlsOptions:
    """A ``tls`` block.

    ``min_version`` is "1.2" or "1.3"; ciphers and curves have Go's names, empty for the defaults.
    With ``first`` the handshake comes before INFO; if ``first_fallback_ns`` is not 0, a client that
    has sent nothing by then gets INFO in the clear all the same.
    """

    certificates: tuple[CertificateFiles, ...] = ()
    ca_file: str = ""
    verify: bool = False
    verify_and_map: bool = False
    verify_known_urls: bool = False
    insecure: bool = False  # of connections that we make
    min_version: str = "1.2"
    cipher_suites: tuple[str, ...] = ()
    curve_preferences: tuple[str, ...] = ()
    timeout_ns: int = 2 * SECOND
    connection_rate_limit: int = 0  # handshakes begun a second, 0 for any number
    pinned_certs: tuple[str, ...] = ()  # SHA-256 of public keys, lower-case hex
    first: bool = False
    first_fallback_ns: int = 0


@dataclass(frozen=True)
class AccountLimits:
    """The ``limits`` of an account; -1 for none."""

    connections_max: int = -1
    subscriptions_max: int = -1
    payload_bytes_max: int = -1
    leafnodes_max: int = -1


@dataclass(frozen=True)
class UserLimits:
    """What each connection of a user may have; -1 for no limit but the account's and ours."""

    subscriptions_max: int = -1
    payload_bytes_max: int = -1


@dataclass(frozen=True)
class AccountJetStream:
    """What an account may use of JetStream; -1 for no limit, sizes in bytes."""

    memory_max: int = -1
    file_max: int = -1
    streams_max: int = -1
    consumers_max: int = -1
    ack_pending_max: int = -1
    memory_stream_bytes_max: int = -1
    file_stream_bytes_max: int = -1
    bytes_required: bool = False


@dataclass(frozen=True)
class MessageTrace:
    """Where traces of an account's sampled messages go; ``sampling`` is in percent."""

    destination: str = ""
    sampling: int = 100


@dataclass(frozen=True)
class Latency:
    """Where it is told how long a service takes; ``sampling`` in percent, 0: as headers ask."""

    subject: str
    sampling: int = 100


@dataclass(frozen=True)
class Export:
    """What an account offers to others: messages (a stream) or answers (a service).

    ``accounts`` is None when it is for all.  ``token_position`` is of the token (from 1 on) that
    has to be the importing account's name, 0 when there is none.
    """

    subject: str
    service: bool
    accounts: tuple[str, ...] | None = None
    token_position: int = 0
    response: str = "singleton"  # or "stream", "chunked"
    threshold_ns: int = 2 * MINUTE  # how long answers may take
    latency: Latency | None = None
    allow_trace: bool = False

    @property
    def kind(self) -> str:
        """What nats-server calls it."""
        return "service" if self.service else "stream"


@dataclass(frozen=True)
class Import:
    """What an account takes of another one; ``to`` is where it has it, as its own subject."""

    account: str
    subject: str
    service: bool
    to: str
    share: bool = False  # whether a service is told who asks
    allow_trace: bool = False

    @property
    def kind(self) -> str:
        """What nats-server calls it."""
        return "service" if self.service else "stream"


@dataclass(frozen=True)
class AccountOptions:
    """One account of the ``accounts`` block."""

    name: str
    users: tuple[User, ...] = ()
    nkey: str = ""
    limits: AccountLimits = AccountLimits()
    mappings: tuple[Mapping, ...] = ()
    jetstream: AccountJetStream | None = None  # None: JetStream is off for the account
    trace: MessageTrace = MessageTrace()
    exports: tuple[Export, ...] = ()
    imports: tuple[Import, ...] = ()
    title: str = ""  # what people call it, where its name is a key


@dataclass(frozen=True)
class OperatorMode:
    """Operators who say which accounts there are; nothing set means that there are none.

    ``operators`` are tokens or files with one, ``trusted_keys`` are keys of operators.  The tokens
    of accounts are ``preload``, by their keys; with ``pinned`` only those have users here.
    """

    operators: tuple[str, ...] = ()
    trusted_keys: tuple[str, ...] = ()
    has_resolver: bool = False
    preload: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    pinned: tuple[str, ...] = ()
    folder: str = ""  # where tokens are kept that are pushed; none are if it is empty
    limit: int = 0  # of tokens in it
    allow_delete: bool = False
    hard_delete: bool = False

    @property
    def is_on(self) -> bool:
        return bool(self.operators or self.trusted_keys)


@dataclass(frozen=True)
class Authorization:
    """Who may connect; nothing set means everybody.

    ``users`` holds the single ``user``/``password`` of the block as well; then ``single`` is true.
    """

    given: bool = False  # whether there is such a block, whatever stands in it
    users: tuple[User, ...] = ()
    single: bool = False
    token: str = field(default="", repr=False)
    timeout_ns: int = 2 * SECOND

    @property
    def required(self) -> bool:
        return bool(self.users or self.token)


@dataclass(frozen=True)
class BatchOptions:
    """What batches of messages may be, atomic ones and fast ones; 0 for nats-server's default."""

    per_stream_max: int = 0
    total_max: int = 0
    messages_max: int = 0  # of an atomic one
    timeout_ns: int = 0


@dataclass(frozen=True)
class JetStreamLimits:
    """What any stream or consumer of the server may have; 0 for no limit."""

    ack_pending_max: int = 0
    request_batch_max: int = 0
    duplicate_window_ns: int = 0
    batch: BatchOptions = BatchOptions()


@dataclass(frozen=True)
class StoreKeySource:
    """Where a key of the store comes from: one of these, or none."""

    text: str = field(default="", repr=False)
    file: str = ""
    command: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_given(self) -> bool:
        return bool(self.text or self.file or self.command)


@dataclass(frozen=True)
class JetStreamOptions:
    """The ``jetstream`` block; it being there switches JetStream on."""

    store_dir: str = ""  # empty: a folder below the system's temporary one, as nats-server
    domain: str = ""
    memory_max: int = -1  # bytes of all memory streams; -1: no limit
    file_max: int = -1  # bytes of all file streams; -1: no limit
    unique_tag: str = ""
    limits: JetStreamLimits = JetStreamLimits()
    requests_max: int = 0  # of the API that wait for their answer; 0 for nats-server's default
    info_requests_max: int = 0
    strict: bool = True  # whether a request with a field that is not known is refused
    sync_interval_ns: int = 0  # as asked for; every acknowledgement waits for a sync all the same
    sync_always: bool = False
    key: StoreKeySource = StoreKeySource()
    previous_key: StoreKeySource = StoreKeySource()


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
    write_deadline_ns: int = 0  # 0: that of clients
    write_timeout: str = "default"


@dataclass(frozen=True)
class LogOptions:
    """What is logged and where to."""

    debug: bool = False
    trace: bool = False
    trace_verbose: bool = False
    trace_headers: bool = False  # of a message, only the headers
    time: bool = True
    utc: bool = False
    file: str = ""
    size_limit: int = 0  # bytes after which the file is rotated; 0: never
    files_max: int = 0
    syslog: bool = False
    remote_syslog: str = ""  # URL of a syslog server; empty for the one of this machine
    traced_bytes_max: int = 0  # of a payload in a trace line; 0: all of it


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
    write_timeout: str = "default"  # what a peer that takes nothing leads to: close or retry
    lame_duck_duration_ns: int = 2 * MINUTE
    lame_duck_grace_ns: int = 10 * SECOND
    no_header_support: bool = False
    subscription_tokens_max: int = 0  # 0: any number
    sublist_cache: bool = True
    fast_producer_stall: bool = True
    closed_clients_max: int = CLOSED_CLIENTS_MAX
    proxy_protocol: bool = False
    tls: TlsOptions | None = None
    allow_non_tls: bool = False
    https_host: str = "0.0.0.0"
    https_port: int = 0  # 0: no monitoring through TLS; -1 asks the system for one
    tags: tuple[str, ...] = ()  # small letters
    metadata: tuple[tuple[str, str], ...] = ()
    mappings: tuple[Mapping, ...] = ()  # of the global account
    default_domains: tuple[tuple[str, str], ...] = ()  # account, domain: they are mappings as well
    accounts: tuple[AccountOptions, ...] = ()
    system_account: str = "$SYS"
    no_system_account: bool = False
    no_auth_user: str = ""
    connect_error_reports: int = 3600
    reconnect_error_reports: int = 1
    authorization: Authorization = Authorization()
    operator_mode: OperatorMode = OperatorMode()
    jetstream: JetStreamOptions | None = None
    ack_subjects_v2: bool = False  # whether acknowledgements name domain and account
    leafnodes: LeafNodes = LeafNodes()
    log: LogOptions = LogOptions()
    config_file: str = ""
    config_digest: str = ""
    # Where each option of the top level stands, by its name; no part of what they say.
    places: MappingType[str, str] = field(default_factory=dict, compare=False, repr=False)
    not_honoured: tuple[str, ...] = ()  # options that were accepted and change nothing yet
    warnings: tuple[str, ...] = ()  # what works and should yet be changed, for the log

    @property
    def only_system_has_users(self) -> bool:
        """Whether nothing is said of who may connect but for the system account."""
        named = [account.name for account in self.accounts]
        unsaid = not self.authorization.given and not self.authorization.required
        return named == [self.system_account] and unsaid and not self.no_auth_user

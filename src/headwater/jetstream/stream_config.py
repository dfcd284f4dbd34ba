"""The configuration of a stream: its fields as nats-server names, orders and defaults them.

A decoded configuration holds what was asked for; ``stream_check`` turns it into the one in force.
Durations are in nanoseconds, sizes in bytes, -1 stands for no limit.
"""

import enum
from typing import Any, ClassVar, TypeVar

import msgspec

from headwater.broker.node import COMPATIBLE_VERSION, JETSTREAM_API_LEVEL
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.requests import (
    Body,
    DurationNs,
    Int,
    Int32,
    Int64,
    TimeText,
    UInt64,
    always,
    json_kind,
    read_body,
)

API_LEVEL = JETSTREAM_API_LEVEL
REQUIRED_LEVEL_KEY = "_nats.req.level"
_LEVEL_DIGITS = 9  # more than any level has
_VERSION_KEY = "_nats.ver"
_LEVEL_KEY = "_nats.level"
_S = TypeVar("_S", bound=msgspec.Struct)


class Retention(enum.StrEnum):
    """When a stream forgets a message apart from its limits."""

    LIMITS = "limits"
    INTEREST = "interest"
    WORKQUEUE = "workqueue"


class Discard(enum.StrEnum):
    """What gives way at a limit: the oldest message, or the new one."""

    OLD = "old"
    NEW = "new"

    @staticmethod
    def spelled(value: Any) -> Any:
        """Return ``value`` in the case of the members: this one enumeration takes any."""
        return value.lower() if isinstance(value, str) else value


class Storage(enum.StrEnum):
    """Where messages are kept."""

    FILE = "file"
    MEMORY = "memory"


class Compression(enum.StrEnum):
    """How blocks are compressed."""

    NONE = "none"
    S2 = "s2"

    @staticmethod
    def refusal(value: Any, _literal: str) -> str:
        """Return the error of a value that is no member."""
        if value is None or isinstance(value, str):
            return "unknown compression algorithm"
        return f"json: cannot unmarshal {json_kind(value)} into Go value of type string"


class PersistMode(enum.StrEnum):
    """Whether an acknowledgement may go out before the message is on disk."""

    DEFAULT = "default"
    ASYNC = "async"

    @staticmethod
    def spelled(value: Any) -> Any:
        """Return ``value``, the empty text being the default."""
        return "default" if value == "" else value


class Placement(Body, frozen=True):
    """Which servers of a cluster may hold a stream; a server on its own keeps it unread."""

    cluster: str = ""
    tags: tuple[str, ...] = ()
    preferred: str = ""


class SubjectTransform(Body, frozen=True):
    """Which subjects are renamed, and to what."""

    go_name: ClassVar[str] = "SubjectTransformConfig"

    src: str = always("")
    dest: str = always("")


class Republish(Body, frozen=True):
    """Which stored messages are published again, and as what."""

    go_name: ClassVar[str] = "RePublish"

    src: str = ""
    dest: str = always("")
    headers_only: bool = False


class ExternalStream(Body, frozen=True):
    """How a stream of another account or domain is reached."""

    api: str = always("")
    deliver: str = always("")


class ConsumerSource(Body, frozen=True):
    """The durable consumer that a mirror or source is fed by."""

    go_name: ClassVar[str] = "StreamConsumerSource"

    name: str = ""
    deliver_subject: str = ""


class StreamSource(Body, frozen=True):
    """A stream that is mirrored or sourced from."""

    go_pointer: ClassVar[bool] = True

    name: str = always("")
    opt_start_seq: UInt64 = 0
    opt_start_time: TimeText | None = None
    filter_subject: str = ""
    subject_transforms: tuple[SubjectTransform, ...] = ()
    external: ExternalStream | None = None
    consumer: ConsumerSource | None = None


class ConsumerLimits(Body, frozen=True):
    """Defaults and caps for the consumers of a stream; 0 is neither."""

    go_name: ClassVar[str] = "StreamConsumerLimits"

    inactive_threshold_ns: DurationNs = msgspec.field(default=0, name="inactive_threshold")
    max_ack_pending: Int = 0


class StreamConfig(Body, frozen=True):
    """A stream as a client describes it; 0 of a limit asks for none."""

    go_name: ClassVar[str] = "StreamConfigRequest"

    name: str = always("")
    description: str = ""
    subjects: tuple[str, ...] = ()
    retention: Retention = always(Retention.LIMITS)
    max_consumers: Int = always(0)
    max_msgs: Int64 = always(0)
    max_bytes: Int64 = always(0)
    max_age_ns: DurationNs = always(0, "max_age")
    max_msgs_per_subject: Int64 = always(0)
    max_msg_size: Int32 = 0
    discard: Discard = always(Discard.OLD)
    storage: Storage = always(Storage.FILE)
    num_replicas: Int = always(0)
    no_ack: bool = False
    duplicate_window_ns: DurationNs = msgspec.field(default=0, name="duplicate_window")
    placement: Placement | None = None
    mirror: StreamSource | None = None
    sources: tuple[StreamSource, ...] = ()
    compression: Compression = always(Compression.NONE)
    first_seq: UInt64 = 0
    subject_transform: SubjectTransform | None = None
    republish: Republish | None = None
    allow_direct: bool = always(value=False)
    mirror_direct: bool = always(value=False)
    discard_new_per_subject: bool = False
    sealed: bool = always(value=False)
    deny_delete: bool = always(value=False)
    deny_purge: bool = always(value=False)
    allow_rollup_hdrs: bool = always(value=False)
    consumer_limits: ConsumerLimits = always(ConsumerLimits())
    allow_msg_ttl: bool = always(value=False)
    subject_delete_marker_ttl_ns: DurationNs = msgspec.field(
        default=0, name="subject_delete_marker_ttl"
    )
    allow_msg_counter: bool = False
    allow_atomic: bool = False
    allow_msg_schedules: bool = False
    persist_mode: PersistMode = PersistMode.DEFAULT
    allow_batched: bool = False
    metadata: dict[str, str] = {}


class StreamRequest(StreamConfig, frozen=True):
    """The body of STREAM.CREATE and STREAM.UPDATE; pedantic ones want nothing adjusted."""

    pedantic: bool = False


def decode_stream_config(body: bytes) -> StreamConfig:
    """Return the configuration that ``body`` holds, as asked for or as stored.

    Raises:
        JetStreamError: not JSON, a value does not fit its field, or a field is unknown.
    """
    return read_body(StreamConfig, body)


def read_stored(kind: type[_S], body: bytes) -> _S:
    """Return the configuration that ``body`` holds, as stored by this version or a newer one.

    What only the newer one knows is left out: with that it cannot run here.

    Raises:
        JetStreamError: it is none.
    """
    try:
        return read_body(kind, body)
    except JetStreamError:
        config = read_body(kind, body, strict=False)
        if not unsupported(getattr(config, "metadata", {})):
            raise
        return config


def unsupported(metadata: dict[str, str]) -> str:
    """Return why a stored asset cannot run here, by what it says it needs; empty if it can."""
    level = metadata.get(REQUIRED_LEVEL_KEY, "")
    if not (level.isascii() and level.isdigit()) or int(level[:_LEVEL_DIGITS]) <= API_LEVEL:
        return ""
    return f"unsupported - required API level: {level}, current API level: {API_LEVEL}"


def decode_stream_request(body: bytes, *, strict: bool = True) -> tuple[StreamConfig, bool]:
    """Return the configuration of a request, and whether it is pedantic.

    Raises:
        JetStreamError: not JSON, a value does not fit its field, or a field is unknown.
    """
    request = read_body(StreamRequest, body, strict=strict)
    fields = msgspec.structs.asdict(request)
    pedantic = fields.pop("pedantic")
    return StreamConfig(**fields), pedantic


def stored_metadata(metadata: dict[str, str], required_level: int) -> dict[str, str]:
    """Return ``metadata`` with the API level that the asset needs, without what responses add."""
    kept = {key: value for key, value in metadata.items() if key not in (_VERSION_KEY, _LEVEL_KEY)}
    kept[REQUIRED_LEVEL_KEY] = str(required_level)
    return dict(sorted(kept.items()))


def response_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Return ``metadata`` with the server's version and level, sorted as Go prints a map."""
    told = {_VERSION_KEY: COMPATIBLE_VERSION, _LEVEL_KEY: str(API_LEVEL)}
    return dict(sorted({**metadata, **told}.items()))


def for_response(config: StreamConfig) -> StreamConfig:
    """Return ``config`` as responses show it."""
    return msgspec.structs.replace(config, metadata=response_metadata(config.metadata))

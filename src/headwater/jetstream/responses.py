"""What the API answers: the structures, and the encoders that make a body of them.

A response is one JSON object put together from a head (``type``, an error or a page) and an
information, the way nats-server prints it.  Times go in as nanoseconds, 0 standing for none.
"""

import base64
import enum
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

import msgspec

from headwater.base import gojson
from headwater.config.options import AccountJetStream
from headwater.jetstream import consumer_config, stream_config
from headwater.jetstream.api_error import ApiError
from headwater.jetstream.consumer_config import ConsumerConfig
from headwater.jetstream.requests import Body, always
from headwater.jetstream.stream_config import API_LEVEL, StreamConfig

NAMES_MAX = 1024
LIST_MAX = 256
NONE_OFFLINE: Mapping[str, str] = MappingProxyType({})
SUBJECT_DETAILS_MAX = 100_000


class Kind(enum.StrEnum):
    """The ``type`` of a response."""

    ACCOUNT_INFO = "io.nats.jetstream.api.v1.account_info_response"
    SYSTEM = "io.nats.jetstream.api.v1.system_response"
    STREAM_CREATE = "io.nats.jetstream.api.v1.stream_create_response"
    STREAM_UPDATE = "io.nats.jetstream.api.v1.stream_update_response"
    STREAM_INFO = "io.nats.jetstream.api.v1.stream_info_response"
    STREAM_NAMES = "io.nats.jetstream.api.v1.stream_names_response"
    STREAM_LIST = "io.nats.jetstream.api.v1.stream_list_response"
    STREAM_DELETE = "io.nats.jetstream.api.v1.stream_delete_response"
    STREAM_PURGE = "io.nats.jetstream.api.v1.stream_purge_response"
    STREAM_SNAPSHOT = "io.nats.jetstream.api.v1.stream_snapshot_response"
    STREAM_RESTORE = "io.nats.jetstream.api.v1.stream_restore_response"
    MESSAGE_GET = "io.nats.jetstream.api.v1.stream_msg_get_response"
    MESSAGE_DELETE = "io.nats.jetstream.api.v1.stream_msg_delete_response"
    CONSUMER_CREATE = "io.nats.jetstream.api.v1.consumer_create_response"
    CONSUMER_INFO = "io.nats.jetstream.api.v1.consumer_info_response"
    CONSUMER_NAMES = "io.nats.jetstream.api.v1.consumer_names_response"
    CONSUMER_LIST = "io.nats.jetstream.api.v1.consumer_list_response"
    CONSUMER_DELETE = "io.nats.jetstream.api.v1.consumer_delete_response"
    CONSUMER_PAUSE = "io.nats.jetstream.api.v1.consumer_pause_response"
    CONSUMER_RESET = "io.nats.jetstream.api.v1.consumer_reset_response"
    CONSUMER_UNPIN = "io.nats.jetstream.api.v1.consumer_unpin_response"
    STREAM_STEP_DOWN = "io.nats.jetstream.api.v1.stream_leader_stepdown_response"
    STREAM_REMOVE_PEER = "io.nats.jetstream.api.v1.stream_remove_peer_response"
    STREAM_EVACUATE_PEER = "io.nats.jetstream.api.v1.stream_evacuate_peer_response"
    STREAM_CANCEL_MOVE = "io.nats.jetstream.api.v1.stream_cancel_move_response"
    CONSUMER_STEP_DOWN = "io.nats.jetstream.api.v1.consumer_leader_stepdown_response"
    CONSUMER_REMOVE_PEER = "io.nats.jetstream.api.v1.consumer_remove_peer_response"
    CONSUMER_EVACUATE_PEER = "io.nats.jetstream.api.v1.consumer_evacuate_peer_response"
    ACCOUNT_PURGE = "io.nats.jetstream.api.v1.account_purge_response"


# What a refused request of these kinds is told beside the error.
_BESIDE_ERROR = {
    Kind.STREAM_INFO: b',"total":0,"offset":0,"limit":0',
    Kind.STREAM_NAMES: b',"total":0,"offset":0,"limit":0,"streams":null',
    Kind.STREAM_LIST: b',"total":0,"offset":0,"limit":0,"streams":[]',
    Kind.CONSUMER_NAMES: b',"total":0,"offset":0,"limit":0,"consumers":[]',
    Kind.CONSUMER_LIST: b',"total":0,"offset":0,"limit":0,"consumers":[]',
    Kind.STREAM_PURGE: b',"purged":0',
    Kind.STREAM_RESTORE: b',"deliver_subject":""',
    Kind.CONSUMER_PAUSE: b',"paused":false,"pause_until":"0001-01-01T00:00:00Z"',
    Kind.CONSUMER_RESET: b',"reset_seq":0',
}


class StreamState(Body, frozen=True):
    """What a stream holds; ``first_ts`` and ``last_ts`` as ``moment`` prints them."""

    messages: int = always(0)
    bytes: int = always(0)
    first_seq: int = always(0)
    first_ts: str = always(gojson.ZERO_TIME)
    last_seq: int = always(0)
    last_ts: str = always(gojson.ZERO_TIME)
    num_subjects: int = 0
    subjects: dict[str, int] = {}
    num_deleted: int = 0
    deleted: tuple[int, ...] = ()
    consumer_count: int = always(0)


class ClusterInfo(Body, frozen=True):
    """Who serves a stream: on a server of its own, that server's name."""

    leader: str = ""


class StreamInfo(Body, frozen=True):
    """A stream: its configuration, its state, and the time of asking; ``stream_info`` makes it."""

    config: StreamConfig = always(StreamConfig())
    created: str = always(gojson.ZERO_TIME)
    state: StreamState = always(StreamState())
    domain: str = ""
    cluster: ClusterInfo | None = None
    ts: str = always(gojson.ZERO_TIME)


class SequenceInfo(Body, frozen=True):
    """How far a consumer is: in its own numbers and in the stream's."""

    consumer_seq: int = always(0)
    stream_seq: int = always(0)
    last_active: str | None = None


class PriorityGroupState(Body, frozen=True):
    """A group of a pull consumer's clients, and which of them gets everything."""

    group: str = always("")
    pinned_client_id: str = ""
    pinned_ts: str = always(gojson.ZERO_TIME)


class ConsumerInfo(Body, frozen=True):
    """A consumer: its configuration, how far it is, and the time of asking."""

    stream_name: str = always("")
    name: str = always("")
    created: str = always(gojson.ZERO_TIME)
    config: ConsumerConfig = always(ConsumerConfig())
    delivered: SequenceInfo = always(SequenceInfo())
    ack_floor: SequenceInfo = always(SequenceInfo())
    num_ack_pending: int = always(0)
    num_redelivered: int = always(0)
    num_waiting: int = always(0)
    num_pending: int = always(0)
    push_bound: bool = False
    paused: bool = False
    pause_remaining: int = 0
    ts: str = always(gojson.ZERO_TIME)
    priority_groups: tuple[PriorityGroupState, ...] = ()


class AccountLimits(Body, frozen=True):
    """What an account may use; -1 is no limit."""

    max_memory: int = always(-1)
    max_storage: int = always(-1)
    max_streams: int = always(-1)
    max_consumers: int = always(-1)
    max_ack_pending: int = always(-1)
    memory_max_stream_bytes: int = always(-1)
    storage_max_stream_bytes: int = always(-1)
    max_bytes_required: bool = always(value=False)


class ApiStats(Body, frozen=True):
    """How often the API was used."""

    level: int = always(API_LEVEL)
    total: int = always(0)
    errors: int = always(0)
    inflight: int = 0


class AccountInfo(Body, frozen=True):
    """What an account uses, in bytes and numbers."""

    memory: int = always(0)
    storage: int = always(0)
    reserved_memory: int = always(0)
    reserved_storage: int = always(0)
    streams: int = always(0)
    consumers: int = always(0)
    limits: AccountLimits = always(AccountLimits())
    domain: str = ""
    api: ApiStats = always(ApiStats())


class StoredMessage(Body, frozen=True):
    """A message of a stream; ``hdrs`` and ``data`` are base64."""

    go_name: ClassVar[str] = "StoredMsg"

    subject: str = always("")
    seq: int = always(0)
    hdrs: str = ""
    data: str = ""
    time: str = always(gojson.ZERO_TIME)


class Page(Body, frozen=True):
    """Which part of a list a response holds."""

    total: int = always(0)
    offset: int = always(0)
    limit: int = always(0)


def moment(time_ns: int) -> str:
    """Return a time as responses print it, 0 being none."""
    return gojson.time_text(time_ns) if time_ns else gojson.ZERO_TIME


def stream_info(
    config: StreamConfig,
    created_ns: int,
    state: StreamState,
    now_ns: int,
    domain: str = "",
    *,
    leader: str = "",
) -> StreamInfo:
    """Return the information about a stream.

    STREAM.CREATE leaves out ``domain``, and all but STREAM.INFO the ``leader``.
    """
    return StreamInfo(
        config=config,
        created=moment(created_ns),
        state=state,
        domain=domain,
        cluster=ClusterInfo(leader=leader) if leader else None,
        ts=moment(now_ns),
    )


def consumer_config_shown(config: ConsumerConfig) -> ConsumerConfig:
    """Return a consumer's configuration with the server's version; lists show it without."""
    return consumer_config.for_response(config)


def stored_message(
    subject: bytes, seq: int, headers: bytes, data: bytes, time_ns: int
) -> StoredMessage:
    """Return a message as MSG.GET shows it."""
    return StoredMessage(
        subject=subject.decode("utf-8", "replace"),
        seq=seq,
        hdrs=base64.b64encode(headers).decode(),
        data=base64.b64encode(data).decode(),
        time=moment(time_ns),
    )


def error(kind: Kind, api_error: ApiError) -> bytes:
    """Return the body that refuses a request."""
    head = _head(kind)
    return b'%b,"error":%b%b}' % (head, gojson.encode(api_error), _BESIDE_ERROR.get(kind, b""))


def account_limits(limits: AccountJetStream) -> AccountLimits:
    """Return the limits of an account as INFO shows them."""
    return AccountLimits(
        max_memory=limits.memory_max,
        max_storage=limits.file_max,
        max_streams=limits.streams_max,
        max_consumers=limits.consumers_max,
        max_ack_pending=limits.ack_pending_max,
        memory_max_stream_bytes=limits.memory_stream_bytes_max,
        storage_max_stream_bytes=limits.file_stream_bytes_max,
        max_bytes_required=limits.bytes_required,
    )


def purge_initiated() -> bytes:
    """Return the body that answers ACCOUNT.PURGE."""
    return _head(Kind.ACCOUNT_PURGE) + b',"initiated":true}'


def account_info(info: AccountInfo) -> bytes:
    """Return the body that answers INFO."""
    return _joined(Kind.ACCOUNT_INFO, info)


def stream_created(info: StreamInfo) -> bytes:
    """Return the body that answers STREAM.CREATE; so it does when there was nothing to create."""
    return _joined(Kind.STREAM_CREATE, _shown(info))[:-1] + b',"did_create":true}'


def stream_updated(info: StreamInfo) -> bytes:
    """Return the body that answers STREAM.UPDATE."""
    return _joined(Kind.STREAM_UPDATE, _shown(info))


def stream_described(info: StreamInfo, page: Page | None = None) -> bytes:
    """Return the body that answers STREAM.INFO; ``page`` tells which subjects the state holds."""
    return _joined(Kind.STREAM_INFO, page or Page(), _shown(info))


def stream_names(names: Sequence[str], offset: int) -> bytes:
    """Return the page of STREAM.NAMES that begins at ``offset`` of all ``names``."""
    return _listed(Kind.STREAM_NAMES, b"streams", names, offset, NAMES_MAX, empty=b"null")


def stream_list(
    infos: Sequence[StreamInfo], total: int, offset: int, offline: Mapping[str, str] = NONE_OFFLINE
) -> bytes:
    """Return the page of STREAM.LIST that ``infos`` is; at most ``LIST_MAX`` belong in it.

    ``offline`` tells, by name, why others of that page do not run.
    """
    page = _paged(Kind.STREAM_LIST, b"streams", infos, total, offset, LIST_MAX)
    return _without_offline(page, list(offline), offline)


def snapshot_begun(config: StreamConfig, state: StreamState) -> bytes:
    """Return the body that answers STREAM.SNAPSHOT, before the snapshot itself."""
    return b'%b,"config":%b,"state":%b}' % (
        _head(Kind.STREAM_SNAPSHOT),
        gojson.encode(config),
        gojson.encode(state),
    )


def restore_begun(deliver_subject: str) -> bytes:
    """Return the body that answers STREAM.RESTORE: where the snapshot is to be sent."""
    return b'%b,"deliver_subject":%b}' % (
        _head(Kind.STREAM_RESTORE),
        gojson.encode(deliver_subject),
    )


def stream_restored(info: StreamInfo) -> bytes:
    """Return the body that answers the end of a snapshot that was restored."""
    return _joined(Kind.STREAM_CREATE, _shown(info))


def consumer_created(info: ConsumerInfo) -> bytes:
    """Return the body that answers CONSUMER.CREATE."""
    return _joined(Kind.CONSUMER_CREATE, _shown_consumer(info))


def consumer_described(info: ConsumerInfo) -> bytes:
    """Return the body that answers CONSUMER.INFO."""
    return _joined(Kind.CONSUMER_INFO, _shown_consumer(info))


def consumer_names(names: Sequence[str], offset: int) -> bytes:
    """Return the page of CONSUMER.NAMES that begins at ``offset`` of all ``names``."""
    return _listed(Kind.CONSUMER_NAMES, b"consumers", names, offset, NAMES_MAX)


def consumer_list(
    infos: Sequence[ConsumerInfo],
    total: int,
    offset: int,
    missing: Sequence[str] = (),
    offline: Mapping[str, str] = NONE_OFFLINE,
) -> bytes:
    """Return the page of CONSUMER.LIST that ``infos`` is; at most ``LIST_MAX`` belong in it.

    Those ``missing`` do not run; ``offline`` tells why, of those whose own fault it is.
    """
    page = _paged(Kind.CONSUMER_LIST, b"consumers", infos, total, offset, LIST_MAX)
    return _without_offline(page, missing, offline)


def consumer_paused(until_ns: int, now_ns: int) -> bytes:
    """Return the body that answers CONSUMER.PAUSE; one that is over tells that it was resumed."""
    remaining = until_ns - now_ns
    tail = b',"pause_remaining":%d' % remaining if remaining > 0 else b""
    paused = b"true" if remaining > 0 else b"false"
    until = gojson.time_text(until_ns).encode()
    return b'%b,"paused":%b,"pause_until":"%b"%b}' % (
        _head(Kind.CONSUMER_PAUSE),
        paused,
        until,
        tail,
    )


def consumer_reset(info: ConsumerInfo, reset_seq: int) -> bytes:
    """Return the body that answers CONSUMER.RESET."""
    return (
        _joined(Kind.CONSUMER_RESET, _shown_consumer(info))[:-1] + b',"reset_seq":%d}' % reset_seq
    )


def consumer_unpinned() -> bytes:
    """Return the body that answers CONSUMER.UNPIN."""
    return _head(Kind.CONSUMER_UNPIN) + b"}"


def success(kind: Kind) -> bytes:
    """Return the body that tells of a deletion done."""
    return _head(kind) + b',"success":true}'


def purged(count: int) -> bytes:
    """Return the body that answers STREAM.PURGE."""
    return b'%b,"success":true,"purged":%d}' % (_head(Kind.STREAM_PURGE), count)


def message_found(message: StoredMessage) -> bytes:
    """Return the body that answers STREAM.MSG.GET."""
    return b'%b,"message":%b}' % (_head(Kind.MESSAGE_GET), gojson.encode(message))


def publish_ack_head(stream: str, domain: str = "") -> bytes:
    """Return what stands before the sequence in a stream's acknowledgements.

    The sequence and what is behind it are all that differs from one to the next.
    """
    place = b',"domain":%b' % gojson.encode(domain) if domain else b""
    return b'{"stream":%b%b,"seq":' % (gojson.encode(stream), place)


def publish_refused(api_error: ApiError, stream: str, seq: int = 0) -> bytes:
    """Return the acknowledgement that refuses a message; it does not tell the domain."""
    told = (gojson.encode(api_error), gojson.encode(stream), seq)
    return b'{"error":%b,"stream":%b,"seq":%d}' % told


def _shown(info: StreamInfo) -> StreamInfo:
    """Return the information with the server's version, which lists leave out."""
    return msgspec.structs.replace(info, config=stream_config.for_response(info.config))


def _shown_consumer(info: ConsumerInfo) -> ConsumerInfo:
    return msgspec.structs.replace(info, config=consumer_config_shown(info.config))


def _head(kind: Kind) -> bytes:
    return b'{"type":"%b"' % kind.encode()


def _joined(kind: Kind, *parts: msgspec.Struct) -> bytes:
    """Return one object with the type and the fields of all ``parts``."""
    return b",".join((_head(kind), *(gojson.encode(part)[1:-1] for part in parts))) + b"}"


def _listed(
    kind: Kind, name: bytes, names: Sequence[str], offset: int, most: int, empty: bytes = b"[]"
) -> bytes:
    total = len(names)
    offset = min(max(offset, 0), total)
    return _paged(kind, name, names[offset : offset + most], total, offset, most, empty)


def _without_offline(page: bytes, missing: Sequence[str], offline: Mapping[str, str]) -> bytes:
    """Return a page with the names that are missing in it, if there are any."""
    if not missing:
        return page
    parts = b'"missing":%b,"offline":%b' % (
        gojson.encode(list(missing)),
        gojson.encode(dict(offline)),
    )
    return b"%b,%b}" % (page[:-1], parts)


def _paged(
    kind: Kind,
    name: bytes,
    items: Sequence[object],
    total: int,
    offset: int,
    most: int,
    empty: bytes = b"[]",
) -> bytes:
    head = _joined(kind, Page(total=total, offset=offset, limit=most))
    return b'%b,"%b":%b}' % (head[:-1], name, gojson.encode(list(items)) if items else empty)

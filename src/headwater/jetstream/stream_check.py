"""Whether a stream may be as it was asked for: defaults, rules, and what an update may change.

The rules stand in the order in which nats-server tells of them, as only the first is reported.
All of it is pure: what the account or other streams have to say comes in as values.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from headwater.base.clock import MILLISECOND, MINUTE, SECOND
from headwater.base.limits import NAME_BYTES_MAX
from headwater.jetstream import api_errors
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_config import ConsumerConfig
from headwater.jetstream.quota import Quota
from headwater.jetstream.requests import duration_text
from headwater.jetstream.stream_config import (
    REQUIRED_LEVEL_KEY,
    Discard,
    PersistMode,
    Placement,
    Retention,
    Storage,
    StreamConfig,
    stored_metadata,
)
from headwater.subjects.transform import TransformError, compile_transform
from headwater.subjects.validate import covers, is_valid, overlaps

DESCRIPTION_BYTES_MAX = 4 * 1024
METADATA_BYTES_MAX = 128 * 1024
REPLICAS_MAX = 5
_DUPLICATE_WINDOW_NS = 2 * MINUTE
_SHORTEST_NS = 100 * MILLISECOND
_NOT_IN_NAMES = frozenset(" \t\r\n\f.*>\\/")
# Fields where anything below one means "no limit", which is printed as -1.
_COUNTS = ("max_msgs", "max_msgs_per_subject", "max_bytes", "max_msg_size", "max_consumers")
# Subjects of the system: a stream may only listen to them if it never answers.
_API_SPACES = (b"$JS.>", b"$JSC.>", b"$NRG.>")


@dataclass(frozen=True)
class StreamLimits:
    """What the server and the account allow a stream; -1 (0 for the window) is no limit."""

    duplicate_window_max_ns: int = 0
    max_bytes_required: bool = False
    memory_max_stream_bytes: int = -1
    file_max_stream_bytes: int = -1
    max_streams: int = -1
    max_consumers: int = -1


NO_LIMITS = StreamLimits()


def is_valid_name(name: str) -> bool:
    """Tell whether ``name`` may be a stream's or consumer's: part of subjects and of file names."""
    return bool(name) and _NOT_IN_NAMES.isdisjoint(name)


def size_of(metadata: dict[str, str]) -> int:
    """Return the bytes of all keys and values."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items())


def refuse(text: str) -> JetStreamError:
    """Return the error of a configuration that is wrong for the reason ``text``."""
    return JetStreamError(api_errors.STREAM_INVALID_CONFIG, err=text)


def check_new(
    config: StreamConfig, limits: StreamLimits = NO_LIMITS, *, pedantic: bool = False
) -> StreamConfig:
    """Return the configuration in force for a stream to be created.

    Raises:
        JetStreamError: a rule is broken, or the stream needs what this server does not do.
    """
    if config.sealed:
        raise refuse("stream configuration for create can not be sealed")
    if config.mirror_direct and config.mirror is None:
        raise refuse("stream has no mirror but does have mirror direct")
    return check_restored(config, limits, pedantic=pedantic)


def check_restored(
    config: StreamConfig, limits: StreamLimits = NO_LIMITS, *, pedantic: bool = False
) -> StreamConfig:
    """Return the configuration in force for a stream that was one before.

    Raises:
        JetStreamError: a rule is broken, or the stream needs what this server does not do.
    """
    checked = normalise(with_required_level(config), limits, pedantic=pedantic)
    if checked.num_replicas > 1:
        raise JetStreamError(api_errors.STREAM_REPLICAS_NOT_SUPPORTED)
    _check_supported(checked)
    return checked


def check_names(name_in_subject: str, config: StreamConfig) -> None:
    """Check the name of a create request against that of its subject; comes before ``check_new``.

    Raises:
        JetStreamError: they differ, or the name would leave its folder.
    """
    if name_in_subject != config.name:
        raise JetStreamError(api_errors.STREAM_MISMATCH)
    if "/" in name_in_subject or "\\" in name_in_subject:
        raise JetStreamError(api_errors.STREAM_NAME_CONTAINS_PATH_SEPARATORS)


def check_update(
    old: StreamConfig,
    new: StreamConfig,
    limits: StreamLimits = NO_LIMITS,
    *,
    pedantic: bool = False,
) -> StreamConfig:
    """Return the configuration in force after ``old`` is updated to ``new``.

    nats-server checks ``new`` on its own (``normalise``) before it looks for the stream.

    Raises:
        JetStreamError: a rule is broken, something changes that may not, or the stream needs what
            this server does not do.
    """
    checked = normalise(new, limits, pedantic=pedantic)
    checked = with_required_level(checked)
    if checked.name != old.name:
        raise refuse("stream configuration name must match original")
    if checked.num_replicas > 1:
        raise JetStreamError(api_errors.STREAM_REPLICAS_NOT_SUPPORTED)
    _check_changes(old, checked)
    _check_supported(checked)
    return _sealed(checked) if checked.sealed else checked


def not_supported(config: StreamConfig) -> str | None:
    """Return the name of the first feature in ``config`` that this version does not have."""
    features = (
        (config.mirror is not None, "mirror"),
        (bool(config.sources), "sources"),
        (config.num_replicas > 1, "num_replicas above 1"),
    )
    return next((name for used, name in features if used), None)


def check_overlap(subjects: Iterable[str], others: Iterable[StreamConfig]) -> None:
    """Check that no other stream of the account listens to what ``subjects`` stand for.

    Raises:
        JetStreamError: one does.
    """
    wanted = [subject.encode() for subject in subjects]
    for other in others:
        for taken in other.subjects:
            if any(overlaps(subject, taken.encode()) for subject in wanted):
                raise JetStreamError(api_errors.STREAM_SUBJECT_OVERLAP)


def check_reservation(
    config: StreamConfig, quota: Quota, limits: StreamLimits, *, released_bytes: int = 0
) -> None:
    """Check that ``config`` fits beside what other streams of its storage have reserved.

    ``quota`` is the account's for that storage; ``released_bytes`` of it are the stream's own.  A
    stream without ``max_bytes`` reserves nothing, but needs room for one byte.

    Raises:
        JetStreamError: it does not.
    """
    if 0 < limits.max_consumers < config.max_consumers:
        raise JetStreamError(api_errors.MAXIMUM_CONSUMERS_LIMIT)
    wanted = 1 if config.max_bytes < 0 else config.max_bytes
    for part in (quota, quota.whole):
        if part is not None and 0 <= part.bytes_max < part.reserved - released_bytes + wanted:
            raise JetStreamError(
                api_errors.MEMORY_RESOURCES_EXCEEDED
                if config.storage == Storage.MEMORY
                else api_errors.STORAGE_RESOURCES_EXCEEDED
            )


def check_consumers(
    old: StreamConfig, new: StreamConfig, consumers: Iterable[tuple[str, ConsumerConfig]]
) -> None:
    """Check that no consumer (name, configuration) is above limits that an update lowers.

    Raises:
        JetStreamError: some are.
    """
    threshold = new.consumer_limits.inactive_threshold_ns
    pending = new.consumer_limits.max_ack_pending
    if new.consumer_limits == old.consumer_limits:
        return
    above = [
        name
        for name, consumer in consumers
        if (threshold > 0 and consumer.inactive_threshold_ns > threshold)
        or (pending > 0 and consumer.max_ack_pending > pending)
    ]
    if above:
        text = f"change to limits violates consumers: {', '.join(above)}"
        raise JetStreamError(api_errors.STREAM_UPDATE, err=text)


def same_config(old: StreamConfig, new: StreamConfig) -> bool:
    """Tell whether creating ``new`` where ``old`` is changes nothing; both are checked ones."""
    metadata = {**new.metadata, REQUIRED_LEVEL_KEY: old.metadata.get(REQUIRED_LEVEL_KEY, "")}
    return old == replace(new, metadata=metadata)


def with_required_level(config: StreamConfig) -> StreamConfig:
    """Return ``config`` with the API level that its features need, as it is stored."""
    levels = (
        (config.allow_msg_ttl or config.subject_delete_marker_ttl_ns > 0, 1),
        (config.allow_msg_counter, 2),
        (config.allow_atomic, 2),
        (config.allow_msg_schedules, 2),
        (config.persist_mode == PersistMode.ASYNC, 2),
        (config.allow_batched, 4),
    )
    level = max((needed for used, needed in levels if used), default=0)
    return replace(config, metadata=stored_metadata(config.metadata, level))


def normalise(
    config: StreamConfig, limits: StreamLimits = NO_LIMITS, *, pedantic: bool = False
) -> StreamConfig:
    """Return ``config`` with the server's defaults, for a new stream or an update alike.

    Raises:
        JetStreamError: a rule is broken, or, if ``pedantic``, a value would be adjusted.
    """
    _check_texts(config)
    config = _with_counts(config, pedantic=pedantic)
    config = _with_times(config, limits, pedantic=pedantic)
    _check_flags(config)
    config = _with_implied(config, pedantic=pedantic)
    config = _with_subjects(config)
    _check_transform(config)
    config = _with_republish(config, pedantic=pedantic)
    _check_max_bytes(config, limits)
    placement = config.placement
    if placement == Placement():
        return replace(config, placement=None)
    if placement is not None and placement.preferred:
        raise refuse("preferred server not permitted in placement")
    return config


def _check_texts(config: StreamConfig) -> None:
    if not is_valid_name(config.name):
        raise refuse("stream name is required and can not contain '.', '*', '>', '\\', '/'")
    for text, what, most in (
        (config.name, "name", NAME_BYTES_MAX),
        (config.description, "description", DESCRIPTION_BYTES_MAX),
    ):
        if len(text.encode()) > most:
            raise refuse(f"stream {what} is too long, maximum allowed is {most}")
    if size_of(config.metadata) > METADATA_BYTES_MAX:
        raise refuse(f"stream metadata exceeds maximum size of {METADATA_BYTES_MAX} bytes")


def _with_counts(config: StreamConfig, *, pedantic: bool) -> StreamConfig:
    if config.num_replicas > REPLICAS_MAX:
        raise refuse(f"maximum replicas is {REPLICAS_MAX}")
    if config.num_replicas < 0:
        raise JetStreamError(api_errors.REPLICAS_COUNT_CANNOT_BE_NEGATIVE)
    changes = {"num_replicas": config.num_replicas or 1}
    for name in _COUNTS:
        value = getattr(config, name)
        if pedantic and value < -1:
            raise JetStreamError(api_errors.PEDANTIC, err=f"{name} must be set to -1")
        changes[name] = value if value > 0 else -1
    return replace(config, **changes)


def _with_times(config: StreamConfig, limits: StreamLimits, *, pedantic: bool) -> StreamConfig:
    age = config.max_age_ns
    most = limits.duplicate_window_max_ns
    if age < 0:
        raise refuse("max age can not be negative")
    if 0 < age < _SHORTEST_NS:
        raise refuse("max age needs to be >= 100ms")
    window = config.duplicate_window_ns
    if window == 0 and config.mirror is None and not config.sources:
        window = _default_window(age, most, pedantic=pedantic)
    if window < 0:
        raise refuse("duplicates window can not be negative")
    if 0 < age < window:
        raise refuse("duplicates window can not be larger then max age")
    if 0 < most < window:
        raise refuse(
            f"duplicates window can not be larger then server limit of {duration_text(most)}"
        )
    if 0 < window < _SHORTEST_NS:
        raise refuse("duplicates window needs to be >= 100ms")
    return replace(config, duplicate_window_ns=window)


def _default_window(age_ns: int, most_ns: int, *, pedantic: bool) -> int:
    """Return the window in which twins are recognised when none was asked for."""
    window = _DUPLICATE_WINDOW_NS
    if 0 < most_ns < window:
        if pedantic:
            text = "duplicate window limits are higher than current limits"
            raise JetStreamError(api_errors.PEDANTIC, err=text)
        window = most_ns
    if 0 < age_ns < window:
        if pedantic:
            text = "duplicate window cannot be bigger than max age"
            raise JetStreamError(api_errors.PEDANTIC, err=text)
        window = age_ns
    return window


def _check_flags(config: StreamConfig) -> None:
    """Check flags that exclude or need each other."""
    discard_new = config.discard == Discard.NEW
    if config.deny_purge and config.allow_rollup_hdrs:
        raise refuse("roll-ups require the purge permission")
    if config.allow_msg_counter:
        _refuse_first(
            (discard_new, "counter stream cannot use discard new"),
            (config.allow_msg_ttl, "counter stream cannot use message TTLs"),
            (config.allow_msg_schedules, "counter stream cannot use message schedules"),
            (
                config.retention != Retention.LIMITS,
                "counter stream can only use limits retention",
            ),
        )
    if config.discard_new_per_subject:
        _check_discard_per_subject(config)


def _check_discard_per_subject(config: StreamConfig) -> None:
    _refuse_first(
        (
            config.discard != Discard.NEW,
            "discard new per subject requires discard new policy to be set",
        ),
        (
            config.max_msgs_per_subject <= 0,
            "discard new per subject requires max msgs per subject > 0",
        ),
    )


def _with_implied(config: StreamConfig, *, pedantic: bool) -> StreamConfig:
    """Return ``config`` with the flags that its features bring along."""
    marker = config.subject_delete_marker_ttl_ns
    if marker < 0:
        raise refuse("subject delete marker TTL must not be negative")
    if marker > 0:
        off = "subject delete marker cannot be set if"
        _refuse_first(
            (marker < SECOND, "subject delete marker TTL must be at least 1 second"),
            (pedantic and not config.allow_msg_ttl, f"{off} message TTLs are disabled"),
            (pedantic and not config.allow_rollup_hdrs, f"{off} roll-ups are disabled"),
        )
        config = _with_rollups(replace(config, allow_msg_ttl=True))
    if config.allow_msg_schedules:
        off = "message scheduling cannot be set if roll-ups are disabled"
        _refuse_first(
            (config.discard == Discard.NEW, "message scheduling cannot use discard new"),
            (pedantic and not config.allow_rollup_hdrs, off),
        )
        config = _with_rollups(config)
    if config.persist_mode == PersistMode.ASYNC:
        _refuse_first(
            (
                config.storage != Storage.FILE,
                "async persist mode is only supported on file storage",
            ),
            (
                config.num_replicas > 1,
                "async persist mode is not supported on replicated streams",
            ),
            (
                config.allow_atomic,
                "async persist mode is not supported with atomic batch publish",
            ),
        )
    return config


def _with_rollups(config: StreamConfig) -> StreamConfig:
    if config.allow_rollup_hdrs:
        return config
    return replace(config, allow_rollup_hdrs=True, deny_purge=False)


def _with_subjects(config: StreamConfig) -> StreamConfig:
    if not config.subjects:
        if config.mirror is None and not config.sources:
            return replace(config, subjects=(config.name,))
        return config
    subjects = [subject.encode() for subject in config.subjects]
    for index, subject in enumerate(subjects):
        if not is_valid(subject):
            raise refuse("invalid subject")
        if subject in subjects[:index]:
            raise refuse("duplicate subjects detected")
        _check_reserved(subject, config)
        for later in subjects[index + 1 :]:
            if overlaps(later, subject):
                raise refuse(f'subject "{subject.decode()}" overlaps with "{later.decode()}"')
    return config


def _with_republish(config: StreamConfig, *, pedantic: bool) -> StreamConfig:
    """Return ``config`` with the source of its republishing, which must not lead back to it."""
    republish = config.republish
    if republish is None:
        return config
    if pedantic and not republish.src:
        raise JetStreamError(api_errors.PEDANTIC, err="republish source can not be empty")
    republish = replace(republish, src=republish.src or ">")
    stored = "" if config.subject_transform is None else config.subject_transform.dest
    if (republish.src, republish.dest) == (">", ">") and _is_plain(stored):
        # What is stored goes out under the subject that it is stored with.
        republish = replace(republish, src=stored, dest=stored)
    dest = republish.dest.encode()
    if dest and any(overlaps(subject.encode(), dest) for subject in config.subjects):
        raise refuse("stream configuration for republish destination forms a cycle")
    if republish.dest:
        try:
            compile_transform(republish.src.encode(), republish.dest.encode())
        except TransformError:
            pair = f"from '{republish.src}' to '{republish.dest}'"
            raise refuse(
                f"stream configuration for republish with transform {pair} not valid"
            ) from None
    return replace(config, republish=republish)


def _is_plain(destination: str) -> bool:
    """Tell whether a destination refers to nothing in the source."""
    return bool(destination) and "$" not in destination and "{{" not in destination


def _check_transform(config: StreamConfig) -> None:
    transform = config.subject_transform
    if transform is None:
        return
    source = transform.src.encode()
    if source and not is_valid(source):
        text = f"invalid subject {transform.src}"
        raise JetStreamError(api_errors.STREAM_TRANSFORM_INVALID_SOURCE, err=text)
    if transform.dest:
        try:
            compile_transform(source or b">", transform.dest.encode())
        except TransformError as error:
            raise JetStreamError(
                api_errors.STREAM_TRANSFORM_INVALID_DESTINATION, err=error
            ) from None


def _check_reserved(subject: bytes, config: StreamConfig) -> None:
    """Check that a stream that answers does not listen to what the system itself sends."""
    if subject == b">" and config.num_replicas != 1 and config.no_ack:
        raise refuse("capturing all subjects requires replicas of 1")
    if config.no_ack:
        return
    if subject == b">":
        raise refuse("capturing all subjects requires no-ack to be true")
    if any(overlaps(subject, space) for space in _API_SPACES) and not covers(
        b"$JS.EVENT.>", subject
    ):
        raise refuse("subjects that overlap with jetstream api require no-ack to be true")
    if overlaps(subject, b"$SYS.>") and not covers(b"$SYS.ACCOUNT.>", subject):
        raise refuse("subjects that overlap with system api require no-ack to be true")


def _check_max_bytes(config: StreamConfig, limits: StreamLimits) -> None:
    if limits.max_bytes_required and config.max_bytes <= 0:
        raise JetStreamError(api_errors.STREAM_MAX_BYTES_REQUIRED)
    memory = config.storage == Storage.MEMORY
    most = limits.memory_max_stream_bytes if memory else limits.file_max_stream_bytes
    if 0 < most < config.max_bytes:
        raise JetStreamError(api_errors.STREAM_MAX_STREAM_BYTES_EXCEEDED)


def _check_changes(old: StreamConfig, new: StreamConfig) -> None:
    """Check what an update may not change."""
    both = (old.retention, new.retention)
    update = "stream configuration update can not"
    _refuse_first(
        (new.storage != old.storage, f"{update} change storage type"),
        (
            both[0] != both[1] and Retention.WORKQUEUE in both,
            f"{update} change retention policy to/from workqueue",
        ),
        (old.sealed and not new.sealed, f"{update} unseal a sealed stream"),
        (old.deny_delete and not new.deny_delete, f"{update} cancel deny message deletes"),
        (old.deny_purge and not new.deny_purge, f"{update} cancel deny purge"),
    )
    if new.mirror is not None and new.mirror != old.mirror:
        raise JetStreamError(api_errors.STREAM_MIRROR_NOT_UPDATABLE)
    _refuse_first(
        (old.allow_msg_ttl and not new.allow_msg_ttl, "message TTL status can not be disabled"),
        (
            old.allow_msg_counter != new.allow_msg_counter,
            f"{update} change message counter setting",
        ),
        (
            old.allow_msg_schedules and not new.allow_msg_schedules,
            "message schedules can not be disabled",
        ),
        (old.persist_mode != new.persist_mode, f"{update} change persist mode"),
    )


def _sealed(config: StreamConfig) -> StreamConfig:
    """Return ``config`` with what makes sure that nothing comes in or goes out any more."""
    return replace(
        config,
        max_age_ns=0,
        discard=Discard.NEW,
        deny_delete=True,
        deny_purge=True,
        allow_rollup_hdrs=False,
    )


def _check_supported(config: StreamConfig) -> None:
    feature = not_supported(config)
    if feature is not None:
        raise refuse(f"{feature} is not supported by this server")


def _refuse_first(*rules: tuple[bool, str]) -> None:
    """Refuse with the text of the first rule whose condition holds."""
    for broken, text in rules:
        if broken:
            raise refuse(text)

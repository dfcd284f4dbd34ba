"""Whether a consumer may be as it was asked for: defaults, rules, and what an update may change.

The rules stand in the order in which nats-server tells of them, as only the first is reported.
All of it is pure: the stream's configuration and the other consumers' come in as values.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from headwater.base.clock import MILLISECOND, MINUTE, SECOND
from headwater.base.limits import NAME_BYTES_MAX
from headwater.jetstream import api_errors
from headwater.jetstream.api_error import ApiError, JetStreamError
from headwater.jetstream.consumer_config import (
    AckPolicy,
    Action,
    ConsumerConfig,
    CreateConsumerRequest,
    DeliverPolicy,
    PriorityPolicy,
)
from headwater.jetstream.requests import GROUP_NAME, duration_text, quoted
from headwater.jetstream.stream_check import (
    DESCRIPTION_BYTES_MAX,
    METADATA_BYTES_MAX,
    is_valid_name,
    refuse,
    size_of,
)
from headwater.jetstream.stream_config import (
    REQUIRED_LEVEL_KEY,
    Retention,
    StreamConfig,
    stored_metadata,
)
from headwater.subjects.validate import covers, is_literal, is_valid, overlaps

_ACK_WAIT_NS = 30 * SECOND
_ACK_PENDING = 1000
_WAITING = 512
_PINNED_NS = 2 * MINUTE
# How long a consumer that is not durable stays when nobody uses it.
_EPHEMERAL_NS = 5 * SECOND
# The heartbeat of consumers that feed a mirror or a source, which ``flow_control`` acks demand.
_SOURCING_HEARTBEAT_NS = SECOND
_SAMPLING = re.compile(r"[+-]?[0-9]+")
# Fields that may not be negative: what is asked for, and what pedantic requests are told.
_NOT_NEGATIVE = (
    ("max_batch", "max_batch must not be negative"),
    ("max_expires_ns", "max_expires must not be negative"),
    ("max_bytes", "max_bytes must not be negative"),
    ("idle_heartbeat_ns", "idle_heartbeat must not be negative"),
    ("inactive_threshold_ns", "inactive_threshold must not be negative"),
    ("priority_timeout_ns", "priority_timeout must not be negative"),
)
# What each deliver policy is called in error texts.
_POLICY_WORDS = {policy: policy.value.replace("_", " ") for policy in DeliverPolicy}


@dataclass(frozen=True)
class ConsumerLimits:
    """What the server and the account allow a consumer; 0 and less are no limit."""

    server_max_ack_pending: int = 0
    account_max_ack_pending: int = 0
    max_request_batch: int = 0
    max_consumers: int = -1


NO_LIMITS = ConsumerLimits()


def check_new(
    config: ConsumerConfig,
    stream: StreamConfig,
    others: Iterable[ConsumerConfig] = (),
    limits: ConsumerLimits = NO_LIMITS,
    *,
    action: Action = Action.CREATE_OR_UPDATE,
    pedantic: bool = False,
) -> ConsumerConfig:
    """Return the configuration in force for a consumer that ``stream`` does not have yet.

    ``others`` are the consumers that it has.

    Raises:
        JetStreamError: a rule is broken, a pedantic request's value would be adjusted, the
            consumer may not stand beside the others, or needs what this server does not do.
    """
    config = normalise(config, stream, limits, pedantic=pedantic)
    check_absent(action)
    check_place(config, stream, others, limits)
    if not config.is_durable and config.inactive_threshold_ns == 0:
        return replace(config, inactive_threshold_ns=_EPHEMERAL_NS)
    return config


def check_update(
    old: ConsumerConfig,
    config: ConsumerConfig,
    stream: StreamConfig,
    others: Iterable[ConsumerConfig] = (),
    limits: ConsumerLimits = NO_LIMITS,
    *,
    action: Action = Action.CREATE_OR_UPDATE,
    is_bound: bool = False,
    pedantic: bool = False,
) -> ConsumerConfig:
    """Return the configuration in force after the consumer ``old`` was asked for as ``config``.

    ``others`` are the other consumers of the stream; ``is_bound`` tells that somebody listens to
    the old deliver subject.  The end of a pause is not changed by an update.

    Raises:
        JetStreamError: as for ``check_new``; or the consumer was to be new, or something changes
            that may not.
    """
    config = replace(config, pause_until=old.pause_until)
    config = normalise(config, stream, limits, pedantic=pedantic)
    if action == Action.CREATE and not _same(old, config):
        raise JetStreamError(api_errors.CONSUMER_ALREADY_EXISTS)
    if stream.retention == Retention.WORKQUEUE:
        _check_unique(config, others)
    _check_changes(old, config, is_bound=is_bound)
    if not old.is_durable and config.inactive_threshold_ns == 0:
        return replace(config, inactive_threshold_ns=_EPHEMERAL_NS)
    return config


def normalise(
    config: ConsumerConfig,
    stream: StreamConfig,
    limits: ConsumerLimits = NO_LIMITS,
    *,
    pedantic: bool = False,
) -> ConsumerConfig:
    """Return ``config`` with the server's defaults, for a new consumer or an update alike.

    Raises:
        JetStreamError: a rule is broken, a pedantic request's value would be adjusted, or the
            consumer needs what this server does not do.
    """
    if config.num_replicas > 1:
        raise JetStreamError(api_errors.STREAM_REPLICAS_NOT_SUPPORTED)
    config = with_required_level(config)
    config = _with_defaults(config, stream, limits, pedantic=pedantic)
    _check_names(config)
    _check_replicas(config, stream)
    _check_waits(config)
    if config.is_push:
        _check_push(config, stream)
    else:
        _check_pull(config, stream, limits)
    _check_caps(config, stream, limits)
    _check_filters(config)
    _check_start(config)
    _check_rest(config)
    _check_groups(config)
    return config


def named_by_subject(request: CreateConsumerRequest, tokens: list[str]) -> ConsumerConfig:
    """Return the request's configuration with the name that its subject gives.

    ``tokens`` follow ``$JS.API.CONSUMER``: ``CREATE.<stream>``, ``CREATE.<stream>.<consumer>``
    with a filter's tokens behind it, or ``DURABLE.CREATE.<stream>.<consumer>``.

    Raises:
        JetStreamError: subject and body do not fit each other.
    """
    config = request.config
    durable = tokens[0] == "DURABLE"
    tokens = tokens[1:] if durable else tokens
    name = tokens[2] if len(tokens) > 2 else config.name
    by_name = len(tokens) > 2
    if durable and len(tokens) != 3:
        raise JetStreamError(api_errors.CONSUMER_DURABLE_NAME_NOT_IN_SUBJECT)
    if tokens[1] != request.stream_name:
        raise JetStreamError(api_errors.STREAM_MISMATCH)
    if "/" in name or "\\" in name:
        raise JetStreamError(api_errors.CONSUMER_NAME_CONTAINS_PATH_SEPARATORS)
    if durable and not config.durable_name:
        raise JetStreamError(api_errors.CONSUMER_DURABLE_NAME_NOT_SET)
    if by_name and config.durable_name not in ("", name):
        raise JetStreamError(api_errors.CONSUMER_DURABLE_NAME_NOT_MATCH_SUBJECT)
    if not by_name and config.durable_name:
        raise JetStreamError(api_errors.CONSUMER_EPHEMERAL_WITH_DURABLE_NAME)
    filter_subject = ".".join(tokens[3:])
    if filter_subject and config.filter_subjects:
        raise JetStreamError(api_errors.CONSUMER_MULTIPLE_FILTERS_NOT_ALLOWED)
    if filter_subject and config.filter_subject != filter_subject:
        raise JetStreamError(api_errors.CONSUMER_CREATE_FILTER_SUBJECT_MISMATCH)
    return replace(config, name=name)


def for_sourcing(config: ConsumerConfig, stream: StreamConfig, suffix: str) -> ConsumerConfig:
    """Return the configuration that feeds a mirror or source which asked with a stable name.

    Streams that forget what is acknowledged get a durable one; elsewhere ``suffix`` keeps the
    names of successive tries apart.
    """
    if not (config.direct and config.sourcing and config.name):
        return config
    if stream.retention == Retention.LIMITS:
        return replace(config, name=f"{config.name}-{suffix}")
    return replace(
        config,
        direct=False,
        durable_name=config.name,
        ack_policy=AckPolicy.FLOW_CONTROL,
        ack_wait_ns=0,
        max_deliver=0,
        inactive_threshold_ns=0,
    )


def check_absent(action: Action) -> None:
    """Check that a consumer which does not exist may be created; ``check_new`` does so.

    Raises:
        JetStreamError: the request wants to update it.
    """
    if action == Action.UPDATE:
        raise JetStreamError(api_errors.CONSUMER_DOES_NOT_EXIST)


def check_place(
    config: ConsumerConfig,
    stream: StreamConfig,
    others: Iterable[ConsumerConfig],
    limits: ConsumerLimits = NO_LIMITS,
) -> None:
    """Check that a new consumer may stand beside the ``others``; ``check_new`` does so.

    Raises:
        JetStreamError: there are too many, or a work queue would deliver a message twice.
    """
    neighbours = [other for other in others if not (other.direct or other.sourcing)]
    most = stream.max_consumers
    if most <= 0 or 0 < limits.max_consumers < most:
        most = limits.max_consumers
    if 0 < most <= len(neighbours):
        raise JetStreamError(api_errors.MAXIMUM_CONSUMERS_LIMIT)
    if stream.retention == Retention.WORKQUEUE and not config.direct and not config.sourcing:
        _check_queue(config, neighbours)
    if len(config.name.encode()) > NAME_BYTES_MAX:
        raise JetStreamError(api_errors.CONSUMER_NAME_TOO_LONG, max=NAME_BYTES_MAX)


# What an update may not change, and what it is called in the error's text.
_FIXED = (
    ("deliver_policy", "deliver policy"),
    ("mem_storage", "storage type"),
    ("direct", "direct"),
    ("sourcing", "sourcing"),
    ("opt_start_seq", "start sequence"),
    ("opt_start_time_ns", "start time"),
    ("ack_policy", "ack policy"),
    ("replay_policy", "replay policy"),
    ("idle_heartbeat_ns", "heart beats"),
    ("flow_control", "flow control"),
)


def _check_changes(old: ConsumerConfig, new: ConsumerConfig, *, is_bound: bool) -> None:
    for name, what in _FIXED:
        if getattr(old, name) != getattr(new, name):
            raise _not_created(f"{what} can not be updated")
    if old.deliver_subject != new.deliver_subject:
        if not old.is_push:
            raise _not_created("can not update pull consumer to push based")
        if not new.is_push:
            raise _not_created("can not update push consumer to pull based")
        if is_bound:
            raise JetStreamError(api_errors.CONSUMER_NAME_EXIST)
    if old.max_waiting != new.max_waiting:
        raise _not_created("max waiting can not be updated")


def _same(old: ConsumerConfig, new: ConsumerConfig) -> bool:
    """Tell whether ``new`` asks for what ``old`` is, whatever API level the two need."""
    metadata = {**new.metadata, REQUIRED_LEVEL_KEY: old.metadata.get(REQUIRED_LEVEL_KEY, "")}
    return old == replace(new, metadata=metadata)


def _not_created(text: str) -> JetStreamError:
    return JetStreamError(api_errors.CONSUMER_CREATE, err=text)


def with_required_level(config: ConsumerConfig) -> ConsumerConfig:
    """Return ``config`` with the API level that its features need, as it is stored."""
    groups = (
        config.priority_policy != PriorityPolicy.NONE
        or config.priority_timeout_ns != 0
        or bool(config.priority_groups)
    )
    paused = config.pause_until is not None and not config.pause_until.startswith("0001-01-01T00:")
    level = 1 if paused or groups else 0
    if config.ack_policy == AckPolicy.FLOW_CONTROL:
        level = 4
    return replace(config, metadata=stored_metadata(config.metadata, level))


def _pedantic(text: str) -> JetStreamError:
    return JetStreamError(api_errors.PEDANTIC, err=text)


def _with_defaults(
    config: ConsumerConfig, stream: StreamConfig, limits: ConsumerLimits, *, pedantic: bool
) -> ConsumerConfig:
    """Return ``config`` with the server's defaults, where it leaves them open."""
    config = _without_negatives(config, pedantic=pedantic)
    changes: dict[str, Any] = {}
    if not config.is_push and config.max_waiting == 0:
        changes["max_waiting"] = _WAITING
    acks = config.ack_policy in (AckPolicy.EXPLICIT, AckPolicy.ALL)
    if config.ack_wait_ns == 0 and acks:
        changes["ack_wait_ns"] = _ACK_WAIT_NS
    if config.backoff_ns:
        if pedantic and changes.get("ack_wait_ns", config.ack_wait_ns) != config.backoff_ns[0]:
            raise _pedantic("first backoff value has to equal batch AckWait")
        changes["ack_wait_ns"] = config.backoff_ns[0]
    config = replace(config, **changes)
    config = _with_stream_limits(config, stream, limits, pedantic=pedantic)
    changes = {}
    if not config.is_push and config.max_batch == 0 and limits.max_request_batch > 0:
        if pedantic:
            raise _pedantic("max_request_batch must be set if it's JetStream limits are set")
        changes["max_batch"] = limits.max_request_batch
    if config.priority_policy == PriorityPolicy.PINNED_CLIENT and config.priority_timeout_ns == 0:
        changes["priority_timeout_ns"] = _PINNED_NS
    if config.ack_policy == AckPolicy.FLOW_CONTROL and not pedantic:
        changes.update(flow_control=True, idle_heartbeat_ns=_SOURCING_HEARTBEAT_NS)
    return replace(config, **changes)


def _without_negatives(config: ConsumerConfig, *, pedantic: bool) -> ConsumerConfig:
    """Return ``config`` with its nonsense below zero put right."""
    changes: dict[str, Any] = {}
    if pedantic:
        if config.max_deliver < -1:
            raise _pedantic("max_deliver must be set to -1")
        if config.max_waiting < 0:
            raise _pedantic("max_waiting must not be negative")
        if config.max_ack_pending < -1:
            raise _pedantic("max_ack_pending must be set to -1")
    changes["max_deliver"] = config.max_deliver if config.max_deliver > 0 else -1
    changes["max_waiting"] = max(config.max_waiting, 0)
    changes["max_ack_pending"] = max(config.max_ack_pending, -1)
    for name, text in _NOT_NEGATIVE:
        if getattr(config, name) < 0:
            if pedantic:
                raise _pedantic(text)
            changes[name] = 0
    return replace(config, **changes)


def _with_stream_limits(
    config: ConsumerConfig, stream: StreamConfig, limits: ConsumerLimits, *, pedantic: bool
) -> ConsumerConfig:
    """Return ``config`` with what the stream sets for its consumers, then the server's default."""
    pending = config.max_ack_pending
    threshold = config.inactive_threshold_ns
    own = stream.consumer_limits
    if pending == 0:
        if pedantic and own.max_ack_pending > 0:
            raise _pedantic("max_ack_pending must be set if it's configured in stream limits")
        pending = own.max_ack_pending
    if threshold == 0:
        if pedantic and own.inactive_threshold_ns > 0:
            raise _pedantic("inactive_threshold must be set if it's configured in stream limits")
        threshold = own.inactive_threshold_ns
    if pending == 0 and config.ack_policy != AckPolicy.NONE:
        caps = (limits.server_max_ack_pending, limits.account_max_ack_pending)
        pending = min([_ACK_PENDING, *(cap for cap in caps if cap > 0)])
    return replace(config, max_ack_pending=pending, inactive_threshold_ns=threshold)


def _check_names(config: ConsumerConfig) -> None:
    for name, what in ((config.name, "name"), (config.durable_name, "durable name")):
        if name and not is_valid_name(name):
            raise refuse(f"consumer {what} can not contain '.', '*', '>', '\\', '/'")


def _check_replicas(config: ConsumerConfig, stream: StreamConfig) -> None:
    replicas = config.num_replicas
    if replicas > 0 and replicas > stream.num_replicas:
        raise JetStreamError(api_errors.CONSUMER_REPLICAS_EXCEEDS_STREAM)
    if replicas < 0:
        raise JetStreamError(api_errors.REPLICAS_COUNT_CANNOT_BE_NEGATIVE)
    if stream.retention != Retention.LIMITS and replicas not in (0, stream.num_replicas):
        raise JetStreamError(api_errors.CONSUMER_REPLICAS_SHOULD_MATCH_STREAM)


def _check_waits(config: ConsumerConfig) -> None:
    if any(wait < 0 for wait in config.backoff_ns):
        raise JetStreamError(api_errors.CONSUMER_BACK_OFF_NEGATIVE)
    if config.ack_wait_ns < 0:
        raise JetStreamError(api_errors.CONSUMER_ACK_WAIT_NEGATIVE)
    if config.ack_policy == AckPolicy.FLOW_CONTROL:
        _check_flow_control_acks(config)
    if (
        config.backoff_ns
        and config.max_deliver != -1
        and (len(config.backoff_ns) > config.max_deliver)
    ):
        raise JetStreamError(api_errors.CONSUMER_MAX_DELIVER_BACKOFF)
    if len(config.description.encode()) > DESCRIPTION_BYTES_MAX:
        raise JetStreamError(api_errors.CONSUMER_DESCRIPTION_TOO_LONG, max=DESCRIPTION_BYTES_MAX)


def _check_flow_control_acks(config: ConsumerConfig) -> None:
    _raise_first(
        (not config.is_push, api_errors.CONSUMER_ACK_FC_REQUIRES_PUSH),
        (not config.flow_control, api_errors.CONSUMER_ACK_FC_REQUIRES_FC),
    )
    if config.idle_heartbeat_ns != _SOURCING_HEARTBEAT_NS:
        raise refuse("flow control ack policy heartbeat needs to be 1s")
    waits = config.ack_wait_ns != 0 or bool(config.backoff_ns)
    _raise_first(
        (config.max_ack_pending <= 0, api_errors.CONSUMER_ACK_FC_REQUIRES_MAX_ACK_PENDING),
        (waits, api_errors.CONSUMER_ACK_FC_REQUIRES_NO_ACK_WAIT),
        (config.max_deliver > 0, api_errors.CONSUMER_ACK_FC_REQUIRES_NO_MAX_DELIVER),
    )


def _check_push(config: ConsumerConfig, stream: StreamConfig) -> None:
    subject = config.deliver_subject.encode()
    no_acks = config.ack_policy == AckPolicy.NONE
    _raise_first(
        (not is_literal(subject), api_errors.CONSUMER_DELIVER_TO_WILDCARDS),
        (not is_valid(subject), api_errors.CONSUMER_INVALID_DELIVER_SUBJECT),
        (
            any(covers(listened.encode(), subject) for listened in stream.subjects),
            api_errors.CONSUMER_DELIVER_CYCLE,
        ),
        (config.max_waiting != 0, api_errors.CONSUMER_PUSH_MAX_WAITING),
        (
            config.max_ack_pending > 0 and no_acks,
            api_errors.CONSUMER_MAX_PENDING_ACK_POLICY_REQUIRED,
        ),
        (
            0 < config.idle_heartbeat_ns < 100 * MILLISECOND,
            api_errors.CONSUMER_SMALL_HEARTBEAT,
        ),
    )


def _check_pull(config: ConsumerConfig, stream: StreamConfig, limits: ConsumerLimits) -> None:
    no_acks = config.ack_policy == AckPolicy.NONE
    _raise_first(
        (
            no_acks and stream.retention == Retention.WORKQUEUE,
            api_errors.CONSUMER_PULL_REQUIRES_ACK,
        ),
        (config.rate_limit_bps > 0, api_errors.CONSUMER_PULL_WITH_RATE_LIMIT),
        (config.idle_heartbeat_ns > 0, api_errors.CONSUMER_HB_REQUIRES_PUSH),
        (config.flow_control, api_errors.CONSUMER_FC_REQUIRES_PUSH),
        (
            0 < config.max_expires_ns < MILLISECOND,
            api_errors.CONSUMER_MAX_REQUEST_EXPIRES_TOO_SMALL,
        ),
    )
    if 0 < limits.max_request_batch < config.max_batch:
        raise JetStreamError(
            api_errors.CONSUMER_MAX_REQUEST_BATCH_EXCEEDED, limit=limits.max_request_batch
        )


def _check_caps(config: ConsumerConfig, stream: StreamConfig, limits: ConsumerLimits) -> None:
    own = stream.consumer_limits
    for most in (
        limits.server_max_ack_pending,
        limits.account_max_ack_pending,
        own.max_ack_pending,
    ):
        if 0 < most < config.max_ack_pending:
            raise JetStreamError(api_errors.CONSUMER_MAX_PENDING_ACK_EXCESS, limit=most)
    if 0 < own.inactive_threshold_ns < config.inactive_threshold_ns:
        limit = duration_text(own.inactive_threshold_ns)
        raise JetStreamError(api_errors.CONSUMER_INACTIVE_THRESHOLD_EXCESS, limit=limit)
    if config.direct:
        _raise_first(
            (not config.is_push, api_errors.CONSUMER_DIRECT_REQUIRES_PUSH),
            (config.is_durable, api_errors.CONSUMER_DIRECT_REQUIRES_EPHEMERAL),
        )


def _check_filters(config: ConsumerConfig) -> None:
    if config.filter_subject and config.filter_subjects:
        raise JetStreamError(api_errors.CONSUMER_DUPLICATE_FILTER_SUBJECTS)
    if "" in config.filter_subjects:
        raise JetStreamError(api_errors.CONSUMER_EMPTY_FILTER)
    filters = [subject.encode() for subject in config.filters]
    for index, subject in enumerate(filters):
        if not is_valid(subject):
            raise refuse("invalid subject")
        others = filters[:index] + filters[index + 1 :]
        if any(covers(other, subject) for other in others):
            raise JetStreamError(api_errors.CONSUMER_OVERLAPPING_SUBJECT_FILTERS)


def _check_start(config: ConsumerConfig) -> None:
    """Check that a start is given just where the deliver policy needs one."""
    policy = config.deliver_policy
    by_sequence = policy == DeliverPolicy.BY_START_SEQUENCE
    by_time = policy == DeliverPolicy.BY_START_TIME
    missing = [
        what
        for needed, what in (
            (by_sequence and config.opt_start_seq == 0, "start sequence"),
            (by_time and config.opt_start_time is None, "start time"),
        )
        if needed
    ]
    surplus = [
        what
        for given, what in (
            (config.opt_start_seq > 0 and by_time, "start sequence"),
            (config.opt_start_seq > 0 and not by_sequence, "sequence"),
            (config.opt_start_time is not None and not by_time, "time"),
        )
        if given
    ]
    intro = f"consumer delivery policy is deliver {_POLICY_WORDS[policy]}, but optional"
    if missing:
        raise _bad_start(f"{intro} {missing[0]} is not set")
    if surplus:
        raise _bad_start(f"{intro} start {surplus[0]} is also set")
    if policy == DeliverPolicy.LAST_PER_SUBJECT and not config.filters:
        raise _bad_start(f"{intro} filter subject is not set")


def _bad_start(text: str) -> JetStreamError:
    return JetStreamError(api_errors.CONSUMER_INVALID_POLICY, err=text)


def _check_rest(config: ConsumerConfig) -> None:
    if config.sample_freq:
        _check_sampling(config.sample_freq)
    if config.flow_control and config.idle_heartbeat_ns == 0:
        raise JetStreamError(api_errors.CONSUMER_WITH_FLOW_CONTROL_NEEDS_HEARTBEATS)
    if config.durable_name and config.name and config.name != config.durable_name:
        raise JetStreamError(api_errors.CONSUMER_CREATE_DURABLE_AND_NAME_MISMATCH)
    if size_of(config.metadata) > METADATA_BYTES_MAX:
        limit = f"{METADATA_BYTES_MAX // 1024}KB"
        raise JetStreamError(api_errors.CONSUMER_METADATA_LENGTH, limit=limit)


def _check_sampling(text: str) -> None:
    """Check that ``text`` is a percentage, with or without its sign."""
    digits = text.removesuffix("%")
    if _SAMPLING.fullmatch(digits) is None:
        reason = f"strconv.Atoi: parsing {quoted(digits)}: invalid syntax"
    elif len(digits) > 20 or abs(int(digits)) >= 2**63:
        reason = f"strconv.Atoi: parsing {quoted(digits)}: value out of range"
    elif int(digits) < 0:
        reason = "<nil>"
    else:
        return
    raise JetStreamError(api_errors.CONSUMER_INVALID_SAMPLING, err=reason)


def _check_groups(config: ConsumerConfig) -> None:
    groups = config.priority_groups
    if config.priority_policy == PriorityPolicy.NONE:
        _raise_first(
            (bool(groups), api_errors.CONSUMER_PRIORITY_GROUP_WITH_POLICY_NONE),
            (
                config.priority_timeout_ns > 0,
                api_errors.CONSUMER_PINNED_TTL_WITHOUT_PRIORITY_POLICY_NONE,
            ),
        )
        return
    _raise_first(
        (config.is_push, api_errors.CONSUMER_PUSH_WITH_PRIORITY_GROUP),
        (not groups, api_errors.CONSUMER_PRIORITY_POLICY_WITHOUT_GROUP),
    )
    for group in groups:
        _raise_first(
            (not group, api_errors.CONSUMER_EMPTY_GROUP_NAME),
            (GROUP_NAME.fullmatch(group) is None, api_errors.CONSUMER_INVALID_GROUP_NAME),
        )


def _check_queue(config: ConsumerConfig, neighbours: list[ConsumerConfig]) -> None:
    """Check that no message of a work queue belongs to two consumers, and that it is all there."""
    acks = config.ack_policy in (AckPolicy.EXPLICIT, AckPolicy.FLOW_CONTROL)
    _raise_first(
        (not acks, api_errors.CONSUMER_WQ_REQUIRES_EXPLICIT_ACK),
        (
            config.deliver_policy != DeliverPolicy.ALL,
            api_errors.CONSUMER_WQ_CONSUMER_NOT_DELIVER_ALL,
        ),
        (
            bool(neighbours) and not config.filters,
            api_errors.CONSUMER_WQ_MULTIPLE_UNFILTERED,
        ),
    )
    _check_unique(config, neighbours)


def _check_unique(config: ConsumerConfig, neighbours: Iterable[ConsumerConfig]) -> None:
    mine = [subject.encode() for subject in config.filters]
    if not mine:
        return
    for other in neighbours:
        if other.direct or other.sourcing:
            continue
        theirs = [subject.encode() for subject in other.filters]
        if not theirs or any(overlaps(a, b) for a in mine for b in theirs):
            raise JetStreamError(api_errors.CONSUMER_WQ_CONSUMER_NOT_UNIQUE)


def _raise_first(*rules: tuple[bool, ApiError]) -> None:
    """Raise the error of the first rule whose condition holds."""
    for broken, error in rules:
        if broken:
            raise JetStreamError(error)

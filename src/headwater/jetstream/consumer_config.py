"""The configuration of a consumer: its fields as nats-server names, orders and defaults them.

A decoded configuration holds what was asked for; ``consumer_check`` turns it into the one in force.
Durations are in nanoseconds, sizes in bytes.
"""

import enum
from typing import Any

import msgspec

from headwater.base import gojson
from headwater.jetstream.requests import (
    Body,
    DurationNs,
    Int,
    TimeText,
    UInt64,
    always,
    read_body,
)
from headwater.jetstream.stream_config import response_metadata


class DeliverPolicy(enum.StrEnum):
    """Where a consumer begins."""

    ALL = "all"
    LAST = "last"
    NEW = "new"
    BY_START_SEQUENCE = "by_start_sequence"
    BY_START_TIME = "by_start_time"
    LAST_PER_SUBJECT = "last_per_subject"

    @staticmethod
    def spelled(value: Any) -> Any:
        """Return ``value``, what old clients call undefined being the default."""
        return "all" if value == "undefined" else value


class AckPolicy(enum.StrEnum):
    """What an acknowledgement covers."""

    NONE = "none"
    ALL = "all"
    EXPLICIT = "explicit"
    FLOW_CONTROL = "flow_control"


class ReplayPolicy(enum.StrEnum):
    """How fast stored messages are delivered."""

    INSTANT = "instant"
    ORIGINAL = "original"


class PriorityPolicy(enum.StrEnum):
    """Which of several clients of a pull consumer comes first."""

    NONE = "none"
    OVERFLOW = "overflow"
    PINNED_CLIENT = "pinned_client"
    PRIORITIZED = "prioritized"

    @staticmethod
    def refusal(_value: Any, literal: str) -> str:
        """Return the error of a value that is no member."""
        return f"unknown priority policy: {literal}"


class Action(enum.StrEnum):
    """What a create request may do with a consumer that exists or does not."""

    CREATE_OR_UPDATE = ""
    CREATE = "create"
    UPDATE = "update"

    @staticmethod
    def refusal(_value: Any, literal: str) -> str:
        """Return the error of a value that is no member."""
        return f"unknown consumer action: {literal}"


class ConsumerConfig(Body, frozen=True):
    """A consumer as a client describes it."""

    durable_name: str = ""
    name: str = ""
    description: str = ""
    deliver_policy: DeliverPolicy = always(DeliverPolicy.ALL)
    opt_start_seq: UInt64 = 0
    opt_start_time: TimeText | None = None
    ack_policy: AckPolicy = always(AckPolicy.NONE)
    ack_wait_ns: DurationNs = msgspec.field(default=0, name="ack_wait")
    max_deliver: Int = 0
    backoff_ns: tuple[DurationNs, ...] = msgspec.field(default=(), name="backoff")
    filter_subject: str = ""
    filter_subjects: tuple[str, ...] = ()
    replay_policy: ReplayPolicy = always(ReplayPolicy.INSTANT)
    rate_limit_bps: UInt64 = 0
    sample_freq: str = ""
    max_waiting: Int = 0
    max_ack_pending: Int = 0
    flow_control: bool = False
    headers_only: bool = False
    max_batch: Int = 0
    max_expires_ns: DurationNs = msgspec.field(default=0, name="max_expires")
    max_bytes: Int = 0
    deliver_subject: str = ""
    deliver_group: str = ""
    idle_heartbeat_ns: DurationNs = msgspec.field(default=0, name="idle_heartbeat")
    inactive_threshold_ns: DurationNs = msgspec.field(default=0, name="inactive_threshold")
    num_replicas: Int = always(0)
    mem_storage: bool = False
    direct: bool = False
    sourcing: bool = False
    metadata: dict[str, str] = {}
    pause_until: TimeText | None = None
    priority_groups: tuple[str, ...] = ()
    priority_policy: PriorityPolicy = PriorityPolicy.NONE
    priority_timeout_ns: DurationNs = msgspec.field(default=0, name="priority_timeout")

    @property
    def filters(self) -> tuple[str, ...]:
        """The subjects delivered; none means all."""
        return (
            (*self.filter_subjects, self.filter_subject)
            if self.filter_subject
            else (self.filter_subjects)
        )

    @property
    def acks_by_message(self) -> bool:
        """Whether messages are acknowledged by answers to them."""
        return self.ack_policy in (AckPolicy.EXPLICIT, AckPolicy.ALL)

    @property
    def sampled_percent(self) -> int:
        """How many of a hundred acknowledgements are told of; only explicit ones ever are."""
        if self.ack_policy != AckPolicy.EXPLICIT or not self.sample_freq:
            return 0
        return int(self.sample_freq.removesuffix("%"))

    @property
    def is_push(self) -> bool:
        return bool(self.deliver_subject)

    @property
    def is_durable(self) -> bool:
        return bool(self.durable_name)

    @property
    def opt_start_time_ns(self) -> int | None:
        return None if self.opt_start_time is None else gojson.parse_time(self.opt_start_time)

    @property
    def pause_until_ns(self) -> int:
        return (
            gojson.ZERO_TIME_NS if self.pause_until is None else gojson.parse_time(self.pause_until)
        )


class CreateConsumerRequest(Body, frozen=True):
    """The body of CONSUMER.CREATE and CONSUMER.DURABLE.CREATE."""

    stream_name: str = always("")
    config: ConsumerConfig = always(ConsumerConfig())
    action: Action = always(Action.CREATE_OR_UPDATE)
    pedantic: bool = False


def decode_create_request(body: bytes, *, strict: bool = True) -> CreateConsumerRequest:
    """Return the request to create or update a consumer.

    Raises:
        JetStreamError: not JSON, a value does not fit its field, or a field is unknown.
    """
    return read_body(CreateConsumerRequest, body, strict=strict)


def decode_consumer_config(body: bytes) -> ConsumerConfig:
    """Return the configuration that ``body`` holds, as stored.

    Raises:
        JetStreamError: not JSON, a value does not fit its field, or a field is unknown.
    """
    return read_body(ConsumerConfig, body)


def for_response(config: ConsumerConfig) -> ConsumerConfig:
    """Return ``config`` as responses show it."""
    return msgspec.structs.replace(config, metadata=response_metadata(config.metadata))

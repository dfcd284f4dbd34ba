"""The errors of the JetStream API, with nats-server's numbers and texts.

Clients switch on ``err_code``; ``code`` only resembles an HTTP status and is often 500 for plain
mistakes of the user.  A ``{placeholder}`` in a description is filled in when the error is raised.
"""

import msgspec

from headwater.base.errors import HeadwaterError


class ApiError(msgspec.Struct, frozen=True):
    """What the ``error`` of a response holds."""

    code: int
    err_code: int
    description: str

    def filled(self, **values: object) -> "ApiError":
        """Return the error with its placeholders replaced by ``values``."""
        text = self.description
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return ApiError(self.code, self.err_code, text)


class JetStreamError(HeadwaterError):
    """A request, or a message for a stream, is refused; ``error`` goes to the client."""

    def __init__(self, error: ApiError, **values: object) -> None:
        self.error = error.filled(**values) if values else error
        super().__init__(self.error.description)


ACCOUNT_RESOURCES_EXCEEDED = ApiError(400, 10002, "resource limits exceeded for account")
BAD_REQUEST = ApiError(400, 10003, "bad request")
CLUSTER_REQUIRED = ApiError(503, 10010, "JetStream clustering support required")
CONSUMER_CREATE = ApiError(500, 10012, "{err}")
CONSUMER_NAME_EXIST = ApiError(400, 10013, "consumer name already in use")
CONSUMER_NOT_FOUND = ApiError(404, 10014, "consumer not found")
SNAPSHOT_DELIVER_SUBJECT_INVALID = ApiError(400, 10015, "deliver subject not valid")
CONSUMER_DURABLE_NAME_NOT_IN_SUBJECT = ApiError(
    400, 10016, "consumer expected to be durable but no durable name set in subject"
)
CONSUMER_DURABLE_NAME_NOT_MATCH_SUBJECT = ApiError(
    400, 10017, "consumer name in subject does not match durable name in request"
)
CONSUMER_DURABLE_NAME_NOT_SET = ApiError(
    400, 10018, "consumer expected to be durable but a durable name was not set"
)
CONSUMER_EPHEMERAL_WITH_DURABLE_IN_SUBJECT = ApiError(
    400, 10019, "consumer expected to be ephemeral but detected a durable name set in subject"
)
CONSUMER_EPHEMERAL_WITH_DURABLE_NAME = ApiError(
    400, 10020, "consumer expected to be ephemeral but a durable name was set in request"
)
INSUFFICIENT_RESOURCES = ApiError(503, 10023, "insufficient resources")
INVALID_JSON = ApiError(400, 10025, "invalid JSON: {err}")
MAXIMUM_CONSUMERS_LIMIT = ApiError(400, 10026, "maximum consumers limit reached")
MAXIMUM_STREAMS_LIMIT = ApiError(400, 10027, "maximum number of streams reached")
MEMORY_RESOURCES_EXCEEDED = ApiError(500, 10028, "insufficient memory resources available")
NO_MESSAGE_FOUND = ApiError(404, 10037, "no message found")
NOT_EMPTY_REQUEST = ApiError(400, 10038, "expected an empty request payload")
NOT_ENABLED_FOR_ACCOUNT = ApiError(503, 10039, "JetStream not enabled for account")
SEQUENCE_NOT_FOUND = ApiError(400, 10043, "sequence {seq} not found")
STORAGE_RESOURCES_EXCEEDED = ApiError(500, 10047, "insufficient storage resources available")
STREAM_CREATE = ApiError(500, 10049, "{err}")
STREAM_DELETE = ApiError(500, 10050, "{err}")
STREAM_GENERAL = ApiError(500, 10051, "{err}")
STREAM_INVALID_CONFIG = ApiError(500, 10052, "{err}")
STREAM_LIMITS = ApiError(500, 10053, "{err}")
STREAM_MESSAGE_EXCEEDS_MAXIMUM = ApiError(400, 10054, "message size exceeds maximum allowed")
STREAM_MIRROR_NOT_UPDATABLE = ApiError(400, 10055, "stream mirror configuration can not be updated")
STREAM_MISMATCH = ApiError(400, 10056, "stream name in subject does not match request")
STREAM_MSG_DELETE_FAILED = ApiError(500, 10057, "{err}")
STREAM_NAME_EXIST = ApiError(
    400, 10058, "stream name already in use with a different configuration"
)
STREAM_NOT_FOUND = ApiError(404, 10059, "stream not found")
STREAM_NOT_MATCH = ApiError(400, 10060, "expected stream does not match")
STREAM_RESTORE = ApiError(500, 10062, "restore failed: {err}")
STREAM_SNAPSHOT = ApiError(500, 10064, "snapshot failed: {err}")
STREAM_SUBJECT_OVERLAP = ApiError(400, 10065, "subjects overlap with an existing stream")
STREAM_UPDATE = ApiError(500, 10069, "{err}")
STREAM_WRONG_LAST_MSG_ID = ApiError(400, 10070, "wrong last msg ID: {id}")
STREAM_WRONG_LAST_SEQUENCE = ApiError(400, 10071, "wrong last sequence: {seq}")
STREAM_REPLICAS_NOT_SUPPORTED = ApiError(
    500, 10074, "replicas > 1 not supported in non-clustered mode"
)
NOT_ENABLED = ApiError(503, 10076, "JetStream not enabled")
STREAM_STORE_FAILED = ApiError(503, 10077, "{err}")
CONSUMER_CONFIG_REQUIRED = ApiError(400, 10078, "consumer config required")
CONSUMER_DELIVER_TO_WILDCARDS = ApiError(400, 10079, "consumer deliver subject has wildcards")
CONSUMER_PUSH_MAX_WAITING = ApiError(400, 10080, "consumer in push mode can not set max waiting")
CONSUMER_DELIVER_CYCLE = ApiError(400, 10081, "consumer deliver subject forms a cycle")
CONSUMER_MAX_PENDING_ACK_POLICY_REQUIRED = ApiError(
    400, 10082, "consumer requires ack policy for max ack pending"
)
CONSUMER_SMALL_HEARTBEAT = ApiError(400, 10083, "consumer idle heartbeat needs to be >= 100ms")
CONSUMER_PULL_REQUIRES_ACK = ApiError(
    400, 10084, "consumer in pull mode requires explicit ack policy on workqueue stream"
)
CONSUMER_PULL_WITH_RATE_LIMIT = ApiError(
    400, 10086, "consumer in pull mode can not have rate limit set"
)
CONSUMER_MAX_WAITING_NEGATIVE = ApiError(400, 10087, "consumer max waiting needs to be positive")
CONSUMER_HB_REQUIRES_PUSH = ApiError(
    400, 10088, "consumer idle heartbeat requires a push based consumer"
)
CONSUMER_FC_REQUIRES_PUSH = ApiError(
    400, 10089, "consumer flow control requires a push based consumer"
)
CONSUMER_DIRECT_REQUIRES_PUSH = ApiError(
    400, 10090, "consumer direct requires a push based consumer"
)
CONSUMER_DIRECT_REQUIRES_EPHEMERAL = ApiError(
    400, 10091, "consumer direct requires an ephemeral consumer"
)
CONSUMER_INVALID_POLICY = ApiError(400, 10094, "{err}")
CONSUMER_INVALID_SAMPLING = ApiError(
    400, 10095, "failed to parse consumer sampling configuration: {err}"
)
STREAM_INVALID = ApiError(500, 10096, "stream not valid")
STREAM_HEADER_EXCEEDS_MAXIMUM = ApiError(400, 10097, "header size exceeds maximum allowed of 64k")
CONSUMER_WQ_REQUIRES_EXPLICIT_ACK = ApiError(400, 10098, "workqueue stream requires explicit ack")
CONSUMER_WQ_MULTIPLE_UNFILTERED = ApiError(
    400, 10099, "multiple non-filtered consumers not allowed on workqueue stream"
)
CONSUMER_WQ_CONSUMER_NOT_UNIQUE = ApiError(
    400, 10100, "filtered consumer not unique on workqueue stream"
)
CONSUMER_WQ_CONSUMER_NOT_DELIVER_ALL = ApiError(
    400, 10101, "consumer must be deliver all on workqueue stream"
)
CONSUMER_NAME_TOO_LONG = ApiError(400, 10102, "consumer name is too long, maximum allowed is {max}")
CONSUMER_BAD_DURABLE_NAME = ApiError(400, 10103, "durable name can not contain '.', '*', '>'")
CONSUMER_STORE_FAILED = ApiError(500, 10104, "error creating store for consumer: {err}")
CONSUMER_EXISTING_ACTIVE = ApiError(400, 10105, "consumer already exists and is still active")
CONSUMER_REPLACEMENT_WITH_DIFFERENT_NAME = ApiError(
    400, 10106, "consumer replacement durable config not the same"
)
CONSUMER_DESCRIPTION_TOO_LONG = ApiError(
    400, 10107, "consumer description is too long, maximum allowed is {max}"
)
CONSUMER_WITH_FLOW_CONTROL_NEEDS_HEARTBEATS = ApiError(
    400, 10108, "consumer with flow control also needs heartbeats"
)
STREAM_SEALED = ApiError(400, 10109, "invalid operation on sealed stream")
STREAM_PURGE_FAILED = ApiError(500, 10110, "{err}")
STREAM_ROLLUP_FAILED = ApiError(500, 10111, "{err}")
CONSUMER_INVALID_DELIVER_SUBJECT = ApiError(400, 10112, "invalid push consumer deliver subject")
STREAM_MAX_BYTES_REQUIRED = ApiError(
    400, 10113, "account requires a stream config to have max bytes set"
)
CONSUMER_MAX_REQUEST_BATCH_NEGATIVE = ApiError(
    400, 10114, "consumer max request batch needs to be > 0"
)
CONSUMER_MAX_REQUEST_EXPIRES_TOO_SMALL = ApiError(
    400, 10115, "consumer max request expires needs to be >= 1ms"
)
CONSUMER_MAX_DELIVER_BACKOFF = ApiError(
    400, 10116, "max deliver is required to be > length of backoff values"
)
STREAM_INFO_MAX_SUBJECTS = ApiError(500, 10117, "subject details would exceed maximum allowed")
NO_LIMITS = ApiError(400, 10120, "no JetStream default or applicable tiered limit present")
CONSUMER_MAX_PENDING_ACK_EXCESS = ApiError(
    400, 10121, "consumer max ack pending exceeds system limit of {limit}"
)
STREAM_MAX_STREAM_BYTES_EXCEEDED = ApiError(
    400, 10122, "stream max bytes exceeds account limit max stream bytes"
)
CONSUMER_MAX_REQUEST_BATCH_EXCEEDED = ApiError(
    400, 10125, "consumer max request batch exceeds server limit of {limit}"
)
CONSUMER_REPLICAS_EXCEEDS_STREAM = ApiError(
    400, 10126, "consumer config replica count exceeds parent stream"
)
CONSUMER_NAME_CONTAINS_PATH_SEPARATORS = ApiError(
    400, 10127, "Consumer name can not contain path separators"
)
STREAM_NAME_CONTAINS_PATH_SEPARATORS = ApiError(
    400, 10128, "Stream name can not contain path separators"
)
STREAM_RECONFIGURE_NOT_IN_PROGRESS = ApiError(400, 10129, "stream reconfiguration not in progress")
STREAM_NAME_EXIST_RESTORE_FAILED = ApiError(
    400, 10130, "stream name already in use, cannot restore"
)
CONSUMER_CREATE_FILTER_SUBJECT_MISMATCH = ApiError(
    400, 10131, "Consumer create request did not match filtered subject from create subject"
)
CONSUMER_CREATE_DURABLE_AND_NAME_MISMATCH = ApiError(
    400, 10132, "Consumer Durable and Name have to be equal if both are provided"
)
REPLICAS_COUNT_CANNOT_BE_NEGATIVE = ApiError(400, 10133, "replicas count cannot be negative")
CONSUMER_REPLICAS_SHOULD_MATCH_STREAM = ApiError(
    400, 10134, "consumer config replicas must match interest retention stream's replicas"
)
CONSUMER_METADATA_LENGTH = ApiError(400, 10135, "consumer metadata exceeds maximum size of {limit}")
CONSUMER_DUPLICATE_FILTER_SUBJECTS = ApiError(
    400, 10136, "consumer cannot have both FilterSubject and FilterSubjects specified"
)
CONSUMER_MULTIPLE_FILTERS_NOT_ALLOWED = ApiError(
    400, 10137, "consumer with multiple subject filters cannot use subject based API"
)
CONSUMER_OVERLAPPING_SUBJECT_FILTERS = ApiError(
    400, 10138, "consumer subject filters cannot overlap"
)
CONSUMER_EMPTY_FILTER = ApiError(400, 10139, "consumer filter in FilterSubjects cannot be empty")
CONSUMER_ALREADY_EXISTS = ApiError(400, 10148, "consumer already exists")
CONSUMER_DOES_NOT_EXIST = ApiError(400, 10149, "consumer does not exist")
CONSUMER_INACTIVE_THRESHOLD_EXCESS = ApiError(
    400, 10153, "consumer inactive threshold exceeds system limit of {limit}"
)
PEDANTIC = ApiError(400, 10157, "pedantic mode: {err}")
CONSUMER_PRIORITY_POLICY_WITHOUT_GROUP = ApiError(
    400, 10159, "Setting PriorityPolicy requires at least one PriorityGroup to be set"
)
CONSUMER_INVALID_PRIORITY_GROUP = ApiError(
    400, 10160, "Provided priority group does not exist for this consumer"
)
CONSUMER_EMPTY_GROUP_NAME = ApiError(400, 10161, "Group name cannot be an empty string")
CONSUMER_INVALID_GROUP_NAME = ApiError(
    400,
    10162,
    "Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters",
)
MESSAGE_TTL_INVALID = ApiError(400, 10165, "invalid per-message TTL")
MESSAGE_TTL_DISABLED = ApiError(400, 10166, "per-message TTL is disabled")
STREAM_TOO_MANY_REQUESTS = ApiError(429, 10167, "too many requests")
MESSAGE_INCR_DISABLED = ApiError(400, 10168, "message counters is disabled")
ATOMIC_PUBLISH_DISABLED = ApiError(400, 10174, "atomic publish is disabled")
CONSUMER_PUSH_WITH_PRIORITY_GROUP = ApiError(
    400, 10178, "priority groups can not be used with push consumers"
)
CONSUMER_ACK_POLICY_INVALID = ApiError(400, 10181, "consumer ack policy invalid")
CONSUMER_REPLAY_POLICY_INVALID = ApiError(400, 10182, "consumer replay policy invalid")
CONSUMER_ACK_WAIT_NEGATIVE = ApiError(400, 10183, "consumer ack wait needs to be positive")
CONSUMER_BACK_OFF_NEGATIVE = ApiError(400, 10184, "consumer backoff needs to be positive")
REQUIRED_API_LEVEL = ApiError(412, 10185, "JetStream minimum api level required")
MESSAGE_SCHEDULES_DISABLED = ApiError(400, 10188, "message schedules is disabled")
STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_INVALID = ApiError(
    400, 10193, "missing sequence for expected last sequence per subject"
)
CONSUMER_PRIORITY_GROUP_WITH_POLICY_NONE = ApiError(
    400, 10196, "consumer can not have priority groups when policy is none"
)
CONSUMER_PINNED_TTL_WITHOUT_PRIORITY_POLICY_NONE = ApiError(
    400, 10197, "PinnedTTL cannot be set when PriorityPolicy is none"
)
CONSUMER_INVALID_RESET = ApiError(400, 10204, "invalid reset: {err}")
BATCH_PUBLISH_DISABLED = ApiError(400, 10205, "batch publish is disabled")
CONSUMER_ACK_FC_REQUIRES_PUSH = ApiError(
    400, 10218, "flow control ack policy requires a push based consumer"
)
CONSUMER_ACK_FC_REQUIRES_FC = ApiError(400, 10219, "flow control ack policy requires flow control")
CONSUMER_ACK_FC_REQUIRES_MAX_ACK_PENDING = ApiError(
    400, 10220, "flow control ack policy requires max ack pending"
)
CONSUMER_ACK_FC_REQUIRES_NO_ACK_WAIT = ApiError(
    400, 10221, "flow control ack policy requires unset ack wait"
)
CONSUMER_ACK_FC_REQUIRES_NO_MAX_DELIVER = ApiError(
    400, 10222, "flow control ack policy requires unset max deliver"
)
CONSUMER_STREAM_IDENTITY_MISMATCH = ApiError(
    400, 10225, "consumer's stream identity does not match: {msg}"
)
MESSAGE_SOURCE_HDR_NOT_ALLOWED = ApiError(400, 10227, "message stream source header is not allowed")

BY_CODE = {
    value.err_code: value for value in tuple(globals().values()) if isinstance(value, ApiError)
}

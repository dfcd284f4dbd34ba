"""STREAM.SNAPSHOT and STREAM.RESTORE of the JetStream API."""

import msgspec

from headwater.jetstream import api_errors, responses
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.api_streams import limits_of
from headwater.jetstream.requests import (
    Body,
    Int,
    SnapshotRequest,
    TimeText,
    UInt64,
    always,
    is_empty,
    read_body,
)
from headwater.jetstream.restore_session import RestoreSession
from headwater.jetstream.snapshot import Snapshot
from headwater.jetstream.snapshot_session import SnapshotSession
from headwater.jetstream.stream_check import (
    check_names,
    check_overlap,
    check_reservation,
    check_restored,
)
from headwater.jetstream.stream_config import StreamConfig
from headwater.subjects.validate import is_valid_literal


class LostData(Body, frozen=True):
    """What of a stream was lost; read, and not relied on, like the rest of the state."""

    msgs: tuple[UInt64, ...] = ()
    bytes: UInt64 = 0


class RestoreState(Body, frozen=True):
    """The state in a request to restore: what it really is the archive says itself."""

    go_name = "StreamState"

    messages: UInt64 = 0
    bytes: UInt64 = 0
    first_seq: UInt64 = 0
    first_ts: TimeText | None = None
    last_seq: UInt64 = 0
    last_ts: TimeText | None = None
    num_subjects: Int = 0
    num_deleted: Int = 0
    deleted: tuple[UInt64, ...] = ()
    lost: LostData | None = None
    consumer_count: Int = 0


class RestoreRequest(Body, frozen=True):
    """STREAM.RESTORE: the stream that comes."""

    go_name = "JSApiStreamRestoreRequest"

    config: StreamConfig = always(StreamConfig())
    state: RestoreState = always(RestoreState())


def snapshot(request):
    """STREAM.SNAPSHOT."""
    if is_empty(request.body):
        raise JetStreamError(api_errors.BAD_REQUEST)
    stream = request.stream(request.tokens[2])
    asked = read_body(SnapshotRequest, request.body, strict=request.strict)
    subject = asked.deliver_subject.encode()
    if not is_valid_literal(subject):
        raise JetStreamError(api_errors.SNAPSHOT_DELIVER_SUBJECT_INVALID)

    def described(state):
        archive = Snapshot(stream, state, with_consumers=not asked.no_consumers)
        request.answer(responses.snapshot_begun(stream.config, state))
        SnapshotSession(request, stream, state, archive, asked).start()

    stream.describe(described)


def restore(request):
    """STREAM.RESTORE."""
    if is_empty(request.body):
        raise JetStreamError(api_errors.BAD_REQUEST)
    name = request.tokens[2]
    asked = read_body(RestoreRequest, request.body, strict=request.strict)
    config = asked.config
    if not config.name:
        config = msgspec.structs.replace(config, name=name)
    check_names(name, config)
    streams = request.streams
    limits = limits_of(streams)
    checked = check_restored(config, limits)
    if name in streams.streams or name in streams.creating:
        raise JetStreamError(api_errors.STREAM_NAME_EXIST_RESTORE_FAILED)
    check_overlap(checked.subjects, streams.other_configs(name))
    check_reservation(checked, streams.quota(checked.storage), limits)
    session = RestoreSession(request, checked)

    def begun(error):
        if error is not None:
            request.refuse(api_errors.STREAM_RESTORE.filled(err=error))
        else:
            request.answer(responses.restore_begun(session.deliver_subject))

    session.start(begun)

"""STREAM.* of the JetStream API, messages apart."""

from typing import Any

from headwater.base.limits import NEXT_SEQUENCE_MAX
from headwater.jetstream import api_errors, responses
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.requests import (
    StreamInfoRequest,
    StreamListRequest,
    check_empty,
    read_optional,
    read_purge,
)
from headwater.jetstream.responses import LIST_MAX, SUBJECT_DETAILS_MAX, Kind, Page
from headwater.jetstream.stream_check import (
    StreamLimits,
    check_consumers,
    check_names,
    check_new,
    check_overlap,
    check_reservation,
    check_update,
    normalise,
    same_config,
)
from headwater.jetstream.stream_config import decode_stream_request
from headwater.store.record import SKIP
from headwater.store.stream_work import Purge
from headwater.subjects.validate import overlaps


def limits_of(streams):
    """Return what the server and the account allow a stream."""
    limits = streams.limits
    return StreamLimits(
        duplicate_window_max_ns=streams.options.limits.duplicate_window_ns,
        max_bytes_required=limits.bytes_required,
        memory_max_stream_bytes=limits.memory_stream_bytes_max,
        file_max_stream_bytes=limits.file_stream_bytes_max,
        max_streams=limits.streams_max,
        max_consumers=limits.consumers_max,
    )


def create(request):
    """STREAM.CREATE."""
    streams = request.streams
    config, pedantic = decode_stream_request(request.body, strict=request.strict)
    check_names(request.tokens[2], config)
    limits = limits_of(streams)
    checked = check_new(config, limits, pedantic=pedantic)
    stream = streams.streams.get(checked.name)
    if stream is not None:
        if stream.offline or not same_config(stream.config, checked):
            raise JetStreamError(api_errors.STREAM_NAME_EXIST)
        _answer_info(request, stream, responses.stream_created)
        return
    creating = streams.creating.get(checked.name)
    if creating is not None:
        raise JetStreamError(api_errors.STREAM_NAME_EXIST)
    check_overlap(checked.subjects, streams.other_configs(checked.name))
    if 0 <= limits.max_streams <= len(streams.streams) + len(streams.creating):
        raise JetStreamError(api_errors.MAXIMUM_STREAMS_LIMIT)
    check_reservation(checked, streams.quota(checked.storage), limits)

    def created(stream, error):
        if error is not None:
            request.refuse(api_errors.STREAM_CREATE.filled(err=error))
            return
        streams.advise(
            f"STREAM.CREATED.{stream.name}",
            "stream_action",
            {"stream": stream.name, "action": "create"},
        )
        _answer_info(request, stream, responses.stream_created, with_domain=False)

    streams.create(checked, created)


def update(request):
    """STREAM.UPDATE."""
    streams = request.streams
    config, pedantic = decode_stream_request(request.body, strict=request.strict)
    limits = limits_of(streams)
    normalise(config, limits, pedantic=pedantic)
    if request.tokens[2] != config.name:
        raise JetStreamError(api_errors.STREAM_MISMATCH)
    stream = request.stream(config.name)
    old = stream.config
    checked = check_update(old, config, limits, pedantic=pedantic)
    check_overlap(checked.subjects, streams.other_configs(checked.name))
    check_consumers(old, checked, ((name, c.config) for name, c in stream.consumers.items()))
    if checked.max_bytes > old.max_bytes:
        quota = streams.quota(checked.storage)
        check_reservation(checked, quota, limits, released_bytes=max(0, old.max_bytes))

    def updated(error):
        if error is not None:
            request.refuse(api_errors.STREAM_UPDATE.filled(err=error))
            return
        streams.reserve(old, -1)
        streams.reserve(checked, 1)
        streams.advise(
            f"STREAM.UPDATED.{stream.name}",
            "stream_action",
            {"stream": stream.name, "action": "modify"},
        )
        _answer_info(request, stream, responses.stream_updated)

    stream.propose_config(checked, updated)


def info(request):
    """STREAM.INFO."""
    asked = read_optional(StreamInfoRequest, request.body, strict=request.strict)
    stream = request.stream(request.tokens[2])
    leader = request.streams.node.name
    if not asked.subjects_filter:
        _answer_info(
            request,
            stream,
            responses.stream_described,
            deleted=asked.deleted_details,
            leader=leader,
        )
        return
    found = sorted(stream.store.index.subjects.matching(asked.subjects_filter.encode()))
    offset = max(asked.offset, 0)
    part = found[offset : offset + SUBJECT_DETAILS_MAX]
    subjects = {subject.decode("utf-8", "replace"): state.count for subject, state in part}
    page = Page(total=len(found), offset=offset, limit=SUBJECT_DETAILS_MAX) if found else Page()
    _answer_info(
        request,
        stream,
        lambda described: responses.stream_described(described, page),
        subjects=subjects,
        deleted=asked.deleted_details,
        leader=leader,
    )


def delete(request):
    """STREAM.DELETE."""
    check_empty(request.body)
    stream = request.stream_or_files(request.tokens[2])
    streams = request.streams

    def deleted(error):
        if error is not None:
            request.refuse(api_errors.STREAM_DELETE.filled(err=error))
            return
        streams.advise(
            f"STREAM.DELETED.{stream.name}",
            "stream_action",
            {"stream": stream.name, "action": "delete"},
        )
        request.answer(responses.success(Kind.STREAM_DELETE))

    streams.delete(stream, deleted)


def purge(request):
    """STREAM.PURGE."""
    stream = request.stream(request.tokens[2])
    if stream.config.sealed:
        raise JetStreamError(api_errors.STREAM_SEALED)
    if stream.config.deny_purge:
        raise JetStreamError(api_errors.STREAM_PURGE_FAILED, err="stream purge not permitted")
    asked = read_purge(request.body, strict=request.strict)
    pattern = asked.filter.encode()
    store = stream.store
    last = store.last_proposed
    bound = min(asked.seq, NEXT_SEQUENCE_MAX) or last + 1
    purge = Purge(pattern, bound, asked.keep)

    def purged(error):
        stream.consumers.purges -= 1
        if error is not None:
            request.refuse(api_errors.STREAM_PURGE_FAILED.filled(err=error))
            return
        stream.consumers.was_purged(pattern if not asked.keep and not asked.seq else b"", last)
        request.answer(responses.purged(purge.removed))

    stream.consumers.purges += 1
    stream.propose_purge(purge, purged)
    if bound > last + 1 and not pattern:
        store.propose(SKIP, b"", b"", bound - 1)


def names(request):
    """STREAM.NAMES."""
    asked = read_optional(StreamListRequest, request.body, strict=request.strict)
    found = [stream.name for stream in _listed(request, asked)]
    request.answer(responses.stream_names(found, asked.offset))


def listing(request):
    """STREAM.LIST."""
    asked = read_optional(StreamListRequest, request.body, strict=request.strict)
    found = _listed(request, asked)
    offset = min(max(asked.offset, 0), len(found))
    page = found[offset : offset + LIST_MAX]
    part = [stream for stream in page if not stream.offline]
    offline = {stream.name: stream.offline for stream in page if stream.offline}
    infos: list[Any] = [None] * len(part)
    left = len(part)
    if not part:
        request.answer(responses.stream_list([], len(found), offset, offline))
        return

    def described(place, stream, state):
        nonlocal left
        infos[place] = _stream_info(stream, state)
        left -= 1
        if not left:
            request.answer(responses.stream_list(infos, len(found), offset, offline))

    for place, stream in enumerate(part):
        stream.describe(lambda state, place=place, stream=stream: described(place, stream, state))


def _listed(request, asked):
    """Return the streams that a listing is about, by name."""
    wanted = asked.subject.encode()
    streams = request.streams.streams
    return [
        streams[name]
        for name in sorted(streams)
        if not wanted
        or any(overlaps(wanted, subject.encode()) for subject in streams[name].config.subjects)
    ]


def _stream_info(stream, state, *, with_domain=True, leader=""):
    return responses.stream_info(
        stream.config,
        stream.created_ns,
        state,
        stream.clock.now(),
        stream.host.domain if with_domain else "",
        leader=leader,
    )


def _answer_info(
    request, stream, encode, *, subjects=None, deleted=False, with_domain=True, leader=""
):
    """Answer with what the stream is now."""

    def answer(state):
        described = _stream_info(stream, state, with_domain=with_domain, leader=leader)
        request.answer(encode(described))

    stream.describe(answer, subjects=subjects, deleted=deleted)

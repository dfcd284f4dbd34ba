"""CONSUMER.* of the JetStream API; pull requests go to the consumer itself."""

from msgspec.structs import replace

from headwater.base import gojson, ids
from headwater.base.limits import NEXT_SEQUENCE_MAX
from headwater.jetstream import api_errors, consumer_check, responses
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_config import DeliverPolicy, decode_create_request
from headwater.jetstream.requests import (
    ConsumerListRequest,
    check_empty,
    read_optional,
    read_pause,
    read_reset,
    read_unpin,
)
from headwater.jetstream.responses import LIST_MAX, Kind
from headwater.wire import headers

_SUFFIX_BYTES = 8
_IDENTITY = b"Nats-Stream-Identity"


def limits_of(streams):
    """Return what the server and the account allow a consumer."""
    return consumer_check.ConsumerLimits(
        server_max_ack_pending=streams.options.limits.ack_pending_max,
        account_max_ack_pending=streams.limits.ack_pending_max,
        max_request_batch=streams.options.limits.request_batch_max,
        max_consumers=streams.limits.consumers_max,
    )


def create(request):
    """CONSUMER.CREATE and CONSUMER.DURABLE.CREATE."""
    tokens = request.tokens[1:]
    asked = decode_create_request(request.body, strict=request.strict)
    stream_name = tokens[2] if tokens[0] == "DURABLE" else tokens[1]
    if asked.stream_name != stream_name:
        raise JetStreamError(api_errors.STREAM_MISMATCH)
    config = consumer_check.named_by_subject(asked, tokens)
    stream = request.stream(stream_name)
    identity = stream.identity if config.direct or config.sourcing else b""
    if identity and headers.value_of(request.headers, _IDENTITY) not in (None, b"", identity):
        raise JetStreamError(api_errors.CONSUMER_STREAM_IDENTITY_MISMATCH, msg=identity.decode())
    suffix = ids.random_id(request.streams.rng, _SUFFIX_BYTES).decode()
    config = consumer_check.for_sourcing(config, stream.config, suffix)
    unnamed = not config.name and not config.durable_name
    if not config.name:
        config = replace(config, name=config.durable_name or suffix)
    existing = stream.consumers.get(config.name)
    others = [other.config for other in stream.consumers.values() if other is not existing]

    def answer(consumer, error):
        if error is not None:
            request.refuse(api_errors.CONSUMER_STORE_FAILED.filled(err=error))
        else:
            request.answer(
                responses.consumer_created(consumer.info()),
                headers.block([(_IDENTITY, identity)]) if identity else b"",
            )

    if existing is not None:
        bound = existing.config.is_push and existing.target.active
        checked = consumer_check.check_update(
            existing.config,
            config,
            stream.config,
            others,
            limits_of(request.streams),
            action=asked.action,
            is_bound=bound,
            pedantic=asked.pedantic,
        )
        if checked == existing.config:
            answer(existing, None)
        else:
            pauses = checked.pause_until_ns != existing.config.pause_until_ns
            stream.consumers.change(existing, checked, answer)
            if pauses or existing.delivery.paused:
                existing.advise_pause()
        return
    config = consumer_check.check_new(
        config,
        stream.config,
        others,
        limits_of(request.streams),
        action=asked.action,
        pedantic=asked.pedantic,
    )

    def created(consumer, error):
        if error is None:
            stream.consumers.advise(consumer, "CREATED", "consumer_action", {"action": "create"})
        answer(consumer, error)

    stream.consumers.make(config, created, unnamed=unnamed)


def info(request):
    """CONSUMER.INFO."""
    check_empty(request.body)
    _, consumer = _consumer(request, 2)
    request.answer(responses.consumer_described(consumer.info()))


def delete(request):
    """CONSUMER.DELETE."""
    check_empty(request.body)
    stream, consumer = _consumer(request, 2)

    def deleted(error):
        if error is not None:
            request.refuse(api_errors.CONSUMER_STORE_FAILED.filled(err=error))
            return
        stream.consumers.advise(consumer, "DELETED", "consumer_action", {"action": "delete"})
        request.answer(responses.success(Kind.CONSUMER_DELETE))

    stream.consumers.remove(consumer, deleted)


def names(request):
    """CONSUMER.NAMES."""
    asked = read_optional(ConsumerListRequest, request.body, strict=request.strict)
    found = [consumer.name for consumer in _listed(request)[1]]
    request.answer(responses.consumer_names(found, asked.offset))


def listing(request):
    """CONSUMER.LIST."""
    asked = read_optional(ConsumerListRequest, request.body, strict=request.strict)
    stream, found = _listed(request)
    offset = min(max(asked.offset, 0), len(found))
    page = found[offset : offset + LIST_MAX]
    if stream.offline:
        missing = [consumer.name for consumer in page]
        offline = {consumer.name: consumer.offline for consumer in page if consumer.offline}
        answer = responses.consumer_list([], len(found), offset, missing, offline)
    else:
        answer = responses.consumer_list([consumer.info() for consumer in page], len(found), offset)
    request.answer(answer)


def pause(request):
    """CONSUMER.PAUSE."""
    asked = read_pause(request.body, strict=request.strict)
    stream, consumer = _consumer(request, 2)
    until_ns = asked.pause_until_ns
    now_ns = stream.clock.now()
    is_resumed = until_ns == gojson.ZERO_TIME_NS
    config = replace(consumer.config, pause_until=None if is_resumed else asked.pause_until)
    changes = config.pause_until_ns != consumer.config.pause_until_ns
    config = consumer_check.with_required_level(config)

    def done(_, error):
        if error is not None:
            request.refuse(api_errors.CONSUMER_STORE_FAILED.filled(err=error))
            return
        if changes:
            consumer.advise_pause()
        request.answer(responses.consumer_paused(until_ns, now_ns))

    stream.consumers.change(consumer, config, done)


def reset(request):
    """CONSUMER.RESET."""
    asked = read_reset(request.body)
    stream, consumer = _consumer(request, 2)
    if not asked.seq:
        consumer.delivery.state.settle()
        _reset_behind(request, stream, consumer, consumer.delivery.state.stream_floor)
        return
    sequence = min(asked.seq, NEXT_SEQUENCE_MAX)
    policy = consumer.config.deliver_policy
    if policy == DeliverPolicy.BY_START_SEQUENCE:
        if sequence < consumer.config.opt_start_seq:
            raise _invalid_reset("below start seq")
    elif policy == DeliverPolicy.BY_START_TIME:
        _reset_by_time(request, stream, consumer, sequence)
        return
    elif policy != DeliverPolicy.ALL:
        raise _invalid_reset("not allowed")
    _reset_behind(request, stream, consumer, sequence - 1)


def _reset_by_time(request, stream, consumer, sequence):
    """Reset a consumer that may have nothing of before a time."""
    index = stream.store.index
    if sequence < index.first_sequence:
        raise _invalid_reset("below start time")

    def found(cached, _error):
        if cached is not None and cached.record.time_ns < consumer.config.opt_start_time_ns:
            request.refuse(_invalid_reset("below start time").error)
        else:
            _reset_behind(request, stream, consumer, sequence - 1)

    stream.store.read(index.next_from(sequence), found)


def _reset_behind(request, stream, consumer, floor):
    body = b""

    def counted():
        nonlocal body
        body = responses.consumer_reset(consumer.info(), floor + 1)

    def done(error):
        if error is not None:
            request.refuse(api_errors.CONSUMER_STORE_FAILED.filled(err=error))
        else:
            request.answer(body)

    stream.consumers.reset(consumer, floor, counted, done)


def _invalid_reset(reason):
    return JetStreamError(api_errors.CONSUMER_INVALID_RESET, err=reason)


def unpin(request):
    """CONSUMER.UNPIN."""
    asked = read_unpin(request.body)
    _, consumer = _consumer(request, 2)
    if asked.group not in consumer.config.priority_groups:
        raise JetStreamError(api_errors.CONSUMER_INVALID_PRIORITY_GROUP)
    consumer.target.pin.clear(asked.group, "admin")
    request.answer(responses.consumer_unpinned())


def _consumer(request, place):
    stream = request.stream_or_files(request.tokens[place])
    consumer = stream.consumers.get(request.tokens[place + 1])
    if consumer is None:
        raise JetStreamError(api_errors.CONSUMER_NOT_FOUND)
    if stream.offline and consumer.offline:
        raise JetStreamError(api_errors.CONSUMER_OFFLINE_REASON, err=consumer.offline)
    return request.stream(stream.name), consumer


def _listed(request):
    """Return a stream, and those of its consumers that are shown, by name."""
    stream = request.stream_or_files(request.tokens[2])
    consumers = stream.consumers
    shown = [consumers[name] for name in sorted(consumers) if not consumers[name].config.direct]
    return stream, shown

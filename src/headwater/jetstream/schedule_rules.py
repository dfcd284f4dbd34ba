"""What the headers of message schedules (ADR-51) must be, and what they ask of the stream.

A schedule is an ordinary message, the only one of its subject, whose headers say when copies of it
go to another subject of the stream.  ``schedules`` sends the copies.
"""

from headwater.jetstream import api_errors
from headwater.jetstream.schedule_times import ZoneError, read_schedule, read_zone
from headwater.store import message_ttl
from headwater.subjects.validate import is_valid_literal, matches
from headwater.wire import headers
from headwater.wire.message import Message

SCHEDULE = b"Nats-Schedule"
TARGET = b"Nats-Schedule-Target"
SOURCE = b"Nats-Schedule-Source"
TTL = b"Nats-Schedule-TTL"
ROLLUP = b"Nats-Schedule-Rollup"
ZONE = b"Nats-Schedule-Time-Zone"
SCHEDULER = b"Nats-Scheduler"
NEXT = b"Nats-Schedule-Next"
PURGE = b"purge"
_ROLLUP = b"Nats-Rollup"


class ScheduleRules:
    """The rules of one stream, for messages that mention schedules in their headers."""

    enabled = True

    def __init__(self, config, now_ns):
        self._now_ns = now_ns  # tells the time
        self._subjects = [subject.encode() for subject in config.subjects]
        self._takes_ttl = config.allow_msg_ttl
        self.firing = False  # whether the message in hand is a copy that the stream sends itself

    def error_of(self, message):
        """Return what is wrong with a message, None if it may be stored."""
        block = message.headers()
        error = self._scheduler_error(message.subject, block)
        if error is not None:
            return error
        text = headers.value_of(block, SCHEDULE)
        zone = headers.value_of(block, ZONE)
        try:
            if text:
                schedule = read_schedule(_text(text), None if zone is None else _text(zone))
                if not schedule.next_after(self._now_ns()):
                    return api_errors.MESSAGE_SCHEDULES_PATTERN_INVALID  # it is never due
            elif zone is not None:
                read_zone(_text(zone))
        except ZoneError:
            return api_errors.MESSAGE_SCHEDULES_TIME_ZONE_INVALID
        except ValueError:
            return api_errors.MESSAGE_SCHEDULES_PATTERN_INVALID
        return self._details_error(message.subject, block) if text else None

    def completed(self, message):
        """Return the message as it is stored: a schedule replaces what its subject had before."""
        block = message.headers()
        if not headers.value_of(block, SCHEDULE) or headers.value_of(block, _ROLLUP):
            return message
        kept = Message()
        block = headers.extended(block, [(_ROLLUP, b"sub")])
        kept.compose(message.subject, message.reply(), block, message.payload())
        return kept

    def ended_by(self, message):
        """Return the subject of the schedule that ends with a message, empty if none does."""
        block = message.headers()
        if headers.value_of(block, NEXT) != PURGE:
            return b""
        return headers.value_of(block, SCHEDULER) or b""

    def _scheduler_error(self, subject, block):
        following = headers.value_of(block, NEXT)
        scheduler = headers.value_of(block, SCHEDULER)
        if self.firing or not (following or scheduler):
            return None
        known = following == PURGE and scheduler and is_valid_literal(scheduler)
        if not known or scheduler == subject or headers.value_of(block, SCHEDULE):
            return api_errors.MESSAGE_SCHEDULES_SCHEDULER_INVALID
        return None if self.enabled else api_errors.MESSAGE_SCHEDULES_DISABLED

    def _details_error(self, subject, block):
        """Return what is wrong with a schedule whose time is right."""
        ttl = headers.value_of(block, TTL)
        if ttl:
            if message_ttl.ttl_seconds(ttl) == message_ttl.INVALID:
                return api_errors.MESSAGE_SCHEDULES_TTL_INVALID
            if not self._takes_ttl:
                return api_errors.MESSAGE_TTL_DISABLED
        rollup = headers.value_of(block, ROLLUP)
        if (rollup and rollup != b"sub") or not _is_sub(headers.value_of(block, _ROLLUP)):
            return api_errors.MESSAGE_SCHEDULES_ROLLUP_INVALID
        target = headers.value_of(block, TARGET) or b""
        if target == subject or not self._is_own(target):
            return api_errors.MESSAGE_SCHEDULES_TARGET_INVALID
        source = headers.value_of(block, SOURCE)
        if source and (source in (subject, target) or not self._is_own(source)):
            return api_errors.MESSAGE_SCHEDULES_SOURCE_INVALID
        return None

    def _is_own(self, subject):
        return is_valid_literal(subject) and any(matches(own, subject) for own in self._subjects)


class NoSchedules(ScheduleRules):
    """The rules of a stream that takes no schedules."""

    enabled = False

    def __init__(self):
        self.firing = False

    def error_of(self, message):
        block = message.headers()
        error = self._scheduler_error(message.subject, block)
        if error is None and (headers.value_of(block, SCHEDULE) or not _has_zone(block)):
            error = api_errors.MESSAGE_SCHEDULES_DISABLED
        return error

    def ended_by(self, message):
        return b""


NO_SCHEDULES: ScheduleRules = NoSchedules()


def _is_sub(rollup):
    return not rollup or rollup.lower() == b"sub"


def _has_zone(block):
    """Tell whether the time zone that a message names, if any, exists."""
    zone = headers.value_of(block, ZONE)
    try:
        if zone is not None:
            read_zone(_text(zone))
    except ZoneError:
        return False
    return True


def _text(data):
    return data.decode("utf-8", "replace")

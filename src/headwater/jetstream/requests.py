"""Bodies of API requests: how they are read, and those that are not configurations.

nats-server reads them with Go's decoder: keys match in any case, ``null`` leaves a field as it was,
the last of two equal keys wins, and an unknown field refuses the whole request.  ``read_body`` does
the same for a structure and names the same place in its error.  Nothing but ``JetStreamError``
comes out, whatever the bytes; their number is bounded by the server's maximum payload.
"""

import enum
import functools
import json
import re
import types
import typing
from typing import Annotated, Any

import msgspec

from headwater.base import gojson
from headwater.jetstream import api_errors
from headwater.jetstream.api_error import JetStreamError
from headwater.wire import headers

_ENDED = "unexpected end of JSON input"
_OFFSET = re.compile(r" at offset (\d+)$")
# What a priority group may be called.
GROUP_NAME = re.compile(r"[a-zA-Z0-9/_=-]{1,16}")
_INT64 = 2**63
_LEVEL_HEADER = b"Nats-Required-Api-Level"
_LEVEL_NONE_HAS = 2**31


def _whole(go_name: str, low: int, high: int) -> msgspec.Meta:
    extra = {"go": go_name, "low": low, "high": high}
    if high >= _INT64:  # beyond what msgspec can check by itself
        return msgspec.Meta(extra=extra)
    return msgspec.Meta(ge=low, le=high, extra=extra)


Int = Annotated[int, _whole("int", -_INT64, _INT64 - 1)]
Int32 = Annotated[int, _whole("int32", -(2**31), 2**31 - 1)]
Int64 = Annotated[int, _whole("int64", -_INT64, _INT64 - 1)]
UInt64 = Annotated[int, _whole("uint64", 0, 2 * _INT64 - 1)]
DurationNs = Annotated[int, _whole("time.Duration", -_INT64, _INT64 - 1)]
TimeText = Annotated[str, msgspec.Meta(extra={"go": "time"})]

_S = typing.TypeVar("_S", bound=msgspec.Struct)


def always(value: Any, name: str | None = None) -> Any:
    """Return a field that is printed even if it holds its default, as Go's without omitempty."""
    return msgspec.field(default_factory=lambda: value, name=name)


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A JSON object of the API; ``go_name`` is what error texts call its type."""

    go_name: typing.ClassVar[str] = ""


class _Number(str):
    """The text of a number that is not an integer."""

    __slots__ = ()


class _Mismatch(Exception):
    """A value does not fit its field; reading goes on, and the first one is reported."""


# Where the decoder found something that cannot stand there.
_AT_BYTE = re.compile(
    r"(invalid character|trailing characters|trailing comma in \w+|object keys must be strings)"
    r" \(byte (\d+)\)"
)
_decoder = msgspec.json.Decoder(float_hook=_Number)
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def read_body(kind: type[_S], body: bytes, *, strict: bool = True) -> _S:
    """Return the structure that ``body`` holds; an empty body gives the one with all defaults.

    Raises:
        JetStreamError: ``body`` is not JSON, a value does not fit, or, if ``strict``, a field is
            unknown.
    """
    if is_blank(body):
        return kind()
    root = getattr(kind, "go_name", "") or kind.__name__
    value = _parse(body)
    reader = _Reader(root, strict=strict)
    try:
        result = reader.structure(kind, value, "")
    except _Mismatch as error:
        raise JetStreamError(api_errors.INVALID_JSON, err=error) from None
    if reader.first_error:
        raise JetStreamError(api_errors.INVALID_JSON, err=reader.first_error)
    return typing.cast(_S, result)


def _parse(body: bytes) -> Any:
    """Return the value of JSON text; bytes that are not UTF-8 become the replacement character."""
    try:
        try:
            return _decoder.decode(body)
        except UnicodeDecodeError:
            return _decoder.decode(body.decode("utf-8", "replace"))
    except RecursionError:
        reason = "exceeded max depth"
    except (msgspec.MsgspecError, ValueError) as error:
        reason = _syntax_error(str(error), body)
    raise JetStreamError(api_errors.INVALID_JSON, err=reason)


def _syntax_error(reason: str, body: bytes) -> str:
    """Return the reason why ``body`` is not JSON, in nats-server's words where they are known."""
    if reason == "Input data was truncated":
        return "unexpected EOF"
    match = _AT_BYTE.search(reason)
    if match is None:
        return reason.removeprefix("JSON is malformed: ")
    at = int(match[2]) - match[1].startswith("trailing characters")
    wanted = "object key string" if "object" in match[1] else "value"
    character = body[at : at + 1].decode("latin-1")
    return f"invalid character '{character}' looking for beginning of {wanted} at offset {at + 1}"


class _Reader:
    """Walks a parsed body along the fields of its structure."""

    def __init__(self, root: str, *, strict: bool) -> None:
        self.first_error = ""
        self._root = root
        self._strict = strict

    def structure(self, kind: type, value: Any, path: str) -> Any:
        """Return ``value`` as a structure of ``kind``."""
        if value is None:
            return kind()
        if not isinstance(value, dict):
            raise _Mismatch(self._mismatch(value, path, _go_type(kind)))
        found = {}
        fields = _fields(kind)
        for key, item in value.items():
            entry = fields.get(key) or fields.get(key.lower())
            if entry is None:
                if self._strict:
                    self._keep(f"json: unknown field {quoted(key)}")
                continue
            attribute, wanted, name = entry
            try:
                result = self._value(wanted, item, f"{path}.{name}")
            except _Mismatch as error:
                self._keep(str(error))
                continue
            if item is not None or result is not None:
                found[attribute] = result
        return kind(**found)

    def _value(self, wanted: Any, value: Any, path: str) -> Any:
        """Return ``value`` as the type ``wanted``; None means that the field keeps its default."""
        if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
            return _member(wanted, value)
        if value is None:
            return None
        origin = typing.get_origin(wanted)
        if origin is Annotated:
            return self._annotated(wanted, value, path)
        if origin is tuple:
            return self._sequence(wanted, value, path)
        if origin is dict:
            return self._strings(wanted, value, path)
        if issubclass(wanted, msgspec.Struct):
            return self.structure(wanted, value, path)
        if not isinstance(value, wanted) or isinstance(value, _Number):
            raise _Mismatch(self._mismatch(value, path, _go_type(wanted)))
        return value

    def _annotated(self, wanted: Any, value: Any, path: str) -> Any:
        extra = wanted.__metadata__[0].extra
        if extra["go"] == "time":
            if not isinstance(value, str) or isinstance(value, _Number):
                raise _Mismatch(self._mismatch(value, path, "time.Time"))
            return _time(value)
        if isinstance(value, (int, _Number)) and not isinstance(value, bool):
            if isinstance(value, _Number) or not extra["low"] <= value <= extra["high"]:
                literal = f"number {value}"
                raise _Mismatch(self._mismatch(value, path, extra["go"], literal))
            return value
        raise _Mismatch(self._mismatch(value, path, extra["go"]))

    def _sequence(self, wanted: Any, value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise _Mismatch(self._mismatch(value, path, _go_type(wanted)))
        item_type = typing.get_args(wanted)[0]
        items = []
        for index, item in enumerate(value):
            result = self._value(item_type, item, f"{path}.{index}")
            items.append(_zero(item_type) if result is None else result)
        return tuple(items)

    def _strings(self, wanted: Any, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _Mismatch(self._mismatch(value, path, _go_type(wanted)))
        return {key: self._value(str, item, f"{path}.{key}") or "" for key, item in value.items()}

    def _keep(self, text: str) -> None:
        self.first_error = self.first_error or text

    def _mismatch(self, value: Any, path: str, go_type: str, literal: str = "") -> str:
        what = literal or json_kind(value)
        if not path:
            return f"json: cannot unmarshal {what} into Go value of type {go_type}"
        # An element of a list is named without these words: so does the decoder.
        words = "" if path.rpartition(".")[2].isdigit() else "Go struct field "
        return f"json: cannot unmarshal {what} into {words}{self._root}{path} of type {go_type}"


@functools.cache
def _fields(kind: type) -> dict[str, tuple[str, Any, str]]:
    """Return the fields by wire name: attribute, type without None, wire name."""
    table = {}
    for field in msgspec.structs.fields(kind):
        wanted = field.type
        if isinstance(wanted, types.UnionType) or typing.get_origin(wanted) is typing.Union:
            wanted = next(arg for arg in typing.get_args(wanted) if arg is not type(None))
        table[field.encode_name] = (field.name, wanted, field.encode_name)
    return table


def _member(kind: type[enum.Enum], value: Any) -> enum.Enum:
    """Return the member of an enumeration; each may have spellings and an error of its own."""
    spelled = getattr(kind, "spelled", None)
    try:
        return kind(value if spelled is None else spelled(value))
    except ValueError:
        literal = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    refusal = getattr(kind, "refusal", None)
    if refusal is not None:
        raise _Mismatch(refusal(value, literal))
    raise _Mismatch(f"can not unmarshal {quoted(literal)}")


def _time(value: str) -> str:
    """Return an RFC 3339 time as Go prints it again."""
    match = _DATE.fullmatch(value)
    if match is None:
        layout = '"2006-01-02T15:04:05Z07:00"'
        text = quoted(value)
        raise _Mismatch(f'parsing time {text} as {layout}: cannot parse {text} as "2006"')
    date, fraction, zone = match.groups()
    fraction = (fraction or "").replace(",", ".")[:10].rstrip("0").rstrip(".")
    text = date + fraction + ("Z" if zone in ("Z", "+00:00", "-00:00") else zone)
    try:
        gojson.parse_time(text)
    except (ValueError, OverflowError):
        unit = "month" if not 1 <= int(value[5:7]) <= 12 else "day"
        raise _Mismatch(f"parsing time {quoted(value)}: {unit} out of range") from None
    return text


def _zero(wanted: Any) -> Any:
    """Return what Go leaves in a list for a ``null``."""
    if typing.get_origin(wanted) is Annotated:
        return 0
    return wanted()


def json_kind(value: Any) -> str:
    """Return what error texts call the kind of a JSON value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, _Number)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _go_type(wanted: Any) -> str:
    """Return what Go calls a type."""
    origin = typing.get_origin(wanted)
    if origin is Annotated:
        return str(wanted.__metadata__[0].extra["go"])
    if origin is tuple:
        item = typing.get_args(wanted)[0]
        star = "*" if isinstance(item, type) and getattr(item, "go_pointer", False) else ""
        return f"[]{star}{_go_type(item)}"
    if origin is dict:
        return "map[string]string"
    if wanted is str:
        return "string"
    if wanted is bool:
        return "bool"
    return "server." + (getattr(wanted, "go_name", "") or wanted.__name__)


def quoted(text: str) -> str:
    """Return ``text`` in quotes, as error texts show it."""
    return json.dumps(text, ensure_ascii=False)


def duration_text(duration_ns: int) -> str:
    """Return a duration as error texts print it (Go's form: ``2m0s``, ``1.5s``, ``100ms``)."""
    if duration_ns == 0:
        return "0s"
    sign = "-" if duration_ns < 0 else ""
    rest = abs(duration_ns)
    if rest < 1_000_000_000:
        unit, name = next(
            pair for pair in ((1_000_000, "ms"), (1_000, "µs"), (1, "ns")) if rest >= pair[0]
        )
        return f"{sign}{_decimal(rest, unit)}{name}"
    minutes, rest = divmod(rest, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{text}{_decimal(rest, 1_000_000_000)}s"


def _decimal(value: int, unit: int) -> str:
    whole, part = divmod(value, unit)
    return f"{whole}.{part:0{len(str(unit)) - 1}d}".rstrip("0") if part else str(whole)


def is_blank(body: bytes) -> bool:
    """Tell whether ``body`` holds nothing at all."""
    return not body.strip(b" \t\r\n")


def is_empty(body: bytes) -> bool:
    """Tell whether a request that needs no body has none: nothing, or an empty object."""
    if not body or body == b"{}":
        return True
    try:
        return bool(_decoder.decode(body) == {})
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


class StreamInfoRequest(Body, frozen=True):
    """STREAM.INFO: which details to add, and from which subject on."""

    go_name = "JSApiStreamInfoRequest"

    offset: Int = always(0)
    deleted_details: bool = False
    subjects_filter: str = ""


class StreamListRequest(Body, frozen=True):
    """STREAM.LIST and STREAM.NAMES: a page, and the subject that streams must overlap."""

    go_name = "JSApiStreamListRequest"

    offset: Int = always(0)
    subject: str = ""


class ConsumerListRequest(Body, frozen=True):
    """CONSUMER.LIST and CONSUMER.NAMES: a page."""

    go_name = "JSApiConsumersRequest"

    offset: Int = always(0)


class PurgeRequest(Body, frozen=True):
    """STREAM.PURGE: below ``seq``, or all but the newest ``keep``; of ``filter`` only."""

    go_name = "JSApiStreamPurgeRequest"

    seq: UInt64 = 0
    filter: str = ""
    keep: UInt64 = 0


class SnapshotRequest(Body, frozen=True):
    """STREAM.SNAPSHOT: where it goes, without consumers or with, and in what portions."""

    go_name = "JSApiStreamSnapshotRequest"

    deliver_subject: str = always("")
    no_consumers: bool = False
    chunk_size: Int = 0
    window_size: Int = 0
    jsck: bool = False


class MessageGetRequest(Body, frozen=True):
    """STREAM.MSG.GET and DIRECT.GET; times are RFC 3339."""

    go_name = "JSApiMsgGetRequest"

    seq: UInt64 = 0
    last_by_subj: str = ""
    next_by_subj: str = ""
    batch: Int = 0
    max_bytes: Int = 0
    start_time: TimeText | None = None
    multi_last: tuple[str, ...] = ()
    up_to_seq: UInt64 = 0
    up_to_time: TimeText | None = None
    no_hdr: bool = False

    @property
    def start_time_ns(self) -> int | None:
        return None if self.start_time is None else gojson.parse_time(self.start_time)

    @property
    def up_to_time_ns(self) -> int | None:
        return None if self.up_to_time is None else gojson.parse_time(self.up_to_time)


class MessageDeleteRequest(Body, frozen=True):
    """STREAM.MSG.DELETE: the bytes are overwritten unless ``no_erase``."""

    go_name = "JSApiMsgDeleteRequest"

    seq: UInt64 = always(0)
    no_erase: bool = False


class NextRequest(Body, frozen=True):
    """CONSUMER.MSG.NEXT: what a pull consumer's client asks for; durations in nanoseconds."""

    go_name = "JSApiConsumerGetNextRequest"
    is_bare = False

    expires_ns: DurationNs = msgspec.field(default=0, name="expires")
    batch: Int = 0
    max_bytes: Int = 0
    no_wait: bool = False
    idle_heartbeat_ns: DurationNs = msgspec.field(default=0, name="idle_heartbeat")
    group: str = ""
    min_pending: Int64 = 0
    min_ack_pending: Int64 = 0
    id: str = ""
    priority: Int = 0


class BareNext(NextRequest, frozen=True):
    """One that is no object, and needs to name no group."""

    is_bare = True


_next_decoder = msgspec.json.Decoder(NextRequest)


class PauseRequest(Body, frozen=True):
    """CONSUMER.PAUSE: until when nothing is delivered; None resumes."""

    go_name = "JSApiConsumerPauseRequest"

    pause_until: TimeText | None = None

    @property
    def pause_until_ns(self) -> int:
        return (
            gojson.ZERO_TIME_NS if self.pause_until is None else gojson.parse_time(self.pause_until)
        )


class ResetRequest(Body, frozen=True):
    """CONSUMER.RESET: the sequence to start from again; 0 is the one after the ack floor."""

    go_name = "JSApiConsumerResetRequest"

    seq: UInt64 = 0


class UnpinRequest(Body, frozen=True):
    """CONSUMER.UNPIN: the priority group that is to get another pinned client."""

    go_name = "JSApiConsumerUnpinRequest"

    group: str = always("")


def read_optional(kind: type[_S], body: bytes, *, strict: bool = True) -> _S:
    """Return the structure in ``body``, all defaults if that is not even meant as JSON.

    INFO, NAMES, LIST and PAUSE read theirs so.

    Raises:
        JetStreamError: ``body`` begins like an object or a list but does not fit.
    """
    if body.lstrip(b" \t\r\n")[:1] in (b"{", b"["):
        return read_body(kind, body, strict=strict)
    return kind()


def check_empty(body: bytes) -> None:
    """Check the body of a request that takes none.

    Raises:
        JetStreamError: there is one.
    """
    if not is_empty(body):
        raise JetStreamError(api_errors.NOT_EMPTY_REQUEST)


def read_purge(body: bytes, *, strict: bool = True) -> PurgeRequest:
    """Return a purge request; a body that is not an object asks for everything.

    Raises:
        JetStreamError: not JSON, or ``seq`` and ``keep`` together.
    """
    request = read_optional(PurgeRequest, body, strict=strict)
    if request.seq and request.keep:
        raise JetStreamError(api_errors.BAD_REQUEST)
    return request


def read_message_get(body: bytes, *, strict: bool = True) -> MessageGetRequest:
    """Return a request of STREAM.MSG.GET.

    Raises:
        JetStreamError: not JSON, nothing asked for, or a combination that makes no sense.
    """
    if is_empty(body):
        raise JetStreamError(api_errors.BAD_REQUEST)
    request = read_body(MessageGetRequest, body, strict=strict)
    if request.batch > 0 or request.max_bytes > 0 or not _names_one_place(request):
        raise JetStreamError(api_errors.BAD_REQUEST)
    return request


def _names_one_place(request: MessageGetRequest) -> bool:
    """Tell whether exactly one way to find a message is given; ``next_by_subj`` may join two."""
    starts = (request.seq > 0) + (request.start_time is not None) + bool(request.last_by_subj)
    if request.last_by_subj and request.next_by_subj:
        return False
    return starts == 1 or (starts == 0 and bool(request.next_by_subj))


def read_message_delete(body: bytes, *, strict: bool = True) -> MessageDeleteRequest:
    """Return a request of STREAM.MSG.DELETE.

    Raises:
        JetStreamError: an empty body, or not JSON.
    """
    if is_empty(body):
        raise JetStreamError(api_errors.BAD_REQUEST)
    return read_body(MessageDeleteRequest, body, strict=strict)


def read_direct_get(body: bytes) -> MessageGetRequest:
    """Return a request of DIRECT.GET; unknown fields are let through.

    Raises:
        ValueError: with the status text that answers it (``408`` goes before).
    """
    if not body:
        raise ValueError("Empty Request")
    try:
        request = read_body(MessageGetRequest, body, strict=False)
    except JetStreamError:
        raise ValueError("Malformed Request") from None
    by_subject = bool(request.last_by_subj)
    by_time = request.start_time is not None
    several = bool(request.multi_last)
    if not (request.seq or by_subject or request.next_by_subj or several or by_time):
        raise ValueError("Empty Request")
    conflicts = (
        (request.seq and (by_subject or by_time))
        or (by_subject and (by_time or request.next_by_subj or request.batch > 0 or several))
        or (request.next_by_subj and several)
        or (request.up_to_seq and request.up_to_time is not None)
    )
    if conflicts:
        raise ValueError("Bad Request")
    return request


def read_next(body: bytes) -> NextRequest:
    """Return a pull request: an object, a plain number of messages, or nothing for one message.

    Raises:
        ValueError: the reason that goes into the ``400 Bad Request`` status.
    """
    text = body.strip()
    if not text.startswith(b"{"):
        return BareNext(batch=_plain_count(text))
    request = _read_plain_next(text)
    if request is None:
        try:
            request = read_lenient(NextRequest, text)
        except JetStreamError as error:
            raise ValueError(str(error).removeprefix("invalid JSON: ")) from None
    if request.idle_heartbeat_ns > 0 and request.idle_heartbeat_ns * 2 > request.expires_ns:
        raise ValueError("heartbeat value too large")
    return request


def _read_plain_next(text: bytes) -> NextRequest | None:
    """Return an ordinary pull request, read at a tenth of the cost; None if it is unusual.

    Without capitals there are no keys whose case would have to be looked at.
    """
    if text != text.lower():
        return None
    try:
        return _next_decoder.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _plain_count(text: bytes) -> int:
    """Return the number that ``text`` is, else 1: what is no number asks for one message."""
    if re.fullmatch(rb"[+-]?[0-9]{1,19}", text) is None:
        return 1
    count = int(text)
    return count if -_INT64 <= count < _INT64 else 1


def read_pause(body: bytes, *, strict: bool = True) -> PauseRequest:
    """Return a request of CONSUMER.PAUSE; a body that is not an object resumes.

    Raises:
        JetStreamError: not JSON.
    """
    return read_optional(PauseRequest, body, strict=strict)


def required_level(message: Any) -> int:
    """Return the API level that the headers of a Message ask for; more than any for nonsense."""
    if not message.header_size:
        return 0
    block = message.headers()
    value = headers.find_value(memoryview(block), 0, len(block), _LEVEL_HEADER)
    if not value:
        return 0
    return int(value) if value.isdigit() and len(value) < 10 else _LEVEL_NONE_HAS


def read_reset(body: bytes) -> ResetRequest:
    """Return a request of CONSUMER.RESET; unknown fields are let through.

    Raises:
        JetStreamError: not JSON.
    """
    return read_lenient(ResetRequest, body) if body else ResetRequest()


def read_lenient(kind: type[_S], body: bytes) -> _S:
    """Return the structure in ``body``; unknown fields are let through.

    Such requests are read by another of Go's functions, which says otherwise what is wrong.

    Raises:
        JetStreamError: not JSON, or a value does not fit.
    """
    if is_blank(body):
        raise JetStreamError(api_errors.INVALID_JSON, err=_ENDED)
    try:
        return read_body(kind, body, strict=False)
    except JetStreamError as error:
        reason = str(error).removeprefix("invalid JSON: ").replace("unexpected EOF", _ENDED)
        place = _OFFSET.search(reason)
        if place is not None:
            reason = reason[: place.start()]
            if _is_json(body[: int(place[1]) - 1]):
                reason = reason.replace("looking for beginning of value", "after top-level value")
        raise JetStreamError(api_errors.INVALID_JSON, err=reason) from None


def _is_json(text: bytes) -> bool:
    try:
        _parse(text)
    except JetStreamError:
        return False
    return True


def read_unpin(body: bytes) -> UnpinRequest:
    """Return a request of CONSUMER.UNPIN; unknown fields are let through.

    Raises:
        JetStreamError: not JSON, or no valid group is named.
    """
    request = read_lenient(UnpinRequest, body)
    if not request.group:
        raise JetStreamError(api_errors.INVALID_JSON, err="consumer group not specified")
    if GROUP_NAME.fullmatch(request.group) is None:
        raise JetStreamError(api_errors.CONSUMER_INVALID_GROUP_NAME)
    return request

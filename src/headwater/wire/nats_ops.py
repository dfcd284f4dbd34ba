"""The rare operations of the NATS protocol as values: CONNECT, INFO, and the fixed lines."""

import json
import re

import msgspec

from headwater.base.errors import ProtocolError

PING = b"PING\r\n"
PONG = b"PONG\r\n"
OK = b"+OK\r\n"


class Connect(msgspec.Struct, forbid_unknown_fields=True):
    """What a client says of itself; the defaults are what a missing key means (P009)."""

    verbose: bool = True
    pedantic: bool = True
    echo: bool = True
    headers: bool = False
    no_responders: bool = False
    tls_required: bool = False
    protocol: int = 0
    name: str = ""
    lang: str = ""
    version: str = ""
    user: str = ""
    password: str = msgspec.field(default="", name="pass")
    auth_token: str = ""
    nkey: str = ""
    jwt: str = ""
    sig: str = ""
    proxy_sig: str = ""
    account: str = ""
    new_account: bool = False

    def __repr__(self) -> str:
        # Credentials must not reach a log by way of a traceback or a debug line.
        return f"Connect(name={self.name!r}, lang={self.lang!r}, user={self.user!r})"


# What an ordinary client says is decoded in one go; the fields of others are looked at one by one.
_connect_decoder = msgspec.json.Decoder(Connect)
_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Connect)}
_SURROGATES = re.compile("[\ud800-\udfff]")
_GAPS = re.compile(rb"[ \t\r\n]+")


def decode_connect(arguments: bytes, earlier: Connect | None = None) -> Connect:
    """Return the CONNECT that ``arguments`` are; keys that are missing stay as in ``earlier``.

    Raises:
        ProtocolError: they are no JSON object of the right types; nats-server closes in silence.
    """
    if earlier is None:
        try:
            connect = _connect_decoder.decode(arguments)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            if _is_int64(connect.protocol):
                return connect
    return msgspec.structs.replace(earlier or Connect(), **_connect_fields(arguments))


def _connect_fields(arguments: bytes) -> dict[str, object]:
    """Return the attributes that ``arguments`` give values to, as lenient as Go's decoder.

    There a key may be in any case, null is nothing, and what is no UTF-8 is a replacement sign.
    Of equal keys the last one counts, but each has to have a value of the right type.
    """
    fields = {}
    for name, value in _object(arguments):
        field = _FIELDS.get(name.lower())
        if field is None or value is None:
            continue
        if type(value) is not field.type or (type(value) is int and not _is_int64(value)):
            raise ProtocolError(f"bad CONNECT: type of {field.encode_name}")
        fields[field.name] = _SURROGATES.sub("\ufffd", value) if type(value) is str else value
    return fields


def check_info(arguments: bytes) -> None:
    """See that an INFO from a client, which means nothing, is at least JSON.

    Raises:
        ProtocolError: it is no object.
    """
    _object(arguments)


class _Pairs(list):
    """The keys of an object with their values, in their order."""


def _object(arguments: bytes) -> _Pairs:
    text = arguments.decode("utf-8", "replace")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("no JSON") from error
    if value is not None and not isinstance(value, _Pairs):
        raise ProtocolError("no JSON object")
    return value or _Pairs()


def _is_int64(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def words(arguments: bytes) -> list[bytes]:
    """Return the words of a line; only blanks, tabs and what ends lines stands between them."""
    return [word for word in _GAPS.split(arguments) if word]


def error_line(text: str) -> bytes:
    """Return the ``-ERR`` line that tells a peer ``text``."""
    return f"-ERR '{text}'\r\n".encode()


def quoted(text: str) -> str:
    """Return a peer's words as they may stand in a log: in quotes, control characters escaped."""
    return msgspec.json.encode(text).decode()


def info_line(fields: dict) -> bytes:
    """Return the INFO line of ``fields``; a blank stands before its end, as nats-server's."""
    return b"INFO " + msgspec.json.encode(fields) + b" \r\n"

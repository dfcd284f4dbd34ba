"""The operations of a leaf link that are rare: the hub's INFO, our CONNECT, and interest lines."""

from typing import Annotated

import msgspec

from headwater.base import gojson
from headwater.base.errors import ProtocolError

# How many addresses of a hub are worth remembering; a real cluster has far fewer.
URLS_MAX = 256
_TEXT_CHARACTERS_MAX = 256


_Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class SubjectRules(msgspec.Struct):
    """One direction of what a hub lets us do; ``allow`` is None for everything."""

    allow: list[str] | None = None
    deny: list[str] | None = None


class LeafInfo(msgspec.Struct):
    """What a hub says of itself; every key may be missing."""

    server_id: str = ""
    server_name: str = ""
    version: str = ""
    proto: int = 0
    client_id: int = 0
    client_ip: str = ""
    headers: bool = False
    max_payload: _Int32 = 0  # 0 when it did not say
    jetstream: bool = False
    domain: str = ""
    cluster: str = ""
    compression: str = ""
    tls_required: bool = False
    info_on_connect: bool = False
    connect_info: bool = False
    remote_account: str = ""
    ldm: bool = False
    leafnode_urls: list[str] | None = None
    import_: SubjectRules | None = msgspec.field(default=None, name="import")
    export: SubjectRules | None = None


class LeafConnect(msgspec.Struct, omit_defaults=True):
    """What we say of ourselves; keys without a value are left out."""

    version: str = ""
    user: str = ""
    password: str = msgspec.field(default="", name="pass")
    auth_token: str = ""
    server_id: str = ""
    domain: str = ""
    name: str = ""
    is_hub: bool = False
    cluster: str = ""
    headers: bool = False
    jetstream: bool = False
    deny_pub: list[str] = msgspec.field(default_factory=list)
    compress_mode: str = ""
    remote_account: str = ""
    protocol: int = 0

    def __repr__(self) -> str:
        # Credentials must not reach a log by way of a traceback or a debug line.
        return f"LeafConnect(name={self.name!r}, user={self.user!r})"


_info_decoder = msgspec.json.Decoder(LeafInfo)


def decode_info(arguments: bytes) -> LeafInfo:
    """Return the INFO that ``arguments`` are.

    Raises:
        ProtocolError: they are no JSON object of the right types.
    """
    try:
        info = _info_decoder.decode(arguments)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"bad INFO of a hub: {error}") from error
    info.max_payload = max(0, info.max_payload)
    if info.leafnode_urls is not None:
        del info.leafnode_urls[URLS_MAX:]
    return info


def is_leaf_port(info: LeafInfo) -> bool:
    """Tell whether a first INFO comes from a listener for leaf nodes, not for clients or routes.

    Only clients are told their own address, only routes and gateways get no id.  The addresses for
    leaf nodes are no sign: a hub that does not advertise leaves them out.
    """
    return info.client_id != 0 and not info.client_ip


def connect_line(connect: LeafConnect) -> bytes:
    """Return the CONNECT line of a leaf node."""
    return b"CONNECT " + gojson.encode(connect) + b"\r\n"


def subscribe_line(subject: bytes, queue: bytes, weight: int) -> bytes:
    """Return the LS+ line of an interest; ``weight`` counts the members of a queue group."""
    if queue:
        return b"LS+ %s %s %d\r\n" % (subject, queue, weight)
    return b"LS+ %s\r\n" % subject


def unsubscribe_line(subject: bytes, queue: bytes) -> bytes:
    """Return the LS- line of an interest that is gone."""
    return b"LS- %s %s\r\n" % (subject, queue) if queue else b"LS- %s\r\n" % subject


def weight_of(word: bytes) -> int:
    """Return the weight that an LS+ gives to a queue group, at least 1.

    Raises:
        ProtocolError: it is not a number.
    """
    if not word.isdigit() or len(word) > 9:
        raise ProtocolError("bad weight of a queue group")
    return max(1, int(word))


def readable(text: str) -> str:
    """Return ``text`` of a peer fit for a log: nothing unprintable, and short."""
    return "".join(
        letter if letter.isprintable() else "?" for letter in text[:_TEXT_CHARACTERS_MAX]
    )


def error_text(arguments: bytes) -> str:
    """Return the text of an ``-ERR`` line, without its quotes and fit for a log."""
    return readable(arguments.strip(b" '").decode("utf-8", "backslashreplace"))

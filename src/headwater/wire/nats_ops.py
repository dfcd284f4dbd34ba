"""The rare operations of the NATS protocol as values: CONNECT, INFO, and the fixed lines."""

import msgspec

from headwater.base.errors import ProtocolError

PING = b"PING\r\n"
PONG = b"PONG\r\n"
OK = b"+OK\r\n"


class Connect(msgspec.Struct):
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
    account: str = ""
    new_account: bool = False

    def __repr__(self) -> str:
        # Credentials must not reach a log by way of a traceback or a debug line.
        return f"Connect(name={self.name!r}, lang={self.lang!r}, user={self.user!r})"


_connect_decoder = msgspec.json.Decoder(Connect)


def decode_connect(arguments: bytes) -> Connect:
    """Return the CONNECT that ``arguments`` are.

    Raises:
        ProtocolError: they are no JSON object of the right types; nats-server closes in silence.
    """
    try:
        return _connect_decoder.decode(arguments)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"bad CONNECT: {error}") from error


def error_line(text: str) -> bytes:
    """Return the ``-ERR`` line that tells a peer ``text``."""
    return f"-ERR '{text}'\r\n".encode()


def quoted(text: str) -> str:
    """Return a peer's words as they may stand in a log: in quotes, control characters escaped."""
    return msgspec.json.encode(text).decode()


def info_line(fields: dict) -> bytes:
    """Return the INFO line of ``fields``; a blank stands before its end, as nats-server's."""
    return b"INFO " + msgspec.json.encode(fields) + b" \r\n"

"""The command line of the server: nats-server's flags, in the style of Go.

One dash or two, ``-flag value`` or ``-flag=value``; a boolean takes its value only behind ``=``.
What the flags say wins over the configuration file.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.base.errors import ConfigError
from headwater.config import units
from headwater.config.general import server_name
from headwater.config.load import complete, load_fields
from headwater.config.options import CertificateFiles, Options, TlsOptions
from headwater.config.report import Fields
from headwater.config.values import INT32_MAX, PORT_MAX

_TRUE = frozenset(["1", "t", "T", "TRUE", "true", "True"])
_FALSE = frozenset(["0", "f", "F", "FALSE", "false", "False"])
# Go's integers: a base prefix, underscores between digits, a leading zero for octal.
_INTEGER = re.compile(
    r"(?a:[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?[0-9])*))"
)
_INT64_MAX = 2**63 - 1
# In the usage: where the words about a flag start, and short names that take two dashes.
_ABOUT_COLUMN = 40
_TLS_EXAMPLE = 'tls { cert_file: "server.pem", key_file: "server-key.pem" }'
_LONG = frozenset(["net", "pid", "log", "tls"])
_SIGNALS = frozenset(["ldm", "stop", "quit", "term", "reopen", "reload"])


class FlagError(ConfigError):
    """The command line cannot be used.

    ``shows_usage`` tells that the usage belongs behind the text: the line itself is malformed.
    nats-server then leaves with status 0; ``exit_code`` is 2 there, as of other Go programs.
    """

    def __init__(self, text: str, *, shows_usage: bool = False) -> None:
        super().__init__(text)
        self.shows_usage = shows_usage
        self.exit_code = 2 if shows_usage else 1


@dataclass(frozen=True)
class ServerArguments:
    """What the command line asks for; ``options`` are the defaults where it asks for help."""

    options: Options = field(default_factory=Options)
    show_help: bool = False
    show_tls_help: bool = False
    show_version: bool = False
    check_config: bool = False
    signal: str | None = None  # one of ldm, stop, quit, term, reopen, reload
    signal_target: str = ""  # process id, start of one and "*", or a pid file; empty: find it


@dataclass(frozen=True)
class Flag:
    """One flag: its names without dashes, the shortest first, and what the usage says of it.

    ``kind`` is the word for the value in the usage; a boolean has none.
    """

    names: tuple[str, ...]
    kind: str
    about: str
    read: "Callable[[str, str], Any]"


def _text(_name: str, value: str) -> str:
    return value


def _boolean(name: str, value: str) -> bool:
    if value in _TRUE:
        return True
    if value not in _FALSE:
        raise _malformed(f'invalid boolean value "{value}" for -{name}: parse error')
    return False


def _integer(name: str, value: str) -> int:
    if len(value) > 80 or _INTEGER.fullmatch(value) is None:
        raise _malformed(f'invalid value "{value}" for flag -{name}: parse error')
    body = value.lstrip("+-").replace("_", "")
    # int() wants "0o17" where Go takes "017" as well.
    base = 8 if re.fullmatch("0[0-7]+", body) else 0
    number = int(body, base) * (-1 if value[0] == "-" else 1)
    if not -_INT64_MAX - 1 <= number <= _INT64_MAX:
        raise _malformed(f'invalid value "{value}" for flag -{name}: value out of range')
    return number


def _between(low: int, high: int) -> Callable[[str, str], int]:
    def read(name: str, value: str) -> int:
        number = _integer(name, value)
        if not low <= number <= high:
            raise FlagError(f"flag -{name}: {number} is not between {low} and {high}")
        return number

    return read


_port = _between(-1, PORT_MAX)


def _bytes_or_all(name: str, value: str) -> int:
    return max(0, _integer(name, value))


def _server_name(_name: str, value: str) -> str:
    return server_name(value)


def _advertised(name: str, value: str) -> str:
    try:
        units.advertised(value)
    except ValueError as error:
        raise FlagError(f"flag -{name}: {error}") from None
    return value


def _malformed(text: str) -> FlagError:
    return FlagError(text, shows_usage=True)


# Section of the usage -> flags.  The first name keys the table _SETS below.
FLAGS: dict[str, tuple[Flag, ...]] = {
    "Server": (
        Flag(("a", "addr", "net"), "host", "Address to listen on (default: 0.0.0.0)", _text),
        Flag(("p", "port"), "port", "Port for clients, -1 for any (default: 4222)", _port),
        Flag(("n", "name", "server_name"), "name", "Name of the server", _server_name),
        Flag(("P", "pid"), "file", "File that gets the process id", _text),
        Flag(("m", "http_port"), "port", "Port for monitoring over HTTP, -1 for any", _port),
        Flag(("ms", "https_port"), "port", "Port for monitoring over HTTPS, -1 for any", _port),
        Flag(("c", "config"), "file", "Configuration file", _text),
        Flag(("t",), "", "Check the configuration file and leave", _boolean),
        Flag(
            ("sl", "signal"),
            "signal[=pid]",
            "Signal a running server: ldm, stop, quit, term, reopen\n"
            "or reload; pid is a number, the start of one and *, or\n"
            "the path of a pid file; without it, the only server",
            _text,
        ),
        Flag(("client_advertise",), "address", "Address that clients are told", _advertised),
        Flag(("ports_file_dir",), "dir", "Folder that gets a file with the ports in use", _text),
    ),
    "Logging": (
        Flag(("l", "log"), "file", "File for the log", _text),
        Flag(("T", "logtime"), "", "Write times into the log (default: true)", _boolean),
        Flag(("logtime_utc",), "", "Times in UTC, not in the local zone", _boolean),
        Flag(("s", "syslog"), "", "Log to the syslog of this machine", _boolean),
        Flag(("r", "remote_syslog"), "url", "Log to a syslog, such as udp://localhost:514", _text),
        Flag(("D", "debug"), "", "Log debugging output", _boolean),
        Flag(("V", "trace"), "", "Log every protocol line", _boolean),
        Flag(("VV",), "", "Log every protocol line, the system account's too", _boolean),
        Flag(("DV",), "", "-D and -V", _boolean),
        Flag(("DVV",), "", "-D and -VV", _boolean),
        Flag(
            ("log_size_limit",),
            "bytes",
            "Size at which the log file is rotated",
            _between(0, _INT64_MAX),
        ),
        Flag(
            ("max_traced_msg_len",),
            "bytes",
            "What -V shows of a message (default: all)",
            _bytes_or_all,
        ),
    ),
    "JetStream": (
        Flag(("js", "jetstream"), "", "Enable JetStream", _boolean),
        Flag(("sd", "store_dir"), "dir", "Folder of the store", _text),
    ),
    "Authorization": (
        Flag(("user",), "name", "User that clients must give", _text),
        Flag(("pass",), "password", "Password that clients must give", _text),
        Flag(("auth",), "token", "Token that clients must give", _text),
    ),
    "TLS": (
        Flag(("tls",), "", "Require TLS of clients", _boolean),
        Flag(("tlsverify",), "", "Require TLS, and a certificate of every client", _boolean),
        Flag(("tlscert",), "file", "Certificate of the server", _text),
        Flag(("tlskey",), "file", "Private key of the certificate", _text),
        Flag(("tlscacert",), "file", "Certificates of who may sign those of clients", _text),
    ),
    "Limits": (
        Flag(
            ("max_payload",),
            "bytes",
            "Largest message (default: 1048576)",
            _between(0, INT32_MAX),
        ),
    ),
    "Common": (
        Flag(("h", "help"), "", "Show this text", _boolean),
        Flag(("v", "version"), "", "Show the version", _boolean),
        Flag(("help_tls",), "", "Show the names of cipher suites and curves", _boolean),
    ),
}

# Flags of nats-server that change nothing here yet, and do no harm by that.
_IGNORED = (Flag(("profile",), "port", "", _integer),)

# Flags that would promise something which this version cannot keep.
_REFUSED = {
    "a cluster": (
        Flag(("routes",), "urls", "", _text),
        Flag(("cluster",), "url", "", _text),
        Flag(("cluster_listen",), "url", "", _text),
        Flag(("cluster_name",), "name", "", _text),
        Flag(("cluster_advertise",), "url", "", _text),
        Flag(("no_advertise",), "", "", _boolean),
        Flag(("connect_retries",), "number", "", _integer),
    ),
}

_SETS: dict[str, tuple[str, ...]] = {
    "a": ("host",),
    "p": ("port",),
    "n": ("server_name",),
    "P": ("pid_file",),
    "m": ("http_port",),
    "ms": ("https_port",),
    "client_advertise": ("client_advertise",),
    "ports_file_dir": ("ports_file_dir",),
    "l": ("log.file",),
    "T": ("log.time",),
    "logtime_utc": ("log.utc",),
    "s": ("log.syslog",),
    "r": ("log.remote_syslog",),
    "D": ("log.debug",),
    "V": ("log.trace",),
    "VV": ("log.trace", "log.trace_verbose"),
    "DV": ("log.debug", "log.trace"),
    "DVV": ("log.debug", "log.trace", "log.trace_verbose"),
    "log_size_limit": ("log.size_limit",),
    "max_traced_msg_len": ("log.traced_bytes_max",),
    "js": ("jetstream.enabled",),
    "sd": ("jetstream.store_dir",),
    "user": ("authorization.name",),
    "pass": ("authorization.password",),
    "auth": ("authorization.token",),
    "max_payload": ("payload_bytes_max",),
}


def _by_name() -> dict[str, Flag]:
    known = [flag for flags in FLAGS.values() for flag in flags]
    known.extend(_IGNORED)
    known.extend(flag for flags in _REFUSED.values() for flag in flags)
    return {name: flag for flag in known for name in flag.names}


_FLAGS_BY_NAME = _by_name()


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> ServerArguments:
    """Return what ``argv``, without the program's name, asks for.

    The configuration file is read, unless help or the version is all that is wanted.

    Raises:
        FlagError: the command line cannot be used.
        ConfigError: the configuration file cannot be used, or contradicts the flags.
    """
    given, words = _split(argv)
    if given.get("v") or given.get("h") or given.get("help_tls"):
        return ServerArguments(
            show_version=given.get("v", False),
            show_help=given.get("h", False),
            show_tls_help=given.get("help_tls", False),
        )
    if words:
        return _command(words[0])
    if given.get("sl"):
        signal, target = _signal(given["sl"])
        return ServerArguments(signal=signal, signal_target=target)
    ignored = _promises(given)
    path = given.get("c", "")
    if given.get("t") and not path:
        raise FlagError("must specify [-c, --config] option to check configuration file syntax")
    fields = load_fields(path, environment) if path else {}
    _override(fields, given)
    fields["not_honoured"] = (*fields.get("not_honoured", ()), *ignored)
    return ServerArguments(options=complete(fields), check_config=bool(given.get("t")))


def usage() -> str:
    """Return the text that ``--help`` shows."""
    lines = ["Usage: headwater server [options]"]
    for section, flags in FLAGS.items():
        lines.extend(("", f"{section} options:"))
        for flag in flags:
            lines.extend(_usage_lines(flag))
    return "\n".join(lines) + "\n"


def tls_usage() -> str:
    """Return the text that ``--help_tls`` shows."""
    from headwater.config.tls import curves, suites

    secure, insecure = suites()
    parts = (
        ("A tls block in the configuration file says more than the flags do:", (_TLS_EXAMPLE,)),
        ("Cipher suites:", secure),
        ("Cipher suites that need allow_insecure_cipher_suites: true", insecure),
        ("Curves:", curves()),
    )
    return "\n".join(
        "\n".join([title, *(f"    {line}" for line in lines), ""]) for title, lines in parts
    )


def _usage_lines(flag: Flag) -> list[str]:
    short = [f"-{name}" for name in flag.names if len(name) <= 3 and name.lower() not in _LONG]
    long = [f"--{name}" for name in flag.names if f"-{name}" not in short]
    value = f" <{flag.kind}>" if flag.kind else ""
    margin = "" if short else "    "
    head = f"    {margin}{', '.join(short + long)}{value}"
    first, *more = flag.about.split("\n")
    lines = [f"{head:{_ABOUT_COLUMN}}{first}"]
    return lines + [f"{'':{_ABOUT_COLUMN}}{line}" for line in more]


def _split(argv: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values by the flags' first names, the last one given wins, and other words."""
    given: dict[str, Any] = {}
    words = list(argv)
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            raise _malformed(f"bad flag syntax: {word}")
        flag = _FLAGS_BY_NAME.get(name)
        if flag is None:
            raise _malformed(f"flag provided but not defined: -{name}")
        if not equals:
            if not flag.kind:
                value = "true"
            elif words:
                value = words.pop(0)
            else:
                raise _malformed(f"flag needs an argument: -{name}")
        given[flag.names[0]] = flag.read(name, value)
    return given, words


def _command(word: str) -> ServerArguments:
    if word.lower() == "version":
        return ServerArguments(show_version=True)
    if word.lower() == "help":
        return ServerArguments(show_help=True)
    raise FlagError(f'unrecognized command: "{word}"')


def _signal(text: str) -> tuple[str, str]:
    signal, _, target = text.partition("=")
    if "=" in target:
        raise FlagError(f"invalid signal parameters: {target.split('=')[1:]}")
    if signal not in _SIGNALS:
        raise FlagError(f'unknown signal "{signal}"; one of {", ".join(sorted(_SIGNALS))}')
    return signal, target


def _promises(given: Mapping[str, Any]) -> list[str]:
    """Return the flags that change nothing yet; raise FlagError for what cannot be promised."""
    for subject, flags in _REFUSED.items():
        for flag in flags:
            name = flag.names[0]
            if given.get(name):
                raise FlagError(f"flag -{name}: {subject} is not supported by this version")
    return [f"-{flag.names[0]} (command line)" for flag in _IGNORED if flag.names[0] in given]


def _override(fields: Fields, given: Mapping[str, Any]) -> None:
    """Put the flags' values over the file's; the order of _SETS settles -D against -DV."""
    for name, targets in _SETS.items():
        if name in given:
            for target in targets:
                fields[target] = given[name]
    if any(flag.names[0] in given for flag in FLAGS["TLS"]):
        fields["tls"] = _tls(given)


def _tls(given: Mapping[str, Any]) -> TlsOptions | None:
    """Return what the flags about TLS make up; nothing of a file's block stays beside them."""
    if not given.get("tls", True):
        return None
    cert_file, key_file = given.get("tlscert", ""), given.get("tlskey", "")
    if not cert_file:
        raise FlagError("TLS Server certificate must be present and valid")
    if not key_file:
        raise FlagError("TLS Server private key must be present and valid")
    return TlsOptions(
        certificates=(CertificateFiles(cert_file, key_file),),
        ca_file=given.get("tlscacert", ""),
        verify=given.get("tlsverify", False),
    )

"""``headwater server``: the flags of nats-server, and what each of them leads to."""

import os
import sys
from functools import partial

from headwater.base.errors import ConfigError
from headwater.cli import server_flags
from headwater.config.options import Options


def run_server(words: list[str]) -> int:
    """Run the server with ``words`` as its flags; return the exit code."""
    try:
        arguments = server_flags.parse(words, os.environ)
    except server_flags.FlagError as error:
        return _bad_flags(error)
    except ConfigError as error:
        _say(f"headwater: {error}")
        return 1
    if arguments.show_help or arguments.show_tls_help:
        text = server_flags.usage() if arguments.show_help else server_flags.tls_usage()
        sys.stdout.write(text)
        return 0
    if arguments.show_version:
        return _show_version()
    if arguments.signal:
        return _send_signal(arguments.signal, arguments.signal_target)
    options = arguments.options
    if arguments.check_config:
        return _check(options)
    from headwater.cli.redact import redact_command_line
    from headwater.server.process import run

    given = list(words)
    redact_command_line()
    reread = partial(_options_of, given) if options.config_file else None
    return run(options, reread)


def _options_of(words: list[str]) -> Options:
    """Return the options that the command line and its file ask for now."""
    return server_flags.parse(words, os.environ).options


def _check(options: Options) -> int:
    """Say whether a server with ``options`` would start, as far as that can be told before."""
    from headwater.server.check import check

    try:
        check(options)
    except ConfigError as error:
        _say(f"headwater: {error}")
        return 1
    digest = f" ({options.config_digest})" if options.config_digest else ""
    _say(f"headwater: configuration file {options.config_file} is valid{digest}")
    return 0


def _bad_flags(error: server_flags.FlagError) -> int:
    if error.shows_usage:
        _say(f"{error}\n\n{server_flags.usage()}")
    else:
        _say(f"headwater: {error}")
    return error.exit_code


def _show_version() -> int:
    from headwater.broker.node import COMPATIBLE_VERSION

    # Scripts read the level that they can rely on from this line.
    sys.stdout.write(f"nats-server: v{COMPATIBLE_VERSION}\n")
    return 0


def _send_signal(name: str, target: str) -> int:
    from headwater.cli import signals

    try:
        signals.send(name, target)
    except signals.SignalError as error:
        _say(f"headwater: {error}")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")

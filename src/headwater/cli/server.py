"""``headwater server``: the flags of nats-server, and what each of them leads to."""

import os
import signal
import sys
from pathlib import Path

from headwater.base.errors import ConfigError
from headwater.cli import server_flags

_SIGNALS = {
    "ldm": "SIGUSR2",
    "quit": "SIGINT",
    "reload": "SIGHUP",
    "reopen": "SIGUSR1",
    "stop": "SIGKILL",
    "term": "SIGTERM",
}


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
        sys.stdout.write(server_flags.usage())
        return 0
    if arguments.show_version:
        return _show_version()
    if arguments.signal:
        return _send_signal(arguments.signal, arguments.signal_target)
    options = arguments.options
    if arguments.check_config:
        digest = f" ({options.config_digest})" if options.config_digest else ""
        text = f"headwater: configuration file {options.config_file} is valid{digest}"
        _say(text)
        return 0
    from headwater.server.process import run

    return run(options)


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
    """Signal the server whose process id, or file with it, is ``target``."""
    try:
        text = target if target.isdigit() else Path(target).read_text(encoding="ascii")
        os.kill(int(text), getattr(signal, _SIGNALS[name]))
    except (OSError, ValueError) as error:
        wanted = "-sl needs =PID, or the path of a pid file"
        reason = f"{target}: {error}" if target else "no process given"
        _say(f"headwater: {reason} ({wanted})")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")

"""A server as a process of its own: log, event loop, signals, exit code."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable

from headwater.base.errors import ConfigError
from headwater.config.options import Options
from headwater.net.loop import new_event_loop
from headwater.server.errors import StartError
from headwater.server.log_output import LogOutput
from headwater.server.service import Service
from headwater.server.signals import SignalHandlers

# A store thread that comes back from the disk waits for the loop's thread at most this long.
_SWITCH_INTERVAL_S = 0.0002
# Pipes of a parent that embeds the server: where to tell the ports, and what ends with it.
READY_VARIABLE = "HEADWATER_READY_FD"
PARENT_VARIABLE = "HEADWATER_PARENT_FD"


def run(options: Options, reread: Callable[[], Options] | None = None) -> int:
    """Serve until a signal ends it; return the exit code.

    ``reread`` returns the options that hold when a signal asks for them to be read again.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    try:
        output = LogOutput(options.log)
    except StartError as error:
        sys.stderr.write(f"headwater: {error}\n")
        return 1
    loop = new_event_loop()
    try:
        return _serve(options, loop, output, reread)
    finally:
        loop.close()
        output.close()


def _serve(
    options: Options,
    loop: asyncio.AbstractEventLoop,
    output: LogOutput,
    reread: Callable[[], Options] | None,
) -> int:
    try:
        service = Service(options, loop, output.log, reread=reread, log_output=output)
        SignalHandlers(service, output).install(loop)
        _watch_parent(loop, service)
        # One run of the loop: a signal that arrives between two of them would be lost.
        loop.run_until_complete(_start_and_wait(service))
    except (StartError, ConfigError) as error:
        output.log.fatal(str(error))
        return 1
    return 0


async def _start_and_wait(service: Service) -> None:
    await service.start()
    _tell_parent(service)
    # What exists now stays for good: keep the collector from walking it again and again.
    gc.collect()
    gc.freeze()
    await service.stopped


def _tell_parent(service: Service) -> None:
    """Write the URLs to the pipe of a parent that waits for them."""
    descriptor = _descriptor(READY_VARIABLE)
    if descriptor >= 0:
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(json.dumps(service.urls()).encode() + b"\n")


def _watch_parent(loop: asyncio.AbstractEventLoop, service: Service) -> None:
    """Stop when the parent is gone: the other end of its pipe closes then, however it ended."""
    descriptor = _descriptor(PARENT_VARIABLE)
    if descriptor >= 0:
        loop.add_reader(descriptor, _parent_gone, loop, service, descriptor)


def _parent_gone(loop: asyncio.AbstractEventLoop, service: Service, descriptor: int) -> None:
    loop.remove_reader(descriptor)
    os.close(descriptor)
    service.log.info("The program that started this server is gone")
    service.stop()


def _descriptor(variable: str) -> int:
    """Return the file descriptor that ``variable`` of the environment names, or -1."""
    text = os.environ.pop(variable, "")
    return int(text) if text.isdigit() else -1

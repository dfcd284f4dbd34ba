"""A server as a process of its own: log, event loop, signals, exit code."""

import asyncio
import gc
import sys
from collections.abc import Callable

from headwater.base.errors import ConfigError
from headwater.config.options import Options
from headwater.net.loop import new_event_loop
from headwater.server.errors import StartError
from headwater.server.log_output import LogOutput
from headwater.server.parent import Parent
from headwater.server.service import Service
from headwater.server.signals import SignalHandlers

# A store thread that comes back from the disk waits for the loop's thread at most this long.
_SWITCH_INTERVAL_S = 0.0002


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
        parent = Parent(loop, service)
        parent.watch()
        # One run of the loop: a signal that arrives between two of them would be lost.
        loop.run_until_complete(_start_and_wait(service, parent))
    except (StartError, ConfigError) as error:
        output.log.fatal(str(error))
        return 1
    return 0


async def _start_and_wait(service: Service, parent: Parent) -> None:
    await service.start()
    parent.tell_urls()
    # What exists now stays for good: keep the collector from walking it again and again.
    gc.collect()
    gc.freeze()
    await service.stopped

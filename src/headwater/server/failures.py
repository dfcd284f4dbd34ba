"""What becomes of an error that nothing handles: the log hears of it, the server goes on.

The event loop has closed the connection that it happened on, if it happened on one.
"""

import asyncio
import traceback
from typing import Any

from headwater.base.log import Log


class FailureLog:
    """The exception handler of an event loop."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            self._log.error(f"Unexpected: {context.get('message', 'unknown')}")
            return
        if isinstance(error, ConnectionError):
            return  # a peer that went away in the middle of something
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
        self._log.error(f"Unexpected {type(error).__name__}: {error}{place}")
        for line in "".join(traceback.format_exception(error)).splitlines():
            self._log.debug(line)

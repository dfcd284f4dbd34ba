"""A watchdog for event loops: which of its callbacks kept the others waiting."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

# The loop of a server is not to be held for over 2 ms; a busy machine with two cores needs slack.
SECONDS = 0.25


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith("Executing "):
            self.texts.append(text)


@contextmanager
def watch_loop(loop: asyncio.AbstractEventLoop, seconds: float = SECONDS) -> Iterator[list[str]]:
    """Collect a line for each callback of ``loop`` that takes longer than ``seconds``.

    Works on asyncio's loop and on uvloop's, by their debug mode.
    """
    collector = _Collector()
    logger = logging.getLogger("asyncio")
    before = loop.get_debug(), loop.slow_callback_duration
    logger.addHandler(collector)
    loop.set_debug(True)
    loop.slow_callback_duration = seconds
    try:
        yield collector.texts
    finally:
        loop.set_debug(before[0])
        loop.slow_callback_duration = before[1]
        logger.removeHandler(collector)

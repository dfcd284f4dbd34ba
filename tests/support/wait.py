"""Waiting for a condition with a deadline; the only place of the suite that sleeps."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

_STEP_SECONDS = 0.005


def wait_until(condition: Callable[[], Any], seconds: float = 10, what: str = "") -> Any:
    """Return the first true value of ``condition()``.

    Raises:
        AssertionError: there was none within ``seconds``; the text names ``what``.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(_text(condition, seconds, what))
        time.sleep(_STEP_SECONDS)
    return value


async def wait_until_async(
    condition: Callable[[], Any], seconds: float = 10, what: str = ""
) -> Any:
    """Do what ``wait_until`` does, and let the event loop run meanwhile."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(_text(condition, seconds, what))
        await asyncio.sleep(_STEP_SECONDS)
    return value


def _text(condition: Callable[[], Any], seconds: float, what: str) -> str:
    return f"not within {seconds} s: {what or getattr(condition, '__qualname__', condition)}"

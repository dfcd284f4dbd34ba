"""The server's log as the core sees it: four levels and a sink.

The sink gets ``(level, text)`` and decides what becomes of it; nothing secret is ever passed here.
``debugging`` and ``tracing`` tell beforehand whether a text would be kept, so that the hot path
builds none in vain.
"""

from collections.abc import Callable

LEVELS = ("FTL", "ERR", "WRN", "INF", "DBG", "TRC")


class Log:
    """Where everything writes; without a sink it swallows."""

    def __init__(
        self,
        sink: Callable[[str, str], None] | None = None,
        *,
        debug: bool = False,
        trace: bool = False,
    ) -> None:
        self._sink = sink
        self.debugging = debug
        self.tracing = trace

    def redirect(self, sink: Callable[[str, str], None] | None) -> None:
        """Write to another sink from now on."""
        self._sink = sink

    def set_levels(self, *, debug: bool, trace: bool) -> None:
        """Keep debugging and tracing from now on, or do not."""
        self.debugging = debug
        self.tracing = trace

    def fatal(self, text: str) -> None:
        self._write("FTL", text)

    def error(self, text: str) -> None:
        self._write("ERR", text)

    def warn(self, text: str) -> None:
        self._write("WRN", text)

    def info(self, text: str) -> None:
        self._write("INF", text)

    def debug(self, text: str) -> None:
        if self.debugging:
            self._write("DBG", text)

    def trace(self, text: str) -> None:
        if self.tracing:
            self._write("TRC", text)

    def _write(self, level: str, text: str) -> None:
        if self._sink is not None:
            self._sink(level, text)

"""What signals do to a running server."""

import asyncio
import signal
from collections.abc import Callable

from headwater.server.logsink import Sink
from headwater.server.service import Service

_NAMES = {
    "SIGINT": "interrupt",
    "SIGTERM": "terminated",
    "SIGHUP": "hangup",
    "SIGUSR1": "user defined signal 1",
    "SIGUSR2": "user defined signal 2",
}


class SignalHandlers:
    """The signals of a server's process, while the loop runs."""

    def __init__(self, service: Service, sink: Sink) -> None:
        self._service = service
        self._sink = sink

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle every signal that the platform has; only on the main thread."""
        actions: dict[str, Callable[[], None]] = {
            "SIGINT": self._service.stop,
            "SIGTERM": self._terminate,
            "SIGHUP": self._reload,
            "SIGUSR1": self._reopen,
            "SIGUSR2": self._service.enter_lame_duck,
        }
        for name, action in actions.items():
            number = getattr(signal, name, None)
            if number is not None:
                loop.add_signal_handler(number, self._trapped, name, action)

    def _trapped(self, name: str, action: Callable[[], None]) -> None:
        self._service.log.info(f'Trapped "{_NAMES[name]}" signal')
        action()

    def _terminate(self) -> None:
        # A lame duck is stopping already, at its own pace; only an interrupt hurries it.
        if not self._service.lame_duck:
            self._service.stop()

    def _reload(self) -> None:
        log = self._service.log
        if self._service.options.config_file:
            log.error("Reloading the configuration is not supported yet; nothing has changed")
        else:
            log.error("Failed to reload server configuration: there is no configuration file")

    def _reopen(self) -> None:
        log = self._service.log
        if not self._sink.to_file:
            log.info("File log re-open ignored, not a file logger")
            return
        try:
            self._sink.reopen()
        except OSError as error:
            log.error(f"Cannot reopen the log file: {error}")
        else:
            log.info("File log re-opened")

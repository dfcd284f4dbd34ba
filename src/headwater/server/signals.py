"""What signals do to a running server."""

import asyncio
import signal
from collections.abc import Callable

from headwater.server.log_output import LogOutput
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

    def __init__(self, service: Service, output: LogOutput) -> None:
        self._service = service
        self._output = output

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle every signal that the platform has; only on the main thread."""
        actions: dict[str, Callable[[], object]] = {
            "SIGINT": self._service.stop,
            "SIGTERM": self._terminate,
            "SIGHUP": self._service.reload,
            "SIGUSR1": self._output.reopen,
            "SIGUSR2": self._service.enter_lame_duck,
        }
        for name, action in actions.items():
            number = getattr(signal, name, None)
            if number is not None:
                loop.add_signal_handler(number, self._trapped, name, action)

    def _trapped(self, name: str, action: Callable[[], object]) -> None:
        self._service.log.info(f'Trapped "{_NAMES[name]}" signal')
        action()

    def _terminate(self) -> None:
        # A lame duck is stopping already, at its own pace; only an interrupt hurries it.
        if not self._service.lame_duck:
            self._service.stop()

"""A server on a thread of this process: for tests, and where its speed does not matter."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from headwater.base.errors import HeadwaterError
from headwater.base.log import Log
from headwater.config.options import Options
from headwater.net.loop import new_event_loop
from headwater.server.errors import ReloadError, StartError
from headwater.server.service import Service

_LOG_LINES_MAX = 200


class ThreadServer:
    """Runs a Service on a thread and an event loop of its own."""

    def __init__(self, options: Callable[[], Options]) -> None:
        """Serve what ``options`` returns, which is asked again for each reload."""
        self._reread = options
        self._options = options()
        self._loop = new_event_loop()
        self._thread = threading.Thread(target=self._run, name="headwater-server", daemon=True)
        self._started = threading.Event()
        self._service: Service | None = None
        self._error: BaseException | None = None
        self._lines: list[str] = []

    @property
    def pid(self) -> None:
        """There is no process of its own."""
        return

    def log_tail(self) -> str:
        """Return the last lines that the server logged."""
        return "\n".join(self._lines)

    def start(self, timeout_s: float) -> dict[str, list[str]]:
        """Return the URLs, by kind of listener, once it is ready.

        Raises:
            StartError: it cannot start, or takes too long.
        """
        self._thread.start()
        if not self._started.wait(timeout_s):
            raise StartError(f"the server was not ready within {timeout_s:g} s")
        if self._error is not None or self._service is None:
            self._thread.join()
            raise StartError(str(self._error)) from self._error
        return self._service.urls()

    def reload(self, timeout_s: float) -> None:
        """Have it read its configuration again, and wait until it lives by that.

        Raises:
            ReloadError: it does not take it, or does not answer.
        """
        outcome: Future[str | None] = Future()
        try:
            self._loop.call_soon_threadsafe(self._reload, outcome)
            failure = outcome.result(timeout_s)
        except RuntimeError as error:
            raise ReloadError("the server does not run any more") from error
        except TimeoutError:
            raise ReloadError(f"the server has not answered within {timeout_s:g} s") from None
        if failure is not None:
            raise ReloadError(failure)

    def stop(self) -> None:
        """Have it stop cleanly, and wait until it has."""
        if self._thread.is_alive() and self._service is not None:
            try:
                self._loop.call_soon_threadsafe(self._service.stop)
            except RuntimeError:
                pass  # it has stopped by itself just now
        self._thread.join()

    def kill(self) -> None:
        """Stop: a crash needs a process of its own."""
        self.stop()

    def _reload(self, outcome: "Future[str | None]") -> None:
        if self._service is not None:
            outcome.set_result(self._service.reload())

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except HeadwaterError as error:
            self._error = error
        except BaseException as error:  # the thread that waits must hear of it, whatever it is
            self._error = error
            raise
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        log = Log(self._note, debug=self._options.log.debug)
        service = Service(self._options, self._loop, log, reread=self._reread)
        await service.start()
        self._service = service
        self._started.set()
        await service.stopped

    def _note(self, level: str, text: str) -> None:
        self._lines.append(f"[{level}] {text}")
        del self._lines[:-_LOG_LINES_MAX]
